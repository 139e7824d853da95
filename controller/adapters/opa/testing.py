"""The Rego tests of a policy folder, run by `opa test` without any builtin that reaches outside.

Those that fail are run once more, for OPA to show the expression that does not hold and the values
in it. It prints that for people only; where it cannot be found in what is printed, nothing is shown.
"""

import json
import re
import subprocess
import tempfile
import textwrap
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from controller.adapters.opa.command import Limits, run_opa
from controller.adapters.opa.compiling import offline_capabilities, told
from controller.errors import PolicyError

_LIMITS = Limits(seconds=300.0, memory_bytes=2 << 30)
_ONE_TEST = "30s"
_MOST_SHOWN = 20
_FAILED = re.compile(r"data\.(\S+): FAIL \(.*\)")
_FIELD = re.compile(r"-{10,}")


@dataclass(frozen=True, slots=True)
class RegoTest:
    """One test, or one case of a test that has several."""

    name: str
    """Package and name, as ``dvo_test.mc_input.test_x`` or with ``[case]`` behind."""
    path: str
    line: int
    has_passed: bool
    reason: str
    """Why it failed, in OPA's words where it has any; empty when it passed."""
    shown: tuple[str, ...] = ()
    """The lines in which OPA shows the expression that does not hold, with the values in it."""


def run_rego_tests(opa: Path, folder: Path, packages: Collection[str] | None = None) -> tuple[RegoTest, ...]:
    """Return the outcome of every test in the policy `folder`, or of those in `packages` (as ``dvo_test.x``).

    Paths are relative to the repository. Raises `PolicyError` when the tests do not compile,
    `UnavailableError` when OPA does not run.
    """
    if packages is not None and not packages:
        return ()
    only = [] if packages is None else ["--run", _one_of(f"{package}." for package in packages)]
    with tempfile.TemporaryDirectory(prefix="dvo-opa-") as private:
        run = _Run(opa, folder, Path(private) / "capabilities.json")
        done = run(["--format", "json", *only])
        try:
            outcomes = json.loads(done.stdout)
            tests = [test for outcome in outcomes or [] for test in _tests(outcome)]
        except (ValueError, TypeError, KeyError) as error:
            raise PolicyError(f"the tests do not run: {told(done.stdout + done.stderr, folder.parents[1])}") from error
        failed = list(dict.fromkeys(_whole(test.name) for test in tests if not test.has_passed))[:_MOST_SHOWN]
        shown = _shown(run(["--var-values", "--run", _one_of(failed) + "$"]).stdout) if failed else {}
    return tuple(
        replace(test, shown=shown.pop(_whole(test.name), ())) if not test.has_passed else test for test in tests
    )


class _Run:
    """One way to run `opa test` on a policy folder."""

    def __init__(self, opa: Path, folder: Path, capabilities: Path) -> None:
        self._opa = opa
        self._repository = folder.parents[1]
        capabilities.write_text(json.dumps(offline_capabilities(opa, self._repository, _LIMITS)))
        self._common = ["--timeout", _ONE_TEST, "--capabilities", str(capabilities)]
        self._where = str(folder.relative_to(self._repository))

    def __call__(self, options: Sequence[str]) -> subprocess.CompletedProcess[str]:
        return run_opa(self._opa, ["test", *self._common, *options, self._where], self._repository, _LIMITS)


def _one_of(names: Iterable[str]) -> str:
    return "^(?:" + "|".join(re.escape(f"data.{name}") for name in names) + ")"


def _whole(name: str) -> str:
    """Return the name of the test of which `name` may be one case."""
    return name.partition("[")[0]


def _shown(printed: str) -> dict[str, tuple[str, ...]]:
    """Return what OPA shows of each test that failed, without the margin it puts before it."""
    blocks: dict[str, list[str]] = {}
    block: list[str] = []
    for line in printed.partition("\nFAILURES\n")[2].splitlines():
        if found := _FAILED.fullmatch(line):
            block = blocks.setdefault(found[1], [])
        elif _FIELD.fullmatch(line):
            block = []
        else:
            block += [line.replace("\t", "    ").rstrip()] if line.strip() else []
    return {name: tuple(textwrap.dedent("\n".join(lines)).splitlines()) for name, lines in blocks.items()}


def _tests(outcome: Mapping[str, object]) -> Iterator[RegoTest]:
    location = outcome["location"]
    if not isinstance(location, dict):
        raise TypeError("expected the place of a test")
    name = f"{str(outcome['package']).removeprefix('data.')}.{outcome['name']}"
    at = (str(location["file"]), int(location["row"]))
    cases = outcome.get("sub_results")
    if isinstance(cases, dict) and cases:
        for case, result in sorted(cases.items()):
            yield RegoTest(
                f"{name}[{case}]", *at, not result.get("fail"), "it does not hold" if result.get("fail") else ""
            )
    else:
        reason = _reason(outcome)
        yield RegoTest(name, *at, not reason, reason)


def _reason(outcome: Mapping[str, object]) -> str:
    error = outcome.get("error")
    if error:
        return told(str(error.get("message") if isinstance(error, dict) else error), Path())
    if outcome.get("skip"):
        return "it was not run, for its name begins with todo_"
    return "it does not hold" if outcome.get("fail") else ""
