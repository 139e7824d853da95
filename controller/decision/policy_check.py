"""The check `dvo/policy`: whether policy has anything against the change, and what to do."""

from collections.abc import Iterable

from controller.decision.break_glass_notice import break_glass_notice, titled
from controller.decision.check import EXPLAIN, RECHECK, Annotation, AnnotationLevel, CheckRun, Conclusion, paragraphs
from controller.decision.markdown import code, prose, table
from controller.decision.path_text import path_text
from controller.decision.preview_text import preview_text, preview_title
from controller.decision.verdict import Cause, Judgement, Reason, Refused, Waiting
from controller.decision.wording import change_table, counted, headline, local_time, shortened, spelled_time
from controller.policy.answer import Action, Answer

NAME = "dvo/policy"
_LONGEST_REASON = 110
_TITLES = {Cause.FAULT: "not valid", Cause.CONFLICT: "changed on both sides"}


def policy_check(judgement: Judgement) -> CheckRun:
    """Return the check that tells what policy says of the change."""
    refused = isinstance(judgement.verdict, Refused)
    return CheckRun(
        name=NAME,
        commit=judgement.commit,
        conclusion=Conclusion.FAILURE if refused else Conclusion.SUCCESS,
        title=titled(_title(judgement), judgement),
        summary=_summary(judgement),
        text=_details(judgement),
        annotations=tuple(_annotations(judgement)),
        buttons=(EXPLAIN, RECHECK),
    )


def _title(judgement: Judgement) -> str:
    if isinstance(judgement.verdict, Refused):
        return _refusal(judgement.verdict)
    if judgement.held_until is not None:
        return f"Passed; will be held until {local_time(judgement.held_until, judgement.proposal)}"
    return f"Passed: {headline(judgement.proposal)}{preview_title(judgement.preview)}"


def _refusal(verdict: Refused) -> str:
    first, more = verdict.reasons[0], len(verdict.reasons) - 1
    others = f"; and {counted(more, 'more reason')}" if more else ""
    said = first.message.replace("`", "").rstrip(".")
    return f"Refused: {shortened(said, _LONGEST_REASON)}{others}"


def _summary(judgement: Judgement) -> str:
    return paragraphs([break_glass_notice(judgement), policy_summary(judgement)])


def policy_summary(judgement: Judgement) -> str:
    """Return what policy says of the change, the answer first; break-glass is told apart."""
    told = [change_table(judgement.proposal), _reasons(judgement), _asks(judgement), preview_text(judgement.preview)]
    return paragraphs([_one_look(judgement), *told])


def _one_look(judgement: Judgement) -> str:
    if isinstance(judgement.verdict, Refused):
        return (
            f"**This change cannot go out as it is**, for {counted(len(judgement.verdict.reasons), 'reason')}. "
            "Below is what turns it green; after every push it is judged again by itself."
        )
    look = "**It can merge now.**"
    if isinstance(judgement.verdict, Waiting):
        look = "**Policy has nothing against it.** Approvals are still missing: see `dvo/approval`."
    if not judgement.proposal.differences:
        return f"{look} Nothing that runs changes by it."
    if judgement.held_until is None:
        return f"{look} It goes out when it merges."
    moment = spelled_time(judgement.held_until, judgement.proposal)
    return f"{look} **Once merged it will be held until {moment}**, and then goes out by itself."


def _reasons(judgement: Judgement) -> str:
    refusals = judgement.verdict.reasons if isinstance(judgement.verdict, Refused) else ()
    held = [
        _row("⏸", hold.reason, f" Until {spelled_time(hold.until, judgement.proposal)}.") for hold in judgement.holds
    ]
    rows = [*(_row("✗", one) for one in refusals), *held, *(_row("!", one) for one in judgement.warnings)]
    return table(["", "What", "What turns it green"], rows)


def _row(sign: str, reason: Reason, until: str = "") -> list[str]:
    return [sign, prose(reason.message) + until + _source(reason), prose(reason.remedy)]


def _source(reason: Reason) -> str:
    """Return which rule says it and of which place, as far as there are any."""
    place: str | None = reason.path or reason.deployment
    if reason.path and reason.line:
        place = f"{reason.path}:{reason.line}"
    named = " at ".join(code(one) for one in (reason.rule, place) if one)
    return f" ({named})" if named else ""


def _asks(judgement: Judgement) -> str:
    if not isinstance(judgement.answer, Answer):
        return ""
    asking = [finding for finding in judgement.answer.findings if finding.action is Action.REQUIRE_APPROVAL]
    lines = [f"- {prose(finding.message)} ({code(finding.rule)})" for finding in asking]
    heading = "**Why it takes approval** (`dvo/approval` tells whose is there and whose is missing):"
    return "\n".join([heading, "", *dict.fromkeys(lines)]) if lines else ""


def _details(judgement: Judgement) -> str:
    lines = ["### For the record", "", f"- Effect of this change: {code(judgement.proposal.effect.digest)}"]
    if isinstance(judgement.answer, Answer):
        lines += [
            f"- Policy revision: {code(judgement.answer.revision)}",
            f"- Rules evaluated: {', '.join(code(rule) for rule in sorted(judgement.answer.rules))}",
        ]
    lines.append("- See it for yourself on a clone of this branch: `dvo policy explain`")
    return paragraphs([path_text(judgement), "\n".join(lines)])


def _annotations(judgement: Judgement) -> Iterable[Annotation]:
    if isinstance(judgement.verdict, Refused):
        yield from _notes(judgement.verdict.reasons, AnnotationLevel.FAILURE)
    yield from _notes([hold.reason for hold in judgement.holds], AnnotationLevel.WARNING)
    yield from _notes(judgement.warnings, AnnotationLevel.WARNING)


def _notes(reasons: Iterable[Reason], level: AnnotationLevel) -> Iterable[Annotation]:
    for reason in reasons:
        if reason.path is not None:
            title = reason.rule or _TITLES.get(reason.cause, reason.cause.value.replace("_", " "))
            message = f"{reason.message}\n{reason.remedy}"
            yield Annotation(reason.path, reason.line or 1, level, title, message)
