"""Environments from bytes: accepted whole, or every fault at its line."""

from datetime import UTC, datetime

import pytest

from controller.desired_state.environment import DriftMode, Environment, Tier
from controller.desired_state.manifest import Platform
from controller.desired_state.reading import read_environment
from tests.core.desired_state.making import ENVIRONMENT, environment


def read_env(text: str) -> Environment:
    reading = read_environment(ENVIRONMENT, text.encode())
    assert reading.problems == ()
    assert reading.accepted is not None
    return reading.accepted


def test_an_environment_is_read_into_its_type() -> None:
    window = '\n  - {name: year end, start: "2026-12-24T00:00:00+01:00", end: "2027-01-02T00:00:00.5Z"}'
    found = read_env(
        environment(
            "production", platforms="{fastapi: kubernetes, langchain: process}", freeze_windows=window, drift="heal"
        )
    )
    assert (found.name, found.path, found.tier) == ("development", ENVIRONMENT, Tier.PRODUCTION)
    assert found.time_zone == "Europe/Berlin"
    assert found.platforms == {Platform.FASTAPI: "kubernetes", Platform.LANGCHAIN: "process"}
    assert found.drift is DriftMode.HEAL
    (freeze,) = found.freeze_windows
    assert freeze.name == "year end"
    assert freeze.start == datetime(2026, 12, 23, 23, tzinfo=UTC)
    assert freeze.end == datetime(2027, 1, 2, 0, 0, 0, 500000, tzinfo=UTC)
    assert found.lines["tier"] == 3


def test_drift_is_only_reported_unless_asked_for() -> None:
    found = read_env(environment())
    assert (found.drift, found.freeze_windows) == (DriftMode.REPORT, ())


INSTANT = "a time with its offset as in RFC 3339, such as 2026-12-24T00:00:00+01:00, in quotes"
ENVIRONMENT_FAULTS = {
    "tier": ({"tier": "prod"}, "`tier`: expected 'development', 'staging' or 'production', got 'prod'"),
    "zone": (
        {"time_zone": "Mars/Olympus"},
        "`time_zone`: expected a name of the IANA time zone database such as Europe/Berlin, got 'Mars/Olympus'",
    ),
    "zone-escape": (
        {"time_zone": "../../etc/passwd"},
        "`time_zone`: expected a name of the IANA time zone database such as Europe/Berlin, got '../../etc/passwd'",
    ),
    "platform": (
        {"platforms": "{mainframe: process}"},
        "the key `platforms.mainframe`: expected 'langchain', 'fastapi', 'copilot_studio' or 'azure_functions'",
    ),
    "runtime": (
        {"platforms": "{fastapi: docker}"},
        "`platforms.fastapi`: expected 'process', 'kubernetes', 'azure_functions' or 'copilot_studio', got 'docker'",
    ),
    "platforms-none": ({"platforms": "{}"}, "`platforms`: expected at least 1"),
    "window-key": (
        {"freeze_windows": '[{name: a, start: "2026-01-01T00:00:00Z", ends: x, end: "2026-01-02T00:00:00Z"}]'},
        "unknown key `freeze_windows.0.ends`; did you mean `end`?",
    ),
    "window-order": (
        {"freeze_windows": '[{name: a, start: "2026-01-01T00:00:00Z", end: "2026-01-01T01:00:00+01:00"}]'},
        "`freeze_windows.0`: expected `start` before `end`",
    ),
    "window-no-offset": (
        {"freeze_windows": '[{name: a, start: "2026-01-01T00:00:00", end: "2026-01-02T00:00:00Z"}]'},
        f"`freeze_windows.0.start`: expected {INSTANT}, got '2026-01-01T00:00:00'",
    ),
    "window-date": (
        {"freeze_windows": '[{name: a, start: "2026-01-01", end: "2026-01-02T00:00:00Z"}]'},
        f"`freeze_windows.0.start`: expected {INSTANT}, got '2026-01-01'",
    ),
    "window-number": (
        {"freeze_windows": '[{name: a, start: 5, end: "2026-01-02T00:00:00Z"}]'},
        f"`freeze_windows.0.start`: expected {INSTANT}, got 5",
    ),
    "window-name": (
        {"freeze_windows": '[{name: "<b>", start: "2026-01-01T00:00:00Z", end: "2026-01-02T00:00:00Z"}]'},
        "`freeze_windows.0.name`: expected a name of letters, digits, spaces, dots, underscores and hyphens, got '<b>'",
    ),
    "drift": ({"drift": "'on'"}, "`drift`: expected 'heal' or 'report', got 'on'"),
    "kind": ({"kind": "AgentDeployment"}, "duplicate key `kind`"),
}


@pytest.mark.parametrize(("lines", "message"), ENVIRONMENT_FAULTS.values(), ids=ENVIRONMENT_FAULTS)
def test_each_fault_of_an_environment_is_told_once(lines: dict[str, str], message: str) -> None:
    (problem,) = read_environment(ENVIRONMENT, environment(**lines).encode()).problems
    assert problem.message == message


@pytest.mark.parametrize(
    "instant", ["2026-02-30T00:00:00Z", "2026-01-01T24:00:01Z", "2026-01-01T00:00:60Z", "2026-01-01T00:00:00+25:00"]
)
def test_a_time_that_does_not_exist_is_refused(instant: str) -> None:
    window = f'[{{name: a, start: "{instant}", end: "2027-01-02T00:00:00Z"}}]'
    (problem,) = read_environment(ENVIRONMENT, environment(freeze_windows=window).encode()).problems
    assert problem.message.startswith("`freeze_windows.0.start`: expected a time that exists")


@pytest.mark.parametrize(
    "instant",
    ["0001-01-01T00:00:00+14:00", "1969-12-31T23:59:59Z", "2262-01-01T00:00:00Z", "9999-12-31T23:59:59-14:00"],
)
def test_a_time_that_not_every_reader_can_hold_is_refused(instant: str) -> None:
    """Rego has no such moment, and in another zone neither has Python."""
    window = f'[{{name: a, start: "{instant}", end: "{instant.replace("00:00:00", "00:00:01")}"}}]'
    problems = read_environment(ENVIRONMENT, environment(freeze_windows=window).encode()).problems
    assert {problem.message.partition(", got")[0] for problem in problems} == {
        "`freeze_windows.0.start`: expected a time from 1970 to 2261",
        "`freeze_windows.0.end`: expected a time from 1970 to 2261",
    }


def test_an_environment_may_hold_no_secret_either() -> None:
    (problem,) = read_environment(ENVIRONMENT, environment(time_zone="ghp_" + "a1B2" * 9).encode()).problems
    assert problem.message == "`time_zone` holds what looks like a GitHub token"
