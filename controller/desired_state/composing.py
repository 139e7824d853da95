"""One pass over the events of a YAML document: plain values, positions, and every fault.

Stricter than YAML on purpose: anchors, aliases, merge keys, tags, directives, duplicate
keys, keys that are no text and a second document are faults. Composing from events instead
of nodes means that an alias is never expanded and that the pass stops at the depth cap and
the node budget, whatever the rest of the file holds. Which characters and which keys are
welcome is decided elsewhere.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import cast

import yaml
from yaml.error import Mark
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

from controller.desired_state.characters import shown, spelled, unseen_characters
from controller.desired_state.scalars import Ambiguous, plain_scalar
from controller.desired_state.secret_shapes import secret_shape

MAX_DEPTH = 16
MAX_NODES = 10_000

_PLAIN_PART = re.compile(r"[A-Za-z0-9_-]{1,64}")

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
    values: dict[Path, Place] = field(default_factory=dict)
    spans: list[tuple[int, int, Path]] = field(default_factory=list)
    """Offsets of the scalars, keys among them, in the text."""
    faults: list[Fault] = field(default_factory=list)


def compose(text: str) -> Composition:
    """Return everything `text` holds as one YAML document, and every fault found on the way."""
    composer = _Composer(yaml.parse(text, Loader=yaml.CSafeLoader))
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
    mark = cast("Mark", event.start_mark)
    return (mark.line + 1, mark.column + 1)


def _span(event: Event) -> tuple[int, int]:
    return (cast("Mark", event.start_mark).index, cast("Mark", event.end_mark).index)


class _Composer:
    """Walks the events of one document, noting faults and going on wherever that is possible."""

    def __init__(self, events: Iterator[Event]) -> None:
        self.found = Composition()
        self._events = events
        self._nodes = 0

    def document(self) -> None:
        """Compose the one document of the stream."""
        next(self._events)
        start = next(self._events)
        if not isinstance(start, DocumentStartEvent):
            self._fault(start, "the document is empty", "Write the keys the schema names, or remove the file.")
            return
        if start.version or start.tags:
            self._fault(start, "a YAML directive", "Remove the line that begins with `%`.")
        root = self._node(next(self._events), ())
        next(self._events)
        rest = next(self._events)
        if not isinstance(rest, StreamEndEvent):
            self._fault(rest, "a second document in one file", "Keep one document; put the other in a file of its own.")
        if isinstance(root, dict):
            self.found.value = root
        else:
            self._fault(start, "expected a mapping of keys at the top", "Write `key: value` lines.", ())

    def _node(self, event: Event, at: Path) -> object:
        self._spend(event, at)
        self.found.values[at] = _place(event)
        if isinstance(event, AliasEvent):
            self._fault(event, f"an alias (`*`) at {dotted(at)}", "Write the value out where it is needed.", at)
            return None
        node = cast("ScalarEvent | CollectionStartEvent", event)
        if node.anchor is not None:
            self._fault(node, f"an anchor (`&`) at {dotted(at)}", "Remove the anchor.")
        if isinstance(node, ScalarEvent):
            self._refuse_tag(node, at)
            return self._scalar(node, at)
        self._refuse_tag(node, None)
        return self._mapping(at) if isinstance(node, MappingStartEvent) else self._sequence(at)

    def _refuse_tag(self, event: ScalarEvent | CollectionStartEvent, at: Path | None) -> None:
        if event.tag is not None:
            self._fault(event, "an explicit tag (`!`)", "Remove the tag; the schema says what a value is.", at)

    def _spend(self, event: Event, at: Path) -> None:
        self._nodes += 1
        if self._nodes > MAX_NODES:
            raise _GiveUpError(
                Fault(_place(event), f"more than {MAX_NODES} values in one file", "Make the file smaller.")
            )
        if len(at) > MAX_DEPTH:
            raise _GiveUpError(Fault(_place(event), f"nested deeper than {MAX_DEPTH} levels", "Make it flatter."))

    def _scalar(self, event: ScalarEvent, at: Path) -> object:
        self.found.spans.append((*_span(event), at))
        if event.style:
            return self._quoted(event, at)
        value = plain_scalar(event.value)
        if isinstance(value, Ambiguous):
            message = f"{dotted(at)}: {value.reason}, got {shown(event.value)}"
            self._fault(
                event, message, "Put it in quotes if it is text; else write true, false or a decimal number.", at
            )
            return None
        return value

    def _quoted(self, event: ScalarEvent, at: Path) -> str:
        """Return the text; an escape in double quotes may name a character that nobody would see."""
        text = str(event.value)
        start, end = _span(event)
        if event.style == '"' and end - start != len(text) + 2:
            for _, character in unseen_characters(text):
                self._fault(event, f"{dotted(at)} escapes {spelled(character)}", "Remove the character.", at)
            if secret_shape(text) is not None:
                self._fault(event, f"{dotted(at)} holds an escaped credential", "Revoke it; refer to a key vault.", at)
        return text

    def _sequence(self, at: Path) -> list[object]:
        items: list[object] = []
        while not isinstance(event := next(self._events), SequenceEndEvent):
            below = (*at, len(items))
            self.found.keys[below] = _place(event)
            items.append(self._node(event, below))
        return items

    def _mapping(self, at: Path) -> dict[str, object]:
        members: dict[str, object] = {}
        while not isinstance(event := next(self._events), MappingEndEvent):
            key = self._key(event, at)
            if key is None:
                self._node(next(self._events), (*at, "?"))
                continue
            below = (*at, key)
            if key in members:
                self._fault(event, f"duplicate key {dotted(below)}", "Keep one of them.", below)
            self.found.keys.setdefault(below, _place(event))
            value = self._node(next(self._events), below)
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
        key = self._node(event, (*at, str(event.value)))
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
    return ".".join(str(part) if _PLAIN_PART.fullmatch(str(part)) else shown(str(part))[1:-1] for part in at)
