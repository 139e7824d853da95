"""A world per test; the policy engine is a real OPA, shared by all of them."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from controller.adapters.opa.servers import OpaServers
from tests.opa import opa_binary
from tests.workflow.lagging_host import LaggingHost
from tests.workflow.world import World


@pytest.fixture(scope="session")
def engine() -> Iterator[OpaServers]:
    with OpaServers(opa_binary()) as servers:
        yield servers


@pytest.fixture(scope="session")
def pool() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(8) as executor:
        yield executor


@pytest.fixture
def world(engine: OpaServers, pool: ThreadPoolExecutor) -> World:
    """A world whose controller has seen main once."""
    made = World(engine, pool)
    made.look("main")
    return made


@pytest.fixture
def late(world: World) -> LaggingHost:
    """The world's code host, lagging."""
    host = LaggingHost(world.host)
    world.host = host  # type: ignore[assignment]  # it passes everything on but one method
    world.workflows = world.wired()
    return host
