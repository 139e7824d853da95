"""Webhook deliveries: signed, in order, from one background thread, logged, never retried by themselves.

Follows GitHub docs "Webhook events and payloads" (delivery headers), "Validating webhook deliveries" (HMAC-SHA-256 over
the raw body) and "Handling failed webhook deliveries" (ten seconds to answer, no automatic redelivery). For tests the
outbox can hold deliveries back, lose them, double them and shuffle what it held.
"""

import hashlib
import hmac
import random
import threading
import time
import uuid
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

import httpx

_ANSWER_WITHIN = 10.0


@dataclass(frozen=True, slots=True)
class Target:
    """Where an App wants its events."""

    app_id: int
    url: str
    secret: str
    installation_id: int


@dataclass(slots=True)
class Delivery:
    """One event on its way to one App, and what came back."""

    id: int
    guid: str
    event: str
    action: str | None
    payload: bytes
    target: Target
    repository_id: int | None
    redelivery: bool = False
    delivered_at: datetime | None = None
    duration: float = 0.0
    status: str = "PENDING"
    status_code: int = 0
    sent_headers: dict[str, str] = field(default_factory=dict)
    answer: str = ""


class Outbox:
    """The queue of deliveries and their log."""

    def __init__(self, seed: int = 0) -> None:
        self.log: list[Delivery] = []
        self.now: Callable[[], datetime] | None = None
        self._queue: deque[Delivery] = deque()
        self._held: list[Delivery] | None = None
        self._to_lose = 0
        self._copies = 1
        self._random = random.Random(seed)  # noqa: S311 - shuffles deliveries, guards nothing
        self._changed = threading.Condition()
        self._busy = False
        self._open = True
        self._thread: threading.Thread | None = None

    def put(self, delivery: Delivery) -> None:
        """Queue a delivery, or hold, lose or double it as a test asked."""
        with self._changed:
            if self._to_lose > 0:
                self._to_lose -= 1
                delivery.status = "LOST"
                self.log.append(delivery)
                return
            copies = [delivery, *(replace(delivery, id=delivery.id) for _ in range(self._copies - 1))]
            self.log.append(delivery)
            (self._queue if self._held is None else self._held).extend(copies)
            self._start()
            self._changed.notify_all()

    def redeliver(self, delivery: Delivery, new_id: int) -> Delivery:
        """Send a delivery of the log again under its old GUID, as GitHub does."""
        again = replace(delivery, id=new_id, redelivery=True, status="PENDING", status_code=0)
        self.put(again)
        return again

    def hold(self) -> None:
        """Keep deliveries back until `release`."""
        with self._changed:
            self._held = self._held or []

    def release(self, *, shuffled: bool = False) -> None:
        """Send what was held, in order or shuffled."""
        with self._changed:
            held, self._held = self._held or [], None
            if shuffled:
                self._random.shuffle(held)
            self._queue.extend(held)
            self._start()
            self._changed.notify_all()

    def lose(self, count: int) -> None:
        """Lose the next deliveries; zero ends it."""
        with self._changed:
            self._to_lose = count

    def repeat(self, copies: int) -> None:
        """Send every delivery this many times from now on."""
        with self._changed:
            self._copies = copies

    def settle(self, within: float = 10.0) -> bool:
        """Wait until everything queued was sent; tell whether it was."""
        with self._changed:
            return self._changed.wait_for(lambda: not self._queue and not self._busy, timeout=within)

    def close(self) -> None:
        """Stop sending."""
        with self._changed:
            self._open = False
            self._changed.notify_all()
        if self._thread is not None:
            self._thread.join()

    def _start(self) -> None:
        if self._thread is None and self._queue:
            self._thread = threading.Thread(target=self._send_all, name="sandbox-webhooks", daemon=True)
            self._thread.start()

    def _send_all(self) -> None:
        with httpx.Client(timeout=_ANSWER_WITHIN, trust_env=False) as client:
            while (delivery := self._next()) is not None:
                _send(client, delivery)
                delivery.delivered_at = self.now() if self.now else datetime.now(UTC)  # noqa: TID251 - set by World
                with self._changed:
                    self._busy = False
                    self._changed.notify_all()

    def _next(self) -> Delivery | None:
        with self._changed:
            self._changed.wait_for(lambda: self._queue or not self._open)
            if not self._open:
                return None
            self._busy = True
            return self._queue.popleft()


def signature(secret: str, body: bytes) -> str:
    """Return the value of `X-Hub-Signature-256`."""
    return "sha256=" + hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()


def new_guid() -> str:
    """Return a new delivery GUID."""
    return str(uuid.uuid4())


def _send(client: httpx.Client, delivery: Delivery) -> None:
    delivery.sent_headers = _headers(delivery)
    started = time.monotonic()
    try:
        answer = client.post(delivery.target.url, content=delivery.payload, headers=delivery.sent_headers)
        delivery.status_code = answer.status_code
        delivery.status = "OK" if answer.is_success else f"Invalid HTTP Response: {answer.status_code}"
        delivery.answer = answer.text[:10_000]
    except httpx.TimeoutException:
        delivery.status = "timed out"
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        delivery.status = f"failed to connect to host: {error}"
    delivery.duration = round(time.monotonic() - started, 3)


def _headers(delivery: Delivery) -> dict[str, str]:
    return {
        "Accept": "*/*",
        "Content-Type": "application/json",
        "User-Agent": "GitHub-Hookshot/sandbox",
        "X-GitHub-Delivery": delivery.guid,
        "X-GitHub-Event": delivery.event,
        "X-GitHub-Hook-ID": str(delivery.target.app_id),
        "X-GitHub-Hook-Installation-Target-ID": str(delivery.target.app_id),
        "X-GitHub-Hook-Installation-Target-Type": "integration",
        "X-Hub-Signature-256": signature(delivery.target.secret, delivery.payload),
    }
