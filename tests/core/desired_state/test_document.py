"""A file is read as exactly one plain mapping, or every reason why not is told at its place."""

import tracemalloc

import pytest
from hypothesis import given
from hypothesis import strategies as st

from controller.change.names import RepoPath
from controller.desired_state.composing import MAX_DEPTH, MAX_NODES, dotted
from controller.desired_state.document import MAX_BYTES, MAX_PROBLEMS, Document, read_document
from controller.desired_state.problem import Problem

FILE = RepoPath("environments/production/anl.yaml")


def read(text: str | bytes) -> Document:
    return read_document(FILE, text.encode("utf-8", "surrogatepass") if isinstance(text, str) else text)


def only(text: str | bytes) -> Problem:
    (problem,) = read(text).problems
    assert problem.message.isascii()
    assert problem.message.isprintable()
    assert problem.remedy
    return problem


def test_values_keep_their_places() -> None:
    document = read("# note\na: 1\nb:\n  c: [x, {d: 'y'}]\n  e: |\n    text\n    more\nf: {g: null, h: 0.5, i: true}\n")
    assert document.problems == ()
    assert document.value == {
        "a": 1,
        "b": {"c": ["x", {"d": "y"}], "e": "text\nmore\n"},
        "f": {"g": None, "h": 0.5, "i": True},
    }
    assert document.keys[("a",)] == (2, 1)
    assert document.keys[("b", "c")] == (4, 3)
    assert document.keys[("b", "c", 1)] == (4, 10)
    assert document.keys[("b", "c", 1, "d")] == (4, 11)
    assert document.place(("b", "e")) == (5, 3)
    assert document.place(("b", "missing", 3)) == (3, 1)
    assert document.place(("missing",)) == (1, 1)


def test_one_document_may_be_marked_as_one() -> None:
    assert read("---\na: 1\n...\n").problems == ()


@pytest.mark.parametrize(
    ("text", "place", "message"),
    [
        ("risk: high\nother: 1\nrisk: low\n", (3, 1), "duplicate key `risk`"),
        ("a:\n  b: 1\n  'b': 2\n", (3, 3), "duplicate key `a.b`"),
        ("a: [{b: 1, b: 2}]\n", (1, 12), "duplicate key `a.0.b`"),
        ("a: &x 1\n", (1, 4), "an anchor (`&`) at `a`"),
        ("a: &x {b: 1}\n", (1, 4), "an anchor (`&`) at `a`"),
        ("&k a: 1\n", (1, 1), "an anchor (`&`) at `a`"),
        ("a: *x\n", (1, 4), "an alias (`*`) at `a`"),
        ("a: !!str 1\n", (1, 4), "an explicit tag (`!`) at `a`"),
        ("a: ! b\n", (1, 4), "an explicit tag (`!`) at `a`"),
        ("a: !!python/object/apply:os.system [ls]\n", (1, 4), "an explicit tag (`!`) at `a`"),
        ("a: !<tag:yaml.org,2002:map> {b: 1}\n", (1, 4), "an explicit tag (`!`) at `a`"),
        ("!!map\na: 1\n", (1, 1), "an explicit tag (`!`) at the top"),
        ("a: {<<: {b: 1}}\n", (1, 5), "a merge key (`<<`) in `a`"),
        ("'<<': {b: 1}\n", (1, 1), "a merge key (`<<`) in the top"),
        ("a: 1\n---\nb: 2\n", (2, 1), "a second document in one file"),
        ("%YAML 1.1\n---\na: 1\n", (1, 1), "a YAML directive"),
        ("%TAG ! tag:x,2000:\n---\na: 1\n", (1, 1), "a YAML directive"),
        ("", (1, 1), "the document is empty"),
        ("# nothing\n", (2, 1), "the document is empty"),
        ("- a\n", (1, 1), "expected a mapping of keys at the top"),
        ("text\n", (1, 1), "expected a mapping of keys at the top"),
        ("[a]: 1\n", (1, 1), "a key that is no text in the top"),
        ("? {a: 1}\n: 2\n", (1, 3), "a key that is no text in the top"),
        ("1: x\n", (1, 1), "the key '1' is no text"),
        ("true: x\n", (1, 1), "the key 'true' is no text"),
        ("null: x\n", (1, 1), "the key 'null' is no text"),
        ("on: x\n", (1, 1), "`on`: a plain value that readers of YAML understand differently"),
        ("a: no\n", (1, 4), "`a`: a plain value that readers of YAML understand differently"),
        ("a: 012\n", (1, 4), "`a`: a plain value that readers of YAML understand differently"),
        ("a: 1:30\n", (1, 4), "`a`: a plain value that readers of YAML understand differently"),
        ("a:\n", (1, 3), "`a`: an empty value, which YAML reads as null"),
        ("a: " + "9" * 5000 + "\n", (1, 4), "`a`: a number beyond what every reader holds exactly"),
        ('a: "x\\u202ey"\n', (1, 4), "`a` escapes U+202E RIGHT-TO-LEFT OVERRIDE"),
        ('a: "\\U000e0041"\n', (1, 4), "`a` escapes U+E0041 TAG LATIN CAPITAL LETTER A"),
        ('a: "\\0"\n', (1, 4), "`a` escapes U+0000"),
        ('a: "gh\\x70_' + "a1B2" * 9 + '"\n', (1, 4), "`a` holds an escaped credential"),
        ("a: ghp_" + "a1B2" * 9 + "\n", (1, 4), "`a` holds what looks like a GitHub token"),
        ("# ghp_" + "a1B2" * 9 + "\na: 1\n", (1, 3), "the text holds what looks like a GitHub token"),
    ],
)
def test_what_yaml_allows_and_we_do_not(text: str, place: tuple[int, int], message: str) -> None:
    """ATTACKS 122, 123, 124, 129."""
    problem = only(text)
    assert (problem.line, problem.column) == place
    assert problem.message == message


