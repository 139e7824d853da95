"""What deciding costs: our client beside a bare HTTP load generator, one large query, and a long replay.

Both ask the same OPA the same question over the same socket, in turns of a fraction of a second, so that
whatever else the machine does hits both alike; of what is compared the median of the rounds counts. Of what
stands alone the best of some rounds counts: on a shared machine the others measure the neighbours.
"""

import json
import os
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from copy import deepcopy
from datetime import UTC, datetime, timedelta
from pathlib import Path
from statistics import median
from typing import Any

from benchmarks.bare_http import BareConnection, load, request_of
from benchmarks.figure import Figure
from controller.adapters.opa.child import OpaChild
from controller.adapters.opa.compiling import OpaCompiler
from controller.adapters.opa.query import ask
from controller.adapters.opa.servers import OpaServers
from controller.compose.replaying import policies_in
from controller.ledger.event import Event, EventType
from controller.policy.answer import Answer
from controller.policy.answer_document import answer_document
from controller.policy.bundle import PolicyBundle
from controller.policy.situation import ORDINARY
from controller.workflow.replaying import Replaying, recorded_decisions

_PROJECT = Path(__file__).resolve().parents[1]
_PATH = "/v1/data/dvo/decision?provenance=true&strict-builtin-errors=true"
_AT_ONCE = (1, 2, 4, 8)
_ROUNDS = 8
_TURN = 200
"""Questions of one turn."""
_MANIFESTS = 1_000
_RECORDED = 10_000
_DISTINCT = 250
_START = datetime(2026, 11, 18, 11, 0, tzinfo=UTC)


def figures() -> Iterator[Figure]:
    """Measure, and yield each figure as it is known."""
    bundle = policies_in(_PROJECT / "policies" / "rego")
    yield Figure("load of the machine before deciding, one minute", os.getloadavg()[0], "")
    with OpaServers(_PROJECT / ".tools" / "opa", timeout_seconds=60) as engine:
        yield from _beside_a_bare_generator(bundle)
        yield _one_large_query(engine, bundle)
        yield from _replay(engine, bundle)


def _beside_a_bare_generator(bundle: PolicyBundle) -> Iterator[Figure]:
    opa = _PROJECT / ".tools" / "opa"
    with tempfile.TemporaryDirectory(prefix="dvo-bench-") as place:
        folder = Path(place)
        child = OpaChild(opa, OpaCompiler(opa).build(bundle, folder), folder, timeout_seconds=60, memory_bytes=1 << 30)
        child.start()
        try:
            bare = request_of(_PATH, child.token, json.dumps({"input": ORDINARY}).encode())
            yield from _rates(child, bundle, bare)
            yield from _latencies(child, bundle, bare)
        finally:
            child.stop()


def _rates(child: OpaChild, bundle: PolicyBundle, request: bytes) -> Iterator[Figure]:
    """Tell what each reaches, with as many questions at once as serves it best."""
    reached = [_reached(child, bundle, request, connections) for connections in _AT_ONCE]
    for connections, (own, bare) in zip(_AT_ONCE, reached, strict=True):
        yield Figure(f"decisions through our client, {connections} at once", own, "a second")
        yield Figure(f"decisions of a bare load generator, {connections} at once", bare, "a second")
    most, most_bare = max(own for own, _ in reached), max(bare for _, bare in reached)
    yield Figure("less than a bare load generator reaches, at the most of both", 100 * (1 - most / most_bare), "%", 30)


def _reached(child: OpaChild, bundle: PolicyBundle, request: bytes, connections: int) -> tuple[float, float]:
    """Return how many decisions a second our client and a bare load generator reach, so many at once."""

    def ours() -> None:
        with ThreadPoolExecutor(connections) as pool:
            list(pool.map(lambda _: ask(child.client, bundle, ORDINARY), range(_TURN)))

    rounds = [
        (seconds_of(ours), seconds_of(lambda: load(child.socket, request, connections, _TURN))) for _ in range(_ROUNDS)
    ]
    return _TURN / median(own for own, _ in rounds), _TURN / median(bare for _, bare in rounds)


