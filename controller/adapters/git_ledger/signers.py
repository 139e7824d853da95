"""Who may sign the ledger: the trusted copy of an ``allowed_signers`` file (ssh-keygen(1)).

Each line names exactly one principal, ``namespaces="git"`` and one ed25519 key. Wildcards,
other options and other keys are refused: any of them would let somebody else's signature pass.
"""

import base64
import binascii
import hashlib
import re
from dataclasses import dataclass

from controller.adapters.git_ledger.sshsig import public_key_blob, read_signature
from controller.errors import ConfigurationError, InputError

_LINE = re.compile(r'([A-Za-z0-9._@+-]+) namespaces="git" ssh-ed25519 ([A-Za-z0-9+/=]+)(?: [ -~]*)?', re.ASCII)
_KEY_LENGTH = 32


@dataclass(frozen=True, slots=True)
class Signer:
    """One who may sign: the name, and the raw ed25519 key."""

    principal: str
    public_key: bytes

    @property
    def line(self) -> str:
        """The signer's line of an ``allowed_signers`` file."""
        blob = base64.b64encode(public_key_blob(self.public_key)).decode("ascii")
        return f'{self.principal} namespaces="git" ssh-ed25519 {blob}\n'

    @property
    def fingerprint(self) -> str:
        """The key's fingerprint as OpenSSH shows it."""
        digest = hashlib.sha256(public_key_blob(self.public_key)).digest()
        return "SHA256:" + base64.b64encode(digest).decode("ascii").rstrip("=")


@dataclass(frozen=True, slots=True)
class AllowedSigners:
    """Everyone who may sign the ledger."""

    signers: tuple[Signer, ...]

    @classmethod
    def from_text(cls, text: str) -> "AllowedSigners":
        """Return the signers `text` names; `ConfigurationError` for a line that allows anything else."""
        lines = [line for line in text.splitlines() if line.strip() and not line.startswith("#")]
        signers = tuple(_signer(line) for line in lines)
        if not signers:
            raise ConfigurationError("expected at least one allowed signer of the ledger, got none")
        if len({signer.public_key for signer in signers}) != len(signers):
            raise ConfigurationError("expected each key once among the allowed signers, got one twice")
        return cls(signers)

    @property
    def text(self) -> str:
        """The ``allowed_signers`` file."""
        return "".join(signer.line for signer in self.signers)

    def signer_of(self, payload: bytes, armored: bytes) -> Signer:
        """Return who signed `payload`; `InputError` when it was nobody who may."""
        signature = read_signature(armored)
        for signer in self.signers:
            if signer.public_key == signature.public_key and signature.holds(payload):
                return signer
        raise InputError(
            f"expected a valid signature by one of {[signer.fingerprint for signer in self.signers]}, "
            f"got one by {Signer('', signature.public_key).fingerprint} that is unknown or does not hold"
        )


def _signer(line: str) -> Signer:
    matched = _LINE.fullmatch(line)
    if matched is None:
        raise ConfigurationError(
            f'expected `<principal> namespaces="git" ssh-ed25519 <key>` as an allowed signer, got {line[:120]!a}'
        )
    try:
        blob = base64.b64decode(matched[2], validate=True)
    except binascii.Error as error:
        raise ConfigurationError(f"expected base64 as an allowed signer's key, got {matched[2][:40]!a}") from error
    public_key = blob[-_KEY_LENGTH:]
    if public_key_blob(public_key) != blob:
        raise ConfigurationError(f"expected an ed25519 key of an allowed signer, got {matched[2][:40]!a}")
    return Signer(matched[1], public_key)
