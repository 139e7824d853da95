"""The published schemas are those the controller judges by."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml
from jsonschema import Draft202012Validator

from controller.desired_state.schema import json_schemas, time_zones
from tests.core.desired_state.making import environment, manifest

PUBLISHED = Path(__file__).parents[3] / "schemas"


@pytest.mark.parametrize("name", json_schemas())
def test_the_committed_schema_is_fresh(name: str) -> None:
    """Run `python -m tools.schemas` when this fails."""
    assert (PUBLISHED / name).read_bytes() == json_schemas()[name]


@pytest.mark.parametrize("name", json_schemas())
def test_a_schema_is_valid_and_tells_editors_what_each_key_means(name: str) -> None:
    schema = json.loads(json_schemas()[name])
    Draft202012Validator.check_schema(schema)
    assert schema["title"]
    assert all(key.get("description") for key in schema["properties"].values())
    assert schema["additionalProperties"] is False


def faults(name: str, text: str) -> list[str]:
    validator = Draft202012Validator(json.loads(json_schemas()[name]))
    return [error.message for error in validator.iter_errors(yaml.safe_load(text))]


@pytest.mark.parametrize(("name", "make"), [("agent-deployment.json", manifest), ("environment.json", environment)])
def test_what_the_controller_accepts_an_editor_accepts(name: str, make: Callable[..., str]) -> None:
    assert faults(name, make()) == []


@pytest.mark.parametrize(
    "lines",
    [
        {"version": "1.10"},
        {"replicas": None},
        {"autoscaling": "{min: 1, max: 2}"},
        {"model": "null"},
        {"digest": "null"},
        {"regions": "[a, a]"},
        {"regions": "[]"},
        {"aproval": "true"},
        {"secrets": "{A: b}"},
    ],
    ids=str,
)
def test_what_the_controller_refuses_an_editor_shows(lines: dict[str, str | None]) -> None:
    assert faults("agent-deployment.json", manifest(**lines))


def test_time_zones_are_those_of_the_database() -> None:
    assert {"UTC", "Europe/Berlin", "America/New_York"} <= time_zones()
