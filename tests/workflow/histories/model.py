"""The rules of the gate, told a second time and plainly, to hold the controller against.

Written from the product's contract and from the parameters of its policies, with none of the
controller's code: manifests are read with PyYAML, an effect is a tuple of plans, a person is
whoever the directory lists. It knows the agent ANL in three environments, and governs nothing
else. It is asked at the very moments at which the controller looks, with the facts of then.
"""

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import NamedTuple
from zoneinfo import ZoneInfo

import yaml

from controller.change.facts import Account, Commit, PullRequest, PullRequestState, Push, Review, ReviewState
from controller.change.names import CommitSha, RepoPath
from tests.fakes.code_host import WEB_FLOW, FakeCodeHost
from tests.fakes.directory import InMemoryDirectory, Person

PATHS = {f"{tier}/ANL": f"environments/{tier}/anl.yaml" for tier in ("development", "staging", "production")}
OWNERS_OF_PRODUCTION = {"rita-release", "ravi-release"}
RANKS = {"DVO-Viewers": 0, "DVO-Developers": 1, "DVO-Operators": 2, "DVO-ReleaseManagers": 3, "DVO-Admins": 4}
PROPOSERS = {"development": 1, "staging": 2, "production": 2}
APPROVERS = 3
EXPIRY = timedelta(hours=72)
REQUEST = timedelta(hours=24)
ZONE = ZoneInfo("Europe/Berlin")
SATURDAY = 5


class Plan(NamedTuple):
    """What would run: the digest of all of it, and its release."""

    digest: str
    release: str


Files = Mapping[str, bytes | None]
Effect = tuple[tuple[str, Plan | None, Plan | None], ...]


class Verdict(StrEnum):
    ADMITTED = "admitted"
    HELD = "held"
    WAITING = "waiting"
    REFUSED = "refused"


@dataclass(frozen=True)
class Opinion:
    """What the model thinks of a pull request or a merge at one moment."""

    effect: Effect
    verdict: Verdict
    is_asked: bool
    """Somebody has to approve."""
    is_covered: bool
    """Everybody who has to has approved this very effect, and nobody with a say objects."""
    given: datetime | None = None
    """When the last of those approvals was given."""

    @property
    def may_merge(self) -> bool:
        return self.verdict in (Verdict.ADMITTED, Verdict.HELD)

    @property
    def conclusions(self) -> tuple[str, str]:
        """What `dvo/policy` and `dvo/approval` are to end with."""
        if self.verdict is Verdict.REFUSED:
            return "failure", ("success" if self.is_covered else "action_required") if self.is_asked else "failure"
        return "success", "success" if self.is_covered or not self.is_asked else "action_required"


@dataclass
class Asked:
    """A request for approval: since when, and how it ended if it did."""

    since: datetime
    is_approved: bool = False
    is_expired: bool = False


@dataclass
class Step:
    """One thing that happened to main; without a pull request it is a direct push."""

    before: CommitSha
    after: CommitSha
    pull: int | None
    head: CommitSha | None
    effect: Effect
    is_allowed: bool | None
    """None until it was decided; a decision is never taken back."""


