"""The table of threats is true: every test it names exists, every weakness it must name is there."""

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
TABLE = (ROOT / "docs/explanation/threats.md").read_text()
ROWS = {row[1]: row[0] for row in re.finditer(r"^\| weakness (\d{3}) \|.*$", TABLE, re.MULTILINE)}
GRAVE = (
    *("001", "002", "003", "005"),
    *("006", "007", "008", "010", "011", "012"),
    *("014", "015", "017", "019", "020", "021", "022", "024", "025"),
    *("035", "036", "037", "038", "040"),
    *("049", "050", "051", "052", "053", "054", "057", "059", "060"),
    *("071", "074", "075", "077", "078", "079"),
    *("115", "116", "118", "119", "120"),
    *("122", "123", "124", "125", "128"),
)
"""What could let an unapproved change through or lose one: of agents to YAML, eight areas."""
LATER = {"069"}
"""What cannot apply before anything is erased."""


@pytest.mark.parametrize("weakness", GRAVE)
def test_every_grave_weakness_is_in_the_table(weakness: str) -> None:
    assert weakness in ROWS


@pytest.mark.parametrize("weakness", sorted(ROWS))
def test_every_test_a_row_names_exists(weakness: str) -> None:
    named = re.findall(r"`(tests/[\w/]+\.py)::(\w+)`", ROWS[weakness])
    assert bool(named) is (weakness not in LATER)
    for path, name in named:
        assert name in _functions(ROOT / path), f"{path}::{name}"


def _functions(path: Path) -> set[str]:
    tree = ast.parse(path.read_text())
    return {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)}
