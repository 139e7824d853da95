"""Each part that the controller asks, down, slow or talking nonsense: nothing green, it is named, it comes back."""

import os
import shlex
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from controller.adapters.postgres.embedded import embedded_postgres
from controller.sandbox.faults import Fault, FaultKind
from tests.end_to_end.edits import DEVELOPMENT, edited
from tests.end_to_end.waiting import until
from tests.end_to_end.world import Check, World, world
from tests.opa import opa_binary

ALWAYS = 1_000_000


@dataclass(frozen=True, slots=True)
class ShakyOpa:
    """A policy engine that can be made to fail, and the world whose controller asks it."""

    world: World
    folder: Path

    @contextmanager
    def failing(self) -> Iterator[None]:
        """Let every OPA end as soon as it starts."""
        flag = self.folder / "fails"
        flag.touch()
        self._send(signal.SIGKILL)
        try:
            yield
        finally:
            flag.unlink()

    @contextmanager
    def hanging(self) -> Iterator[None]:
        """Stop every OPA there is in the middle of what it does, again and again."""
        yield from self._sending(signal.SIGSTOP)

    @contextmanager
    def killed(self) -> Iterator[None]:
        """Kill every OPA there is, again and again."""
        yield from self._sending(signal.SIGKILL)

    def _sending(self, number: signal.Signals) -> Iterator[None]:
        enough = threading.Event()

        def send() -> None:
            while not enough.wait(0.02):
                self._send(number)

        sender = threading.Thread(target=send)
        sender.start()
        try:
            yield
        finally:
            enough.set()
            sender.join()

    def _send(self, number: signal.Signals) -> None:
        for pid in self.world.engines():
            with suppress(ProcessLookupError):
                os.kill(pid, number)


@pytest.fixture(scope="module")
def shaky(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ShakyOpa]:
    folder = tmp_path_factory.mktemp("shaky")
    script = folder / "opa"
    fails, real = (shlex.quote(str(path)) for path in (folder / "fails", opa_binary()))
    script.write_text(f'#!/bin/sh\n[ -e {fails} ] && exit 1\nexec {real} "$@"\n', "utf-8")
    script.chmod(0o700)
    with world(folder, OPA_BIN=str(script)) as made:
        yield ShakyOpa(made, folder)


def propose(world: World, replicas: int) -> int:
    """Open a pull request that is admitted without anybody's approval."""
    content = edited(world.file(DEVELOPMENT), replicas=replicas)
    return world.propose("dana-dev", {DEVELOPMENT: content}, f"{replicas} replicas")


def ever_green(world: World, commit: str) -> list[Check]:
    return [check for check in world.all_checks() if check.commit == commit and check.conclusion == "success"]


@pytest.mark.parametrize(("trouble", "replicas"), [("failing", 2), ("hanging", 3), ("killed", 4)])
def test_without_a_policy_engine_nothing_is_green_and_it_is_named(shaky: ShakyOpa, trouble: str, replicas: int) -> None:
    """ATTACKS 044, 086."""
    with getattr(shaky, trouble)():
        number = propose(shaky.world, replicas)
        refused = shaky.world.check(number, "dvo/policy", "failure", "Refused")
        unknown = shaky.world.check(number, "dvo/approval", "failure")
        assert "policy engine" in refused.summary
        assert "policy" in unknown.title
        assert ever_green(shaky.world, shaky.world.head(number)) == []
    shaky.world.green(number)
    shaky.world.withdraw("dana-dev", number)


def test_a_merge_that_cannot_be_judged_is_neither_deployed_nor_shown_as_done(shaky: ShakyOpa) -> None:
    """ATTACKS 044: it waits for the policy engine, and then goes out by itself."""
    world = shaky.world
    number = propose(world, 5)
    world.green(number)
    before = world.instances()
    with shaky.failing():
        merge = world.merge("dana-dev", number)
        until(lambda: len(world.failures(f"merge/{merge}")) >= 3, "the merge to be looked at in vain")
        world.after_a_sweep()
        assert ever_green(world, merge) == []
        assert world.instances() == before
    assert world.deployed(merge).title.startswith("development/ANL completed: ")


