"""What policy would say of a local branch: the pull request it would be, judged by the same code.

Nothing is asked of a server. Approvals and teams are unknown here; which deployments became
healthy is known from a copy of the ledger or not at all; what was published is told by the
ledger or, without one, by the first-parent line of the base branch. Whatever is unknown is
said, and admits nothing.
"""

from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Protocol

from controller.approval.approvals import Requirement
from controller.approval.requirements import requirements_of
from controller.change.facts import Change, Commit, Snapshot
from controller.change.names import CommitSha, ObjectId, RepoPath
from controller.decision.verdict import Judgement
from controller.desired_state.abilities import abilities_document
from controller.desired_state.manifest import AgentCode
from controller.desired_state.paths import AgentPath, classify
from controller.desired_state.release import Release
from controller.desired_state.release_reading import read_release
from controller.errors import InputError
from controller.identity.principal import Principal
from controller.ledger.event import Event, EventType
from controller.ownership.codeowners import codeowners_of, owners_of
from controller.ownership.owner import Owner
from controller.policy.answer import Answer
from controller.policy.question import Purpose
from controller.ports.code_host import OwnerReader, TreeReader
from controller.ports.directory import Directory
from controller.ports.policy_engine import PolicyEngine
from controller.workflow.gathering import Gatherer
from controller.workflow.history import History
from controller.workflow.involving import Involving
from controller.workflow.judging import Judging, Occasion
from controller.workflow.unadmitted import Unadmitted
from controller.workflow.unopened import ActingDirectory, Recollection, UnopenedPullRequest, claims_to_be_made_on_pages


class Clone(TreeReader, OwnerReader, Protocol):
    """A repository on this machine, and what it can tell beyond its trees."""

    def steps(self, branch: str, folder: str) -> tuple[Commit, ...]:
        """Return the commits of the branch's first-parent line that changed `folder`, oldest first."""
        ...

    def person(self) -> str | None:
        """Return the address the person at work commits under, or None."""
        ...

    def uncommitted(self) -> tuple[RepoPath, ...] | None:
        """Return the controlled files with changes that no commit holds; None when nobody can say."""
        ...


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is to be checked: which branch, into which, by whom and when."""

    base: str
    head: str
    login: str | None
    """Who would open it; None: whoever the clone's configured address belongs to."""
    at: datetime
    pretends: bool = False
    """Whether another person or time is asked about than those at hand: a simulation."""


@dataclass(frozen=True, slots=True)
class Asked:
    """An approval that the change would need, and who owns what it is about."""

    requirement: Requirement
    owners: tuple[Owner, ...]


@dataclass(frozen=True, slots=True)
class LocalCheck:
    """What policy would say, and what nobody can know here."""

    judgement: Judgement
    author: Principal | None
    sought: str
    """By what the author was looked up, in words."""
    base: CommitSha
    head: CommitSha
    at: datetime
    asked: tuple[Asked, ...]
    unknown: tuple[str, ...]
    """One sentence for each thing that the verdict does not rest on."""
    is_simulation: bool = False
    """Whether it is about another person or time than those at hand."""


