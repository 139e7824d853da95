"""`dvo serve` as an operator meets it: it tells its port, its health, and ends without a trace."""

from pathlib import Path

import httpx
import pytest

from tests.end_to_end.edits import DEVELOPMENT, edited
from tests.end_to_end.process import descendants, serve
from tests.end_to_end.waiting import until
from tests.end_to_end.world import World, world


def test_a_server_told_to_stop_ends_well_and_leaves_nothing_but_agents(tmp_path: Path) -> None:
    with world(tmp_path, serve) as made:
        number = made.propose("dana-dev", {DEVELOPMENT: edited(made.file(DEVELOPMENT), replicas=2)})
        made.deployed_after_merge("dana-dev", number)
        started = descendants(made.running.process.pid)
        postmaster = made.home / "postgres" / "postmaster.pid"
        assert any("run --server" in line for line in started.values())
        assert postmaster.exists()
        [instance] = made.instances()
        assert made.stop() == 0
        assert not postmaster.exists()
        left = {pid for pid in started if Path(f"/proc/{pid}").exists()}
        assert all(instance in started[pid] for pid in left)
        assert made.instances() == [instance]
        made.assert_ledger_holds()


def test_health_tells_of_every_component(company: World) -> None:
    health = until(lambda: found if (found := company.health())["status"] == "healthy" else None, "health")
    assert health["components"] == {
        "database": "connected",
        "redis": "in process",
        "azure_ad": "not configured",
        "opa": "ready",
        "github": "connected",
        "ledger": "verified",
        "worker": "working",
    }


@pytest.mark.parametrize(("path", "word"), [("/health/live", "alive"), ("/health/ready/", "ready")])
def test_probes_answer(company: World, path: str, word: str) -> None:
    answer = httpx.get(f"{company.running.address}{path}", timeout=20, trust_env=False)
    assert (answer.status_code, answer.json()) == (200, {"status": word})
