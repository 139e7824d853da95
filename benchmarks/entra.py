"""Does a company of a thousand come up from Entra ID in time, and what does somebody cost who is known?"""

import statistics
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import httpx

from benchmarks.figure import Figure
from controller.adapters.entra.credentials import ClientCredentials, Registration
from controller.adapters.entra.directory import EntraDirectory, Links
from controller.adapters.entra.graph import Graph
from controller.adapters.entra.reading import Attributes
from controller.change.facts import Account, AccountKind
from controller.change.names import Login
from controller.identity.tenant import wanted_groups
from tests.fakes.entra.stand_in import CLIENT_ID, SECRET, EntraStandIn, entra

_PEOPLE = 1000
_LATENCY_SECONDS = 0.05
_LIMIT_SECONDS = 30
_ROUNDS = 200
_GROUPS = ("DVO-Developers", "DVO-Operators", "DVO-ReleaseManagers")


def figures() -> Iterator[Figure]:
    """Read everybody from a Graph that takes 50 ms for each answer, then ask again."""
    with tempfile.TemporaryDirectory() as folder, entra(Path(folder)) as running:
        _fill(running)
        running.graph_server.latency_seconds = _LATENCY_SECONDS
        http = httpx.Client(verify=running.client_context(), trust_env=False, timeout=30)
        tokens = ClientCredentials(Registration(running.authority_url, running.tenant.id, CLIENT_ID, SECRET), http)
        graph = Graph(running.graph_url, tokens, http)
        directory = EntraDirectory(graph, wanted_groups(",".join(_GROUPS)), Links(Attributes("extensionAttribute1")))
        try:
            yield from _measured(directory, running)
        finally:
            graph.close()


def _measured(directory: EntraDirectory, running: EntraStandIn) -> Iterator[Figure]:
    everybody = frozenset(Account(number, Login(f"p{number}"), AccountKind.USER) for number in range(1, _PEOPLE + 1))
    started = time.perf_counter()
    found = directory.look_up(everybody, frozenset()).by_account
    taken = time.perf_counter() - started
    if any(person is None or len(person.groups) != 2 for person in found.values()):
        raise RuntimeError("somebody was not found, or without their group")
    calls = running.graph_server.counts().total()
    shown = f"{_PEOPLE:,} people read from Graph at {_LATENCY_SECONDS * 1000:.0f} ms an answer"
    yield Figure(shown, taken, "s", _LIMIT_SECONDS)
    yield Figure("of that, calls", calls, "")
    one = frozenset({next(iter(everybody))})
    warm = []
    for _ in range(_ROUNDS):
        started = time.perf_counter()
        directory.look_up(one, frozenset())
        warm.append(time.perf_counter() - started)
    yield Figure("somebody known, with groups, median", statistics.median(warm) * 1e6, "µs")
    yield Figure("calls for all of these", running.graph_server.counts().total() - calls, "", 0)


def _fill(running: EntraStandIn) -> None:
    groups = [running.tenant.add_group(name) for name in _GROUPS]
    for number in range(1, _PEOPLE + 1):
        person = running.tenant.add_user(f"p{number}", mfa=True, extensionAttribute1=str(number))
        running.tenant.join(groups[number % len(groups)], person)
