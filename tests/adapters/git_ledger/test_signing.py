"""The signing key: made once, readable by its owner only, never shown."""

import stat
import subprocess
from multiprocessing.pool import ThreadPool
from pathlib import Path

import pytest

from controller.adapters.git_ledger import SigningKey, ensure_key, key_of
from controller.errors import ConfigurationError


def test_a_key_is_made_once(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "key"
    made = ensure_key(path)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert ensure_key(path).signer == made.signer
    assert [file.name for file in path.parent.iterdir()] == ["key"]


def test_who_starts_at_once_gets_the_same_key(tmp_path: Path) -> None:
    with ThreadPool(8) as pool:
        keys = pool.map(lambda _: ensure_key(tmp_path / "key").signer, range(8))
    assert len(set(keys)) == 1


def test_openssh_reads_the_key(key: SigningKey, tmp_path: Path) -> None:
    shown = subprocess.run(["ssh-keygen", "-y", "-f", str(tmp_path / "key")], capture_output=True, check=True)
    assert shown.stdout.decode().split()[:2] == key.signer.line.split()[2:]
    shown = subprocess.run(["ssh-keygen", "-l", "-f", str(tmp_path / "key")], capture_output=True, check=True)
    assert shown.stdout.decode().split()[1] == key.signer.fingerprint


def test_the_key_is_not_shown(key: SigningKey, tmp_path: Path) -> None:
    assert repr(key) == "SigningKey(principal='ledger@dvo')"
    assert "PRIVATE" not in f"{key!s}"


@pytest.mark.parametrize("mode", [0o644, 0o640, 0o604])
def test_a_key_others_can_read_is_refused(tmp_path: Path, mode: int) -> None:
    ensure_key(tmp_path / "key")
    (tmp_path / "key").chmod(mode)
    with pytest.raises(ConfigurationError, match="0600"):
        ensure_key(tmp_path / "key")


@pytest.mark.parametrize("kind", ["nonsense", "encrypted", "rsa", "folder"])
def test_what_is_no_plain_ed25519_key_is_refused_without_showing_it(tmp_path: Path, kind: str) -> None:
    path = tmp_path / "key"
    if kind == "nonsense":
        path.write_text("canary")
    elif kind == "encrypted":
        subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "canary", "-f", str(path)], check=True)
    elif kind == "rsa":
        subprocess.run(["ssh-keygen", "-q", "-t", "rsa", "-N", "", "-f", str(path)], check=True)
    else:
        path.mkdir()
    path.chmod(0o700)
    with pytest.raises(ConfigurationError) as caught:
        ensure_key(path)
    assert "canary" not in str(caught.value)


def test_a_place_that_cannot_be_written_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(ConfigurationError):
        ensure_key(tmp_path / "file" / "key")


def test_a_key_given_as_text_is_the_same_key(key: SigningKey, tmp_path: Path) -> None:
    assert key_of((tmp_path / "key").read_text()).signer == key.signer
    with pytest.raises(ConfigurationError, match="DVO_SIGNING_KEY") as caught:
        key_of("canary")
    assert "canary" not in str(caught.value)
