"""What the sandbox remembers: accounts, teams, repositories, pull requests, reviews, checks, apps.

Plain mutable records without behaviour; `world.py` keeps them, the operations change them under its lock, and the
shapes turn them into GitHub's JSON. Git objects are not here: they live in the bare repository behind `GitStore`.
"""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from controller.sandbox.git_store import GitStore


class Permission(StrEnum):
    """The roles a person can have on a repository, weakest first."""

    NONE = "none"
    READ = "read"
    TRIAGE = "triage"
    WRITE = "write"
    MAINTAIN = "maintain"
    ADMIN = "admin"

    @property
    def rank(self) -> int:
        """Return the place in the order of roles; a higher rank includes the lower ones."""
        return list(Permission).index(self)


@dataclass(slots=True)
class Account:
    """A person, an organization or the bot of an App."""

    id: int
    login: str
    name: str
    kind: str
    created_at: datetime
    emails: tuple[str, ...] = ()


@dataclass(slots=True)
class Team:
    """A team of an organization; members of child teams belong to it too, and a secret one only they see."""

    id: int
    organization: Account
    slug: str
    name: str
    created_at: datetime
    parent: str | None = None
    privacy: str = "closed"
    members: set[int] = field(default_factory=set)
    repositories: dict[int, Permission] = field(default_factory=dict)


@dataclass(slots=True)
class RequiredCheck:
    """A check that must be green before a merge; `app_id` None accepts any App."""

    context: str
    app_id: int | None = None


@dataclass(slots=True)
class Protection:
    """The part of branch protection the sandbox enforces.

    `approving_reviews` None asks for no review; `merge_queue` names the method of a merge queue, which
    merges only green entries (`ALLGREEN`) or, without `checks_every_entry`, whatever a green one stands on
    (`HEADGREEN`); code-owner review is kept and reported, not enforced.
    """

    required_checks: list[RequiredCheck] = field(default_factory=list)
    strict: bool = False
    approving_reviews: int | None = None
    dismiss_stale_reviews: bool = False
    require_code_owner_reviews: bool = False
    require_last_push_approval: bool = False
    bypassers: set[str] = field(default_factory=set)
    enforce_admins: bool = False
    linear_history: bool = False
    allow_force_pushes: bool = False
    allow_deletions: bool = False
    merge_queue: str | None = None
    checks_every_entry: bool = True


@dataclass(slots=True)
class Ruleset:
    """An active ruleset on a branch: the types of its rules, and its required checks. Reported, not enforced."""

    id: int
    rules: list[str] = field(default_factory=list)
    required_checks: list[RequiredCheck] = field(default_factory=list)


@dataclass(slots=True)
class Label:
    """A label of a repository."""

    id: int
    name: str
    color: str = "ededed"
    description: str | None = None


@dataclass(frozen=True, slots=True)
class Reaction:
    """What somebody thinks of a comment, in one of GitHub's eight words."""

    id: int
    account: Account
    content: str
    created_at: datetime


@dataclass(slots=True)
class Comment:
    """A comment in the conversation of an issue or pull request."""

    id: int
    number: int
    author: Account
    body: str
    created_at: datetime
    updated_at: datetime
    app_id: int | None = None
    reactions: list[Reaction] = field(default_factory=list)


@dataclass(slots=True)
class Review:
    """A submitted review and the commit its author saw."""

    id: int
    author: Account
    state: str
    body: str
    commit_id: str
    submitted_at: datetime


@dataclass(slots=True)
class Issue:
    """What issues and pull requests share, and all an issue is."""

    id: int
    number: int
    author: Account
    title: str
    body: str | None
    created_at: datetime
    updated_at: datetime
    state: str = "open"
    closed_at: datetime | None = None
    closed_by: Account | None = None
    labels: list[Label] = field(default_factory=list)
    app_id: int | None = None


@dataclass(slots=True)
class BaseChange:
    """That a pull request was led to another base."""

    id: int
    person: Account
    at: datetime


@dataclass(eq=False, slots=True)
class PullRequest:
    """A pull request; `issue` carries its number, title, body and labels."""

    id: int
    issue: Issue
    head_repository: "Repository | None"
    head_owner: Account
    head_branch: str
    head_sha: str
    base_branch: str
    base_sha: str
    draft: bool = False
    previous_head_sha: str | None = None
    last_pusher: Account | None = None
    mergeable: bool | None = None
    test_merge_sha: str | None = None
    merged_at: datetime | None = None
    merged_by: Account | None = None
    merge_commit_sha: str | None = None
    reviews: list[Review] = field(default_factory=list)
    requested_people: list[Account] = field(default_factory=list)
    requested_teams: list[Team] = field(default_factory=list)
    base_changes: list[BaseChange] = field(default_factory=list)


