"""What every ledger store promises; each store's test class inherits this one."""

from dataclasses import replace
from threading import Thread

import pytest

from controller.errors import LedgerIntegrityError, StaleError
from controller.ledger.chain import chain, verify_chain
from controller.ledger.event import Event
from controller.ports.ledger_store import LedgerReader, LedgerWriter
from tests.fakes.events import event, sample_events


class Ledger(LedgerReader, LedgerWriter):
    """Both halves of the port."""


class LedgerStoreContract:
    """Give a fixture `ledger` with an empty ledger."""

    def test_an_empty_ledger_has_no_head_and_no_entries(self, ledger: Ledger) -> None:
        assert ledger.head() is None
        assert list(ledger.entries()) == []

    def test_what_was_sealed_is_read_back(self, ledger: Ledger) -> None:
        first = chain(sample_events(3), None)
        rest = chain(sample_events(2, 4), first[-1])
        assert ledger.append(first) != ledger.append(rest)
        assert ledger.head() == rest[-1]
        assert tuple(ledger.entries()) == first + rest

    @pytest.mark.parametrize("after", range(7))
    def test_reading_begins_after_any_sequence(self, ledger: Ledger, after: int) -> None:
        entries = chain(sample_events(6), None)
        for start in (0, 2, 4):
            ledger.append(entries[start : start + 2])
        assert tuple(ledger.entries(after)) == entries[after:]

    def test_nothing_is_no_segment(self, ledger: Ledger) -> None:
        with pytest.raises(LedgerIntegrityError):
            ledger.append(())

    def test_the_first_entry_must_be_the_first(self, ledger: Ledger) -> None:
        with pytest.raises(LedgerIntegrityError):
            ledger.append(chain(sample_events(2), None)[1:])

    def test_a_gap_is_refused(self, ledger: Ledger) -> None:
        entries = chain(sample_events(4), None)
        ledger.append(entries[:1])
        with pytest.raises(LedgerIntegrityError):
            ledger.append(entries[2:])
        assert ledger.head() == entries[0]

    def test_another_history_is_refused(self, ledger: Ledger) -> None:
        ledger.append(chain(sample_events(1), None))
        other = chain(sample_events(2, 7), None)
        with pytest.raises(LedgerIntegrityError):
            ledger.append(other[1:])

    def test_an_entry_that_does_not_hold_is_refused(self, ledger: Ledger) -> None:
        first, second = chain(sample_events(2), None)
        ledger.append((first,))
        with pytest.raises(LedgerIntegrityError):
            ledger.append((replace(second, event=event(9)),))

    def test_who_comes_second_is_stale(self, ledger: Ledger) -> None:
        """ATTACKS 067."""
        base = chain(sample_events(1), None)
        ledger.append(base)
        ledger.append(chain(sample_events(1, 2), base[-1]))
        with pytest.raises(StaleError):
            ledger.append(chain(sample_events(1, 3), base[-1]))
        assert [entry.event for entry in ledger.entries()] == list(sample_events(2))

    def test_ten_writers_leave_one_line_of_entries(self, ledger: Ledger) -> None:
        """ATTACKS 067: nothing is lost, nothing doubled."""
        shares = [sample_events(3, 1 + 3 * writer) for writer in range(10)]
        writers = [Thread(target=_write_all, args=(ledger, share)) for share in shares]
        for writer in writers:
            writer.start()
        for writer in writers:
            writer.join()
        entries = tuple(ledger.entries())
        assert verify_chain(entries, None) is None
        assert sorted(entry.event.id for entry in entries) == [event.id for event in sample_events(30)]


def _write_all(ledger: Ledger, events: tuple[Event, ...]) -> None:
    waiting = list(events)
    while waiting:
        try:
            ledger.append(chain(waiting[:1], ledger.head()))
        except StaleError:
            continue
        waiting.pop(0)
