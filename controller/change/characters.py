"""Which characters a governed text may hold: those a reviewer sees, and nothing else.

Control, format, private-use, unassigned and surrogate code points, line and paragraph
separators, spaces other than U+0020 and the marks that render as nothing are refused, after
Trojan Source (CVE-2021-42574) and Unicode UTS #39; a tab and a line feed are fine. Says where
they stand and what they are called; what becomes of the file is `document`'s affair.
"""

import re
import unicodedata
from collections.abc import Iterator

_VISIBLE_ASCII = re.compile(r"[\t\n -~]*")
_REFUSED_CATEGORIES = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp", "Zs"})
_RENDERED_AS_NOTHING = frozenset(
    chr(point)
    for span in (
        range(0x034F, 0x0350),  # combining grapheme joiner
        range(0x115F, 0x1161),  # Hangul fillers
        range(0x17B4, 0x17B6),  # Khmer inherent vowels
        range(0x180B, 0x1810),  # Mongolian variation selectors
        range(0x2800, 0x2801),  # Braille pattern blank
        range(0x3164, 0x3165),  # Hangul filler
        range(0xFE00, 0xFE10),  # variation selectors
        range(0xFFA0, 0xFFA1),  # half-width Hangul filler
        range(0xE0100, 0xE01F0),  # variation selectors supplement
    )
    for point in span
)
_LONGEST_SHOWN = 60


def unseen_characters(text: str) -> Iterator[tuple[int, str]]:
    """Yield the offset and the character of everything in `text` a reviewer cannot see as it is."""
    if _VISIBLE_ASCII.fullmatch(text):
        return
    for offset, character in enumerate(text):
        if is_unseen(character):
            yield offset, character


def is_unseen(character: str) -> bool:
    """Return whether one character is invisible, reorders others, or only looks like a space."""
    if character in "\t\n" or " " <= character <= "~":
        return False
    return character in _RENDERED_AS_NOTHING or unicodedata.category(character) in _REFUSED_CATEGORIES


def spelled(character: str) -> str:
    """Return the code point of `character` and its name, such as ``U+202E RIGHT-TO-LEFT OVERRIDE``."""
    name = unicodedata.name(character, "")
    return f"U+{ord(character):04X}" + (f" {name}" if name else "")


def shown(text: str) -> str:
    """Return `text` fit for a message: in quotes, short, printable ASCII only, one line."""
    cut = text if len(text) <= _LONGEST_SHOWN else text[:_LONGEST_SHOWN] + "..."
    return ascii(cut)
