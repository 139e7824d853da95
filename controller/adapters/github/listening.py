"""What an answer of GitHub says beside its content: its status, and what is left of the hour's budget.

Follows GitHub docs "Rate limits for the REST API": the headers of every answer, and `/rate_limit`,
which costs nothing. Whoever wants to watch is told; nothing is decided by it.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from controller.adapters.github.answer import number


@dataclass(frozen=True, slots=True)
class Budget:
    """How many calls are left, and when (seconds since 1970) there will be more."""

    remaining: int
    resets_at: int
    limit: int = 0
    """How many calls an hour has; 0 when that was not told."""


@dataclass(frozen=True, slots=True)
class Heard:
    """One call and how it was answered; `status` None: not at all."""

    verb: str
    status: int | None
    budget: Budget | None
    """Of the installation, when the answer told it."""


Listener = Callable[[Heard], None]


def nobody(_: Heard) -> None:
    """Listen to nothing."""


def budget_in(headers: Mapping[str, str]) -> Budget | None:
    """Return what the headers of an answer say is left for ordinary calls, if they do."""
    told = {name.lower(): value for name, value in headers.items()}
    remaining, resets_at = told.get("x-ratelimit-remaining", ""), told.get("x-ratelimit-reset", "")
    is_ordinary = told.get("x-ratelimit-resource", "core") == "core"
    if not (is_ordinary and _is_whole(remaining) and _is_whole(resets_at)):
        return None
    limit = told.get("x-ratelimit-limit", "")
    return Budget(int(remaining), int(resets_at), int(limit) if _is_whole(limit) else 0)


def budget_of(answer: object) -> Budget:
    """Return what the answer of `/rate_limit` says is left for ordinary calls."""
    core = ("resources", "core")
    return Budget(*(number(answer, *core, name) for name in ("remaining", "reset", "limit")))


def _is_whole(text: str) -> bool:
    return text.isascii() and text.isdecimal() and len(text) < 16
