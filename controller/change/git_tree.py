"""The id Git gives a folder, computed from the files in it.

Git names a tree by the SHA-1 of its serialised entries (gitformat, "tree objects"), sorted by
name with a slash behind the names of folders. Knowing that rule, the id of a folder that was
put together from two commits is known without asking anyone.
"""

import hashlib
from collections.abc import Mapping
from typing import TypeVar

from controller.change.facts import TreeEntry
from controller.change.names import ObjectId

_FOLDER = b"40000"


Text = TypeVar("Text", bound=str)


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
