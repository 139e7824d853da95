"""GitHub's "About code owners", sentence by sentence, and where this reading is stricter."""

from collections.abc import Callable

import pytest

from controller.change.facts import FileMode, Snapshot, TreeEntry
from controller.change.names import CommitSha, ObjectId, RepoPath
from controller.ownership.codeowners import (
    CodeOwners,
    Ownership,
    codeowners_of,
    codeowners_path,
    owners_of,
    parse_codeowners,
    why_unowned,
)
from controller.ownership.owner import EmailOwner, Owner, TeamOwner, UserOwner

Read = Callable[[str], CodeOwners]

FILE = RepoPath(".github/CODEOWNERS")
BLOB = ObjectId("b" * 40)
EXAMPLE = """\
# This is a comment.
*       @global-owner1 @global-owner2
*.js    @js-owner #This is an inline comment.
*.go docs@example.com
*.txt @octo-org/octocats
/build/logs/ @doctocat
docs/*  docs@example.com
apps/ @octocat
/docs/ @doctocat
/scripts/ @doctocat @octocat
**/logs @octocat
/apps/ @octocat
/apps/github
/libs/ @octocat
/libs/github @doctocat
"""


def _owner(text: str) -> Owner:
    organization, _, team = text.removeprefix("@").partition("/")
    if not text.startswith("@"):
        return EmailOwner(text)
    return TeamOwner(organization, team) if team else UserOwner(organization)


@pytest.mark.parametrize(
    ("path", "line", "owners"),
    [
        pytest.param("some/file.rb", 2, "@global-owner1 @global-owner2", id="default-owners-for-everything"),
        pytest.param("a/b.js", 3, "@js-owner", id="the-last-match-wins-and-comments-end-lines"),
        pytest.param("main.go", 4, "docs@example.com", id="an-address-is-an-owner"),
        pytest.param("a/readme.txt", 5, "@octo-org/octocats", id="a-team-is-an-owner"),
        pytest.param("build/logs/x/y", 11, "@octocat", id="a-later-line-takes-a-directory"),
        pytest.param("src/docs/a.md", 2, "@global-owner1 @global-owner2", id="a-slash-in-the-middle-anchors"),
        pytest.param("docs/getting-started.md", 9, "@doctocat", id="root-docs"),
        pytest.param("docs/build-app/troubleshooting.md", 9, "@doctocat", id="root-docs-deep"),
        pytest.param("x/apps/y/z", 8, "@octocat", id="apps-anywhere"),
        pytest.param("scripts/a", 10, "@doctocat @octocat", id="either-of-two-owners"),
        pytest.param("deeply/nested/logs/a", 11, "@octocat", id="logs-anywhere"),
        pytest.param("apps/a", 12, "@octocat", id="apps-at-the-root"),
        pytest.param("apps/github/a", 13, "", id="owners-left-empty"),
        pytest.param("libs/github/a", 15, "@doctocat", id="a-subdirectory-with-its-own-owner"),
    ],
)
def test_the_example_file_of_the_documentation(read: Read, path: str, line: int, owners: str) -> None:
    codeowners = read(EXAMPLE)

    assert owners_of(codeowners, RepoPath(path)) == Ownership(
        RepoPath(path), line, tuple(_owner(text) for text in owners.split())
    )
    assert codeowners.problems == ()


def test_a_star_in_docs_reaches_direct_files_only(read: Read) -> None:
    codeowners = read("docs/*  docs@example.com\n")

    assert owners_of(codeowners, RepoPath("docs/getting-started.md")).owners
    assert owners_of(codeowners, RepoPath("docs/build-app/troubleshooting.md")).line is None


def test_paths_are_case_sensitive(read: Read) -> None:
    assert owners_of(read("/Docs/ @a"), RepoPath("docs/a")) == Ownership(RepoPath("docs/a"), None, ())


def test_a_path_no_line_speaks_about_has_no_owner(read: Read) -> None:
    assert owners_of(read("/docs/ @a"), RepoPath("src/a")) == Ownership(RepoPath("src/a"), None, ())


