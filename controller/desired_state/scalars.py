"""What an unquoted YAML scalar is: one rule that every reader of YAML agrees with.

A plain scalar is exactly one of ``true``, ``false``, ``null``, a number as JSON writes it
(without exponent), or text that YAML 1.1 and YAML 1.2 both read as text. Everything else -
``no``, ``~``, ``012``, ``0x1F``, ``1:30``, ``1e5``, ``.inf``, a date - means different things
to different readers and is refused with the advice to quote it.
"""

import re
from dataclasses import dataclass

LARGEST_INTEGER = 2**53 - 1
"""The largest integer that JSON readers agree on (RFC 8259, section 6)."""

_LONGEST_NUMBER = 32
_CONSTANTS = {"true": True, "false": False, "null": None}
_INTEGER = re.compile(r"-?(?:0|[1-9][0-9]*)")
_DECIMAL = re.compile(r"-?(?:0|[1-9][0-9]*)\.[0-9]+")
_READ_DIFFERENTLY = re.compile(
    r"""
    ~ | = | << |                                            # null, value and merge of YAML 1.1
    (?i:null|true|false|yes|no|on|off|y|n) |
    [-+]?[0-9][0-9_]* |                                     # signs, leading zeros, octal, underscores
    [-+]?0[box][0-9a-f_]+ | [-+]?0[BOX][0-9A-Fa-f_]+ | [-+]?0x[0-9A-Fa-f_]+ |
    [-+]?[0-9][0-9_]*(?::[0-9]+)+(?:\.[0-9_]*)? |           # sexagesimal
    [-+]?(?:[0-9][0-9_]*(?:\.[0-9_]*)?|\.[0-9_]+)(?:[eE][-+]?[0-9]+)? |
    [-+]?\.(?i:inf) | \.(?i:nan) |
    [0-9]{4}-[0-9]{1,2}-[0-9]{1,2}(?:[Tt \t].*)?            # dates and times
    """,
    re.VERBOSE | re.ASCII | re.DOTALL,
)
_MAY_BE_NO_TEXT = frozenset("~=<+-.0123456789nNtTfFyYoO")


@dataclass(frozen=True, slots=True)
class Ambiguous:
    """A plain scalar that has no one meaning, and why."""

    reason: str
    remedy: str


_AMBIGUOUS = Ambiguous(
    "a plain value that readers of YAML understand differently",
    "Put it in quotes if it is text; else write true, false or a decimal number.",
)
_TOO_LARGE = Ambiguous("a number beyond what every reader holds exactly", "Put it in quotes if it is text.")


def plain_scalar(text: str) -> str | int | float | bool | Ambiguous | None:
    """Return the value of a plain scalar by the rule above, or `Ambiguous`."""
    if not text:
        return Ambiguous("an empty value, which YAML reads as null", "Give a value, or leave the key out.")
    if text[0] not in _MAY_BE_NO_TEXT:
        return text
    if text in _CONSTANTS:
        return _CONSTANTS[text]
    if _INTEGER.fullmatch(text):
        return int(text) if len(text) <= _LONGEST_NUMBER and abs(int(text)) <= LARGEST_INTEGER else _TOO_LARGE
    if _DECIMAL.fullmatch(text):
        return float(text) if len(text) <= _LONGEST_NUMBER else _TOO_LARGE
    return _AMBIGUOUS if _READ_DIFFERENTLY.fullmatch(text) else text
