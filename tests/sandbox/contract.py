"""Every call of the controller to a sandbox of this process, held against GitHub's description, whoever tests what.

What is sent must fit both versions of the API, what is answered the one that was asked for. What does not is kept
until a test ends, which then fails. The same question with the same answer is held once.
"""

import hashlib
import json

from controller.sandbox.witness import Seen
from tests.sandbox.openapi import NEW, OLD, ContractBrokenError, validate_request, validate_response

_BROKEN: list[str] = []
_HELD: set[bytes] = set()


def hold(seen: Seen) -> None:
    """Hold a call of the controller against the description; people's calls are not ours to hold."""
    if seen.headers.get("user-agent") != "dvo":
        return
    facts = (seen.method, seen.path, sorted(seen.query.items()), seen.sent, seen.status, seen.answered)
    known = hashlib.sha256(repr(facts).encode()).digest()
    if known in _HELD:
        return
    _HELD.add(known)
    try:
        sent = json.loads(seen.sent) if seen.sent else None
        for version in (OLD, NEW):
            validate_request(seen.method, seen.path, seen.query, sent, version=version)
        answered = json.loads(seen.answered) if seen.answered else None
        asked_for = seen.headers["x-github-api-version"]
        validate_response(seen.method, seen.path, seen.status, answered, version=asked_for)
    except (ContractBrokenError, ValueError) as error:
        _BROKEN.append(f"{seen.method} {seen.path}: {error}")


def broken() -> list[str]:
    """Return what did not fit since this was last asked."""
    found = list(_BROKEN)
    _BROKEN.clear()
    return found
