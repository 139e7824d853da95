"""Segments: their place, their lines, and the first line that does not hold."""

import pytest

from controller.ledger.chain import chain
from controller.ledger.event import Entry
from controller.ledger.segment import SegmentFault, read_segment, segment_bytes, segment_path
from tests.fakes.events import sample_events

ENTRIES = chain(sample_events(5), None)
PATH = "ledger/2026/11/21/000000000001.jsonl"
CONTENT = segment_bytes(ENTRIES)


def test_a_segment_lies_at_the_day_and_sequence_of_its_first_entry() -> None:
    assert segment_path(ENTRIES[0]) == PATH
    assert segment_path(ENTRIES[2]) == "ledger/2026/11/21/000000000003.jsonl"


def test_a_segment_is_read_back_as_it_was_written() -> None:
    assert read_segment(PATH, CONTENT, None) == ENTRIES
    assert read_segment(segment_path(ENTRIES[3]), segment_bytes(ENTRIES[3:]), ENTRIES[2]) == ENTRIES[3:]


@pytest.mark.parametrize(
    ("path", "content", "after", "line", "sequence"),
    [
        pytest.param(PATH, b"", None, 1, 1, id="empty"),
        pytest.param(PATH, b"\n", None, 1, 1, id="an empty line"),
        pytest.param(PATH, CONTENT[:-1], None, 5, 5, id="no line end"),
        pytest.param(PATH, CONTENT + b"\n", None, 6, 6, id="one line end too many"),
        pytest.param(PATH, CONTENT.replace(b"\n", b"\r\n"), None, 1, 1, id="carriage returns"),
        pytest.param(PATH, CONTENT.replace(b'"number":3', b'"number":4'), None, 3, 3, id="a changed event"),
        pytest.param(PATH, CONTENT, ENTRIES[0], 1, 2, id="it does not follow"),
        pytest.param(PATH.replace("21/", "22/"), CONTENT, None, 1, 1, id="another day"),
        pytest.param(PATH.replace("1.jsonl", "2.jsonl"), CONTENT, None, 1, 1, id="another name"),
        pytest.param(PATH, b"", ENTRIES[4], 1, 6, id="empty after five"),
    ],
)
def test_the_first_bad_line_is_named(path: str, content: bytes, after: Entry | None, line: int, sequence: int) -> None:
    fault = read_segment(path, content, after)
    assert isinstance(fault, SegmentFault)
    assert (fault.line, fault.sequence) == (line, sequence)
