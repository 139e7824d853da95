"""What is wrong with the agents a change touches, beyond their code and version.

`desired_state` reads an agent only as far as its release needs; whether the whole definition
holds is for `caat` to say, and a pull request is the time to say it.
"""

from collections.abc import Iterator, Mapping
from dataclasses import replace

from controller.caat.definition import AgentDefinition, read_release
from controller.change.facts import Snapshot
from controller.change.names import ObjectId
from controller.desired_state.manifest import AgentCode
from controller.desired_state.paths import AgentPath, classify
from controller.desired_state.problem import Problem
from controller.desired_state.proposal import Proposal
from controller.desired_state.tree import unreadable_files


def with_agent_faults(proposal: Proposal, after: Snapshot, contents: Mapping[ObjectId, bytes]) -> Proposal:
    """Return `proposal` with the faults of every agent it changes; `after` is the tree it leads to."""
    told = {(problem.path, problem.line) for problem in proposal.problems}
    found = [fault for fault in _faults(proposal, after, contents) if (fault.path, fault.line) not in told]
    return replace(proposal, problems=tuple(sorted({*proposal.problems, *found}))) if found else proposal


def _faults(proposal: Proposal, after: Snapshot, contents: Mapping[ObjectId, bytes]) -> Iterator[Problem]:
    for agent in sorted(_changed_agents(proposal)):
        entries = {
            path: entry
            for path, entry in after.entries.items()
            if isinstance(place := classify(path), AgentPath) and place.agent == agent
        }
        unread = tuple(unreadable_files(after, contents, entries))
        if unread:
            yield from unread
            continue
        files = {path.removeprefix(f"agents/{agent.lower()}/"): contents[entry.blob] for path, entry in entries.items()}
        read = read_release(files, folder=f"agents/{agent.lower()}") if files else ()
        if not isinstance(read, AgentDefinition):
            yield from read


def _changed_agents(proposal: Proposal) -> set[AgentCode]:
    places = [classify(effect.path) for effect in proposal.effect.files]
    return {place.agent for place in places if isinstance(place, AgentPath)}