def test_a_line_may_be_indented_separated_by_tabs_and_end_in_a_carriage_return(read: Read) -> None:
    codeowners = read(" \t/docs/\t @a \t b@example.com  \r\n\r\n   # nothing\n")

    assert owners_of(codeowners, RepoPath("docs/a")).owners == (UserOwner("a"), EmailOwner("b@example.com"))
    assert codeowners.problems == ()


def test_an_escaped_space_belongs_to_the_pattern(read: Read) -> None:
    codeowners = read("/release\\ notes/ @a")

    assert owners_of(codeowners, RepoPath("release notes/a")).owners == (UserOwner("a"),)


def test_a_name_in_any_script_is_a_name(read: Read) -> None:
    codeowners = read("/größe/日本*.md @a")

    assert owners_of(codeowners, RepoPath("größe/日本語.md")).owners == (UserOwner("a"),)
    assert codeowners.problems == ()


@pytest.mark.parametrize(
    ("present", "chosen"),
    [
        ((), None),
        (("docs/CODEOWNERS",), "docs/CODEOWNERS"),
        (("docs/CODEOWNERS", "CODEOWNERS"), "CODEOWNERS"),
        (("docs/CODEOWNERS", "CODEOWNERS", ".github/CODEOWNERS"), ".github/CODEOWNERS"),
        (("src/CODEOWNERS", "codeowners"), None),
    ],
)
def test_the_first_of_three_places_counts(present: tuple[str, ...], chosen: str | None) -> None:
    assert codeowners_path(_snapshot({path: FileMode.REGULAR for path in present})) == chosen


def test_the_file_of_a_tree_is_read_from_the_gathered_contents() -> None:
    codeowners = codeowners_of(_snapshot({FILE: FileMode.REGULAR}), {BLOB: b"* @a\n"})

    assert codeowners.path == FILE
    assert owners_of(codeowners, RepoPath("x")).owners == (UserOwner("a"),)


def test_a_file_that_cannot_be_read_owns_nothing() -> None:
    codeowners = codeowners_of(_snapshot({FILE: FileMode.REGULAR}), {})

    assert "its content cannot be read" in codeowners.problems[0].message
    assert owners_of(codeowners, RepoPath("a")).owners == ()


def test_without_a_file_nobody_owns_anything() -> None:
    codeowners = codeowners_of(_snapshot({}), {})

    assert codeowners.path is None
    assert "no CODEOWNERS file" in codeowners.problems[0].message
    assert owners_of(codeowners, RepoPath("a")).owners == ()


@pytest.mark.parametrize("mode", [FileMode.SYMLINK, FileMode.SUBMODULE])
def test_a_link_is_no_codeowners_file(mode: FileMode) -> None:
    """ATTACKS 038: what a link points to is not what the tree holds."""
    codeowners = codeowners_of(_snapshot({FILE: mode}), {BLOB: b"* @a\n"})

    assert "expected a regular file" in codeowners.problems[0].message
    assert owners_of(codeowners, RepoPath("a")).owners == ()


