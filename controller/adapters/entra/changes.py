"""What changed in the tenant since we last asked: delta queries, from now on.

Follows Microsoft Graph "Use delta query to track changes": `$deltatoken=latest` begins without
listing anybody; the links that come back are kept and followed. A change of a person is told with
the values it has now; of a group, who came and went. A token that became too old, and a first
look, mean that anything may have changed.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from controller.adapters.entra.graph import Graph, items, link_in
from controller.errors import StaleError, UnavailableError

_GROUP = "#microsoft.graph.group"
_MAX_PAGES = 200


@dataclass(slots=True)
class Changed:
    """What is no longer as it was."""

    everything: bool = False
    people: list[Mapping[str, object]] = field(default_factory=list)
    """User objects as they are now, or with ``@removed``."""
    moved: set[str] = field(default_factory=set)
    """Object ids of people who came into a group or left one."""
    all_groups: bool = False
    """Groups came into groups, or went: anybody's may be others now."""

    @property
    def is_nothing(self) -> bool:
        """Tell whether all is as it was."""
        return not (self.everything or self.people or self.moved or self.all_groups)


class ChangeTracking:
    """Asks what changed since the last time; the first time that is everything."""

    def __init__(self, graph: Graph, properties: str) -> None:
        """Ask `graph` about people's `properties` (as `$select` names them) and about memberships."""
        self._graph = graph
        self._first = {
            "/users/delta": {"$deltatoken": "latest", "$select": properties},
            "/groups/delta": {"$deltatoken": "latest", "$select": "members"},
        }
        self._links: dict[str, str] = {}

    def since_last(self) -> Changed:
        """Return what changed. Raises as `Graph.get`, and the next answer is then everything that was missed."""
        if not self._links:
            return self._begin()
        try:
            told = {path: self._followed(link) for path, link in self._links.items()}
        except StaleError:
            return self._begin()
        changed = Changed()
        for path, (found, _) in told.items():
            _read(changed, path, found)
        self._links = {path: link for path, (_, link) in told.items()}
        return changed

    def _begin(self) -> Changed:
        self._links = {}
        self._links = {path: self._delta_link(self._graph.get(path, query)) for path, query in self._first.items()}
        return Changed(everything=True)

    def _followed(self, link: str) -> tuple[list[object], str]:
        found: list[object] = []
        for _ in range(_MAX_PAGES):
            answer = self._graph.follow(link)
            found += items(answer)
            following = link_in(answer, "@odata.nextLink")
            if following is None:
                return found, self._delta_link(answer)
            link = following
        raise StaleError("more changed than is worth following")

    def _delta_link(self, answer: Mapping[str, object]) -> str:
        """Return where to go on from, which must be within Graph: it is kept, and followed for days."""
        link = link_in(answer, "@odata.deltaLink")
        if link is None or not self._graph.is_own(link):
            raise UnavailableError("Microsoft Graph gave no link to go on from", component="directory")
        return link


def _read(changed: Changed, path: str, found: list[object]) -> None:
    for item in found:
        if not isinstance(item, Mapping):
            raise _nonsense("a change that is no object")
        if path == "/users/delta":
            _id(item)
            changed.people.append(item)
            continue
        changed.all_groups |= "@removed" in item
        for member, kind in _members(item):
            changed.moved.add(member)
            changed.all_groups |= kind == _GROUP


def _members(group: Mapping[str, object]) -> Iterator[tuple[str, object]]:
    members = group.get("members@delta", [])
    if not isinstance(members, list):
        raise _nonsense("a change of members that are no list")
    for member in members:
        if not isinstance(member, Mapping):
            raise _nonsense("a change of members who are no objects")
        yield _id(member), member.get("@odata.type")


def _id(item: Mapping[str, object]) -> str:
    value = item.get("id")
    if not isinstance(value, str):
        raise _nonsense("a change of nobody")
    return value.lower()


def _nonsense(what: str) -> UnavailableError:
    return UnavailableError(f"Microsoft Graph told of {what}", component="directory")
