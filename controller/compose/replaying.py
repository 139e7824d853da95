"""What replaying is made of: a copy of the ledger, a clone with the policies of every time, and an OPA."""

import os
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from controller.adapters.git_local import LocalRepository
from controller.adapters.opa import OpaServers
from controller.change.facts import Commit
from controller.compose.ledger_copy import sealed_events
from controller.compose.policies import known_opa
from controller.errors import InputError, PolicyError
from controller.policy.bundle import FOLDER, PolicyBundle, policy_bundle
from controller.policy.recorded import Recorded
from controller.workflow.gathering import governing_blobs
from controller.workflow.previewing import policies_of
from controller.workflow.replaying import Comparison, Replaying, Reproduction, recorded_decisions

_THREADS = min(8, 2 * (os.cpu_count() or 1))


@dataclass(frozen=True, slots=True)
class ReplayParts:
    """What is replayed, and on what."""

    ledger: tuple[Path, Path]
    """A copy of the ledger, and the file of those who may sign it, which comes from elsewhere."""
    repository: Path
    """A clone of the governed repository."""
    base: str
    """The branch whose policies took the decisions."""
    newest: int | None
    """Only so many of the newest decisions; None: all."""
    opa: Path | None


def decisions_of(ledger: tuple[Path, Path], newest: int | None = None) -> tuple[Recorded, ...]:
    """Return the (newest) decisions of a ledger, each verified; raises as `sealed_events`, and `InputError`."""
    found = tuple(recorded_decisions(sealed_events(ledger)))
    return found if newest is None else found[-newest:]


def reproduce(parts: ReplayParts, progress: Callable[[int], None]) -> Reproduction:
    """Replay every decision with the policies that took it, found in the history of the base branch.

    Raises `ConfigurationError` without an OPA, `InputError` for a branch that the clone lacks or a
    decision of another version, `LedgerIntegrityError` for a ledger that does not hold,
    `UnavailableError` when Git or OPA does not answer.
    """
    decisions = decisions_of(parts.ledger, parts.newest)
    policies = _policies_of_history(LocalRepository(parts.repository), parts.base)
    with OpaServers(known_opa(parts.opa)) as engine, ThreadPoolExecutor(_THREADS) as pool:
        return Replaying(engine, pool, progress).reproduce(decisions, policies)


def compare(
    parts: ReplayParts, bundle: PolicyBundle, progress: Callable[[int], None]
) -> tuple[Reproduction, Comparison]:
    """Replay every decision with `bundle`: those it took must come out the same, of the others flips are told.

    Raises as `reproduce` does, and `PolicyError` when `bundle` does not compile.
    """
    decisions = decisions_of(parts.ledger, parts.newest)
    own = [one for one in decisions if one.answer.revision == bundle.digest]
    others = [one for one in decisions if one.answer.revision != bundle.digest]
    with OpaServers(known_opa(parts.opa)) as engine, ThreadPoolExecutor(_THREADS) as pool:
        _check(engine, bundle)
        reproduction = Replaying(engine, pool, progress).reproduce(own, {bundle.digest: bundle})
        comparison = Replaying(engine, pool, lambda done: progress(len(own) + done)).compare(others, bundle)
    return reproduction, comparison


def _check(engine: OpaServers, bundle: PolicyBundle) -> None:
    problems = engine.check(bundle)
    if problems:
        told = "; ".join(f"{problem.path}:{problem.line}: {problem.message}" for problem in problems[:5])
        raise PolicyError(f"the policies do not compile: {told}")


def policies_in(folder: Path) -> PolicyBundle:
    """Return the policies of a folder that holds Rego, or of a governed repository. Raises `InputError`."""
    place = folder if folder.name == "rego" else folder / FOLDER
    if not place.is_dir():
        raise InputError(f"--policies: expected a folder `rego`, or a repository with {FOLDER}, got {folder}")
    files = {file.relative_to(place).as_posix(): file for file in sorted(place.rglob("*")) if file.is_file()}
    try:
        return policy_bundle({path: file.read_bytes() for path, file in files.items()})
    except OSError as error:
        raise InputError(f"{place}: cannot be read: {error.strerror}") from error


def policies_at(repository: Path, commit: str) -> PolicyBundle:
    """Return the policies of a commit. Raises `InputError` for one the clone lacks."""
    clone = LocalRepository(repository)
    return _policies_of_commit(clone, clone.compare(commit, commit).base)


def _policies_of_history(clone: LocalRepository, base: str) -> Mapping[str, PolicyBundle]:
    bundles = [_policies_of_commit(clone, step) for step in clone.steps(base, "policies")]
    return {bundle.digest: bundle for bundle in bundles}


def _policies_of_commit(clone: LocalRepository, commit: Commit) -> PolicyBundle:
    snapshot = clone.snapshot(commit.sha, commit.tree)
    return policies_of(snapshot, clone.contents(governing_blobs(snapshot)))
