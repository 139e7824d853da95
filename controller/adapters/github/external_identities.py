"""Under which names GitHub knows people at the company's identity provider, where SAML single sign-on is on.

Follows GitHub's GraphQL reference: `Organization.samlIdentityProvider.externalIdentities`, with the
name of the SAML identity and of the SCIM one. The numeric id in the answer must be the account's:
a login is whoever holds it now. Written after the reference; no real organisation was asked yet.
"""

import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from controller.adapters.github.answer import at, items, number
from controller.adapters.github.connection import GitHubApp
from controller.change.facts import Account
from controller.errors import ConfigurationError

KEPT_SECONDS = 900.0
"""How long an answer is kept, also that there is nobody."""
_WANTED_SECONDS = 3600.0
"""How long after somebody was last asked for an answer is read again to see whether it is still the same."""
_MOST = 10_000
_QUERY = """
query($organization: String!, $login: String!) {
  organization(login: $organization) {
    samlIdentityProvider {
      externalIdentities(first: 5, login: $login) {
        nodes { samlIdentity { nameId } scimIdentity { username } user { databaseId } }
      }
    }
  }
}
"""


@dataclass(frozen=True, slots=True)
class _Kept:
    account: Account
    names: frozenset[str]
    read_at: float
    wanted_at: float


class GitHubExternalIdentities:
    """Asks GitHub, for each account once in a while; safe to share between threads."""

    def __init__(self, app: GitHubApp, monotonic: Callable[[], float] = time.monotonic) -> None:
        """Ask as `app` about the organisation of its repository."""
        self._app = app
        self._organization = app.repository.partition("/")[0]
        self._monotonic = monotonic
        self._kept: dict[int, _Kept] = {}
        self._version = 0
        self._lock = threading.Lock()

    def names(self, accounts: frozenset[Account]) -> Mapping[int, frozenset[str]]:
        """Return the names of those of `accounts` that have any.

        Raises `UnavailableError` when GitHub does not answer, `ConfigurationError` when it does not say.
        """
        found = {account.id: self._names(account) for account in sorted(accounts, key=lambda one: one.id)}
        return {id_: names for id_, names in found.items() if names}

    def revision(self) -> str:
        """Return another text whenever an answer is not the one that was given before. Raises as `names`."""
        now = self._monotonic()
        with self._lock:
            self._kept = {id_: kept for id_, kept in self._kept.items() if now - kept.wanted_at < _WANTED_SECONDS}
            old = [kept for kept in self._kept.values() if now - kept.read_at >= KEPT_SECONDS]
        for kept in old:
            self._keep(_Kept(kept.account, self._asked(kept.account), now, kept.wanted_at))
        return str(self._version)

    def _names(self, account: Account) -> frozenset[str]:
        now = self._monotonic()
        with self._lock:
            kept = self._kept.get(account.id)
        if kept is None or now - kept.read_at >= KEPT_SECONDS:
            kept = _Kept(account, self._asked(account), now, now)
        self._keep(replace(kept, account=account, wanted_at=now))
        return kept.names

    def _keep(self, kept: _Kept) -> None:
        with self._lock:
            before = self._kept.get(kept.account.id)
            if before is None and len(self._kept) >= _MOST:
                self._kept.clear()
                self._version += 1
            self._version += before is not None and before.names != kept.names
            self._kept[kept.account.id] = kept

    def _asked(self, account: Account) -> frozenset[str]:
        variables = {"organization": self._organization, "login": account.login}
        answer = self._app.send("POST", "/graphql", {"query": _QUERY, "variables": variables})
        provider = self._provider(answer)
        nodes = items(provider, "externalIdentities", "nodes")
        return frozenset(name for node in nodes if _user(node) == account.id for name in _names_in(node))

    def _provider(self, answer: object) -> object:
        """Return the identity provider of the organisation, which an answer with errors has none of."""
        data = answer.get("data") if isinstance(answer, Mapping) else None
        organization = data.get("organization") if isinstance(data, Mapping) else None
        provider = organization.get("samlIdentityProvider") if isinstance(organization, Mapping) else None
        if provider is None or (isinstance(answer, Mapping) and answer.get("errors")):
            raise ConfigurationError(
                f"DVO_GITHUB_EXTERNAL_IDENTITIES: GitHub tells no identity provider of {self._organization}: "
                "SAML single sign-on is off there, or the App lacks Organization administration: read"
            )
        return provider


def _user(node: object) -> int | None:
    user = at(node, "user")
    return None if user is None else number(user, "databaseId")


def _names_in(node: object) -> set[str]:
    found = set()
    for kind, name in (("samlIdentity", "nameId"), ("scimIdentity", "username")):
        identity = at(node, kind)
        value = at(identity, name) if identity is not None else None
        if isinstance(value, str) and value:
            found.add(value.lower())
    return found
