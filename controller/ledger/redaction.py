"""What looks like a secret leaves a value before the value is recorded.

The forms are those their issuers publish: GitHub tokens (opaque after the prefix, dots and
any length included), JSON Web Tokens (RFC 7519), PEM private keys (RFC 7468), cloud and model
provider keys, bearer headers (RFC 6750), passwords within URLs (RFC 3986). References such as
``keyvault://vault/name`` are no secrets and stay. What a manifest may hold is judged elsewhere.
"""

import re
from collections.abc import Mapping, Sequence

from controller.errors import InputError

REDACTED = "[redacted]"

_SECRET = re.compile(
    r"""
      -----BEGIN[ A-Z0-9]*PRIVATE[ ]KEY-----.*?(?:-----END[ A-Z0-9]*PRIVATE[ ]KEY-----|\Z)
    | \bgh[opsur]_[A-Za-z0-9._-]{36,}
    | \bgithub_pat_[A-Za-z0-9_]{22,}
    | \bglpat-[A-Za-z0-9_-]{20,}
    | \beyJ[A-Za-z0-9_-]{5,}\.[A-Za-z0-9_-]{5,}\.[A-Za-z0-9_-]*
    | \b(?:AKIA|ASIA)[A-Z0-9]{16}\b
    | \bAIza[A-Za-z0-9_-]{35}
    | \bsk-[A-Za-z0-9_-]{20,}
    | \bxox[abeoprs]-[A-Za-z0-9-]{10,}
    | [A-Za-z0-9_~.-]{3}[0-9]Q~[A-Za-z0-9_~.-]{31,34}
    | (?<=\bAccountKey=)[A-Za-z0-9+/=]{40,}
    | (?<=\bSharedAccessKey=)[A-Za-z0-9+/=]{20,}
    | (?i:(?<=\bbearer\ ))[A-Za-z0-9._~+/-]{16,}=*
    | (?<=://)[^/\s:@]*:[^/\s@]+(?=@)
    """,
    re.VERBOSE | re.DOTALL | re.ASCII,
)
_SECRET_KEYS = frozenset(
    {"password", "passwd", "client_secret", "access_token", "refresh_token", "id_token", "private_key", "authorization"}
)
_DEEPEST = 50
_REFERENCE = re.compile(r"[a-z]+://[A-Za-z0-9./_-]+")


def redacted_text(text: str) -> str:
    """Return `text` with everything that looks like a secret replaced."""
    return _SECRET.sub(REDACTED, text)


def redacted(details: Mapping[str, object]) -> dict[str, object]:
    """Return `details` with every secret-looking text replaced, at any depth, in keys too.

    Raises `InputError` for bytes and for values nested deeper than anything that was meant.
    """
    return _members(details, 0)


def _members(members: Mapping[str, object], depth: int) -> dict[str, object]:
    return {_key(key): _value(str(key), value, depth) for key, value in members.items()}


def _key(key: object) -> str:
    """Return a redacted key; one that is no text stays, for `canonical_json` to refuse."""
    return redacted_text(key) if isinstance(key, str) else key  # type: ignore[return-value]


def _value(key: str, value: object, depth: int) -> object:
    if depth > _DEEPEST:
        raise InputError(f"expected details of at most {_DEEPEST} levels, got more")
    match value:
        case str() if key.lower() in _SECRET_KEYS and not _REFERENCE.fullmatch(value):
            return REDACTED
        case str():
            return redacted_text(value)
        case Mapping():
            return _members(value, depth + 1)
        case bytes() | bytearray() | memoryview():
            raise InputError("expected JSON values in the details of an event, got bytes")
        case Sequence():
            return [_value(key, item, depth + 1) for item in value]
        case _:
            return value
