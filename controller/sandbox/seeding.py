"""Filling a sandbox: people, organizations, teams, repositories, protection, Apps.

Everything here happens before the story begins, so nothing sends events. People keep the numeric ids their directory
gives them; whatever the sandbox numbers itself starts high, so that the two never meet.
"""

import secrets
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from controller.sandbox.git_objects import NewCommit, branch_tip, write_commit, write_files
from controller.sandbox.git_store import GitStore
from controller.sandbox.pull_requests import signature_of
from controller.sandbox.records import (
    Account,
    App,
    Installation,
    Permission,
    Protection,
    Repository,
    RequiredCheck,
    Ruleset,
    Team,
)
from controller.sandbox.tokens import issue_personal_token
from controller.sandbox.world import WEB_FLOW_EMAIL, WEB_FLOW_ID, World

APP_PERMISSIONS = {
    "actions": "read",
    "administration": "read",
    "checks": "write",
    "contents": "write",
    "deployments": "write",
    "issues": "write",
    "members": "read",
    "merge_queues": "read",
    "metadata": "read",
    "pull_requests": "write",
}
APP_EVENTS = (
    "check_run",
    "check_suite",
    "issue_comment",
    "issues",
    "label",
    "membership",
    "merge_group",
    "pull_request",
    "pull_request_review",
    "push",
    "team",
)


@dataclass(frozen=True, slots=True)
class AppCredentials:
    """What the owner of an App has in hand."""

    app_id: int
    slug: str
    private_key: str
    installation_id: int
    webhook_secret: str
    bot_login: str
    bot_id: int


@dataclass(frozen=True, slots=True)
class AppSeed:
    """An App to register and install on its owner; a key given here saves making one."""

    slug: str
    owner: str
    webhook_url: str | None = None
    webhook_secret: str = field(default_factory=lambda: secrets.token_hex(20))
    permissions: Mapping[str, str] | None = None
    events: Sequence[str] = APP_EVENTS
    withheld: frozenset[str] = frozenset()
    private_key: rsa.RSAPrivateKey | None = None


