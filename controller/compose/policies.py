"""What the commands of a policy author are made of: a policy folder on this machine, and an OPA."""

from pathlib import Path

from controller.adapters.opa.inspecting import inspect_notes
from controller.errors import ConfigurationError, InputError
from controller.policy.bundle import FOLDER
from controller.policy.rule_note import RuleNote, read_notes


def rule_notes(repository: Path, opa: Path | None) -> tuple[RuleNote, ...]:
    """Return what every rule of `repository` says of itself.

    Raises `ConfigurationError` without an OPA, `InputError` where there are no policies,
    `PolicyError` for policies that do not parse or a rule without a note.
    """
    return read_notes(inspect_notes(known_opa(opa), policy_folder(repository)))


def known_opa(opa: Path | None) -> Path:
    """Return `opa`. Raises `ConfigurationError` when there is none."""
    if opa is None:
        raise ConfigurationError("OPA_BIN: there is no opa beside the project or on the PATH; `make opa` obtains it")
    return opa


def policy_folder(repository: Path) -> Path:
    """Return the policy folder of `repository`. Raises `InputError` when there is none."""
    folder = repository.absolute() / FOLDER
    if not folder.is_dir():
        raise InputError(f"--repo: expected a governed repository, got {repository} without {FOLDER}")
    return folder
