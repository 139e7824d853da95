"""What a policy's rules say of themselves: the notes (OPA annotations) of every rule package.

Read from what `opa inspect -a` tells of a policy folder. Every package below `dvo.rules` and
`dvo.company` is a rule, and one without a complete note is a fault of the policy.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum

from controller.desired_state.problem import Problem
from controller.errors import PolicyError
from controller.policy.bundle import FOLDER
from controller.policy.company import CompanyRule
from controller.policy.json_value import array, fields, member, text

COMPANY = "data.dvo.company."
_DEFAULT = "data.dvo.rules."
_ID = re.compile(r"[a-z0-9][a-z0-9-]{0,63}", re.ASCII)
_LONG = 4000


class NoteError(PolicyError):
    """A rule says too little of itself, or takes the id of another."""

    advice = (
        "Write above its package, after `# METADATA`: title, description, and below custom: id, owner, severity "
        "(info, low, medium, high or critical) and remedy; policies/rego/company/README.md shows one."
    )


class Severity(StrEnum):
    """How much it matters that a rule holds, least first."""

    INFO = "info"
    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"
    CRITICAL = "critical"


@dataclass(frozen=True, slots=True, order=True)
class RuleNote:
    """What one rule says of itself."""

    id: str
    title: str
    description: str
    owner: str
    """Who in the company answers for the rule."""
    severity: Severity
    remedy: str
    """What somebody can do whom the rule stops."""
    package: str
    path: str
    line: int

    @property
    def is_company(self) -> bool:
        """Whether it is a rule of the company's own."""
        return self.package.startswith(COMPANY.removeprefix("data."))


def read_notes(inspected: object) -> tuple[RuleNote, ...]:
    """Return the note of every rule in `inspected`, the default rules first, each sorted by id.

    Raises `PolicyError`, naming file and line, for a rule without a complete note and for an id
    that two rules claim.
    """
    told = fields(inspected, "the inspection")
    rules = _rules(told.get("namespaces"))
    notes = {}
    for _, raw in array(told.get("annotations") or [], "annotations"):
        annotation = fields(raw, "an annotation")
        package = _package(annotation.get("path"))
        if package in rules and fields(annotation["annotations"], package).get("scope") == "package":
            notes[package] = _note(package, annotation)
    missing = sorted(rules.keys() - notes.keys())
    if missing:
        raise NoteError(f"{rules[missing[0]]}:1: expected a note (# METADATA, title, custom) on {missing[0]}, got none")
    return _distinct(sorted(notes.values(), key=lambda note: (note.is_company, note.id, note.path)))


def company_test_packages(inspected: object) -> frozenset[str]:
    """Return the packages of the tests below company/, as ``dvo_test.two_regions``."""
    spaces = fields(fields(inspected, "the inspection").get("namespaces"), "namespaces")
    return frozenset(
        package.removeprefix("data.")
        for package, files in spaces.items()
        if any(
            str(file).startswith(f"{FOLDER}company/") and str(file).endswith("_test.rego")
            for _, file in array(files, package)
        )
    )


def note_document(note: RuleNote) -> Mapping[str, object]:
    """Return what a rule says of itself, as JSON values."""
    return {
        "id": note.id,
        "title": note.title,
        "description": note.description,
        "owner": note.owner,
        "severity": note.severity.value,
        "remedy": note.remedy,
        "package": note.package,
        "path": note.path,
        "line": note.line,
        "company": note.is_company,
    }


def note_problems(notes: Iterable[RuleNote], rules: Iterable[CompanyRule]) -> tuple[Problem, ...]:
    """Return where the note of one of the company's `rules` tells another id than its findings carry."""
    told = {note.path: note for note in notes}
    return tuple(
        Problem(
            rule.path,
            told[rule.path].line,
            1,
            f"expected {rule.id} as id in the note, as line {rule.line} says, got {told[rule.path].id}",
            "Write the same id in both places.",
        )
        for rule in rules
        if rule.path in told and told[rule.path].id != rule.id
    )


def _distinct(notes: list[RuleNote]) -> tuple[RuleNote, ...]:
    seen: dict[str, RuleNote] = {}
    for note in notes:
        other = seen.setdefault(note.id, note)
        if other is not note:
            raise NoteError(f"{note.path}:{note.line}: expected an id of its own, got {note.id} of {other.path}")
    return tuple(notes)


def _rules(raw: object) -> Mapping[str, str]:
    """Return the file of every rule package; tests have packages of their own."""
    spaces = fields(raw, "namespaces")
    return {
        package: str((array(files, package) or [("", "?")])[0][1])
        for package, files in spaces.items()
        if package.startswith((_DEFAULT, COMPANY))
    }


def _package(raw: object) -> str:
    parts = [fields(part, place).get("value") for place, part in array(raw or [], "path")]
    return ".".join(map(str, parts))


def _note(package: str, annotation: dict[str, object]) -> RuleNote:
    location = fields(annotation.get("location"), f"the location of {package}")
    path, line = str(location.get("file")), int(str(location.get("row") or 1))
    at = f"{path}:{line}"
    try:
        return read_note(package, path, line, fields(annotation["annotations"], at))
    except PolicyError as error:
        raise NoteError(str(error)) from error


def read_note(package: str, path: str, line: int, note: dict[str, object]) -> RuleNote:
    """Return the `note` that stands at a place. Raises `PolicyError` for one that is not complete."""
    at = f"{path}:{line}"
    custom = fields(note.get("custom") or {}, f"{at}: custom")
    return RuleNote(
        id=text(custom.get("id"), f"{at}: custom.id", _ID),
        title=text(note.get("title"), f"{at}: title"),
        description=_prose(note.get("description"), f"{at}: description"),
        owner=text(custom.get("owner"), f"{at}: custom.owner"),
        severity=Severity(member(custom.get("severity"), f"{at}: custom.severity", list(Severity))),
        remedy=text(custom.get("remedy"), f"{at}: custom.remedy", longest=_LONG),
        package=package.removeprefix("data."),
        path=path,
        line=line,
    )


def _prose(raw: object, place: str) -> str:
    """Return text of several lines as one."""
    return text(" ".join(raw.split()) if isinstance(raw, str) else raw, place, longest=_LONG)
