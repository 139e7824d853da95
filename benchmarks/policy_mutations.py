"""Would the Rego tests notice if a condition of a default rule were wrong? One mutant at a time.

Each condition in a body is dropped, negated, and where it compares, moved by one; then `opa
test` runs: first the plain tests of the rule, which catch most, then all of its own, and only
when those hold too all there are. A mutant that does not compile is no mutant. Run
`python -m benchmarks.policy_mutations`; survivors are told by file and line, and the exit code
is 1 when fewer than 95 % are caught.
"""

import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parent.parent
POLICIES = ROOT / "policies" / "rego"
LEAST_CAUGHT = 0.95
_THREADS = 2
_PLAIN = 3
_SHARED = ("examples_test.rego",)
_TRIED_BY = {"abilities": "mc_widening", "finding": "decision", "mc_break_glass": "break_glass"}
"""Where the tests of what has no test file of its own are."""
_TEST = re.compile(r"^(test_\w+)", re.MULTILINE)
_HOLDS, _NO_REGO = 0, 1
"""OPA's exit codes; a test that fails or errs ends with 2."""
_INDENT = re.compile(r"\t+")
_BINDS = re.compile(r"some\b|[\w, \[\]]+ := |import\b|default\b|#|\}|\]|\)|else\b|with\b")
_SHIFTS = ((" < ", " <= "), (" <= ", " < "), (" > ", " >= "), (" >= ", " > "), (" == ", " != "), (" != ", " == "))
_ONE_LINE = re.compile(r"(?P<head>\S.* if )(?P<condition>[^{].*)")


@dataclass(frozen=True, slots=True)
class Mutant:
    """One file with one line changed; an empty line is one that was dropped."""

    path: Path
    line: int
    before: str
    after: str

    def __str__(self) -> str:
        """Return where it is, what stood there and what stands there now."""
        place = self.path.relative_to(ROOT).as_posix()
        return f"{place}:{self.line}: `{self.before.strip()}` -> `{self.after.strip() or 'dropped'}`"


def main() -> int:
    """Test every mutant of the files named (all by default), tell the survivors, and return the exit code."""
    wanted = set(sys.argv[1:])
    mutants = [mutant for path in rule_files() if not wanted or path.stem in wanted for mutant in mutants_of(path)]
    tested = caught = 0
    with ThreadPoolExecutor(_THREADS) as pool:
        for mutant, outcome in zip(mutants, pool.map(is_caught, mutants), strict=True):
            tested += outcome is not None
            caught += outcome is True
            if outcome is False:
                print(f"survived: {mutant}", flush=True)
    print(f"{caught} of {tested} mutants caught ({caught / tested:.1%}); {len(mutants) - tested} do not compile")
    return 0 if caught >= LEAST_CAUGHT * tested else 1


def rule_files() -> list[Path]:
    """Return the default rules, and the sentences they share."""
    files = [*POLICIES.glob("*.rego"), *(POLICIES / "rules").glob("*.rego")]
    return sorted(file for file in files if not file.name.endswith("_test.rego"))


def mutants_of(path: Path) -> Iterator[Mutant]:
    """Yield every mutant of one file."""
    for number, line in enumerate(path.read_text().splitlines(), 1):
        indent = _INDENT.match(line)
        one_line = _ONE_LINE.fullmatch(line)
        if indent is not None:
            condition = line[indent.end() :]
            if _is_condition(condition):
                yield from (Mutant(path, number, line, after) for after in _changed(indent[0], condition))
        elif (
            one_line is not None
            and not line.startswith("#")
            and one_line["head"].count('"') % 2 == 0
            and _is_whole(line)
        ):
            head, condition = one_line["head"], one_line["condition"]
            yield from (Mutant(path, number, line, after or f"{head}true") for after in _changed(head, condition))


def _changed(before: str, condition: str) -> Iterator[str]:
    yield ""
    yield before + (condition.removeprefix("not ") if condition.startswith("not ") else f"not {condition}")
    yield from (before + condition.replace(old, new, 1) for old, new in _SHIFTS if old in condition)


def _is_condition(text: str) -> bool:
    return _BINDS.match(text) is None and _is_whole(text) and not text.endswith((",", "|", ":"))


def _is_whole(text: str) -> bool:
    return all(text.count(opened) == text.count(closed) for opened, closed in ("()", "[]", "{}"))


def is_caught(mutant: Mutant) -> bool | None:
    """Return whether a test fails on `mutant`; None when it does not compile."""
    own = {_tests_of(mutant.path).name, *_SHARED}
    with tempfile.TemporaryDirectory(prefix="dvo-mutant-") as folder:
        policies = Path(folder) / "rego"
        shutil.copytree(POLICIES, policies)
        _change(policies / mutant.path.relative_to(POLICIES), mutant)
        others = [test for test in policies.rglob("*_test.rego") if test.name not in own]
        aside = [(test, test.with_suffix(".aside")) for test in others]
        for test, place in aside:
            test.rename(place)
        outcome = _tested(policies, _plain(mutant.path)) or _tested(policies, ".*")
        if outcome == _HOLDS:
            for test, place in aside:
                place.rename(test)
            outcome = _tested(policies, ".*")
    return None if outcome == _NO_REGO else outcome != _HOLDS


def _change(file: Path, mutant: Mutant) -> None:
    lines = file.read_text().splitlines()
    lines[mutant.line - 1] = mutant.after
    file.write_text("\n".join(lines) + "\n")


def _plain(rule: Path) -> str:
    """Return a pattern of the first tests of `rule`: files begin with what is well, which is quick to try."""
    file = _tests_of(rule)
    names = _TEST.findall(file.read_text())[:_PLAIN] if file.exists() else []
    return "|".join(f"[.]{name}$" for name in names) or "none"


def _tests_of(rule: Path) -> Path:
    name = f"{_TRIED_BY.get(rule.stem, rule.stem)}_test.rego"
    return next(POLICIES.rglob(name), rule.with_name(name))


def _tested(policies: Path, wanted: str) -> int:
    """Run the tests that match `wanted` and return OPA's exit code."""
    command = [str(ROOT / ".tools" / "opa"), "test", "--timeout", "120s", "--run", wanted, str(policies)]
    return subprocess.run(command, capture_output=True, check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
