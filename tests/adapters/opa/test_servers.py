"""Our own OPAs: one per bundle, believed only when whole, replaced when they fail."""

import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from controller.adapters.opa import OpaServers
from controller.errors import PolicyError, UnavailableError
from controller.policy.bundle import PolicyBundle, policy_bundle
from tests.adapters.opa.conftest import EMPTY_ANSWER, ROOT, answering, eventually, is_running, rego

ECHO = rego(f'decision := object.union({EMPTY_ANSWER}, {{"roles": {{input.name: ["viewer"]}}}})')
SLOW = rego(
    "decision := 1 if {\n\tevery x in numbers.range(1, 100000) {\n"
    "\t\tevery y in numbers.range(1, 100000) { x + y > 0 }\n\t}\n}"
)
GREEDY = rego("decision := count({x | some x in numbers.range(1, 2000000000)})")


def pid_of(servers: OpaServers, bundle: PolicyBundle) -> int:
    return servers.processes()[bundle.digest]


@pytest.mark.parametrize(
    ("bundle", "message"),
    [
        (policy_bundle({}), "undefined"),
        (policy_bundle({"README.md": b"# rules"}), "undefined"),
        (rego(f"decisions := {EMPTY_ANSWER}"), "undefined"),
        (policy_bundle({"decision.rego": f"package dvo.decide\n\ndecision := {EMPTY_ANSWER}".encode()}), "undefined"),
        (rego("decision := {}"), "expected `findings` at the answer"),
        (rego('decision := {"result": {}}'), "expected `findings` at the answer"),
        (rego('decision := "true"'), "expected an object at the answer, got a string"),
        (rego("decision := true"), "expected an object at the answer, got a boolean"),
        (rego("decision := 1"), "expected an object at the answer, got a number"),
        (rego("decision := []"), "expected an object at the answer, got an array"),
        (rego("decision := null"), "expected an object at the answer, got null"),
        (rego('decision := {"schema": "dvo.decision/1", "rules": [], "findings": [], "roles": {}}'), "default rule"),
    ],
    ids=["empty", "no rego", "typo", "renamed", "{}", "result", "text", "true", "1", "[]", "null", "no rules"],
)
def test_what_answers_nothing_admits_nothing(servers: OpaServers, bundle: PolicyBundle, message: str) -> None:
    """ATTACKS 080."""
    with pytest.raises(PolicyError, match=message):
        servers.decide(bundle, {})


