"""What was read of the tenant and still holds: answers to questions, people, and their groups.

Everything is dropped that a change touches: the person, and every answer that named them or that
their values now could give. Nothing is kept that was read before a change and arrived after it.
"""

import threading
from collections import OrderedDict
from collections.abc import Hashable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from controller.adapters.entra.changes import Changed
from controller.adapters.entra.reading import Attributes, Key
from controller.identity.tenant import TenantPerson

MOST = 20_000
"""So many of each are kept; then the oldest goes."""

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")


@dataclass(slots=True)
class Facts:
    """Answers by question (the object ids of everyone it led to), people and their groups by object id."""

    answers: dict[Key, frozenset[str]] = field(default_factory=dict)
    people: dict[str, TenantPerson] = field(default_factory=dict)
    groups: dict[str, frozenset[str]] = field(default_factory=dict)


class Bounded(Generic[K, V]):
    """A mapping that forgets its oldest entry when it is full."""

    def __init__(self, most: int) -> None:
        self._held: OrderedDict[K, V] = OrderedDict()
        self._most = most

    def among(self, keys: Iterable[K]) -> dict[K, V]:
        """Return what is kept under some of `keys`."""
        return {key: self._held[key] for key in keys if key in self._held}

    def keep(self, entries: Mapping[K, V]) -> None:
        """Keep `entries`."""
        self._held.update(entries)
        while len(self._held) > self._most:
            self._held.popitem(last=False)

    def drop(self, keys: Iterable[K]) -> None:
        """Forget `keys`."""
        for key in keys:
            self._held.pop(key, None)

    def items(self) -> list[tuple[K, V]]:
        """Return everything."""
        return list(self._held.items())

    def clear(self) -> None:
        """Forget everything."""
        self._held.clear()


class Memory:
    """What is known of the tenant; safe to share between threads."""

    def __init__(self, attributes: Attributes, most: int = MOST) -> None:
        """Keep at most `most` of each kind; `attributes` says what a changed person may now answer."""
        self._attributes = attributes
        self._answers: Bounded[Key, frozenset[str]] = Bounded(most)
        self._people: Bounded[str, TenantPerson] = Bounded(most)
        self._groups: Bounded[str, frozenset[str]] = Bounded(most)
        self._lock = threading.Lock()
        self.generation = 0
        """Another number whenever something was forgotten because it changed."""

    def answers(self, keys: Iterable[Key]) -> dict[Key, frozenset[str]]:
        """Return the answers to those of `keys` that are known."""
        with self._lock:
            return self._answers.among(keys)

    def people(self, ids: Iterable[str]) -> tuple[dict[str, TenantPerson], dict[str, frozenset[str]]]:
        """Return those of some people who are known, and their groups."""
        with self._lock:
            wanted = list(ids)
            return self._people.among(wanted), self._groups.among(wanted)

    def keep(self, facts: Facts, generation: int) -> None:
        """Keep what was read, unless something changed since `generation`: it may be from before."""
        with self._lock:
            if generation == self.generation:
                self._answers.keep(facts.answers)
                self._people.keep(facts.people)
                self._groups.keep(facts.groups)

    def forget(self, changed: Changed) -> None:
        """Forget what `changed`."""
        with self._lock:
            self.generation += not changed.is_nothing
            if changed.everything:
                for part in (self._answers, self._people, self._groups):
                    part.clear()
            if changed.all_groups:
                self._groups.clear()
            self._groups.drop(changed.moved)
            for user in changed.people:
                self._forget(user)

    def _forget(self, user: Mapping[str, object]) -> None:
        id_ = str(user.get("id", "")).lower()
        self._people.drop([id_])
        self._groups.drop([id_])
        self._answers.drop([key for key, found in self._answers.items() if id_ in found])
        self._answers.drop(self._attributes.keys_of(user))
