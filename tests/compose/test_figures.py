"""The figures of a whole controller, after it judged one pull request."""

import math
import time
from pathlib import Path

import httpx
from prometheus_client.parser import text_string_to_metric_families

from controller.compose.demo import DemoWorld, demo_world

PROJECT = Path(__file__).parents[2]
MANIFEST = "environments/development/anl.yaml"


def figures(world: DemoWorld) -> dict[str, float]:
    """Return every figure, those of one name added up."""
    answer = httpx.get(f"{world.url}/metrics", trust_env=False)
    assert answer.status_code == 200
    found: dict[str, float] = {}
    for family in text_string_to_metric_families(answer.text):
        for sample in family.samples:
            found[sample.name] = found.get(sample.name, 0.0) + sample.value
    return found


def test_a_judgement_shows_in_the_figures(tmp_path: Path) -> None:
    with demo_world(tmp_path, PROJECT) as world:
        dana = world.person("dana-dev")
        edited = (PROJECT / MANIFEST).read_bytes().replace(b"replicas: 1", b"replicas: 2")
        dana.open_pull_request("figures", {MANIFEST: edited}, "Two replicas")
        deadline = time.monotonic() + 60
        while math.isnan((found := figures(world))["dvo_ledger_last_sealed_timestamp_seconds"]) or not found.get(
            "dvo_look_seconds_count"
        ):
            assert time.monotonic() < deadline
            time.sleep(0.05)
        budget = httpx.get(f"{world.url}/health", trust_env=False, timeout=30)
        assert budget.json()["components"]["github"] == "connected"
        found = figures(world)
    assert found["dvo_github_requests_total"] >= 5
    assert 0 < found["dvo_github_rate_limit_remaining"] < 15_000
    assert found["dvo_github_rate_limit_reset_timestamp_seconds"] > time.time()
    assert found["dvo_webhooks_total"] >= 1
    assert found["dvo_http_requests_total"] >= 3
    assert found["dvo_queue_waiting_keys"] >= 0
