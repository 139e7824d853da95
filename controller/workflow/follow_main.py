"""Follow main: what happened to it since it was last seen, commit by commit.

A commit of main's first-parent line belongs to the merged pull request whose merge commit
it is; any other was pushed directly and is refused and reported. The first look at main is
the baseline, from which nothing is deployed. A main that is no fast-forward of the last one
seen stops every deployment until it is one again.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from controller.change.facts import Commit, PullRequest
from controller.change.names import CommitSha, ObjectId
from controller.desired_state.proposal import propose
from controller.desired_state.release import Release
from controller.desired_state.state import read_desired_state
from controller.errors import InputError
from controller.ledger.event import Event, EventType, Severity
from controller.ports.code_host import Comparison
from controller.ports.journal import Mark
from controller.workflow.chronicle import Chronicle
from controller.workflow.gathering import CodeHostReader, Gatherer
from controller.workflow.history import MainSeen


@dataclass(frozen=True, slots=True)
class Step:
    """One thing that happened to main: a merge, or (without a pull request) a direct push."""

    before: Commit
    after: Commit
    pull: PullRequest | None


class FollowMain:
    """Attributes every commit of main and marks what follows from it."""

    def __init__(self, host: CodeHostReader, gatherer: Gatherer, chronicle: Chronicle) -> None:
        """Follow the branch of `gatherer` on `host` and tell `chronicle`."""
        self._host = host
        self._gatherer = gatherer
        self._branch = gatherer.branch
        self._chronicle = chronicle
        self._history = chronicle.history

    def look(self) -> None:
        """Bring the journal up to the tip of main. Raises `UnavailableError` when that cannot be read."""
        seen = self._history.main()
        if seen is None:
            self._record_baseline()
            return
        comparison = self._since(seen)
        if comparison is None or comparison.behind_by:
            self._record_rewrite(seen)
        elif comparison.commits or not seen.is_sound:
            self._record_steps(seen, comparison)

    def _since(self, seen: MainSeen) -> Comparison | None:
        try:
            return self._host.compare(seen.tip, self._branch)
        except InputError:
            return None

    def _record_baseline(self) -> None:
        tip = self._host.compare(self._branch, self._branch).base
        snapshot, contents = self._gatherer.whole(tip)
        state = read_desired_state(snapshot, contents)
        events = [self._published(release, tip) for release in state.releases.values()]
        self._chronicle.record_sealed([*events, self._main(tip.sha, 0, "baseline")], ())

    def _record_rewrite(self, seen: MainSeen) -> None:
        if not seen.is_sound:
            return
        found = self._host.tip(self._branch)
        details = {"tip": seen.tip, "position": seen.position, "sound": False, "found": found, "kind": "rewritten"}
        event = self._chronicle.event(EventType.CONFIG_CHANGED, "main", details, severity=Severity.CRITICAL)
        self._chronicle.record_sealed([event], ())

    def _record_steps(self, seen: MainSeen, comparison: Comparison) -> None:
        events: list[Event] = []
        marks: list[Mark] = []
        position = seen.position
        for step in self._steps(comparison):
            position += 1
            events.append(self._told(step, position))
            marks.append(Mark(f"progress/{step.after.sha}" if step.pull is None else f"merge/{step.after.sha}"))
        tip = comparison.head.sha
        self._chronicle.record_sealed([*events, self._main(tip, position, "followed")], [*marks, Mark("sweep")])

    def _steps(self, comparison: Comparison) -> Iterator[Step]:
        """Yield the steps of main's first-parent line, oldest first."""
        line = first_parents(comparison)
        pulls = {commit.sha: self._host.merged_pull_request(commit.sha) for commit in line[1:]}
        index = 1
        while index < len(line):
            end = self._end_of_step(line, pulls, index)
            yield Step(line[index - 1], line[end], pulls[line[end].sha])
            index = end + 1

    def _end_of_step(self, line: list[Commit], pulls: dict[CommitSha, PullRequest | None], start: int) -> int:
        """Return the index of the last commit of the step that begins at `start`.

        A rebase merge leaves as many commits as the pull request had, of which only the last
        is its merge commit; they are one step when together they have the admitted effect.
        """
        for end in range(start, len(line)):
            pull = pulls[line[end].sha]
            if pull is None:
                continue
            if end == start or (
                end - start + 1 == pull.commit_count and self._has_admitted_effect(pull, line[start - 1], line[end])
            ):
                return end
            return start
        return start

    def _has_admitted_effect(self, pull: PullRequest, before: Commit, after: Commit) -> bool:
        span, contents = self._gatherer.span(before, after)
        effect = propose(span.before, span.after, contents, self._history.published()).effect
        last = self._history.last_of(frozenset({EventType.POLICY_EVALUATED}), f"pull/{pull.number}")
        return last is not None and last.details.get("effect") == effect.digest

    def _told(self, step: Step, position: int) -> Event:
        facts: dict[str, object] = {
            "position": position,
            "before": step.before.sha,
            "before_tree": step.before.tree,
            "after": step.after.sha,
            "after_tree": step.after.tree,
        }
        if step.pull is None:
            facts["reason"] = "pushed to main without a pull request"
            subject = f"commit/{step.after.sha}"
            return self._chronicle.event(EventType.DEPLOY_REFUSED, subject, facts, severity=Severity.CRITICAL)
        facts["pull"] = step.pull.number
        return self._chronicle.event(EventType.DEPLOY_INITIATED, f"merge/{step.after.sha}", facts)

    def _main(self, tip: CommitSha, position: int, kind: str) -> Event:
        details = {"tip": tip, "position": position, "sound": True, "kind": kind}
        return self._chronicle.event(EventType.CONFIG_CHANGED, "main", details)

    def _published(self, release: Release, tip: Commit) -> Event:
        return published_event(self._chronicle, release, tip.sha, tip.tree)


def published_event(chronicle: Chronicle, release: Release, commit: CommitSha, root_tree: ObjectId) -> Event:
    """Return the event that publishes `release`, which lies in `commit` with that root tree."""
    details = {
        "code": release.agent,
        "version": release.version,
        "digest": release.digest,
        "tree": release.tree,
        "commit": commit,
        "root_tree": root_tree,
    }
    return chronicle.event(EventType.RELEASE_PUBLISHED, f"release/{release.agent}/{release.version}", details)


def first_parents(comparison: Comparison) -> list[Commit]:
    """Return the first-parent line from the base (inclusive) to the head, oldest first.

    A line that leaves the base aside (main merged *into* something that was then pushed) is
    one leap from the base to the head, which no pull request accounts for.
    """
    known = {commit.sha: commit for commit in (comparison.merge_base, *comparison.commits)}
    line = [comparison.head]
    while line[-1].sha != comparison.merge_base.sha:
        parent = known.get(line[-1].parents[0]) if line[-1].parents else None
        if parent is None:
            return [comparison.merge_base, comparison.head]
        line.append(parent)
    return line[::-1]
