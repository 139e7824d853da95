"""The page's introduction and its sections "About code owners", "CODEOWNERS and branch protection"."""

from dataclasses import replace

from controller.change.protection import ClassicProtection, Protection, RequiredCheck, Rules, weaknesses
from controller.ownership.codeowners import owners_of, parse_codeowners
from tests.workflow.about_code_owners.row import AGENT, FILE, NewWorld, Row, asked, is_approved, owned, proposed
from tests.workflow.world import ROOT

_INTRODUCTION, _ABOUT, _PROTECTION = "(introduction)", "About code owners", "CODEOWNERS and branch protection"
_OURS = tuple(RequiredCheck(name, 7) for name in ("dvo/policy", "dvo/approval"))


def _an_edit_of_the_file_needs_its_owner(new: NewWorld) -> None:
    world = new()
    number = world.propose("omar-ops", "mine", {FILE: world.file(FILE) + b"/agents/ @omar-ops\n"})
    assert asked(world, number) == {"ada-admin"}
    assert not is_approved(world, number)


def _an_owner_is_needed_without_any_setting(new: NewWorld) -> None:
    world = new("* @omar-ops\n")
    number = proposed(world)
    world.approve("ada-admin", number)
    assert not is_approved(world, number)
    world.approve("omar-ops", number)
    assert is_approved(world, number)


def _an_owner_without_write_access_counts_for_nobody(new: NewWorld) -> None:
    world = new("* @omar-ops\n")
    world.host.powerless.add("@omar-ops")
    number = proposed(world)
    world.approve("omar-ops", number)
    assert not is_approved(world, number)
    assert asked(world, number) == set()


def a_team_needs_to_be_seen_and_to_write_itself(new: NewWorld) -> None:
    """Show that a team counts once it is visible and may write, and not before."""
    world = new("* @acme-agents/operators\n")
    number = proposed(world)
    world.approve("omar-ops", number)
    assert is_approved(world, number)
    for withheld in (world.host.secret_teams, world.host.powerless):
        withheld.add("@acme-agents/operators")
        world.look(f"pull/{number}")
        assert not is_approved(world, number)
        withheld.clear()
        world.look(f"pull/{number}")
        assert is_approved(world, number)


def _owners_are_asked(new: NewWorld) -> None:
    world = new("* @acme-agents/operators\n/docs/ @acme-agents/admins\n")
    assert asked(world, proposed(world)) == {"omar-ops"}


def _whom_a_line_names_is_asked(new: NewWorld) -> None:
    world = new("* @omar-ops\n")
    assert asked(world, proposed(world)) == {"omar-ops"}


def _a_draft_asks_nobody_until_it_is_ready(new: NewWorld) -> None:
    world = new("* @acme-agents/operators\n")
    files = {AGENT: world.file(AGENT).replace(b"version: 1.0.0", b"version: 1.1.0")}
    number = world.host.open_pull_request("topic", files, by=world.account("dana-dev"))
    world.host.edit(number, is_draft=True)
    world.look(f"pull/{number}")
    assert asked(world, number) == set()
    world.host.edit(number, is_draft=False)
    world.look(f"pull/{number}")
    assert asked(world, number) == {"omar-ops"}
    world.host.edit(number, is_draft=True)
    world.look(f"pull/{number}")
    assert asked(world, number) == {"omar-ops"}


def _the_check_names_who_can_approve(new: NewWorld) -> None:
    world = new("* @omar-ops\n")
    assert "omar-ops" in world.check(proposed(world), "dvo/approval").title


def _either_of_two_is_enough(new: NewWorld) -> None:
    for approver in ("ada-admin", "omar-ops"):
        world = new("* @acme-agents/admins @acme-agents/operators\n")
        number = proposed(world)
        assert asked(world, number) == {"ada-admin"}
        world.approve(approver, number)
        assert is_approved(world, number)


def _doctor_asks_for_our_checks_and_not_for_reviews(_: NewWorld) -> None:
    classic = ClassicProtection(_OURS, True, True, (), False, False)
    assert weaknesses(Protection("main", classic, Rules()), 7) == ()
    without = replace(classic, checks=())
    assert any("dvo/approval is not required" in each for each in weaknesses(Protection("main", without, Rules()), 7))


def _doctor_takes_what_either_kind_holds(_: NewWorld) -> None:
    half = Rules(checks=_OURS[:1], blocks_force_pushes=True, rulesets=("one", "two"))
    classic = ClassicProtection(_OURS[1:], True, True, (), True, False)
    assert weaknesses(Protection("main", classic, half), 7) == ()
    assert weaknesses(Protection("main", None, half), 7) != ()


def _the_file_itself_has_owners(_: NewWorld) -> None:
    for place in (ROOT / ".github" / "CODEOWNERS", ROOT / "controller" / "compose" / "scaffold" / "CODEOWNERS"):
        codeowners = parse_codeowners(FILE, place.read_bytes())
        assert [owner.slug for owner in owners_of(codeowners, FILE).owners if hasattr(owner, "slug")] == ["admins"]


