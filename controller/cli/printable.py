"""Text from outside, made fit for a terminal: it can show itself and command nothing."""

from controller.change.characters import is_unseen


def printable(text: str) -> str:
    """Return `text` with every character that is not seen as itself spelled out; lines stay."""
    return "".join(f"\\u{ord(letter):04x}" if letter != "\n" and is_unseen(letter) else letter for letter in text)
