"""`dvo demo`: the whole story, told on the terminal."""

from rich.console import Console

from controller.compose import demo


def run(*, keep: bool) -> int:
    """Play the story and return the exit code."""
    return demo.run(keep=keep, console=Console(highlight=False))
