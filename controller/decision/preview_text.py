"""What a change of policy would do, as the check tells it: every decision that would flip, the worst first."""

from collections import Counter

from controller.decision.markdown import code, inert, table
from controller.decision.wording import counted
from controller.policy.preview import PolicyPreview
from controller.policy.replay import Flip, Stance

_SHOWN = 100
_WORDS = {Stance.ALLOW: "allow", Stance.APPROVAL: "ask for approval", Stance.HOLD: "hold", Stance.DENY: "deny"}


def preview_text(preview: PolicyPreview | None) -> str:
    """Return the preview as Markdown; empty when the change brings no policies."""
    if preview is None:
        return ""
    look = f"**Policy preview:** replayed over {counted(preview.replayed, 'recorded decision')}, "
    if not preview.flips:
        return look + "these policies decide every one as it was decided."
    look += f"{len(preview.flips)} would come out otherwise."
    if preview.loosens:
        look += " Some would be let through more easily, so an administrator who owns the policies must approve."
    told = Counter(tuple(_row(flip)) for flip in preview.flips)
    rows = [[first, str(times), *more] for (first, *more), times in list(told.items())[:_SHOWN]]
    more = len(told) - len(rows)
    rest = f"\n\nand {more} more: `dvo policy replay` lists them all." if more else ""
    return f"{look}\n\n{table(['Decision', 'Times', 'Was', 'Would be', 'Why'], rows)}{rest}"


def preview_title(preview: PolicyPreview | None) -> str:
    """Return how many decisions would flip, to stand behind a title; empty when none would."""
    if preview is None or not preview.flips:
        return ""
    return f"; {counted(len(preview.flips), 'recorded decision')} would flip"


def _row(flip: Flip) -> list[str]:
    after = "no answer" if flip.after is None else _WORDS[flip.after]
    decision = f"{code(flip.decision.subject)} on {flip.decision.at:%Y-%m-%d %H:%M} UTC"
    return [decision, _WORDS[flip.before], f"{after} ({flip.direction})", _why(flip)]


def _why(flip: Flip) -> str:
    if flip.failure is not None:
        return inert(flip.failure[:300])
    gone = sorted({f"no more {code(finding.rule)}" for finding in flip.gone})
    added = sorted({f"new: {code(finding.rule)}" for finding in flip.added})
    return ", ".join([*gone, *added]) or "somebody's approval would weigh more"
