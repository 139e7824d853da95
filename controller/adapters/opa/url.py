"""A policy engine that is an OPA somewhere else, serving main's bundle.

That OPA is configured and fed by its operator; here it is only asked. It must report the
revision of the bundle that was meant: one that serves an older or newer one is not
believed, so a bundle of a pull request can not be asked there at all.
"""

import ssl
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import urlsplit

from controller.adapters.opa.query import ask, ask_authorization, ask_served, ask_standing, ask_version
from controller.adapters.opa.transport import url_client
from controller.errors import ConfigurationError, UnavailableError
from controller.policy.answer import Answer
from controller.policy.authorization import Standing
from controller.policy.bundle import PolicyBundle


class OpaUrl:
    """Implements `PolicyEngine` with the OPA at `url`, for example ``https://opa.example.com:8181``."""

    def __init__(
        self, url: str, *, token: str | None = None, ca_file: Path | None = None, timeout_seconds: float = 5.0
    ) -> None:
        """Believe who proves to be the host of `url` to the authorities of `ca_file`, or of this machine without one.

        Raises `ConfigurationError` unless `url` is http or https, a host, and perhaps a port, and
        `ca_file` holds certificates.
        """
        host, port, is_secure = _address(url)
        tls = _context(ca_file) if is_secure else None
        self._client = url_client(host, port, token, timeout_seconds, tls=tls)

    def decide(self, bundle: PolicyBundle, document: Mapping[str, object]) -> Answer:
        """Return the answer of `bundle` to `document`. Raises `PolicyError` and `UnavailableError`."""
        return ask(self._client, bundle, document)

    def authorize(self, bundle: PolicyBundle, document: Mapping[str, object]) -> bool:
        """Return whether `bundle` allows what `document` asks. Raises as `decide` does."""
        return ask_authorization(self._client, bundle, document)

    def standing(self, bundle: PolicyBundle, document: Mapping[str, object]) -> Standing:
        """Return which roles and permissions `bundle` gives to the groups in `document`. Raises as `decide` does."""
        return ask_standing(self._client, bundle, document)

    def served(self) -> frozenset[str]:
        """Return the revisions that OPA serves now. Raises `UnavailableError`, and `PolicyError` as `decide` does."""
        return ask_served(self._client)

    def version(self) -> str:
        """Return the version that OPA says it is. Raises as `served` does."""
        return ask_version(self._client)

    def ping(self) -> None:
        """Return when that OPA says that it is well; raises `UnavailableError` when it does not."""
        if not self._client.check_health():
            raise UnavailableError("the external OPA does not answer", component="opa")

    def close(self) -> None:
        """Close every connection."""
        self._client.close_connection()


def _address(url: str) -> tuple[str, int, bool]:
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as error:
        raise ConfigurationError(f"OPA_URL: expected a URL, got one that is none: {error}") from error
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.username is not None:
        raise ConfigurationError("OPA_URL: expected http or https and a host, without a user")
    if parts.path.strip("/") or parts.query or parts.fragment:
        raise ConfigurationError("OPA_URL: expected no path, query or fragment behind the host")
    is_secure = parts.scheme == "https"
    return parts.hostname, port or (443 if is_secure else 80), is_secure


def _context(ca_file: Path | None) -> ssl.SSLContext:
    try:
        return ssl.create_default_context(cafile=ca_file)
    except OSError as error:  # an `SSLError` is one
        reason = error.strerror or str(error)
        raise ConfigurationError(f"OPA_CA_FILE: expected certificates in PEM form, got {ca_file}: {reason}") from error
