"""Sealing: nothing recorded is lost, doubled or reordered, however often it is interrupted."""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from threading import Thread

import pytest
from hypothesis import given
from hypothesis import strategies as st

from controller.errors import LedgerIntegrityError, StaleError, UnavailableError
from controller.ledger.chain import chain, verify_chain
from controller.ledger.event import Entry, Event, EventType
from controller.ports.journal import Mark
from controller.workflow.seal import Sealer
from tests.fakes.events import event, sample_events
from tests.fakes.journal import MemoryJournal
from tests.fakes.ledger import MemoryLedger

NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)
ALL = frozenset(EventType)


class Noon:
    """A clock that stands at noon."""

    def now(self) -> datetime:
        return NOON


@pytest.fixture
def journal() -> MemoryJournal:
    return MemoryJournal()


@pytest.fixture
def ledger() -> MemoryLedger:
    return MemoryLedger()


@pytest.fixture
def sealer(journal: MemoryJournal, ledger: MemoryLedger) -> Sealer:
    return Sealer(journal, ledger, Noon())


def test_nothing_recorded_seals_nothing(sealer: Sealer, ledger: MemoryLedger) -> None:
    assert sealer.sealed_at is None
    assert sealer.seal() is None
    assert ledger.sealed == []
    assert sealer.sealed_at == NOON


def test_what_was_recorded_is_sealed_in_order(sealer: Sealer, journal: MemoryJournal, ledger: MemoryLedger) -> None:
    journal.record(sample_events(3))
    head = sealer.seal()
    journal.record(sample_events(2, 4))
    assert sealer.seal() == ledger.head() == journal.last_sealed()
    assert head == chain(sample_events(3), None)[-1]
    assert [entry.event for entry in ledger.entries()] == list(sample_events(5))
    assert journal.unsealed(10) == ()


def test_many_events_become_segments_of_bounded_length(
    sealer: Sealer, journal: MemoryJournal, ledger: MemoryLedger
) -> None:
    journal.record(sample_events(1201))
    sealer.seal()
    assert [len(segment) for segment in ledger.sealed] == [500, 500, 201]


def test_what_announces_an_effect_is_sealed_before_it_returns(
    sealer: Sealer, journal: MemoryJournal, ledger: MemoryLedger
) -> None:
    journal.record(sample_events(1))
    head = sealer.sealed_now([event(2)], [Mark("deployment/production/ANL")])
    assert head is not None
    assert (head.event, ledger.head()) == (event(2), head)
    assert list(journal.queue.waiting) == ["deployment/production/ANL"]


def test_a_deleted_database_is_filled_again(sealer: Sealer, journal: MemoryJournal, ledger: MemoryLedger) -> None:
    journal.record(sample_events(1100))
    head = sealer.seal()
    fresh = MemoryJournal()
    assert Sealer(fresh, ledger, Noon()).restore() == head == fresh.last_sealed()
    assert fresh.find(ALL) == sample_events(1100)
    assert fresh.unsealed(1) == ()


def test_an_empty_start_restores_nothing(sealer: Sealer) -> None:
    assert sealer.restore() is None


def test_what_was_sealed_just_before_a_crash_is_not_sealed_twice(
    sealer: Sealer, journal: MemoryJournal, ledger: MemoryLedger
) -> None:
    journal.record(sample_events(4))
    ledger.append(chain(sample_events(3), None))
    sealer.seal()
    assert [entry.event for entry in ledger.entries()] == list(sample_events(4))


@pytest.mark.parametrize("lost", [1, 2])
def test_a_ledger_that_lost_entries_stops_everything(
    sealer: Sealer, journal: MemoryJournal, ledger: MemoryLedger, lost: int
) -> None:
    """ATTACKS 066."""
    for number in (1, 2):
        sealer.sealed_now([event(number)])
    del ledger.sealed[-lost:]
    journal.record([event(3)])
    for act in (sealer.seal, sealer.restore):
        with pytest.raises(LedgerIntegrityError, match="expected the ledger to hold entry 2"):
            act()
    assert len(ledger.sealed) == 2 - lost


