"""Checked access to the JSON GitHub answers with: the type that was promised, or `UnavailableError`.

Every function takes an answer and the way to a value inside it; a missing key, a null where
none may be, or another type is an answer that makes no sense and is never guessed around.
"""

from datetime import UTC, datetime

from controller.adapters.github.refusals import unavailable
from controller.change.names import CommitSha, ObjectId, commit_sha, object_id
from controller.errors import InputError, UnavailableError


def at(answer: object, *way: str) -> object:
    """Return whatever lies at `way`, which must exist."""
    for depth, key in enumerate(way):
        if not isinstance(answer, dict):
            raise _nonsense(way[:depth], "an object", answer)
        if key not in answer:
            raise _nonsense(way[: depth + 1], "a value", None)
        answer = answer[key]
    return answer


def text(answer: object, *way: str) -> str:
    """Return the text at `way`."""
    value = at(answer, *way)
    if not isinstance(value, str):
        raise _nonsense(way, "text", value)
    return value


def number(answer: object, *way: str) -> int:
    """Return the whole number at `way`."""
    value = at(answer, *way)
    if isinstance(value, bool) or not isinstance(value, int):
        raise _nonsense(way, "a whole number", value)
    return value


def truth(answer: object, *way: str) -> bool:
    """Return the boolean at `way`."""
    value = at(answer, *way)
    if not isinstance(value, bool):
        raise _nonsense(way, "true or false", value)
    return value


def items(answer: object, *way: str) -> list[object]:
    """Return the list at `way`."""
    value = at(answer, *way)
    if not isinstance(value, list):
        raise _nonsense(way, "a list", value)
    return value


def moment(answer: object, *way: str) -> datetime:
    """Return the time at `way`, in UTC."""
    value = text(answer, *way)
    try:
        found = datetime.fromisoformat(value)
    except ValueError:
        raise _nonsense(way, "a time", value) from None
    if found.tzinfo is None:
        raise _nonsense(way, "a time with its zone", value)
    return found.astimezone(UTC)


def sha(answer: object, *way: str) -> CommitSha:
    """Return the commit id at `way`."""
    try:
        return commit_sha(text(answer, *way))
    except InputError:
        raise _nonsense(way, "a commit id", at(answer, *way)) from None


def oid(answer: object, *way: str) -> ObjectId:
    """Return the id of a tree or blob at `way`."""
    try:
        return object_id(text(answer, *way))
    except InputError:
        raise _nonsense(way, "an object id", at(answer, *way)) from None


def _nonsense(way: tuple[str, ...], expected: str, found: object) -> UnavailableError:
    shown = "null" if found is None else f"{type(found).__name__} {str(found)[:40]!a}"
    return unavailable(f"GitHub's answer makes no sense: expected {expected} at `{'.'.join(way)}`, got {shown}")
