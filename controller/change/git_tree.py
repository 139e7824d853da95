"""What a tree of Git says: the mode of a file as Git reads it, and the id of a folder, computed from its files.

Git names a tree by the SHA-1 of its serialised entries (gitformat, "tree objects"), sorted by
name with a slash behind the names of folders. Knowing that rule, the id of a folder that was
put together from two commits is known without asking anyone.
"""

import hashlib
import re
import stat
from collections.abc import Mapping
from typing import TypeVar

from controller.change.facts import FileMode, TreeEntry
from controller.change.names import ObjectId

_FOLDER = b"40000"
_OCTAL = re.compile(r"[0-7]{5,6}", re.ASCII)


Text = TypeVar("Text", bound=str)


def file_mode(text: str) -> FileMode | None:
    """Return what Git takes the mode of a file for; None for a folder's, and for what is no mode.

    Whoever writes trees by hand can write any mode; Git reads those of files by their kind and by the
    owner's bit to execute (`canon_mode` in its object.h), and hosts take them.
    """
    mode = int(text, 8) if _OCTAL.fullmatch(text) else stat.S_IFDIR
    if stat.S_ISDIR(mode):
        return None
    if stat.S_ISREG(mode):
        return FileMode.EXECUTABLE if mode & stat.S_IXUSR else FileMode.REGULAR
    return FileMode.SYMLINK if stat.S_ISLNK(mode) else FileMode.SUBMODULE


def tree_id(files: Mapping[Text, TreeEntry]) -> ObjectId:
    """Return the id of the tree that holds exactly `files`, keyed by their paths below it."""
    entries: dict[str, tuple[bytes, ObjectId]] = {}
    folders: dict[str, dict[str, TreeEntry]] = {}
    for path, entry in files.items():
        name, slash, rest = path.partition("/")
        if slash:
            folders.setdefault(name, {})[rest] = entry
        else:
            entries[name] = (entry.mode.value.encode(), entry.blob)
    for name, below in folders.items():
        entries[name] = (_FOLDER, tree_id(below))
    return _hashed(entries)


def _hashed(entries: Mapping[str, tuple[bytes, ObjectId]]) -> ObjectId:
    rows = [
        (_bytes(name) + (b"/" if mode == _FOLDER else b""), mode + b" " + _bytes(name) + b"\0" + bytes.fromhex(id_))
        for name, (mode, id_) in entries.items()
    ]
    body = b"".join(row for _, row in sorted(rows))
    header = b"tree %d\0" % len(body)
    return ObjectId(hashlib.sha1(header + body, usedforsecurity=False).hexdigest())


def _bytes(name: str) -> bytes:
    return name.encode("utf-8", "surrogateescape")
