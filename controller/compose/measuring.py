"""Ties the figures to what they tell of: looks at keys, and calls to GitHub."""

import time
from collections.abc import Callable

from controller.adapters.github.connection import GitHubApp
from controller.adapters.github.listening import Heard, Listener, budget_of
from controller.errors import InputError, StaleError, UnavailableError
from controller.web.metrics import Metrics


def measured(look_at: Callable[[str], None], metrics: Metrics) -> Callable[[str], None]:
    """Return `look_at` with every look counted and timed."""

    def look(key: str) -> None:
        started, outcome = time.perf_counter(), "failed"
        try:
            look_at(key)
            outcome = "done"
        except StaleError:
            outcome = "stale"
            raise
        except UnavailableError:
            outcome = "unavailable"
            raise
        finally:
            metrics.looked(key, outcome, time.perf_counter() - started)

    return look


def sparing(look_at: Callable[[str], None], spare: Callable[[], None]) -> Callable[[str], None]:
    """Return `look_at` with pull requests put off while what is left of GitHub's budget is kept for merges.

    So a storm of pull requests cannot starve what is merged: it raises `UnavailableError` before anything is read.
    """

    def look(key: str) -> None:
        if key.startswith("pull/"):
            spare()
        look_at(key)

    return look


def listening(metrics: Metrics) -> Listener:
    """Return what counts every call to GitHub and notes the budget its answer tells."""

    def listen(heard: Heard) -> None:
        metrics.called(heard.verb, heard.status)
        if heard.budget is not None:
            metrics.told_budget(heard.budget.remaining, heard.budget.resets_at)

    return listen


def budget_probe(github: GitHubApp, metrics: Metrics) -> Callable[[], str]:
    """Return the probe of GitHub: what it asks costs nothing, and says what is left."""

    def probe() -> str:
        try:
            budget = budget_of(github.get("/rate_limit"))
        except InputError:
            # An Enterprise Server without limits answers that there are none; it answers, which is what is asked.
            return "connected"
        metrics.told_budget(budget.remaining, budget.resets_at)
        return "connected"

    return probe
