"""Bundles unpacked on the disk, each in a folder named by its digest.

What is found in such a folder is never trusted: it is held against the digest before every
start, and unpacked again where it differs.
"""

import os
import shutil
from pathlib import Path, PurePosixPath

from controller.caat.bundle import Bundle
from controller.change.names import Digest
from controller.desired_state.release import release_digest
from controller.errors import InputError


def unpacked(bundle: Bundle, folder: Path) -> Path:
    """Return the folder below `folder` that holds exactly the bytes of `bundle`."""
    target = folder / bundle.digest.removeprefix("sha256:")
    if target.is_dir() and _digest_of(target) == bundle.digest:
        return target
    draft = folder / f".draft-{target.name}"
    for leftover in (draft, target):
        _remove(leftover)
    for path, content in bundle.files.items():
        _write(draft / _inside(path), content)
    draft.rename(target)
    return target


def forget_others(folder: Path, kept: frozenset[Digest]) -> None:
    """Remove every unpacked bundle below `folder` that is not among `kept`."""
    names = {digest.removeprefix("sha256:") for digest in kept}
    for unpacked_bundle in folder.iterdir():
        if unpacked_bundle.name not in names:
            _remove(unpacked_bundle)


def _digest_of(folder: Path) -> Digest:
    """Return the digest of what is in `folder`; a link counts as what it is, so it never matches."""
    found = dict[str, bytes]()
    for root, folders, names in os.walk(folder):
        for name in [*names, *(each for each in folders if (Path(root) / each).is_symlink())]:
            path = Path(root) / name
            key = path.relative_to(folder).as_posix()
            found[key] = b"link to " + os.fsencode(path.readlink()) if path.is_symlink() else path.read_bytes()
    return release_digest(found)


def _inside(path: str) -> PurePosixPath:
    relative = PurePosixPath(path)
    if not path or relative.is_absolute() or ".." in relative.parts or str(relative) != path:
        raise InputError(f"expected a path inside the bundle, got {path[:80]!a}")
    return relative


def _write(path: Path, content: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    with path.open("xb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


def _remove(path: Path) -> None:
    if path.is_symlink() or path.is_file():
        path.unlink()
    elif path.exists():
        shutil.rmtree(path)
