"""Who a browser is signed in as: sessions kept on the server, readable only with the browser's cookie.

The cookie is a random secret. Where its session is kept and the key it is encrypted with are
both derived from it, so a stolen copy of the store reads nothing and opens no door, and replicas
need no key in common. A session ends when it was not used for a while, and at the latest after a
working day; one that was ended does not come back. RFC 5869, NIST SP 800-63B 7.1.
"""

import base64
import hmac
import json
import re
import secrets
from dataclasses import asdict, dataclass, field, fields
from datetime import datetime, timedelta

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from controller.identity.principal import PrincipalId
from controller.ports.clock import Clock
from controller.ports.session_store import SessionStore

IDLE = timedelta(minutes=30)
LONGEST = timedelta(hours=10)
SKEW = timedelta(seconds=60)
"""How far the clocks of two replicas may be apart, and by how much one may be set back."""
_SECRET_BYTES = 32
_COOKIE = re.compile(r"[A-Za-z0-9_-]{43}", re.ASCII)
_NONCE_BYTES = 12


@dataclass(frozen=True, slots=True)
class Session:
    """What the server remembers of a sign-in."""

    subject: str
    """Who signed in, as the directory can be asked for them: an object id, or a login of the demo."""
    who: PrincipalId
    """Who that was then, for events."""
    began_at: datetime
    checked_at: datetime
    """When the identity provider last said that the person may still be signed in."""
    mfa_at: datetime | None
    """When a second factor was used for a step-up; None: not in this session."""
    refresh_token: str | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class Found:
    """A session that a cookie opened, and the token that its own pages send along."""

    session: Session
    csrf: str = field(repr=False)
    cookie: str = field(repr=False)


class Sessions:
    """Opens, finds and ends sessions in a store."""

    def __init__(self, store: SessionStore, clock: Clock) -> None:
        """Keep them in `store`. Every method raises `UnavailableError` when it cannot be used."""
        self._store = store
        self._clock = clock

    def open(self, session: Session) -> str:
        """Keep `session` and return the cookie that opens it, new each time."""
        lock = _Lock.new("session")
        self._store.put(lock.place, lock.seal(_session_bytes(session)), IDLE)
        return lock.cookie

    def find(self, cookie: str) -> Found | None:
        """Return the session that `cookie` opens, which now counts as used; None when there is none."""
        lock = _Lock.of(cookie, "session")
        session = None if lock is None else _session(lock.open(self._store.get(lock.place)))
        if lock is None or session is None:
            return None
        left = session.began_at + LONGEST - self._clock.now()
        if not timedelta() < left <= LONGEST + SKEW:
            self._store.take(lock.place)
            return None
        return Found(session, lock.derived("csrf"), cookie) if self._store.renew(lock.place, min(IDLE, left)) else None

    def update(self, cookie: str, session: Session) -> bool:
        """Keep `session` in place of the one `cookie` opens; False when that one has ended."""
        lock = _Lock.of(cookie, "session")
        return lock is not None and self._store.replace(lock.place, lock.seal(_session_bytes(session)), IDLE)

    def end(self, cookie: str) -> Session | None:
        """End the session that `cookie` opens, and return it."""
        lock = _Lock.of(cookie, "session")
        return None if lock is None else _session(lock.open(self._store.take(lock.place)))


class Flows:
    """What a sign-in that is under way must find again: once, soon, and in the same browser."""

    def __init__(self, store: SessionStore, life: timedelta = timedelta(minutes=10)) -> None:
        """Keep them in `store` for `life`. Every method raises `UnavailableError` when it cannot be used."""
        self._store = store
        self._life = life

    def begin(self, flow: bytes) -> str:
        """Keep `flow` and return the cookie that finds it again."""
        lock = _Lock.new("flow")
        self._store.put(lock.place, lock.seal(flow), self._life)
        return lock.cookie

    def end(self, cookie: str) -> bytes | None:
        """Return what `cookie` finds, which is then gone; None when there is nothing."""
        lock = _Lock.of(cookie, "flow")
        return None if lock is None else lock.open(self._store.take(lock.place))


def is_same(one: str, other: str) -> bool:
    """Return whether two secrets are equal, in a time that tells nothing of them."""
    return hmac.compare_digest(one.encode(), other.encode())


@dataclass(frozen=True, slots=True)
class _Lock:
    """A cookie's secret and all that follows from it; of another kind, the same secret opens nothing."""

    secret: bytes = field(repr=False)
    kind: str

    @classmethod
    def new(cls, kind: str) -> "_Lock":
        return cls(secrets.token_bytes(_SECRET_BYTES), kind)

    @classmethod
    def of(cls, cookie: str, kind: str) -> "_Lock | None":
        """Return the lock of a cookie that we could have given."""
        if _COOKIE.fullmatch(cookie) is None:
            return None
        secret = base64.urlsafe_b64decode(f"{cookie}=")
        # The last letter has bits to spare, so that several texts would mean one secret.
        return cls(secret, kind) if is_same(_text(secret), cookie) else None

    @property
    def cookie(self) -> str:
        return _text(self.secret)

    @property
    def place(self) -> str:
        return self.derived("place")

    def derived(self, purpose: str) -> str:
        return _text(self._bytes(purpose))

    def seal(self, content: bytes) -> bytes:
        nonce = secrets.token_bytes(_NONCE_BYTES)
        return nonce + AESGCM(self._bytes("key")).encrypt(nonce, content, None)

    def open(self, kept: bytes | None) -> bytes | None:
        """Return what was sealed; None for anything that this lock did not seal."""
        if kept is None:
            return None
        try:
            return AESGCM(self._bytes("key")).decrypt(kept[:_NONCE_BYTES], kept[_NONCE_BYTES:], None)
        except (InvalidTag, ValueError):
            return None

    def _bytes(self, purpose: str) -> bytes:
        return HKDF(SHA256(), 32, salt=None, info=f"dvo {self.kind} {purpose}".encode()).derive(self.secret)


def _text(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).rstrip(b"=").decode("ascii")


def _session_bytes(session: Session) -> bytes:
    return json.dumps(asdict(session), default=datetime.isoformat).encode()


def _session(content: bytes | None) -> Session | None:
    """Return the session that we sealed ourselves; None also for one that another version of us sealed."""
    values = {} if content is None else json.loads(content)
    if values.keys() != {field.name for field in fields(Session)}:
        return None
    moments = {
        name: None if values[name] is None else datetime.fromisoformat(values[name])
        for name in ("began_at", "checked_at", "mfa_at")
    }
    return Session(**{**values, **moments})
