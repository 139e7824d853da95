"""Why a judgement is what it is, at length: every finding, everybody's part, and how to check it offline.

Shown in the sticky comment while somebody wants it. Says nothing that changes by itself, so an
unchanged judgement has one explanation.
"""

import re
from collections.abc import Iterator

from controller.approval.approvals import Missing
from controller.decision.check import paragraphs
from controller.decision.command import Command
from controller.decision.markdown import code, inert, prose, table
from controller.decision.path_text import path_text
from controller.decision.verdict import Judgement
from controller.decision.wording import counted, either, listed, meaning, roles, spelled_time, tier_of
from controller.desired_state.difference import Difference
from controller.identity.principal import PrincipalId
from controller.policy.answer import Action, Answer, Finding

_ARGUMENT = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,99}")
_DEEDS = {
    Action.DENY: "denies",
    Action.REQUIRE_APPROVAL: "asks for approval",
    Action.WARN: "warns",
    Action.AUDIT_ONLY: "is for the record",
}
_DOES = {
    Command.EXPLAIN: "shows in this comment why the checks say what they say, until the effect changes",
    Command.RECHECK: "judges again with the facts of now and writes both checks anew",
    Command.HELP: "shows this list",
}


def explanation(judgement: Judgement) -> str:
    """Return the grounds of `judgement` in full."""
    return paragraphs(
        [
            f"### Why: {judgement.outcome}",
            _findings(judgement),
            path_text(judgement),
            _people(judgement),
            _approvals(judgement),
            _again(judgement),
        ]
    )


def commands_help() -> str:
    """Return which commands there are and whom they are for."""
    rows = [[code(f"/dvo {command}"), _DOES[command], code(command.permission)] for command in Command]
    listing = table(["A comment of exactly", "What it does", "Who may: holders of"], rows)
    return paragraphs(["### Commands", listing])


def _findings(judgement: Judgement) -> str:
    if not isinstance(judgement.answer, Answer):
        return inert(judgement.answer.message)
    rows = [
        [code(one.rule), _DEEDS[one.action], prose(one.message), "; ".join(_facts(judgement, one))]
        for one in judgement.answer.findings
    ]
    return table(["Rule", "What it does", "Says", "What it rests on"], rows) or "No rule found anything."


def _facts(judgement: Judgement, finding: Finding) -> Iterator[str]:
    for difference in judgement.proposal.differences:
        key = difference.key
        if finding.environment in (None, key.environment) and finding.agent in (None, key.agent):
            yield _deployment(judgement, difference)
    if finding.path is not None:
        yield code(f"{finding.path}:{finding.line}" if finding.line else finding.path)
    if finding.until is not None:
        yield f"ends on {spelled_time(finding.until, judgement.proposal)}"
    if finding.terms is not None:
        who = roles(finding.terms.required_roles)
        yield (
            f"asks for {counted(finding.terms.min_approvals, 'approval')} by {who}, "
            f"at most {finding.terms.expiry_hours} hours old"
        )


def _deployment(judgement: Judgement, difference: Difference) -> str:
    tier = tier_of(judgement.proposal, difference.key.environment)
    return f"{code(str(difference.key))} ({tier or 'of unknown tier'}): {meaning(difference)}"


def _people(judgement: Judgement) -> str:
    if judgement.participants is None:
        return ""
    rows = [
        [_name(judgement, person), part, _roles(judgement, person), "took part, so no approval of theirs counts"]
        for person, part in judgement.participants.excluded.items()
    ]
    rows += [
        [code(one.principal.login), "reviewer", _roles(judgement, one.principal.id), "their approval counts"]
        for one in judgement.approvals.counted
    ]
    lines = [table(["Who", "As", "Roles", "Which means"], rows)]
    if not judgement.participants.pusher_is_known:
        lines.append("Nobody can say who pushed the head, so one more approval is asked for.")
    return paragraphs(lines)


def _name(judgement: Judgement, person: PrincipalId) -> str:
    known = judgement.people.get(person)
    return code(known.login if known else person)


def _roles(judgement: Judgement, person: PrincipalId) -> str:
    held = judgement.answer.roles.get(person, frozenset()) if isinstance(judgement.answer, Answer) else frozenset()
    return ", ".join(name.replace("_", " ") for name in sorted(held)) or "none"


def _approvals(judgement: Judgement) -> str:
    approvals = judgement.approvals
    lines = [
        f"- The approval of {code(one.principal.login)} counts for "
        f"{listed([code(reason) for reason in one.reasons])}: it saw this very effect."
        for one in approvals.counted
    ]
    lines += [
        f"- The approval of {code(one.review.author.login if one.review.author else 'unknown')} does not count: "
        f"it {inert(one.explanation)}."
        for one in approvals.discounted
    ]
    lines += [f"- {_missing(one)}" for one in approvals.missing]
    lines += [f"- {code(person.login)} requested changes, which blocks it." for person in approvals.objections]
    return "\n".join(lines)


def _missing(missing: Missing) -> str:
    who = either(sorted(code(person.login) for person in missing.candidates)) or "nobody can give it"
    return f"{code(missing.requirement.reason)} still needs {counted(missing.count, 'approval')}: {who}."


def _again(judgement: Judgement) -> str:
    lines = [f"- Effect: {code(judgement.proposal.effect.digest)}"]
    if isinstance(judgement.answer, Answer):
        lines.append(f"- Policy revision: {code(judgement.answer.revision)}")
    lines += ["", "The same answer on a clone of this repository, without the controller:", ""]
    return "\n".join([*lines, "```sh", f"git switch --detach {judgement.commit}", f"dvo check{_as(judgement)}", "```"])


def _as(judgement: Judgement) -> str:
    author = judgement.participants.author if judgement.participants else None
    known = judgement.people.get(author) if author else None
    return f" --as {known.login}" if known and _ARGUMENT.fullmatch(known.login) else ""
