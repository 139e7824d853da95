"""Which keys a webhook of GitHub makes dirty; nothing in it is believed beyond that.

Follows GitHub docs "Webhook events and payloads" and "Validating webhook deliveries". An event
only says "look again", so a forged, lost or doubled one changes no outcome. What cannot
matter marks nothing: other labels than ours, new titles, talk, other branches, and what our own App does to checks.
A payload of the wrong shape is refused with `InputError`, whatever is wrong with it.
"""

import hashlib
import hmac
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from controller.change.break_glass import LABEL
from controller.change.names import commit_sha
from controller.decision.command import Command, command_in
from controller.decision.review_issue import REVIEW_LABEL
from controller.errors import InputError
from controller.ports.journal import Mark

MAIN = Mark("main")
SWEEP = Mark("sweep")
QUEUE = Mark("queue")
CHANGES = Mark("changes")

_PULL_REQUEST_ACTIONS = frozenset(
    {"opened", "reopened", "synchronize", "edited", "ready_for_review", "converted_to_draft", "closed"}
)
_LABELLING = frozenset({"labeled", "unlabeled"})
_LABEL_ACTIONS = frozenset({"edited", "deleted"})
_ISSUE_ACTIONS = frozenset({"closed", "reopened", "deleted", "transferred"})
_REVIEW_ACTIONS = frozenset({"submitted", "dismissed"})


@dataclass(frozen=True, slots=True)
class Governed:
    """What we answer for: a branch, with checks written by one App (None: whose App a check is does not matter)."""

    branch: str = "main"
    app_id: int | None = None


_DEFAULT = Governed()


def verify_signature(secret: bytes, body: bytes, header: str | None) -> bool:
    """Tell whether `header` (X-Hub-Signature-256) is the signature of the raw `body`; never without a secret."""
    if not secret or header is None:
        return False
    expected = "sha256=" + hmac.new(secret, body, hashlib.sha256).hexdigest()
    return hmac.compare_digest(expected.encode(), header.encode("utf-8", errors="surrogatepass"))


def marks_for(event: str, payload: Mapping[str, object], governed: Governed = _DEFAULT) -> tuple[Mark, ...]:
    """Return the keys to look at again after `event`; none when it cannot matter.

    Raises `InputError` when a value it reads is missing or of another type than GitHub's.
    """
    marks = _BY_EVENT.get(event)
    return () if marks is None else marks(payload, governed)


def _of_pull_request(payload: Mapping[str, object], governed: Governed) -> tuple[Mark, ...]:
    action = _text(payload, "action")
    is_label = action in _LABELLING and _text(payload, "label", "name") == LABEL
    if (action not in _PULL_REQUEST_ACTIONS and not is_label) or _is_retitled(payload):
        return ()
    # A base that was changed away from ours leaves checks behind that must not stay green.
    if action != "edited" and _text(payload, "pull_request", "base", "ref") != governed.branch:
        return ()
    mark = _pull(payload, "pull_request")
    is_merge = action == "closed" and _flag(payload, "pull_request", "merged")
    return (mark, MAIN) if is_merge else (mark,)


def _is_retitled(payload: Mapping[str, object]) -> bool:
    """Return whether nothing but the title was edited, which nobody here reads."""
    changes = payload.get("changes")
    return payload.get("action") == "edited" and isinstance(changes, Mapping) and changes.keys() == {"title"}


def _of_review(payload: Mapping[str, object], governed: Governed) -> tuple[Mark, ...]:
    if _text(payload, "action") not in _REVIEW_ACTIONS:
        return ()
    if _text(payload, "pull_request", "base", "ref") != governed.branch:
        return ()
    return (_pull(payload, "pull_request"),)


def _of_label(payload: Mapping[str, object], governed: Governed) -> tuple[Mark, ...]:
    """Look for pull requests that changed where our label is gone, or a label was or is now called like it."""
    del governed
    action = _text(payload, "action")
    names = {_text(payload, "label", "name")}
    if action == "edited":
        changes = payload.get("changes")
        is_renamed = isinstance(changes, Mapping) and "name" in changes
        names = {*names, _text(payload, "changes", "name", "from")} if is_renamed else set()
    # The event does not name the pull requests that have it; which those are, the list of open ones tells.
    return (CHANGES,) if action in _LABEL_ACTIONS and LABEL in names else ()


def _of_issue(payload: Mapping[str, object], governed: Governed) -> tuple[Mark, ...]:
    del governed
    if _text(payload, "action") not in _ISSUE_ACTIONS:
        return ()
    labels, number = _at(payload, "issue", "labels"), _number(payload, "issue", "number")
    if not isinstance(labels, list):
        raise _wrong(("issue", "labels"), "a list", labels)
    is_ours = any(_text({"label": label}, "label", "name") == REVIEW_LABEL for label in labels)
    return (Mark(f"issue/{number:d}"),) if is_ours and number > 0 else ()


def _of_push(payload: Mapping[str, object], governed: Governed) -> tuple[Mark, ...]:
    # The base of every open pull request moved, so all of them are looked at too.
    return (MAIN, SWEEP) if _text(payload, "ref") == f"refs/heads/{governed.branch}" else ()


