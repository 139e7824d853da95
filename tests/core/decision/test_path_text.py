"""The path to green is told in full, in words that do nothing, and no value of a variable is in it."""

import copy
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from controller.decision.deciding import decide
from controller.decision.explanation import explanation
from controller.decision.facts import facts_of
from controller.decision.path_text import path_text
from controller.decision.policy_check import policy_check
from controller.decision.remedy_words import all_together, asking, to_do, worth
from controller.decision.verdict import Judgement
from controller.desired_state.environment import Tier
from controller.identity.principal import PrincipalId
from controller.policy.answer import Action, Finding
from controller.policy.green_path import GreenPath, Proof, Together, Way
from controller.policy.remedy import (
    CloseReview,
    Edit,
    Nothing,
    Promote,
    Propose,
    Repair,
    Split,
    Step,
    Subject,
    Unlabel,
    Wait,
    Withdraw,
)
from controller.policy.situation import ORDINARY
from tests.core.decision.builders import (
    CASE,
    GIVEN,
    LACKING,
    NOBODY_CAN,
    NONE_NEEDED,
    SILENT,
    answer,
    finding,
    person,
)

MONDAY = datetime(2026, 11, 23, 8, 0, tzinfo=UTC)
DENIAL = finding(Action.DENY)
ASKING = replace(finding(Action.REQUIRE_APPROVAL), rule="mc-prod-approval")
WHOLE = replace(DENIAL, environment=None, agent=None, path=None, line=None)


def way(*steps: Step, about: Finding = DENIAL, proof: Proof = Proof.PROVEN, instead: tuple[Finding, ...] = ()) -> Way:
    return Way(replace(about, remedy=steps), steps, proof, instead)


def edit(field: str, value: str | None, subject: Subject = Subject.DEPLOYMENT, *, is_example: bool = False) -> Edit:
    return Edit(subject, field, value, is_example)


def judged(*ways: Way, asked: Mapping[str, object] = ORDINARY, together: Together | None = None) -> Judgement:
    found = answer(*(one.finding for one in ways))
    return decide(replace(CASE, document=asked, answer=found, path=GreenPath(ways, together)))


@pytest.mark.parametrize(
    ("step", "told"),
    [
        (edit("replicas", "3"), "in `environments/production/anl.yaml:6`: write `replicas: 3`"),
        (edit("regions", '["a"]', is_example=True), 'anl.yaml:6`: write `regions: ["a"]` (for example)'),
        (edit("variables.X", None), "in `environments/production/anl.yaml:6`: take `variables.X` out"),
        (edit("drift", '"heal"', Subject.ENVIRONMENT), "production/environment.yaml`, on main first: write `drift"),
        (Propose("operator", ("A", "B")), "proposed by an operator (a member of A or B)"),
        (Propose("release_manager", ("A",)), "proposed by a release manager (a member of A)"),
        (Promote(Tier.STAGING), "let this release run healthy in a staging environment first"),
        (Split(2, 1, None), "at most 2 deployments and 1 production deployment each, what governs apart"),
        (Wait(MONDAY), "wait until 2026-11-23 08:00 UTC"),
        (CloseReview(), "have the break-glass review of ANL closed"),
        (Unlabel(), "take the label `dvo/break-glass` off"),
        (Repair(), "have what is outside of this change mended"),
        (Withdraw(), "leave production/ANL out: nothing else helps"),
        (Nothing(), "nothing needs doing"),
    ],
    ids=lambda given: str(given)[:30],
)
def test_each_step_is_told_in_words(step: Step, told: str) -> None:
    assert told in to_do(way(step), ())[0]


def test_a_file_without_a_line_is_named_alone() -> None:
    whole_file = replace(DENIAL, line=None)
    assert to_do(way(edit("replicas", "3"), about=whole_file), ())[0].startswith(
        "in `environments/production/anl.yaml`: "
    )


def test_about_a_whole_change_no_place_is_named() -> None:
    steps = edit("replicas", "3"), Withdraw(), CloseReview()
    assert to_do(way(*steps, about=WHOLE), ()) == (
        "in the change: write `replicas: 3`",
        "leave the change out: nothing else helps",
        "have the break-glass review of the agent closed",
    )


@pytest.mark.parametrize("proof", list(Proof))
def test_every_proof_has_its_words(proof: Proof) -> None:
    assert worth(way(proof=proof))


def test_where_no_steps_are_declared_the_words_of_the_rule_are_told() -> None:
    assert to_do(way(proof=Proof.UNDECLARED), ()) == ("do the right thing",)
    assert to_do(way(Repair(), proof=Proof.OUTSIDE), ())[1:] == ("do the right thing",)
    assert to_do(way(about=replace(DENIAL, remediation=""), proof=Proof.UNDECLARED), ()) == ()


