"""The key that seals the ledger: an ed25519 key in an OpenSSH file only its owner can read."""

import os
import tempfile
from dataclasses import dataclass, field
from pathlib import Path

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, load_ssh_private_key

from controller.adapters.git_ledger.signers import AllowedSigners, Signer
from controller.adapters.git_ledger.sshsig import sign
from controller.errors import ConfigurationError

PRINCIPAL = "ledger@dvo"


@dataclass(frozen=True, slots=True)
class SigningKey:
    """A private key and the name it signs under; it never shows the key."""

    _key: Ed25519PrivateKey = field(repr=False)
    principal: str = PRINCIPAL

    @property
    def signer(self) -> Signer:
        """The public side."""
        return Signer(self.principal, self._key.public_key().public_bytes_raw())

    @property
    def allowed_signers(self) -> AllowedSigners:
        """This key as the only one that may sign."""
        return AllowedSigners((self.signer,))

    def sign(self, payload: bytes) -> bytes:
        """Return the armored SSH signature of `payload` for namespace ``git``."""
        return sign(self._key, payload)


def ensure_key(path: Path, principal: str = PRINCIPAL) -> SigningKey:
    """Return the key at `path`, made there when there is none.

    Raises `ConfigurationError` for a key that others can read, or that is no plain ed25519 key.
    """
    try:
        if not path.exists():
            _create(path)
        return SigningKey(_read(path), principal)
    except OSError as error:
        raise ConfigurationError(f"the signing key {path} cannot be used: {error.strerror}") from error


def key_of(text: str, principal: str = PRINCIPAL) -> SigningKey:
    """Return the key an OpenSSH private key file holds; `ConfigurationError` unless it is a plain ed25519 key."""
    return SigningKey(_understood(text.encode(), "DVO_SIGNING_KEY"), principal)


def _create(path: Path) -> None:
    """Write a new key whole or not at all; whoever comes second uses the first one's."""
    path.parent.mkdir(parents=True, exist_ok=True)
    content = Ed25519PrivateKey.generate().private_bytes(Encoding.PEM, PrivateFormat.OpenSSH, NoEncryption())
    descriptor, draft = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    try:
        os.link(draft, path)
    except FileExistsError:
        return
    finally:
        Path(draft).unlink()


def _read(path: Path) -> Ed25519PrivateKey:
    mode = path.stat().st_mode & 0o777
    if mode & 0o077:
        raise ConfigurationError(f"expected the signing key {path} with mode 0600, got {mode:04o}")
    return _understood(path.read_bytes(), str(path))


def _understood(content: bytes, place: str) -> Ed25519PrivateKey:
    try:
        key = load_ssh_private_key(content, password=None)
    except (ValueError, TypeError, UnsupportedAlgorithm) as error:
        # What the library says may quote the file: it stays inside.
        raise ConfigurationError(f"expected an unencrypted OpenSSH private key in {place}") from error
    if not isinstance(key, Ed25519PrivateKey):
        raise ConfigurationError(f"expected an ed25519 key in {place}, got another kind")
    return key
