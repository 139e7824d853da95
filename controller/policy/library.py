"""The policy library of a governed repository: what came with DVO, what the company changed since.

A record beside the policies (`policies/library.json`) holds the digest of every file as it
came. An upgrade takes a new file only where the company left the old one as it was; what the
company changed stays, and is named. `company/` is no part of the library.
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass

from controller.errors import InputError
from controller.policy.bundle import FOLDER

RECORD = "policies/library.json"
SCHEMA = "dvo.policy-library/1"
_COMPANY = f"{FOLDER}company/"


@dataclass(frozen=True, slots=True)
class Upgrade:
    """What a new version changes, by path in the repository."""

    written: Mapping[str, bytes]
    removed: tuple[str, ...]
    kept: tuple[str, ...]
    """Files that the new version changes and the company changed too: theirs stay as they are."""
    version: str


def is_library(path: str) -> bool:
    """Return whether the file at `path` comes with DVO."""
    return path.startswith(FOLDER) and not path.startswith(_COMPANY)


def record(files: Mapping[str, bytes]) -> bytes:
    """Return the record of a library of these `files`, keyed by path in the repository."""
    digests = {path: _digest(content) for path, content in sorted(files.items()) if is_library(path)}
    return json.dumps({"schema": SCHEMA, "version": version(files), "files": digests}, indent=2).encode() + b"\n"


def version(files: Mapping[str, bytes]) -> str:
    """Return a name for the library of these `files`: the first digits of a digest over all of them."""
    lines = (f"{path}\0{_digest(content)}\n" for path, content in sorted(files.items()) if is_library(path))
    return hashlib.sha256("".join(lines).encode()).hexdigest()[:12]


def is_as_it_came(present: Mapping[str, bytes]) -> bool:
    """Return whether all Rego of the library among the `present` files is as the record says it came.

    Parameters are for a company to set, so they do not count. False without a record, `InputError`
    for a malformed one.
    """
    if RECORD not in present:
        return False
    came = {path: digest for path, digest in _recorded(present[RECORD]).items() if path.endswith(".rego")}
    found = {path: content for path, content in present.items() if is_library(path) and path.endswith(".rego")}
    return came == {path: _digest(content) for path, content in found.items()}


def upgrade(present: Mapping[str, bytes], new: Mapping[str, bytes]) -> Upgrade:
    """Return what brings the library among the `present` files to that among the `new` ones.

    Raises `InputError` when the record of what came is missing or malformed.
    """
    came = _recorded(present.get(RECORD))
    written: dict[str, bytes] = {}
    removed: list[str] = []
    kept: list[str] = []
    for path in sorted({path for path in (*new, *came) if is_library(path)}):
        ours, theirs = new.get(path), present.get(path)
        was = came.get(path)
        if ours == theirs or (ours is not None and was == _digest(ours)):
            continue
        if (None if theirs is None else _digest(theirs)) != was:
            kept.append(path)
        elif ours is None:
            removed.append(path)
        else:
            written[path] = ours
    fresh = record(new)
    if fresh != present.get(RECORD):
        written[RECORD] = fresh
    return Upgrade(written, tuple(removed), tuple(kept), version(new))


def _recorded(content: bytes | None) -> Mapping[str, str]:
    if content is None:
        raise InputError(f"expected {RECORD}, which `dvo init` writes, got a repository without it")
    try:
        told = json.loads(content)
        files = told["files"]
        if told["schema"] == SCHEMA and all(isinstance(part, str) for pair in files.items() for part in pair):
            return dict(files)
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise InputError(f"expected a record of the library in {RECORD}: {error!r}") from error
    raise InputError(f"expected a record of the form {SCHEMA} in {RECORD}, got another")


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()
