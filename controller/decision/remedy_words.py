"""A way to green in plain words: what somebody does, and what that is worth."""

from collections.abc import Iterable, Iterator

from controller.approval.approvals import Approvals
from controller.change.break_glass import LABEL
from controller.decision.wording import counted, either, listed, role, roles
from controller.desired_state.environment import Tier
from controller.policy.answer import Finding
from controller.policy.green_path import GreenPath, Proof, Way
from controller.policy.remedy import (
    CloseReview,
    Edit,
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

_SHOWN = 3
_WORTH = {
    Proof.PROVEN: "judged again with this, and the rule is satisfied",
    Proof.FAILS: "judged again with this, and the rule still stands: tell its owner",
    Proof.APPROVAL: "an approval is weighed when it is given, and counts for exactly what the change does",
    Proof.OUTSIDE: "nothing in the change helps",
    Proof.NOT_NEEDED: "it stops nothing",
    Proof.UNDECLARED: "not proven: the rule says it in words alone",
    Proof.UNTRIED: "not tried alone",
}


def to_do(way: Way, asking: Iterable[str]) -> tuple[str, ...]:
    """Return what somebody does about a finding, in order; `asking` is whom to ask for the approvals it takes."""
    told = [*[_step(step, way.finding) for step in way.steps], *asking]
    if way.proof in (Proof.OUTSIDE, Proof.UNDECLARED) and way.finding.remediation:
        told.append(way.finding.remediation)
    return tuple(told)


def worth(way: Way) -> str:
    """Return what is known of a remedy."""
    instead = dict.fromkeys(f"{one.rule} ({one.message})" for one in way.instead[:_SHOWN])
    then = f"; then denies instead: {listed(list(instead))}" if instead else ""
    return f"{_WORTH[way.proof]}{then}"


def all_together(path: GreenPath) -> str:
    """Return what policy says of the change with every remedy applied; empty when nobody asked."""
    if path.failure is not None:
        return f"Nothing is proven, because the policy engine gave no answer: {path.failure}"
    if path.together is None:
        return ""
    if path.together.denials:
        left = list(dict.fromkeys(f"{one.rule} ({one.message} {one.remediation})" for one in path.together.denials))
        more = f" and {len(left) - _SHOWN} more" if len(left) > _SHOWN else ""
        return f"With all of this applied, there remains: {listed(left[:_SHOWN])}{more}"
    asking = sorted({f"`{one.rule}`" for one in path.together.approvals})
    approved = f", once what {listed(asking)} {'asks' if len(asking) == 1 else 'ask'} for is approved" if asking else ""
    return f"With all of this applied, policy lets it pass{approved}."


def asking(finding: Finding, approvals: Approvals) -> Iterator[str]:
    """Yield whom to ask for the approvals that `finding` takes, as far as `approvals` lack them."""
    missing = [one for one in approvals.missing if one.requirement.reason == finding.rule]
    for one in missing:
        who = either(sorted(person.login for person in one.candidates))
        yield f"ask for {counted(one.count, 'approval')} by {who or 'an owner; nobody known here can give it'}"
    if not missing and finding.terms is not None:
        given = any(finding.rule in one.reasons for one in approvals.counted)
        wanted = counted(finding.terms.min_approvals, "approval")
        asked = f"ask for {wanted} by an owner who is {roles(finding.terms.required_roles)}"
        yield "nothing more: it is approved" if given else asked


def _step(step: Step, finding: Finding) -> str:
    match step:
        case Edit():
            return _edit(step, finding)
        case Propose(held, groups):
            return f"have the same change proposed by {role(held)} (a member of {' or '.join(groups[:_SHOWN])})"
        case Promote(tier):
            return f"let this release run healthy in {_environment(tier)} first"
        case Split():
            return f"split it into pull requests of at most {_limits(step)} each, what governs apart"
        case Wait(until):
            return f"wait until {until:%Y-%m-%d %H:%M} UTC"
    return _plain(step, finding)


def _plain(step: Step, finding: Finding) -> str:
    match step:
        case CloseReview():
            return f"have the break-glass review of {finding.agent or 'the agent'} closed"
        case Unlabel():
            return f"take the label `{LABEL}` off"
        case Repair():
            return "have what is outside of this change mended"
        case Withdraw():
            return f"leave {_what(finding)} out: nothing else helps"
        case _:
            return "nothing needs doing"


def _edit(edit: Edit, finding: Finding) -> str:
    if edit.subject is Subject.ENVIRONMENT:
        where = f"in `environments/{finding.environment}/environment.yaml`, on main first"
    else:
        where = f"in {_line(finding) if finding.path else _what(finding)}"
    if edit.value is None:
        return f"{where}: take `{edit.field}` out"
    return f"{where}: write `{edit.field}: {edit.value}`{' (for example)' if edit.is_example else ''}"


def _line(finding: Finding) -> str:
    return f"`{finding.path}:{finding.line}`" if finding.line else f"`{finding.path}`"


def _environment(tier: Tier) -> str:
    return f"a {tier.value} environment"


def _limits(split: Split) -> str:
    limits = [(split.deployments, "deployment"), (split.production, "production deployment"), (split.agents, "agent")]
    return listed([counted(most, noun) for most, noun in limits if most is not None])


def _what(finding: Finding) -> str:
    return f"{finding.environment}/{finding.agent}" if finding.environment and finding.agent else "the change"
