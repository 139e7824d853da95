"""Break-glass as a pull request asks for it: a label, and two lines of its body.

    Break-glass-reason: the model answers with other people's data
    Break-glass-ticket: INC-4711

Each line stands in the body exactly once. Nothing else of a body is ever read, and what is not
well formed is a fault by name, never half a request. What it waives is policy.
"""

import re
from dataclasses import dataclass

from controller.change.characters import spelled, unseen_characters

LABEL = "dvo/break-glass"
"""On the pull request; exactly this, in lower case."""
LONGEST_REASON = 300
LONGEST_TICKET = 40

# In ASCII, for to Unicode another letter than s is an s too, when case does not matter.
_LINE = re.compile(r"^[ \t]*break-glass-(reason|ticket)[ \t]*:(.*)$", re.IGNORECASE | re.MULTILINE | re.ASCII)
_TICKET = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*", re.ASCII)


@dataclass(frozen=True, slots=True)
class BreakGlass:
    """A well-formed request: one line that says why, and the ticket it belongs to."""

    reason: str
    """Typed freely by a person: it reaches no policy, and is shown inert and without secrets."""
    ticket: str


@dataclass(frozen=True, slots=True)
class MalformedBreakGlass:
    """Break-glass is asked for, and not well formed: what is wrong, in one sentence."""

    fault: str


def break_glass_in(body: str | None) -> BreakGlass | MalformedBreakGlass:
    """Return what the body of a pull request with the label asks for."""
    found: dict[str, list[str]] = {"reason": [], "ticket": []}
    for name, value in _LINE.findall((body or "").replace("\r\n", "\n")):
        found[name.lower()].append(value.strip())
    for name, values in found.items():
        if len(values) != 1:
            count = "none" if not values else f"{len(values)} of them"
            return MalformedBreakGlass(f"Expected one line `Break-glass-{name}:` in the body, got {count}.")
    [reason], [ticket] = found["reason"], found["ticket"]
    fault = _fault_of_reason(reason) or _fault_of_ticket(ticket)
    return BreakGlass(reason, ticket) if fault is None else MalformedBreakGlass(fault)


def _fault_of_reason(reason: str) -> str | None:
    unseen = next((letter for _, letter in unseen_characters(reason)), "\t" if "\t" in reason else None)
    if unseen is not None:
        return f"The reason holds {spelled(unseen)}, which nobody can see."
    if not any(letter.isalnum() for letter in reason):
        return "The reason says nothing."
    if len(reason) > LONGEST_REASON:
        return f"The reason has {len(reason)} characters, and at most {LONGEST_REASON} are read."
    return None


def _fault_of_ticket(ticket: str) -> str | None:
    if _TICKET.fullmatch(ticket) is None or len(ticket) > LONGEST_TICKET:
        return (
            f"The ticket is an id of at most {LONGEST_TICKET} letters, digits, dots, hyphens and underscores,"
            " such as INC-4711, and no address."
        )
    return None
