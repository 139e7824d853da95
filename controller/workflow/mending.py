"""Who judges what mends policies that answer nothing: the newest admitted ones that still do.

Admitted policies may stop to answer later, and nothing they judge could then replace them. So a change
of policy files and of nothing else, whose base gives no valid answer to its question, is judged by the
newest policies admitted before that do, on terms that only ever add (`MENDING`). An engine that is down
is not policies that answer nothing, and what was pushed past the gate stands in for nobody.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from controller.change.facts import Change, Snapshot, TreeEntry
from controller.change.leftovers import remaining
from controller.change.names import CommitSha, RepoPath
from controller.decision.verdict import Cause, Unanswered
from controller.desired_state.proposal import Proposal
from controller.errors import PolicyError, UnavailableError
from controller.ledger.event import Event, EventType
from controller.policy.answer import Answer
from controller.policy.bundle import FOLDER
from controller.ports.policy_engine import PolicyEngine
from controller.workflow.gathering import governing_blobs
from controller.workflow.history import History
from controller.workflow.previewing import policies_of
from controller.workflow.unadmitted import Unadmitted

_MOST = 20
"""Revisions that are asked, the newest first."""
_JUDGED = frozenset({EventType.POLICY_EVALUATED})


@dataclass(frozen=True, slots=True)
class StandIn:
    """What earlier policies answer where those of the base give no valid answer."""

    answer: Answer | Unanswered
    commit: CommitSha
    """With which they stood on main."""


class Mending:
    """Finds the policies that stand in."""

    def __init__(self, engine: PolicyEngine, history: History, unadmitted: Unadmitted) -> None:
        """Ask `engine`; `history` and `unadmitted` know which policies were admitted."""
        self._engine = engine
        self._history = history
        self._unadmitted = unadmitted
        self._trees = unadmitted.trees

    def stand_in(
        self, change: Change, proposal: Proposal, document: Mapping[str, object], position: int | None
    ) -> StandIn | None:
        """Return the newest admitted answer to `document` below `position` of main; None where nothing may stand in.

        Raises `UnavailableError` when the code host or the journal fail.
        """
        if not _is_about_policies_alone(proposal):
            return None
        asked = {_policies(change.base)}
        for tree in self._admitted_trees(position):
            policies = _policies(tree)
            if policies in asked or not policies:
                continue
            asked.add(policies)
            try:
                bundle = policies_of(tree, self._trees.contents(governing_blobs(tree)))
                return StandIn(self._engine.decide(bundle, document), tree.commit)
            except PolicyError:
                if len(asked) > _MOST:
                    break
            except UnavailableError as error:
                message = f"The policies that stand in gave no answer: {error}"
                return StandIn(Unanswered(Cause.POLICY_UNAVAILABLE, message), tree.commit)
        return None

    def _admitted_trees(self, position: int | None) -> Iterator[Snapshot]:
        """Yield the trees of main after each admitted change of policies below `position`, and that of the baseline."""
        changed = {event.subject for event in self._history.all_of(_JUDGED) if _admitted_policies(event)}
        steps = (*self._history.all_initiated(), *self._history.refused_steps(0))
        below = [step for step in steps if position is None or step.position < position]
        for step in sorted(below, key=lambda one: -one.position):
            if f"merge/{step.after}" in changed:
                tree = self._trees.snapshot(step.after, step.after_tree)
                left = remaining(self._unadmitted.leftovers(step.position + 1), tree)
                if not any(path.startswith(FOLDER) for path in left):
                    yield tree
        if below:
            first = min(below, key=lambda one: one.position)
            yield self._trees.snapshot(first.before, first.before_tree)


def _is_about_policies_alone(proposal: Proposal) -> bool:
    files = proposal.effect.files
    return bool(files) and not proposal.effect.plans and all(file.path.startswith(FOLDER) for file in files)


def _admitted_policies(event: Event) -> bool:
    """Return whether `event` tells of a merge that went out and changed policies."""
    if not event.subject.startswith("merge/") or event.details.get("outcome") != "admitted":
        return False
    asked = event.details.get("input")
    files = asked.get("files", ()) if isinstance(asked, Mapping) else ()
    return any(str(file.get("path")).startswith(FOLDER) for file in files if isinstance(file, Mapping))


def _policies(tree: Snapshot) -> frozenset[tuple[RepoPath, TreeEntry]]:
    return frozenset((path, entry) for path, entry in tree.entries.items() if path.startswith(FOLDER))