def test_what_denies_instead_is_told_with_the_proof() -> None:
    assert "; then denies instead: rule-deny (deny says the rule)" in worth(way(instead=(DENIAL, DENIAL)))


def test_whom_to_ask_is_told_as_far_as_approvals_are_missing() -> None:
    assert list(asking(ASKING, LACKING)) == ["ask for 1 approval by rita-release"]
    assert list(asking(ASKING, NOBODY_CAN)) == ["ask for 2 approvals by an owner; nobody known here can give it"]
    assert list(asking(ASKING, GIVEN)) == ["nothing more: it is approved"]
    assert list(asking(ASKING, NONE_NEEDED)) == ["ask for 1 approval by an owner who is a release manager"]
    assert list(asking(DENIAL, NONE_NEEDED)) == []


def test_all_remedies_together_are_told_in_one_sentence() -> None:
    assert all_together(GreenPath((), None)) == ""
    assert all_together(GreenPath((), None, "it is down")).endswith("gave no answer: it is down")
    assert all_together(GreenPath((), Together((), ()))) == "With all of this applied, policy lets it pass."
    approved = all_together(GreenPath((), Together((), (ASKING,))))
    assert approved.endswith("policy lets it pass, once what `mc-prod-approval` asks for is approved.")
    both = all_together(GreenPath((), Together((), (ASKING, replace(ASKING, rule="mc-widening")))))
    assert both.endswith("once what `mc-prod-approval` and `mc-widening` ask for is approved.")
    left = tuple(replace(DENIAL, rule=f"r{number}") for number in range(5))
    remaining = all_together(GreenPath((), Together(left, ())))
    assert "there remains: r0 (deny says the rule do the right thing), r1" in remaining
    assert remaining.endswith(" and 2 more")
    assert not all_together(GreenPath((), Together(left[:1], ()))).endswith("more")


def facts(step: Step, about: Finding = DENIAL, **changes: object) -> str:
    asked = {**copy.deepcopy(ORDINARY), **changes}
    return "; ".join(facts_of(judged(way(step, about=about), asked=asked), replace(about, remedy=(step,))))


def test_facts_are_what_the_question_held_where_the_remedy_changes_it() -> None:
    place = "production/ANL is of the production tier: upgraded, 1.0.0 to 1.1.0"
    assert facts(edit("replicas", "3")) == f"{place}; replicas is 2"
    assert facts(edit("autoscaling", "{}")) == f"{place}; replicas is 2"
    assert facts(edit("digest", '"x"')).endswith("the manifest names its digest")
    assert facts(edit("model.name", '"x"')).endswith('model.name is "gpt-4o"')
    assert facts(edit("nothing.here", '"x"')).endswith("nothing.here is not there")
    assert facts(edit("drift", '"x"', Subject.ENVIRONMENT)).endswith('drift is "report"')
    assert facts(Promote(Tier.STAGING), evidence=[]).endswith("ran healthy nowhere yet, and in no staging environment")
    assert "ran healthy only in staging" in facts(Promote(Tier.STAGING))
    assert facts(Propose("admin", ("A",))).endswith("it is proposed by operator, who is nothing here")
    unknown: dict[str, Any] = {"author": None, "requester": None}
    assert facts(Propose("admin", ("A",)), change=unknown).endswith("nobody knows who proposes it")
    review = [{"agent": "ANL", "due": "2026-11-20T00:00:00Z"}, {"agent": "GHA", "due": "never"}]
    assert facts(CloseReview(), reviews=review).endswith("the review of ANL is due at 2026-11-20T00:00:00Z")
    assert facts(Unlabel(), break_glass={"since": "noon"}).endswith("break-glass was asked for at noon")
    assert facts(Withdraw()) == place


def test_facts_of_the_whole_change_count_it() -> None:
    files = [{"kind": "governance"}, {"kind": "agent"}]
    told = facts(Split(1, None, None), WHOLE, files=files)
    assert told == "it changes 1 deployment (1 in production) of 1 agent, and 1 governance file"


def test_terms_and_ends_are_facts() -> None:
    assert facts_of(judged(way(about=ASKING)), ASKING)[-1] == (
        "it takes 1 approval by a release manager, at most 72 hours old"
    )
    held = replace(DENIAL, until=MONDAY)
    assert facts_of(judged(way(about=held)), held)[-1] == "it ends on Mon 2026-11-23 09:00 Europe/Berlin (08:00 UTC)"