class Seeds:
    """Adds to a world."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._tokens: dict[str, str] = {}
        self._add_account(Account(WEB_FLOW_ID, "web-flow", "GitHub Web Flow", "User", world.now(), (WEB_FLOW_EMAIL,)))

    def add_person(self, login: str, *, github_id: int, emails: Iterable[str], name: str | None = None) -> str:
        """Add a person and return their personal token."""
        account = self._add_account(Account(github_id, login, name or login, "User", self._world.now(), tuple(emails)))
        self._tokens[login] = issue_personal_token(self._world, account)
        return self._tokens[login]

    def token_of(self, login: str) -> str:
        """Return a person's token."""
        return self._tokens[login]

    def add_organization(self, login: str, *, owners: Iterable[str] = ()) -> None:
        """Add an organization; its owners administer all of its repositories."""
        world = self._world
        account = self._add_account(Account(world.next_id(), login, login, "Organization", world.now()))
        world.owners[account.id] = {world.account(owner).id for owner in owners}

    def add_team(self, organization: str, slug: str, *, members: Iterable[str] = (), parent: str | None = None) -> None:
        """Add a team, perhaps below another; a parent has the members of its children too."""
        world, account = self._world, self._world.account(organization)
        team = Team(world.next_id(), account, slug, slug.replace("-", " ").title(), world.now(), parent)
        team.members = {world.account(login).id for login in members}
        world.teams[account.id, slug] = team

    def add_repository(
        self, full_name: str, files: Mapping[str, bytes], *, private: bool = True, author: str | None = None
    ) -> None:
        """Add a repository whose main branch has these files in one commit."""
        world = self._world
        owner, _, name = full_name.partition("/")
        store = GitStore.create(world.folder / "repositories" / owner / f"{name}.git", "main")
        account, now = world.account(owner), world.now()
        repository = Repository(world.next_id(), account, name, store, now, now, private=private)
        signed = signature_of(world, account if author is None else world.account(author))
        tree = write_files(store, None, files)
        commit = write_commit(store, NewCommit(tree, (), signed, signed, "Begin with the first content"))
        store.move("refs/heads/main", commit)
        world.repositories[full_name.lower()] = repository

    def add_fork(self, full_name: str, *, of: str) -> None:
        """Add a fork with the branches of another repository."""
        world, parent = self._world, self._repository(of)
        owner, _, name = full_name.partition("/")
        store = GitStore.create(world.folder / "repositories" / owner / f"{name}.git", parent.default_branch)
        store.run("fetch", "--quiet", str(parent.store.path), "+refs/heads/*:refs/heads/*")
        account, now = world.account(owner), world.now()
        fork = Repository(world.next_id(), account, name, store, now, now, private=parent.private, parent=parent)
        world.repositories[full_name.lower()] = fork

    def commit(
        self, full_name: str, files: Mapping[str, bytes | None], *, author: str, message: str, branch: str = "main"
    ) -> str:
        """Add a commit to a branch, without events; None removes a file."""
        repository = self._repository(full_name)
        tip = branch_tip(repository.store, branch) or branch_tip(repository.store, repository.default_branch)
        signed = signature_of(self._world, self._world.account(author))
        tree = write_files(repository.store, f"{tip}^{{tree}}", files)
        commit = write_commit(repository.store, NewCommit(tree, () if tip is None else (tip,), signed, signed, message))
        repository.store.move(f"refs/heads/{branch}", commit)
        return commit

    def hide_team(self, organization: str, slug: str) -> None:
        """Make a team secret: GitHub takes it as nobody's code owner, whatever it may write."""
        self._world.team(organization, slug).privacy = "secret"

    def grant(self, full_name: str, permission: Permission | str, *, person: str = "", team: str = "") -> None:
        """Give a person or a team a role on a repository."""
        repository, role = self._repository(full_name), Permission(permission)
        if person:
            repository.collaborators[self._world.account(person).id] = role
        if team:
            self._world.team(repository.owner.login, team).repositories[repository.id] = role

    def protect(self, full_name: str, protection: Protection, *, branch: str = "main") -> None:
        """Protect a branch."""
        self._repository(full_name).protections[branch] = protection

    def add_ruleset(
        self, full_name: str, rules: Sequence[str], checks: Sequence[RequiredCheck] = (), *, branch: str = "main"
    ) -> int:
        """Put a ruleset on a branch: types of rules, and required checks; return its id."""
        ruleset = Ruleset(self._world.next_id(), list(rules), list(checks))
        self._repository(full_name).rulesets.setdefault(branch, []).append(ruleset)
        return ruleset.id

    def add_app(self, seed: AppSeed) -> AppCredentials:
        """Register an App with a new key and install it on its owner."""
        world, now = self._world, self._world.now()
        key = seed.private_key or rsa.generate_private_key(public_exponent=65537, key_size=2048)
        owner, app_id = world.account(seed.owner), world.next_id()
        bot = self._add_account(Account(world.next_id(), f"{seed.slug}[bot]", f"{seed.slug}[bot]", "Bot", now))
        app = App(
            id=app_id,
            slug=seed.slug,
            name=seed.slug,
            owner=owner,
            bot=bot,
            public_key=_public_text(key),
            client_id=f"Iv23li{app_id:014d}",
            permissions=dict(APP_PERMISSIONS if seed.permissions is None else seed.permissions),
            events=list(seed.events),
            created_at=now,
            installation=Installation(world.next_id(), owner, now, seed.withheld),
            webhook_url=seed.webhook_url,
            webhook_secret=seed.webhook_secret,
        )
        world.apps[app.id] = app
        return AppCredentials(
            app.id, app.slug, _private_text(key), app.installation.id, seed.webhook_secret, bot.login, bot.id
        )

    def _add_account(self, account: Account) -> Account:
        known = [other.login for other in self._world.accounts.values() if other.login.lower() == account.login.lower()]
        if known or account.id in self._world.accounts:
            raise ValueError(f"the account {account.login} ({account.id}) exists already")
        self._world.accounts[account.id] = account
        return account

    def _repository(self, full_name: str) -> Repository:
        owner, _, name = full_name.partition("/")
        return self._world.repository(owner, name)


def _public_text(key: rsa.RSAPrivateKey) -> str:
    return (
        key.public_key()
        .public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
        .decode()
    )


def _private_text(key: rsa.RSAPrivateKey) -> str:
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.TraditionalOpenSSL, serialization.NoEncryption()
    ).decode()
