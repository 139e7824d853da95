"""SSH signatures: ours are OpenSSH's, and no other kind is read."""

import base64
import subprocess
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from controller.adapters.git_ledger import SigningKey
from controller.adapters.git_ledger.sshsig import read_signature
from controller.errors import InputError

BEGIN, END = b"-----BEGIN SSH SIGNATURE-----\n", b"\n-----END SSH SIGNATURE-----"


def test_ssh_keygen_accepts_what_we_sign(key: SigningKey, signers: Path, tmp_path: Path) -> None:
    (tmp_path / "signature").write_bytes(key.sign(b"a message") + b"\n")
    for message, code in ((b"a message", 0), (b"another", 255)):
        checked = subprocess.run(
            ["ssh-keygen", "-Y", "verify", "-f", str(signers), "-I", key.principal, "-n", "git",
             "-s", str(tmp_path / "signature")],
            input=message, capture_output=True, check=False,
        )  # fmt: skip
        assert checked.returncode == code


def test_we_accept_what_ssh_keygen_signs(key: SigningKey, tmp_path: Path) -> None:
    message = tmp_path / "message"
    message.write_bytes(b"a message")
    sign = ["ssh-keygen", "-q", "-Y", "sign", "-n", "git", "-f", str(tmp_path / "key"), str(message)]
    subprocess.run(sign, check=True, capture_output=True)
    armored = (tmp_path / "message.sig").read_bytes().removesuffix(b"\n")
    assert armored == key.sign(b"a message")
    assert key.allowed_signers.signer_of(b"a message", armored) == key.signer


def test_a_signature_holds_for_its_message_only(key: SigningKey) -> None:
    signature = read_signature(key.sign(b"a message"))
    assert signature.holds(b"a message")
    assert not signature.holds(b"a messagE")


@pytest.mark.parametrize("place", range(0, 280, 7))
def test_a_changed_signature_is_none(key: SigningKey, place: int) -> None:
    armored = key.sign(b"a message")
    changed = armored[:place] + bytes([armored[place] ^ 1]) + armored[place + 1 :]
    with pytest.raises(InputError):
        key.allowed_signers.signer_of(b"a message", changed)


@given(st.binary(max_size=200))
def test_nothing_else_is_read_as_a_signature(content: bytes) -> None:
    for armored in (content, BEGIN + base64.b64encode(content) + END, BEGIN + content + END):
        with pytest.raises(InputError):
            read_signature(armored)


def armored_with(key: SigningKey, old: bytes, new: bytes) -> bytes:
    blob = base64.b64decode(key.sign(b"x")[len(BEGIN) : -len(END)])
    assert old in blob
    return BEGIN + base64.b64encode(blob.replace(old, new)) + END


@pytest.mark.parametrize(
    ("old", "new"),
    [
        pytest.param(b"SSHSIG\0\0\0\1", b"SSHSIG\0\0\0\2", id="version"),
        pytest.param(b"\0\0\0\3git", b"\0\0\0\4file", id="namespace"),
        pytest.param(b"\0\0\0\6sha512", b"\0\0\0\6sha256", id="hash"),
        pytest.param(b"ssh-ed25519", b"ssh-ed25518", id="key type"),
        pytest.param(b"\0\0\0\x40", b"\0\0\0\x3f", id="length"),
    ],
)
def test_a_signature_of_another_form_is_refused(key: SigningKey, old: bytes, new: bytes) -> None:
    """ATTACKS 061."""
    with pytest.raises(InputError):
        read_signature(armored_with(key, old, new))