@pytest.mark.parametrize(
    "text",
    ["a: [1\n", "a: 'x\n", "a: b: c\n", "\ta: 1\n", "a: @x\n", "a: %x\n", 'a: "\\q"\n', "a: 1\n b: 2\n", "{a: 1", "'"],
)
def test_broken_syntax_is_one_problem_with_a_place(text: str) -> None:
    assert only(text).message.startswith("not valid YAML: ")


def test_every_fault_of_a_document_is_told_at_once() -> None:
    document = read("a: no\nb: &x 1\na: 2\nc: !!str d\ne: ~\n")
    assert [problem.line for problem in document.problems] == [1, 2, 3, 4, 5]
    assert document.value == {"a": None, "b": 1, "c": "d", "e": None}
    assert document.faulty == {("a",), ("c",), ("e",)}
    assert document.is_faulty(("a", "below"))
    assert not document.is_faulty(("b",))


def test_what_stands_under_a_bad_key_is_still_looked_at() -> None:
    assert [problem.line for problem in read("1:\n  a: no\n[x]:\n  b: &y 2\n").problems] == [1, 2, 3, 4]


@pytest.mark.parametrize(
    "character", ["\u202e", "\u200b", "\U000e0041", "\ufe0f", "\xad", "\x85", "\u2028", "\u2029", "\x00"]
)
@pytest.mark.parametrize("field", ["a: x{}y", "b: 'x{}'", 'c: "{}x"', "d: |\n  x{}", "e{}: x"], ids=list("abcde"))
def test_a_character_nobody_sees_is_named_with_its_field(character: str, field: str) -> None:
    """ATTACKS 005."""
    problem = only("z: 1\n" + field.format(character) + "\n")
    assert f"U+{ord(character):04X}" in problem.message
    assert f"in `{field[0]}" in problem.message


def test_a_character_nobody_sees_in_a_comment_has_its_place() -> None:
    problem = only("a: 1 # x\u202ey\n")
    assert (problem.line, problem.column) == (1, 9)
    assert problem.message == "the character U+202E RIGHT-TO-LEFT OVERRIDE"


def test_lines_are_those_a_reviewer_counts() -> None:
    """U+0085 and U+2028 end a line in YAML 1.1 and nowhere else."""
    problems = read("# a\u2028b\u0085c\na: no\n").problems
    assert [(problem.line, problem.column) for problem in problems] == [(1, 4), (1, 6), (2, 4)]


def test_the_values_beside_a_hidden_character_are_still_known() -> None:
    document = read("a: x\u200b\nb: 2\n")
    assert document.value is not None
    assert document.value["b"] == 2
    assert document.faulty == {("a",)}


def test_windows_line_ends_are_told_once() -> None:
    document = read("a: 1\r\nb: 2\r\nc: 3\r\n")
    (problem,) = document.problems
    assert problem.message == "a carriage return (U+000D)"
    assert document.value == {"a": 1, "b": 2, "c": 3}


@pytest.mark.parametrize(
    ("content", "place"),
    [
        ("a: 1".encode("utf-16"), (1, 1)),
        (b"a: 1\nb: \xc3\xa9\xff\n", (2, 5)),
        (b"a: \xed\xa0\x80", (1, 4)),
        (b"a: \xc0\xaf", (1, 4)),
    ],
    ids=["utf-16", "latin-1", "surrogate", "overlong"],
)
def test_a_file_that_is_not_utf_8_is_refused_where_it_stops_being(content: bytes, place: tuple[int, int]) -> None:
    """ATTACKS 129."""
    problem = only(content)
    assert (problem.line, problem.column) == place
    assert "is not UTF-8" in problem.message
    assert read(content).value is None