def _an_unowned_file_can_be_approved_by_nobody(new: NewWorld) -> None:
    world = new("/agents/ @omar-ops\n")
    number = world.propose("omar-ops", "mine", {FILE: "* @dana-dev\n"})
    world.approve("ada-admin", number)
    assert not is_approved(world, number)
    assert "nobody can give" in world.check(number, "dvo/approval").title


ROWS = (
    Row(
        _INTRODUCTION,
        "a CODEOWNERS file names the people or teams who answer for code",
        "so it names who must approve a change of a path",
        owned("/agents/ @omar-ops @acme/developers\n", {"agents/anl/agent.yaml": "@omar-ops @acme/developers"}),
    ),
    Row(
        _INTRODUCTION,
        "whoever may write may edit the file and be listed in it",
        "stricter: an edit of the file needs the file's owners of before",
        _an_edit_of_the_file_needs_its_owner,
    ),
    Row(
        _INTRODUCTION,
        "administrators can make an owner's approval a condition of merging",
        "it is one here whatever they set: `dvo/approval` is red without",
        _an_owner_is_needed_without_any_setting,
    ),
    Row(
        _INTRODUCTION,
        "which plans have code owners for private repositories",
        "no matter: the file is read from the tree, whatever the plan enforces",
        _an_owner_is_needed_without_any_setting,
    ),
    Row(
        _INTRODUCTION,
        "an owner must have write permission",
        "one without counts for nobody, and the check says so",
        _an_owner_without_write_access_counts_for_nobody,
    ),
    Row(
        _INTRODUCTION,
        "a team must be visible and have write permission itself, whatever its members have",
        "a secret team, and one that may write by its members alone, counts for nobody",
        a_team_needs_to_be_seen_and_to_write_itself,
    ),
    Row(
        _ABOUT,
        "owners are asked to review as soon as a pull request changes what they own",
        "a smallest set of a team's members that satisfies is asked, and of other paths' owners nobody",
        _owners_are_asked,
    ),
    Row(
        _ABOUT,
        "that holds for people a line names too",
        "GitHub asks them itself; the check names them",
        _whom_a_line_names_is_asked,
    ),
    Row(_ABOUT, "on a draft owners are not asked", "nobody is", _a_draft_asks_nobody_until_it_is_ready),
    Row(
        _ABOUT,
        "when it is marked as ready, owners are told",
        "they are asked then",
        _a_draft_asks_nobody_until_it_is_ready,
    ),
    Row(
        _ABOUT,
        "turning it back into a draft unsubscribes nobody",
        "no request is taken back",
        _a_draft_asks_nobody_until_it_is_ready,
    ),
    Row(
        _ABOUT,
        "with required reviews, an owner's approval may be required on top",
        "it always is for agents and governance, by our check and not by that setting",
        _an_owner_is_needed_without_any_setting,
    ),
    Row(
        _ABOUT,
        "one can see who owns a file before opening a pull request",
        "the check on the pull request names who can approve",
        _the_check_names_who_can_approve,
    ),
    Row(
        _ABOUT,
        "the shield on the file's page shows owner and line",
        "GitHub's page; where somebody is missing, the check names them",
        _the_check_names_who_can_approve,
    ),
    Row(
        _PROTECTION,
        "branch protection can demand that owners review what is theirs",
        "`dvo doctor` demands that our check is required, which weighs the owners",
        _doctor_asks_for_our_checks_and_not_for_reviews,
    ),
    Row(
        _PROTECTION,
        "that is the option to require review from code owners",
        "not needed: `dvo doctor` finds no weakness without it",
        _doctor_asks_for_our_checks_and_not_for_reviews,
    ),
    Row(
        _PROTECTION,
        "one owner's approval is enough",
        "one owner of a path is enough for the path",
        _an_owner_is_needed_without_any_setting,
    ),
    Row(
        _PROTECTION,
        "its example names two owners on one line",
        "both own what it matches",
        owned("*.js @one @two\n", {"a/b.js": "@one @two"}),
    ),
    Row(
        _PROTECTION,
        "either of those two may approve, not both must",
        "the smallest set that is asked is one of them",
        _either_of_two_is_enough,
    ),
    Row(
        _PROTECTION,
        "the CODEOWNERS file needs an owner too, or anybody may change the others",
        "stricter: while it has none, nobody can approve a change of it",
        _an_unowned_file_can_be_approved_by_nobody,
    ),
    Row(
        _PROTECTION,
        "safest is a file in .github that names an owner of itself or of that directory",
        "the project's own file does, and so does the one `dvo init` writes",
        _the_file_itself_has_owners,
    ),
    Row(
        _PROTECTION,
        "rulesets are the other way to protect a branch",
        "`dvo doctor` reads both",
        _doctor_takes_what_either_kind_holds,
    ),
    Row(
        _PROTECTION,
        "rulesets have a state and can be read without being administrator",
        "what is read of them needs no further permission",
        _doctor_takes_what_either_kind_holds,
    ),
    Row(
        _PROTECTION,
        "several rulesets apply at once",
        "what any of them holds is held",
        _doctor_takes_what_either_kind_holds,
    ),
)