class LocalChecking:
    """Judges branches of a clone."""

    def __init__(self, clone: Clone, directory: Directory, engine: PolicyEngine, pool: Executor) -> None:
        """Read from `clone`, ask `directory` for people and `engine` for policy."""
        self._clone = clone
        self._directory = directory
        self._engine = engine
        self._pool = pool

    def check(self, wanted: Wanted, sealed: Sequence[Event] | None) -> LocalCheck:
        """Return what policy would say; `sealed` are the events of a ledger, None when there is none.

        Raises `InputError` for a branch the clone lacks, and `UnavailableError` when Git or the
        directory does not answer.
        """
        author, sought = self._author(wanted.login)
        pull_request = UnopenedPullRequest(self._clone, wanted.base, self._clone.tip(wanted.head))
        events = sealed if sealed is not None else tuple(_publications(self._clone, wanted.base))
        directory = ActingDirectory(self._directory, author)
        history = History(Recollection(tuple(events)))
        involving = Involving(self._clone, directory, self._pool)
        judging = Judging(involving, self._engine, history, Unadmitted(self._clone, history))
        change = Gatherer(pull_request, self._pool, wanted.base, history).pull_request(pull_request.pull_request(0))
        judgement = judging.judge(change, Occasion(Purpose.SIMULATION, wanted.at, wanted.at))
        return LocalCheck(
            judgement=judgement,
            author=author,
            sought=sought,
            base=change.base.commit,
            head=change.head.commit,
            at=wanted.at,
            asked=_asked(change, judgement),
            unknown=tuple(self._unknown(wanted, change, knows_history=sealed is not None)),
            is_simulation=wanted.pretends,
        )

    def _author(self, login: str | None) -> tuple[Principal | None, str]:
        """Return who would open it, and in words by what they were looked up."""
        if login is not None:
            people = self._directory.look_up(frozenset(), frozenset(), frozenset({login}))
            return people.by_login.get(login.lower()), f"the login {login}"
        address = self._clone.person()
        if address is None:
            return None, "git's user.email, which is not set"
        people = self._directory.look_up(frozenset(), frozenset({address}), frozenset())
        return people.of_email(address), f"git's user.email {address}"

    def _unknown(self, wanted: Wanted, change: Change, *, knows_history: bool) -> Iterator[str]:
        yield "Approvals and the members of teams: only the code host knows them."
        if not knows_history:
            yield "Which releases ran healthily elsewhere: name a copy of the ledger with --ledger."
            yield f"What the ledger says was published: taken from the history of {wanted.base} instead."
        if any(map(claims_to_be_made_on_pages, change.commits)):
            yield "Whether commits that name the code host as their committer were made on its pages."
        yield from self._behind(wanted.base, change.base.commit)
        if wanted.head == "HEAD":
            yield from self._uncommitted()

    def _behind(self, base: str, commit: CommitSha) -> Iterator[str]:
        try:
            fetched = self._clone.tip(f"origin/{base}")
        except InputError:
            return
        if fetched != commit:
            yield f"Which {base} counts: it is at {commit[:12]} here, and origin/{base} at {fetched[:12]}."

    def _uncommitted(self) -> Iterator[str]:
        waiting = self._clone.uncommitted()
        if waiting is None:
            yield "Whether there are changes that are not committed: Git does not say."
        elif waiting:
            yield f"What is not committed yet, in {', '.join(waiting[:5])}{' ...' if len(waiting) > 5 else ''}."


def _publications(clone: Clone, base: str) -> Iterator[Event]:
    """Yield what each step of the base branch published; a version counts as it was published first."""
    seen: set[ObjectId] = set()
    published: set[tuple[str, str]] = set()
    for step in clone.steps(base, "agents"):
        snapshot = clone.snapshot(step.sha, step.tree)
        for release in _releases(clone, snapshot, seen):
            if (release.agent, release.version) not in published:
                published.add((release.agent, release.version))
                yield _published(release, step)


def _releases(clone: Clone, snapshot: Snapshot, seen: set[ObjectId]) -> Iterator[Release]:
    """Yield the releases of the agents whose folder was not `seen` before, and note those."""
    agents: dict[AgentCode, set[RepoPath]] = {}
    for path in snapshot.entries:
        place = classify(path)
        if isinstance(place, AgentPath):
            agents.setdefault(place.agent, set()).add(path)
    for agent, paths in agents.items():
        folder = f"agents/{agent.lower()}"
        tree = snapshot.subtrees.get(RepoPath(folder))
        if tree is None or tree in seen:
            continue
        seen.add(tree)
        files = {path.removeprefix(f"{folder}/"): snapshot.entries[path] for path in paths}
        reading = read_release(agent, files, clone.contents(frozenset(entry.blob for entry in files.values())))
        if reading.accepted is not None:
            yield reading.accepted


def _published(release: Release, step: Commit) -> Event:
    details = {
        "code": release.agent,
        "version": release.version,
        "digest": release.digest,
        "tree": release.tree,
        "abilities": abilities_document(release.abilities),
        "commit": step.sha,
        "root_tree": step.tree,
    }
    subject = f"release/{release.agent}/{release.version}"
    # When a step was made is nowhere believed, and nothing here asks when.
    return Event(
        f"{step.sha}/{subject}",
        EventType.RELEASE_PUBLISHED,
        datetime.fromtimestamp(0, UTC),
        "git",
        subject,
        details=details,
    )


def _asked(change: Change, judgement: Judgement) -> tuple[Asked, ...]:
    if not isinstance(judgement.answer, Answer):
        return ()
    is_mending = judgement.stood_in_by is not None
    requirements = requirements_of(judgement.answer, judgement.proposal, judgement.preview, is_mending=is_mending)
    codeowners = codeowners_of(change.base, change.contents)
    owners: Mapping[RepoPath, tuple[Owner, ...]] = {
        path: owners_of(codeowners, path).owners for requirement in requirements for path in requirement.paths
    }
    return tuple(
        Asked(requirement, tuple(dict.fromkeys(owner for path in requirement.paths for owner in owners[path])))
        for requirement in requirements
    )
