"""Untrusted text that became a checked type at the door.

Commit and object ids are Git's (40 lower-case hexadecimal digits), content digests are
SHA-256 in the form ``sha256:<64 hex digits>``, logins follow GitHub's rules. Every
constructor matches the whole text in ASCII and raises `InputError`; afterwards nobody
checks again. A `RepoPath` is a path as Git gives it, of any bytes: the grammar of
controlled paths belongs to `desired_state`.
"""

import hashlib
import re
from typing import NewType

from controller.errors import InputError

CommitSha = NewType("CommitSha", str)
ObjectId = NewType("ObjectId", str)
Digest = NewType("Digest", str)
Login = NewType("Login", str)
RepoPath = NewType("RepoPath", str)

_OBJECT = re.compile(r"[0-9a-f]{40}")
_DIGEST = re.compile(r"sha256:[0-9a-f]{64}")
_LOGIN = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,99}(?:\[bot\])?", re.ASCII)
"""Issued today without a hyphen at the end; some accounts of long ago have one."""


def commit_sha(text: str) -> CommitSha:
    """Return `text` as a commit id; `InputError` unless it is 40 lower-case hex digits."""
    return CommitSha(_checked(_OBJECT, text, "a commit id of 40 lower-case hexadecimal digits"))


def object_id(text: str) -> ObjectId:
    """Return `text` as the id of a Git blob or tree; `InputError` unless it has that form."""
    return ObjectId(_checked(_OBJECT, text, "an object id of 40 lower-case hexadecimal digits"))


def digest(text: str) -> Digest:
    """Return `text` as a content digest; `InputError` unless it is ``sha256:`` and 64 hex digits."""
    return Digest(_checked(_DIGEST, text, "a digest `sha256:` followed by 64 hexadecimal digits"))


def digest_of(content: bytes) -> Digest:
    """Return the SHA-256 digest of `content`."""
    return Digest("sha256:" + hashlib.sha256(content).hexdigest())


def login(text: str) -> Login:
    """Return `text` as a GitHub login; `InputError` for anything GitHub would not issue."""
    return Login(_checked(_LOGIN, text, "a GitHub login"))


def _checked(pattern: re.Pattern[str], text: str, expected: str) -> str:
    if not isinstance(text, str) or pattern.fullmatch(text) is None:
        raise InputError(f"expected {expected}, got {str(text)[:80]!a}")
    return text
