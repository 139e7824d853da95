"""What the `opa` command tells about a policy folder on this machine: its notes.

Nothing is served and nothing leaves the folder. What its words mean is read elsewhere.
"""

import json
from pathlib import Path

from controller.adapters.opa.command import Limits, run_opa
from controller.adapters.opa.compiling import OpaCompiler, told
from controller.errors import PolicyError, UnavailableError
from controller.policy.bundle import FOLDER, PolicyBundle

_LIMITS = Limits(seconds=60.0, memory_bytes=2 << 30)


def inspect_notes(opa: Path, folder: Path) -> object:
    """Return what `opa inspect -a` tells of the policies in `folder`, paths relative to its repository.

    Raises `PolicyError` when they cannot be read, `UnavailableError` when OPA does not run.
    """
    repository = folder.parents[1]
    done = run_opa(opa, ["inspect", "-a", "--format", "json", str(folder.relative_to(repository))], repository, _LIMITS)
    if done.returncode != 0:
        raise PolicyError(f"the policies cannot be read: {told(done.stdout + done.stderr, repository)}")
    try:
        notes: object = json.loads(done.stdout)
    except ValueError as error:
        raise UnavailableError(f"OPA tells no notes: {error}", component="opa") from error
    return notes


def inspect_bundle(opa: Path, bundle: PolicyBundle, folder: Path) -> object:
    """Return what `opa inspect -a` tells of `bundle`, laid out in `folder`. Raises as `inspect_notes` does."""
    OpaCompiler(opa).lay_out(bundle, folder)
    return inspect_notes(opa, folder / FOLDER)
