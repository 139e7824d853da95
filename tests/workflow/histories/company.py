"""The company of the random histories: a world in which the plain model looks at everything first.

The checks must say what the model says; after a look at a deployment what the model wants runs,
or, where that would not run, the last that did.
"""

from collections.abc import Callable
from dataclasses import dataclass, field

from controller.caat.bundle import Bundle
from controller.desired_state.manifest import Key
from controller.errors import UnavailableError
from controller.ledger.event import EventType
from controller.ports.deployer import Intent, Live, Unhealthy
from controller.workflow.history import parse_key
from tests.fakes.agents import AnsweringDeployer
from tests.workflow.histories.model import Model
from tests.workflow.world import World


@dataclass
class WatchedTarget(AnsweringDeployer):
    """A target that shows each intent to a witness before it does anything, and that can be sick."""

    witness: Callable[[Intent], None] = lambda intent: None
    is_sick: bool = False

    def start(self, intent: Intent, bundle: Bundle, timeout_seconds: int) -> Live | Unhealthy:
        if not self.is_down:
            self.witness(intent)
        self.unhealthy = {intent.bundle: "it is sick"} if self.is_sick else {}
        return super().start(intent, bundle, timeout_seconds)

    def running(self, key: Key) -> Live | None:
        """Return what really runs, even while nobody can ask."""
        return self._current.get(key)


@dataclass
class Company(World):
    """A world in which the model looks first."""

    target: WatchedTarget = field(default_factory=WatchedTarget)
    model: Model | None = None
    failed: set[tuple[str, int]] = field(default_factory=set)
    """Keys with the step of main that would not run for them; it is not tried again."""
    good: dict[str, str | None] = field(default_factory=dict)
    """The plan that last ran healthy, by key."""

    @property
    def has_trouble(self) -> bool:
        return self.target.is_down or self.target.is_sick or bool(self.target.mute)

    def _look_at(self, key: str) -> None:
        if self.model is None:
            super()._look_at(key)
            return
        self.clock.moment = max(self.clock.moment, self.host.now)
        opinion, before = self.model.look(key, self.clock.moment), len(self.failures)
        super()._look_at(key)
        for _, error in self.failures[before:]:
            assert isinstance(error, UnavailableError), error
            assert self.has_trouble, error
        self.model.follow(self.events(EventType.CONFIG_CHANGED, "main")[-1].details["tip"])
        if opinion is not None:
            number = int(key.removeprefix("pull/"))
            shown = self.conclusions(number)
            assert shown == opinion.conclusions, (
                f"{shown} is shown of {number}, {opinion}\n{self.check(number, 'dvo/policy').summary}"
            )
        if key.startswith("deployment/") and not self.target.is_down:
            self._check_deployment(self.model, key.removeprefix("deployment/"))

    def _check_deployment(self, model: Model, key: str) -> None:
        """After a look, the newest allowed plan runs; or, when it would not, the last good one."""
        live, wanted = self.target.running(parse_key(key)), model.wanted(key)
        if wanted is None:
            assert live is None
            return
        index, plan = wanted
        if plan is None or (live is not None and live.is_healthy and live.plan == plan.digest):
            assert plan is not None or live is None
            self.good[key] = plan and plan.digest
            if plan and key.startswith("staging/"):
                model.evidence.add(plan.release)
            return
        assert self.has_trouble or (key, index) in self.failed, f"{key} does not run {plan}, it runs {live}"
        self.failed.add((key, index))
        if live is not None and live.is_healthy:
            assert live.plan == self.good[key]
        else:
            assert self.has_trouble or self.good.get(key) is None, f"{key} was not restored"
