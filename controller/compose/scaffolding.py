"""What `dvo init` writes into a governed repository, and what `--upgrade` proposes to one."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from controller.adapters.git_local.proposing import commit_on_branch
from controller.errors import ConfigurationError, InputError
from controller.policy.bundle import FOLDER
from controller.policy.library import RECORD, Upgrade, is_library, record, upgrade

_ROOT = Path(__file__).parents[2]
_TEMPLATES = Path(__file__).parent / "scaffold"
_COPIED = ("policies", "schemas", "agents/anl")
_SINGLE = (
    "environments/development/environment.yaml",
    "environments/development/anl.yaml",
    "environments/staging/environment.yaml",
    "environments/production/environment.yaml",
)
_MADE = {
    ".github/CODEOWNERS": "CODEOWNERS",
    ".github/workflows/dvo-check.yml": "dvo-check.yml",
    "people.yaml": "people.yaml",
}


@dataclass(frozen=True, slots=True)
class Scaffold:
    """What was written, and what was there already and stayed."""

    written: tuple[str, ...]
    kept: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ProposedUpgrade:
    """A new version of the library, on a branch; no branch when there is nothing to change."""

    upgrade: Upgrade
    branch: str | None
    commit: str | None


def scaffold(folder: Path) -> Scaffold:
    """Write a governed repository into `folder`, over nothing that is there.

    Raises `ConfigurationError` where DVO was installed without its policies, `InputError` where nothing can be written.
    """
    written: list[str] = []
    kept: list[str] = []
    for path, content in sorted(_content().items()):
        place = folder / path
        if place.exists() or place.is_symlink():
            kept.append(path)
            continue
        _write(place, content)
        written.append(path)
    return Scaffold(tuple(written), tuple(kept))


def _write(place: Path, content: bytes) -> None:
    try:
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(content)
    except OSError as error:
        raise InputError(f"expected a folder to write into: {place}: {error.strerror}") from error


def propose_upgrade(clone: Path) -> ProposedUpgrade:
    """Commit the library of this DVO onto a new branch of `clone`.

    Raises `InputError` for a repository without a record of its library or whose branch exists.
    """
    present = _read(clone, [RECORD, *_below(clone, FOLDER)])
    planned = upgrade(present, _content())
    if not planned.written and not planned.removed:
        return ProposedUpgrade(planned, None, None)
    branch = f"dvo-library-{planned.version}"
    changes: Mapping[str, bytes | None] = {**planned.written, **dict.fromkeys(planned.removed)}
    commit = commit_on_branch(clone, branch, changes, f"Bring the policy library to {planned.version}\n")
    return ProposedUpgrade(planned, branch, commit)


def _content() -> Mapping[str, bytes]:
    if not (_ROOT / FOLDER).is_dir():
        raise ConfigurationError(f"DVO was installed without its policies: there is no {_ROOT / FOLDER}")
    paths = [*_SINGLE, *(path for folder in _COPIED for path in _below(_ROOT, folder))]
    files = {path: content for path, content in _read(_ROOT, paths).items() if _is_ours(path)}
    files |= {path: (_TEMPLATES / name).read_bytes() for path, name in _MADE.items()}
    return files | {RECORD: record(files)}


def _is_ours(path: str) -> bool:
    """Return whether a new repository gets the file: of `company/` only what explains it."""
    return is_library(path) or not path.startswith(FOLDER) or path == f"{FOLDER}company/README.md"


def _below(root: Path, folder: str) -> list[str]:
    return [file.relative_to(root).as_posix() for file in (root / folder).rglob("*") if file.is_file()]


def _read(root: Path, paths: list[str]) -> dict[str, bytes]:
    return {path: (root / path).read_bytes() for path in paths if (root / path).is_file()}
