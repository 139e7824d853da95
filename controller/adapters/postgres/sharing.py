"""Callers who come while a write is under way are written together by the next one.

A storm of webhooks then costs as many transactions as fit one after another, not one for each,
and nobody is answered before what they gave is written. The database commits notifications one
at a time anyway, so little is lost by not writing side by side.
"""

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from controller.adapters.postgres.database import COMPONENT
from controller.errors import UnavailableError
from controller.ports.journal import Mark


@dataclass(slots=True)
class _Batch:
    marks: list[Mark] = field(default_factory=list)
    is_closed: bool = False
    is_written: bool = False


class Sharing:
    """Puts marks with `write`, one call at a time."""

    def __init__(self, write: Callable[[Sequence[Mark]], None]) -> None:
        self._write = write
        self._gathering = threading.Lock()
        self._writing = threading.Lock()
        self._open = _Batch()

    def put(self, marks: Sequence[Mark]) -> None:
        """Return when `marks` are written. Raises as the write does; `UnavailableError` when another's failed."""
        with self._gathering:
            batch = self._open
            batch.marks.extend(marks)
        with self._writing:
            # Whoever comes here first writes for all who have joined by now; the others find it done.
            if not batch.is_closed:
                self._write_out(batch)
        if not batch.is_written:
            raise UnavailableError("the transaction this was part of failed", component=COMPONENT)

    def _write_out(self, batch: _Batch) -> None:
        with self._gathering:
            self._open = _Batch()
            batch.is_closed = True
        self._write(batch.marks)
        batch.is_written = True
