"""The grammar of controlled paths: which file of the repository means what.

`environments/<env>/<agent>.yaml`, `environments/<env>/environment.yaml`, `agents/<code>/...`,
`policies/...`, `.github/...` and CODEOWNERS in the three places GitHub looks; everything else
is not controlled, with the two README.md files directly in `environments/` and `agents/`.
What merely resembles these - another case, look-alike letters, another extension, a file too
deep - is wrong rather than ignored, so nothing is skipped in silence.
"""

import re
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import TypeAlias

from controller.change.characters import shown
from controller.change.names import RepoPath
from controller.desired_state.manifest import AgentCode, EnvironmentName, Key
from controller.desired_state.names import is_agent_code, is_environment_name

CODEOWNERS = frozenset({"CODEOWNERS", "docs/CODEOWNERS", ".github/CODEOWNERS"})
"""Where GitHub looks for code owners."""
NOT_CONTROLLED = frozenset({"environments/README.md", "agents/README.md"})

_ROOTS = frozenset({"environments", "agents", "policies", ".github"})
_FILE_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,99}", re.ASCII)
_PRINTABLE = re.compile(r"[!-~]+(?: +[!-~]+)*")
_DEEPEST = 12
_LOOK_ALIKES = {
    point: letter
    for letter, points in {
        "a": (0x0430, 0x03B1),
        "b": (0x0432,),
        "c": (0x0441, 0x03F2),
        "d": (0x0501,),
        "e": (0x0435, 0x03B5),
        "g": (0x0261,),
        "h": (0x043D, 0x04BB),
        "i": (0x0131, 0x0456, 0x03B9),
        "l": (0x04CF,),
        "m": (0x043C,),
        "n": (0x03B7, 0x0578),
        "o": (0x043E, 0x03BF, 0x0585),
        "p": (0x0440, 0x03C1),
        "r": (0x0433,),
        "s": (0x0455,),
        "t": (0x0442, 0x03C4),
        "u": (0x03C5,),
        "v": (0x0475, 0x03BD),
        "w": (0x0461, 0x051D),
    }.items()
    for point in points
}
"""Cyrillic, Greek and Armenian letters that look like those of the controlled names (UTS #39)."""
_CODEOWNERS_FOLDED = frozenset(place.lower() for place in CODEOWNERS)


@dataclass(frozen=True, slots=True)
class ManifestPath:
    """The manifest of one agent in one environment."""

    key: Key


@dataclass(frozen=True, slots=True)
class EnvironmentPath:
    """The definition of one environment."""

    environment: EnvironmentName


@dataclass(frozen=True, slots=True)
class AgentPath:
    """A file of an agent's release; `inside` is its path below the agent's folder."""

    agent: AgentCode
    inside: str


@dataclass(frozen=True, slots=True)
class PolicyPath:
    """A policy, its tests or its parameters."""


@dataclass(frozen=True, slots=True)
class GovernancePath:
    """CODEOWNERS, a workflow, or whatever else steers the code host."""


@dataclass(frozen=True, slots=True)
class OtherPath:
    """A file the controller has no say in."""


@dataclass(frozen=True, slots=True)
class WrongPath:
    """A file that looks governed but stands outside the grammar, and what to do."""

    message: str
    remedy: str


Place: TypeAlias = ManifestPath | EnvironmentPath | AgentPath | PolicyPath | GovernancePath | OtherPath | WrongPath


def classify(path: RepoPath) -> Place:
    """Return what `path` means; every path has exactly one meaning."""
    root, slash, rest = path.partition("/")
    if path in CODEOWNERS:
        return GovernancePath()
    if root not in _ROOTS:
        return _outside(path, root)
    if not slash:
        return WrongPath(f"`{root}` is a file, expected a folder", f"Make `{root}/` a folder.")
    if path in NOT_CONTROLLED:
        return OtherPath()
    if root == "environments":
        return _environments(rest)
    if root == "agents":
        return _agents(rest)
    if not _PRINTABLE.fullmatch(rest):
        return WrongPath(f"the path {shown(path)} is not printable ASCII", "Rename the file.")
    return PolicyPath() if root == "policies" else GovernancePath()


def is_controlled(path: RepoPath) -> bool:
    """Return whether the controller has a say in `path`, wrong paths included."""
    return not isinstance(classify(path), OtherPath)


def colliding(paths: Iterable[RepoPath]) -> Iterator[tuple[RepoPath, RepoPath]]:
    """Yield pairs of paths, a later one and an earlier one, that differ in case or normal form alone."""
    seen: dict[str, RepoPath] = {}
    for path in sorted(paths):
        parts = path.split("/")
        for length in range(1, len(parts) + 1):
            spelling = RepoPath("/".join(parts[:length]))
            first = seen.setdefault(unicodedata.normalize("NFKC", spelling).casefold(), spelling)
            if first != spelling:
                yield path, first
                break


def _outside(path: str, root: str) -> Place:
    """Return the meaning of a path outside the controlled folders: other, unless it pretends."""
    resembled = _skeleton(root)
    if resembled in _ROOTS:
        return WrongPath(f"{shown(root)} resembles `{resembled}` but is not it", f"Write `{resembled}/` exactly.")
    if resembled in {"docs", "codeowners"} and _skeleton(path) in _CODEOWNERS_FOLDED:
        return WrongPath(f"{shown(path)} resembles a CODEOWNERS file", "Write `CODEOWNERS` exactly, or rename it.")
    return OtherPath()


def _skeleton(text: str) -> str:
    """Return `text` as a reader may see it: without case, accents, look-alikes and invisible marks."""
    folded = text if text.isascii() else unicodedata.normalize("NFKD", text).casefold().translate(_LOOK_ALIKES)
    return "".join(letter for letter in folded if " " < letter <= "~").lower().rstrip(".")


def _environments(rest: str) -> Place:
    environment, slash, file = rest.partition("/")
    grammar = "Use `environments/<environment>/<agent>.yaml` or `environments/<environment>/environment.yaml`."
    if not slash:
        return WrongPath(f"{shown(rest)} lies directly in `environments/`", grammar)
    if not is_environment_name(environment):
        return WrongPath(f"{shown(environment)} is no name of an environment", f"{grammar} Lower case, ASCII.")
    if file == "environment.yaml":
        return EnvironmentPath(EnvironmentName(environment))
    stem = file.removesuffix(".yaml")
    if stem == file or stem != stem.lower() or not is_agent_code(stem.upper()) or not stem.isascii():
        return WrongPath(f"{shown(file)} is no manifest", f"{grammar} Lower case, ASCII, nothing nested.")
    return ManifestPath(Key(EnvironmentName(environment), AgentCode(stem.upper())))


def _agents(rest: str) -> Place:
    folder, slash, inside = rest.partition("/")
    grammar = "Use `agents/<code>/<file>`, the code in lower case."
    if not slash:
        return WrongPath(f"{shown(rest)} lies directly in `agents/`", grammar)
    if not folder.isascii() or folder != folder.lower() or not is_agent_code(folder.upper()):
        return WrongPath(f"{shown(folder)} is no folder of an agent", grammar)
    names = inside.split("/")
    if len(names) > _DEEPEST or not all(_FILE_NAME.fullmatch(name) and not name.endswith(".") for name in names):
        advice = "Names are ASCII letters, digits, `_`, `-` and `.`, and begin with no dot."
        return WrongPath(f"{shown(inside)} is no file name of an agent", advice)
    return AgentPath(AgentCode(folder.upper()), inside)
