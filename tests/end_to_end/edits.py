"""What people change in these tests: manifests, field by field, and a new release of the analyst."""

import re
from collections.abc import Mapping
from pathlib import Path

from controller.desired_state.release import release_digest
from tests.end_to_end.process import ROOT

DEVELOPMENT = "environments/development/anl.yaml"
STAGING = "environments/staging/anl.yaml"
PRODUCTION = "environments/production/anl.yaml"
AGENT = "agents/anl/"


def edited(manifest: bytes, **fields: object) -> bytes:
    """Return a manifest with other values of fields that it has."""
    text = manifest.decode()
    for name, value in fields.items():
        text, count = re.subn(rf"(?m)^{name}: .*$", f"{name}: {value}", text)
        assert count == 1, f"expected one {name}, found {count}"
    return text.encode()


def new_release(version: str) -> tuple[dict[str, bytes], dict[str, object]]:
    """Return the files that change in a new release of the analyst, by path, and the fields that pin it."""
    folder = ROOT / AGENT
    files = {_below(path, folder): path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    files["agent.yaml"] = edited(files["agent.yaml"], version=version)
    return {f"{AGENT}agent.yaml": files["agent.yaml"]}, {"version": version, "digest": release_digest(files)}


def moved(manifest: bytes, pin: Mapping[str, object]) -> bytes:
    """Return a manifest moved to a release; one that pins no digest goes on pinning none."""
    names = [name for name in pin if f"\n{name}: ".encode() in manifest]
    return edited(manifest, **{name: pin[name] for name in names})


def _below(path: Path, folder: Path) -> str:
    return path.relative_to(folder).as_posix()
