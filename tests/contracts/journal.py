"""What every journal, queue and index promises; each one's test class inherits these."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from controller.errors import InputError, LedgerIntegrityError
from controller.ledger.chain import chain
from controller.ledger.event import EventType
from controller.ports.journal import Index, Journal, Mark, WorkQueue
from tests.fakes.events import event, sample_events

EVENTS = sample_events(5)
ENTRIES = chain(EVENTS, None)
ALL = frozenset(EventType)

Waiting = Callable[[], Sequence[str]]
"""The keys waiting for now, each once."""


class JournalContract:
    """Give fixtures `journal` (empty) and `waiting` (of the queue behind it)."""

    def test_an_empty_journal_holds_nothing(self, journal: Journal) -> None:
        assert (journal.find(ALL), journal.unsealed(10), journal.last_sealed()) == ((), (), None)

    def test_what_was_recorded_is_found_in_order(self, journal: Journal) -> None:
        journal.record(EVENTS[:2])
        journal.record(EVENTS[2:])
        assert journal.find(ALL) == EVENTS
        assert journal.unsealed(3) == EVENTS[:3]

    def test_an_event_is_recorded_once(self, journal: Journal) -> None:
        journal.record(EVENTS[:2])
        journal.record((replace(EVENTS[1], subject="pull/8"), EVENTS[2], EVENTS[2]))
        assert journal.find(ALL) == EVENTS[:3]

    def test_events_are_found_by_type_and_subject(self, journal: Journal) -> None:
        refused = event(9, type=EventType.DEPLOY_REFUSED, subject="main")
        journal.record((*EVENTS, refused))
        assert journal.find(frozenset({EventType.DEPLOY_REFUSED})) == (refused,)
        assert journal.find(ALL, "main") == (refused,)
        assert journal.find(frozenset({EventType.POLICY_EVALUATED}), "main") == ()
        assert journal.find(frozenset()) == ()

    def test_details_come_back_exactly(self, journal: Journal) -> None:
        details = {"text": "é\u2028\x00\n", "number": 0.1, "whole": 2**53 - 1, "none": None, "list": [[], {}, True]}
        journal.record([event(details=details)])
        assert journal.find(ALL)[0].details == details

    def test_what_is_recorded_holds_no_secret(self, journal: Journal) -> None:
        """ATTACKS 100."""
        journal.record([event(details={"said": "ghs_" + "a.b-" * 130})])
        assert journal.find(ALL)[0].details == {"said": "[redacted]"}

    def test_an_impossible_event_takes_nothing_with_it(self, journal: Journal, waiting: Waiting) -> None:
        with pytest.raises(InputError):
            journal.record([EVENTS[0], event(2, subject="pull/\n")], [Mark("seal")])
        assert journal.find(ALL) == ()
        assert list(waiting()) == []

    def test_marks_are_written_with_the_events(self, journal: Journal, waiting: Waiting) -> None:
        journal.record(EVENTS[:1], [Mark("seal"), Mark("pull/7")])
        journal.record((), [Mark("seal")])
        assert sorted(waiting()) == ["pull/7", "seal"]

    def test_what_is_sealed_is_no_longer_unsealed(self, journal: Journal) -> None:
        journal.record(EVENTS)
        journal.mark_sealed(ENTRIES[:3])
        assert journal.unsealed(10) == EVENTS[3:]
        assert journal.last_sealed() == ENTRIES[2]
        assert journal.find(ALL) == EVENTS

    def test_sealing_twice_changes_nothing(self, journal: Journal) -> None:
        journal.record(EVENTS)
        journal.mark_sealed(ENTRIES[:3])
        journal.mark_sealed(ENTRIES[1:])
        assert journal.last_sealed() == ENTRIES[4]
        journal.mark_sealed(())

    def test_an_empty_journal_is_filled_from_the_ledger(self, journal: Journal) -> None:
        journal.mark_sealed(ENTRIES)
        assert journal.find(ALL) == EVENTS
        assert journal.unsealed(10) == ()
        assert journal.last_sealed() == ENTRIES[4]

    def test_the_ledgers_order_counts(self, journal: Journal) -> None:
        journal.record(EVENTS[::-1])
        journal.mark_sealed(ENTRIES[:3])
        assert journal.find(ALL) == (*EVENTS[:3], EVENTS[4], EVENTS[3])

    def test_an_event_sealed_elsewhere_stops_everything(self, journal: Journal) -> None:
        journal.mark_sealed(ENTRIES[:2])
        with pytest.raises(LedgerIntegrityError):
            journal.mark_sealed(chain([EVENTS[1]], None))
        assert journal.last_sealed() == ENTRIES[1]

    def test_a_place_that_is_taken_stops_everything(self, journal: Journal) -> None:
        journal.mark_sealed(ENTRIES[:2])
        with pytest.raises(LedgerIntegrityError):
            journal.mark_sealed(chain([event(8)], ENTRIES[0]))
        assert journal.last_sealed() == ENTRIES[1]


class WorkQueueContract:
    """Give fixtures `queue` (empty) and `waiting`."""

    def test_marks_of_a_key_coalesce(self, queue: WorkQueue, waiting: Waiting) -> None:
        queue.mark([Mark("pull/7"), Mark("pull/8"), Mark("pull/7")])
        queue.mark([Mark("pull/7")])
        queue.mark([])
        assert sorted(waiting()) == ["pull/7", "pull/8"]

    def test_a_timer_waits_and_hides_no_mark_for_now(self, queue: WorkQueue, waiting: Waiting) -> None:
        later = datetime(2500, 1, 1, tzinfo=UTC)
        queue.mark([Mark("pull/7", later), Mark("pull/7", later), Mark("pull/8", later + timedelta(days=1))])
        assert list(waiting()) == []
        queue.mark([Mark("pull/7")])
        assert list(waiting()) == ["pull/7"]

    def test_due_timers_are_woken(self, queue: WorkQueue, waiting: Waiting) -> None:
        later = datetime(2500, 1, 1, tzinfo=UTC)
        queue.mark([Mark("pull/7", later), Mark("pull/8", later + timedelta(days=1)), Mark("pull/8", later)])
        assert queue.wake_due(later - timedelta(seconds=1)) == 0
        assert queue.wake_due(later) == 2
        assert sorted(waiting()) == ["pull/7", "pull/8"]
        assert queue.wake_due(later) == 0
        assert queue.wake_due(later + timedelta(days=2)) == 1
        assert sorted(waiting()) == ["pull/7", "pull/8"]


class IndexContract:
    """Give a fixture `index` (empty)."""

    def test_what_was_remembered_is_recalled(self, index: Index) -> None:
        assert index.recall("cursor") is None
        index.remember("cursor", "1")
        index.remember("cursor", "2")
        assert index.recall("cursor") == "2"
