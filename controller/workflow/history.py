"""What the journal says has happened, in the terms the workflows think in.

Events are the only memory: every question about the past (what was published, admitted,
deployed, seen on main) is answered from them, so an index lost and rebuilt from the ledger
answers the same.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from controller.change.names import CommitSha, Digest, ObjectId, commit_sha, digest, object_id
from controller.desired_state.abilities import Abilities, read_abilities
from controller.desired_state.environment import Tier
from controller.desired_state.manifest import AgentCode, EnvironmentName, Key, Version
from controller.desired_state.release import PublishedRelease, Release
from controller.errors import InputError, LedgerIntegrityError
from controller.ledger.event import Event, EventType
from controller.policy.question import Evidence
from controller.ports.journal import Journal

ADMITTED = frozenset({"admitted", "held"})
"""The outcomes of a judgement whose checks are green."""


@dataclass(frozen=True, slots=True)
class Asked:
    """Up to where main holds commits nobody accounts for yet, and since when the code host is asked about them."""

    tip: CommitSha
    since: datetime


@dataclass(frozen=True, slots=True)
class MainSeen:
    """Up to where main was followed; unsound when it was rewritten."""

    tip: CommitSha
    position: int
    is_sound: bool
    asked: Asked | None = None
    found: CommitSha | None = None
    """What stood there instead when it was looked at last; None while it is sound."""


@dataclass(frozen=True, slots=True)
class Initiated:
    """A merged pull request found on main, not yet judged for deployment."""

    position: int
    pull: int
    before: CommitSha
    before_tree: ObjectId
    after: CommitSha
    after_tree: ObjectId


@dataclass(frozen=True, slots=True)
class Pushed:
    """A commit of main that no pull request brought, and which was refused for it."""

    position: int
    before: CommitSha
    before_tree: ObjectId
    after: CommitSha
    after_tree: ObjectId


@dataclass(frozen=True, slots=True)
class Validated:
    """The newest thing admitted for one key; `plan` None means it is to stop."""

    position: int
    commit: CommitSha
    tree: ObjectId
    plan: Digest | None
    pull: int


class History:
    """Reads the journal; every method raises `UnavailableError` when the journal does."""

    def __init__(self, journal: Journal) -> None:
        """Read from `journal`."""
        self._journal = journal
        self._decided: set[CommitSha] = set()

    def main(self) -> MainSeen | None:
        """Return where main stood when it was last followed; None before the baseline."""
        newest = self._newest(EventType.CONFIG_CHANGED, "main")
        if newest is None:
            return None
        facts = newest.details
        asked = None
        if "asked" in facts:
            asked = Asked(commit_sha(_text(facts, "asked")), datetime.fromisoformat(_text(facts, "asked_since")))
        tip, position = commit_sha(_text(facts, "tip")), _number(facts, "position")
        found = commit_sha(_text(facts, "found")) if "found" in facts else None
        return MainSeen(tip, position, facts.get("sound") is True, asked, found)

    def initiated(self, merge: CommitSha) -> Initiated | None:
        """Return the merged pull request that `merge` is, or None."""
        newest = self._newest(EventType.DEPLOY_INITIATED, f"merge/{merge}")
        return None if newest is None else _initiated(newest)

    def all_initiated(self) -> tuple[Initiated, ...]:
        """Return every merged pull request found on main, oldest first."""
        return tuple(_initiated(event) for event in self._journal.find(frozenset({EventType.DEPLOY_INITIATED})))

    def is_decided(self, merge: CommitSha) -> bool:
        """Return whether `merge` was validated or refused, which is never taken back."""
        if merge not in self._decided:
            last = self._newest(EventType.POLICY_EVALUATED, f"merge/{merge}")
            if last is None or last.details.get("final") is not True:
                return False
            self._decided.add(merge)
        return True

    def undecided(self) -> tuple[Initiated, ...]:
        """Return every merge that was found on main and not yet validated or refused, oldest first."""
        return tuple(one for one in self.all_initiated() if not self.is_decided(one.after))

    def undecided_before(self, merge: Initiated) -> tuple[Initiated, ...]:
        """Return every undecided merge that came to main before `merge`."""
        return tuple(one for one in self.undecided() if one.position < merge.position)

    def undecided_after(self, merge: Initiated) -> tuple[Initiated, ...]:
        """Return every undecided merge that came to main after `merge`."""
        return tuple(one for one in self.undecided() if one.position > merge.position)

    def refused_steps(self, above: int) -> tuple[Initiated | Pushed, ...]:
        """Return every refused step with a position `above`: direct pushes, and merges that did not hold."""
        recent = self._standing([one for one in self._refused() if _number(one.details, "position") > above])
        subjects = {event.subject for event in recent}
        pushes = [_pushed(event) for event in recent if event.subject.startswith("commit/")]
        if len(pushes) == len(recent):
            return tuple(pushes)
        return (*pushes, *(merge for merge in self.all_initiated() if f"merge/{merge.after}" in subjects))

    def pushes_refused_since(self, moment: datetime) -> tuple[Pushed, ...]:
        """Return the direct pushes refused since `moment` whose refusal stands, in their order on main."""
        young = [one for one in self._refused() if one.subject.startswith("commit/") and one.at >= moment]
        return tuple(sorted(map(_pushed, self._standing(young)), key=lambda one: one.position))

    def is_refused_push(self, commit: CommitSha) -> bool:
        """Return whether `commit` was refused as a direct push, and that was not taken back."""
        refused = self._newest(EventType.DEPLOY_REFUSED, f"commit/{commit}")
        return refused is not None and refused.subject not in self._taken_back()

    def _refused(self) -> tuple[Event, ...]:
        return self._journal.find(frozenset({EventType.DEPLOY_REFUSED}))

    def _standing(self, refused: Sequence[Event]) -> list[Event]:
        """Return those of some refusals that were not taken back."""
        taken_back = self._taken_back() if any(event.subject.startswith("commit/") for event in refused) else ()
        return [event for event in refused if event.subject not in taken_back]

    def _taken_back(self) -> frozenset[str]:
        """Return the subjects of the refusals that were taken back, for a pull request was named late."""
        told = [
            event.details.get("takes_back") for event in self._journal.find(frozenset({EventType.DEPLOY_INITIATED}))
        ]
        return frozenset(
            f"commit/{commit}" for several in told if isinstance(several, list | tuple) for commit in several
        )

    def clean_position(self) -> int:
        """Return up to which position main is known to hold nothing that was refused."""
        newest = self._newest(EventType.CONFIG_CHANGED, "main/clean")
        return 0 if newest is None else _number(newest.details, "position")

    def was_admitted(self, pull: int, *, head: CommitSha | None = None, effect: Digest | None = None) -> bool:
        """Return whether `pull` was admitted: at any time, or by the newest judgement of that head and effect.

        Judgements of other heads or on another base say nothing of this one, in either direction.
        """
        found = self.all_of(frozenset({EventType.POLICY_EVALUATED}), f"pull/{pull}")
        if head is not None:
            wanted = (head, effect)
            found = tuple(one for one in found if (one.details.get("commit"), one.details.get("effect")) == wanted)[-1:]
        return any(event.details.get("outcome") in ADMITTED for event in found)

    def validated(self, key: Key) -> Validated | None:
        """Return what was admitted for `key` by the change furthest along main."""
        events = self._journal.find(frozenset({EventType.DEPLOY_VALIDATED}), str(key))
        return max(map(_validated, events), key=lambda one: one.position, default=None)

    def validated_keys(self) -> frozenset[Key]:
        """Return every key anything was ever admitted for."""
        events = self._journal.find(frozenset({EventType.DEPLOY_VALIDATED}))
        return frozenset(parse_key(event.subject) for event in events)

    def last_of(self, types: frozenset[EventType], subject: str) -> Event | None:
        """Return the newest event of `types` about `subject`."""
        events = self.all_of(types, subject)
        return events[-1] if events else None

    def all_of(self, types: frozenset[EventType], subject: str | None = None) -> tuple[Event, ...]:
        """Return the events of `types` (about `subject`, when given), oldest first."""
        return self._journal.find(types, subject)

    def published(self) -> tuple[PublishedRelease, ...]:
        """Return every release that main has published, oldest first."""
        events = self._journal.find(frozenset({EventType.RELEASE_PUBLISHED}))
        return tuple(_published(event) for event in events)

    def root_tree_of(self, release: Release) -> tuple[CommitSha, ObjectId] | None:
        """Return the commit, and its root tree, in which `release` lies."""
        for event in self._journal.find(frozenset({EventType.RELEASE_PUBLISHED})):
            if event.details.get("digest") == release.digest and event.details.get("code") == release.agent:
                return commit_sha(_text(event.details, "commit")), object_id(_text(event.details, "root_tree"))
        return None

    def evidence(self) -> tuple[Evidence, ...]:
        """Return every deployment that became healthy."""
        events = self._journal.find(frozenset({EventType.DEPLOY_COMPLETED}))
        return tuple(_evidence(event) for event in events if event.details.get("release") is not None)

    def _newest(self, kind: EventType, subject: str) -> Event | None:
        return self.last_of(frozenset({kind}), subject)


def parse_key(subject: str) -> Key:
    """Return the deployment a subject ``environment/AGENT`` names."""
    environment, _, agent = subject.partition("/")
    return Key(EnvironmentName(environment), AgentCode(agent))


def _initiated(event: Event) -> Initiated:
    facts = event.details
    return Initiated(
        position=_number(facts, "position"),
        pull=_number(facts, "pull"),
        before=commit_sha(_text(facts, "before")),
        before_tree=object_id(_text(facts, "before_tree")),
        after=commit_sha(_text(facts, "after")),
        after_tree=object_id(_text(facts, "after_tree")),
    )


def _pushed(event: Event) -> Pushed:
    facts = event.details
    return Pushed(
        position=_number(facts, "position"),
        before=commit_sha(_text(facts, "before")),
        before_tree=object_id(_text(facts, "before_tree")),
        after=commit_sha(_text(facts, "after")),
        after_tree=object_id(_text(facts, "after_tree")),
    )


def _validated(event: Event) -> Validated:
    facts = event.details
    plan = facts.get("plan")
    return Validated(
        position=_number(facts, "position"),
        commit=commit_sha(_text(facts, "commit")),
        tree=object_id(_text(facts, "tree")),
        plan=None if plan is None else digest(_text(facts, "plan")),
        pull=_number(facts, "pull"),
    )


def _published(event: Event) -> PublishedRelease:
    facts = event.details
    release = Release(
        agent=AgentCode(_text(facts, "code")),
        version=Version(_text(facts, "version")),
        digest=digest(_text(facts, "digest")),
        tree=object_id(_text(facts, "tree")),
        abilities=_abilities(facts.get("abilities")),
    )
    return PublishedRelease(release, commit_sha(_text(facts, "commit")))


def _evidence(event: Event) -> Evidence:
    facts = event.details
    return Evidence(
        key=parse_key(event.subject),
        tier=Tier(_text(facts, "tier")),
        release=digest(_text(facts, "release")),
        completed_at=event.at,
    )


def _abilities(recorded: object) -> Abilities | None:
    try:
        return read_abilities(recorded)
    except InputError as error:
        raise LedgerIntegrityError(f"a recorded release: {error}") from error


def _text(facts: Mapping[str, object], name: str) -> str:
    value = facts.get(name)
    if not isinstance(value, str):
        raise LedgerIntegrityError(f"expected text as {name!r} of a recorded event, got {value!r}")
    return value


def _number(facts: Mapping[str, object], name: str) -> int:
    value = facts.get(name)
    if not isinstance(value, int) or isinstance(value, bool):
        raise LedgerIntegrityError(f"expected a whole number as {name!r} of a recorded event, got {value!r}")
    return value
