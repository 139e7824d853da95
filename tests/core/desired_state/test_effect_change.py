"""What voided an approval is told by field, file and line."""

from dataclasses import replace

from controller.change.names import Digest, RepoPath
from controller.desired_state.difference import Kind
from controller.desired_state.effect import FileEffect
from controller.desired_state.effect_change import EffectChange, changes_since
from controller.desired_state.manifest import Autoscaling
from controller.desired_state.plan import Plan
from controller.desired_state.proposal import Proposal
from tests.core.decision.builders import PATH, difference, plan, proposal

ONE, TWO = Digest("sha256:" + "1" * 64), Digest("sha256:" + "2" * 64)
FILE = RepoPath("agents/anl/agent.yaml")


def upgrade(before: Plan | None, after: Plan | None) -> Proposal:
    return proposal(difference(before, after, Kind.UPGRADED))


def with_lines(stated: Plan, **fields: object) -> Plan:
    lines = {"agent": 4, "version": 5, "replicas": 9, "variables": 12, "variables.LEVEL": 13}
    return replace(stated, manifest=replace(stated.manifest, lines=lines, **fields))  # type: ignore[arg-type]


SEEN = upgrade(plan(), with_lines(plan("1.1.0")))


def test_nothing_is_told_of_equal_effects() -> None:
    assert changes_since(SEEN, SEEN) == ()


def test_another_value_is_told_with_both_values_and_its_line() -> None:
    now = upgrade(plan(), with_lines(plan("1.1.0", replicas=4)))
    assert changes_since(SEEN, now) == (
        EffectChange(PATH, 9, "production/ANL replicas was 2 when approved and is 4 now"),
    )


def test_autoscaling_and_long_values_are_told_briefly() -> None:
    now = upgrade(plan(), with_lines(plan("1.1.0-" + "a" * 80, replicas=Autoscaling(2, 5))))
    told = {change.line: change.sentence for change in changes_since(SEEN, now)}
    assert told[9] == "production/ANL replicas was 2 when approved and is {'min': 2, 'max': 5} now"
    assert told[5].endswith("... now")


def test_a_variable_is_named_and_its_value_is_not_repeated() -> None:
    """ATTACKS 099."""
    now = upgrade(plan(), with_lines(plan("1.1.0"), variables={"LEVEL": "canary-value"}))
    [change] = changes_since(SEEN, now)
    assert change == EffectChange(PATH, 13, "production/ANL variables.LEVEL is another than when approved")


def test_a_moved_main_is_told_with_the_line_of_main() -> None:
    now = upgrade(with_lines(plan("1.0.1")), with_lines(plan("1.1.0")))
    [change] = changes_since(SEEN, now)
    assert change == EffectChange(
        PATH, 5, "main moved: production/ANL version was 1.0.0 when approved and is 1.0.1 now"
    )
    added = upgrade(None, with_lines(plan("1.1.0")))
    assert [change.sentence for change in changes_since(SEEN, added)] == [
        "main moved: production/ANL was there when approved and is absent now"
    ]
    assert "was absent when approved and is there now" in changes_since(added, SEEN)[0].sentence


def test_a_field_without_a_line_has_none() -> None:
    bare = replace(plan("1.2.0"), manifest=replace(plan("1.2.0").manifest, lines={}))
    assert [change.line for change in changes_since(SEEN, upgrade(plan(), bare))] == [None]


def test_a_deployment_that_came_or_went_is_told() -> None:
    assert [change.sentence for change in changes_since(proposal(), SEEN)] == [
        "production/ANL was no part of what was approved"
    ]
    assert [change.sentence for change in changes_since(SEEN, proposal())] == [
        "production/ANL is no longer changed, as was approved"
    ]


def test_files_are_told_by_what_became_of_them() -> None:
    seen = proposal(files=(FileEffect(FILE, None, ONE),))
    other = proposal(files=(FileEffect(FILE, None, TWO),))
    moved = proposal(files=(FileEffect(FILE, TWO, ONE),))
    told = [changes_since(seen, now)[0] for now in (other, moved, proposal())]
    assert [change.sentence for change in told] == [
        "has another content than was approved",
        "main changed it since it was approved",
        "is no longer changed, as was approved",
    ]
    assert changes_since(proposal(), seen)[0].sentence == "was no part of what was approved"
    assert {change.path for change in told} == {FILE}
