"""Real agents as real processes: the contract, and what only this runtime promises."""

import json
import os
import signal
import threading
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import httpx
import pytest

from controller.adapters.process.children import Child, running, wait_for_end
from controller.adapters.process.deployer import ProcessDeployer
from controller.adapters.process.places import Place, place_of
from controller.caat.bundle import Bundle
from controller.change.names import digest_of
from controller.desired_state.manifest import Key, Platform
from controller.errors import InputError, StaleError, UnavailableError
from controller.ports.deployer import Intent, Live, Unhealthy
from tests.contracts.deployer import PLAN, SECONDS, DeployerContract, deploy, intent


class TestProcessDeployer(DeployerContract):
    """The promises of the port, kept by real processes."""


@pytest.fixture
def place(home: Path, key: Key) -> Place:
    return place_of(home.resolve(), key)


def _only_child(home: Path) -> Child:
    children = running(home)
    assert len(children) == 1
    return children[0]


def test_an_agent_answers_at_its_endpoint(deployer: ProcessDeployer, key: Key, agent: Bundle) -> None:
    live = deploy(deployer, intent(key, agent), agent)
    question = {"input": "Where do diminishing returns set in on social?"}
    answer = httpx.post(f"{live.endpoint}/invoke", json=question, trust_env=False).json()
    assert answer["capability"] == "compare_scenarios"
    assert answer["sources"][0]["file"] == "kb/response-curves.md"


def test_an_agent_says_which_bundle_and_instance_it_is(deployer: ProcessDeployer, key: Key, agent: Bundle) -> None:
    live = deploy(deployer, intent(key, agent), agent)
    health = httpx.get(f"{live.endpoint}/health", trust_env=False).json()
    assert (health["bundle"], health["instance"], health["plan"]) == (live.bundle, live.instance, live.plan)
    assert (health["agent"], health["version"], health["status"]) == ("ANL", "1.0.0", "healthy")


def test_an_agent_survives_a_restart_of_the_controller(
    deployer: ProcessDeployer, home: Path, key: Key, bundles: Sequence[Bundle]
) -> None:
    live = deploy(deployer, intent(key, bundles[0]), bundles[0])
    again = ProcessDeployer(home)
    assert again.live(key) == live
    assert again.start(intent(key, bundles[0]), bundles[0], SECONDS) == live


def test_only_one_process_is_left_after_switching(
    deployer: ProcessDeployer, home: Path, key: Key, bundles: Sequence[Bundle]
) -> None:
    deploy(deployer, intent(key, bundles[0]), bundles[0])
    live = deploy(deployer, intent(key, bundles[1], "second"), bundles[1])
    assert _only_child(home).instance == live.instance


def test_bundles_and_logs_of_the_past_are_forgotten(
    deployer: ProcessDeployer, place: Place, key: Key, bundles: Sequence[Bundle]
) -> None:
    deploy(deployer, intent(key, bundles[0]), bundles[0])
    live = deploy(deployer, intent(key, bundles[1], "second"), bundles[1])
    assert [folder.name for folder in place.bundles.iterdir()] == [live.bundle.removeprefix("sha256:")]
    assert [log.name for log in place.logs.iterdir()] == [live.instance]
    deployer.remove(key)
    assert sorted(path.name for path in place.root.rglob("*") if path.is_file()) == ["lock"]


def test_a_child_sees_no_variable_of_the_controller(
    deployer: ProcessDeployer, home: Path, key: Key, bundles: Sequence[Bundle], monkeypatch: pytest.MonkeyPatch
) -> None:
    """ATTACKS 002."""
    monkeypatch.setenv("CANARY", "canary-value")
    deploy(deployer, intent(key, bundles[0]), bundles[0])
    environment = Path(f"/proc/{_only_child(home).pid}/environ").read_bytes()
    assert b"CANARY" not in environment
    assert b"canary" not in environment


def test_a_child_inherits_its_socket_and_its_log_alone(
    deployer: ProcessDeployer, home: Path, key: Key, bundles: Sequence[Bundle], tmp_path: Path
) -> None:
    """ATTACKS 002."""
    secret = tmp_path / "secret"
    secret.write_text("canary")
    descriptor = os.open(secret, os.O_RDONLY)
    os.set_inheritable(descriptor, True)
    try:
        live = deploy(deployer, intent(key, bundles[0]), bundles[0])
    finally:
        os.close(descriptor)
    open_files = {os.readlink(entry) for entry in Path(f"/proc/{_only_child(home).pid}/fd").iterdir()}
    on_disk = {target for target in open_files if target.startswith("/")}
    assert on_disk == {"/dev/null", str(place_of(home.resolve(), key).logs / live.instance)}