def test_a_file_of_three_megabytes_is_not_loaded() -> None:
    """ATTACKS 022: GitHub ignores such a file, so nobody owns anything."""
    line = b"* @a\n"
    codeowners = parse_codeowners(FILE, line * (3_000_000 // len(line)))

    assert "under 3000000 bytes" in codeowners.problems[0].message
    assert codeowners.rules == ()


def test_a_file_that_is_no_text_is_not_loaded() -> None:
    codeowners = parse_codeowners(FILE, b"* @a\n\xff")

    assert str(codeowners.problems[0]) == ".github/CODEOWNERS:1:1: expected UTF-8, found byte 0xff at offset 5"
    assert owners_of(codeowners, RepoPath("a")).owners == ()


@pytest.mark.parametrize(
    ("owner", "said"),
    [
        ("dana", "expected @user, @organization/team or an e-mail address"),
        ("@", "expected a GitHub login"),
        ("@-dana", "expected a GitHub login"),
        ("@dana!", "expected a GitHub login"),
        ("@dana#comment", "expected a GitHub login"),
        ("@dependabot[bot]", "found the machine"),
        ("@org/", "a team of it"),
        ("@/team", "an organization"),
        ("@org/team/sub", "a team of it"),
        ("a@b", "an e-mail address"),
        ("a@@b.c", "an e-mail address"),
        ("@d\u0430na", "expected a GitHub login"),
        ("dana@ex\u200bample.com", "an e-mail address"),
    ],
)
def test_a_faulty_owner_leaves_what_its_line_covers_to_nobody(read: Read, owner: str, said: str) -> None:
    """ATTACKS 022: GitHub skips the line, and the weaker line above would take over."""
    codeowners = read(f"* @everyone\n/environments/production/ @rita {owner}\n")
    problem = codeowners.problems[0]

    assert (problem.line, problem.column) == (2, 33)
    assert said in problem.message
    assert problem.message.isascii()
    assert owners_of(codeowners, RepoPath("environments/production/anl.yaml")).owners == ()
    assert owners_of(codeowners, RepoPath("docs/a")).owners == (UserOwner("everyone"),)


@pytest.mark.parametrize(
    "pattern", ["!environments/", "environments/[ps]*/", "\\#environments/", "a//b", "/pro\u200bd/", "\ufeff/prod/"]
)
def test_an_unreadable_pattern_leaves_everything_above_it_to_nobody(read: Read, pattern: str) -> None:
    """ATTACKS 022: nobody can tell what the line was meant for."""
    codeowners = read(f"* @everyone\n{pattern} @rita\n/docs/ @dora\n")

    assert [(problem.line, problem.column) for problem in codeowners.problems] == [(2, 1)]
    assert "nobody can tell what" in codeowners.problems[0].message
    assert owners_of(codeowners, RepoPath("environments/production/anl.yaml")) == Ownership(
        RepoPath("environments/production/anl.yaml"), 2, ()
    )
    assert owners_of(codeowners, RepoPath("docs/a")).owners == (UserOwner("dora"),)


def test_only_a_line_feed_ends_a_line(read: Read) -> None:
    codeowners = read("/docs/ @a\u2028* @mallory\n/src/ @a\x0b* @mallory\n")

    assert len(codeowners.problems) == 2
    assert {problem.line for problem in codeowners.problems} == {1, 2}
    assert not any(UserOwner("mallory") in rule.owners for rule in codeowners.rules)


def test_every_fault_is_told_at_once(read: Read) -> None:
    codeowners = read("/a/ x @ok y\n!b @z\n")

    assert [(problem.line, problem.column) for problem in codeowners.problems] == [(1, 5), (1, 11), (2, 1)]


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("/docs/ @a\n", "no line of .github/CODEOWNERS speaks about it"),
        ("* @a\n/prod/\n", ".github/CODEOWNERS:2 names no owners"),
        ("* @a\n/prod/ @a rita\n", ".github/CODEOWNERS:2:11: expected @user"),
        ("* @a\n!docs @b\n", ".github/CODEOWNERS:2:1: negation"),
    ],
)
def test_a_path_without_owners_tells_the_line_that_leaves_it_so(read: Read, text: str, reason: str) -> None:
    """ATTACKS 022: the check names the line."""
    codeowners = read(text)

    assert (why_unowned(codeowners, owners_of(codeowners, RepoPath("prod/a"))) or "").startswith(reason)


def test_a_file_that_is_not_loaded_is_why_nobody_owns_anything() -> None:
    """ATTACKS 022."""
    for codeowners, said in [
        (parse_codeowners(FILE, b"* @a\n" * 600_000), "GitHub loads files under"),
        (codeowners_of(_snapshot({}), {}), "there is no CODEOWNERS file"),
    ]:
        assert said in (why_unowned(codeowners, owners_of(codeowners, RepoPath("a"))) or "")


def test_a_path_with_owners_has_no_reason_to_have_none(read: Read) -> None:
    codeowners = read("* @a\n!docs @b\n/prod/ @c\n")

    assert why_unowned(codeowners, owners_of(codeowners, RepoPath("prod/a"))) is None


def _snapshot(files: dict[str, FileMode] | dict[RepoPath, FileMode]) -> Snapshot:
    entries = {RepoPath(path): TreeEntry(mode, BLOB) for path, mode in files.items()}
    return Snapshot(CommitSha("c" * 40), ObjectId("d" * 40), entries)
