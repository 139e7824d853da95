"""The Rego tests of a policy folder, run by `opa test` without any builtin that reaches outside."""

import json
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from controller.adapters.opa.command import Limits, run_opa
from controller.adapters.opa.compiling import offline_capabilities, told
from controller.errors import PolicyError

_LIMITS = Limits(seconds=300.0, memory_bytes=2 << 30)
_ONE_TEST = "30s"


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


def run_rego_tests(opa: Path, folder: Path) -> tuple[RegoTest, ...]:
    """Return the outcome of every test in the policy `folder`, paths relative to its repository.

    Raises `PolicyError` when the tests do not compile, `UnavailableError` when OPA does not run.
    """
    repository = folder.parents[1]
    with tempfile.TemporaryDirectory(prefix="dvo-opa-") as private:
        capabilities = Path(private) / "capabilities.json"
        capabilities.write_text(json.dumps(offline_capabilities(opa, repository, _LIMITS)))
        arguments = ["test", "--format", "json", "--timeout", _ONE_TEST, "--capabilities", str(capabilities)]
        done = run_opa(opa, [*arguments, str(folder.relative_to(repository))], repository, _LIMITS)
    try:
        outcomes = json.loads(done.stdout)
        return tuple(test for outcome in outcomes or [] for test in _tests(outcome))
    except (ValueError, TypeError, KeyError) as error:
        raise PolicyError(f"the tests do not run: {told(done.stdout + done.stderr, repository)}") from error


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
    return "it does not hold" if outcome.get("fail") else ""
