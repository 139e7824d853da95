"""What protects a branch, as GitHub tells it; what is missing is judged elsewhere.

Follows GitHub docs "Get branch protection" (needs `administration: read`), "Get rules for a
branch" (needs nothing special, tells no bypass list) and "Get a branch", which shows the required
checks of classic protection to everybody. Without that permission the rest is hidden, not absent.
"""

from collections.abc import Iterator

from controller.adapters.github.answer import at, items, number, text, truth
from controller.adapters.github.comparing import quoted
from controller.adapters.github.connection import GitHubApp
from controller.change.protection import (
    ClassicProtection,
    HiddenProtection,
    Protection,
    QueueRule,
    RequiredCheck,
    Rules,
)
from controller.errors import ConfigurationError, InputError

ADMINISTRATION = {"administration": "read", "metadata": "read"}
"""What a connection asks for that is to see the whole of a protection; nothing else needs it."""


def read_protection(app: GitHubApp, administering: GitHubApp, branch: str) -> Protection:
    """Return what protects `branch`; classic protection is asked of `administering`, which may lack the permission.

    Raises `InputError` when there is no such branch, else as any call of `app`.
    """
    place = app.path(f"/branches/{quoted(branch)}")
    shown = at(app.get(place), "protection")
    rules = _rules(app.pages(app.path(f"/rules/branches/{quoted(branch)}")))
    try:
        whole = administering.get(f"{place}/protection")
    except ConfigurationError as error:
        return Protection(branch, _hidden(shown, str(error)), rules)
    except InputError:
        # The branch is there and we may ask, so it is the protection that is not.
        return Protection(branch, None, rules)
    return Protection(branch, _classic(whole), rules)


def _classic(answer: object) -> ClassicProtection:
    reviews = _optional(answer, "required_pull_request_reviews")
    allowed = None if reviews is None else _optional(reviews, "bypass_pull_request_allowances")
    return ClassicProtection(
        checks=tuple(_checks(_optional(answer, "required_status_checks"))),
        requires_pull_request=reviews is not None,
        binds_admins=truth(answer, "enforce_admins", "enabled"),
        bypassers=tuple(_named(allowed)),
        allows_force_pushes=truth(answer, "allow_force_pushes", "enabled"),
        allows_deletion=truth(answer, "allow_deletions", "enabled"),
    )


def _hidden(shown: object, reason: str) -> HiddenProtection | None:
    if not truth(shown, "enabled"):
        return None
    return HiddenProtection(tuple(_checks(_optional(shown, "required_status_checks"))), reason)


def _checks(required: object) -> Iterator[RequiredCheck]:
    for check in [] if required is None else items(required, "checks"):
        source = at(check, "app_id")
        yield RequiredCheck(text(check, "context"), None if source is None else number(check, "app_id"))


def _named(allowed: object) -> Iterator[str]:
    for kind, key, shown in (("users", "login", "@"), ("teams", "slug", "the team "), ("apps", "slug", "the App ")):
        for actor in [] if allowed is None else items(allowed, kind):
            yield shown + text(actor, key)


def _rules(listed: list[object]) -> Rules:
    by_type: dict[str, list[object]] = {}
    for rule in listed:
        by_type.setdefault(text(rule, "type"), []).append(rule)
    counting = [rule for kind in _COUNTING for rule in by_type.get(kind, [])]
    return Rules(
        checks=tuple(check for rule in by_type.get("required_status_checks", []) for check in _checks_of(rule)),
        requires_pull_request="pull_request" in by_type,
        blocks_force_pushes="non_fast_forward" in by_type,
        restricts_deletion="deletion" in by_type,
        rulesets=tuple(dict.fromkeys(map(_origin, counting))),
        queue=_queue(by_type.get("merge_queue", [])),
    )


def _queue(rules: list[object]) -> QueueRule | None:
    """Return what the rules on merge queues amount to; the weakest counts, for GitHub says of none that it wins."""
    if not rules:
        return None
    strategies = {text(rule, "parameters", "grouping_strategy") for rule in rules}
    waits = [number(rule, "parameters", "check_response_timeout_minutes") for rule in rules]
    return QueueRule(checks_every_entry=strategies == {"ALLGREEN"}, timeout_minutes=min(waits))


def _checks_of(rule: object) -> Iterator[RequiredCheck]:
    for check in items(rule, "parameters", "required_status_checks"):
        source = _optional(check, "integration_id")
        yield RequiredCheck(text(check, "context"), None if source is None else number(check, "integration_id"))


def _origin(rule: object) -> str:
    return f"ruleset {number(rule, 'ruleset_id')} of {text(rule, 'ruleset_source')}"


def _optional(answer: object, key: str) -> object:
    return answer.get(key) if isinstance(answer, dict) else at(answer, key)


_COUNTING = ("pull_request", "required_status_checks", "non_fast_forward", "deletion")
