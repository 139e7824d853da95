"""A chain holds, or its first fault is named."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from controller.ledger.chain import NO_ENTRY, ChainFault, FaultKind, chain, verify_chain
from controller.ledger.event import Entry
from tests.fakes.events import event, sample_events

ENTRIES = chain(sample_events(5), None)


def test_the_first_entry_links_to_nothing() -> None:
    assert (ENTRIES[0].sequence, ENTRIES[0].previous) == (1, NO_ENTRY)


def test_each_entry_follows_the_one_before() -> None:
    assert [entry.sequence for entry in ENTRIES] == [1, 2, 3, 4, 5]
    assert [entry.previous for entry in ENTRIES[1:]] == [entry.digest for entry in ENTRIES[:-1]]


@given(st.integers(0, 5))
def test_a_chain_made_in_parts_is_the_same_chain(cut: int) -> None:
    first = chain(sample_events(cut), None)
    rest = chain(sample_events(5 - cut, cut + 1), first[-1] if first else None)
    assert first + rest == ENTRIES
    assert verify_chain(first + rest, None) is None


FORGED = replace(ENTRIES[2], event=event(99))


@pytest.mark.parametrize(
    ("entries", "after", "kind", "sequence"),
    [
        pytest.param(ENTRIES[1:], None, FaultKind.GAP, 1, id="the beginning is missing"),
        pytest.param(ENTRIES[:2] + ENTRIES[3:], None, FaultKind.GAP, 3, id="one is missing"),
        pytest.param(ENTRIES[:2] + ENTRIES[1:], None, FaultKind.ORDER, 3, id="one comes twice"),
        pytest.param((ENTRIES[1], ENTRIES[0]), None, FaultKind.GAP, 1, id="swapped"),
        pytest.param(ENTRIES, ENTRIES[0], FaultKind.ORDER, 2, id="not what follows"),
        pytest.param((*ENTRIES[:2], FORGED, *ENTRIES[3:]), None, FaultKind.DIGEST, 3, id="another event"),
        pytest.param(chain([event(1)], None) + chain([event(9)], FORGED)[:0] + chain([event(9)], ENTRIES[0])[:1]
                     + (replace(ENTRIES[2]),), None, FaultKind.LINK, 3, id="another history before"),
        pytest.param((replace(ENTRIES[0], digest=NO_ENTRY),), None, FaultKind.DIGEST, 1, id="another digest"),
    ],
)  # fmt: skip
def test_the_first_fault_is_named(
    entries: tuple[Entry, ...], after: Entry | None, kind: FaultKind, sequence: int
) -> None:
    fault = verify_chain(entries, after)
    assert isinstance(fault, ChainFault)
    assert (fault.kind, fault.sequence) == (kind, sequence)
    assert str(fault).startswith(f"entry {sequence}: {kind}: expected ")


@given(st.permutations(range(5)), st.integers(0, 5))
def test_only_the_whole_chain_in_order_holds(order: list[int], length: int) -> None:
    shuffled = [ENTRIES[place] for place in order[:length]]
    holds = verify_chain(shuffled, None) is None
    assert holds == (order[:length] == list(range(length)))
