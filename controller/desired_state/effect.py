"""The effect of a change: what would run and which governed files would differ.

The sorted list of (environment, agent, from, to) over plan digests and of (path, from, to)
over content digests of governance files and agent content. Two changes with one digest do
the same thing, whatever their commits; an approval covers a change when the digests agree.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from urllib.parse import quote_from_bytes

from controller.change.facts import FileMode, Snapshot, TreeEntry
from controller.change.names import Digest, ObjectId, RepoPath, digest_of
from controller.desired_state.canonical import canonical_json
from controller.desired_state.difference import Difference
from controller.desired_state.manifest import Key
from controller.desired_state.plan import Plan
from controller.desired_state.tree import is_regular


@dataclass(frozen=True, slots=True, order=True)
class PlanEffect:
    """What happens to one deployment; None is absent."""

    key: Key
    before: Digest | None
    after: Digest | None


@dataclass(frozen=True, slots=True, order=True)
class FileEffect:
    """What happens to one governance or agent file; None is absent."""

    path: RepoPath
    before: Digest | None
    after: Digest | None


@dataclass(frozen=True, slots=True)
class Effect:
    """Everything a change does, sorted."""

    plans: tuple[PlanEffect, ...]
    files: tuple[FileEffect, ...]

    @property
    def digest(self) -> Digest:
        """SHA-256 over the canonical form of the effect."""
        document = {
            "plans": [[p.key.environment, p.key.agent, p.before, p.after] for p in sorted(self.plans, key=_plan_order)],
            "files": [[_spelled(f.path), f.before, f.after] for f in sorted(self.files, key=_file_order)],
        }
        return digest_of(canonical_json(document))

    @property
    def is_empty(self) -> bool:
        """True when nothing that is governed or runs would differ."""
        return not self.plans and not self.files


def effect_of(differences: Iterable[Difference], files: Iterable[FileEffect]) -> Effect:
    """Return the effect of these differences and file changes, in any order given."""
    plans = (PlanEffect(found.key, _digest(found.before), _digest(found.after)) for found in differences)
    return Effect(tuple(sorted(plans, key=_plan_order)), tuple(sorted(files, key=_file_order)))


def file_effects(
    before: Snapshot, after: Snapshot, contents: Mapping[ObjectId, bytes], paths: Iterable[RepoPath]
) -> Iterator[FileEffect]:
    """Yield what happens to each of `paths` that differs."""
    for path in sorted(paths):
        old, new = (_content_digest(tree.entries.get(path), contents) for tree in (before, after))
        if old != new:
            yield FileEffect(path, old, new)


def _content_digest(entry: TreeEntry | None, contents: Mapping[ObjectId, bytes]) -> Digest | None:
    """Return the digest of a file's bytes, of its id where they cannot be read; another kind's mode counts too."""
    if entry is None:
        return None
    content = contents.get(entry.blob)
    if entry.mode is FileMode.SUBMODULE or content is None:
        return digest_of(f"{entry.mode}\0{entry.blob}".encode())
    return digest_of(content if is_regular(entry) else entry.mode.encode() + b"\0" + content)


def _digest(plan: Plan | None) -> Digest | None:
    return None if plan is None else plan.digest


def _plan_order(effect: PlanEffect) -> Key:
    return effect.key


def _file_order(effect: FileEffect) -> RepoPath:
    return effect.path


def _spelled(path: RepoPath) -> str:
    """Return `path` as text that JSON can hold whatever its bytes are, distinct for distinct paths."""
    return quote_from_bytes(path.encode("utf-8", "surrogateescape"))
