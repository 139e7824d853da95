"""A policy engine of our own OPA processes: one per bundle, the last three kept.

A bundle is compiled and started when it is first asked; whoever asks meanwhile waits for the
same start. Which bundle judges what is decided elsewhere, and so is what its answer means.
"""

import atexit
import tempfile
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

from controller.adapters.opa.bundle_server import BundleServer
from controller.adapters.opa.child import OpaChild
from controller.adapters.opa.compiling import OpaCompiler
from controller.change.names import Digest
from controller.desired_state.problem import Problem
from controller.errors import UnavailableError
from controller.policy.answer import Answer
from controller.policy.authorization import Standing
from controller.policy.bundle import PolicyBundle, policy_bundle

_KEPT = 3
_SMALLEST = policy_bundle({"dvo/ping.rego": b"package dvo.ping\n"})


@dataclass(slots=True)
class _Lease:
    server: BundleServer
    users: int = 0


class OpaServers:
    """Implements `PolicyEngine` with the OPA binary at `opa`; to be closed, or used with `with`."""

    def __init__(
        self,
        opa: Path,
        *,
        timeout_seconds: float = 5.0,
        memory_bytes: int = 1 << 30,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        """Answer or fail within `timeout_seconds` a question; no OPA may take more than `memory_bytes`."""
        self._opa = opa.absolute()
        self._compiler = OpaCompiler(self._opa, memory_bytes)
        self._timeout_seconds = timeout_seconds
        self._memory_bytes = memory_bytes
        self._monotonic = monotonic
        self._lock = threading.Lock()
        self._leases: OrderedDict[Digest, _Lease] = OrderedDict()

    def decide(self, bundle: PolicyBundle, document: Mapping[str, object]) -> Answer:
        """Return the answer of `bundle` to `document`. Raises `PolicyError` and `UnavailableError`."""
        with self._leased(bundle) as server:
            return server.decide(document)

    def authorize(self, bundle: PolicyBundle, document: Mapping[str, object]) -> bool:
        """Return whether `bundle` allows what `document` asks. Raises as `decide` does."""
        with self._leased(bundle) as server:
            return server.authorize(document)

    def standing(self, bundle: PolicyBundle, document: Mapping[str, object]) -> Standing:
        """Return which roles and permissions `bundle` gives to the groups in `document`. Raises as `decide` does."""
        with self._leased(bundle) as server:
            return server.standing(document)

    def check(self, bundle: PolicyBundle) -> tuple[Problem, ...]:
        """Return what the strict compiler finds wrong with `bundle`. Raises `UnavailableError`."""
        with tempfile.TemporaryDirectory(prefix="dvo-opa-") as folder:
            return self._compiler.check(bundle, Path(folder))

    def ping(self) -> None:
        """Return when the OPA asked last answers or, while none runs, one could work; else `UnavailableError`."""
        with self._lock:
            servers = [lease.server for lease in self._leases.values()]
        if not any(server.pid for server in servers[-1:]):
            self.check(_SMALLEST)
        elif not servers[-1].is_healthy():
            raise UnavailableError("the OPA asked last does not answer", component="opa")

    def processes(self) -> Mapping[Digest, int]:
        """Return the process ids of the OPAs that run now, by bundle; the one asked last comes last."""
        with self._lock:
            pids = {digest: lease.server.pid for digest, lease in self._leases.items()}
        return {digest: pid for digest, pid in pids.items() if pid is not None}

    def close(self) -> None:
        """Stop every OPA. A question asked later starts one again."""
        with self._lock:
            leases = list(self._leases.values())
            self._leases.clear()
        for lease in leases:
            lease.server.close()
        atexit.unregister(self.close)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    @contextmanager
    def _leased(self, bundle: PolicyBundle) -> Iterator[BundleServer]:
        """Lend the server of `bundle`; one that is lent is never closed for want of room."""
        with self._lock:
            if not self._leases:
                atexit.register(self.close)
            lease = self._leases.setdefault(bundle.digest, _Lease(BundleServer(bundle, self._launch, self._monotonic)))
            self._leases.move_to_end(bundle.digest)
            lease.users += 1
        try:
            yield lease.server
        finally:
            with self._lock:
                lease.users -= 1
                superfluous = self._superfluous()
            for server in superfluous:
                server.close()

    def _superfluous(self) -> list[BundleServer]:
        """Take out the servers that were not asked for longest, beyond those kept."""
        idle = [digest for digest, lease in self._leases.items() if lease.users == 0]
        beyond = max(len(self._leases) - _KEPT, 0)
        return [self._leases.pop(digest).server for digest in idle[:beyond]]

    def _launch(self, bundle: PolicyBundle, folder: Path) -> OpaChild:
        archive = self._compiler.build(bundle, folder)
        return OpaChild(
            self._opa, archive, folder, timeout_seconds=self._timeout_seconds, memory_bytes=self._memory_bytes
        )
