"""What is missing from a branch's protection, what can be gone around, and what a person must still look at."""

from dataclasses import replace

import pytest

from controller.change.protection import (
    ClassicProtection,
    HiddenProtection,
    Protection,
    QueueRule,
    RequiredCheck,
    Rules,
    unseen,
    weaknesses,
)

OURS, THEIRS = 71, 99
CHECKS = (RequiredCheck("dvo/policy", OURS), RequiredCheck("dvo/approval", OURS))
WHOLE = ClassicProtection(
    checks=CHECKS,
    requires_pull_request=True,
    binds_admins=True,
    bypassers=(),
    allows_force_pushes=False,
    allows_deletion=False,
)
RULES = Rules(CHECKS, True, True, True, ("ruleset 5 of acme/agents",))
HIDDEN = HiddenProtection(CHECKS, "the App may not")


def found(classic: ClassicProtection | HiddenProtection | None = None, rules: Rules | None = None) -> tuple[str, ...]:
    return weaknesses(Protection("main", classic, rules or Rules()), OURS)


def checks(policy: int | None, approval: int | None = OURS) -> tuple[RequiredCheck, ...]:
    return RequiredCheck("dvo/policy", policy), RequiredCheck("dvo/approval", approval)


@pytest.mark.parametrize(
    ("classic", "rules"),
    [
        pytest.param(WHOLE, None, id="classic alone"),
        pytest.param(None, RULES, id="rules alone"),
        pytest.param(WHOLE, RULES, id="both"),
        pytest.param(HIDDEN, None, id="hidden, with its checks"),
        pytest.param(HIDDEN, RULES, id="hidden, and rules"),
        pytest.param(replace(WHOLE, checks=()), Rules(checks=CHECKS), id="the checks from rules"),
        pytest.param(replace(WHOLE, checks=CHECKS[:1]), Rules(checks=CHECKS[1:]), id="one check from each"),
        pytest.param(replace(WHOLE, requires_pull_request=False), Rules(requires_pull_request=True), id="one part"),
        pytest.param(replace(WHOLE, allows_force_pushes=True, allows_deletion=True), RULES, id="rules are stricter"),
        pytest.param(replace(WHOLE, checks=checks(None)), RULES, id="any source here, ours there"),
        pytest.param(
            replace(WHOLE, binds_admins=False, bypassers=("@ada",)), RULES, id="rules hold whoever goes around classic"
        ),
        pytest.param(
            replace(WHOLE, bypassers=("@ada",)), Rules(requires_pull_request=True), id="a ruleset asks a bypasser too"
        ),
    ],
)
def test_what_either_kind_holds_is_held(classic: ClassicProtection | HiddenProtection | None, rules: Rules) -> None:
    assert found(classic, rules) == ()


@pytest.mark.parametrize(
    ("classic", "rules", "told"),
    [
        pytest.param(None, None, ["main is not protected"], id="no protection at all"),
        pytest.param(replace(WHOLE, requires_pull_request=False), None, ["takes direct pushes"], id="direct pushes"),
        pytest.param(None, replace(RULES, requires_pull_request=False), ["takes direct pushes"], id="rules, direct"),
        pytest.param(
            replace(WHOLE, checks=()), None, ["dvo/policy is not required", "dvo/approval is not required"], id="none"
        ),
        pytest.param(replace(WHOLE, checks=CHECKS[:1]), None, ["dvo/approval is not required"], id="one check only"),
        pytest.param(
            HiddenProtection((), "x"), None, ["dvo/policy is not", "dvo/approval is not"], id="hidden without checks"
        ),
        pytest.param(replace(WHOLE, checks=checks(None)), None, ["dvo/policy is accepted from any source"], id="any"),
        pytest.param(
            replace(WHOLE, checks=checks(THEIRS)), None, ["dvo/policy is expected from the App 99"], id="another App"
        ),
        pytest.param(
            None,
            replace(RULES, checks=checks(OURS, None)),
            ["dvo/approval is accepted from any source"],
            id="any source in a ruleset",
        ),
        pytest.param(
            replace(WHOLE, checks=checks(THEIRS)),
            RULES,
            ["dvo/policy is expected from the App 99"],
            id="another App's beside ours can never be met",
        ),
        pytest.param(replace(WHOLE, allows_force_pushes=True), None, ["rewritten by a force push"], id="force pushes"),
        pytest.param(None, replace(RULES, blocks_force_pushes=False), ["rewritten by a force push"], id="rules, force"),
        pytest.param(replace(WHOLE, allows_deletion=True), None, ["can be deleted"], id="deletion"),
        pytest.param(None, replace(RULES, restricts_deletion=False), ["can be deleted"], id="rules, deletion"),
        pytest.param(replace(WHOLE, binds_admins=False), None, ["administrators can go around"], id="administrators"),
        pytest.param(
            replace(WHOLE, binds_admins=False),
            replace(RULES, blocks_force_pushes=False),
            ["administrators can go around"],
            id="administrators, where rules leave something to classic",
        ),
        pytest.param(
            replace(WHOLE, bypassers=("@ada", "the team ops")),
            None,
            ["@ada, the team ops may push to main without a pull request"],
            id="bypassers by name",
        ),
    ],
)
def test_each_weakness_is_told_alone_and_with_what_to_do(
    classic: ClassicProtection | HiddenProtection | None, rules: Rules | None, told: list[str]
) -> None:
    """ATTACKS 021, 079."""
    said = found(classic, rules)
    assert len(said) == len(told)
    for weakness, part in zip(said, told, strict=True):
        assert part in weakness
        assert weakness.endswith(".")
        assert any(word in weakness for word in ("Tick", "Untick", "add", "Choose", "Empty", "make a"))


def test_everything_open_is_told_at_once() -> None:
    nothing = ClassicProtection((), False, False, ("@ada",), True, True)
    assert len(found(nothing)) == 7


@pytest.mark.parametrize(
    ("classic", "rules", "told"),
    [
        (WHOLE, Rules(), ["Require merge queue"]),
        (None, Rules(), []),
        (HIDDEN, Rules(), ["the App may not", "Require merge queue"]),
        (None, RULES, ["bypass list of ruleset 5 of acme/agents"]),
        (HIDDEN, RULES, ["the App may not", "bypass list of ruleset 5", "Require merge queue"]),
    ],
    ids=["seen", "nothing", "hidden", "rules", "both"],
)
def test_what_was_not_seen_is_said(
    classic: ClassicProtection | HiddenProtection | None, rules: Rules, told: list[str]
) -> None:
    said = unseen(Protection("main", classic, rules))
    assert len(said) == len(told)
    assert all(part in note for note, part in zip(said, told, strict=True))


def test_a_merge_queue_that_looks_at_the_last_of_a_group_alone_is_a_weakness() -> None:
    """ATTACKS 021."""
    lax = QueueRule(checks_every_entry=False, timeout_minutes=60)
    assert "merges entries whose own checks are not green" in found(None, replace(RULES, queue=lax))[0]
    assert found(None, replace(RULES, queue=replace(lax, checks_every_entry=True))) == ()


def test_how_long_a_merge_queue_waits_is_told() -> None:
    queue = QueueRule(checks_every_entry=True, timeout_minutes=15)
    said = unseen(Protection("main", None, replace(RULES, queue=queue)))[-1]
    assert "no answer of our checks after 15 minutes" in said
