"""The page's sections "CODEOWNERS file location", "CODEOWNERS and forks", "CODEOWNERS file size"."""

from controller.change.facts import FileMode, Snapshot, TreeEntry
from controller.change.names import CommitSha, ObjectId, RepoPath
from controller.ownership.codeowners import codeowners_path, owners_of, parse_codeowners
from tests.workflow.about_code_owners.row import AGENT, FILE, NewWorld, Row, asked, is_approved, owned, proposed, told
from tests.workflow.steps import edited

_LOCATION, _FORKS, _SIZE = "CODEOWNERS file location", "CODEOWNERS and forks", "CODEOWNERS file size"


def _each_of_three_places_is_read(new: NewWorld) -> None:
    for place in (".github/CODEOWNERS", "CODEOWNERS", "docs/CODEOWNERS"):
        world = new("* @acme-agents/operators\n", at=place)
        assert asked(world, proposed(world)) == {"omar-ops"}


def _the_first_of_three_places_counts(_: NewWorld) -> None:
    places = [".github/CODEOWNERS", "CODEOWNERS", "docs/CODEOWNERS"]
    while places:
        entries = {RepoPath(path): TreeEntry(FileMode.REGULAR, ObjectId("b" * 40)) for path in places}
        assert codeowners_path(Snapshot(CommitSha("c" * 40), ObjectId("d" * 40), entries)) == places.pop(0)


def _another_branch_has_no_say(new: NewWorld) -> None:
    world = new("* @acme-agents/operators\n")
    world.host.push("pages", {FILE: "* @vera-view\n"}, by=world.account("ada-admin"))
    assert asked(world, proposed(world)) == {"omar-ops"}
    files = {AGENT: edited(world.file(AGENT), version="1.1.0")}
    elsewhere = world.host.open_pull_request("other", files, by=world.account("dana-dev"), base="pages")
    world.look(f"pull/{elsewhere}")
    assert (world.host.pull_request(elsewhere).head, "dvo/approval") not in world.host.checks


def _what_the_head_says_has_no_say(new: NewWorld) -> None:
    world = new("* @acme-agents/admins\n")
    number = world.propose("dana-dev", "topic", {FILE: "* @vera-view\n"})
    world.approve("vera-view", number)
    assert not is_approved(world, number)
    assert asked(world, number) == {"ada-admin"}


def _the_base_of_now_counts(new: NewWorld) -> None:
    world = new("* @omar-ops\n")
    number = proposed(world)
    world.approve("omar-ops", number)
    assert is_approved(world, number)
    world.host.push_main({FILE: "* @ada-admin\n"}, by=world.account("ada-admin"))
    world.look(f"pull/{number}")
    assert not is_approved(world, number)


def _a_fork_is_not_judged(new: NewWorld) -> None:
    world = new("* @omar-ops\n")
    files = {AGENT: edited(world.file(AGENT), version="1.1.0"), FILE: b"* @dana-dev\n"}
    number = world.host.open_pull_request("topic", files, by=world.account("dana-dev"), is_fork=True)
    world.look(f"pull/{number}")
    assert asked(world, number) == set()
    assert (world.host.pull_request(number).head, "dvo/approval") not in world.host.checks


def _just_under_the_limit_is_read(_: NewWorld) -> None:
    rule = b"* @a\n#"
    codeowners = parse_codeowners(FILE, rule.ljust(2_999_999, b"#"))
    assert owners_of(codeowners, RepoPath("x")).owners
    assert not parse_codeowners(FILE, rule.ljust(3_000_000, b"#")).rules


def _too_large_a_file_lets_nobody_approve(new: NewWorld) -> None:
    world = new("# " + "x" * 3_000_000 + "\n* @omar-ops\n")
    number = proposed(world)
    world.approve("omar-ops", number)
    assert not is_approved(world, number)
    assert asked(world, number) == set()
    assert "GitHub loads files under 3000000 bytes" in told(world, number)


ROWS = (
    Row(
        _LOCATION,
        "the file is called CODEOWNERS and lies in .github, at the root or in docs of the branch",
        "in each of the three it is read",
        _each_of_three_places_is_read,
    ),
    Row(
        _LOCATION,
        "of several, the first in that order is used",
        "the first counts whole and the others not at all",
        _the_first_of_three_places_counts,
    ),
    Row(
        _LOCATION,
        "a file speaks for the one branch it is on",
        "only the governed branch's file is read",
        _another_branch_has_no_say,
    ),
    Row(
        _LOCATION,
        "so branches may differ in their owners",
        "those of another branch have no say, and a pull request to it is not judged",
        _another_branch_has_no_say,
    ),
    Row(
        _LOCATION,
        "only the file on the base branch leads to requests for review",
        "what a pull request brings along does not judge it",
        _what_the_head_says_has_no_say,
    ),
    Row(
        _LOCATION,
        "its example: owners on the base are asked about a change towards it",
        "they are",
        _what_the_head_says_has_no_say,
    ),
    Row(
        _FORKS,
        "the version on the base branch is used",
        "the one that is there now: a change of it takes effect on open pull requests",
        _the_base_of_now_counts,
    ),
    Row(
        _FORKS,
        "the base is the branch that merging would change",
        "the governed one, or there is nothing to judge",
        _another_branch_has_no_say,
    ),
    Row(
        _FORKS,
        "from a fork, the upstream's file is used when the base is upstream",
        "stricter: a pull request from a fork is not judged, so it never turns green",
        _a_fork_is_not_judged,
    ),
    Row(
        _FORKS,
        "towards a branch of the fork, the fork's file is used, for owners with write access there",
        "a fork is not the governed repository: its file is never read",
        _a_fork_is_not_judged,
    ),
    Row(
        _FORKS,
        "the shield shows the file of the branch one looks at",
        "GitHub's page; our check always speaks of the base",
        _what_the_head_says_has_no_say,
    ),
    Row(
        _SIZE,
        "the file must stay under 3 MB",
        "of 3,000,000 bytes; at that it is too large",
        _just_under_the_limit_is_read,
    ),
    Row(
        _SIZE,
        "a larger one is not loaded: no owners are shown and none asked",
        "where GitHub then asks nobody, nobody can approve, and the check says why",
        _too_large_a_file_lets_nobody_approve,
    ),
    Row(
        _SIZE,
        "wildcards can put several entries into one",
        "they own what the entries did",
        owned("/docs/a*.md @one\n", {"docs/ab.md": "@one", "docs/ac.md": "@one", "docs/b.md": ""}),
    ),
)