def test_a_child_is_no_member_of_the_controllers_session(
    deployer: ProcessDeployer, home: Path, key: Key, bundles: Sequence[Bundle]
) -> None:
    deploy(deployer, intent(key, bundles[0]), bundles[0])
    pid = _only_child(home).pid
    assert os.getsid(pid) == pid


def test_an_artifact_planted_under_the_name_of_another_is_replaced(
    deployer: ProcessDeployer, place: Place, key: Key, bundles: Sequence[Bundle]
) -> None:
    """ATTACKS 027."""
    planted = place.bundles / bundles[0].digest.removeprefix("sha256:")
    planted.mkdir(parents=True)
    (planted / "__main__.py").write_text("raise SystemExit('planted')")
    (planted / "link").symlink_to("/etc/passwd")
    live = deploy(deployer, intent(key, bundles[0]), bundles[0])
    assert live.is_healthy
    assert not (planted / "link").is_symlink()
    assert (planted / "__main__.py").read_bytes() == bundles[0].files["__main__.py"]


def test_a_file_added_to_an_unpacked_bundle_does_not_survive_the_next_start(
    deployer: ProcessDeployer, place: Place, key: Key, bundles: Sequence[Bundle]
) -> None:
    """ATTACKS 027."""
    deploy(deployer, intent(key, bundles[0]), bundles[0])
    added = place.bundles / bundles[0].digest.removeprefix("sha256:") / "part" / "sitecustomize.py"
    added.write_text("")
    deploy(deployer, intent(key, bundles[0], "second"), bundles[0])
    assert not added.exists()


def test_a_path_that_leaves_the_bundle_is_refused(deployer: ProcessDeployer, place: Place, key: Key) -> None:
    """ATTACKS 038."""
    for path in ("../escaped", "/tmp/escaped", "a/../../escaped", "", "a//b"):
        bundle = Bundle(Platform.FASTAPI, {path: b""})
        with pytest.raises(InputError, match="inside the bundle"):
            deployer.start(intent(key, bundle), bundle, SECONDS)
    assert not list(place.root.parent.rglob("escaped"))


def test_a_bundle_for_another_platform_is_refused(
    deployer: ProcessDeployer, key: Key, bundles: Sequence[Bundle]
) -> None:
    bundle = replace(bundles[0], platform=Platform.LANGCHAIN)
    with pytest.raises(InputError, match="langchain"):
        deployer.start(intent(key, bundle), bundle, SECONDS)


def test_a_bundle_that_ends_at_once_says_why_without_its_secrets(
    deployer: ProcessDeployer, home: Path, key: Key, broken_bundle: Bundle
) -> None:
    """ATTACKS 103."""
    outcome = deployer.start(intent(key, broken_bundle), broken_bundle, SECONDS)
    assert isinstance(outcome, Unhealthy)
    assert outcome.reason == "it ended before it was healthy: no model at [redacted]"
    assert running(home) == ()


def test_a_bundle_that_never_answers_is_given_up_and_killed(deployer: ProcessDeployer, home: Path, key: Key) -> None:
    deaf = b"import signal, time\nsignal.signal(signal.SIGTERM, signal.SIG_IGN)\ntime.sleep(600)\n"
    bundle = Bundle(Platform.FASTAPI, {"__main__.py": deaf})
    outcome = deployer.start(intent(key, bundle), bundle, 1)
    assert isinstance(outcome, Unhealthy)
    assert outcome.reason.startswith("it was not healthy within 1 s")
    assert running(home) == ()


def test_a_bundle_that_says_it_is_another_is_not_healthy(
    deployer: ProcessDeployer, key: Key, bundles: Sequence[Bundle]
) -> None:
    """ATTACKS 027."""
    other_plan = bundles[0].files["__main__.py"].replace(PLAN.encode(), digest_of(b"other").encode())
    bundle = Bundle(Platform.FASTAPI, {**bundles[0].files, "__main__.py": other_plan})
    outcome = deployer.start(intent(key, bundle), bundle, 2)
    assert isinstance(outcome, Unhealthy)
    assert "another or not healthy" in outcome.reason


def test_what_was_killed_no_longer_runs_and_is_started_again_by_its_own_intent(
    deployer: ProcessDeployer, home: Path, key: Key, bundles: Sequence[Bundle]
) -> None:
    """ATTACKS 028. The child is a zombie of this very process until somebody looks."""
    wanted = intent(key, bundles[0])
    first = deploy(deployer, wanted, bundles[0])
    child = _only_child(home)
    os.kill(child.pid, signal.SIGKILL)
    assert wait_for_end(child, home, 10)
    assert deployer.live(key) is None
    second = deploy(deployer, wanted, bundles[0])
    assert second.instance != first.instance
    assert _only_child(home).instance == second.instance


