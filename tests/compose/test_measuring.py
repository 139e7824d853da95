"""Looks and calls are counted as they end; what they raise goes on unchanged."""

from collections.abc import Callable

import pytest

from controller.adapters.github.listening import Budget, Heard
from controller.compose.measuring import budget_probe, listening, measured, sparing
from controller.errors import InputError, StaleError, UnavailableError
from controller.web.metrics import Metrics
from tests.adapters.github.scripted import Said, scripted


def ending(error: Exception | None) -> Callable[[str], None]:
    def look_at(_: str) -> None:
        if error is not None:
            raise error

    return look_at


@pytest.mark.parametrize(
    ("error", "outcome"),
    [
        (None, "done"),
        (StaleError("moved"), "stale"),
        (UnavailableError("down", component="github"), "unavailable"),
        (InputError("no"), "failed"),
        (ZeroDivisionError(), "failed"),
    ],
    ids=["done", "stale", "unavailable", "refused", "fault"],
)
def test_a_look_is_counted_by_how_it_ended(error: Exception | None, outcome: str) -> None:
    metrics = Metrics("1")
    look = measured(ending(error), metrics)
    if error is None:
        look("pull/7")
    else:
        with pytest.raises(type(error)) as raised:
            look("pull/7")
        assert raised.value is error
    assert f'dvo_looks_total{{kind="pull",outcome="{outcome}"}} 1.0' in metrics.exposition().decode()


def test_a_budget_is_kept_until_another_is_told() -> None:
    metrics = Metrics("1")
    listen = listening(metrics)
    listen(Heard("GET", 200, Budget(12, 1_800_000_000)))
    listen(Heard("POST", 201, None))
    told = metrics.exposition().decode()
    assert "dvo_github_rate_limit_remaining 12.0" in told
    assert 'dvo_github_requests_total{method="POST",status="201"} 1.0' in told


@pytest.mark.parametrize(
    ("said", "remaining"),
    [
        (Said(b'{"resources": {"core": {"remaining": 77, "reset": 1800000000, "limit": 5000}}}'), "77.0"),
        (Said(b'{"message": "Rate limiting is not enabled."}', 404), "NaN"),
    ],
    ids=["told", "an Enterprise Server without limits"],
)
def test_asking_how_github_is_says_what_is_left(said: Said, remaining: str) -> None:
    metrics = Metrics("1")
    with scripted(lambda _, __: said) as (app, _):
        assert budget_probe(app, metrics)() == "connected"
    assert f"dvo_github_rate_limit_remaining {remaining}" in metrics.exposition().decode()


def test_a_github_that_does_not_answer_is_not_connected() -> None:
    with scripted(lambda _, __: Said(b"{}", 502)) as (app, _), pytest.raises(UnavailableError):
        budget_probe(app, Metrics("1"))()


def test_pull_requests_wait_while_what_is_left_is_kept_for_merges() -> None:
    looked: list[str] = []

    def spare() -> None:
        raise UnavailableError("all but the reserve is used", component="github", retry_after_seconds=60)

    look = sparing(looked.append, spare)
    for key in ("main", "merge/" + "a" * 40, "deployment/production/ANL", "seal", "sweep"):
        look(key)
    with pytest.raises(UnavailableError):
        look("pull/7")
    assert "pull/7" not in looked
    assert len(looked) == 5
    sparing(looked.append, lambda: None)("pull/7")
    assert looked[-1] == "pull/7"
