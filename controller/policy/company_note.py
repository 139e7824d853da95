"""The notes above a company's rules, read from the files of a change before it is merged.

`dvo policy list` and `GET /v1/policies` tell of every rule by its note, as OPA reads it; a rule on main
without one would leave them without an answer. What belongs into a note, `rule_note` decides.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from itertools import takewhile

from controller.desired_state.document import read_document
from controller.desired_state.problem import Problem
from controller.errors import PolicyError
from controller.policy.company import CompanyRule
from controller.policy.rule_note import NoteError, note_problems, read_note

_BEGINS = re.compile(rb"#[ \t]*METADATA[ \t\r]*")


def company_note_problems(files: Mapping[str, bytes], rules: Iterable[CompanyRule]) -> tuple[Problem, ...]:
    """Return what is wrong with the notes of `rules`; `files` are keyed by path below the policy folder."""
    return tuple(problem for rule in rules for problem in _problems(rule, files[rule.file].split(b"\n")))


def _problems(rule: CompanyRule, lines: list[bytes]) -> Iterator[Problem]:
    begins = _note_of_package(lines)
    if begins is None:
        message = "expected a note (# METADATA) above the package, got none"
        yield Problem(rule.path, 1, 1, message, NoteError.advice)
        return
    # Every line stays where it is, so that what is wrong is told at its own.
    document = read_document(rule.path, b"\n" * begins + b"\n".join(_text(lines[begins:])))
    if document.value is None or document.problems:
        yield from document.problems
        return
    try:
        note = read_note("", rule.path, begins, dict(document.value))
    except PolicyError as error:
        message = str(error).replace(f"{rule.path}:{begins}: ", "the note's ")
        yield Problem(rule.path, begins, 1, message, NoteError.advice)
    else:
        yield from note_problems([note], [rule])


def _note_of_package(lines: list[bytes]) -> int | None:
    """Return the number of the line that begins the last note above the package."""
    package = next((number for number, line in enumerate(lines) if line.startswith(b"package ")), 0)
    return next((number for number in range(package, 0, -1) if _BEGINS.fullmatch(lines[number - 1])), None)


def _text(lines: list[bytes]) -> Iterator[bytes]:
    return (line[1:].rstrip(b"\r") for line in takewhile(lambda line: line.startswith(b"#"), lines))
