"""A problem reads as one printable line."""

from controller.change.names import RepoPath
from controller.desired_state.problem import Problem


def test_a_problem_is_written_as_editors_understand_it() -> None:
    assert str(Problem(RepoPath("a/b.yaml"), 3, 7, "wrong", "correct it")) == "a/b.yaml:3:7: wrong"


def test_a_path_cannot_forge_a_line() -> None:
    """ATTACKS 005, 036."""
    text = str(Problem(RepoPath("a\n::error::\x1b[2J\u202e\udcff"), 1, 1, "wrong", "correct it"))
    assert text.isascii()
    assert text.isprintable()
