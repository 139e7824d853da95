"""`dvo audit verify`: a ledger that holds, one flipped byte, and what a ledger tells a check."""

import json
import shutil
from datetime import UTC, datetime
from pathlib import Path

import pytest

from controller.adapters.git_ledger import GitLedger, ensure_key
from controller.ledger.chain import chain
from controller.ledger.event import Event, EventType
from tests.cli.conftest import Clone, Dvo
from tests.cli.test_checking import PRODUCTION, check


@pytest.fixture
def ledger(tmp_path: Path, home: Path) -> Path:
    """Return a ledger of three entries; who may sign it stands in the home."""
    path = tmp_path / "ledger"
    key = ensure_key(tmp_path / "key")
    (home / "allowed_signers").write_text(key.allowed_signers.text)
    writer = GitLedger(path, key)
    for number in range(1, 4):
        event = Event(
            id=f"00000000-0000-4000-8000-{number:012d}",
            type=EventType.SYSTEM_STARTUP,
            at=datetime(2026, 11, 23, 9, number, tzinfo=UTC),
            actor="dvo",
            subject="dvo",
        )
        writer.append(chain([event], writer.head()))
    return path


def verify(dvo: Dvo, ledger: Path, home: Path, *more: str) -> tuple[int, str]:
    said = dvo("audit", "verify", str(ledger), "--allowed-signers", str(home / "allowed_signers"), *more)
    return said.code, said.out + said.err


def flip_a_byte(ledger: Path) -> None:
    """Change one byte of the largest loose object."""
    objects = [file for file in (ledger / "objects").rglob("*") if file.is_file()]
    victim = max(objects, key=lambda file: file.stat().st_size)
    victim.chmod(0o644)
    content = bytearray(victim.read_bytes())
    content[len(content) // 2] ^= 1
    victim.write_bytes(content)


def test_a_ledger_that_holds_is_said_to(dvo: Dvo, ledger: Path, home: Path) -> None:
    code, said = verify(dvo, ledger, home)
    assert code == 0
    assert "3 entries" in said


@pytest.mark.parametrize("how", [[], ["--bare"], ["--mirror"]])
def test_a_clone_of_any_kind_is_a_copy(dvo: Dvo, clone: Clone, ledger: Path, home: Path, how: list[str]) -> None:
    copy = ledger.with_name("copy")
    clone.git("clone", "--quiet", *how, str(ledger), str(copy))
    code, said = verify(dvo, copy, home)
    assert (code, "3 entries" in said) == (0, True), said
    signers = ("--ledger", str(copy), "--allowed-signers", str(home / "allowed_signers"))
    assert dvo("policy", "decisions", *signers).code == 0


def test_what_is_no_repository_holds_nothing_and_is_not_read(dvo: Dvo, ledger: Path, home: Path) -> None:
    said = dvo("policy", "decisions", "--ledger", str(home), "--allowed-signers", str(home / "allowed_signers"))
    assert said.code == 2
    assert f"expected a ledger or a clone of it at {home}, which is no Git repository" in said.err
    code, told = verify(dvo, home, home)
    assert (code, "does not hold" in told) == (1, True)


def test_by_default_it_is_the_ledger_and_the_signers_of_the_home(dvo: Dvo, ledger: Path) -> None:
    said = dvo("audit", "verify", "--json", more={"DVO_LEDGER": str(ledger), "DVO_HOME": str(ledger.parent / "home")})
    assert said.code == 0
    document = json.loads(said.out)
    assert (document["schema"], document["intact"], document["entries"]) == ("dvo.audit-verification/1", True, 3)
    assert document["fault"] is None


def test_one_flipped_byte_in_a_copy_is_found_and_named(dvo: Dvo, ledger: Path, home: Path, tmp_path: Path) -> None:
    copy = tmp_path / "copy"
    shutil.copytree(ledger, copy)
    flip_a_byte(copy)
    code, said = verify(dvo, copy, home)
    assert code == 1
    assert "does not hold" in said
    document = json.loads(verify(dvo, copy, home, "--json")[1])
    assert document["intact"] is False
    assert document["fault"]["expected"]
    assert verify(dvo, ledger, home)[0] == 0


def test_an_entry_seen_before_must_still_be_there(dvo: Dvo, ledger: Path, home: Path) -> None:
    assert verify(dvo, ledger, home, "--expected-head", "sha256:" + "0" * 64)[0] == 1


def test_who_may_sign_comes_from_outside(dvo: Dvo, ledger: Path, home: Path) -> None:
    (home / "allowed_signers").unlink()
    said = dvo("audit", "verify", str(ledger))
    assert said.code == 2
    assert "--allowed-signers: is missing" in said.err


def test_no_ledger_is_wrong_usage(dvo: Dvo, home: Path, ledger: Path) -> None:
    code, said = verify(dvo, ledger.parent / "none", home)
    assert code == 2
    assert "expected a ledger" in said


def test_a_check_knows_from_a_ledger_what_it_would_not_know_without(
    dvo: Dvo, clone: Clone, ledger: Path, home: Path
) -> None:
    clone.edit(PRODUCTION, "replicas: 1", "replicas: 2")
    more = ("--ledger", str(ledger), "--allowed-signers", str(home / "allowed_signers"), "--json")
    document = json.loads(check(dvo, clone, *more).out)
    assert not any("--ledger" in sentence for sentence in document["unknown"])


def test_a_check_believes_no_ledger_that_does_not_hold(dvo: Dvo, clone: Clone, ledger: Path, home: Path) -> None:
    flip_a_byte(ledger)
    more = ("--ledger", str(ledger), "--allowed-signers", str(home / "allowed_signers"))
    said = check(dvo, clone, *more)
    assert (said.code, said.out) == (1, "")
    assert "the ledger does not hold" in said.err
