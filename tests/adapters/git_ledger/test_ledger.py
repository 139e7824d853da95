"""The ledger in Git: its promises, its place, and what it refuses to go on from."""

import os
import shutil
import subprocess
import time
from dataclasses import replace
from pathlib import Path

import pytest

from controller.adapters.git_ledger import GitLedger, SigningKey, ensure_key, verify
from controller.adapters.git_ledger.command import Git
from controller.errors import ConfigurationError, LedgerIntegrityError, UnavailableError
from controller.ledger.chain import chain
from tests.contracts.ledger_store import LedgerStoreContract
from tests.fakes.events import sample_events

ENTRIES = chain(sample_events(6), None)


class TestGitLedger(LedgerStoreContract):
    """Fixture `ledger` is in conftest.py."""


def test_another_process_reads_what_was_sealed(ledger: GitLedger, path: Path, key: SigningKey) -> None:
    ledger.append(ENTRIES[:3])
    other = GitLedger(path, key)
    assert tuple(other.entries()) == ENTRIES[:3]
    other.append(ENTRIES[3:])
    assert ledger.head() == ENTRIES[5]
    assert tuple(ledger.entries(4)) == ENTRIES[4:]


def test_each_commit_adds_one_segment(ledger: GitLedger, path: Path) -> None:
    ledger.append(ENTRIES[:3])
    commit = ledger.append(ENTRIES[3:])
    git = Git(path)
    assert git.run("show", "--name-status", "--format=", commit).decode() == (
        "A\tledger/2026/11/21/000000000004.jsonl\n"
    )
    assert git.run("ls-tree", "-r", "--name-only", commit).decode().splitlines() == [
        "allowed_signers",
        "ledger/2026/11/21/000000000001.jsonl",
        "ledger/2026/11/21/000000000004.jsonl",
    ]
    assert git.run("fsck", "--strict") == b""


def test_the_repository_has_named_formats_and_no_hooks(ledger: GitLedger, path: Path) -> None:
    ledger.append(ENTRIES)
    assert Git(path).run("rev-parse", "--show-object-format") == b"sha1\n"
    assert not list((path / "hooks").glob("*")) if (path / "hooks").exists() else True


def test_a_ledger_that_is_gone_is_no_new_ledger(ledger: GitLedger, path: Path) -> None:
    """ATTACKS 066."""
    ledger.append(ENTRIES)
    (path / "refs/heads/main").unlink()
    with pytest.raises(LedgerIntegrityError, match="no ledger at all"):
        ledger.head()


def test_a_ledger_cut_back_is_no_extension(ledger: GitLedger, path: Path) -> None:
    """ATTACKS 066."""
    first = ledger.append(ENTRIES[:3])
    ledger.append(ENTRIES[3:])
    Git(path).run("update-ref", "refs/heads/main", first)
    with pytest.raises(LedgerIntegrityError, match="an extension of"):
        ledger.head()


def test_a_branch_that_names_no_commit_stops_everything(ledger: GitLedger, path: Path, key: SigningKey) -> None:
    ledger.append(ENTRIES)
    (path / "refs/heads/main").write_text("nonsense\n")
    with pytest.raises(LedgerIntegrityError):
        GitLedger(path, key).head()


def test_a_ledger_signed_by_another_key_is_not_read(ledger: GitLedger, path: Path, tmp_path: Path) -> None:
    """ATTACKS 061."""
    ledger.append(ENTRIES)
    with pytest.raises(LedgerIntegrityError, match="valid signature"):
        GitLedger(path, ensure_key(tmp_path / "other")).head()


def test_a_full_disk_or_missing_folder_is_unavailable(tmp_path: Path, key: SigningKey) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(UnavailableError):
        GitLedger(tmp_path / "file" / "ledger.git", key).append(ENTRIES)


def test_no_room_for_the_objects_leaves_the_ledger_as_it_was(ledger: GitLedger, path: Path) -> None:
    """ATTACKS 068."""
    ledger.append(ENTRIES[:3])
    objects = path / "objects"
    objects.rename(path / "objects.away")
    objects.write_text("")
    with pytest.raises(UnavailableError):
        ledger.append(ENTRIES[3:])
    objects.unlink()
    (path / "objects.away").rename(objects)
    assert ledger.head() == ENTRIES[2]
    ledger.append(ENTRIES[3:])
    assert tuple(ledger.entries()) == ENTRIES


