"""What a REST operation is: a route, the call it gets, the reply it gives.

An operation is a plain function from `Call` to `Reply`; the door (`door.py`) authenticates, reads the body, asks for
the permission the route names, and writes the reply with paging, ETag and rate headers. Bodies are untrusted: `Body`
hands out values of the type asked for or refuses with 422, as GitHub does.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal, TypeVar

from controller.sandbox.records import Account, Permission, PullRequest, Repository
from controller.sandbox.refusal import not_found, unprocessable
from controller.sandbox.tokens import Caller
from controller.sandbox.world import Deed, World

Method = Literal["GET", "POST", "PUT", "PATCH", "DELETE"]
_Kind = TypeVar("_Kind")
_NAMES = {str: "string", bool: "boolean", int: "integer", list: "array", dict: "object"}


@dataclass(frozen=True, slots=True)
class Body:
    """The JSON object a caller sent."""

    content: Mapping[str, object] = field(default_factory=dict)

    def __contains__(self, name: str) -> bool:
        return name in self.content

    def text(self, name: str) -> str | None:
        """Return an optional string."""
        return self._of(name, str)

    def required_text(self, name: str) -> str:
        """Return a string that must be there and not be empty."""
        value = self._of(name, str)
        if not value:
            raise unprocessable(f'Invalid request.\n\n"{name}" wasn\'t supplied.')
        return value

    def number(self, name: str) -> int | None:
        """Return an optional whole number."""
        return self._of(name, int)

    def flag(self, name: str, *, default: bool = False) -> bool:
        """Return a boolean."""
        value = self._of(name, bool)
        return default if value is None else value

    def items(self, name: str) -> list[object]:
        """Return a list, empty when there is none."""
        return self._of(name, list) or []

    def texts(self, name: str) -> list[str]:
        """Return a list of strings."""
        return [_checked(name, item, str) for item in self.items(name)]

    def objects(self, name: str) -> "list[Body]":
        """Return a list of objects."""
        return [Body(_checked(name, item, dict)) for item in self.items(name)]

    def part(self, name: str) -> "Body | None":
        """Return an optional object."""
        value = self._of(name, dict)
        return None if value is None else Body(value)

    def _of(self, name: str, kind: type[_Kind]) -> _Kind | None:
        value = self.content.get(name)
        return None if value is None else _checked(name, value, kind)


@dataclass(frozen=True, slots=True)
class Call:
    """One request, authenticated and parsed."""

    world: World
    caller: Caller
    path: Mapping[str, str]
    query: Mapping[str, str]
    body: Body
    accept: str = ""

    @property
    def repository(self) -> Repository:
        """Return the repository the address names."""
        return self.world.repository(self.path["owner"], self.path["repo"])

    @property
    def account(self) -> Account:
        """Return who is calling."""
        return self.caller.known()

    @property
    def deed(self) -> Deed:
        """Return the caller as somebody who does something in the repository."""
        return Deed(self.world, self.repository, self.account)

    @property
    def pull(self) -> PullRequest:
        """Return the pull request the address names."""
        found = self.repository.pulls.get(self.identifier("pull_number"))
        if found is None:
            raise not_found()
        return found

    def identifier(self, name: str) -> int:
        """Return a numeric part of the address."""
        value = self.path[name]
        if not value.isascii() or not value.isdigit():
            raise not_found()
        return int(value)


@dataclass(frozen=True, slots=True)
class Reply:
    """What an operation answers; `items` is a list to be cut into pages, wrapped when `wrap` names a key."""

    content: object = None
    status: int = 200
    items: Sequence[object] | None = None
    wrap: str | None = None
    largest_page: int = 100
    default_page: int = 30
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Route:
    """An operation and what it needs: the permission of an App and, on a repository, the role of a person."""

    method: Method
    path: str
    operation: Callable[[Call], Reply]
    app: str = "metadata:read"
    person: Permission = Permission.READ

    @property
    def template(self) -> str:
        """Return the path as GitHub's OpenAPI description names it."""
        return self.path.replace(":path}", "}")

    @property
    def on_repository(self) -> bool:
        """Tell whether the address names a repository."""
        return self.path.startswith("/repos/{owner}/{repo}")


def _checked(name: str, value: object, kind: type[_Kind]) -> _Kind:
    if not isinstance(value, kind) or (kind is int and isinstance(value, bool)):
        raise unprocessable(
            f"Invalid request.\n\nFor 'properties/{name}', {str(value)[:80]!r} is not a {_NAMES.get(kind, 'value')}."
        )
    return value