@pytest.mark.parametrize("length", [2, 3])
def test_another_ledger_stops_everything(sealer: Sealer, journal: MemoryJournal, length: int) -> None:
    """ATTACKS 066: of the same length or longer."""
    sealer.sealed_now(sample_events(2))
    other = MemoryLedger()
    other.append(chain(sample_events(length, 20), None))
    with pytest.raises(LedgerIntegrityError):
        Sealer(journal, other, Noon()).restore()


class Contested(MemoryLedger):
    """A ledger where somebody else is faster, `times` times."""

    def __init__(self, times: int) -> None:
        super().__init__()
        self.times = times

    def append(self, entries: Sequence[Entry]) -> str:
        if self.times > 0:
            self.times -= 1
            super().append(chain([event(900 + self.times)], self.head()))
            raise StaleError("somebody else sealed first")
        return super().append(entries)


def test_who_comes_second_tries_again(journal: MemoryJournal) -> None:
    """ATTACKS 067."""
    ledger = Contested(3)
    head = Sealer(journal, ledger, Noon()).sealed_now(sample_events(2))
    assert head is not None
    assert (head.sequence, head.event) == (5, event(2))
    assert verify_chain(ledger.entries(), None) is None
    assert len(journal.find(ALL)) == 5


def test_who_never_comes_first_is_told_so(journal: MemoryJournal) -> None:
    with pytest.raises(UnavailableError):
        Sealer(journal, Contested(1000), Noon()).sealed_now(sample_events(1))


def test_threads_of_one_process_seal_one_after_another(
    sealer: Sealer, journal: MemoryJournal, ledger: MemoryLedger
) -> None:
    threads = [Thread(target=sealer.sealed_now, args=([event(number)],)) for number in range(1, 21)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert verify_chain(ledger.entries(), None) is None
    assert sorted(entry.event.id for entry in ledger.entries()) == [each.id for each in sample_events(20)]


class Crash(BaseException):
    """The process ends here."""


class Interrupted:
    """Journal and ledger of one process; at each call the next of `plan` may happen before or after it."""

    def __init__(self, journal: MemoryJournal, ledger: MemoryLedger, plan: Iterator[str]) -> None:
        self.journal = journal
        self.ledger = ledger
        self.plan = plan

    def _call(self, method: str, *arguments: object) -> object:
        step = next(self.plan, "go on")
        if step == "crash before":
            raise Crash
        if step == "another replica seals":
            Sealer(self.journal, self.ledger, Noon()).seal()
        owner = self.ledger if method in {"head", "entries", "append"} else self.journal
        result = getattr(owner, method)(*arguments)
        if step == "crash after":
            raise Crash
        if step == "another is recorded":
            self.journal.record([event(1000 + len(self.journal.find(ALL)))])
        return result

    def __getattr__(self, method: str) -> object:
        return lambda *arguments: self._call(method, *arguments)


STEPS = ["go on", "crash before", "crash after", "another replica seals", "another is recorded"]


@given(st.lists(st.sampled_from(STEPS), max_size=40), st.lists(st.integers(0, 4), min_size=1, max_size=6))
def test_no_interruption_loses_doubles_or_reorders_anything(steps: list[str], shares: list[int]) -> None:
    """ATTACKS 068."""
    journal, ledger, plan = MemoryJournal(), MemoryLedger(), iter(steps)
    number = 0
    for share in shares:
        events = sample_events(share, number + 1)
        number += share
        process = Interrupted(journal, ledger, plan)
        try:
            Sealer(process, process, Noon()).sealed_now(events)  # type: ignore[arg-type]  # forwards every method
        except Crash:
            continue
    recorded = journal.find(ALL)
    Sealer(journal, ledger, Noon()).seal()
    check_complete(recorded, journal, ledger)


def check_complete(recorded: Sequence[Event], journal: MemoryJournal, ledger: MemoryLedger) -> None:
    entries = tuple(ledger.entries())
    assert verify_chain(entries, None) is None
    assert sorted(entry.event.id for entry in entries) == sorted(each.id for each in recorded)
    assert journal.unsealed(10) == ()
    assert journal.last_sealed() == ledger.head()
    assert journal.find(ALL) == tuple(entry.event for entry in entries)
