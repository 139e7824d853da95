"""The figures: counted where it happens, with units in their names and labels from closed sets only."""

import math
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import httpx
import pytest
from prometheus_client.parser import text_string_to_metric_families

from controller.errors import UnavailableError
from controller.web.metrics import Metrics
from tests.web.conftest import Delivery, House, pull_request

REFERENCE = Path(__file__).parents[2] / "docs" / "reference" / "metrics.md"
Ask = Callable[..., httpx.Response]
Labels = dict[str, str]


def told(metrics: Metrics) -> dict[tuple[str, frozenset[tuple[str, str]]], float]:
    families = text_string_to_metric_families(metrics.exposition().decode())
    return {
        (sample.name, frozenset(sample.labels.items())): sample.value
        for family in families
        for sample in family.samples
    }


def value(metrics: Metrics, name: str, **labels: str) -> float:
    return told(metrics)[name, frozenset(labels.items())]


def deliver(ask: Ask, delivery: Delivery, path: str = "/webhooks/github", **headers: str) -> int:
    sent = delivery.headers() | {name.replace("_", "-"): text for name, text in headers.items()}
    return ask("POST", path, content=delivery.body, headers=sent).status_code


def test_the_age_of_the_oldest_green_check_is_asked_for_and_unknown_without_an_answer() -> None:
    metrics = Metrics("1.0.0")
    assert math.isnan(value(metrics, "dvo_oldest_green_check_age_seconds"))
    metrics.watch_green_checks(lambda: 61.5)
    assert value(metrics, "dvo_oldest_green_check_age_seconds") == 61.5

    def away() -> float:
        raise UnavailableError("down", component="database")

    metrics.watch_green_checks(away)
    assert math.isnan(value(metrics, "dvo_oldest_green_check_age_seconds"))


def test_a_request_is_counted_by_its_route_in_one_spelling(house: House, ask: Ask) -> None:
    ask("GET", "/health/live")
    ask("GET", "/health/live/")
    ask("POST", "/health/live")
    metrics = house.doors.metrics
    assert value(metrics, "dvo_http_requests_total", method="GET", route="/health/live", status="200") == 2
    assert value(metrics, "dvo_http_requests_total", method="POST", route="/health/live", status="405") == 1
    assert value(metrics, "dvo_http_request_seconds_count", method="GET", route="/health/live") == 2
    assert value(metrics, "dvo_http_request_seconds_bucket", method="GET", route="/health/live", le="+Inf") == 2


@pytest.mark.parametrize("path", ["/canary-word", "/health/canary-word", '/"}canary_word{"', "/%0acanary-word"])
def test_nothing_a_stranger_sends_becomes_a_label(house: House, ask: Ask, path: str) -> None:
    ask("GET", path)
    ask("CANARY-WORD", "/health/live")
    delivery = Delivery(event="canary-word")
    deliver(ask, delivery)
    deliver(ask, delivery, X_Hub_Signature_256="sha256=canary-word")
    metrics = house.doors.metrics
    assert "canary" not in metrics.exposition().decode()
    assert value(metrics, "dvo_http_requests_total", method="GET", route="other", status="404") == 1
    assert value(metrics, "dvo_http_requests_total", method="other", route="/health/live", status="405") == 1
    assert value(metrics, "dvo_webhooks_total", event="other", outcome="refused") == 2


def test_deliveries_are_counted_by_what_became_of_them(house: House, ask: Ask) -> None:
    assert deliver(ask, Delivery()) == 202
    assert deliver(ask, Delivery({**pull_request(), "action": "assigned"})) == 202
    assert deliver(ask, Delivery(), X_Hub_Signature_256="sha256=" + "0" * 64) == 401
    house.queue.is_down = True
    assert deliver(ask, Delivery()) == 503
    for outcome in ("marked", "ignored", "refused", "not_kept"):
        assert value(house.doors.metrics, "dvo_webhooks_total", event="pull_request", outcome=outcome) == 1


def test_a_request_that_got_no_answer_is_counted_too() -> None:
    metrics = Metrics("1")
    metrics.answered("GET", None, None, 0.1)
    assert value(metrics, "dvo_http_requests_total", method="GET", route="other", status="none") == 1