def test_a_disk_without_room_for_an_opa_is_an_outage(
    servers: OpaServers, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """ATTACKS 044."""
    with monkeypatch.context() as patched:
        patched.setattr(tempfile, "tempdir", str(tmp_path / "gone"))
        with pytest.raises(UnavailableError, match="OPA cannot be laid out on disk: No such file"):
            servers.decide(answering(), {})
    assert servers.decide(answering(), {}).findings == ()


def test_an_error_of_a_builtin_is_an_error_and_not_silence(servers: OpaServers) -> None:
    """ATTACKS 083."""
    lax = rego(f'denied if to_number("x") > 1\n\ndecision := {EMPTY_ANSWER} if not denied')
    with pytest.raises(PolicyError, match=r"to_number.*policies/rego/decision\.rego:3"):
        servers.decide(lax, {})


def test_rules_that_contradict_each_other_are_an_error(servers: OpaServers) -> None:
    with pytest.raises(PolicyError, match="complete rules must not produce multiple outputs"):
        servers.decide(rego("decision := input.a\n\ndecision := input.b"), {"a": 1, "b": 2})


def test_a_bundle_that_does_not_compile_is_named_with_its_place(servers: OpaServers) -> None:
    with pytest.raises(PolicyError, match=r"do not compile: .*policies/rego/decision\.rego:3"):
        servers.decide(rego("decision := nowhere"), {})
    assert servers.processes() == {}


def test_a_name_in_the_question_is_only_ever_a_value(servers: OpaServers) -> None:
    """ATTACKS 085."""
    for name in ("a/b", '";x:=1#', "%2e%2e/policies", "?explain=full", "dvo/decision"):
        assert servers.decide(ECHO, {"name": name}).roles == {name: {"viewer"}}


def test_a_killed_opa_is_replaced_at_the_next_question(servers: OpaServers) -> None:
    """ATTACKS 086."""
    servers.decide(answering(), {})
    first = pid_of(servers, answering())
    os.kill(first, signal.SIGKILL)
    assert eventually(lambda: servers.processes() == {})
    assert servers.decide(answering(), {}).findings == ()
    assert pid_of(servers, answering()) != first


def test_an_opa_killed_while_it_thinks_gives_no_answer(servers: OpaServers) -> None:
    """ATTACKS 086."""
    with ThreadPoolExecutor() as pool:
        pending = pool.submit(servers.decide, SLOW, {})
        assert eventually(lambda: bool(servers.processes()))
        os.kill(pid_of(servers, SLOW), signal.SIGKILL)
        with pytest.raises(UnavailableError, match="OPA"):
            pending.result()


def test_an_engine_that_was_never_asked_is_well_when_its_binary_works(servers: OpaServers, tmp_path: Path) -> None:
    servers.ping()
    broken = tmp_path / "opa"
    broken.write_text("#!/bin/sh\nexit 3\n")
    broken.chmod(0o755)
    with OpaServers(broken) as useless, pytest.raises(UnavailableError):
        useless.ping()


def test_an_opa_that_runs_is_asked_how_it_is(servers: OpaServers) -> None:
    """ATTACKS 086."""
    servers.decide(answering(), {})
    servers.ping()
    os.kill(pid_of(servers, answering()), signal.SIGSTOP)
    with pytest.raises(UnavailableError, match="does not answer"):
        servers.ping()


def test_a_slow_policy_is_no_answer_and_its_opa_is_killed(opa: Path) -> None:
    """ATTACKS 086."""
    with OpaServers(opa, timeout_seconds=0.3) as servers, ThreadPoolExecutor() as pool:
        pending = pool.submit(servers.decide, SLOW, {})
        assert eventually(lambda: bool(servers.processes()))
        pid = pid_of(servers, SLOW)
        with pytest.raises(UnavailableError, match="no answer.*0.3") as caught:
            pending.result()
        assert caught.value.component == "opa"
        assert not is_running(pid)
        assert servers.processes() == {}


def test_everyone_who_waits_for_a_slow_opa_is_told(opa: Path) -> None:
    with OpaServers(opa, timeout_seconds=0.3) as servers, ThreadPoolExecutor(2) as pool:
        pending = [pool.submit(servers.decide, SLOW, {}) for _ in range(2)]
        assert all(isinstance(each.exception(), UnavailableError) for each in pending)


def test_a_policy_that_takes_all_memory_only_ends_its_own_opa(opa: Path) -> None:
    with OpaServers(opa, timeout_seconds=20, memory_bytes=200 << 20) as servers:
        with pytest.raises(UnavailableError, match="no answer"):
            servers.decide(GREEDY, {})
        assert servers.decide(answering(), {}).findings == ()


def test_the_last_three_bundles_are_kept(servers: OpaServers) -> None:
    bundles = [answering(number) for number in range(4)]
    for bundle in bundles[:3]:
        servers.decide(bundle, {})
    oldest = pid_of(servers, bundles[1])
    servers.decide(bundles[0], {})
    servers.decide(bundles[3], {})
    assert list(servers.processes()) == [bundles[2].digest, bundles[0].digest, bundles[3].digest]
    assert not is_running(oldest)


def test_a_first_question_asked_by_many_starts_one_opa(servers: OpaServers) -> None:
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: servers.decide(answering(), {}), range(8)))
    assert len({answer.decision_id for answer in answers}) == 8
    assert len(servers.processes()) == 1


def test_questions_asked_at_once_do_not_mix(servers: OpaServers) -> None:
    """ATTACKS 040."""
    names = [f"github:{number}" for number in range(50)]
    with ThreadPoolExecutor(10) as pool:
        answers = list(pool.map(lambda name: servers.decide(ECHO, {"name": name}), names))
    assert [list(answer.roles) for answer in answers] == [[name] for name in names]