def _latencies(child: OpaChild, bundle: PolicyBundle, bare: bytes) -> Iterator[Figure]:
    """Tell what one question after another takes longer through our client, at the 99th percentile."""
    connection = BareConnection(child.socket)
    added, medians = [], []
    for _ in range(_ROUNDS):
        own, theirs = [], []
        for _ in range(_TURN):
            own.append(seconds_of(lambda: ask(child.client, bundle, ORDINARY)))
            theirs.append(seconds_of(lambda: connection.ask(bare)))
        added.append(_percentile(own, 99) - _percentile(theirs, 99))
        medians.append(_percentile(own, 50) - _percentile(theirs, 50))
    connection.close()
    yield Figure("added latency of our client, median", 1000 * median(medians), "ms")
    yield Figure("added latency of our client, 99th percentile", 1000 * median(added), "ms", 2)


def _one_large_query(engine: OpaServers, bundle: PolicyBundle) -> Figure:
    question = with_manifests(_MANIFESTS)
    seconds = [seconds_of(lambda: engine.decide(bundle, question)) for _ in range(2 * _ROUNDS)]
    return Figure(f"one query with {_MANIFESTS:,} changed manifests, best", 1000 * min(seconds), "ms", 300)


def _replay(engine: OpaServers, bundle: PolicyBundle) -> Iterator[Figure]:
    asked = [_at(number) for number in range(_DISTINCT)]
    answers = [engine.decide(bundle, question) for question in asked]
    events = [_event(number, asked[number % _DISTINCT], answers[number % _DISTINCT]) for number in range(_RECORDED)]
    with ThreadPoolExecutor(2 * (os.cpu_count() or 1)) as pool:
        started = time.perf_counter()
        decisions = tuple(recorded_decisions(events))
        outcome = Replaying(engine, pool).reproduce(decisions, {bundle.digest: bundle})
        seconds = time.perf_counter() - started
    if not outcome.is_exact or outcome.replayed != _RECORDED:
        raise RuntimeError(f"{len(outcome.differing)} of {outcome.replayed} decisions were not reproduced")
    yield Figure(f"replaying {_RECORDED:,} recorded decisions", seconds, "s", 60)


def _event(number: int, question: Mapping[str, object], answer: Answer) -> Event:
    kept = {"revision": answer.revision, "decision_id": answer.decision_id, **answer_document(answer)}
    details = {"input": question, "answer": kept}
    return Event(f"e{number}", EventType.POLICY_EVALUATED, _START, "dvo", f"pull/{number}", details=details)


def _at(number: int) -> Mapping[str, object]:
    now = (_START + timedelta(minutes=37 * number)).isoformat().replace("+00:00", "Z")
    return {**ORDINARY, "now": now}


def with_manifests(many: int) -> Mapping[str, object]:
    """Return the ordinary question with so many agents of production changed, each tried in staging."""
    question: Any = deepcopy(ORDINARY)
    deployment, evidence = question["deployments"][0], question["evidence"][0]
    agents = [f"A{number}" for number in range(many)]
    question["deployments"] = [_deployment(deployment, agent) for agent in agents]
    question["evidence"] = [{**evidence, "agent": agent} for agent in agents]
    asked: Mapping[str, object] = question
    return asked


def _deployment(model: Mapping[str, Any], agent: str) -> Mapping[str, object]:
    after = {**model["after"], "agent": agent}
    return {**model, "agent": agent, "after": after, "path": f"environments/production/{agent.lower()}.yaml"}


def seconds_of(act: Callable[[], object]) -> float:
    """Return how long `act` takes."""
    started = time.perf_counter()
    act()
    return time.perf_counter() - started


def _percentile(values: list[float], percent: int) -> float:
    return sorted(values)[len(values) * percent // 100]
