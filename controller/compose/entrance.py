"""How people and programs come in at `/v1` and `/auth`: by Entra ID, or as the demo lets them."""

from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass

from limits.storage import RedisStorage

from controller.adapters.demo_sign_in import PLACE, DemoSignIn
from controller.adapters.directory_file import FileDirectory
from controller.adapters.entra.bearer_tokens import BearerTokens
from controller.adapters.entra.directory import EntraDirectory
from controller.adapters.entra.graph import new_client
from controller.adapters.entra.signing_in import EntraSignIn
from controller.adapters.entra.signing_keys import SigningKeys
from controller.adapters.limit_memory import LimitMemory
from controller.adapters.redis_store import RedisSessions
from controller.adapters.session_memory import MemorySessions
from controller.compose.people import registration_of
from controller.compose.wiring import Parts
from controller.identity.bearer import Bearer, TokenFault, TokenTerms
from controller.identity.principal import Principal, PrincipalKind
from controller.ports.clock import Clock
from controller.ports.session_store import SessionStore
from controller.ports.sign_in import SignIn
from controller.settings import Settings
from controller.web.api import Api
from controller.web.authentication import Authentication, Means, Watch
from controller.web.client_address import address_behind
from controller.web.limiting import Limits
from controller.web.refusal import RefusalJournal
from controller.web.sessions import Flows, Found, Sessions
from controller.web.sign_in_routes import DemoPage, SignInDoor
from controller.web.signing_in import Kept, Record, SigningIn
from controller.workflow.authorizing import Authorizing

SCOPE = "access_as_user"
"""What our registration exposes and a person's token must have been given for."""
_MOST_SHOWN = 50


@dataclass(frozen=True, slots=True)
class Entrance:
    """The doors for people and programs."""

    api: Api | None
    sign_in: SignInDoor | None


@dataclass(frozen=True, slots=True)
class Shared:
    """What all replicas share about those who come: sign-ins, sessions, and what was used of the limits."""

    flows: SessionStore
    """Sign-ins under way; in one process apart from sessions, so that strangers who begin many end nobody's."""
    sessions: SessionStore
    limits: Limits
    word: Callable[[], str]
    """What `/health` says of it."""


def shared(settings: Settings, clock: Clock, stack: ExitStack) -> Shared:
    """Return what replicas share: in the Redis of the settings, else in this process."""
    if settings.redis_url is None:
        limits = Limits(LimitMemory(), clock)
        return Shared(MemorySessions(clock), MemorySessions(clock), limits, lambda: "in process")
    url = settings.redis_url.get_secret_value()
    sessions = RedisSessions(url)
    stack.callback(sessions.close)
    counter = RedisStorage(url.replace("unix://", "redis+unix://", 1), wrap_exceptions=True)

    def word() -> str:
        sessions.ping()
        return "connected"

    return Shared(sessions, sessions, Limits(counter, clock), word)


Opening = Callable[[Settings, Parts, Authorizing, Shared, ExitStack], Entrance]
"""Builds the doors; what they need closed in the end goes onto the stack."""


def entrance(settings: Settings, parts: Parts, authorizing: Authorizing, between: Shared, stack: ExitStack) -> Entrance:
    """Return the doors that Entra ID opens; without it there are none, since nobody could be known at them."""
    directory = parts.directory
    if not isinstance(directory, EntraDirectory) or settings.azure_tenant_id is None:
        return Entrance(None, None)
    http = new_client()
    stack.callback(http.close)
    keys = SigningKeys(http, settings.azure_authority, settings.azure_tenant_id, parts.clock)

    def reader(scope: str | None) -> Callable[[str], Bearer | TokenFault]:
        audiences = audiences_of(settings.azure_client_id, is_id_token=scope is None)
        contexts = frozenset(settings.mfa_contexts)
        terms = TokenTerms(settings.azure_tenant_id or "", audiences, scope, contexts)
        return BearerTokens(keys.find, terms, parts.clock).read

    watch = _watch(settings, parts, between)
    registration, signing_in = registration_of(settings), None
    sessions = Sessions(between.sessions, parts.clock)
    if registration is not None and settings.public_url is not None:
        provider = EntraSignIn(registration, http, reader(None), settings.mfa_contexts)
        signing_in = _signing_in(provider, directory.by_object_id, parts, between, watch)
    means = Means(
        reader(SCOPE),
        lambda bearer: _principal_of(directory, bearer),
        sessions.find,
        _nobody if signing_in is None else signing_in.principal_in,
    )
    door = None if signing_in is None else SignInDoor(signing_in, settings.public_url or "")
    return Entrance(Api(Authentication(means, watch), authorizing.standing), door)


def audiences_of(client: str | None, *, is_id_token: bool) -> frozenset[str]:
    """Return for whom a token must be made: our registration `client`; without one, no token is for us."""
    if client is None:
        return frozenset()
    return frozenset({client}) if is_id_token else frozenset({client, f"api://{client}"})


def demo_entrance(url: str) -> Opening:
    """Return what builds the doors of the demo, at which everybody of its directory file is who they say."""

    def opening(settings: Settings, parts: Parts, authorizing: Authorizing, between: Shared, _: ExitStack) -> Entrance:
        return _demo(settings, parts, authorizing, between, url)

    return opening


def _demo(settings: Settings, parts: Parts, authorizing: Authorizing, between: Shared, url: str) -> Entrance:
    directory = parts.directory
    if not isinstance(directory, FileDirectory):
        raise TypeError("the demo knows people from a file")

    def principal_of(login: str) -> Principal | None:
        return directory.look_up(frozenset(), frozenset(), frozenset({login})).by_login[login]

    def people() -> list[str]:
        listed = directory.current().by_login.values()
        return sorted(who.login for who in listed if who.kind is PrincipalKind.PERSON)[:_MOST_SHOWN]

    watch = _watch(settings, parts, between)
    signing_in = _signing_in(DemoSignIn(parts.clock), principal_of, parts, between, watch)
    means = Means(
        lambda _: TokenFault.UNKNOWN_KEY,
        lambda _: None,
        Sessions(between.sessions, parts.clock).find,
        signing_in.principal_in,
    )
    door = SignInDoor(signing_in, url, DemoPage(PLACE, people))
    return Entrance(Api(Authentication(means, watch), authorizing.standing), door)


def _signing_in(
    provider: SignIn, principal_of: Callable[[str], Principal | None], parts: Parts, between: Shared, watch: Watch
) -> SigningIn:
    kept = Kept(Flows(between.flows), Sessions(between.sessions, parts.clock))
    return SigningIn(provider, kept, principal_of, watch, Record(parts.journal, parts.clock, parts.new_id))


def _watch(settings: Settings, parts: Parts, between: Shared) -> Watch:
    refusals = RefusalJournal(parts.journal, parts.clock, parts.new_id, "api")
    return Watch(address_behind(settings.trusted_proxies), between.limits, refusals)


def _principal_of(directory: EntraDirectory, bearer: Bearer) -> Principal | None:
    """Return whom a token speaks for.

    A person's groups are those the tenant says now, which is fresher than their token and needs no
    call; a service account is in those its token lists, and where there are too many for a token, in those
    the tenant says.
    """
    if bearer.kind is PrincipalKind.SERVICE:
        return directory.service(bearer.object_id, bearer.groups)
    return directory.by_object_id(bearer.object_id)


def _nobody(_: Found) -> None:
    """Return nobody: without a sign-in there is no session."""
