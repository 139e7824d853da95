"""What people asked to see of a pull request or a merge, as the journal remembers it.

A wish is the event of its grant. Wanting a fresh answer gives the checks another occasion, so
an identical result is written once more, and once only. A wish to see more is bound to the
effect it was made about, and ends with it.
"""

from controller.change.names import Digest
from controller.decision.command import Command, Wishes
from controller.ledger.event import Event, EventType
from controller.workflow.history import History

AGAIN = "again"
"""What a re-run asks for; the code host itself lets only people with write access ask."""
_ANEW = frozenset({AGAIN, Command.RECHECK.value})


def wishes_of(history: History, pull: int, effect: Digest | None = None) -> Wishes:
    """Return what is wanted of pull request `pull` while it has `effect`. Raises `UnavailableError`."""
    asked = _granted(history, f"pull/{pull}")
    shown = {event.details.get("asks") for event in asked if effect is not None and event.details["effect"] == effect}
    return Wishes(_occasion(asked), explains=Command.EXPLAIN in shown, helps=Command.HELP in shown)


def occasion_of(history: History, subject: str) -> str:
    """Return when the checks of `subject` were last wanted anew, as an opaque text; empty for never."""
    return _occasion(_granted(history, subject))


def effect_of_now(history: History, pull: int) -> object:
    """Return the effect that the newest judgement of `pull` saw, or None before the first."""
    judged = history.last_of(frozenset({EventType.POLICY_EVALUATED}), f"pull/{pull}")
    return None if judged is None else judged.details.get("effect")


def _granted(history: History, subject: str) -> list[Event]:
    found = history.all_of(frozenset({EventType.AUTHZ_GRANTED}), subject)
    return [event for event in found if {"asks", "effect"} <= event.details.keys()]


def _occasion(asked: list[Event]) -> str:
    return next((event.id for event in reversed(asked) if event.details["asks"] in _ANEW), "")