def test_a_lock_left_behind_long_ago_does_not_block_for_ever(ledger: GitLedger, path: Path) -> None:
    ledger.append(ENTRIES[:3])
    lock = path / "refs/heads/main.lock"
    lock.write_text("")
    os.utime(lock, (time.time() - 3600, time.time() - 3600))
    with pytest.raises(UnavailableError):
        ledger.append(ENTRIES[3:])
    ledger.append(ENTRIES[3:])
    assert ledger.head() == ENTRIES[5]


def test_the_machines_git_configuration_changes_nothing(
    ledger: GitLedger, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """ATTACKS 035."""
    canary = tmp_path / "canary"
    hooks = tmp_path / "hooks"
    hooks.mkdir()
    (hooks / "reference-transaction").write_text(f"#!/bin/sh\ntouch {canary}\n")
    (hooks / "reference-transaction").chmod(0o755)
    config = tmp_path / "gitconfig"
    config.write_text(f"[core]\n\thooksPath = {hooks}\n")
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(config))
    ledger.append(ENTRIES)
    assert not canary.exists()


def bare(path: Path) -> Path:
    subprocess.run(["git", "init", "--quiet", "--bare", str(path)], check=True)
    return path


def test_a_remote_is_brought_up_to_the_ledger(ledger: GitLedger, tmp_path: Path, signers: Path) -> None:
    remote = bare(tmp_path / "remote.git")
    ledger.push(str(remote))
    ledger.append(ENTRIES[:3])
    ledger.push(str(remote))
    ledger.push(str(remote))
    ledger.append(ENTRIES[3:])
    ledger.push(str(remote))
    assert verify(remote, signers).head == ENTRIES[5]


def test_a_remote_with_another_history_stops_everything(ledger: GitLedger, tmp_path: Path, key: SigningKey) -> None:
    """ATTACKS 066."""
    other = GitLedger(tmp_path / "other.git", key)
    other.append(chain(sample_events(2, 9), None))
    ledger.append(ENTRIES)
    with pytest.raises(LedgerIntegrityError, match="remote"):
        ledger.push(str(tmp_path / "other.git"))


def test_a_remote_that_is_ahead_stops_everything(
    ledger: GitLedger, path: Path, tmp_path: Path, key: SigningKey
) -> None:
    """ATTACKS 066: a ledger restored from an old copy does not go on beside its remote."""
    remote = bare(tmp_path / "remote.git")
    first = ledger.append(ENTRIES[:3])
    ledger.append(ENTRIES[3:])
    ledger.push(str(remote))
    Git(path).run("update-ref", "refs/heads/main", first)
    with pytest.raises(LedgerIntegrityError, match="remote"):
        GitLedger(path, key).push(str(remote))


def test_a_remote_that_does_not_answer_is_unavailable(ledger: GitLedger, tmp_path: Path) -> None:
    ledger.append(ENTRIES)
    with pytest.raises(UnavailableError):
        ledger.push(str(tmp_path / "nowhere.git"))


@pytest.mark.parametrize("remote", ["--upload-pack=touch x", "-x", "ext::sh -c 'touch x'"])
def test_a_remote_that_is_an_option_or_a_command_is_refused(ledger: GitLedger, remote: str) -> None:
    """ATTACKS 035."""
    with pytest.raises(ConfigurationError):
        ledger.push(remote)


def test_a_forged_entry_is_never_sealed(ledger: GitLedger) -> None:
    with pytest.raises(LedgerIntegrityError):
        ledger.append((replace(ENTRIES[0], event=ENTRIES[1].event),))


# A `git` that may write nothing, as on a full disk, when it is asked to do one thing.
FULL = """#!/bin/sh
case "$*" in *" {command} "*) trap '' XFSZ; ulimit -f 0 ;; esac
exec "{git}" "$@"
"""


@pytest.mark.parametrize("command", ["unpack-objects", "update-ref"])
def test_a_full_disk_leaves_the_ledger_as_it_was(
    ledger: GitLedger, tmp_path: Path, signers: Path, monkeypatch: pytest.MonkeyPatch, command: str
) -> None:
    """ATTACKS 068."""
    ledger.append(ENTRIES[:3])
    program = tmp_path / "bin" / "git"
    program.parent.mkdir()
    program.write_text(FULL.format(command=command, git=shutil.which("git")))
    program.chmod(0o755)
    with monkeypatch.context() as patch:
        patch.setenv("PATH", f"{program.parent}:{os.environ['PATH']}")
        with pytest.raises(UnavailableError):
            ledger.append(ENTRIES[3:])
    assert ledger.head() == ENTRIES[2]
    ledger.append(ENTRIES[3:])
    assert verify(tmp_path / "ledger.git", signers).head == ENTRIES[5]
