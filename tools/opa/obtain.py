"""Puts an OPA of the pinned version at .tools/opa, where tests and controller look for it.

Three ways, the first that works: the `opa` on PATH, the project's release by its checksum,
a build from the Go module beside this file. Using that OPA is the caller's business.
"""

import hashlib
import os
import platform
import shutil
import subprocess
import sys
import urllib.request
from collections.abc import Callable
from pathlib import Path

VERSION = "1.19.0"
RELEASES = f"https://github.com/open-policy-agent/opa/releases/download/v{VERSION}"
PINNED = {
    ("Linux", "x86_64"): (
        "opa_linux_amd64_static",
        "1dd5c5591ff856f5e20a1d66bafae9511ddf3c5552ed3b5070c70b2b6580ee3f",
    ),
}
PATIENCE_SECONDS = 10

MODULE = Path(__file__).resolve().parent
TARGET = MODULE.parents[1] / ".tools" / "opa"


class NotObtainedError(Exception):
    """One way did not work; the message says why, in a few words."""


def main() -> int:
    """Try each way in turn and tell what was done, or what was tried."""
    if _is_pinned_version(TARGET):
        return 0
    TARGET.parent.mkdir(exist_ok=True)
    tried = []
    for way in (_from_path, _from_release, _from_source):
        try:
            print(f"opa: {VERSION} {_replacing_target(way)}")
        except NotObtainedError as error:
            tried.append(f"  - {error}")
        else:
            return 0
    print(f"opa: no OPA {VERSION} could be had. Tried:", *tried, sep="\n", file=sys.stderr)
    print(f"Put opa {VERSION} on PATH, or install Go 1.25 or newer.", file=sys.stderr)
    return 1


def _replacing_target(way: Callable[[Path], str]) -> str:
    """Let one way write beside the target, and move the result in place once it proved itself."""
    fresh = TARGET.with_name(f"opa.{os.getpid()}")
    try:
        told = way(fresh)
        if not _is_pinned_version(fresh):
            raise NotObtainedError(f"what came {told} does not run as {VERSION}")
        fresh.replace(TARGET)
    finally:
        fresh.unlink(missing_ok=True)
    return told


def _from_path(fresh: Path) -> str:
    found = shutil.which("opa")
    if found is None:
        raise NotObtainedError("there is no opa on PATH")
    if not _is_pinned_version(Path(found)):
        raise NotObtainedError(f"{found} is not version {VERSION}")
    fresh.symlink_to(found)
    return f"from PATH ({found})"


def _from_release(fresh: Path) -> str:
    pinned = PINNED.get((platform.system(), platform.machine()))
    if pinned is None:
        raise NotObtainedError(f"no release is pinned for {platform.system()} {platform.machine()}")
    name, sha256 = pinned
    try:
        with urllib.request.urlopen(f"{RELEASES}/{name}", timeout=PATIENCE_SECONDS) as answer:
            content = answer.read()
    except OSError as error:
        raise NotObtainedError(f"{name} could not be downloaded: {error}") from error
    found = hashlib.sha256(content).hexdigest()
    if found != sha256:
        raise NotObtainedError(f"{name} has SHA-256 {found}, not the pinned {sha256}")
    fresh.write_bytes(content)
    fresh.chmod(0o755)
    return f"from the release {name}"


def _from_source(fresh: Path) -> str:
    go = shutil.which("go")
    if go is None:
        raise NotObtainedError("there is no Go on PATH to build it with")
    print(f"opa: building {VERSION} with Go, a few minutes the first time", flush=True)
    command = [go, "build", "-buildvcs=false", "-ldflags=-s -w", "-o", str(fresh)]
    built = subprocess.run(
        [*command, "github.com/open-policy-agent/opa"],
        cwd=MODULE,
        env=os.environ | {"CGO_ENABLED": "0"},
        check=False,
    )
    if built.returncode != 0:
        raise NotObtainedError(f"go build ended with {built.returncode} (see above)")
    return "built from its Go module"


def _is_pinned_version(opa: Path) -> bool:
    try:
        answer = subprocess.run([str(opa), "version"], capture_output=True, text=True, check=False, timeout=60)
    except OSError:
        return False
    return f"Version: {VERSION}" in answer.stdout.splitlines()


if __name__ == "__main__":
    sys.exit(main())