def test_a_byte_order_mark_is_refused() -> None:
    assert "U+FEFF" in only(b"\xef\xbb\xbfa: 1\n").message


def test_utf_16_without_a_mark_is_refused() -> None:
    assert read("a: 1\n".encode("utf-16-le")).problems


def test_a_file_over_the_cap_is_not_even_decoded() -> None:
    """ATTACKS 129."""
    assert read(b"# " + b"x" * (MAX_BYTES - 2)).problems[0].message == "the document is empty"
    assert only(b"\xff" * (MAX_BYTES + 1)).message == f"{MAX_BYTES + 1} bytes, expected at most {MAX_BYTES}"


@pytest.mark.parametrize(("opening", "closing"), [("[", "]"), ("{a: ", "}")])
def test_deep_nesting_ends_the_reading(opening: str, closing: str) -> None:
    """ATTACKS 129."""
    allowed = MAX_DEPTH - 1
    assert read("a: " + opening * allowed + "x" + closing * allowed).problems == ()
    assert "nested deeper" in only("a: " + opening * 5000 + closing * 5000).message
    assert "nested deeper" in only("a: " + opening * 5000).message


def test_too_many_values_end_the_reading() -> None:
    assert f"more than {MAX_NODES} values" in only("a: [" + "1," * (MAX_NODES + 1) + "]").message


def test_a_bomb_of_aliases_is_refused_in_flat_memory() -> None:
    """ATTACKS 123."""
    rows = [
        f"{letter}: &{letter} [{','.join(['*' + before] * 9)}]" for before, letter in zip("abcde", "bcdef", strict=True)
    ]
    text = "a: &a [x,x,x]\n" + "\n".join(rows) + "\n"
    tracemalloc.start()
    document = read(text)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert len(document.problems) == MAX_PROBLEMS + 1
    assert peak < 2_000_000


def test_a_flood_of_faults_is_cut_and_counted() -> None:
    problems = read("".join(f"k{number}: no\n" for number in range(80))).problems
    assert len(problems) == MAX_PROBLEMS + 1
    assert problems[-1].message == "30 more faults are not listed"


def test_a_flood_of_hidden_characters_is_cut() -> None:
    assert len(read("# " + "\u200b" * 9000 + "\na: 1\n").problems) == MAX_PROBLEMS


def test_no_message_repeats_a_credential() -> None:
    """ATTACKS 099."""
    token = "ghp_" + "a1B2" * 9
    for text in (
        f"a: {token}\n",
        f"{token}: 1\n{token}: 2\n",
        f"a: &{token} 1\n",
        f"a: *{token}\n",
        f"a: !{token} x\n",
    ):
        assert all(token not in problem.message for problem in read(text).problems), text


def test_a_way_is_written_with_dots() -> None:
    assert dotted(()) == "the top"
    assert dotted(("a", 0, "b-c", "d\u202e")) == "`a.0.b-c.d\\u202e`"


HOSTILE = st.lists(
    st.sampled_from(
        [
            *"abc:-?[]{},&*!|>'\"%@`#~=<\n\n  \t\\",
            "a: ",
            "- ",
            "<<: ",
            "&x ",
            "*x",
            "!!map ",
            "---\n",
            "...\n",
            "%YAML 1.1\n",
        ]
        + [
            "? ",
            "null",
            "no",
            "012",
            "1e5",
            "\u202e",
            "\u2028",
            "\x85",
            "\r\n",
            "\ufeff",
            "\x00",
            '"\\u202e"',
            "\ud800",
            "{a: [",
        ]
    ),
    max_size=40,
).map("".join)


@given(HOSTILE | st.text(max_size=60) | st.binary(max_size=60))
def test_any_bytes_give_values_or_problems(text: str | bytes) -> None:
    """ATTACKS 129."""
    document = read(text)
    assert document.value is not None or document.problems
    for problem in document.problems:
        assert problem.line >= 1
        assert problem.column >= 1
        assert problem.message.isascii()
        assert problem.message.isprintable()


@given(
    st.dictionaries(
        st.from_regex(r"\A[a-m]{2,6}\Z"),
        st.recursive(
            st.booleans()
            | st.integers(-(10**6), 10**6)
            | st.text(st.characters(codec="ascii", exclude_categories=["Cc"])),
            lambda inner: st.lists(inner, max_size=3),
            max_leaves=4,
        ),
        min_size=1,
        max_size=4,
    )
)
def test_json_is_read_as_json(value: dict[str, object]) -> None:
    import json

    assert read(json.dumps(value)).value == value
