"""The check `dvo/approval`: who has approved, whose approval does not count, who is missing."""

from collections.abc import Callable, Iterator
from datetime import timedelta

from controller.approval.approvals import Approvals, Discounted, Missing
from controller.approval.request import RequestState
from controller.decision.break_glass_notice import titled
from controller.decision.check import EXPLAIN, RECHECK, Annotation, AnnotationLevel, CheckRun, Conclusion, paragraphs
from controller.decision.markdown import code, inert, plain, table
from controller.decision.verdict import Judgement, Refused, Unanswered
from controller.decision.wording import counted, either, listed, logins, roles, shortened, some_of, spelled_time
from controller.identity.principal import Principal

NAME = "dvo/approval"
_TOLD = 5
_LONGEST_TITLE = 140


def approval_check(judgement: Judgement) -> CheckRun:
    """Return the check that tells whose approvals the change has and needs."""
    return CheckRun(
        name=NAME,
        commit=judgement.commit,
        conclusion=_conclusion(judgement),
        title=titled(_title(judgement), judgement),
        summary=_summary(judgement),
        text=f"Approvals cover the effect {code(judgement.proposal.effect.digest)}.",
        annotations=tuple(_annotations(judgement.approvals)),
        buttons=(EXPLAIN, RECHECK),
    )


def _conclusion(judgement: Judgement) -> Conclusion:
    if isinstance(judgement.answer, Unanswered) or is_refused_unasked(judgement):
        return Conclusion.FAILURE
    is_green = judgement.approvals.is_complete and not _is_expired(judgement)
    return Conclusion.SUCCESS if is_green else Conclusion.ACTION_REQUIRED


def _is_expired(judgement: Judgement) -> bool:
    request = judgement.followed.request
    return request is not None and request.state is RequestState.EXPIRED


def is_refused_unasked(judgement: Judgement) -> bool:
    """Return whether the change is refused without anybody being asked: green would then mislead."""
    approvals = judgement.approvals
    return isinstance(judgement.verdict, Refused) and approvals.is_complete and not approvals.counted


def _title(judgement: Judgement) -> str:
    approvals = judgement.approvals
    if isinstance(judgement.answer, Unanswered):
        return "Unknown: the policy that says who must approve gave no answer"
    if _is_expired(judgement):
        return "Expired: ask again"
    if approvals.objections:
        return f"Changes requested by {listed([person.login for person in approvals.objections])}"
    if approvals.missing:
        return _waiting_for(approvals.missing)
    if is_refused_unasked(judgement):
        return "Nothing to approve while dvo/policy refuses the change"
    if approvals.counted:
        return f"Approved by {listed([counted_one.principal.login for counted_one in approvals.counted])}"
    return "No approval needed"


def _waiting_for(missing: tuple[Missing, ...]) -> str:
    if not all(one.candidates for one in missing):
        return "Waiting for an approval that nobody can give"
    asked = [f"{counted(count, 'approval')}: {who}" for count, who in _asked_of(missing, _login)]
    return shortened(f"Waiting for {', and for '.join(asked)}", _LONGEST_TITLE)


def _asked_of(missing: tuple[Missing, ...], name: Callable[[Principal], str]) -> list[tuple[int, str]]:
    """Return how many approvals are missing and who can give them; those of the same people are given at once."""
    wanted: dict[tuple[str, ...], int] = {}
    for one in missing:
        people = tuple(name(person) for person in sorted(one.candidates, key=_login))
        wanted[people] = max(one.count, wanted.get(people, 0))
    return [(count, listed(people) if count >= len(people) else either(people)) for people, count in wanted.items()]


def _login(person: Principal) -> str:
    return person.login


def _summary(judgement: Judgement) -> str:
    if isinstance(judgement.answer, Unanswered):
        return inert(judgement.answer.message)
    if is_refused_unasked(judgement):
        return "**No approval would help**: see `dvo/policy` for what turns it green."
    approvals = judgement.approvals
    told = [_missing(approvals), _doubts(approvals), _given(judgement), _not_counted(approvals)]
    looks = [_one_look(judgement), request_lines(judgement)]
    return paragraphs([*(reversed(looks) if _is_expired(judgement) else looks), *told])


