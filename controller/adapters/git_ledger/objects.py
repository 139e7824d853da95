"""Git objects as bytes: ids, trees, the one form of commit a ledger has, and packs.

Everything is checked here instead of believed: an id is recomputed, a commit that is not
exactly what `commit_bytes` writes is refused (gitformat-pack(5), git-commit-tree(1)).
"""

import hashlib
import re
import struct
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from controller.adapters.git_ledger.signing import SigningKey
from controller.errors import InputError

FILE = "100644"
FOLDER = "40000"

_KINDS = {"commit": 1, "tree": 2, "blob": 3}
_COMMIT = re.compile(
    rb"(?P<head>tree (?P<tree>[0-9a-f]{40})\n(?:parent (?P<parent>[0-9a-f]{40})\n)?"
    rb"author DVO <(?P<author>[!-;=?-~]+)> \d+ \+0000\ncommitter DVO <(?P<committer>[!-;=?-~]+)> \d+ \+0000\n)"
    rb"gpgsig (?P<signature>-----BEGIN SSH SIGNATURE-----\n(?: [A-Za-z0-9+/=]+\n)+ -----END SSH SIGNATURE-----)\n"
    rb"(?P<tail>\n(?s:.*))"
)


@dataclass(frozen=True, slots=True)
class GitObject:
    """An object and its id."""

    kind: str
    content: bytes

    @property
    def id(self) -> str:
        """The object's SHA-1, as Git computes it."""
        header = f"{self.kind} {len(self.content)}\0".encode()
        return hashlib.sha1(header + self.content, usedforsecurity=False).hexdigest()


@dataclass(frozen=True, slots=True)
class Item:
    """What a name in a tree stands for."""

    mode: str
    id: str


Tree = Mapping[str, Item]


@dataclass(frozen=True, slots=True)
class SealCommit:
    """A commit of the ledger, taken apart."""

    tree: str
    parent: str | None
    committer: str
    payload: bytes
    signature: bytes


def tree_object(tree: Tree) -> GitObject:
    """Return `tree` as an object, its names in Git's order."""
    ordered = sorted(tree.items(), key=lambda named: named[0] + ("/" if named[1].mode == FOLDER else ""))
    return GitObject(
        "tree", b"".join(f"{item.mode} {name}\0".encode() + bytes.fromhex(item.id) for name, item in ordered)
    )


def read_tree(content: bytes) -> dict[str, Item]:
    """Return the tree in `content`; `InputError` unless it is one that `tree_object` writes."""
    tree: dict[str, Item] = {}
    rest = content
    while rest:
        header, found, rest = rest.partition(b"\0")
        mode, blank, name = header.partition(b" ")
        if not (found and blank and len(rest) >= 20):
            raise InputError("expected a whole tree, got a cut one")
        tree[name.decode("utf-8", "replace")] = Item(mode.decode("ascii", "replace"), rest[:20].hex())
        rest = rest[20:]
    if tree_object(tree).content != content:
        raise InputError("expected a tree with ordered, single names")
    return tree


def commit_object(tree: str, parent: str | None, *, seconds: int, message: str, key: SigningKey) -> GitObject:
    """Return the signed commit of `tree` behind `parent`, at `seconds` since the epoch."""
    person = f"DVO <{key.principal}> {seconds} +0000"
    parents = "" if parent is None else f"parent {parent}\n"
    head = f"tree {tree}\n{parents}author {person}\ncommitter {person}\n".encode()
    tail = f"\n{message}".encode()
    signature = key.sign(head + tail).replace(b"\n", b"\n ")
    return GitObject("commit", head + b"gpgsig " + signature + b"\n" + tail)


def read_commit(content: bytes) -> SealCommit:
    """Return the commit in `content`; `InputError` for one the ledger does not write."""
    matched = _COMMIT.fullmatch(content)
    if matched is None or matched["author"] != matched["committer"]:
        raise InputError("expected a commit of the ledger with one SSH signature and at most one parent")
    parent = matched["parent"]
    return SealCommit(
        tree=matched["tree"].decode(),
        parent=None if parent is None else parent.decode(),
        committer=matched["committer"].decode(),
        payload=matched["head"] + matched["tail"],
        signature=matched["signature"].replace(b"\n ", b"\n"),
    )


def pack_of(objects: Sequence[GitObject]) -> bytes:
    """Return a pack that holds `objects`."""
    pack = b"PACK" + struct.pack(">II", 2, len(objects))
    pack += b"".join(_packed(each) for each in objects)
    return pack + hashlib.sha1(pack, usedforsecurity=False).digest()


def _packed(packed: GitObject) -> bytes:
    """Return the type and the size, seven bits at a time, then the compressed content."""
    size = len(packed.content)
    byte = _KINDS[packed.kind] << 4 | size & 0x0F
    size >>= 4
    header = bytearray()
    while size:
        header.append(byte | 0x80)
        byte, size = size & 0x7F, size >> 7
    header.append(byte)
    return bytes(header) + zlib.compress(packed.content)
