"""An agent's folder in a tree -> its release, or every reason why it is none.

Of the agent's definition only code, version and what the agent may do are read here, as
strictly as a manifest; the other keys are the translator's, and the other files count by
their bytes alone.
"""

from collections.abc import Iterable, Mapping

from controller.change.facts import TreeEntry
from controller.change.git_tree import tree_id
from controller.change.names import ObjectId, RepoPath
from controller.desired_state.abilities import Abilities
from controller.desired_state.document import read_document
from controller.desired_state.faults import problem_at
from controller.desired_state.manifest import AgentCode, Version
from controller.desired_state.problem import Problem
from controller.desired_state.reading import Reading, shaped
from controller.desired_state.release import Release, release_digest
from controller.desired_state.schema import AgentHeadShape
from controller.desired_state.tree import is_regular, unreadable

DEFINITION = "agent.yaml"
"""The file an agent's folder cannot be without."""


def definition_path(agent: AgentCode) -> RepoPath:
    """Return where the definition of `agent` stands."""
    return RepoPath(f"agents/{agent.lower()}/{DEFINITION}")


def read_release(
    agent: AgentCode, files: Mapping[str, TreeEntry], contents: Mapping[ObjectId, bytes]
) -> Reading[Release]:
    """Return the release in the folder of `agent`, given its files keyed by path below it."""
    path = definition_path(agent)
    if DEFINITION not in files:
        missing = Problem(path, 1, 1, f"`agents/{agent.lower()}/` has no {DEFINITION}", f"Add {DEFINITION}.")
        return Reading(None, (missing,))
    if not all(map(is_regular, files.values())):
        return Reading(None, ())
    unread = [inside for inside, entry in sorted(files.items()) if entry.blob not in contents]
    if unread:
        return Reading(None, tuple(unreadable(RepoPath(f"agents/{agent.lower()}/{inside}")) for inside in unread))
    content = {inside: contents[entry.blob] for inside, entry in files.items()}
    document = read_document(path, content[DEFINITION])
    head, problems = shaped(document, AgentHeadShape)
    if head is not None and head.code != agent:
        message = f"`code`: expected {agent} as the folder's name says, got {head.code}"
        problems += (problem_at(document, ("code",), message, f"Write `code: {agent}`, or rename the folder."),)
    if head is None or problems:
        return Reading(None, problems)
    release = Release(agent, Version(head.version), release_digest(content), tree_id(files), _abilities(head))
    return Reading(release, ())


def _abilities(head: AgentHeadShape) -> Abilities:
    return Abilities(
        capabilities=_each_once(entry.name for entry in head.capabilities),
        tools=_each_once(head.tools),
        data=_each_once(head.data),
        egress=_each_once(head.egress),
        hand_offs=_each_once(entry.to for entry in head.hand_offs),
        autonomy=head.autonomy,
    )


def _each_once(names: Iterable[str]) -> tuple[str, ...]:
    return tuple(sorted(set(names)))
