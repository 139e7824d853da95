"""The page's section "CODEOWNERS syntax" without its example."""

from controller.ownership.codeowners import parse_codeowners
from tests.core.ownership.test_pattern import CASES
from tests.workflow.about_code_owners.access import a_team_needs_to_be_seen_and_to_write_itself
from tests.workflow.about_code_owners.row import (
    FILE,
    NewWorld,
    Row,
    is_approved,
    join,
    owned,
    proposed,
    told,
    unowned,
)

_SYNTAX = "CODEOWNERS syntax"
_BEFORE = "* @everyone\n"


def _patterns_are_those_of_gitignore(_: NewWorld) -> None:
    for pattern, path, covered in CASES:
        owned(f"{pattern} @one\n", {path: "@one" if covered else ""})(_)


def _an_address_leads_to_the_person_of_the_directory(new: NewWorld) -> None:
    world = new("* omar-ops@example.com\n")
    number = proposed(world)
    assert "omar-ops" in world.check(number, "dvo/approval").title
    world.approve("omar-ops", number)
    assert is_approved(world, number)


def _an_address_of_a_managed_user_counts_for_nobody(new: NewWorld) -> None:
    world = new("* olga_acme@example.com\n")
    join(world, "olga_acme", 1010)
    number = proposed(world)
    world.approve("olga_acme", number)
    assert not is_approved(world, number)
    world = new("* @olga_acme\n")
    join(world, "olga_acme", 1010)
    number = proposed(world)
    world.approve("olga_acme", number)
    assert is_approved(world, number)


def _an_invalid_line_is_red_where_it_could_matter(new: NewWorld) -> None:
    for line, reason in (
        ("/agents/ @omar-ops omar", "expected @user"),
        ("!/docs/ @omar-ops", "negation"),
        ("/agents/[a]* @omar-ops", "ranges"),
    ):
        world = new(f"* @ada-admin\n{line}\n")
        number = proposed(world)
        world.approve("ada-admin", number)
        assert not is_approved(world, number)
        assert reason in told(world, number)
    # What a faulty line speaks about is all it takes away.
    world = new("* @omar-ops\n/docs/ @omar-ops omar\n")
    number = proposed(world)
    world.approve("omar-ops", number)
    assert is_approved(world, number)


def _every_error_is_told_with_line_and_column(_: NewWorld) -> None:
    problems = parse_codeowners(FILE, b"* @a\n/a/ x @ok y\n!b @z\n").problems
    assert [str(problem).partition(": ")[0] for problem in problems] == [
        f"{FILE}:{at}" for at in ("2:5", "2:11", "3:1")
    ]


def _owners_that_do_not_exist_count_for_nobody(new: NewWorld) -> None:
    for owner in ("@nobody-knows", "@acme-agents/gone", "gone@example.com"):
        world = new(f"* {owner}\n")
        number = proposed(world)
        world.approve("ada-admin", number)
        assert not is_approved(world, number)
        assert "counts for nobody" in told(world, number)


def _what_is_no_text_owns_nothing(_: NewWorld) -> None:
    codeowners = parse_codeowners(FILE, b"* @a\n\xff")
    assert codeowners.rules == ()
    assert "expected UTF-8" in codeowners.problems[0].message


ROWS = (
    Row(
        _SYNTAX,
        "a pattern cannot begin with an escaped `#`",
        "such a line is a fault, and nobody owns what lies above it",
        unowned(_BEFORE + "\\#notes @one\n", "x", "escaped `#`"),
    ),
    Row(
        _SYNTAX,
        "`!` does not negate",
        "such a line is a fault, and nobody owns what lies above it",
        unowned(_BEFORE + "!docs/ @one\n", "x", "negation"),
    ),
    Row(
        _SYNTAX,
        "`[ ]` is no range",
        "such a line is a fault, and nobody owns what lies above it",
        unowned(_BEFORE + "[ab].md @one\n", "x", "ranges"),
    ),
    Row(_SYNTAX, "other patterns follow gitignore's rules", "each of them does", _patterns_are_those_of_gitignore),
    Row(
        _SYNTAX,
        "users as @username and teams as @org/team-name follow the pattern",
        "as many as stand there",
        owned("/a/ @one @acme/two @three\n", {"a/b": "@one @acme/two @three"}),
    ),
    Row(
        _SYNTAX,
        "users and teams need write access of their own, whatever the members have",
        "or they count for nobody",
        a_team_needs_to_be_seen_and_to_write_itself,
    ),
    Row(
        _SYNTAX,
        "several owners of one pattern stand on one line",
        "all of that line own it",
        owned("/a/ @one @two\n", {"a/b": "@one @two"}),
    ),
    Row(
        _SYNTAX,
        "on several lines, only the last owns it",
        "the last line wins whole",
        owned("/a/ @one\n/a/ @two\n", {"a/b": "@two"}),
    ),
    Row(
        _SYNTAX,
        "a user may be named by an address of their account",
        "by an address the directory gives them, and with the account's write access",
        _an_address_leads_to_the_person_of_the_directory,
    ),
    Row(
        _SYNTAX,
        "a managed user cannot be named by an address",
        "the address counts for nobody, the login does",
        _an_address_of_a_managed_user_counts_for_nobody,
    ),
    Row(
        _SYNTAX,
        "paths are case-sensitive",
        "a pattern of another case does not match",
        owned("/Docs/ @one\n", {"docs/a": "", "Docs/a": "@one"}),
    ),
    Row(
        _SYNTAX,
        "also where one's own computer takes the cases for equal",
        "the file is matched as Git stores it, on any machine",
        owned("*.MD @one\n", {"a.md": "", "a.MD": "@one"}),
    ),
    Row(
        _SYNTAX,
        "a line with a mistake in it is skipped",
        "stricter: nobody owns what it covers, so no earlier and weaker line takes over",
        _an_invalid_line_is_red_where_it_could_matter,
    ),
    Row(
        _SYNTAX,
        "the file's page shows the mistakes",
        "the check tells them with line and column",
        _every_error_is_told_with_line_and_column,
    ),
    Row(
        _SYNTAX,
        "there is a call that lists them",
        "not asked: this reading is stricter, and it is of the very tree that is judged",
        _every_error_is_told_with_line_and_column,
    ),
    Row(
        _SYNTAX,
        "a user or team that does not exist or may too little becomes no owner",
        "it counts for nobody, and the check says so",
        _owners_that_do_not_exist_count_for_nobody,
    ),
    Row(
        "(GitHub is silent)",
        "what becomes of a controlled path that no line speaks about",
        "nobody can approve it",
        unowned("/docs/ @one\n", "agents/anl/agent.yaml", "no line of .github/CODEOWNERS speaks about it"),
    ),
    Row(
        "(GitHub is silent)",
        "what becomes of a file that is no text",
        "it is not loaded, and nobody owns anything",
        _what_is_no_text_owns_nothing,
    ),
    Row(
        "(GitHub is silent)",
        "what an App's bot named as owner may approve",
        "nothing: such a line is a fault",
        unowned("/a/ @dependabot[bot]\n", "a/b", "found the machine"),
    ),
)
