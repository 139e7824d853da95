"""What it takes to prove the remedies of a judgement with 1, 10 and 100 findings, beside the judgement itself.

Each finding denies: another agent of production would have too many instances. Of what stands alone the
best of some rounds counts, and of what is compared the median: the rest measures the neighbours.
"""

import os
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import Executor, ThreadPoolExecutor
from copy import deepcopy
from pathlib import Path
from statistics import median
from typing import Any

from benchmarks.decisions import seconds_of, with_manifests
from benchmarks.figure import Figure
from controller.adapters.opa.servers import OpaServers
from controller.compose.replaying import policies_in
from controller.policy.answer import Answer
from controller.policy.bundle import PolicyBundle
from controller.policy.green_path import Proof
from controller.workflow.proving import Proving

_PROJECT = Path(__file__).resolve().parents[1]
_ROUNDS = 8
_BOUNDS: Mapping[int, float] = {1: 5, 10: 20, 100: 12}
"""How many times as long as the judgement its proofs may take, by the number of findings."""


def figures() -> Iterator[Figure]:
    """Measure, and yield each figure."""
    bundle = policies_in(_PROJECT / "policies" / "rego")
    with (
        OpaServers(_PROJECT / ".tools" / "opa", timeout_seconds=60) as engine,
        ThreadPoolExecutor(2 * (os.cpu_count() or 1)) as pool,
    ):
        for findings, bound in _BOUNDS.items():
            yield from _proving(engine, pool, bundle, findings, bound)


def _proving(engine: OpaServers, pool: Executor, bundle: PolicyBundle, findings: int, bound: float) -> Iterator[Figure]:
    question = _with_findings(findings)
    answer = engine.decide(bundle, question)
    rounds = [
        (
            seconds_of(lambda: engine.decide(bundle, question)),
            seconds_of(lambda: _proven(Proving(engine, pool), bundle, question, answer)),
            seconds_of(lambda: _proven(Proving(engine), bundle, question, answer)),
        )
        for _ in range(_ROUNDS)
    ]
    judged, at_once, one_by_one = zip(*rounds, strict=True)
    name = f"{findings} {'finding' if findings == 1 else 'findings'}"
    yield Figure(f"{name}: proving the remedies, best", 1000 * min(at_once), "ms")
    yield Figure(f"{name}: of what judging takes", _ratio(at_once, judged), "times", bound)
    yield Figure(f"{name}: of what proving one after another takes", 100 * _ratio(at_once, one_by_one), "%")


def _ratio(those: Sequence[float], others: Sequence[float]) -> float:
    return median(one / other for one, other in zip(those, others, strict=True))


def _proven(proving: Proving, bundle: PolicyBundle, question: Mapping[str, object], answer: Answer) -> None:
    path = proving.path(bundle, question, answer)
    if path.together is None or path.together.denials or not any(way.proof is Proof.PROVEN for way in path.ways):
        raise RuntimeError("the remedies do not turn the change green")


def _with_findings(many: int) -> Mapping[str, object]:
    question: Any = deepcopy(with_manifests(many))
    for deployment in question["deployments"]:
        deployment["after"]["replicas"] = 101
    asked: Mapping[str, object] = question
    return asked
