"""A real OPA, the real policies, and small ones that misbehave."""

import contextlib
import json
import os
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import pytest
import trustme

from controller.adapters.opa import OpaServers, OpaUrl
from controller.adapters.opa.compiling import OpaCompiler
from controller.policy.bundle import PolicyBundle, policy_bundle

ROOT = Path(__file__).parents[3]
POLICIES = ROOT / "policies" / "rego"

EMPTY_ANSWER = """{
	"schema": "dvo.decision/1",
	"rules": {
		"mc-audit-all", "mc-business-hours", "mc-deny-direct-prod", "mc-prod-approval", "mc-weekend-block",
	},
	"findings": set(),
	"roles": {},
}"""


def rego(body: str) -> PolicyBundle:
    """Return a bundle of one module in package `dvo`."""
    return policy_bundle({"decision.rego": f"package dvo\n\n{body}\n".encode()})


def answering(number: int = 0) -> PolicyBundle:
    """Return a bundle with a well-formed answer that finds nothing; each number is another revision."""
    return rego(f"# {number}\ndecision := {EMPTY_ANSWER}")


def eventually(condition: Callable[[], bool], seconds: float = 20.0) -> bool:
    """Return whether `condition` came true in time."""
    ends = time.monotonic() + seconds
    while time.monotonic() < ends:
        if condition():
            return True
        time.sleep(0.01)
    return False


def is_running(pid: int) -> bool:
    """Return whether process `pid` runs; one that ended and is not yet collected does not."""
    try:
        return "State:\tZ" not in Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return False


def listening_ports(pid: int) -> list[int]:
    """Return the TCP ports that `pid` listens on, as the kernel tells."""
    held = set()
    for link in Path(f"/proc/{pid}/fd").iterdir():
        with contextlib.suppress(OSError):
            held.add(os.readlink(link))
    tables = Path(f"/proc/{pid}/net").glob("tcp*")
    rows = [line.split() for table in tables for line in table.read_text().splitlines()[1:]]
    return [int(row[1].rpartition(":")[2], 16) for row in rows if row[3] == "0A" and f"socket:[{row[9]}]" in held]


@pytest.fixture(scope="session")
def opa() -> Path:
    found = ROOT / ".tools" / "opa"
    assert found.exists(), "make opa"
    return found


@pytest.fixture(scope="session")
def library() -> PolicyBundle:
    return policy_bundle(
        {str(file.relative_to(POLICIES)): file.read_bytes() for file in POLICIES.rglob("*") if file.is_file()}
    )


@pytest.fixture
def servers(opa: Path) -> Iterator[OpaServers]:
    with OpaServers(opa) as found:
        yield found


@pytest.fixture
def folder() -> Iterator[Path]:
    """A private folder with a path short enough for a socket."""
    with tempfile.TemporaryDirectory(prefix="dvo-test-") as made:
        yield Path(made)


@contextlib.contextmanager
def serving(
    opa: Path,
    bundle: PolicyBundle,
    folder: Path,
    token: str,
    authority: trustme.CA | None = None,
    *,
    where: str = "",
) -> Iterator[str]:
    """Run an OPA as an operator would, over TLS when there is an `authority`, and yield its URL.

    Whoever has the `token`, or everybody without one, is let through `where` that condition in Rego holds.
    """
    known = f'input.identity == "{token}"' if token else "true"
    archive = OpaCompiler(opa).build(bundle, folder)
    authorization = folder / "authorization"
    authorization.mkdir()
    (authorization / ".manifest").write_text('{"roots": ["system/authz"]}')
    (authorization / "authz.rego").write_text(
        f"package system.authz\n\ndefault allow := false\n\nallow if {{\n\t{known}\n\t{where or 'true'}\n}}\n"
    )
    arguments = ["run", "--server", "--addr", "127.0.0.1:0", "--authentication=token", "--authorization=basic"]
    arguments += ["--log-level=error", "--skip-version-check", "--set", "decision_logs.console=true"]
    if authority is not None:
        issued = authority.issue_cert("localhost")
        issued.private_key_pem.write_to_path(str(folder / "key.pem"))
        issued.cert_chain_pems[0].write_to_path(str(folder / "cert.pem"))
        arguments += [f"--tls-cert-file={folder / 'cert.pem'}", f"--tls-private-key-file={folder / 'key.pem'}"]
    server = subprocess.Popen(
        [str(opa), *arguments, "--bundle", str(archive), str(authorization)],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        assert eventually(lambda: server.poll() is not None or bool(listening_ports(server.pid)))
        port = listening_ports(server.pid)[0]
        yield f"http://127.0.0.1:{port}" if authority is None else f"https://localhost:{port}"
    finally:
        server.kill()
        server.wait()


@pytest.fixture
def opa_url(opa: Path, library: PolicyBundle, folder: Path) -> Iterator[OpaUrl]:
    with serving(opa, library, folder, "s3cret") as url:
        engine = OpaUrl(url, token="s3cret")
        yield engine
        engine.close()


_LISTS = ("capabilities", "tools", "data", "egress", "hand_offs")


@pytest.fixture
def document() -> Mapping[str, object]:
    """An operator proposes a tried release to production, on a Wednesday."""
    digest = "sha256:" + "a" * 64
    stated = {
        "tier": "production",
        "time_zone": "Europe/Berlin",
        "platforms": {"fastapi": "process"},
        "freeze_windows": [],
        "drift": "heal",
    }
    plan = {
        "environment": "production",
        "agent": "ANL",
        "version": "1.0.0",
        "release": digest,
        "pinned": True,
        "platform": "fastapi",
        "replicas": 1,
        "regions": ["eastus"],
        "model": None,
        "variables": {},
        "secrets": {},
    }
    question: dict[str, object] = {
        "schema": "dvo.policy-input/1",
        "now": "2026-11-18T11:00:00Z",
        "purpose": "pull_request",
        "change": {"author": "github:2", "requester": None},
        "people": {"github:2": {"kind": "person", "groups": ["DVO-Operators"], "mfa": True}},
        "environments": {"production": {"before": stated, "after": stated, "tier": "production"}},
        "deployments": [
            {
                "environment": "production",
                "agent": "ANL",
                "tier": "production",
                "kinds": ["upgraded"],
                "path": "environments/production/anl.yaml",
                "lines": {"version": 5, "platform": 7},
                "before": None,
                "after": plan,
                "abilities": {"before": None, "after": {"autonomy": "answer"} | dict.fromkeys(_LISTS, [])},
            }
        ],
        "files": [],
        "evidence": [
            {
                "environment": "staging",
                "tier": "staging",
                "agent": "ANL",
                "release": digest,
                "completed_at": "2026-11-17T11:00:00Z",
            }
        ],
        "break_glass": None,
        "reviews": [],
    }
    copied: Mapping[str, object] = json.loads(json.dumps(question))
    return copied
