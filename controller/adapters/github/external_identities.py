"""Under which names GitHub knows people at the company's identity provider, where SAML single sign-on is on.

Follows GitHub's GraphQL reference: `Organization.samlIdentityProvider.externalIdentities`, with the
name of the SAML identity and of the SCIM one. The numeric id in the answer must be the account's:
a login is whoever holds it now. Written after the reference; no real organisation was asked yet.
"""

import threading
import time
from collections.abc import Callable, Mapping

from controller.adapters.github.answer import at, items, number
from controller.adapters.github.connection import GitHubApp
from controller.change.facts import Account
from controller.errors import ConfigurationError

KEPT_SECONDS = 900.0
"""How long an answer is kept, also that there is nobody."""
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


class GitHubExternalIdentities:
    """Asks GitHub, for each account once in a while; safe to share between threads."""

    def __init__(self, app: GitHubApp, monotonic: Callable[[], float] = time.monotonic) -> None:
        """Ask as `app` about the organisation of its repository."""
        self._app = app
        self._organization = app.repository.partition("/")[0]
        self._monotonic = monotonic
        self._kept: dict[int, tuple[float, frozenset[str]]] = {}
        self._lock = threading.Lock()

    def names(self, accounts: frozenset[Account]) -> Mapping[int, frozenset[str]]:
        """Return the names of those of `accounts` that have any.

        Raises `UnavailableError` when GitHub does not answer, `ConfigurationError` when it does not say.
        """
        found = {account.id: self._names(account) for account in sorted(accounts, key=lambda one: one.id)}
        return {id_: names for id_, names in found.items() if names}

    def _names(self, account: Account) -> frozenset[str]:
        now = self._monotonic()
        with self._lock:
            kept_at, names = self._kept.get(account.id, (None, frozenset()))
        if kept_at is not None and now - kept_at < KEPT_SECONDS:
            return names
        names = self._asked(account)
        with self._lock:
            if len(self._kept) >= _MOST:
                self._kept.clear()
            self._kept[account.id] = (now, names)
        return names

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
