"""The timers of a request for approval on the real queue: jobs that outlive the controller and any clock.

Only the pull request itself is looked at here: no sweep and no webhook, so what happens is the timers' doing.
"""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import timedelta

import pytest

from controller.adapters.opa.servers import OpaServers
from controller.adapters.postgres import Database, PostgresJournal, PostgresWorkQueue, Worker
from controller.ledger.event import EventType
from controller.ports.journal import Mark
from tests.adapters.postgres.watching import QUICK, Looks, eventually, rows
from tests.opa import opa_binary
from tests.workflow.steps import PRODUCTION, edited, ready_for_production
from tests.workflow.world import TUESDAY, World

TOLD = frozenset({EventType.APPROVAL_REQUESTED, EventType.APPROVAL_EXPIRED, EventType.APPROVAL_CANCELLED})
ALL = ["asked", "reminder", "escalation", "expired"]
TIMERS = "SELECT count(*) FROM procrastinate_jobs WHERE task_name = 'dvo.wake'"


class Waiting:
    """A pull request that waits for approval, and a controller that is started again and again."""

    def __init__(self, world: World, database: Database, address: str) -> None:
        self.world = world
        self._database = database
        self._address = address
        fields = ready_for_production(world)
        world.journal = PostgresJournal(database)  # type: ignore[assignment]  # of the same port, as is the queue
        world.queue = PostgresWorkQueue(database)  # type: ignore[assignment]
        world.workflows = world.wired()
        world.workflows.sealer.restore()
        edit = {PRODUCTION: edited(world.file(PRODUCTION), **fields)}
        self.key = f"pull/{world.host.open_pull_request('prod', edit, by=world.account('omar-ops'))}"
        self.looks = Looks()

    @contextmanager
    def running(self) -> Iterator[None]:
        """Run a controller that knows nothing but the database."""
        database = Database(self._address)
        workflows = self.world.wired()

        def look(key: str) -> None:
            if key == self.key:
                workflows.look_at(key)
            self.looks(key)

        worker = Worker(database, look, self.looks.troubles.append, self.world.clock, QUICK)
        worker.start()
        try:
            yield
        finally:
            worker.stop()
            database.close()

    def look(self) -> None:
        """Ask for a look, and wait for its end."""
        before = self.looks.count(self.key)
        self.world.queue.mark([Mark(self.key)])
        eventually(lambda: self.looks.count(self.key) > before)

    def at(self, hours: float) -> None:
        """Set the clock to so many hours after the request."""
        self.world.travel(TUESDAY + timedelta(hours=hours))

    def told(self) -> list[object]:
        return [event.details["kind"] for event in self.world.journal.find(TOLD, self.key)]

    def tells(self, count: int) -> None:
        """Wait until the first `count` things are told."""
        eventually(lambda: self.told() == ALL[:count])

    def timers(self) -> int:
        return rows(self._database, TIMERS)


@pytest.fixture
def waiting_for_approval(database: Database, address: str) -> Iterator[Waiting]:
    with OpaServers(opa_binary()) as engine, ThreadPoolExecutor(8) as pool:
        world = World(engine, pool)
        world.look("main")
        made = Waiting(world, database, address)
        with made.running():
            made.look()
        assert made.told() == ALL[:1]
        yield made
        assert made.looks.troubles == []


@pytest.mark.parametrize("is_restarted", [False, True], ids=["while it runs", "while it is down"])
def test_each_timer_tells_once_whether_it_is_due_while_the_controller_runs_or_is_down(
    waiting_for_approval: Waiting,
    is_restarted: bool,
) -> None:
    asked = waiting_for_approval
    for hours, told in ((12, 2), (20, 3), (24, 4)):
        assert asked.timers() == 1
        if is_restarted:
            asked.at(hours)
        with asked.running():
            asked.at(hours)
            asked.tells(told)
    with asked.running():
        asked.look()
    assert asked.told() == ALL


def test_a_clock_that_is_set_back_neither_repeats_nor_loses_what_is_due(waiting_for_approval: Waiting) -> None:
    """ATTACKS 046."""
    asked = waiting_for_approval
    for forth, back, told in ((12, 1, 2), (20, 13, 3), (24, 2, 4)):
        with asked.running():
            asked.at(back)
            asked.look()
            assert asked.told() == ALL[: told - 1]
        with asked.running():
            asked.at(forth)
            asked.tells(told)
            asked.at(back)
            asked.look()
            assert asked.told() == ALL[:told]


def test_a_clock_that_leaps_past_all_of_them_tells_that_it_expired_and_nothing_twice(
    waiting_for_approval: Waiting,
) -> None:
    asked = waiting_for_approval
    asked.at(1000)
    with asked.running():
        eventually(lambda: asked.told()[-1:] == ["expired"])
        asked.at(-1000)
        asked.look()
    assert asked.told().count("expired") == 1
    assert len(set(map(str, asked.told()))) == len(asked.told())
