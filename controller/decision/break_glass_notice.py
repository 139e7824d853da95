"""The first line of a check and of the comment where break-glass is asked for: nobody may overlook it."""

from controller.change.break_glass import MalformedBreakGlass
from controller.decision.markdown import code, inert, prose
from controller.decision.verdict import Judgement
from controller.decision.wording import listed
from controller.desired_state.secret_shapes import secret_shape

TITLE = "BREAK-GLASS: "


def break_glass_notice(judgement: Judgement) -> str:
    """Return what must be read before anything else; empty where break-glass is not asked for."""
    asked = judgement.break_glass
    if asked is None:
        return ""
    if isinstance(asked, MalformedBreakGlass):
        return "🚨 **Break-glass is asked for, and not well formed.**"
    rules = sorted({finding.rule for finding in judgement.waived})
    waived = f"It waives {listed([code(rule) for rule in rules])}." if rules else "It waives nothing now."
    return f"🚨 **Break-glass** for ticket {code(asked.ticket)}: {shown_reason(asked.reason)}. {waived}"


def shown_reason(reason: str) -> str:
    """Return a reason as inert Markdown; not what looks like a credential."""
    found = secret_shape(reason)
    return inert(reason) if found is None else f"(the reason is not shown: it holds what looks like {found[1]})"


def bare(title: str) -> str:
    """Return a check's title as Markdown without the alarm, for where the notice stands above it."""
    return prose(title.removeprefix(TITLE))


def titled(title: str, judgement: Judgement) -> str:
    """Return a check's title with the alarm in front, where there is cause."""
    return title if judgement.break_glass is None else TITLE + title
