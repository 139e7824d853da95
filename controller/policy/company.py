"""What a company's own modules may be: rules beside the default ones, in packages of their own.

Rego lets every module add to any package, so a module of the company could widen a sentence
that a default rule relies on and so take a finding away. Below `company/` only two packages
are therefore possible, `dvo.company.<name>` for a rule and `company.<name>` for what rules
share. The form is held to the letter here; what a rule is worth when it runs, mc-company asks.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from controller.change.names import RepoPath
from controller.desired_state.problem import Problem
from controller.policy.bundle import FOLDER

_BELOW = "company/"
_PACKAGE = re.compile(rb"package (?P<rule>dvo\.)?company\.[a-z][a-z0-9_]{0,63}[ \t\r]*(?:#.*)?")
_ID = re.compile(rb'id := "(?P<id>[a-z0-9][a-z0-9-]{0,63})"[ \t\r]*(?:#.*)?')
_NAMES_ID = re.compile(rb"(?:default )?id\b")
_DEFAULT = b"mc-"


@dataclass(frozen=True, slots=True)
class CompanyRule:
    """A module that is a rule, and where it names itself."""

    id: str
    file: str
    """Its path below the policy folder."""
    line: int

    @property
    def path(self) -> RepoPath:
        """Its path in the repository."""
        return RepoPath(FOLDER + self.file)


def company_rules(files: Mapping[str, bytes]) -> tuple[CompanyRule, ...]:
    """Return the company's rules among `files`, keyed by path below the policy folder; one without an id is none."""
    return tuple(
        CompanyRule(found["id"].decode(), path, number)
        for path, content in _modules(files).items()
        for number, line in enumerate(content.split(b"\n"), 1)
        if (found := _ID.fullmatch(line)) is not None
    )


def company_problems(files: Mapping[str, bytes]) -> tuple[Problem, ...]:
    """Return what is wrong with the company's modules among `files`, keyed by path below the policy folder."""
    ids: dict[bytes, str] = {}
    return tuple(problem for path, content in _modules(files).items() for problem in _problems(path, content, ids))


def _modules(files: Mapping[str, bytes]) -> Mapping[str, bytes]:
    return {path: files[path] for path in sorted(files) if path.startswith(_BELOW) and path.endswith(".rego")}


def _problems(path: str, content: bytes, ids: dict[bytes, str]) -> Iterator[Problem]:
    # OPA ends a line at a line feed alone, and so does this: a comment cannot hide a package.
    lines = content.split(b"\n")
    number, line = next(((n, line) for n, line in enumerate(lines, 1) if not _is_blank(line)), (1, b""))
    package = _PACKAGE.fullmatch(line)
    if package is None:
        remedy = "Write `package dvo.company.<name>` on a line of its own, for a rule."
        yield _problem(path, number, "expected a package below dvo.company or company", remedy)
    elif package["rule"] is not None:
        yield from _id_problems(path, lines, ids)


def _is_blank(line: bytes) -> bool:
    stripped = line.strip(b" \t\r")
    return not stripped or stripped.startswith(b"#")


def _id_problems(path: str, lines: list[bytes], ids: dict[bytes, str]) -> Iterator[Problem]:
    """Yield what is wrong with the one line that names the rule."""
    named = [(number, line) for number, line in enumerate(lines, 1) if _NAMES_ID.match(line)]
    if len(named) != 1:
        number = named[1][0] if named else 1
        remedy = 'Write one line `id := "acme-sober-models"`.'
        yield _problem(path, number, f"expected one id of the rule, got {len(named)}", remedy)
        return
    number, line = named[0]
    found = _ID.fullmatch(line)
    if found is None:
        yield _problem(path, number, "expected the id as text of lower-case letters, digits and hyphens", "Quote it.")
    elif found["id"].startswith(_DEFAULT):
        yield _problem(path, number, "an id that begins with mc- is of a default rule", "Begin it with the company.")
    elif (other := ids.setdefault(found["id"], path)) != path:
        yield _problem(path, number, f"{found['id'].decode()} is the id of {other} too", "Choose another id.")


def _problem(path: str, line: int, message: str, remedy: str) -> Problem:
    return Problem(RepoPath(FOLDER + path), line, 1, message, remedy)
