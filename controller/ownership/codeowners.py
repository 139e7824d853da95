"""Who owns a path: the CODEOWNERS file, read by GitHub's "About code owners".

The first of ``.github/``, the root and ``docs/`` counts; the last matching line wins as a
whole; a line without owners disowns. Where GitHub skips a line it cannot read, so that an
earlier and weaker one takes over, this reading is stricter: what such a line covers, or
everything when its pattern is unreadable, belongs to nobody, and the fault names the line.
Which of the owners exist and may approve is not decided here.
"""

import re
import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from controller.change.facts import FileMode, Snapshot
from controller.change.names import ObjectId, RepoPath, login
from controller.desired_state.problem import Problem
from controller.desired_state.tree import unreadable
from controller.errors import InputError
from controller.ownership.lookup import Lookup, Rule, arrange
from controller.ownership.owner import EmailOwner, Owner, TeamOwner, UserOwner
from controller.ownership.pattern import compile_pattern

LOCATIONS = (RepoPath(".github/CODEOWNERS"), RepoPath("CODEOWNERS"), RepoPath("docs/CODEOWNERS"))
_SIZE_LIMIT = 3_000_000
_WORD = re.compile(r"(?:\\.|[^ \t\\])+|\\")
_ORGANIZATION = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,98}[A-Za-z0-9])?")
_TEAM = re.compile(r"[A-Za-z0-9_](?:[A-Za-z0-9_.-]{0,98}[A-Za-z0-9_])?")
_ADDRESS = re.compile(r"[A-Za-z0-9.!$%&'*+/=?^_`{|}~-]{1,64}@[A-Za-z0-9-]{1,63}(?:\.[A-Za-z0-9-]{1,63})+")
_REMEDY = "Correct the line in a pull request; GitHub's `About code owners` describes the syntax."


@dataclass(frozen=True, slots=True)
class CodeOwners:
    """A CODEOWNERS file as read; `path` is None when the tree has none."""

    path: RepoPath | None
    rules: tuple[Rule, ...]
    problems: tuple[Problem, ...]
    lookup: Lookup = field(repr=False, compare=False)


@dataclass(frozen=True, slots=True)
class Ownership:
    """Who owns a path and by which line; both empty where no line speaks about it."""

    path: RepoPath
    line: int | None
    owners: tuple[Owner, ...]


def codeowners_path(snapshot: Snapshot) -> RepoPath | None:
    """Return the CODEOWNERS file that counts in a tree, or None."""
    return next((path for path in LOCATIONS if path in snapshot.entries), None)


def codeowners_of(snapshot: Snapshot, contents: Mapping[ObjectId, bytes]) -> CodeOwners:
    """Return the code owners a tree states; without a readable file nobody owns anything."""
    path = codeowners_path(snapshot)
    if path is None:
        return _nobody(None, "there is no CODEOWNERS file, so nobody can approve what needs an owner")
    entry = snapshot.entries[path]
    if entry.mode not in (FileMode.REGULAR, FileMode.EXECUTABLE):
        return _nobody(path, f"expected a regular file, found mode {entry.mode}")
    if entry.blob not in contents:
        return _nobody(path, f"{unreadable(path).message} (GitHub loads files under {_SIZE_LIMIT} bytes)")
    return parse_codeowners(path, contents[entry.blob])


def parse_codeowners(path: RepoPath, content: bytes) -> CodeOwners:
    """Return the rules of a CODEOWNERS file and every fault in it, by line."""
    if len(content) >= _SIZE_LIMIT:
        return _nobody(path, f"GitHub loads files under {_SIZE_LIMIT} bytes, this one has {len(content)}")
    try:
        text = content.decode("utf-8")
    except UnicodeDecodeError as error:
        return _nobody(path, f"expected UTF-8, found byte 0x{content[error.start]:02x} at offset {error.start}")
    rules: list[Rule] = []
    problems: list[Problem] = []
    # Git's lines end in LF alone; every other separator is an ordinary, and here invalid, character.
    for number, line in enumerate(text.split("\n"), start=1):
        words = list(_words(line.removesuffix("\r")))
        if words:
            rule, faults = _rule(path, number, words)
            rules.append(rule)
            problems.extend(faults)
    return CodeOwners(path, tuple(rules), tuple(problems), arrange(rules))


def owners_of(codeowners: CodeOwners, path: RepoPath) -> Ownership:
    """Return who owns the file at `path`."""
    rule = codeowners.lookup.last_match(path)
    return Ownership(path, None, ()) if rule is None else Ownership(path, rule.line, rule.owners)


def why_unowned(codeowners: CodeOwners, ownership: Ownership) -> str | None:
    """Return why nobody owns a path, naming the line that leaves it so; None when somebody does."""
    if ownership.owners:
        return None
    if not codeowners.rules and codeowners.problems:
        return str(codeowners.problems[0])
    if ownership.line is None:
        return f"no line of {codeowners.path} speaks about it"
    fault = next((problem for problem in codeowners.problems if problem.line == ownership.line), None)
    return f"{codeowners.path}:{ownership.line} names no owners" if fault is None else str(fault)


def _nobody(path: RepoPath | None, message: str) -> CodeOwners:
    problem = Problem(path or LOCATIONS[0], 1, 1, message, "Bring a CODEOWNERS file to main that names owners.")
    return CodeOwners(path, (), (problem,), arrange(()))


def _words(line: str) -> Iterator[re.Match[str]]:
    for word in _WORD.finditer(line):
        if word[0].startswith("#"):
            return
        yield word


def _rule(path: RepoPath, number: int, words: list[re.Match[str]]) -> tuple[Rule, list[Problem]]:
    first, *rest = words
    try:
        _refuse_invisible(first[0])
        pattern = compile_pattern(first[0])
    except InputError as error:
        message = f"{error}, so nobody can tell what {first[0][:80]!a} covers, and nobody owns what earlier lines say"
        return Rule(number, None, ()), [Problem(path, number, first.start() + 1, message, _REMEDY)]
    owners: list[Owner] = []
    faults: list[Problem] = []
    for word in rest:
        try:
            owners.append(_owner(word[0]))
        except InputError as error:
            message = f"{error}, so nobody owns what {first[0][:80]!a} covers"
            faults.append(Problem(path, number, word.start() + 1, message, _REMEDY))
    return Rule(number, pattern, () if faults else tuple(owners)), faults


def _owner(word: str) -> Owner:
    if not word.startswith("@"):
        return EmailOwner(_matched(_ADDRESS, word, "@user, @organization/team or an e-mail address"))
    organization, slash, team = word[1:].partition("/")
    if slash:
        return TeamOwner(
            _matched(_ORGANIZATION, organization, "an organization"), _matched(_TEAM, team, "a team of it")
        )
    if organization.endswith("[bot]"):
        raise InputError(f"expected a person or a team, found the machine {word[:80]!a}")
    return UserOwner(login(organization))


def _matched(pattern: re.Pattern[str], text: str, expected: str) -> str:
    if pattern.fullmatch(text) is None:
        raise InputError(f"expected {expected}, found {text[:80]!a}")
    return text


def _refuse_invisible(word: str) -> None:
    if word.isascii() and word.isprintable():
        return
    for character in word:
        if unicodedata.category(character)[0] in "CZ" and character != " ":
            raise InputError(f"found the invisible character U+{ord(character):04X}")
