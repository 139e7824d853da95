"""Whether the GitHub App is set up as the controller needs: its permissions and its events.

Follows GitHub docs "Permissions required for GitHub Apps" and "Webhook events and payloads". What
an App asks for and what the owner of an installation has accepted are two things; the second is
what holds. Each shortcoming is one sentence that says what it costs and where to mend it.
"""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass

PERMISSIONS: Mapping[str, str] = {
    "checks": "write",
    "contents": "write",
    "issues": "write",
    "members": "read",
    "metadata": "read",
    "pull_requests": "write",
}
"""What the controller's work needs."""

EVENTS: Mapping[str, str] = {
    "check_run": "the buttons and `Re-run` of a check do nothing",
    "check_suite": "`Re-run all checks` does nothing",
    "issue_comment": "`/dvo` commands do nothing",
    "issues": "that a break-glass review was closed is heard of late",
    "label": "that the label of break-glass was renamed or deleted is heard of late",
    "membership": "who joined or left a team is heard of late",
    "pull_request": "pull requests wait for the sweep",
    "pull_request_review": "approvals wait for the sweep",
    "push": "a merge waits for the sweep",
    "team": "what a team may is heard of late",
}
"""What the App must hear of, and what happens without."""

QUEUE_PERMISSIONS: Mapping[str, str] = {"merge_queues": "read"}
QUEUE_EVENTS: Mapping[str, str] = {"merge_group": "groups of the merge queue wait for the sweep"}
"""What it needs beside, where the branch has a merge queue."""

_LEVELS = ("read", "write", "admin")


@dataclass(frozen=True, slots=True)
class Granted:
    """Permissions by name with their level, and events, by GitHub's names."""

    permissions: Mapping[str, str]
    events: frozenset[str]


@dataclass(frozen=True, slots=True)
class AppSetup:
    """What an App asks for, and what its installation on the repository was granted."""

    name: str
    asks: Granted
    has: Granted


def shortcomings(setup: AppSetup) -> tuple[str, ...]:
    """Return what the App lacks for the controller's work."""
    return tuple(_lacking(setup, PERMISSIONS, EVENTS))


def queue_shortcomings(setup: AppSetup) -> tuple[str, ...]:
    """Return what the App lacks beside, where the branch has a merge queue."""
    return tuple(_lacking(setup, QUEUE_PERMISSIONS, QUEUE_EVENTS))


def _lacking(setup: AppSetup, permissions: Mapping[str, str], events: Mapping[str, str]) -> Iterator[str]:
    page = f"In the App's settings ({setup.name}), under Permissions & events,"
    for name, level in permissions.items():
        if not _includes(setup.asks.permissions.get(name), level):
            yield f"the App does not ask for the permission `{_shown(name)}: {level}`. {page} choose it."
        elif not _includes(setup.has.permissions.get(name), level):
            yield f"the permission `{_shown(name)}: {level}` was not accepted for the installation. {_ACCEPT}"
    missing: Collection[str] = [name for name in events if name not in setup.asks.events]
    for name in missing:
        yield f"the App does not subscribe to `{_shown(name)}`: {events[name]}. {page} tick it."
    waiting = [_shown(name) for name in events if name not in missing and name not in setup.has.events]
    if waiting:
        yield f"the installation does not hear of `{'`, `'.join(waiting)}` yet. {_ACCEPT}"


_ACCEPT = "An owner accepts it under the organization's Settings > GitHub Apps > Review request."


def _includes(held: str | None, wanted: str) -> bool:
    return held in _LEVELS and _LEVELS.index(held) >= _LEVELS.index(wanted)


def _shown(name: str) -> str:
    return name.replace("_", " ").capitalize()