def test_who_proposes_is_told_with_the_roles_that_policy_gives() -> None:
    judgement = judged(way(Propose("admin", ("A",))))
    known = replace(answer(DENIAL), roles={PrincipalId("operator"): frozenset({"viewer", "operator"})})
    told = facts_of(replace(judgement, answer=known), replace(DENIAL, remedy=(Propose("admin", ("A",)),)))
    assert told[-1] == "it is proposed by operator, who is an operator and a viewer"
    named = replace(judgement, people={PrincipalId("operator"): person("omar-ops")})
    assert "it is proposed by omar-ops, who" in facts_of(named, replace(DENIAL, remedy=(Propose("admin", ("A",)),)))[-1]
    assert facts_of(replace(judgement, answer=SILENT), replace(DENIAL, remedy=(Propose("admin", ("A",)),)))


@pytest.mark.parametrize("field", ["variables.API_KEY", "secrets.API_KEY"])
def test_no_value_of_a_variable_or_secret_is_told(field: str) -> None:
    asked = copy.deepcopy(ORDINARY)
    part, name = field.split(".")
    asked["deployments"][0]["after"][part][name] = "hunter2"  # type: ignore[index] # the ordinary question
    judgement = judged(way(edit(field, None), edit("secrets.API_KEY", '"keyvault://your-vault/x"')), asked=asked)
    assert f"{field} is there".replace("_", "\\_") in path_text(judgement)
    assert "hunter2" not in path_text(judgement)


@pytest.mark.parametrize("asked", [{}, {"deployments": [{"environment": "production", "agent": "ANL"}]}])
def test_a_question_with_less_in_it_has_fewer_facts(asked: dict[str, object]) -> None:
    assert isinstance(facts_of(judged(way(edit("replicas", "3")), asked=asked), DENIAL), tuple)


def test_the_check_and_the_explanation_tell_the_same_path() -> None:
    judgement = judged(way(edit("replicas", "3")), together=Together((), ()))
    told = path_text(judgement)
    assert told.startswith("### Path to green\n\n1. **In `environments/production/anl.yaml:6`: write `replicas: 3`**\n")
    assert "\n   - `rule-deny` denies `production/ANL`: replicas is 2\n" in told
    assert "\n   - ✓ judged again with this, and the rule is satisfied\n" in told
    assert told.endswith("**All together:** With all of this applied, policy lets it pass.")
    assert told in policy_check(judgement).text
    assert told in explanation(judgement)


def test_without_a_path_or_a_finding_nothing_is_told() -> None:
    assert path_text(decide(CASE)) == path_text(judged()) == ""


def test_a_green_change_needs_no_path_and_a_held_one_has_a_time() -> None:
    warning = replace(DENIAL, action=Action.WARN)
    assert path_text(judged(way(about=warning))) == ""
    held = replace(DENIAL, until=datetime(2027, 3, 15, 8, 0, tzinfo=UTC))
    assert "1. **Wait until 2027-03-15 08:00 UTC**" in path_text(judged(way(Wait(held.until or MONDAY), about=held)))


def test_warnings_are_told_beside_what_stops_once_they_were_tried() -> None:
    warning = replace(DENIAL, action=Action.WARN, message="Beware.")
    untried = way(Nothing(), about=warning, proof=Proof.NOT_NEEDED)
    assert "Beware." not in path_text(judged(way(Unlabel()), untried))
    told = path_text(judged(way(about=warning), way(Unlabel())))
    assert "`rule-deny` warns of `production/ANL`: Beware." in told
    assert told.index("Warnings stop nothing") > told.index("1. **Take the label `dvo/break-glass` off**")


def test_of_many_findings_the_first_are_told_and_the_others_counted() -> None:
    many = [way(about=replace(WHOLE, message=f"No {number}.")) for number in range(30)]
    told = path_text(judged(*many))
    assert "No 19." in told
    assert "No 20." not in told
    assert "And 10 more steps." in told
    assert "the whole change" in told


def test_text_from_outside_does_nothing() -> None:
    """ATTACKS: mentions, links and markup in what rules and manifests say."""
    hostile = "<img src=x> @everyone [a](https://x.example) `rm`"
    asked = copy.deepcopy(ORDINARY)
    asked["deployments"][0]["after"]["platform"] = hostile  # type: ignore[index] # the ordinary question
    steps = edit("platform", '"@everyone [a](b)"')
    judgement = judged(way(steps, about=replace(DENIAL, message=hostile), instead=(replace(DENIAL, message=hostile),)))
    told = path_text(judgement)
    assert "<img" not in told.replace("\\<img", "")
    assert "@everyone" not in told.replace("`@`everyone", "").replace('`platform: "@everyone [a](b)"`', "")
    assert "[a](" not in told.replace('`platform: "@everyone [a](b)"`', "")
