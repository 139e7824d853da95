"""The bytes behind blob ids: asked for once, verified against their id, kept for good.

A blob's id is SHA-1 over ``blob <size>\\0`` and its bytes (Git, "Git Objects"); bytes that do not
give the id are refused wherever they come from, so neither a confused host nor a damaged file
of the store can put other bytes under a reviewed id.
"""

import base64
import binascii
import hashlib
import os
import tempfile
import threading
from collections import OrderedDict
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

from controller.adapters.github.answer import number, text
from controller.adapters.github.connection import GitHubApp
from controller.adapters.github.memory import Memory
from controller.adapters.github.refusals import OversizedAnswerError, unavailable
from controller.change.facts import LARGEST_FILE
from controller.change.names import ObjectId

_ANSWER = LARGEST_FILE * 3 // 2  # base64 with its line breaks, and the JSON around it
_IN_MEMORY = 64 * 1024 * 1024


def blob_id(content: bytes) -> ObjectId:
    """Return the id Git gives these bytes."""
    return ObjectId(hashlib.sha1(b"blob %d\0" % len(content) + content, usedforsecurity=False).hexdigest())


class Contents:
    """Reads blobs: from memory, from the folder, from GitHub."""

    def __init__(self, app: GitHubApp, folder: Path, *, in_memory: int = _IN_MEMORY) -> None:
        """Keep everything under `folder`, and the `in_memory` bytes used last at hand."""
        self._app = app
        self._folder = folder
        self._lock = threading.Lock()
        self._memory: OrderedDict[ObjectId, bytes] = OrderedDict()
        self._most = in_memory
        self._held = 0
        self._too_large: Memory[ObjectId, bool] = Memory()

    def read(self, blobs: frozenset[ObjectId]) -> Mapping[ObjectId, bytes]:
        """Return the bytes of every one of `blobs` but the too large; those nobody has are fetched at the same time."""
        found = {blob: content for blob in sorted(blobs) if (content := self._known(blob)) is not None}
        missing = sorted(blob for blob in blobs - found.keys() if not self._too_large.get(blob))
        fetched = self._app.gather([lambda blob=blob: self._fetch(blob) for blob in missing])  # type: ignore[misc] # a default binds the loop's value
        for blob, content in zip(missing, fetched, strict=True):
            if content is None:
                self._too_large.put(blob, value=True)
            else:
                self._keep(blob, content)
                found[blob] = content
        return found

    def _known(self, blob: ObjectId) -> bytes | None:
        with self._lock:
            if blob in self._memory:
                self._memory.move_to_end(blob)
                return self._memory[blob]
        try:
            content = self._path(blob).read_bytes()
        except FileNotFoundError:
            return None
        except OSError as error:
            raise unavailable(f"the store of file contents cannot be read: {error.strerror}") from None
        if blob_id(content) != blob:
            return None  # damaged: fetched and written again
        self._remember(blob, content)
        return content

    def _fetch(self, blob: ObjectId) -> bytes | None:
        try:
            answer = self._app.get_fixed(self._app.path(f"/git/blobs/{blob}"), limit=_ANSWER)
        except OversizedAnswerError:
            return None
        if number(answer, "size") > LARGEST_FILE:
            return None
        content = _decoded(answer)
        if blob_id(content) != blob:
            raise unavailable(f"GitHub sent other bytes than those of blob {blob}")
        return content

    def _keep(self, blob: ObjectId, content: bytes) -> None:
        path = self._path(blob)
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            _write(path, content)
        except OSError as error:
            raise unavailable(f"the store of file contents cannot be written: {error.strerror}") from None
        self._remember(blob, content)

    def _remember(self, blob: ObjectId, content: bytes) -> None:
        with self._lock:
            if blob not in self._memory:
                self._memory[blob] = content
                self._held += len(content)
            while self._held > self._most:
                self._held -= len(self._memory.popitem(last=False)[1])

    def _path(self, blob: ObjectId) -> Path:
        return self._folder / blob[:2] / blob[2:]


def _decoded(answer: object) -> bytes:
    encoding, content = text(answer, "encoding"), text(answer, "content")
    if encoding != "base64":
        raise unavailable(f"GitHub's answer makes no sense: a blob in {encoding[:20]!a}")
    try:
        return base64.b64decode("".join(content.split()), validate=True)
    except (binascii.Error, ValueError):
        raise unavailable("GitHub's answer makes no sense: a blob that is not base64") from None


def _write(path: Path, content: bytes) -> None:
    handle, name = tempfile.mkstemp(dir=path.parent)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
        Path(name).replace(path)
    except OSError:
        with suppress(FileNotFoundError):
            Path(name).unlink()
        raise