@dataclass(eq=False, slots=True)
class QueueEntry:
    """A pull request in the merge queue: who put it there, at which head, and the group built for it."""

    pull: PullRequest
    person: Account
    pull_head: str
    base: str
    head: str
    ref: str


@dataclass(slots=True)
class CheckSuite:
    """The check runs of one App on one commit."""

    id: int
    app_id: int
    head_sha: str
    head_branch: str | None
    before: str | None
    created_at: datetime
    updated_at: datetime


@dataclass(slots=True)
class Annotation:
    """A remark of a check at lines of a file."""

    path: str
    start_line: int
    end_line: int
    level: str
    message: str
    title: str | None = None
    raw_details: str | None = None
    start_column: int | None = None
    end_column: int | None = None


@dataclass(slots=True)
class CheckRun:
    """One check of one App on one commit."""

    id: int
    suite: CheckSuite
    name: str
    status: str
    started_at: datetime
    external_id: str = ""
    details_url: str | None = None
    conclusion: str | None = None
    completed_at: datetime | None = None
    title: str | None = None
    summary: str | None = None
    text: str | None = None
    annotations: list[Annotation] = field(default_factory=list)
    actions: list[dict[str, str]] = field(default_factory=list)


@dataclass(slots=True)
class DeploymentStatus:
    """One step of a deployment."""

    id: int
    state: str
    creator: Account
    description: str
    created_at: datetime
    environment: str
    log_url: str = ""
    environment_url: str = ""


@dataclass(slots=True)
class Deployment:
    """A request to deploy a ref, with its statuses in order."""

    id: int
    sha: str
    ref: str
    task: str
    payload: object
    environment: str
    description: str | None
    creator: Account
    created_at: datetime
    app_id: int | None = None
    production: bool = False
    transient: bool = False
    statuses: list[DeploymentStatus] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Activity:
    """One move of a ref, and who made it."""

    id: int
    ref: str
    before: str
    after: str
    kind: str
    person: Account
    at: datetime


@dataclass(slots=True)
class Repository:
    """A repository: its git store and everything that hangs on it."""

    id: int
    owner: Account
    name: str
    store: GitStore
    created_at: datetime
    pushed_at: datetime
    description: str | None = None
    default_branch: str = "main"
    private: bool = True
    parent: "Repository | None" = None
    collaborators: dict[int, Permission] = field(default_factory=dict)
    protections: dict[str, Protection] = field(default_factory=dict)
    rulesets: dict[str, list[Ruleset]] = field(default_factory=dict)
    issues: dict[int, Issue] = field(default_factory=dict)
    pulls: dict[int, PullRequest] = field(default_factory=dict)
    comments: dict[int, Comment] = field(default_factory=dict)
    labels: dict[str, Label] = field(default_factory=dict)
    check_suites: dict[int, CheckSuite] = field(default_factory=dict)
    check_runs: dict[int, CheckRun] = field(default_factory=dict)
    deployments: dict[int, Deployment] = field(default_factory=dict)
    activities: list[Activity] = field(default_factory=list)
    queue: list[QueueEntry] = field(default_factory=list)
    server_commits: set[str] = field(default_factory=set)

    @property
    def full_name(self) -> str:
        """Return `owner/name`."""
        return f"{self.owner.login}/{self.name}"


@dataclass(slots=True)
class Installation:
    """An App on an account, for all of its repositories; `withheld` names what its owner has not accepted yet."""

    id: int
    account: Account
    created_at: datetime
    withheld: frozenset[str] = frozenset()


@dataclass(slots=True)
class App:
    """A GitHub App: its key, permissions, subscriptions, webhook and its one installation."""

    id: int
    slug: str
    name: str
    owner: Account
    bot: Account
    public_key: str
    client_id: str
    permissions: dict[str, str]
    events: list[str]
    created_at: datetime
    installation: Installation
    webhook_url: str | None = None
    webhook_secret: str = ""

    @property
    def granted(self) -> dict[str, str]:
        """Return the permissions its installation has."""
        return {name: level for name, level in self.permissions.items() if name not in self.installation.withheld}

    @property
    def heard(self) -> list[str]:
        """Return the events its installation sends."""
        return [event for event in self.events if event not in self.installation.withheld]