def test_more_bundles_at_once_than_are_kept_all_get_their_answer(servers: OpaServers) -> None:
    bundles = [answering(number) for number in range(6)]
    with ThreadPoolExecutor(6) as pool:
        answers = list(pool.map(lambda bundle: servers.decide(bundle, {}), bundles))
    assert [answer.revision for answer in answers] == [bundle.digest for bundle in bundles]
    assert len(servers.processes()) == 3


def test_closing_leaves_no_process_and_no_file(opa: Path, tmp_path: Path) -> None:
    servers = OpaServers(opa)
    servers.decide(answering(), {})
    pid = pid_of(servers, answering())
    folder = Path(f"/proc/{pid}/cwd").resolve()
    assert folder.stat().st_mode & 0o777 == 0o700
    servers.close()
    assert not is_running(pid)
    assert not folder.exists()


def test_an_opa_dies_with_a_controller_that_is_killed(opa: Path, folder: Path) -> None:
    script = (
        "import sys, time; from pathlib import Path; from controller.adapters.opa import OpaServers\n"
        "from tests.adapters.opa.conftest import answering\n"
        "servers = OpaServers(Path(sys.argv[1])); servers.decide(answering(), {})\n"
        "print(*servers.processes().values(), flush=True); time.sleep(600)"
    )
    command = [sys.executable, "-c", script, str(opa)]
    environment = {"TMPDIR": str(folder)}
    with subprocess.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.PIPE) as controller:
        assert controller.stdout is not None
        pid = int(controller.stdout.readline())
        assert is_running(pid)
        controller.kill()
    assert eventually(lambda: not is_running(pid))


def test_an_opa_survives_the_thread_that_asked_first(servers: OpaServers) -> None:
    with ThreadPoolExecutor(1) as pool:
        pool.submit(servers.decide, answering(), {}).result()
    pid = pid_of(servers, answering())
    servers.decide(answering(), {})
    assert pid_of(servers, answering()) == pid


def test_an_opa_that_is_not_there_is_unavailable(tmp_path: Path) -> None:
    with pytest.raises(UnavailableError, match="OPA does not run: .*No such file"):
        OpaServers(tmp_path / "opa").decide(answering(), {})


@pytest.fixture
def broken_opa(opa: Path, tmp_path: Path) -> Path:
    """An OPA that compiles but does not serve."""
    script = tmp_path / "opa"
    script.write_text(f'#!/bin/sh\n[ "$1" = run ] && {{ echo "no room \033[1m" >&2; exit 3; }}\nexec {opa} "$@"\n')
    script.chmod(0o755)
    return script


def test_an_opa_that_keeps_failing_is_left_alone_for_a_while(broken_opa: Path) -> None:
    now = [100.0]
    with OpaServers(broken_opa, monotonic=lambda: now[0]) as servers:
        for _ in range(2):
            with pytest.raises(UnavailableError, match=r"OPA does not start: no room \?\[1m"):
                servers.decide(answering(), {})
        with pytest.raises(UnavailableError, match="failed 2 times in a row and pauses") as caught:
            servers.decide(answering(), {})
        assert caught.value.retry_after_seconds == 0.5
        now[0] += 0.5
        with pytest.raises(UnavailableError, match="OPA does not start"):
            servers.decide(answering(), {})
        with pytest.raises(UnavailableError, match="failed 3 times") as caught:
            servers.decide(answering(), {})
        assert caught.value.retry_after_seconds == 1.0


def test_an_opa_that_cannot_be_executed_says_so(opa: Path, tmp_path: Path) -> None:
    script = tmp_path / "opa"
    script.write_text(f'#!/bin/sh\n[ "$1" = build ] && rm {script}\nexec {opa} "$@"\n')
    script.chmod(0o755)
    with (
        OpaServers(script) as servers,
        pytest.raises(UnavailableError, match=r"OPA does not start: .*opa: No such file"),
    ):
        servers.decide(answering(), {})


def test_a_real_decision_needs_nothing_of_our_environment(
    servers: OpaServers, library: PolicyBundle, document: Mapping[str, object]
) -> None:
    """ATTACKS 002."""
    servers.decide(library, document)
    stated = Path(f"/proc/{pid_of(servers, library)}/environ").read_bytes().split(b"\0")
    assert [name.partition(b"=")[0] for name in stated] == [b"GOGC", b"GOMEMLIMIT", b""]
