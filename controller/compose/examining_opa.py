"""What `dvo doctor` examines of an OPA elsewhere (OPA_URL): asked as the controller asks, and once as a stranger would.

Nothing is uploaded or changed there. Each step rests on the one before, so the first that fails says what to mend:
that it answers, that it proves who it is, that it takes our token and nobody's, what it is and what it serves.
"""

import re
import ssl
import tempfile
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from urllib.parse import urlsplit

import requests

from controller.adapters.github.reading import GitHubReader
from controller.adapters.opa.url import OpaUrl
from controller.compose.examining_github import app_of
from controller.compose.seen import Check, Seen
from controller.errors import ConfigurationError, ControllerError, PolicyError, UnavailableError
from controller.policy.bundle import PolicyBundle, policy_bundle
from controller.settings import Settings
from controller.workflow.gathering import governing_blobs
from controller.workflow.previewing import policies_of

_BRANCH = "main"
_OLDEST = (1, 0)
_REFUSED = (401, 403)
_NOBODYS = policy_bundle({})
"""Served nowhere: whether a question about it is let through is all that is asked."""


class UnfitOpaError(ConfigurationError):
    """The OPA at OPA_URL is not as the controller needs it."""

    advice = "Whoever runs that OPA mends it as docs/how-to/external-opa.md says; then run `dvo doctor` again."


def opa_checks(settings: Settings) -> Iterator[tuple[str, Check]]:
    """Yield what can be examined of the OPA at OPA_URL, if there is one."""
    if settings.opa_url is not None:
        yield "opa_url", lambda: _opa(settings)
        yield "opa_bundle", lambda: _bundle(settings)


def _opa(settings: Settings) -> Seen:
    with closing(_engine(settings)) as engine:
        _tried(engine.served, settings)
        _let_through(engine)
        version = _recent(engine.version())
    return Seen(f"{settings.opa_url} answers, and is OPA {version}", _open_to_all(settings))


def _bundle(settings: Settings) -> Seen:
    with closing(_engine(settings)) as engine:
        served = engine.served()
    if not served:
        raise UnfitOpaError("OPA_URL: serves no bundle that names its revision; nothing would ever be decided there")
    digest = _policies(settings).digest
    if digest in served:
        return Seen(f"it serves the policies of {_BRANCH}, {digest}")
    build = f"opa build --bundle policies/rego --ignore '*_test.rego' --revision {digest} --output bundle.tar.gz"
    caveat = f"{_BRANCH} has {digest}, and until that is served a child of the controller decides: `{build}`"
    return Seen(f"it serves {', '.join(sorted(served))[:200]}", caveat)


def _policies(settings: Settings) -> PolicyBundle:
    with closing(app_of(settings)) as app, tempfile.TemporaryDirectory(prefix="dvo-doctor-") as folder:
        reader = GitHubReader(app, Path(folder))
        tip = reader.compare(_BRANCH, _BRANCH).head
        snapshot = reader.snapshot(tip.sha, tip.tree)
        return policies_of(snapshot, reader.contents(governing_blobs(snapshot)))


def _engine(settings: Settings, *, knows_token: bool = True) -> OpaUrl:
    token = settings.opa_token.get_secret_value() if knows_token and settings.opa_token is not None else None
    return OpaUrl(str(settings.opa_url), token=token, ca_file=settings.opa_ca_file)


def _tried(served: Callable[[], object], settings: Settings) -> None:
    """Ask what is served, and say what is missing where that is not answered."""
    try:
        served()
    except UnavailableError as error:
        if any(isinstance(cause, ssl.SSLCertVerificationError) for cause in _causes(error)):
            vouch = (
                "its authority goes into OPA_CA_FILE" if settings.opa_ca_file is None else "OPA_CA_FILE is another's"
            )
            raise UnfitOpaError(
                f"OPA_URL: does not prove to be {urlsplit(str(settings.opa_url)).hostname}: "
                f"its certificate names another host, or {vouch}: {error}"
            ) from error
        if _status(error) in _REFUSED and settings.opa_token is None:
            raise UnfitOpaError("OPA_TOKEN: is missing; that OPA asks for a token") from error
        if _status(error) in _REFUSED:
            raise UnfitOpaError(
                "OPA_TOKEN: is not accepted; its policy must let it POST to /v1/data/dvo/authz/allow"
            ) from error
        raise


def _let_through(engine: OpaUrl) -> None:
    """Raise `UnfitOpaError` unless the token may ask everything else that the controller asks."""
    questions: tuple[tuple[str, Callable[[], object]], ...] = (
        ("POST to /v1/data/dvo/decision", lambda: engine.decide(_NOBODYS, {})),
        ("POST to /v1/data/dvo/authz/standing", lambda: engine.standing(_NOBODYS, {})),
    )
    closed = [may for may, ask in questions if _is_refused(ask)]
    try:
        engine.ping()
    except UnavailableError:
        closed.append("GET /health, or that OPA says it is not well")
    if closed:
        raise UnfitOpaError("\n".join(f"OPA_TOKEN: may not {may}" for may in closed))


def _is_refused(ask: Callable[[], object]) -> bool:
    try:
        ask()
    except PolicyError:
        return False
    except UnavailableError as error:
        return _status(error) in _REFUSED
    return False


def _recent(version: str) -> str:
    found = re.match(r"(\d{1,4})\.(\d{1,4})\.", version, re.ASCII)
    if found is None or (int(found[1]), int(found[2])) < _OLDEST:
        raise UnfitOpaError(f"OPA_URL: expected OPA 1.0 or newer, got {version[:40]!a}")
    return version


def _open_to_all(settings: Settings) -> str | None:
    """Return that no token is asked for, where we have none. Raises `UnfitOpaError` where it answers without ours."""
    need = "run it with --authentication=token --authorization=basic: whoever reaches it could change its policies"
    if settings.opa_token is None:
        return f"it asks for no token; {need}"
    with closing(_engine(settings, knows_token=False)) as stranger:
        try:
            stranger.served()
        except UnavailableError as error:
            if _status(error) in _REFUSED:
                return None
            raise
    raise UnfitOpaError(f"OPA_URL: answers without a token; {need}")


def _status(error: ControllerError) -> int | None:
    """Return the status of the answer that `error` comes from, if there was one."""
    responses = (cause.response for cause in _causes(error) if isinstance(cause, requests.HTTPError))
    return next((response.status_code for response in responses if response is not None), None)


def _causes(error: BaseException) -> Iterator[BaseException]:
    cause: BaseException | None = error
    while cause is not None:
        yield cause
        cause = cause.__cause__