GITHUB = {
    "says 500": Fault(FaultKind.STATUS, times=ALWAYS),
    "says 503 and when to come back": Fault(FaultKind.STATUS, times=ALWAYS, status=503, headers={"Retry-After": "1"}),
    "resets connections": Fault(FaultKind.RESET, times=ALWAYS),
    "cuts answers": Fault(FaultKind.TRUNCATE, times=ALWAYS),
    "talks nonsense": Fault(FaultKind.GARBAGE, times=ALWAYS),
    "loses its answers": Fault(FaultKind.RESET, times=ALWAYS, after=True),
}


@pytest.fixture
def without_faults(company: World) -> Iterator[World]:
    """The shared world; afterwards its code host is as it was."""
    yield company
    company.sandbox.faults.clear()
    company.sandbox.outbox.release()


@pytest.mark.parametrize("trouble", GITHUB)
def test_without_the_code_host_nothing_is_green_until_it_is_back(without_faults: World, trouble: str) -> None:
    """ATTACKS 010, 044."""
    world = without_faults
    world.sandbox.outbox.hold()
    number = propose(world, 2 + [*GITHUB].index(trouble))
    world.sandbox.faults.plan(replace(GITHUB[trouble]))
    world.sandbox.outbox.release()
    until(lambda: world.failures(f"pull/{number}"), "the pull request to be looked at in vain")
    assert any("GitHub" in line for line in world.failures(f"pull/{number}"))
    assert ever_green(world, world.head(number)) == []
    world.sandbox.faults.clear()
    world.green(number)
    world.withdraw("dana-dev", number)


@pytest.mark.parametrize(
    ("content", "replicas"),
    [(b"people: [", 2), (b"", 3), (b"people: []\nadmins: all\n", 4), (None, 5)],
    ids=["cut", "empty", "unknown key", "gone"],
)
def test_without_the_directory_nothing_is_green_and_it_is_named(
    company: World, content: bytes | None, replicas: int
) -> None:
    """ATTACKS 044."""
    good = company.people_file.read_bytes()
    try:
        company.people_file.unlink()
        if content is not None:
            company.people_file.write_bytes(content)
        number = propose(company, replicas)
        refused = company.check(number, "dvo/policy", "failure", "Refused")
        assert "directory of people gave no answer" in refused.summary
        assert ever_green(company, company.head(number)) == []
    finally:
        company.people_file.write_bytes(good)
    company.green(number)
    company.withdraw("dana-dev", number)


@pytest.fixture
def owner(company: World) -> Iterator[World]:
    """The shared world; afterwards a new controller holds the database that was started in between, to end it."""
    yield company
    company.stop()
    company.start()


def test_without_the_database_nothing_is_taken_in_and_everything_is_found_later(owner: World) -> None:
    """ATTACKS 044: the delivery is refused with 503, health says why, and the sweep finds the pull request."""
    postmaster = owner.home / "postgres" / "postmaster.pid"
    os.kill(int(postmaster.read_text("ascii").split()[0]), signal.SIGQUIT)
    until(lambda: not postmaster.exists(), "the database to end at once")
    before = len(owner.sandbox.outbox.log)
    number = propose(owner, 10)
    until(lambda: [one for one in owner.sandbox.outbox.log[before:] if one.status_code == 503], "a refused delivery")
    health = until(lambda: found if (found := owner.health())["status"] == "unhealthy" else None, "bad health")
    assert isinstance(health["components"], dict)
    assert health["components"]["database"] == "unavailable"
    assert ever_green(owner, owner.head(number)) == []
    with embedded_postgres(owner.home):
        owner.green(number)
        until(lambda: owner.health()["status"] == "healthy", "health")
    owner.withdraw("dana-dev", number)
