"""The published schemas are those of the models, and accept what the models accept."""

from pathlib import Path

import pytest
import yaml
from jsonschema import Draft202012Validator

from controller.caat.agent_file import json_schemas

ROOT = Path(__file__).parents[3]
FILES = {
    "agent.json": sorted((ROOT / "agents").glob("*/agent.yaml")),
    "capability-tests.json": sorted((ROOT / "agents").glob("*/tests/capabilities.yaml")),
}


@pytest.mark.parametrize("name", FILES)
def test_the_published_schema_is_fresh(name: str) -> None:
    assert (ROOT / "schemas" / name).read_bytes() == json_schemas()[name], "run tools/schemas.py"


@pytest.mark.parametrize(("name", "path"), [(name, path) for name, paths in FILES.items() for path in paths])
def test_a_sample_fits_the_published_schema(name: str, path: Path) -> None:
    schema = yaml.safe_load(json_schemas()[name])
    Draft202012Validator.check_schema(schema)
    Draft202012Validator(schema).validate(yaml.safe_load(path.read_bytes()))
    assert path.read_text().startswith("# yaml-language-server: $schema=")
    named = path.read_text().splitlines()[0].partition("=")[2]
    assert (path.parent / named).resolve() == ROOT / "schemas" / name
