"""A policy engine of an OPA somewhere else and of children of our own: each revision is asked where it is served.

The OPA at the URL serves what its operator gave it, which is main's bundle as soon as it got there.
Policies that a pull request proposes are in force nowhere, and a merge is judged by those it was merged
onto; whatever is not served there is asked of a child here, on the very files of Git. Who answers is
decided by the revision alone, and an answer of another one is never believed. While the OPA at the URL
does not say what it serves, nobody answers.
"""

import threading
import time
from collections.abc import Callable, Mapping
from types import TracebackType
from typing import Self

import structlog

from controller.adapters.opa.servers import OpaServers
from controller.adapters.opa.url import OpaUrl
from controller.policy.answer import Answer
from controller.policy.authorization import Standing
from controller.policy.bundle import PolicyBundle
from controller.ports.policy_engine import PolicyEngine

_BELIEVED_SECONDS = 5.0
_LOG = structlog.get_logger("controller.policy")


class OpaUrlFirst:
    """Implements `PolicyEngine` with the OPA behind `url`, and with `own` for what that one does not serve."""

    def __init__(self, url: OpaUrl, own: OpaServers, monotonic: Callable[[], float] = time.monotonic) -> None:
        """Look again at what `url` serves when what is known is five seconds old."""
        self._url = url
        self._own = own
        self._monotonic = monotonic
        self._lock = threading.Lock()
        self._served: frozenset[str] = frozenset()
        self._known_until = 0.0

    def decide(self, bundle: PolicyBundle, document: Mapping[str, object]) -> Answer:
        """Return the answer of `bundle` to `document`. Raises `PolicyError` and `UnavailableError`."""
        return self._engine_of(bundle).decide(bundle, document)

    def authorize(self, bundle: PolicyBundle, document: Mapping[str, object]) -> bool:
        """Return whether `bundle` allows what `document` asks. Raises as `decide` does."""
        return self._engine_of(bundle).authorize(bundle, document)

    def standing(self, bundle: PolicyBundle, document: Mapping[str, object]) -> Standing:
        """Return which roles and permissions `bundle` gives to the groups in `document`. Raises as `decide` does."""
        return self._engine_of(bundle).standing(bundle, document)

    def ping(self) -> None:
        """Return when both the OPA at the URL and our own could answer; else `UnavailableError`."""
        self._url.ping()
        self._own.ping()

    def close(self) -> None:
        """Close every connection and stop every child."""
        self._url.close()
        self._own.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _engine_of(self, bundle: PolicyBundle) -> PolicyEngine:
        with self._lock:
            if self._monotonic() >= self._known_until:
                self._look()
            return self._url if bundle.digest in self._served else self._own

    def _look(self) -> None:
        served = self._url.served()
        self._known_until = self._monotonic() + _BELIEVED_SECONDS
        if served != self._served:
            _LOG.info("the OPA at OPA_URL serves other policies", revisions=sorted(served))
        self._served = served
