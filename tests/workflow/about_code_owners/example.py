"""The comments of the example file in the page's section "CODEOWNERS syntax"."""

from tests.workflow.about_code_owners.access import a_team_needs_to_be_seen_and_to_write_itself
from tests.workflow.about_code_owners.row import NewWorld, Row, asked, is_approved, owned, proposed, told, unowned

_EXAMPLE = "Example of a CODEOWNERS file"
_ALL = "*       @global-owner1 @global-owner2\n"


def _only_the_last_matching_line_is_asked(new: NewWorld) -> None:
    world = new("* @acme-agents/admins @rita-release\n*.yaml @acme-agents/operators\n")
    number = proposed(world)
    assert asked(world, number) == {"omar-ops"}
    world.approve("ada-admin", number)
    assert not is_approved(world, number)


def _either_owner_approves(new: NewWorld) -> None:
    world = new("/agents/ @ada-admin @omar-ops\n")
    number = proposed(world)
    world.approve("ada-admin", number)
    assert is_approved(world, number)


def _an_address_is_whom_it_is_in_a_commit(new: NewWorld) -> None:
    # Dana's commits carry the address, so the only owner is who made the change.
    world = new("* dana-dev@example.com\n")
    number = proposed(world, by="dana-dev")
    assert asked(world, number) == set()
    assert "nobody can give" in world.check(number, "dvo/approval").title


def _a_member_of_the_team_approves(new: NewWorld) -> None:
    world = new("* @acme-agents/operators\n")
    number = proposed(world)
    world.approve("omar-ops", number)
    assert is_approved(world, number)


def _somebody_who_may_write_is_not_enough(new: NewWorld) -> None:
    world = new("/agents/ @omar-ops\n/agents/anl\n")
    number = proposed(world)
    for login in ("omar-ops", "ada-admin"):
        world.approve(login, number)
    assert not is_approved(world, number)
    assert "names no owners" in told(world, number)


ROWS = (
    Row(
        _EXAMPLE,
        "`#` begins a comment",
        "nothing of it counts",
        owned("# * @one\n/a/ @two\n", {"a/b": "@two", "c": ""}),
    ),
    Row(
        _EXAMPLE,
        "a line is a pattern and its owners",
        "divided by blanks or tabs",
        owned("/a/\t@one  @two\n", {"a/b": "@one @two"}),
    ),
    Row(
        _EXAMPLE,
        "`*` sets owners for everything",
        "for every path at any depth",
        owned(_ALL, {"x": "@global-owner1 @global-owner2", "a/b/c": "@global-owner1 @global-owner2"}),
    ),
    Row(
        _EXAMPLE,
        "who are asked unless a later line matches",
        "the later line takes the path from them",
        owned(_ALL + "/a/ @one\n", {"a/b": "@one", "b": "@global-owner1 @global-owner2"}),
    ),
    Row(
        _EXAMPLE,
        "order matters: the last pattern that matches wins",
        "also over a longer or more exact one before it",
        owned("/a/b/c.md @one\n/a/ @two\n", {"a/b/c.md": "@two"}),
    ),
    Row(
        _EXAMPLE,
        "then its owners alone are asked and not those for everything",
        "and they alone can approve",
        _only_the_last_matching_line_is_asked,
    ),
    Row(
        _EXAMPLE,
        "a comment may follow on the same line",
        "what follows `#` counts for nothing",
        owned("*.js    @js-owner #This is a comment. @two\n", {"a/b.js": "@js-owner"}),
    ),
    Row(
        _EXAMPLE,
        "owners may be given by address",
        "they are",
        owned("*.go docs@example.com\n", {"cmd/main.go": "docs@example.com"}),
    ),
    Row(
        _EXAMPLE,
        "an address is looked up as for the authors of commits",
        "in the directory, as for the authors of commits",
        _an_address_is_whom_it_is_in_a_commit,
    ),
    Row(
        _EXAMPLE,
        "a team may be an owner",
        "its members, and those of the teams below it, can approve",
        _a_member_of_the_team_approves,
    ),
    Row(
        _EXAMPLE,
        "teams are spelled @org/team-name",
        "a team without organization, or below a team, is a fault",
        unowned("/a/ @acme/one/two\n", "a/b", "a team of it"),
    ),
    Row(
        _EXAMPLE,
        "teams need write access of their own",
        "or they count for nobody",
        a_team_needs_to_be_seen_and_to_write_itself,
    ),
    Row(
        _EXAMPLE,
        "`*.txt` gives a team every .txt file",
        "at any depth",
        owned("*.txt @octo-org/octocats\n", {"a.txt": "@octo-org/octocats", "a/b.txt": "@octo-org/octocats", "a": ""}),
    ),
    Row(
        _EXAMPLE,
        "`/build/logs/` is that directory at the root and all below",
        "and no other of the name",
        owned("/build/logs/ @one\n", {"build/logs/a": "@one", "build/logs/a/b": "@one", "x/build/logs/a": ""}),
    ),
    Row(
        _EXAMPLE,
        "`docs/*` matches files in docs and nothing deeper",
        "as it says",
        owned("docs/*  @one\n", {"docs/getting-started.md": "@one", "docs/build-app/troubleshooting.md": ""}),
    ),
    Row(
        _EXAMPLE,
        "`apps/` is any directory of that name anywhere",
        "and no file of that name",
        owned("apps/ @one\n", {"apps/a": "@one", "x/y/apps/b/c": "@one", "x/apps": ""}),
    ),
    Row(
        _EXAMPLE,
        "`/docs/` is the directory at the root and all below",
        "as it says",
        owned("/docs/ @one\n", {"docs/a/b": "@one", "x/docs/a": ""}),
    ),
    Row(
        _EXAMPLE,
        "with two owners of `/scripts/`, either approves",
        "either of the line's owners does",
        _either_owner_approves,
    ),
    Row(
        _EXAMPLE,
        "`**/logs` is a directory of that name at any depth",
        "at the root too, and a file of that name",
        owned("**/logs @one\n", {"logs/a": "@one", "build/logs/a": "@one", "deeply/nested/logs/a/b": "@one", "a": ""}),
    ),
    Row(
        _EXAMPLE,
        "what lies there needs that owner's approval",
        "and nobody else's will do",
        _only_the_last_matching_line_is_asked,
    ),
    Row(
        _EXAMPLE,
        "a later line without owners takes a subdirectory out",
        "it has none",
        owned("/apps/ @one\n/apps/github\n", {"apps/a": "@one", "apps/github/a": ""}),
    ),
    Row(
        _EXAMPLE,
        "what has no owner may be approved by anybody who may write",
        "stricter: where an owner is needed, nobody can approve it",
        _somebody_who_may_write_is_not_enough,
    ),
    Row(
        _EXAMPLE,
        "a later line may give the subdirectory an owner of its own",
        "who owns it alone",
        owned("/apps/ @one\n/apps/github @two\n", {"apps/a": "@one", "apps/github/a": "@two"}),
    ),
)
