"""The OPA of one bundle: started when first asked, killed and replaced when it fails.

A bundle that does not compile is the policy owners' fault and never pauses anything; a child
that fails in a row is started again only after a pause that grows.
"""

import tempfile
import threading
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TypeVar

from controller.adapters.opa.child import OpaChild
from controller.adapters.opa.query import ask, ask_authorization, ask_standing
from controller.adapters.opa.transport import Client
from controller.errors import PolicyError, UnavailableError
from controller.policy.answer import Answer
from controller.policy.authorization import Standing
from controller.policy.bundle import PolicyBundle

_FIRST_PAUSE_SECONDS = 0.5
_LONGEST_PAUSE_SECONDS = 10.0

Launch = Callable[[PolicyBundle, Path], OpaChild]
"""Makes the child of a bundle in a folder; raises what compiling raises."""
Found = TypeVar("Found")
Question = Callable[[Client, PolicyBundle, Mapping[str, object]], Found]


class BundleServer:
    """Answers questions on one bundle; safe to share between threads."""

    def __init__(self, bundle: PolicyBundle, launch: Launch, monotonic: Callable[[], float]) -> None:
        self._bundle = bundle
        self._launch = launch
        self._monotonic = monotonic
        self._lock = threading.Lock()
        self._child: OpaChild | None = None
        self._folder: tempfile.TemporaryDirectory[str] | None = None
        self._failures = 0
        self._paused_until = 0.0
        self._broken: PolicyError | None = None

    def decide(self, document: Mapping[str, object]) -> Answer:
        """Return the bundle's answer. Raises `PolicyError` and `UnavailableError` as the port says."""
        return self._asked(ask, document)

    def authorize(self, document: Mapping[str, object]) -> bool:
        """Return whether the bundle allows. Raises as `decide` does."""
        return self._asked(ask_authorization, document)

    def standing(self, document: Mapping[str, object]) -> Standing:
        """Return which roles and permissions the bundle gives. Raises as `decide` does."""
        return self._asked(ask_standing, document)

    def _asked(self, question: Question[Found], document: Mapping[str, object]) -> Found:
        with self._lock:
            child = self._ready_child()
        try:
            answer = question(child.client, self._bundle, document)
        except UnavailableError:
            with self._lock:
                self._give_up(child)
            raise
        self._failures = 0
        return answer

    def is_healthy(self) -> bool:
        """Return whether a process runs and says that it is well."""
        child = self._child
        return child is not None and child.is_alive and child.client.check_health()

    @property
    def pid(self) -> int | None:
        """The id of the process that answers now, if there is one."""
        child = self._child
        return child.pid if child is not None and child.is_alive else None

    def close(self) -> None:
        """Stop the child and remove what it was made of."""
        with self._lock:
            self._discard()

    def _ready_child(self) -> OpaChild:
        if self._broken is not None:
            raise PolicyError(str(self._broken))  # the same bytes do not compile a second time either
        if self._child is not None and self._child.is_alive:
            return self._child
        wait = self._paused_until - self._monotonic()
        if wait > 0:
            message = f"OPA failed {self._failures} times in a row and pauses"
            raise UnavailableError(message, component="opa", retry_after_seconds=wait)
        self._discard()
        try:
            self._folder = tempfile.TemporaryDirectory(prefix="dvo-opa-")
            self._child = self._launch(self._bundle, Path(self._folder.name))
            self._child.start()
        except PolicyError as error:
            self._broken = error
            self._discard()
            raise
        except UnavailableError:
            self._give_up(self._child)
            raise
        except OSError as error:
            self._give_up(self._child)
            raise UnavailableError(f"OPA cannot be laid out on disk: {error.strerror}", component="opa") from error
        return self._child

    def _give_up(self, child: OpaChild | None) -> None:
        """Stop `child` unless somebody else did already; the first failure costs no pause."""
        if child is not self._child:
            return
        self._discard()
        self._failures += 1
        if self._failures > 1:
            pause = min(_FIRST_PAUSE_SECONDS * 2 ** (self._failures - 2), _LONGEST_PAUSE_SECONDS)
            self._paused_until = self._monotonic() + pause

    def _discard(self) -> None:
        child, folder = self._child, self._folder
        self._child = self._folder = None
        if child is not None:
            child.stop()
        if folder is not None:
            folder.cleanup()
