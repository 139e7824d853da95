"""Follow main: what happened to it since it was last seen, commit by commit.

A commit of main's first-parent line belongs to the merged pull request whose merge commit
it is; any other was pushed directly and is refused and reported. A code host may know of a
merge some seconds later than of its commit, so it is asked again before that is said, and
nothing behind the commit in question is followed meanwhile. The first look at main is
the baseline, from which nothing is deployed. A main that is no fast-forward of the last one
seen stops every deployment until it is one again.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import timedelta
from itertools import takewhile

from controller.approval.request import CLOCKS_APART
from controller.change.facts import Commit, PullRequest
from controller.change.names import CommitSha, ObjectId
from controller.desired_state.abilities import abilities_document
from controller.desired_state.proposal import propose
from controller.desired_state.release import Release
from controller.desired_state.state import read_desired_state
from controller.errors import InputError
from controller.ledger.event import Event, EventType, Severity
from controller.ports.journal import Mark
from controller.workflow.chronicle import Chronicle
from controller.workflow.gathering import CodeHostReader, Gatherer
from controller.workflow.history import Asked, MainSeen
from controller.workflow.main_line import line_since
from controller.workflow.policy_changes import PolicyChanges

_PATIENCE = timedelta(seconds=30)
_ASK_AGAIN = timedelta(seconds=5)


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
        self._policies = PolicyChanges(gatherer, chronicle)

    def look(self) -> None:
        """Bring the journal up to the tip of main. Raises `UnavailableError` when that cannot be read."""
        seen = self._history.main()
        if seen is None:
            self._record_baseline()
            return
        line = line_since(self._host, seen.tip, self._branch)
        if line is None:
            self._record_rewrite(seen)
        elif len(line) > 1 or not seen.is_sound:
            self._record_steps(seen, line)

    def _record_baseline(self) -> None:
        tip = self._host.compare(self._branch, self._branch).base
        snapshot, contents = self._gatherer.whole(tip)
        state = read_desired_state(snapshot, contents)
        events = [self._published(release, tip) for release in state.releases.values()]
        self._chronicle.record_sealed([*events, self._main(MainSeen(tip.sha, 0, is_sound=True), "baseline")], ())

    def _record_rewrite(self, seen: MainSeen) -> None:
        found = self._host.tip(self._branch)
        if found == seen.found:
            return
        details = {"tip": seen.tip, "position": seen.position, "sound": False, "found": found, "kind": "rewritten"}
        event = self._chronicle.event(EventType.CONFIG_CHANGED, "main", details, severity=Severity.CRITICAL)
        shown = [found] if seen.found is None else [found, seen.found]
        self._chronicle.record_sealed([event], [Mark(f"progress/{commit}") for commit in shown])

    def _record_steps(self, seen: MainSeen, line: list[Commit]) -> None:
        events: list[Event] = []
        marks: list[Mark] = []
        place = MainSeen(seen.tip, seen.position, is_sound=True)
        steps = tuple(self._steps(line))
        certain = self._asked_long_enough(seen, line)
        for step in takewhile(lambda one: one.pull is not None or one.after.sha in certain, steps):
            place = replace(place, tip=step.after.sha, position=place.position + 1)
            events += [self._told(step, place.position), *self._policies.events(step.before, step.after, step.pull)]
            marks.append(Mark(f"progress/{step.after.sha}" if step.pull is None else f"merge/{step.after.sha}"))
        if events:
            # Whoever was looked at on this very tip, by the webhook of the push, is not looked at again for it.
            marks.append(Mark("changes"))
        if len(events) < len(steps):
            place = replace(place, asked=self._asked(seen, line))
            marks.append(Mark("main", self._chronicle.now() + _ASK_AGAIN))
        if place != seen:
            events.append(self._main(place, "waiting" if place.asked else "followed"))
        self._chronicle.record_sealed(events, marks)

    def _asked_long_enough(self, seen: MainSeen, line: list[Commit]) -> frozenset[CommitSha]:
        """Return the commits of which it is certain by now that no pull request brings them."""
        known = [commit.sha for commit in line]
        asked = seen.asked
        if asked is None or asked.tip not in known or self._chronicle.now() - asked.since < _PATIENCE:
            return frozenset()
        return frozenset(known[: known.index(asked.tip) + 1])

    def _asked(self, seen: MainSeen, line: list[Commit]) -> Asked:
        asked, now = seen.asked, self._chronicle.now()
        is_current = asked is not None and asked.tip in {commit.sha for commit in line[1:]}
        # What a clock asked that was far ahead is asked anew: it would be waited for until then.
        if asked is not None and is_current and -CLOCKS_APART <= now - asked.since < _PATIENCE:
            return asked
        return Asked(line[-1].sha, now)

    def _steps(self, line: list[Commit]) -> Iterator[Step]:
        """Yield the steps of main's line, oldest first."""
        pulls = {commit.sha: self._host.merged_pull_request(commit.sha) for commit in line[1:]}
        index = 1
        while index < len(line):
            end = self._end_of_step(line, pulls, index)
            yield Step(line[index - 1], line[end], pulls[line[end].sha])
            index = end + 1

    def _end_of_step(self, line: list[Commit], pulls: dict[CommitSha, PullRequest | None], start: int) -> int:
        """Return the index of the last commit of the step that begins at `start`.

        A rebase merge leaves up to as many commits as the pull request had (merges are left
        out), of which only the last is its merge commit; they are one step when together they
        have the admitted effect.
        """
        for end in range(start, len(line)):
            pull = pulls[line[end].sha]
            if pull is not None:
                return end if end == start or self._is_rebased(pull, line[start - 1], line[start : end + 1]) else start
        return start

    def _is_rebased(self, pull: PullRequest, before: Commit, run: list[Commit]) -> bool:
        if len(run) > pull.commit_count or any(len(commit.parents) != 1 for commit in run):
            return False
        if not self._history.was_admitted(pull.number):
            return False
        try:
            span, contents = self._gatherer.span(before, run[-1])
        except InputError:
            return False  # what cannot be read was never admitted, and must not stop what comes after it
        effect = propose(span.before, span.after, contents, self._history.published()).effect
        return self._history.was_admitted(pull.number, head=pull.head, effect=effect.digest)

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
        if step.pull.merged_at is not None:
            facts["merged_at"] = step.pull.merged_at.isoformat()
        return self._chronicle.event(EventType.DEPLOY_INITIATED, f"merge/{step.after.sha}", facts)

    def _main(self, place: MainSeen, kind: str) -> Event:
        details: dict[str, object] = {"tip": place.tip, "position": place.position, "sound": True, "kind": kind}
        if place.asked is not None:
            details |= {"asked": place.asked.tip, "asked_since": place.asked.since.isoformat()}
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
        "abilities": abilities_document(release.abilities),
        "commit": commit,
        "root_tree": root_tree,
    }
    return chronicle.event(EventType.RELEASE_PUBLISHED, f"release/{release.agent}/{release.version}", details)
