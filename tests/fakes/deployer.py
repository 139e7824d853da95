"""A deployer that keeps everything in memory and keeps the promises of the port.

It can be told that a bundle will not become healthy, and it records what it did, so that a
test can count effects instead of calls.
"""

import threading
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Self

from controller.caat.bundle import Bundle
from controller.change.names import Digest
from controller.desired_state.manifest import Key
from controller.errors import InputError, StaleError, UnavailableError
from controller.ports.deployer import Intent, Live, Unhealthy


@dataclass(frozen=True, slots=True)
class Effect:
    """Something that changed at the target: `started`, `switched`, `stopped`."""

    kind: str
    key: Key
    bundle: Digest
    intent: str


@dataclass
class FakeDeployer:
    """An honest target: what it says runs is what was started and switched, and nothing else."""

    effects: list[Effect] = field(default_factory=list)
    unhealthy: dict[Digest, str] = field(default_factory=dict)
    """Bundles that will not become healthy, and the reason they give."""
    is_down: bool = False
    _current: dict[Key, Live] = field(default_factory=dict)
    _candidates: dict[Key, Live] = field(default_factory=dict)
    _instances: int = 0
    _lock: threading.RLock = field(default_factory=threading.RLock, repr=False)
    """Steps exclude one another, as the port's adapters make them."""

    def live(self, key: Key) -> Live | None:
        self._answer()
        return self._current.get(key)

    def start(self, intent: Intent, bundle: Bundle, timeout_seconds: int) -> Live | Unhealthy:
        with self._lock:
            self._answer()
            if bundle.digest != intent.bundle:
                raise InputError(f"{intent.key}: expected the bundle {intent.bundle}, got {bundle.digest}")
            for running in (self._candidates.get(intent.key), self._current.get(intent.key)):
                if running is not None and _is_for(intent, running) and running.is_healthy:
                    return running
            self._stop(self._candidates.pop(intent.key, None))
            if intent.bundle in self.unhealthy:
                return Unhealthy(self.unhealthy[intent.bundle])
            candidate = self._instance(intent)
            self._candidates[intent.key] = candidate
            self._record("started", candidate)
            return candidate

    def switch(self, intent: Intent) -> Live:
        with self._lock:
            self._answer()
            candidate = self._candidates.get(intent.key)
            if candidate is not None and _is_for(intent, candidate):
                before = self._current.get(intent.key)
                self._current[intent.key] = self._candidates.pop(intent.key)
                self._record("switched", candidate)
                self._stop(before)
            current = self._current.get(intent.key)
            if current is None or not _is_for(intent, current):
                raise StaleError(
                    f"{intent.key}: expected a healthy instance of intent {intent.id}, but none was started"
                )
            return current

    def discard(self, intent: Intent) -> None:
        with self._lock:
            self._answer()
            candidate = self._candidates.get(intent.key)
            if candidate is not None and _is_for(intent, candidate):
                self._stop(self._candidates.pop(intent.key))

    def remove(self, key: Key) -> None:
        with self._lock:
            self._answer()
            self._stop(self._candidates.pop(key, None))
            self._stop(self._current.pop(key, None))

    def twin(self) -> Self:
        """Return another that stands as this one does."""
        return replace(
            self,
            effects=list(self.effects),
            unhealthy=dict(self.unhealthy),
            _current=dict(self._current),
            _candidates=dict(self._candidates),
            _lock=threading.RLock(),
        )

    def everything(self) -> Mapping[Key, Live]:
        """Return all that runs, even while nobody can ask."""
        return dict(self._current)

    def fall_ill(self, key: Key) -> None:
        """Make what runs for `key` unhealthy, as if it had broken by itself."""
        self._current[key] = replace(self._current[key], is_healthy=False)

    def crash(self, key: Key) -> None:
        """End what runs for `key`, as if it had died by itself."""
        del self._current[key]

    def count(self, kind: str) -> int:
        """Return how many effects of one kind there were."""
        return sum(effect.kind == kind for effect in self.effects)

    def _answer(self) -> None:
        if self.is_down:
            raise UnavailableError("the target does not answer", component="deployer")

    def _instance(self, intent: Intent) -> Live:
        self._instances += 1
        name = f"instance-{self._instances}"
        return Live(intent.key, intent.plan, intent.bundle, intent.id, name, f"http://{name}.test", is_healthy=True)

    def _stop(self, live: Live | None) -> None:
        if live is not None:
            self._record("stopped", live)

    def _record(self, kind: str, live: Live) -> None:
        self.effects.append(Effect(kind, live.key, live.bundle, live.intent))


def _is_for(intent: Intent, live: Live) -> bool:
    return (live.intent, live.plan, live.bundle) == (intent.id, intent.plan, intent.bundle)