def request_lines(judgement: Judgement) -> str:
    """Return where the request for approval stands: since when, until when, and what to do."""
    request = judgement.followed.request
    if request is None:
        return ""
    since, until = (spelled_time(moment, judgement.proposal) for moment in (request.since, request.until))
    if request.state is RequestState.EXPIRED:
        return (
            f"**The request expired on {until}**, asked on {since}. It admits nothing until somebody asks again: with "
            "*Re-evaluate*, or with a comment `/dvo recheck`. Approvals given before count on while they are young "
            "enough; nobody approves the same thing twice."
        )
    if request.state not in (RequestState.PENDING, RequestState.REJECTED):
        return ""
    hours = f"{(request.until - request.since) / timedelta(hours=1):.0f} hours later"
    lines = [f"Asked on {since}; **the request expires {hours}, on {until}**."]
    if request.is_reminded:
        lines.append("A reminder: this still waits.")
    if request.is_escalated:
        owners = listed([code(owner) for owner in judgement.escalated_to]) or "nobody, for CODEOWNERS has no owner"
        lines.append(f"Time runs out: escalated to {owners}, who can name other owners.")
    return " ".join(lines)


def _one_look(judgement: Judgement) -> str:
    approvals = judgement.approvals
    if approvals.objections:
        who = logins(approvals.objections)
        return f"**Blocked**: {who} requested changes. It goes on once they approve or their review is dismissed."
    if approvals.missing:
        bound = (
            "An approval counts for exactly what the change does now: a push that makes it do something else voids it."
        )
        return f"**{_lack(approvals.missing)}** {bound}"
    if _is_expired(judgement):
        return "**All approvals are given, but too late.**"
    return "**All approvals are given.**" if approvals.counted else "**No approval is needed.**"


def _lack(missing: tuple[Missing, ...]) -> str:
    if not all(one.candidates for one in missing):
        return "An approval is missing that nobody can give."
    asked = _asked_of(missing, lambda person: code(person.login))
    return "Missing: " + ", and ".join(f"{counted(count, 'approval')} by {who}" for count, who in asked) + "."


def _missing(approvals: Approvals) -> str:
    asking: dict[tuple[str, str, str], list[str]] = {}
    for one in approvals.missing:
        files = some_of([code(path) for path in one.uncovered or one.requirement.paths])
        asking.setdefault((_wanted(one), _who(one), files), []).append(code(one.requirement.reason))
    rows = [[*told, listed(reasons)] for told, reasons in asking.items()]
    return table(["Missing", "Who can give it", "For", "Asked for by"], rows)


def _doubts(approvals: Approvals) -> str:
    doubts = dict.fromkeys(doubt for one in approvals.missing for doubt in one.doubts)
    return table(["What is wrong with the owners"], [[inert(doubt)] for doubt in doubts])


def _wanted(missing: Missing) -> str:
    who = roles(missing.requirement.roles) or "an owner"
    return f"1 approval by {who}" if missing.count == 1 else f"{missing.count} approvals, each by {who}"


def _who(missing: Missing) -> str:
    if missing.candidates:
        return either([code(person.login) for person in sorted(missing.candidates, key=_login)])
    return "nobody: no owner of these files may approve; their owners or the roles must change first"


def _given(judgement: Judgement) -> str:
    rows = [
        [
            code(one.principal.login),
            spelled_time(one.review.submitted_at, judgement.proposal),
            listed([code(reason) for reason in one.reasons]),
        ]
        for one in judgement.approvals.counted
    ]
    return table(["Approved by", "When", "Counts for"], rows)


def _not_counted(approvals: Approvals) -> str:
    rows = [[code(_reviewer(one)), inert(one.explanation) + _voided_by(one)] for one in approvals.discounted]
    return table(["Approval that does not count", "Why"], rows)


def _reviewer(discounted: Discounted) -> str:
    return discounted.review.author.login if discounted.review.author else "unknown"


def _voided_by(discounted: Discounted) -> str:
    """Return which lines voided an approval, the first few of them."""
    told = [
        f"{code(f'{change.path}:{change.line}' if change.line else change.path)} {inert(change.sentence)}"
        for change in discounted.since[:_TOLD]
    ]
    more = len(discounted.since) - _TOLD
    return "".join(f"; {one}" for one in told) + (f"; and {more} more" if more > 0 else "")


def _annotations(approvals: Approvals) -> Iterator[Annotation]:
    for one in approvals.discounted:
        for change in one.since:
            if change.line is not None:
                title = plain(f"Voids the approval of {_reviewer(one)}")
                yield Annotation(change.path, change.line, AnnotationLevel.WARNING, title, plain(change.sentence))
