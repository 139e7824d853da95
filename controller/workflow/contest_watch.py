"""Notice when an account, an address or a login comes to lead to several people, and when that is over.

An administrator has to mend it: until then it belongs to nobody, and what depends on it is refused.
The ledger remembers what was told, so that each contest is told of once. It names principals,
accounts and logins; of an address only a digest, since addresses are people's own.
"""

import hashlib
import threading
from collections.abc import Iterator, Mapping, Sequence

import structlog

from controller.change.facts import Account
from controller.identity.principal import People, Way
from controller.ledger.event import Event, EventType, Severity
from controller.ports.directory import Directory
from controller.workflow.chronicle import Chronicle

Claims = Mapping[str, Sequence[str]]
"""Who is said to have something, by who says so; empty when it is not contested."""

_KINDS = frozenset({EventType.CONFIG_CHANGED})
_PREFIX = "identity/"
_LOG = structlog.get_logger("controller.directory")


class ContestWatch:
    """A directory whose contests are written down as `config.changed`."""

    def __init__(self, directory: Directory, chronicle: Chronicle) -> None:
        """Ask `directory`; remember and tell with `chronicle`."""
        self._directory = directory
        self._chronicle = chronicle
        self._told: dict[str, Claims] | None = None
        self._lock = threading.Lock()

    def look_up(
        self, accounts: frozenset[Account], emails: frozenset[str], logins: frozenset[str] = frozenset()
    ) -> People:
        """Return who stands behind each. Raises as the directory does, and as the journal does."""
        people = self._directory.look_up(accounts, emails, logins)
        now: dict[str, Claims] = dict.fromkeys(_subjects(people), {})
        now |= {_subject(one.way, one.value): one.claims for one in people.contested}
        with self._lock:
            self._compare(now)
        return people

    def revision(self) -> str:
        """Return the directory's. Raises as it does."""
        return self._directory.revision()

    def _compare(self, now: Mapping[str, Claims]) -> None:
        if self._told is None:
            past = self._chronicle.history.all_of(_KINDS)
            self._told = {event.subject: _claims(event) for event in past if event.subject.startswith(_PREFIX)}
        for subject, claims in now.items():
            if claims != self._told.get(subject, {}):
                self._tell(subject, claims)
                self._told[subject] = claims

    def _tell(self, subject: str, claims: Claims) -> None:
        """Write down who claims `subject` now, unless another replica did."""
        past = self._chronicle.history.all_of(_KINDS, subject)
        if past and _claims(past[-1]) == claims:
            return
        severity = Severity.WARNING if claims else Severity.INFO
        details = {"contested": bool(claims), "claims": {who: list(people) for who, people in claims.items()}}
        self._chronicle.record((self._chronicle.event(EventType.CONFIG_CHANGED, subject, details, severity=severity),))
        _LOG.warning("whether several people claim one identity changed", subject=subject, contested=bool(claims))


def _subjects(people: People) -> Iterator[str]:
    yield from (_subject(Way.ACCOUNT, str(id_)) for id_ in people.by_account)
    yield from (_subject(Way.ADDRESS, address) for address in people.by_email)
    yield from (_subject(Way.LOGIN, login) for login in people.by_login)


def _subject(way: Way, value: str) -> str:
    shown = hashlib.sha256(value.encode("utf-8", "surrogatepass")).hexdigest()[:16] if way is Way.ADDRESS else value
    return f"{_PREFIX}{way}/{shown}"


def _claims(event: Event) -> Claims:
    claims = event.details.get("claims")
    return {who: list(people) for who, people in claims.items()} if isinstance(claims, Mapping) else {}
