"""Policy bundles compiled by OPA, without any builtin that reaches outside.

A policy is a function of its input and its data. The compiler is told of no builtin whose
result OPA itself calls nondeterministic (network, clock, chance, environment), nor of those
that fetch what a document refers to; a bundle that names one does not compile. OPA checks
capabilities only when it builds, so only what was built here is ever run.
"""

import json
import re
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

from controller.adapters.opa.command import Limits, run_opa
from controller.change.names import RepoPath
from controller.desired_state.problem import Problem
from controller.errors import PolicyError, UnavailableError
from controller.policy.bundle import FOLDER, PolicyBundle
from controller.policy.company import company_problems

ROOTS = ("dvo", "company")
"""Where rules and data of a bundle may live; `system`, which OPA obeys, is not among them."""

_FORBIDDEN = re.compile(
    r"http\.send|net\..+|opa\.runtime|rand\..+|uuid\..+|time\.now_ns|io\.jwt\.decode_verify"
    # Both fetch a `$ref` over HTTP, whatever the capabilities say of the network.
    r"|json\.match_schema|json\.verify_schema"
)
_PATH = re.compile(r"(?:[A-Za-z0-9_-][A-Za-z0-9_.-]{0,99}/){0,12}[A-Za-z0-9_-][A-Za-z0-9_.-]{0,99}")
_READ = re.compile(r"(?:.*/)?(?:[^/]+\.rego|data\.(?:json|yaml|yml))")
_NAMED = re.compile(rf"{FOLDER}[A-Za-z0-9_./-]+\.(?:rego|json|ya?ml)")
"""The file that a fault is about which OPA gives no place of its own: that of data."""
_PREFACE = re.compile(r"\Aerror: (?:[0-9]+ errors? occurred: )?")
_SECONDS = 10.0
_MEMORY_BYTES = 1 << 30
_TOLD = 2000


class OpaCompiler:
    """Builds and checks bundles with one OPA binary."""

    def __init__(self, opa: Path, memory_bytes: int = _MEMORY_BYTES) -> None:
        """No OPA that compiles may take more than `memory_bytes`."""
        self._opa = opa
        self._limits = Limits(_SECONDS, memory_bytes)

    def build(self, bundle: PolicyBundle, folder: Path) -> Path:
        """Compile `bundle` into an archive below `folder` whose revision is the bundle's digest.

        Raises `PolicyError` with the compiler's words when it does not compile.
        """
        if faults := company_problems(bundle.files):
            raise PolicyError(f"the policies of {bundle.digest} do not compile: {'; '.join(map(str, faults))}")
        self.lay_out(bundle, folder)
        archive = folder / "bundle.tar.gz"
        options = ["--bundle", FOLDER, "--revision", bundle.digest, "--output", str(archive)]
        done = self._run(["build", "--capabilities", "capabilities.json", *options], folder)
        if done.returncode != 0:
            raise PolicyError(
                f"the policies of {bundle.digest} do not compile: {told(done.stdout + done.stderr, folder)}"
            )
        return archive

    def check(self, bundle: PolicyBundle, folder: Path) -> tuple[Problem, ...]:
        """Return what the strict compiler finds wrong with `bundle`, at its place; empty when all is well."""
        try:
            self.lay_out(bundle, folder)
        except PolicyError as error:
            return (Problem(RepoPath(FOLDER), 1, 1, str(error), error.advice),)
        options = ["--strict", "--bundle", "--format", "json", "--max-errors", "0"]
        done = self._run(["check", "--capabilities", "capabilities.json", *options, FOLDER], folder)
        found = () if done.returncode == 0 else _problems(done.stdout + done.stderr)
        return tuple(sorted({*found, *company_problems(bundle.files)}))

    def lay_out(self, bundle: PolicyBundle, folder: Path) -> None:
        """Write `bundle` below `folder` as it stands in a repository.

        Raises `PolicyError` for odd names of files, `UnavailableError` when the disk takes nothing.
        """
        files = _readable(bundle.files)
        capabilities = offline_capabilities(self._opa, folder, self._limits)
        manifest = {"revision": bundle.digest, "roots": ROOTS}
        try:
            _write(files, folder / FOLDER)
            (folder / FOLDER / ".manifest").write_text(json.dumps(manifest))
            (folder / "capabilities.json").write_text(json.dumps(capabilities))
        except OSError as error:
            raise UnavailableError(f"the policies cannot be laid out: {error.strerror}", component="opa") from error

    def _run(self, arguments: Sequence[str], folder: Path) -> subprocess.CompletedProcess[str]:
        return run_opa(self._opa, arguments, folder, self._limits)


def offline_capabilities(opa: Path, folder: Path, limits: Limits) -> Mapping[str, object]:
    """Return the capabilities of this `opa` without every builtin that reaches outside.

    Raises `UnavailableError` when it does not tell them.
    """
    done = run_opa(opa, ["capabilities", "--current"], folder, limits)
    try:
        return restricted(json.loads(done.stdout))
    except (ValueError, TypeError, KeyError) as error:
        raise UnavailableError(
            f"expected OPA at {opa}, which does not tell its capabilities and ends with {done.returncode}",
            component="opa",
        ) from error


def restricted(capabilities: Mapping[str, object]) -> Mapping[str, object]:
    """Return `capabilities`, as OPA tells them, without every builtin that reaches outside."""
    builtins = capabilities["builtins"]
    if not isinstance(builtins, list):
        raise TypeError("expected a list of builtins")
    kept = [
        builtin
        for builtin in builtins
        if not builtin.get("nondeterministic") and _FORBIDDEN.fullmatch(builtin["name"]) is None
    ]
    return {**capabilities, "builtins": kept, "allow_net": []}


def told(output: str, folder: Path) -> str:
    """Return what OPA printed as one line, without the place it ran in."""
    line = _PREFACE.sub("", " ".join(output.replace(f"{folder}/", "").split()))
    return "".join(letter if letter.isprintable() else "?" for letter in line)[:_TOLD] or "it says nothing"


def _write(files: Mapping[str, bytes], policy: Path) -> None:
    for path, content in files.items():
        place = policy / path
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(content)
    policy.mkdir(parents=True, exist_ok=True)


def _readable(files: Mapping[str, bytes]) -> Mapping[str, bytes]:
    """Return the files OPA reads of a bundle; special ones (signatures, plans, patches) are never passed on."""
    read = {path: content for path, content in files.items() if _READ.fullmatch(path)}
    odd = sorted(path for path in read if _PATH.fullmatch(path) is None)
    if odd:
        raise PolicyError(f"expected plain names of policy files, got {odd[0][:200]!a}")
    return read


def _problems(output: str) -> tuple[Problem, ...]:
    try:
        errors = json.loads(output)["errors"]
        return tuple(sorted(_problem(error) for error in errors))
    except (ValueError, TypeError, KeyError, AttributeError):
        return (Problem(RepoPath(FOLDER), 1, 1, told(output, Path()), PolicyError.advice),)


def _problem(error: Mapping[str, object]) -> Problem:
    location = error.get("location")
    at = location if isinstance(location, dict) else {}
    message = told(": ".join(str(error[part]) for part in ("code", "message") if part in error), Path())
    named = _NAMED.search(message)
    path = RepoPath(str(at.get("file") or (named[0] if named else FOLDER)))
    return Problem(path, int(at.get("row") or 1), int(at.get("col") or 1), message, PolicyError.advice)
