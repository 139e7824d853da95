"""SSH signatures as OpenSSH writes and reads them (PROTOCOL.sshsig), ed25519 only.

Signing is for namespace ``git`` with SHA-512. Reading is strict: one version, one namespace,
one key type, no trailing bytes; a signature made for another purpose is none.
"""

import base64
import binascii
import hashlib
import struct
from dataclasses import dataclass

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from controller.errors import InputError

NAMESPACE = b"git"

_BEGIN = b"-----BEGIN SSH SIGNATURE-----\n"
_END = b"-----END SSH SIGNATURE-----"
_MAGIC = b"SSHSIG"
_KEY_TYPE = b"ssh-ed25519"
_HASH = b"sha512"
_WIDTH = 70


@dataclass(frozen=True, slots=True)
class Signature:
    """A signature and the public key it names, both as raw bytes."""

    public_key: bytes
    value: bytes

    def holds(self, message: bytes) -> bool:
        """Tell whether the named key signed `message`."""
        try:
            Ed25519PublicKey.from_public_bytes(self.public_key).verify(self.value, _signed(message))
        except (InvalidSignature, ValueError):
            return False
        return True


def public_key_blob(public_key: bytes) -> bytes:
    """Return a raw ed25519 public key in the form SSH gives it."""
    return _string(_KEY_TYPE) + _string(public_key)


def sign(key: Ed25519PrivateKey, message: bytes) -> bytes:
    """Return the armored signature of `message` by `key`, without a line end."""
    blob = (
        _MAGIC
        + struct.pack(">I", 1)
        + _string(public_key_blob(key.public_key().public_bytes_raw()))
        + _string(NAMESPACE)
        + _string(b"")
        + _string(_HASH)
        + _string(_string(_KEY_TYPE) + _string(key.sign(_signed(message))))
    )
    text = base64.b64encode(blob)
    lines = [text[start : start + _WIDTH] for start in range(0, len(text), _WIDTH)]
    return _BEGIN + b"\n".join(lines) + b"\n" + _END


def read_signature(armored: bytes) -> Signature:
    """Return the signature in `armored`; `InputError` for any that this file would not have made."""
    blob = _dearmored(armored)
    if blob[:10] != _MAGIC + struct.pack(">I", 1):
        raise InputError("expected an SSH signature of version 1")
    (key, namespace, reserved, hashed, signature) = _strings(blob[10:], 5)
    if (namespace, reserved, hashed) != (NAMESPACE, b"", _HASH):
        raise InputError(f"expected a signature for namespace git with SHA-512, got {namespace!a} with {hashed!a}")
    (key_type, public_key) = _strings(key, 2)
    (signature_type, value) = _strings(signature, 2)
    if (key_type, signature_type, len(public_key), len(value)) != (_KEY_TYPE, _KEY_TYPE, 32, 64):
        raise InputError(f"expected an ed25519 signature, got {key_type!a}")
    return Signature(public_key, value)


def _signed(message: bytes) -> bytes:
    digest = hashlib.sha512(message).digest()
    return _MAGIC + _string(NAMESPACE) + _string(b"") + _string(_HASH) + _string(digest)


def _string(value: bytes) -> bytes:
    return struct.pack(">I", len(value)) + value


def _dearmored(armored: bytes) -> bytes:
    if not (armored.startswith(_BEGIN) and armored.endswith(b"\n" + _END)):
        raise InputError(f"expected an armored SSH signature, got {armored[:40]!a}")
    try:
        return base64.b64decode(armored[len(_BEGIN) : -len(_END)].replace(b"\n", b""), validate=True)
    except binascii.Error as error:
        raise InputError(f"expected base64 in an SSH signature: {error}") from error


def _strings(blob: bytes, count: int) -> list[bytes]:
    """Return exactly `count` length-prefixed strings that fill `blob`."""
    values: list[bytes] = []
    rest = blob
    for _ in range(count):
        length = int.from_bytes(rest[:4], "big")
        if len(rest) < 4 + length:
            raise InputError("expected a whole SSH signature, got a cut one")
        values.append(rest[4 : 4 + length])
        rest = rest[4 + length :]
    if rest:
        raise InputError("expected an SSH signature and nothing behind it")
    return values
