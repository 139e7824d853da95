"""An agent release as a bundle for platform `fastapi`: a small service that needs no language model.

The bundle is self-contained: the agent, its knowledge and instructions, its capability
tests, and the sources of `caat.runtime`, byte by byte. Equal plans and releases give equal
bytes. What the service does is told in `caat.runtime`; starting it is a deployer's work.
"""

from collections.abc import Mapping
from dataclasses import asdict
from importlib import resources

from controller.caat.bundle import Bundle
from controller.caat.definition import AgentDefinition
from controller.caat.runtime.agent import Agent
from controller.desired_state.canonical import canonical_json
from controller.desired_state.manifest import Platform
from controller.desired_state.plan import Plan, plan_document

RUNTIME = "agent_runtime"
"""The folder and package the service's sources have inside a bundle."""
_START = f"""\
import sys
from pathlib import Path

from {RUNTIME}.service import main

main(Path(__file__).parent, sys.argv[1:])
"""


def fastapi_bundle(plan: Plan, definition: AgentDefinition, files: Mapping[str, bytes]) -> Bundle:
    """Return the bundle that serves `definition` as `plan` wants it; `files` is the whole release."""
    content = {
        "__main__.py": _START.encode(),
        "agent.json": canonical_json(_agent_document(plan, definition)),
        "tests.json": canonical_json([asdict(test) for test in definition.tests]),
        f"instructions/{_name(definition.instructions)}": files[definition.instructions],
    }
    content |= {f"knowledge/{path}": files[path] for path in definition.knowledge}
    return Bundle(Platform.FASTAPI, content | _runtime())


def _agent_document(plan: Plan, definition: AgentDefinition) -> Mapping[str, object]:
    agent = Agent(
        code=definition.code,
        name=definition.name,
        description=definition.description,
        version=definition.version,
        environment=plan.key.environment,
        plan=plan.digest,
        capabilities=definition.capabilities,
        hand_offs=definition.hand_offs,
        knowledge=definition.knowledge,
    )
    wanted = plan_document(plan)
    facts = {name: wanted[name] for name in ("release", "platform", "replicas", "regions", "model", "variables")}
    return asdict(agent) | {"domain": definition.domain} | facts


def _runtime() -> dict[str, bytes]:
    sources = resources.files("controller.caat.runtime").iterdir()
    return {f"{RUNTIME}/{source.name}": source.read_bytes() for source in sources if source.name.endswith(".py")}


def _name(path: str) -> str:
    return path.rpartition("/")[2]