def _of_merge_group(payload: Mapping[str, object], governed: Governed) -> tuple[Mark, ...]:
    # Whether a group came or went, the groups there are now are looked at.
    return (QUEUE,) if _text(payload, "merge_group", "base_ref") == f"refs/heads/{governed.branch}" else ()


def _of_check_run(payload: Mapping[str, object], governed: Governed) -> tuple[Mark, ...]:
    if _text(payload, "action") != "requested_action":
        return _asked_again(payload, "check_run", governed)
    pulls = _pulls_of_ours(payload, "check_run", governed)
    identifier, sender = _text(payload, "requested_action", "identifier"), _number(payload, "sender", "id")
    # Who pressed is believed because GitHub signed it; what they may is asked when it is looked at.
    if identifier not in list(Command) or sender < 1:
        return ()
    return tuple(Mark(f"button/{number}/{identifier}/{sender}") for number in pulls or ())


def _of_check_suite(payload: Mapping[str, object], governed: Governed) -> tuple[Mark, ...]:
    return _asked_again(payload, "check_suite", governed)


def _asked_again(payload: Mapping[str, object], kind: str, governed: Governed) -> tuple[Mark, ...]:
    if _text(payload, "action") != "rerequested":
        return ()
    pulls = _pulls_of_ours(payload, kind, governed)
    if pulls is None:
        return ()
    if pulls:
        return tuple(Mark(f"rerun/pull/{number}") for number in pulls)
    # No pull request is named for a merge commit, nor for the head of a fork: then everything is looked at.
    return Mark(f"rerun/commit/{commit_sha(_text(payload, kind, 'head_sha'))}"), MAIN, SWEEP


def _pulls_of_ours(payload: Mapping[str, object], kind: str, governed: Governed) -> tuple[int, ...] | None:
    """Return the pull requests of a check; None for a check of another App."""
    if _at(payload, kind, "app") is None or governed.app_id not in (None, _number(payload, kind, "app", "id")):
        return None
    pulls = _at(payload, kind, "pull_requests")
    if not isinstance(pulls, list):
        raise _wrong((kind, "pull_requests"), "a list", pulls)
    return tuple(_numbered({"pull": each}, "pull") for each in pulls)


def _of_comment(payload: Mapping[str, object], governed: Governed) -> tuple[Mark, ...]:
    del governed
    if _text(payload, "action") != "created" or _at(payload, "comment", "user") is None:
        return ()
    issue = _at(payload, "issue")
    is_command = command_in(_text(payload, "comment", "body")) is not None
    if not (is_command and isinstance(issue, Mapping) and "pull_request" in issue):
        return ()
    comment = _number(payload, "comment", "id")
    is_by_person = _text(payload, "comment", "user", "type") == "User" and comment > 0
    return (Mark(f"comment/{_numbered(payload, 'issue')}/{comment}"),) if is_by_person else ()


def _of_people(payload: Mapping[str, object], governed: Governed) -> tuple[Mark, ...]:
    del payload, governed
    return (SWEEP,)


_BY_EVENT: Mapping[str, Callable[[Mapping[str, object], Governed], tuple[Mark, ...]]] = {
    "pull_request": _of_pull_request,
    "pull_request_review": _of_review,
    "issues": _of_issue,
    "label": _of_label,
    "push": _of_push,
    "merge_group": _of_merge_group,
    "check_run": _of_check_run,
    "check_suite": _of_check_suite,
    "issue_comment": _of_comment,
    "membership": _of_people,
    "team": _of_people,
    "team_add": _of_people,
    "organization": _of_people,
    "member": _of_people,
    "installation": _of_people,
    "installation_repositories": _of_people,
}
HANDLED = frozenset(_BY_EVENT)
"""The events an App for the controller subscribes to, with those every App gets."""


def _pull(payload: Mapping[str, object], kind: str) -> Mark:
    return Mark(f"pull/{_numbered(payload, kind)}")


def _numbered(payload: Mapping[str, object], kind: str) -> int:
    number = _number(payload, kind, "number")
    if number < 1:
        raise _wrong((kind, "number"), "the number of a pull request", number)
    return number


def _at(payload: object, *way: str) -> object:
    for depth, key in enumerate(way):
        if not isinstance(payload, Mapping):
            raise _wrong(way[:depth], "an object", payload)
        payload = payload.get(key)
    return payload


def _text(payload: Mapping[str, object], *way: str) -> str:
    value = _at(payload, *way)
    if not isinstance(value, str):
        raise _wrong(way, "text", value)
    return value


def _number(payload: Mapping[str, object], *way: str) -> int:
    value = _at(payload, *way)
    if isinstance(value, bool) or not isinstance(value, int):
        raise _wrong(way, "a whole number", value)
    return value


def _flag(payload: Mapping[str, object], *way: str) -> bool:
    value = _at(payload, *way)
    if not isinstance(value, bool):
        raise _wrong(way, "true or false", value)
    return value


def _wrong(way: tuple[str, ...], expected: str, found: object) -> InputError:
    return InputError(f"expected {expected} at `{'.'.join(way)}` of the webhook, got {str(found)[:40]!a}")