def test_what_hangs_is_alive_but_not_healthy(
    deployer: ProcessDeployer, home: Path, key: Key, bundles: Sequence[Bundle]
) -> None:
    live = deploy(deployer, intent(key, bundles[0]), bundles[0])
    os.kill(_only_child(home).pid, signal.SIGSTOP)
    assert deployer.live(key) == replace(live, is_healthy=False)
    os.kill(_only_child(home).pid, signal.SIGCONT)


def test_a_candidate_that_died_is_not_switched_to(
    deployer: ProcessDeployer, home: Path, key: Key, bundles: Sequence[Bundle]
) -> None:
    before = deploy(deployer, intent(key, bundles[0]), bundles[0])
    second = intent(key, bundles[1], "second")
    candidate = deployer.start(second, bundles[1], SECONDS)
    assert isinstance(candidate, Live)
    child = next(child for child in running(home) if child.instance == candidate.instance)
    os.kill(child.pid, signal.SIGKILL)
    assert wait_for_end(child, home, 10)
    with pytest.raises(StaleError, match="it has ended"):
        deployer.switch(second)
    assert deployer.live(key) == before


def test_many_starts_of_one_intent_at_once_give_one_instance(home: Path, key: Key, bundles: Sequence[Bundle]) -> None:
    """ATTACKS 029: two replicas, same merged event."""
    wanted, found = intent(key, bundles[0]), list[Live]()

    def replica() -> None:
        found.append(deploy(ProcessDeployer(home), wanted, bundles[0]))

    threads = [threading.Thread(target=replica) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 8
    assert len(set(found)) == 1
    assert _only_child(home).instance == found[0].instance


def test_an_orphan_is_ended_by_the_next_step(
    deployer: ProcessDeployer, place: Place, home: Path, key: Key, bundles: Sequence[Bundle]
) -> None:
    """ATTACKS 028: a process exists of which no record tells."""
    deployer.start(intent(key, bundles[0], "lost"), bundles[0], SECONDS)
    place.candidate.unlink()
    live = deploy(deployer, intent(key, bundles[1]), bundles[1])
    assert _only_child(home).instance == live.instance


def test_a_process_of_another_home_is_left_alone(
    deployer: ProcessDeployer, home: Path, key: Key, bundles: Sequence[Bundle]
) -> None:
    elsewhere = ProcessDeployer(home / "elsewhere")
    other = deploy(elsewhere, intent(key, bundles[0]), bundles[0])
    deploy(deployer, intent(key, bundles[0]), bundles[0])
    deployer.remove(key)
    assert elsewhere.live(key) == other


@pytest.mark.parametrize("content", [b"", b"{}", b"null", b'{"intent": 1}', b"\xff"])
def test_a_record_that_cannot_be_read_stops_every_step(
    deployer: ProcessDeployer, place: Place, key: Key, bundles: Sequence[Bundle], content: bytes
) -> None:
    """ATTACKS 044: nothing is known, so nothing is done."""
    live = deploy(deployer, intent(key, bundles[0]), bundles[0])
    place.current.write_bytes(content)
    with pytest.raises(UnavailableError, match="current.json"):
        deployer.live(key)
    with pytest.raises(UnavailableError, match="current.json"):
        deployer.start(intent(key, bundles[1], "second"), bundles[1], SECONDS)
    assert httpx.get(f"{live.endpoint}/health", trust_env=False).status_code == httpx.codes.OK


def test_a_home_that_cannot_be_written_is_an_unavailable_target(
    tmp_path: Path, key: Key, bundles: Sequence[Bundle]
) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("")
    deployer = ProcessDeployer(blocked)
    with pytest.raises(UnavailableError):
        deployer.start(intent(key, bundles[0]), bundles[0], SECONDS)
    with pytest.raises(UnavailableError):
        deployer.live(key)


def test_records_name_the_intent_and_no_process(
    deployer: ProcessDeployer, place: Place, key: Key, bundles: Sequence[Bundle]
) -> None:
    live = deploy(deployer, intent(key, bundles[0]), bundles[0])
    assert json.loads(place.current.read_bytes()) == {
        "intent": "first",
        "plan": live.plan,
        "bundle": live.bundle,
        "instance": live.instance,
        "port": int(live.endpoint.rpartition(":")[2]),
    }


def test_a_repeated_id_for_another_bundle_starts_another_instance(
    deployer: ProcessDeployer, key: Key, bundles: Sequence[Bundle]
) -> None:
    """ATTACKS 027."""
    first = deployer.start(intent(key, bundles[0]), bundles[0], SECONDS)
    second = deployer.start(Intent("first", key, intent(key, bundles[1]).plan, bundles[1].digest), bundles[1], SECONDS)
    assert isinstance(first, Live)
    assert isinstance(second, Live)
    assert second.bundle == bundles[1].digest != first.bundle
