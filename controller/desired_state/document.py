"""A governed file's bytes -> plain values with positions, or every reason why not.

Before YAML has its say: at most so many bytes, UTF-8 without a byte order mark, line feeds only, no
character a reviewer cannot see, nothing that looks like a credential. A document with faults
still shows its values, with the faulty ones named, so that whoever judges the keys can add
its own findings without repeating these. Nothing that a file holds makes this raise.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import islice

from controller.change.characters import spelled, unseen_characters
from controller.change.names import RepoPath
from controller.desired_state.composing import MAX_NODES, Composition, Fault, Path, Place, compose, dotted
from controller.desired_state.problem import Problem
from controller.desired_state.secret_shapes import secret_shapes

MAX_BYTES = 64 * 1024
MAX_PROBLEMS = 50
_MASK = "\ue000"


@dataclass(frozen=True, slots=True)
class Document:
    """A file as read; `value` is None where nothing can be said about its keys."""

    path: RepoPath
    value: Mapping[str, object] | None
    keys: Mapping[Path, Place]
    """Where the key of each value stands (for an item of a list: the item)."""
    faulty: frozenset[Path]
    """Values whose faults are among the problems already."""
    problems: tuple[Problem, ...]

    def place(self, at: Path) -> Place:
        """Return where `at` stands, or the nearest thing above it that stands anywhere."""
        while at and at not in self.keys:
            at = at[:-1]
        return self.keys.get(at, (1, 1))

    def is_faulty(self, at: Path) -> bool:
        """Return whether a fault of `at`, or of something it lies in, has been told."""
        return any(at[:length] in self.faulty for length in range(len(at) + 1))


@dataclass(frozen=True, slots=True)
class Limits:
    """How much a file may hold."""

    bytes: int = MAX_BYTES
    nodes: int = MAX_NODES


GOVERNED = Limits()
"""Of a file that anybody may propose."""


def read_document(path: RepoPath, content: bytes, limits: Limits = GOVERNED) -> Document:
    """Return what `content` holds and every fault found in it."""
    if len(content) > limits.bytes:
        told = f"{len(content)} bytes, expected at most {limits.bytes}"
        return _unread(path, Fault((1, 1), told, "Make it smaller."))
    try:
        text = content.decode("utf-8")
    except UnicodeDecodeError as error:
        return _unread(path, _not_utf8(content, error))
    unseen = list(unseen_characters(text))
    composition = compose(_masked(text, unseen), limits.nodes)
    faults = composition.faults
    if unseen:
        faults = [fault for fault in faults if _MASK not in fault.message]
        faults += _unseen_faults(text, unseen, composition)
    faults += (_secret_fault(text, secret, composition) for secret in islice(secret_shapes(text), MAX_PROBLEMS))
    return Document(
        path,
        composition.value,
        composition.keys,
        frozenset(fault.at for fault in faults if fault.at is not None),
        _problems(path, faults),
    )


def _unread(path: RepoPath, fault: Fault) -> Document:
    return Document(path, None, {}, frozenset(), _problems(path, [fault]))


def _not_utf8(content: bytes, error: UnicodeDecodeError) -> Fault:
    before = content[: error.start]
    line = before.count(b"\n") + 1
    column = len(before[before.rfind(b"\n") + 1 :].decode("utf-8")) + 1
    return Fault((line, column), f"byte 0x{content[error.start]:02X} is not UTF-8", "Save the file as UTF-8.")


def _masked(text: str, unseen: list[tuple[int, str]]) -> str:
    """Return `text` with what nobody sees replaced, one for one, so that it can still be parsed."""
    if not unseen:
        return text
    characters = list(text)
    for offset, character in unseen:
        characters[offset] = " " if character == "\r" else _MASK
    return "".join(characters)


def _unseen_faults(text: str, unseen: list[tuple[int, str]], composition: Composition) -> Iterator[Fault]:
    told_returns = False
    for offset, character in unseen[:MAX_PROBLEMS]:
        if character == "\r":
            if not told_returns:
                yield Fault(_place(text, offset), "a carriage return (U+000D)", "Save the file with LF line ends.")
            told_returns = True
            continue
        at = composition.value_at(offset)
        where = f" in {dotted(at)}" if at is not None else ""
        yield Fault(_place(text, offset), f"the character {spelled(character)}{where}", "Remove the character.", at)


def _secret_fault(text: str, secret: tuple[int, str], composition: Composition) -> Fault:
    offset, kind = secret
    at = composition.value_at(offset)
    where = dotted(at) if at is not None else "the text"
    remedy = "Revoke it, keep the new one in a key vault, and refer to it under `secrets`."
    return Fault(_place(text, offset), f"{where} holds what looks like {kind}", remedy, at)


def _place(text: str, offset: int) -> Place:
    return (text.count("\n", 0, offset) + 1, offset - text.rfind("\n", 0, offset))


def _problems(path: RepoPath, faults: list[Fault]) -> tuple[Problem, ...]:
    """Return the faults in the order of the file, a flood of them cut."""
    ordered = sorted((fault.place, fault.message, fault.remedy) for fault in faults)
    problems = [Problem(path, *place, message, remedy) for place, message, remedy in ordered[:MAX_PROBLEMS]]
    if len(ordered) > MAX_PROBLEMS:
        more = f"{len(ordered) - MAX_PROBLEMS} more faults are not listed"
        problems.append(Problem(path, *ordered[MAX_PROBLEMS][0], more, "Correct the others first."))
    return tuple(problems)