def test_looks_are_counted_by_kind_never_by_key() -> None:
    metrics = Metrics("1")
    for key in ("pull/7", "pull/8", "merge/" + "a" * 40, "canary/1"):
        metrics.looked(key, "done", 0.2)
    assert value(metrics, "dvo_looks_total", kind="pull", outcome="done") == 2
    assert value(metrics, "dvo_look_seconds_count", kind="merge") == 1
    assert value(metrics, "dvo_look_seconds_sum", kind="other") == pytest.approx(0.2)
    assert "canary" not in metrics.exposition().decode()


def test_calls_to_github_and_its_budget() -> None:
    metrics = Metrics("1")
    metrics.called("GET", 200)
    metrics.called("GET", None)
    metrics.told_budget(4321, 1_800_000_000)
    assert value(metrics, "dvo_github_requests_total", method="GET", status="200") == 1
    assert value(metrics, "dvo_github_requests_total", method="GET", status="none") == 1
    assert value(metrics, "dvo_github_rate_limit_remaining") == 4321
    assert value(metrics, "dvo_github_rate_limit_reset_timestamp_seconds") == 1_800_000_000


def test_what_github_has_seen_of_us_is_asked_when_the_figures_are_read() -> None:
    metrics = Metrics("1")
    metrics.put_off("points")
    metrics.watch_budget(lambda: 45, lambda: 6)
    assert value(metrics, "dvo_github_put_off_requests_total", shortage="points") == 1
    assert value(metrics, "dvo_github_points_last_minute") == 45
    assert value(metrics, "dvo_github_creations_last_hour") == 6


def test_what_nobody_told_yet_is_not_a_number() -> None:
    metrics = Metrics("1")
    for name in (
        "dvo_github_rate_limit_remaining",
        "dvo_github_rate_limit_reset_timestamp_seconds",
        "dvo_ledger_last_sealed_timestamp_seconds",
        "dvo_queue_waiting_keys",
    ):
        assert math.isnan(value(metrics, name))


def test_what_is_watched_is_asked_when_the_figures_are_read() -> None:
    metrics, seals, keys = Metrics("1"), [datetime(2027, 3, 9, tzinfo=UTC)], [3]

    def waiting() -> int:
        if not keys:
            raise UnavailableError("no connection", component="database")
        return keys[0]

    metrics.watch(lambda: seals[0] if seals else None, waiting)
    assert value(metrics, "dvo_ledger_last_sealed_timestamp_seconds") == seals[0].timestamp()
    assert value(metrics, "dvo_queue_waiting_keys") == 3
    seals.clear()
    keys.clear()
    assert math.isnan(value(metrics, "dvo_ledger_last_sealed_timestamp_seconds"))
    assert math.isnan(value(metrics, "dvo_queue_waiting_keys"))


def test_two_controllers_count_apart(house: House) -> None:
    other = replace(house.doors, metrics=Metrics("9"))
    house.doors.metrics.called("GET", 200)
    assert ("dvo_github_requests_total", frozenset({("method", "GET"), ("status", "200")})) not in told(other.metrics)
    assert value(other.metrics, "dvo_build_info", version="9") == 1


def test_every_name_carries_its_unit() -> None:
    names = {name for name, _ in told(Metrics("1"))}
    assert all(name.startswith("dvo_") for name in names)
    assert not any(name.endswith(("_created", "_milliseconds")) for name in names)


def test_the_reference_tells_every_metric_and_its_labels() -> None:
    rows = [line.split("|") for line in REFERENCE.read_text().splitlines() if line.startswith("| `dvo_")]
    written = {row[1].strip(" `"): {label.strip(" `") for label in row[3].split(",")} - {""} for row in rows}
    metrics = Metrics("1")
    metrics.answered("GET", "/health", 200, 0.1)
    metrics.delivered("push", "marked")
    metrics.looked("main", "done", 0.1)
    metrics.called("GET", 200)
    metrics.put_off("hour")
    exposed: dict[str, set[str]] = {}
    for name, labels in told(metrics):
        histogram = name.removesuffix("_bucket").removesuffix("_sum").removesuffix("_count")
        exposed.setdefault(histogram, set()).update({label for label, _ in labels} - {"le"})
    assert written == exposed
