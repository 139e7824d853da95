"""`POST /webhooks/github`: verify, mark, answer.

The order is fixed: size, content type, signature over the raw bytes, and only then is a byte
interpreted; then the repository. What passes is marked durably before the answer; what does
not marks nothing and leaves a security event. What an event means is `github_events`' part.
GitHub docs: "Validating webhook deliveries", "Best practices for using webhooks".
"""

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import structlog
from anyio import CapacityLimiter, to_thread
from starlette.requests import Request
from starlette.responses import JSONResponse

from controller.errors import InputError, UnavailableError
from controller.ports.journal import Mark, WorkQueue
from controller.web.body import BODY_SECONDS, BodyFault, Room, body_of
from controller.web.client_address import AddressOf
from controller.web.github_events import SWEEP, Governed, marks_for, verify_signature
from controller.web.refusal import Refusal, RefusalJournal, Sender

_DELIVERY = re.compile(r"[0-9A-Za-z-]{1,64}")
_EVENT = re.compile(r"[a-z0-9_]{1,64}")
_LENGTH = re.compile(r"[0-9]{1,15}")
_THREADS = 16
_LOG = structlog.get_logger("controller.web")

Outcome = Refusal | UnavailableError | tuple[Mark, ...]
Tell = Callable[[str, str], None]
"""Hears of a delivery: the event its sender says it is, and what became of it."""


@dataclass(frozen=True, slots=True)
class Terms:
    """What a delivery must meet."""

    secret: bytes = field(repr=False)
    repository: str
    body_limit: int
    room: Room
    """For the bodies of all deliveries: until one is read whole, nobody knows who sent it."""
    governed: Governed


class GitHubWebhook:
    """Lets deliveries in and marks what they touch."""

    def __init__(
        self, terms: Terms, queue: WorkQueue, refusals: RefusalJournal, tell: Tell, address_of: AddressOf
    ) -> None:
        """Let in what meets `terms`; `tell` hears of every delivery, `address_of` says where one comes from."""
        self._terms = terms
        self._address_of = address_of
        self._queue = queue
        self._refusals = refusals
        self._tell = tell
        # Of its own, so that whatever holds up other doors, deliveries are still kept.
        self._threads = CapacityLimiter(_THREADS)

    async def receive(self, request: Request) -> JSONResponse:
        """Answer one delivery: 202 once its marks are durable, 4xx when it is refused, 503 when it cannot be kept."""
        sender, outcome = self._sender(request), await self._received(request)
        self._tell(request.headers.get("x-github-event", ""), _word(outcome))
        if isinstance(outcome, Refusal):
            return await self._refuse(outcome, sender)
        return _answer(outcome, sender)

    def _sender(self, request: Request) -> Sender:
        delivery = request.headers.get("x-github-delivery", "")
        return Sender(self._address_of(request), delivery if _DELIVERY.fullmatch(delivery) else "unknown")

    async def _received(self, request: Request) -> Outcome:
        limit = self._terms.body_limit
        refusal = _refuse_by_headers(request, limit)
        if refusal is not None:
            return refusal
        with self._terms.room.share() as take:
            body = await body_of(request, limit, take=take)
            if isinstance(body, BodyFault):
                return _bodiless(body, limit)
            # Hashing, parsing and marking block, so the event loop does none of them.
            return await to_thread.run_sync(self._take, request.headers, body, limiter=self._threads)

    async def _refuse(self, refusal: Refusal, sender: Sender) -> JSONResponse:
        _LOG.warning("delivery refused", reason=refusal.reason, delivery=sender.delivery, source_ip=sender.address)
        await to_thread.run_sync(self._refusals.record, refusal, sender, limiter=self._threads)
        # Closing is what ends a body that nobody reads any more.
        return JSONResponse({"accepted": False, "reason": refusal.message}, refusal.status, {"Connection": "close"})

    def _take(self, headers: Mapping[str, str], body: bytes) -> Outcome:
        if not verify_signature(self._terms.secret, body, headers.get("x-hub-signature-256")):
            return Refusal(401, "bad_signature", "The signature does not fit the body and the secret.")
        marks = _marks(headers.get("x-github-event", ""), body, self._terms)
        if isinstance(marks, Refusal) or not marks:
            return marks
        try:
            self._queue.mark(marks)
        except UnavailableError as error:
            return error
        return marks


def _word(outcome: Outcome) -> str:
    match outcome:
        case Refusal():
            return "refused"
        case UnavailableError():
            return "not_kept"
        case _:
            return "marked" if outcome else "ignored"


def _refuse_by_headers(request: Request, limit: int) -> Refusal | None:
    """Refuse what need not be read at all."""
    length = request.headers.get("content-length")
    if length is not None and (_LENGTH.fullmatch(length) is None or int(length) > limit):
        return _too_large(limit)
    content_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if content_type != "application/json":
        return Refusal(415, "not_json", "Expected the content type application/json.")
    if "x-hub-signature-256" not in request.headers:
        return Refusal(401, "no_signature", "Expected a signature in X-Hub-Signature-256.")
    return None


def _bodiless(fault: BodyFault, limit: int) -> Refusal:
    match fault:
        case BodyFault.TOO_LARGE:
            return _too_large(limit)
        case BodyFault.TOO_SLOW:
            return Refusal(fault.value, "too_slow", f"Expected the whole body within {BODY_SECONDS} seconds.")
        case BodyFault.CUT_OFF:
            return Refusal(fault.value, "cut_off", "The body ended early.")
        case BodyFault.NO_ROOM:
            return Refusal(fault.value, "no_room", "Too much comes at once; the sweep will find what this was about.")


def _too_large(limit: int) -> Refusal:
    return Refusal(413, "too_large", f"Expected at most {limit} bytes.")


def _marks(event: str, body: bytes, terms: Terms) -> Refusal | tuple[Mark, ...]:
    """Return what a delivery whose signature holds asks to look at; empty when it cannot matter."""
    try:
        payload = json.loads(body)
    except (ValueError, RecursionError):
        return Refusal(400, "not_json", "Expected a body in JSON.")
    if not isinstance(payload, dict) or _EVENT.fullmatch(event) is None:
        return _malformed()
    try:
        marks = marks_for(event, payload, terms.governed)
    except InputError:
        marks = None
    return _refuse_by_origin(payload.get("repository"), marks, terms.repository) or (
        _malformed() if marks is None else marks
    )


def _refuse_by_origin(origin: object, marks: tuple[Mark, ...] | None, repository: str) -> Refusal | None:
    """Refuse what another repository sends; what comes from none may at most ask to look at everything."""
    if origin is None:
        return None if set(marks or ()) <= {SWEEP} else _malformed()
    name = origin.get("full_name") if isinstance(origin, dict) else None
    if not isinstance(name, str):
        return _malformed()
    if name.lower() != repository.lower():
        return Refusal(403, "foreign_repository", "This controller does not govern that repository.")
    return None


def _malformed() -> Refusal:
    return Refusal(400, "malformed", "Expected an event as GitHub describes it.")


def _answer(outcome: UnavailableError | tuple[Mark, ...], sender: Sender) -> JSONResponse:
    if isinstance(outcome, UnavailableError):
        _LOG.error("delivery not kept", component=outcome.component, delivery=sender.delivery)
        return JSONResponse({"accepted": False, "reason": "It cannot be kept now; the sweep will find it."}, 503)
    _LOG.info("delivery accepted", delivery=sender.delivery, keys=[mark.key for mark in outcome])
    return JSONResponse({"accepted": True, "delivery": sender.delivery}, 202)