@dataclass
class Model:
    """Everything the rules depend on that is in neither the code host nor the directory."""

    host: FakeCodeHost
    directory: InMemoryDirectory
    releases: Mapping[str, str]
    """Digests of what was published, by version."""
    evidence: set[str] = field(default_factory=set)
    """Releases that became healthy in staging."""
    shown: dict[tuple[int, CommitSha, Effect], bool] = field(default_factory=dict)
    """Whether that head with that effect could merge, when it was last looked at."""
    asked: dict[tuple[int, Effect], Asked] = field(default_factory=dict)
    """The requests for approval, as far as they matter."""
    steps: list[Step] = field(default_factory=list)
    followed: int = 0
    main_at: dict[int, CommitSha] = field(default_factory=dict)
    """Where main stood when each review was submitted."""
    _plans: dict[tuple[str, bytes], Plan] = field(default_factory=dict)

    def step(self, before: CommitSha, after: CommitSha, pull: PullRequest | None) -> None:
        """Note what happened to main; what was pushed there directly is never allowed."""
        effect = self.effect(self.files(before), self.files(after))
        if pull is None:
            self.steps.append(Step(before, after, None, None, effect, is_allowed=False))
        else:
            self.steps.append(Step(before, after, pull.number, pull.head, effect, is_allowed=None))

    def name(self, after: CommitSha, pull: PullRequest) -> bool:
        """Know that a direct push was the merge of `pull`; return whether it counts: that very effect could merge."""
        step = next(step for step in self.steps if step.after == after)
        if not self.shown.get((pull.number, pull.head, step.effect), False):
            return False
        step.pull, step.head, step.is_allowed = pull.number, pull.head, None
        return True

    def follow(self, tip: object) -> None:
        """Know main as far as the controller says it has followed it, which takes it time."""
        self.followed = next((place for place, step in enumerate(self.steps, 1) if step.after == tip), self.followed)

    def look(self, key: str, now: datetime) -> Opinion | None:
        """Decide what a look at `key` decides; return what the checks of a pull request are to say."""
        kind, _, rest = key.partition("/")
        if kind == "pull":
            return self._look_at_pull(int(rest), now)
        for step in self.steps[: self.followed]:
            if kind == "merge" and step.after == rest and step.pull is not None and step.is_allowed is None:
                self._decide(step, now)
        return None

    def wanted(self, key: str) -> tuple[int, Plan | None] | None:
        """Return the newest allowed step of main that changes `key`, and what it wants."""
        return next(self._allowed(key), None)

    def allowed(self, key: str) -> set[str]:
        """Return the digest of every plan that was ever allowed for `key`."""
        return {plan.digest for _, plan in self._allowed(key) if plan is not None}

    def opinion(self, number: int, now: datetime) -> Opinion:
        """Return what the rules say of an open pull request."""
        pull, base = self.host.pull_request(number), self.host.branches["main"]
        since = self.host.objects.merge_base(base, pull.head)
        assert since is not None
        ours, before, theirs = self.files(base), self.files(since), self.files(pull.head)
        after = {path: theirs[path] if ours[path] == before[path] else ours[path] for path in ours}
        clashes = any(theirs[path] not in (before[path], after[path]) for path in ours)
        effect = self.effect(ours, after)
        is_tainted = self._brings_along(effect, base, self.steps[: self.followed], after)
        return self._judge(pull, base, effect, now, now, is_flawed=clashes or is_tainted)

    def files(self, commit: CommitSha) -> Files:
        """Return the governed manifests as `commit` has them."""
        objects = self.host.objects
        tree = objects.trees[objects.commits[commit].tree]
        return {path: objects.blobs[tree[RepoPath(path)].blob] if path in tree else None for path in PATHS.values()}

    def effect(self, before: Files, after: Files) -> Effect:
        """Return which plans differ."""
        plans = [(key, self._plan(key, before[path]), self._plan(key, after[path])) for key, path in PATHS.items()]
        return tuple(one for one in plans if one[1] != one[2])

    def person(self, account: Account | None, email: str = "") -> Person | None:
        """Return who stands behind an account or an address."""
        known = self.directory.people
        found = [one for one in known if (account and one.github_id == account.id) or email in one.emails]
        return found[0] if found else None

    def _allowed(self, key: str) -> Iterator[tuple[int, Plan | None]]:
        for index in reversed(range(len(self.steps))):
            if self.steps[index].is_allowed:
                yield from ((index, after) for changed, _, after in self.steps[index].effect if changed == key)

    def _look_at_pull(self, number: int, now: datetime) -> Opinion | None:
        pull = self.host.pull_request(number)
        if pull.state is not PullRequestState.OPEN:
            self._forget(number, ())
            return None
        opinion = self._with_request(number, self.opinion(number, now), now)
        self.shown[number, pull.head, opinion.effect] = opinion.may_merge
        return opinion

    def _with_request(self, number: int, opinion: Opinion, now: datetime) -> Opinion:
        """Return the opinion once the request for approval had its say: it has a day, or must be asked anew."""
        self._forget(number, opinion.effect)
        key, is_refused = (number, opinion.effect), opinion.verdict is Verdict.REFUSED
        asked = self.asked.get(key)
        if not opinion.is_asked:
            if asked is not None and not asked.is_expired:
                del self.asked[key]
            return opinion
        if opinion.verdict is Verdict.WAITING and (asked is None or asked.is_approved):
            asked = self.asked[key] = Asked(now)
        if asked is None or asked.is_approved:
            return opinion
        until = asked.since + REQUEST
        is_late = opinion.given is None or opinion.given > until
        asked.is_expired = asked.is_expired or (now >= until and is_late)
        asked.is_approved = opinion.is_covered and not asked.is_expired
        if not asked.is_expired:
            return opinion
        return replace(opinion, is_covered=False, verdict=Verdict.REFUSED if is_refused else Verdict.WAITING)

    def _forget(self, number: int, effect: Effect) -> None:
        """Forget the requests of a pull request that still wait for another effect than this."""
        for key, asked in list(self.asked.items()):
            if key[0] == number and key[1] != effect and not (asked.is_approved or asked.is_expired):
                del self.asked[key]

    def _decide(self, step: Step, now: datetime) -> None:
        """Allow what could merge when it was last shown, and still can with the facts of now; wait for a hold."""
        assert step.pull is not None
        assert step.head is not None
        pull, earlier = self.host.pull_request(step.pull), self.steps[: self.steps.index(step)]
        if not any(could for (number, _, _), could in self.shown.items() if number == step.pull):
            step.is_allowed = False
        if any(one.pull and one.is_allowed is None and self._touched(one) & self._touched(step) for one in earlier):
            return
        assert pull.merged_at is not None
        is_tainted = self._brings_along(step.effect, step.before, earlier, self.files(step.after))
        opinion = self._judge(pull, step.before, step.effect, now, pull.merged_at, is_flawed=is_tainted)
        if not self.shown.get((step.pull, step.head, step.effect), False):
            step.is_allowed = False
        elif opinion.verdict is not Verdict.HELD:
            step.is_allowed = opinion.verdict is Verdict.ADMITTED

    def _touched(self, step: Step) -> set[str]:
        before, after = self.files(step.before), self.files(step.after)
        return {path for path in before if before[path] != after[path]}

    def _brings_along(self, effect: Effect, base: CommitSha, steps: Sequence[Step], after: Files) -> bool:
        """Return whether `effect` builds on a file as only refused steps of main left it, and does not put it back.

        A change of what runs answers for the file it is based on; one that changes nothing that runs
        does not, so it admits nothing either.
        """
        left: dict[str, bytes | None] = {}
        for step in steps:
            now, then, changed = self.files(step.before), self.files(step.after), {key for key, _, _ in step.effect}
            for key, path in ((key, path) for key, path in PATHS.items() if now[path] != then[path]):
                if step.is_allowed is False:
                    left.setdefault(path, now[path])
                elif step.is_allowed and path in left:
                    is_harmless = self._plan(key, left[path]) == self._plan(key, now[path])
                    if key in changed or then[path] == left[path] or is_harmless:
                        del left[path]
        before = self.files(base)
        paths = [PATHS[key] for key, _, _ in effect]
        return any(path in left and left[path] not in (before[path], after[path]) for path in paths)

    def _judge(
        self, pull: PullRequest, base: CommitSha, effect: Effect, now: datetime, as_of: datetime, *, is_flawed: bool
    ) -> Opinion:
        author, (excluded, is_attributed) = self.person(pull.author), self._took_part(pull, base)
        rank = _rank(author)
        tiers = {key.partition("/")[0]: after for key, _, after in effect}
        promoted = tiers.get("production")
        is_refused = (
            is_flawed
            or author is None
            or not is_attributed
            or any(rank < PROPOSERS[tier] for tier in tiers)
            or (promoted is not None and promoted.release not in self.evidence)
        )
        is_asked = "production" in tiers and rank >= PROPOSERS["production"]
        given = self._given(pull, base, effect, excluded, as_of) if is_asked else None
        is_covered = given is not None
        if is_refused:
            verdict = Verdict.REFUSED
        elif is_asked and not is_covered:
            verdict = Verdict.WAITING
        else:
            is_weekend = now.astimezone(ZONE).weekday() >= SATURDAY
            verdict = Verdict.HELD if "production" in tiers and is_weekend else Verdict.ADMITTED
        return Opinion(effect, verdict, is_asked, is_covered, given)

    def _given(
        self, pull: PullRequest, base: CommitSha, effect: Effect, excluded: set[str], as_of: datetime
    ) -> datetime | None:
        """Return when the last approval was given, if they suffice."""
        latest: dict[str, Review] = {}
        for review in self.host.reviews(pull.number):
            is_late = review.state is ReviewState.APPROVED and review.submitted_at > as_of
            who = self.person(review.author)
            if who is not None and review.state is not ReviewState.COMMENTED and not is_late:
                latest[who.login] = review
        people = {one.login: one for one in self.directory.people}
        objections = [login for login, one in latest.items() if one.state is ReviewState.CHANGES_REQUESTED]
        if any(login in OWNERS_OF_PRODUCTION or _rank(people[login]) >= APPROVERS for login in objections):
            return None
        able = {one for one in OWNERS_OF_PRODUCTION - excluded if _rank(people[one]) >= APPROVERS and people[one].mfa}
        approvals = [login for login in able & latest.keys() if self._counts(latest[login], effect, as_of)]
        needed = 1 if self._pushers_are_known(pull, base) else 2
        return max(latest[login].submitted_at for login in approvals) if len(approvals) >= needed else None

    def _counts(self, review: Review, effect: Effect, as_of: datetime) -> bool:
        if review.state is not ReviewState.APPROVED or review.commit is None:
            return False
        since = self.host.objects.merge_base(self.main_at[review.id], review.commit)
        assert since is not None
        seen = self.effect(self.files(since), self.files(review.commit))
        return seen == effect and as_of - review.submitted_at <= EXPIRY

    def _took_part(self, pull: PullRequest, base: CommitSha) -> tuple[set[str], bool]:
        """Return who made the change, and whether that is known of every commit."""
        own = self._own(pull, base)
        named = [one for commit in own.values() for one in _named(commit, is_clean=self._is_clean_update(commit, own))]
        people = [self.person(who, email) for who, email in named]
        pushed = [self.person(push.by) for push in self._pushes(pull, base)]
        sure = [*people, self.person(pull.author), *pushed]
        return {one.login for one in sure if one is not None}, None not in people

    def _own(self, pull: PullRequest, base: CommitSha) -> Mapping[CommitSha, Commit]:
        """Return the commits of a pull request."""
        known = self.host.objects.history(base)
        return {sha: commit for sha, commit in self.host.objects.history(pull.head).items() if sha not in known}

    def _pushes(self, pull: PullRequest, base: CommitSha) -> list[Push]:
        """Return who pushed commits of the branch, and whatever was there before its head."""
        told = self.host.pushes(pull.number)
        own, commits = self._own(pull, base), [push.commit for push in told]
        since = commits.index(pull.head) if pull.head in commits else 0
        return [push for index, push in enumerate(told) if index < since or push.commit in own]

    def _pushers_are_known(self, pull: PullRequest, base: CommitSha) -> bool:
        told = self._pushes(pull, base)
        return any(push.commit == pull.head for push in told) and all(self.person(push.by) for push in told)

    def _is_clean_update(self, commit: Commit, own: Mapping[CommitSha, Commit]) -> bool:
        """Return whether GitHub merged main into the branch, and each file is as the side that changed it has it."""
        ours = [parent for parent in commit.parents if parent in own]
        if not _is_by_github(commit) or len(commit.parents) != 2 or len(ours) != 1:
            return False
        since = self.host.objects.merge_base(*commit.parents)
        assert since is not None
        one, other, before, result = map(self.files, (*commit.parents, since, commit.sha))
        return all(
            (one[path] == before[path] and result[path] == other[path])
            or (other[path] in (before[path], one[path]) and result[path] == one[path])
            for path in before
        )

    def _plan(self, key: str, manifest: bytes | None) -> Plan | None:
        if manifest is None:
            return None
        if (key, manifest) not in self._plans:
            self._plans[key, manifest] = self._read(key, manifest)
        return self._plans[key, manifest]

    def _read(self, key: str, manifest: bytes) -> Plan:
        told = yaml.safe_load(manifest)
        release = self.releases[told["version"]]
        kept = {name: told[name] for name in ("agent", "version", "platform", "replicas", "regions", "variables")}
        document = kept | {
            "environment": key.partition("/")[0],
            "release": release,
            "pinned": "digest" in told,
            "model": None,
            "secrets": {},
            "rollout": told["rollout"],
        }
        canonical = json.dumps(document, sort_keys=True, separators=(",", ":")).encode()
        return Plan(f"sha256:{hashlib.sha256(canonical).hexdigest()}", release)


def _rank(person: Person | None) -> int:
    return max((RANKS[group] for group in person.groups), default=-1) if person else -1


def _is_by_github(commit: Commit) -> bool:
    return commit.is_verified and commit.committer is not None and commit.committer.id == WEB_FLOW.id


def _named(commit: Commit, *, is_clean: bool) -> Iterator[tuple[Account | None, str]]:
    """Yield everyone a commit names; GitHub's own account names nobody, nor does its clean merge of main."""
    if not is_clean:
        yield commit.author, commit.author_email
    if not _is_by_github(commit):
        yield commit.committer, commit.committer_email
    yield from ((None, email) for email in commit.co_author_emails)
