"""One pass over the events of a YAML document: plain values, positions, and every fault.

Stricter than YAML on purpose: anchors, aliases, merge keys, tags, directives, duplicate
keys, keys that are no text and a second document are faults. Composing from events instead
of nodes means that an alias is never expanded and that the pass stops at the depth cap and
the node budget, whatever the rest of the file holds. Which characters and which keys are
welcome is decided elsewhere.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, cast

import yaml
from yaml.events import (
    AliasEvent,
    CollectionStartEvent,
    DocumentStartEvent,
    Event,
    MappingEndEvent,
    MappingStartEvent,
    ScalarEvent,
    SequenceEndEvent,
    StreamEndEvent,
)

from controller.change.characters import shown, spelled, unseen_characters
from controller.desired_state.scalars import Ambiguous, plain_scalar
from controller.desired_state.secret_shapes import secret_shape

MAX_DEPTH = 16
MAX_NODES = 10_000

_SHORTEST_SECRET = 15

Path = tuple[str | int, ...]
"""The way to a value: keys and list indexes from the top."""
Place = tuple[int, int]
"""Line and column, counted from 1."""


@dataclass(frozen=True, slots=True)
class Fault:
    """Something the document may not hold; `at` is the value concerned, None for the document."""

    place: Place
    message: str
    remedy: str
    at: Path | None = None


@dataclass(slots=True)
class Composition:
    """What one pass found; `value` is None where there is no mapping to be had."""

    value: dict[str, object] | None = None
    keys: dict[Path, Place] = field(default_factory=dict)
    faults: list[Fault] = field(default_factory=list)
    scalars: list[tuple[Event, Path]] = field(default_factory=list)

    def value_at(self, offset: int) -> Path | None:
        """Return which value the text at `offset` belongs to, its key included."""
        return next((at for event, at in self.scalars if offset in range(*_span(event))), None)


def compose(text: str, most_nodes: int = MAX_NODES) -> Composition:
    """Return everything `text` holds as one YAML document, and every fault found on the way."""
    composer = _Composer(yaml.CSafeLoader(text), most_nodes)
    try:
        composer.document()
    except _GiveUpError as reason:
        composer.found.faults.append(reason.fault)
    except yaml.YAMLError as error:
        composer.found.faults.append(_syntax_fault(error))
    return composer.found


class _GiveUpError(Exception):
    """The rest of the document is not read."""

    def __init__(self, fault: Fault) -> None:
        super().__init__(fault.message)
        self.fault = fault


def _syntax_fault(error: yaml.YAMLError) -> Fault:
    mark = getattr(error, "problem_mark", None) or getattr(error, "context_mark", None)
    place = (mark.line + 1, mark.column + 1) if mark else (1, 1)
    problem = str(getattr(error, "problem", None) or "it cannot be parsed")
    return Fault(place, f"not valid YAML: {ascii(problem)[1:-1]}", "Correct the syntax; the fault may begin above.")


def _place(event: Event) -> Place:
    mark: Any = event.start_mark  # every event of a stream has its marks, which PyYAML's types do not say
    return (mark.line + 1, mark.column + 1)


def _span(event: Event) -> tuple[int, int]:
    start: Any = event.start_mark
    end: Any = event.end_mark
    return (start.index, end.index)


class _Composer:
    """Walks the events of one document, noting faults and going on wherever that is possible."""

    def __init__(self, parser: yaml.CSafeLoader, most_nodes: int) -> None:
        self.found = Composition()
        self._most_nodes = most_nodes
        self._next = cast("Callable[[], Event]", parser.get_event)
        self._nodes = 0

    def document(self) -> None:
        """Compose the one document of the stream."""
        self._next()
        start = self._next()
        if not isinstance(start, DocumentStartEvent):
            self._fault(start, "the document is empty", "Write the keys the schema names, or remove the file.")
            return
        if start.version or start.tags:
            self._fault(start, "a YAML directive", "Remove the line that begins with `%`.")
        root = self._node(self._next(), ())
        self._next()
        rest = self._next()
        if not isinstance(rest, StreamEndEvent):
            self._fault(rest, "a second document in one file", "Keep one document; put the other in a file of its own.")
        if isinstance(root, dict):
            self.found.value = root
        else:
            self._fault(start, "expected a mapping of keys at the top", "Write `key: value` lines.", ())

    def _node(self, event: Event, at: Path) -> object:
        self._nodes += 1
        if self._nodes > self._most_nodes:
            told = f"more than {self._most_nodes} values in one file"
            raise _GiveUpError(Fault(_place(event), told, "Make it smaller."))
        if isinstance(event, ScalarEvent):
            return self._scalar(event, at)
        if isinstance(event, AliasEvent):
            self._fault(event, f"an alias (`*`) at {dotted(at)}", "Write the value out where it is needed.", at)
            return None
        return self._collection(cast("CollectionStartEvent", event), at)

    def _scalar(self, event: ScalarEvent, at: Path) -> object:
        self.found.scalars.append((event, at))
        if event.tag is not None or event.anchor is not None:
            self._refuse_extras(event, at)
        if event.style:
            return self._quoted(event, at)
        value = plain_scalar(event.value)
        if isinstance(value, Ambiguous):
            self._fault(event, f"{dotted(at)}: {value.reason}", value.remedy, at)
            return None
        return value

    def _quoted(self, event: ScalarEvent, at: Path) -> str:
        """Return the text; an escape in double quotes may name a character that nobody would see."""
        text = event.value
        start, end = _span(event)
        if event.style == '"' and end - start != len(text) + 2:
            for _, character in unseen_characters(text):
                self._fault(event, f"{dotted(at)} escapes {spelled(character)}", "Remove the character.", at)
            if secret_shape(text) is not None:
                self._fault(event, f"{dotted(at)} holds an escaped credential", "Revoke it; refer to a key vault.", at)
        return text

    def _refuse_extras(self, event: ScalarEvent | CollectionStartEvent, at: Path) -> None:
        if event.anchor is not None:
            self._fault(event, f"an anchor (`&`) at {dotted(at)}", "Remove the anchor.")
        if event.tag is not None:
            unknown = at if isinstance(event, ScalarEvent) else None
            self._fault(event, f"an explicit tag (`!`) at {dotted(at)}", "Remove the tag.", unknown)

    def _collection(self, event: CollectionStartEvent, at: Path) -> object:
        if len(at) >= MAX_DEPTH:
            raise _GiveUpError(Fault(_place(event), f"nested deeper than {MAX_DEPTH} levels", "Make it flatter."))
        self._refuse_extras(event, at)
        return self._mapping(at) if isinstance(event, MappingStartEvent) else self._sequence(at)

    def _sequence(self, at: Path) -> list[object]:
        items: list[object] = []
        while not isinstance(event := self._next(), SequenceEndEvent):
            below = (*at, len(items))
            self.found.keys[below] = _place(event)
            items.append(self._node(event, below))
        return items

    def _mapping(self, at: Path) -> dict[str, object]:
        members: dict[str, object] = {}
        while not isinstance(event := self._next(), MappingEndEvent):
            key = self._key(event, at)
            if key is None:
                self._node(self._next(), (*at, "?"))
                continue
            below = (*at, key)
            if key in members:
                self._fault(event, f"duplicate key {dotted(below)}", "Keep one of them.", below)
            self.found.keys.setdefault(below, _place(event))
            value = self._node(self._next(), below)
            members.setdefault(key, value)
        return members

    def _key(self, event: Event, at: Path) -> str | None:
        """Return the key, or None where it is none; its value is then read only for its faults."""
        if not isinstance(event, ScalarEvent):
            self._fault(event, f"a key that is no text in {dotted(at)}", "Use plain text as keys.")
            self._node(event, (*at, "?"))
            return None
        if event.value == "<<":
            self._fault(event, f"a merge key (`<<`) in {dotted(at)}", "Write the keys out.")
            return None
        known = len(self.found.faults)
        key = self._node(event, (*at, event.value))
        if isinstance(key, str):
            return key
        if len(self.found.faults) == known:
            self._fault(event, f"the key {shown(event.value)} is no text", "Put the key in quotes.")
        return None

    def _fault(self, event: Event, message: str, remedy: str, at: Path | None = None) -> None:
        self.found.faults.append(Fault(_place(event), message, remedy, at))


def dotted(at: Path) -> str:
    """Return the way to a value as a message names it, such as ```model.name``` with its quotes."""
    return f"`{dotted_name(at)}`" if at else "the top"


def dotted_name(at: Path) -> str:
    """Return the way to a value with dots between its parts, every part printable."""
    return ".".join(map(_printable, at))


def _printable(part: str | int) -> str:
    text = str(part)
    if len(text) >= _SHORTEST_SECRET and secret_shape(text) is not None:
        return "(hidden)"
    return text if text.isascii() and text.isidentifier() else shown(text)[1:-1]
