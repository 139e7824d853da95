"""No secret of the controller, and none that somebody committed, is to be found where people or agents look."""

import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest

from controller.compose.demo import REPOSITORY
from controller.sandbox.faults import Fault, FaultKind
from tests.end_to_end.edits import DEVELOPMENT, edited
from tests.end_to_end.process import serve
from tests.end_to_end.waiting import until
from tests.end_to_end.world import World, world

COMMITTED = "ghp_" + "c0mm1tt3dByM1stake" * 2
"""Somebody writes this into a manifest, a title and a comment of YAML."""


@dataclass(frozen=True, slots=True)
class Sinks:
    """Everything that was written where others read it, by what it is."""

    texts: dict[str, bytes]
    secrets: dict[str, bytes]

    def leaks(self) -> list[str]:
        """Return which secret is in which of them."""
        return [
            f"{name} in {where}"
            for name, secret in self.secrets.items()
            for where, text in self.texts.items()
            if secret in text
        ]


@pytest.fixture(scope="module")
def troubled(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """A `dvo serve` that logs all it can and has had trouble with everything that knows a secret."""
    with world(tmp_path_factory.mktemp("troubled"), serve, LOG_LEVEL="debug") as made:
        made.deployed_after_merge("dana-dev", propose(made, edited(made.file(DEVELOPMENT), replicas=2)))
        tokens = " ".join(name for name in made.sandbox.world.tokens if name.startswith("ghs_"))
        assert tokens
        told = f'{{"message": "Bad credentials: {tokens} {made.app.webhook_secret}"}}'
        made.sandbox.outbox.hold()
        number = propose(made, edited(made.file(DEVELOPMENT), replicas=3))
        made.sandbox.faults.plan(Fault(FaultKind.STATUS, times=1_000_000, status=500, body=told))
        made.sandbox.outbox.release()
        until(lambda: made.failures(f"pull/{number}"), "the code host to fail")
        made.sandbox.faults.clear()
        with_secret = (
            edited(made.file(DEVELOPMENT), variables=f"{{LOG_LEVEL: {COMMITTED}}}") + f"# {COMMITTED}\n".encode()
        )
        refused = made.propose("dana-dev", {DEVELOPMENT: with_secret}, f"Use {COMMITTED}")
        made.check(refused, "dvo/policy", "failure")
        address = f"{made.running.address}/webhooks/github"
        headers = {"X-Hub-Signature-256": made.app.webhook_secret, "Content-Type": "application/json"}
        assert httpx.post(address, content=b"{}", headers=headers, trust_env=False).status_code == 401
        until(lambda: any(one.type.value == "auth.failed" for one in made.events()), "everything to be sealed")
        yield made


def propose(world: World, content: bytes) -> int:
    return world.propose("dana-dev", {DEVELOPMENT: content})


@pytest.fixture(scope="module")
def sinks(troubled: World) -> Sinks:
    repository = troubled.sandbox.world.repository(*REPOSITORY.split("/"))
    ledger = subprocess.run(
        ["git", "--git-dir", troubled.ledger, "log", "-p", "--all"], capture_output=True, check=True
    ).stdout
    [agent] = troubled.processes()
    texts = {
        "the log": troubled.log().encode(),
        "the checks": repr(repository.check_runs).encode(),
        "the comments": repr(repository.comments).encode(),
        "the ledger": ledger,
        "the agent's environment": Path(f"/proc/{agent}/environ").read_bytes(),
        "the agent's command line": Path(f"/proc/{agent}/cmdline").read_bytes(),
        "health": httpx.get(f"{troubled.running.address}/health", timeout=20, trust_env=False).content,
        "what the target keeps": b"".join(
            path.read_bytes() for path in (troubled.home / "runtime").rglob("*") if path.is_file()
        ),
    }
    secrets = {
        "the webhook secret": troubled.app.webhook_secret.encode(),
        "the key of the App": troubled.app.private_key.splitlines()[5].encode(),
        "the key of the ledger": (troubled.home / "signing_key").read_bytes().splitlines()[2],
        "a committed token": COMMITTED.encode(),
    }
    for number, token in enumerate(name for name in troubled.sandbox.world.tokens if name.startswith("ghs_")):
        secrets[f"installation token {number}"] = token.encode()
    return Sinks(texts, secrets)


def test_no_secret_is_where_people_or_agents_look(sinks: Sinks) -> None:
    """ATTACKS 002, 099, 100, 101, 103."""
    assert {where for where, text in sinks.texts.items() if not text} == {"the agent's environment"}
    assert sinks.leaks() == []


def test_an_agent_has_an_empty_environment(troubled: World) -> None:
    """ATTACKS 002."""
    [agent] = troubled.processes()
    assert Path(f"/proc/{agent}/environ").read_bytes() == b""


def test_a_policy_engine_sees_nothing_of_our_environment(troubled: World) -> None:
    """ATTACKS 002."""
    engines = troubled.engines()
    assert engines
    for engine in engines:
        stated = Path(f"/proc/{engine}/environ").read_bytes().split(b"\0")
        assert [name.partition(b"=")[0] for name in stated] == [b"GOGC", b"GOMEMLIMIT", b""]
