"""Patches as rows to show: line numbers of both sides, what was added or removed, and the remarks of checks.

A remark stands under the last line it is about; one whose line the patch does not show stands above the file's lines.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from controller.sandbox.git_history import ChangedFile
from controller.sandbox.records import Annotation, CheckRun

_HUNK = re.compile(r"@@ -(\d+)(?:,\d+)? \+(\d+)(?:,\d+)? @@")


@dataclass(frozen=True, slots=True)
class Remark:
    """An annotation and the check it is from."""

    run: CheckRun
    annotation: Annotation


@dataclass(frozen=True, slots=True)
class Row:
    """One shown line of a patch."""

    kind: str
    old: int | None
    new: int | None
    text: str
    remarks: Sequence[Remark] = ()


@dataclass(frozen=True, slots=True)
class ShownFile:
    """One changed file, ready to show."""

    file: ChangedFile
    rows: Sequence[Row]
    elsewhere: Sequence[Remark]


def shown_files(files: Iterable[ChangedFile], remarks: Sequence[Remark]) -> tuple[list[ShownFile], list[Remark]]:
    """Return the files with their remarks, and the remarks about files that did not change."""
    shown = [_shown(file, [remark for remark in remarks if remark.annotation.path == file.path]) for file in files]
    paths = {item.file.path for item in shown}
    return shown, [remark for remark in remarks if remark.annotation.path not in paths]


def remarks_of(runs: Iterable[CheckRun]) -> list[Remark]:
    """Return all annotations of some check runs."""
    return [Remark(run, annotation) for run in runs for annotation in run.annotations]


def _shown(file: ChangedFile, remarks: Sequence[Remark]) -> ShownFile:
    bare = _rows((file.patch or "").split("\n") if file.patch else [])
    numbers = {row.new for row in bare if row.new is not None}
    rows = [Row(row.kind, row.old, row.new, row.text, _at(remarks, row.new)) for row in bare]
    return ShownFile(file, rows, [remark for remark in remarks if remark.annotation.end_line not in numbers])


def _at(remarks: Sequence[Remark], line: int | None) -> list[Remark]:
    return [remark for remark in remarks if line is not None and remark.annotation.end_line == line]


def _rows(lines: Iterable[str]) -> list[Row]:
    rows: list[Row] = []
    old = new = 0
    for line in lines:
        hunk = _HUNK.match(line)
        if hunk is not None:
            old, new = int(hunk[1]), int(hunk[2])
            rows.append(Row("hunk", None, None, line))
        elif line.startswith("+"):
            rows.append(Row("added", None, new, line[1:]))
            new += 1
        elif line.startswith("-"):
            rows.append(Row("removed", old, None, line[1:]))
            old += 1
        elif line.startswith("\\"):
            rows.append(Row("note", None, None, line[2:]))
        else:
            rows.append(Row("same", old, new, line[1:]))
            old, new = old + 1, new + 1
    return rows
