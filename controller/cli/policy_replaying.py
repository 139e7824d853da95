"""`dvo policy replay` and `dvo policy decisions`: recorded decisions, asked again or told as OPA tells them."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

import typer
from rich.console import Console

from controller.cli.failure import OK, REFUSED
from controller.cli.printable import printable
from controller.compose.replaying import ReplayParts, compare, decisions_of, policies_at, policies_in, reproduce
from controller.decision.wording import counted
from controller.errors import ConfigurationError, InputError
from controller.policy.answer import Finding
from controller.policy.decision_log import decision_log_entry
from controller.policy.recorded import Recorded
from controller.policy.replay import Flip
from controller.settings import LocalSettings, load_local_settings, process_environment
from controller.workflow.replaying import Comparison, Reproduction

SCHEMA = "dvo.policy-replay/1"


@dataclass(frozen=True, slots=True)
class Asked:
    """The command's options, as given."""

    ledger: Path | None
    allowed_signers: Path | None
    repo: Path
    base: str
    policies: Path | None
    commit: str | None
    newest: int | None


def run(asked: Asked, *, as_json: bool) -> int:
    """Replay, tell the outcome, and return the exit code: refused when a decision is not reproduced."""
    settings = load_local_settings(process_environment())
    parts = ReplayParts(_ledger(asked, settings), asked.repo, asked.base, asked.newest, settings.opa_bin)
    reproduction, comparison = _outcome(asked, parts)
    if as_json:
        typer.echo(json.dumps(_document(reproduction, comparison), indent=2))
    else:
        typer.echo(printable("\n".join(_lines(reproduction, comparison))))
    return OK if reproduction.is_exact else REFUSED


def export(asked: Asked) -> int:
    """Print every decision as a line of OPA's decision log, and return the exit code."""
    settings = load_local_settings(process_environment())
    for decision in decisions_of(_ledger(asked, settings), asked.newest):
        typer.echo(json.dumps(decision_log_entry(decision, version("dvo"))))
    return OK


def _ledger(asked: Asked, settings: LocalSettings) -> tuple[Path, Path]:
    ledger = asked.ledger or settings.ledger
    if not ledger.is_dir():
        raise ConfigurationError(
            f"--ledger: expected the ledger or a clone of it, got {ledger}, where there is none; "
            "clone the controller's DVO_LEDGER_REMOTE"
        )
    signers = asked.allowed_signers or settings.home / "allowed_signers"
    if not signers.is_file():
        raise ConfigurationError(
            f"--allowed-signers: expected the file of who may sign the ledger, got {signers}, where there is none; "
            "the controller keeps it as allowed_signers in its DVO_HOME"
        )
    return ledger, signers


def _outcome(asked: Asked, parts: ReplayParts) -> tuple[Reproduction, Comparison | None]:
    if asked.policies is not None and asked.commit is not None:
        raise InputError("--policies: is given beside --commit; decisions are replayed on one policy")
    console = Console(stderr=True)
    with console.status("Reading the ledger ...") as status:

        def progress(done: int) -> None:
            status.update(f"{done} decisions replayed ...")

        if asked.policies is not None:
            return compare(parts, policies_in(asked.policies), progress)
        if asked.commit is not None:
            return compare(parts, policies_at(parts.repository, asked.commit), progress)
        return reproduce(parts, progress), None


def _lines(reproduction: Reproduction, comparison: Comparison | None) -> Iterator[str]:
    for one in reproduction.differing:
        yield f"✗ {_place(one.decision)}: its own policy answers otherwise"
        yield from (f"    {difference}" for difference in one.differences)
    for revision, decisions in sorted(reproduction.unknown.items()):
        yield f"✗ {counted(len(decisions), 'decision')} by policies {revision}, which this clone does not have"
        yield f"    the first is {_place(decisions[0])}"
    if reproduction.unknown:
        yield "  → Policies are sought in the history of --base: try `git fetch` and --base origin/main."
    if comparison is not None:
        yield from _comparison(comparison)
    if reproduction.replayed or comparison is None:
        sign = "✓" if reproduction.is_exact else "✗"
        exact = reproduction.replayed - len(reproduction.differing)
        asked = reproduction.replayed + sum(map(len, reproduction.unknown.values()))
        yield f"{sign} {exact} of {counted(asked, 'decision')} came out the same with the same policy."


def _comparison(comparison: Comparison) -> Iterator[str]:
    for flip in comparison.flips:
        yield f"{flip_words(flip)}  {_place(flip.decision)}"
        yield from (f"    - {_finding(finding)}" for finding in flip.gone)
        yield from (f"    + {_finding(finding)}" for finding in flip.added)
        if flip.failure is not None:
            yield f"    no answer: {flip.failure}"
    flipped = counted(len(comparison.flips), "decision")
    yield f"{flipped} of {comparison.replayed} would flip with policies {comparison.revision}."


def flip_words(flip: Flip) -> str:
    """Return the two stances of a flip, as words."""
    after = "no answer" if flip.after is None else flip.after.name.lower()
    return f"{flip.before.name.lower()} → {after} ({flip.direction})"


def _finding(finding: Finding) -> str:
    return f"{finding.action} {finding.rule}: {finding.message}"


def _place(decision: Recorded) -> str:
    return f"entry {decision.entry} ({decision.subject}, {decision.at.isoformat(timespec='seconds')})"


def _document(reproduction: Reproduction, comparison: Comparison | None) -> Mapping[str, object]:
    return {
        "schema": SCHEMA,
        "reproduced": {
            "replayed": reproduction.replayed,
            "exact": reproduction.is_exact,
            "differing": [
                {**_decision(one.decision), "differences": list(one.differences)} for one in reproduction.differing
            ],
            "unknown_policies": {
                revision: [_decision(one) for one in found] for revision, found in sorted(reproduction.unknown.items())
            },
        },
        "compared": comparison
        and {
            "policy_revision": comparison.revision,
            "replayed": comparison.replayed,
            "flips": [_flip(flip) for flip in comparison.flips],
        },
    }


def _flip(flip: Flip) -> Mapping[str, object]:
    return {
        **_decision(flip.decision),
        "direction": flip.direction.value,
        "deny_to_allow": flip.is_deny_to_allow,
        "from": flip.before.name.lower(),
        "to": None if flip.after is None else flip.after.name.lower(),
        "gone": [_finding(finding) for finding in flip.gone],
        "added": [_finding(finding) for finding in flip.added],
        "failure": flip.failure,
    }


def _decision(decision: Recorded) -> Mapping[str, object]:
    return {
        "entry": decision.entry,
        "subject": decision.subject,
        "at": decision.at.isoformat(),
        "decision_id": decision.answer.decision_id,
        "policy_revision": decision.answer.revision,
    }
