"""The explanation names every ground, everybody's part, and how to check it offline."""

from dataclasses import replace
from datetime import timedelta

from controller.change.names import RepoPath
from controller.decision.command import Wishes
from controller.decision.comment import sticky_comment
from controller.decision.deciding import decide
from controller.decision.explanation import commands_help, explanation
from controller.policy.answer import Action
from tests.core.decision.builders import (
    CASE,
    COMMIT,
    DANA,
    GIVEN,
    KNOWN,
    NOBODY_CAN,
    NOW,
    OBJECTED,
    RITA,
    SILENT,
    UPGRADE,
    VOIDED,
    answer,
    finding,
)

ROLES = {DANA.id: frozenset({"developer"}), RITA.id: frozenset({"release_manager"})}
PEOPLE = {DANA.id: DANA, RITA.id: RITA}
ASKING = replace(answer(finding(Action.REQUIRE_APPROVAL), finding(Action.WARN, path=None)), roles=ROLES)
WHOLE = replace(CASE, answer=ASKING, approvals=GIVEN, people=PEOPLE)


def test_each_finding_is_told_with_what_it_rests_on() -> None:
    told = explanation(decide(WHOLE))
    assert "| `rule-require_approval` | asks for approval | require\\_approval says the rule |" in told
    assert "`production/ANL` (production): newer version, `1.0.0` × 2 on `fastapi` → `1.1.0` × 2 on `fastapi`" in told
    assert "asks for 1 approval by a release manager, at most 72 hours old" in told
    held = replace(WHOLE, answer=replace(ASKING, findings=(finding(Action.DENY, until=NOW + timedelta(days=1)),)))
    assert "ends on Wed 2027-03-10 10:00 Europe/Berlin (09:00 UTC)" in explanation(decide(held))


def test_a_finding_about_another_deployment_or_a_whole_file_rests_on_that_only() -> None:
    elsewhere = replace(finding(Action.WARN), agent="GHA", path=RepoPath("agents/gha/agent.yaml"), line=None)
    assert "| `agents/gha/agent.yaml` |" in explanation(decide(replace(WHOLE, answer=answer(elsewhere))))
    unknown = replace(
        UPGRADE, before=replace(UPGRADE.before, environments={}), after=replace(UPGRADE.after, environments={})
    )
    told = explanation(decide(replace(WHOLE, proposal=unknown)))
    assert "`production/ANL` (of unknown tier)" in told


def test_everybody_is_named_with_their_part_and_roles() -> None:
    told = explanation(decide(WHOLE))
    assert "| `dana-dev` | author | developer | took part, so no approval of theirs counts |" in told
    assert "| `rita-release` | reviewer | release manager | their approval counts |" in told
    nobody_known = replace(WHOLE, participants=replace(KNOWN, pusher_is_known=False), people={}, answer=answer())
    told = explanation(decide(nobody_known))
    assert f"| `{DANA.id}` | author | none |" in told
    assert "Nobody can say who pushed the head" in told


def test_each_approval_says_whether_it_counts_and_why() -> None:
    assert "- The approval of `rita-release` counts for `mc-prod-approval`" in explanation(decide(WHOLE))
    told = explanation(decide(replace(WHOLE, approvals=VOIDED)))
    assert "- The approval of `rita-release` does not count: it approved another effect." in told
    assert "- The approval of `unknown` does not count" in told
    assert "- `mc-prod-approval` still needs 1 approval: `rita-release`." in told
    assert "nobody can give it" in explanation(decide(replace(WHOLE, approvals=NOBODY_CAN)))
    assert "- `rita-release` requested changes" in explanation(decide(replace(WHOLE, approvals=OBJECTED)))


def test_it_says_how_to_check_it_without_the_controller() -> None:
    told = explanation(decide(WHOLE))
    assert f"git switch --detach {COMMIT}\ndvo check --as dana-dev\n" in told
    assert UPGRADE.effect.digest in told
    assert "`sha256:revision`" in told
    hostile = replace(WHOLE, people={DANA.id: replace(DANA, login="x; curl evil")})
    assert "\ndvo check\n" in explanation(decide(hostile))


def test_without_an_answer_it_says_so_and_nothing_else_is_made_up() -> None:
    told = explanation(decide(replace(CASE, answer=SILENT, participants=None)))
    assert "it is down" in told
    assert "Policy revision" not in told
    assert "No rule found anything." in explanation(decide(CASE))
    told = explanation(decide(replace(CASE, answer=SILENT, people=PEOPLE)))
    assert "| `dana-dev` | author | none |" in told


def test_the_one_comment_carries_what_was_asked_for_even_when_all_is_green() -> None:
    judgement = decide(WHOLE)
    assert sticky_comment(judgement) is None
    assert sticky_comment(judgement, Wishes("an-event")) is None
    assert sticky_comment(judgement, Wishes(explains=True)) == explanation(judgement)
    both = sticky_comment(judgement, Wishes(explains=True, helps=True))
    assert both == f"{explanation(judgement)}\n\n{commands_help()}"
    assert "| `/dvo recheck` |" in commands_help()
