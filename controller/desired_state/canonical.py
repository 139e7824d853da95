"""JSON values as one sequence of bytes: RFC 8785 (JSON Canonicalization Scheme).

Whatever is hashed, signed or compared goes through here, so equal values have equal bytes
on every machine and Python version. Values that JSON cannot say exactly are refused.
"""

import json
import math
from collections.abc import Mapping

from controller.errors import InputError

_EXACT = 2**53 - 1
_PLAIN = json.JSONEncoder(ensure_ascii=False, sort_keys=True, separators=(",", ":"), allow_nan=False)


def canonical_json(value: object) -> bytes:
    """Return the canonical UTF-8 bytes of `value`.

    Raises `InputError` for NaN, infinities, integers beyond 2^53 - 1, keys that are not
    strings, lone surrogates, nesting too deep to follow and anything that is not a JSON value.
    """
    try:
        text = _PLAIN.encode(value) if _is_plain(value) else _text(value)
        return text.encode("utf-8")
    except RecursionError as error:
        raise InputError("a value nested this deep cannot be canonical JSON") from error
    except UnicodeEncodeError as error:
        raise InputError(f"text that is no Unicode cannot be canonical JSON: {error.object[:40]!a}") from error


def _is_plain(value: object) -> bool:
    """Return whether the library's encoder, which is much faster, writes `value` as RFC 8785 does."""
    if value is None or isinstance(value, str | bool):
        return True
    if isinstance(value, int):
        return -_EXACT <= value <= _EXACT
    if isinstance(value, float):  # in this range Python and ECMAScript print a fraction alike
        return 0.001 <= abs(value) < 1e15 and not value.is_integer()
    if isinstance(value, dict):
        return all(isinstance(key, str) and key.isascii() for key in value) and all(map(_is_plain, value.values()))
    return isinstance(value, list | tuple) and all(map(_is_plain, value))


def _text(value: object) -> str:
    match value:
        case None | bool() | str():
            return json.dumps(value, ensure_ascii=False)
        case int():
            if abs(value) > _EXACT:
                raise InputError(f"expected an integer within 2^53 - 1, got one of {value.bit_length()} bits")
            return str(value)
        case float():
            return _number(value)
        case Mapping():
            return _object(value)
        case list() | tuple():
            return "[" + ",".join(map(_text, value)) + "]"
        case _:
            raise InputError(f"expected a JSON value, got {type(value).__name__}")


def _object(value: Mapping[object, object]) -> str:
    if not all(isinstance(key, str) for key in value):
        raise InputError("expected strings as the keys of a JSON object")
    members = sorted(value.items(), key=lambda member: str(member[0]).encode("utf-16-be", "surrogatepass"))
    return "{" + ",".join(f"{_text(key)}:{_text(item)}" for key, item in members) + "}"


def _number(value: float) -> str:
    """Return `value` as ECMAScript prints it (RFC 8785, section 3.2.2.3)."""
    if not math.isfinite(value):
        raise InputError(f"expected a finite number, got {value}")
    if value == 0:
        return "0"
    sign, magnitude = ("-", -value) if value < 0 else ("", value)
    mantissa, _, exponent = f"{magnitude!r}".replace("E", "e").partition("e")
    whole, _, fraction = mantissa.partition(".")
    fraction = fraction.rstrip("0") if fraction != "0" else ""
    digits = (whole + fraction).lstrip("0")
    leading = len(whole + fraction) - len(digits)
    point = len(whole) + int(exponent or 0) - leading
    digits = digits.rstrip("0")
    return sign + _placed(digits, point)


def _placed(digits: str, point: int) -> str:
    """Place the decimal point `point` digits from the left, as ECMAScript chooses the notation."""
    count = len(digits)
    if count <= point <= 21:
        return digits + "0" * (point - count)
    if 0 < point <= 21:
        return f"{digits[:point]}.{digits[point:]}"
    if -6 < point <= 0:
        return "0." + "0" * -point + digits
    exponent = f"e{'+' if point > 0 else '-'}{abs(point - 1)}"
    return (digits if count == 1 else f"{digits[0]}.{digits[1:]}") + exponent
