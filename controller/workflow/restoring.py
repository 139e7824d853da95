"""Propose to put back what was refused on main: one pull request, opened by the controller itself.

Recorded before it is opened, and once for the same leftovers: a pull request that a person closed
stays closed, and none is opened where somebody's open one already puts all of it back. What governs
is put back first, because it never changes together with what runs. The controller only proposes:
policy asks a person's approval for it, and a merge of it is judged like any other.
"""

from collections.abc import Mapping

from controller.change.facts import PullRequest, Snapshot, TreeEntry
from controller.change.leftovers import Leftovers, remaining
from controller.change.names import RepoPath, digest_of
from controller.decision.markdown import code
from controller.desired_state.canonical import canonical_json
from controller.errors import ControllerError
from controller.ledger.event import EventType
from controller.ports.code_host import PullRequestReader
from controller.ports.proposer import ProposedChange, Proposer
from controller.workflow.chronicle import Chronicle
from controller.workflow.gathering import Gatherer
from controller.workflow.unadmitted import Unadmitted, steers

_LISTED = 100


class Restoring:
    """Proposes restorations."""

    def __init__(
        self,
        hosts: tuple[PullRequestReader, Proposer],
        gatherer: Gatherer,
        unadmitted: Unadmitted,
        chronicle: Chronicle,
    ) -> None:
        """Read and propose through `hosts`; `unadmitted` knows what is to be put back."""
        self._reader, self._proposer = hosts
        self._gatherer = gatherer
        self._unadmitted = unadmitted
        self._chronicle = chronicle
        self._history = chronicle.history

    def look(self) -> None:
        """Propose what is to be put back on main, unless that is proposed already. Raises `UnavailableError`."""
        main = self._history.main()
        if main is None or not main.is_sound or main.asked is not None or self._history.undecided():
            return  # what is refused is not all known yet; the sweep looks again
        left = self._unadmitted.leftovers()
        tip = self._gatherer.tip() if left else None
        if tip is None or tip.commit != main.tip:
            return
        wanted = _first(remaining(left, tip))
        if wanted:
            self._propose(wanted, tip)

    def _propose(self, wanted: Leftovers, tip: Snapshot) -> None:
        files = {path: left.admitted for path, left in wanted.items()}
        name = digest_of(canonical_json(_identity(wanted))).removeprefix("sha256:")[:12]
        subject, kinds = f"restore/{name}", frozenset({EventType.CONFIG_CHANGED})
        told = self._history.last_of(kinds, subject)
        if told is not None and told.details.get("kind") != "proposing":
            return
        if told is None:
            if any(self._puts_back(wanted, pull.number) for pull in self._reader.open_pull_requests()):
                return  # looked at again by the sweep: it may be closed, or change
            details = {"kind": "proposing", "files": sorted(map(_shown, files)), "tip": tip.commit}
            told = self._chronicle.event(EventType.CONFIG_CHANGED, subject, details)
            self._chronicle.record_sealed([told])
        # Nobody can know the branch before, and put something of their own there for the controller to propose.
        number = self._proposer.propose(_change(f"{name}-{told.id[:8]}", tip, files, wanted))
        opened = {"kind": "proposed", "pull": number, "tip": tip.commit}
        self._chronicle.record([self._chronicle.event(EventType.CONFIG_CHANGED, subject, opened)])

    def _puts_back(self, wanted: Leftovers, number: int) -> bool:
        """Return whether an open pull request, merged, would leave nothing of `wanted`; one in trouble does not."""
        pull: PullRequest = self._reader.pull_request(number)
        if pull.is_from_fork or pull.base_branch != self._gatherer.branch:
            return False
        try:
            return not remaining(wanted, self._gatherer.merged(pull))
        except ControllerError:
            return False


def _first(left: Leftovers) -> Leftovers:
    """Return what is to be put back first: what governs, else everything."""
    steering = {path: one for path, one in left.items() if steers(path)}
    return steering or left


def _identity(wanted: Leftovers) -> list[list[object]]:
    entries = {path: left.admitted for path, left in wanted.items()}
    return [
        [_shown(path), wanted[path].commit, entry and [entry.mode.value, entry.blob]]
        for path, entry in sorted(entries.items())
    ]


def _change(name: str, tip: Snapshot, files: Mapping[RepoPath, TreeEntry | None], wanted: Leftovers) -> ProposedChange:
    lines = [f"- {code(_shown(path))}, left by {wanted[path].commit[:12]}" for path in sorted(files)[:_LISTED]]
    if len(files) > _LISTED:
        lines.append(f"- and {len(files) - _LISTED} more")
    body = (
        "main holds files that were never admitted: a commit that brought them was refused. Nothing of it was"
        " deployed, and whatever would bring it along is refused until it is put back.\n\nThis puts these files back"
        " as they were admitted last, and does nothing else:\n\n" + "\n".join(lines) + "\n\nIt takes the approval that"
        " production takes. Close it to keep it from being proposed again."
    )
    title = "Put back what was refused on main"
    return ProposedChange(f"dvo/restore-{name}", tip.commit, tip.tree, files, title, body)


def _shown(path: RepoPath) -> str:
    return path.encode("utf-8", "backslashreplace").decode()
