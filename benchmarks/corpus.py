"""How well agents written elsewhere are routed: `python -m benchmarks.corpus <folder> [--json]`.

Every agent of the folder is converted, built, started as a real process and asked its own
capability tests; the report counts how many inputs reach the flow or capability their test
expects, and how many are handed to the agent it names. Everything happens in a temporary
folder that is removed afterwards.
"""

import argparse
import json
import sys
import tempfile
import time
from dataclasses import asdict, dataclass
from pathlib import Path

from rich.console import Console
from rich.table import Table

from benchmarks.corpus_conversion import capability_names, converted
from benchmarks.corpus_layout import ForeignRelease, Registry, read_foreign, read_registry
from controller.adapters.agent_http import HttpAgentClient
from controller.adapters.process.deployer import ProcessDeployer
from controller.caat.definition import AgentDefinition, read_release
from controller.caat.translation import translate
from controller.change.names import ObjectId, RepoPath
from controller.desired_state.manifest import (
    EnvironmentName,
    Key,
    Manifest,
    Platform,
    Rollout,
    RolloutStrategy,
)
from controller.desired_state.plan import Plan
from controller.desired_state.release import Release, release_digest
from controller.errors import ControllerError, InputError
from controller.ports.agent import Reply
from controller.ports.deployer import Intent, Live, Unhealthy

_START_SECONDS = 60


@dataclass(frozen=True, slots=True)
class Miss:
    """An input that went elsewhere."""

    test: str
    expected: str
    got: str


@dataclass(frozen=True, slots=True)
class Score:
    """How one agent did."""

    agent: str
    capabilities: int
    inputs: int
    routed: int
    most_frequent: int
    """Inputs of the most frequent expectation: what always answering the same would reach."""
    hand_offs: int
    handed: int
    seconds_to_healthy: float
    misses: tuple[Miss, ...]


def main() -> None:
    """Measure the folder named on the command line and report."""
    parser = argparse.ArgumentParser(description="Convert agents, run them, ask them their own capability tests.")
    parser.add_argument("folder", type=Path)
    parser.add_argument("--json", action="store_true", help="print the figures as JSON")
    options = parser.parse_args()
    try:
        scores = measure(options.folder)
    except (ControllerError, OSError) as error:
        sys.exit(f"{options.folder}: {error}")
    if options.json:
        print(json.dumps([asdict(score) for score in scores], indent=2))
    else:
        _report(scores)


def measure(folder: Path) -> list[Score]:
    """Return the score of every agent in `folder`."""
    registry = read_registry(folder)
    with tempfile.TemporaryDirectory(prefix="corpus-") as home:
        deployer = ProcessDeployer(Path(home))
        return [_score(deployer, registry, read_foreign(folder, agent)) for agent in registry.agents]


def _score(deployer: ProcessDeployer, registry: Registry, release: ForeignRelease) -> Score:
    files = dict(converted(registry, release))
    plan = _plan(files)
    bundle = translate(plan, files)
    intent = Intent("corpus", plan.key, plan.digest, bundle.digest)
    begun = time.monotonic()
    live = deployer.start(intent, bundle, _START_SECONDS)
    seconds = time.monotonic() - begun
    if isinstance(live, Unhealthy):
        raise InputError(f"{release.agent.code} does not start: {live.reason}")
    try:
        replies = _ask(live, release)
    finally:
        deployer.remove(plan.key)
    return _judged(release, replies, seconds)


def _plan(files: dict[str, bytes]) -> Plan:
    definition = read_release(files)
    if not isinstance(definition, AgentDefinition):
        raise InputError("the converted agent is not well-formed:\n" + "\n".join(map(str, definition)))
    key = Key(EnvironmentName("corpus"), definition.code)
    rollout = Rollout(RolloutStrategy.ALL_AT_ONCE, _START_SECONDS, auto_rollback=False)
    manifest = Manifest(
        key, RepoPath(""), definition.version, None, Platform.FASTAPI, 1, ("local",), None, {}, {}, rollout, {}
    )
    release = Release(definition.code, definition.version, release_digest(files), ObjectId("0" * 40))
    return Plan(manifest, release, Platform.FASTAPI, 1, ("local",))


def _ask(live: Live, release: ForeignRelease) -> list[Reply]:
    client = HttpAgentClient()
    return [client.invoke(live.endpoint, test.input) for test in release.tests]


def _judged(release: ForeignRelease, replies: list[Reply], seconds: float) -> Score:
    names = capability_names(release)
    asked = list(zip(release.tests, replies, strict=True))
    labels = [test.label for test in release.tests]
    handed = [(test, reply) for test, reply in asked if test.expected_target_agent]
    misses = [
        Miss(test.id, names[test.label], reply.capability or "nothing")
        for test, reply in asked
        if reply.capability != names[test.label]
    ]
    misses += [
        Miss(test.id, f"hand-off to {test.expected_target_agent}", f"hand-off to {reply.hand_off or 'nobody'}")
        for test, reply in handed
        if reply.hand_off != test.expected_target_agent
    ]
    return Score(
        agent=release.agent.code,
        capabilities=len(names),
        inputs=len(asked),
        routed=sum(reply.capability == names[test.label] for test, reply in asked),
        most_frequent=max(map(labels.count, labels), default=0),
        hand_offs=len(handed),
        handed=sum(reply.hand_off == test.expected_target_agent for test, reply in handed),
        seconds_to_healthy=round(seconds, 2),
        misses=tuple(misses),
    )


def _report(scores: list[Score]) -> None:
    table = Table(title="Inputs that reach what their test expects")
    for column in ("agent", "capabilities", "routed", "always the same", "handed off", "healthy after"):
        table.add_column(column, justify="left" if column == "agent" else "right")
    for score in scores:
        table.add_row(
            score.agent,
            str(score.capabilities),
            f"{score.routed} of {score.inputs}",
            f"{score.most_frequent} of {score.inputs}",
            f"{score.handed} of {score.hand_offs}" if score.hand_offs else "",
            f"{score.seconds_to_healthy} s",
        )
    console = Console()
    console.print(table)
    routed, inputs = sum(score.routed for score in scores), sum(score.inputs for score in scores)
    handed, hand_offs = sum(score.handed for score in scores), sum(score.hand_offs for score in scores)
    console.print(f"{routed} of {inputs} inputs routed, {handed} of {hand_offs} handed to the agent expected.")
    for score in scores:
        for miss in score.misses:
            console.print(f"  {miss.test}: expected {miss.expected}, got {miss.got}")


if __name__ == "__main__":
    main()
