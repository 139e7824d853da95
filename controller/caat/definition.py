"""What an agent release says of its agent: strict reading of its files, every fault at its place.

`agent.yaml` and `tests/capabilities.yaml` are held against their shapes, against each other
and against the other files of the release. What comes out is one frozen value without
bytes: knowledge and instructions stay files, named by path.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from controller.caat.agent_file import AgentFile, CapabilityEntry, CapabilityTestsFile, ParameterEntry
from controller.caat.consistency import agent_problems, capability_test_problems, file_problems
from controller.caat.runtime.agent import Capability, HandOff, Parameter
from controller.change.names import RepoPath
from controller.desired_state.document import read_document
from controller.desired_state.manifest import AgentCode, Version
from controller.desired_state.problem import Problem
from controller.desired_state.reading import shaped

AGENT_FILE = "agent.yaml"
TESTS_FILE = "tests/capabilities.yaml"


@dataclass(frozen=True, slots=True)
class CapabilityTest:
    """An input, and where the agent must route it; `hand_off` is the agent it must name, if any."""

    id: str
    input: str
    capability: str
    hand_off: AgentCode | None


@dataclass(frozen=True, slots=True)
class AgentDefinition:
    """An agent as its release defines it; paths are relative to the agent's folder."""

    code: AgentCode
    name: str
    description: str
    version: Version
    domain: str
    capabilities: tuple[Capability, ...]
    knowledge: tuple[str, ...]
    instructions: str
    routing_keywords: tuple[str, ...]
    hand_offs: tuple[HandOff, ...]
    tests: tuple[CapabilityTest, ...]


def read_release(files: Mapping[str, bytes], *, folder: str = "") -> AgentDefinition | tuple[Problem, ...]:
    """Return the agent that the release `files` defines, or everything that is wrong with it.

    `files` is keyed by path below the agent's folder. `folder`, such as ``agents/anl``, goes
    before the paths of the problems, and its last part must fit the agent's code.
    """
    if missing := [name for name in (AGENT_FILE, TESTS_FILE) if name not in files]:
        return tuple(_missing(_path(folder, name)) for name in missing)
    agent = read_document(_path(folder, AGENT_FILE), files[AGENT_FILE])
    tests = read_document(_path(folder, TESTS_FILE), files[TESTS_FILE])
    agent_shape, problems = shaped(agent, AgentFile)
    tests_shape, more = shaped(tests, CapabilityTestsFile)
    problems = (*problems, *more)
    if agent_shape is not None:
        problems = (*problems, *agent_problems(agent, agent_shape, folder), *file_problems(agent, agent_shape, files))
        if tests_shape is not None:
            problems = (*problems, *capability_test_problems(tests, tests_shape, agent_shape))
    if problems or agent_shape is None or tests_shape is None:
        return tuple(sorted(problems))
    return _definition(agent_shape, tests_shape)


def _path(folder: str, name: str) -> RepoPath:
    return RepoPath(f"{folder}/{name}" if folder else name)


def _missing(path: RepoPath) -> Problem:
    return Problem(path, 1, 1, "the file is missing", "Every agent has one; copy it from another agent and adapt it.")


def _definition(agent: AgentFile, tests: CapabilityTestsFile) -> AgentDefinition:
    return AgentDefinition(
        code=AgentCode(agent.code),
        name=agent.name,
        description=agent.description,
        version=Version(agent.version),
        domain=agent.domain,
        capabilities=tuple(_capability(entry) for entry in agent.capabilities),
        knowledge=tuple(agent.knowledge),
        instructions=agent.instructions,
        routing_keywords=tuple(agent.routing_keywords),
        hand_offs=tuple(HandOff(entry.to, entry.when, tuple(entry.keywords)) for entry in agent.hand_offs),
        tests=tuple(
            CapabilityTest(
                test.id, test.input, test.capability, None if test.hand_off is None else AgentCode(test.hand_off)
            )
            for test in tests.tests
        ),
    )


def _capability(entry: CapabilityEntry) -> Capability:
    return Capability(
        entry.name, entry.description, tuple(entry.keywords), _parameters(entry.inputs), _parameters(entry.outputs)
    )


def _parameters(entries: Mapping[str, ParameterEntry]) -> Mapping[str, Parameter]:
    return {name: Parameter(entry.type, entry.description, entry.required) for name, entry in entries.items()}
