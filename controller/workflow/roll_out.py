"""Bring one deployment to its newest admitted state, and nothing else.

What is wanted is read from the ledger, what runs from the target. The announcing entry is
sealed before any effect; a new instance runs beside the old one until it is healthy and
passes its own capability tests, and only then takes over. When it fails, what ran before
still runs or is restored, and the failed plan is not tried again.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from controller.change.names import CommitSha, Digest, ObjectId, commit_sha, digest, digest_of, object_id
from controller.desired_state.canonical import canonical_json
from controller.desired_state.manifest import Key
from controller.errors import InputError, UnavailableError
from controller.ledger.event import Event, EventType, Severity
from controller.ports.agent import AgentClient
from controller.ports.deployer import Deployer, Intent, Live, Unhealthy
from controller.ports.journal import Mark
from controller.workflow.break_glass import BreakGlassEvidence
from controller.workflow.chronicle import Chronicle
from controller.workflow.history import Validated
from controller.workflow.progress import progress_of
from controller.workflow.realizing import Realized, Realizing
from controller.workflow.verifying import failed_tests

_STEPS = frozenset({EventType.DEPLOY_STARTED, EventType.DEPLOY_COMPLETED, EventType.DEPLOY_FAILED})


@dataclass(frozen=True, slots=True)
class Target:
    """A plan to be running: where it was admitted, and with which plan digest."""

    commit: CommitSha
    tree: ObjectId
    plan: Digest


@dataclass(frozen=True, slots=True)
class Seen:
    """How one deployment stood when it was looked at: how often it had completed, and what ran healthily."""

    completions: int
    healthy: Live | None


class RollOut:
    """Brings deployments to what was admitted for them."""

    def __init__(
        self,
        deployers: Mapping[str, Deployer],
        agents: AgentClient,
        realizing: Realizing,
        chronicle: Chronicle,
    ) -> None:
        """Work with these collaborators; `deployers` is keyed by runtime."""
        self._deployers = deployers
        self._agents = agents
        self._realizing = realizing
        self._chronicle = chronicle
        self._history = chronicle.history
        self._break_glass = BreakGlassEvidence(chronicle)

    def look_at(self, key: Key) -> None:
        """Bring `key` to its newest admitted state.

        Raises `UnavailableError` when a part cannot be asked; repeating it has one effect.
        """
        main = self._history.main()
        wanted = self._history.validated(key)
        if main is None or not main.is_sound or wanted is None:
            return
        if wanted.plan is None:
            self._stop(key, wanted)
        else:
            self._bring(key, wanted, Target(wanted.commit, wanted.tree, wanted.plan))

    def live(self, key: Key) -> Live | None:
        """Return what runs for `key` on any target. Raises `UnavailableError`."""
        found = (deployer.live(key) for deployer in self._deployers.values())
        return next((live for live in found if live is not None), None)

    def _bring(self, key: Key, wanted: Validated, target: Target) -> None:
        seen = self._see(key)
        live = seen.healthy
        last = self._history.last_of(_STEPS, str(key))
        if live is not None and live.plan == target.plan:
            if not _tells(last, EventType.DEPLOY_COMPLETED, wanted):
                self._complete(key, wanted, self._realize(key, target), live)
        elif _tells(last, EventType.DEPLOY_FAILED, wanted):
            self._restore(key, seen)
        else:
            self._replace(key, wanted, target, seen)

    def _see(self, key: Key) -> Seen:
        """Look at `key`; completions first, so that whoever completes meanwhile is seen to run, or has our intent."""
        completed = self._history.all_of(frozenset({EventType.DEPLOY_COMPLETED}), str(key))
        live = self.live(key)
        return Seen(len(completed), live if live is not None and live.is_healthy else None)

    def _replace(self, key: Key, wanted: Validated, target: Target, before: Seen) -> None:
        try:
            realized = self._realize(key, target)
            deployer = self._deployer(realized)
        except InputError as error:
            self._fail(key, wanted, str(error), before)
            return
        intent = _intent(key, target, realized, before)
        self._announce(key, wanted, intent)
        fault = self._start(deployer, intent, realized)
        if fault is not None:
            deployer.discard(intent)
            self._fail(key, wanted, fault, before)
            return
        self._complete(key, wanted, realized, deployer.switch(intent))
        self._remove_elsewhere(key, deployer)

    def _start(self, deployer: Deployer, intent: Intent, realized: Realized) -> str | None:
        """Start the candidate and let it prove itself; return what is wrong with it, or None."""
        timeout = realized.plan.manifest.rollout.health_timeout_seconds
        started = deployer.start(intent, realized.bundle, timeout)
        if isinstance(started, Unhealthy):
            return started.reason
        try:
            failed = failed_tests(self._agents, started.endpoint, realized.bundle)
        except UnavailableError as error:
            return f"it did not answer its capability tests: {error}"
        return f"it fails {len(failed)} of its capability tests: {'; '.join(failed[:3])}" if failed else None

    def _restore(self, key: Key, before: Seen) -> None:
        """Start the last good plan again when nothing healthy runs."""
        good = self._last_good(key)
        if good is None or before.healthy is not None:
            return
        realized = self._realize(key, good)
        deployer = self._deployer(realized)
        intent = _intent(key, good, realized, before)
        self._announce_restoring(key, intent)
        fault = self._start(deployer, intent, realized)
        if fault is not None:
            deployer.discard(intent)
            raise UnavailableError(
                f"{key}: the last good plan {good.plan} does not start: {fault}", component="deployer"
            )
        deployer.switch(intent)
        details = {"to": good.plan, "how": "restored", "intent": intent.id}
        again = (Mark(f"deployment/{key}"),)
        self._told(EventType.DEPLOY_ROLLED_BACK, key, details, Severity.WARNING, marks=again)

    def _stop(self, key: Key, wanted: Validated) -> None:
        last = self._history.last_of(_STEPS, str(key))
        if self.live(key) is None and _tells(last, EventType.DEPLOY_COMPLETED, wanted):
            return
        details = {"commit": wanted.commit, "position": wanted.position, "plan": None}
        if _tells(last, EventType.DEPLOY_STARTED, wanted):
            self._chronicle.seal()
        else:
            self._told(EventType.DEPLOY_STARTED, key, {**details, "message": "stopping"})
        for deployer in self._deployers.values():
            deployer.remove(key)
        self._told(EventType.DEPLOY_COMPLETED, key, {**details, "message": "stopped: its manifest is gone"})

    def _announce(self, key: Key, wanted: Validated, intent: Intent) -> None:
        last = self._history.last_of(_STEPS, str(key))
        if last is not None and last.type is EventType.DEPLOY_STARTED and last.details.get("intent") == intent.id:
            self._chronicle.seal()
            return
        details = _facts(wanted) | {"intent": intent.id, "bundle": intent.bundle, "message": "starting"}
        self._told(EventType.DEPLOY_STARTED, key, details)

    def _announce_restoring(self, key: Key, intent: Intent) -> None:
        last = self._history.last_of(frozenset({EventType.DEPLOY_ROLLED_BACK}), str(key))
        details = {"to": intent.plan, "how": "restoring", "intent": intent.id}
        if last is not None and last.details == details:
            self._chronicle.seal()
        else:
            self._told(EventType.DEPLOY_ROLLED_BACK, key, details, Severity.WARNING)

    def _complete(self, key: Key, wanted: Validated, realized: Realized, live: Live) -> None:
        version = realized.plan.manifest.version
        details = _facts(wanted) | {
            "intent": live.intent,
            "bundle": live.bundle,
            "instance": live.instance,
            "endpoint": live.endpoint,
            "release": realized.plan.release.digest,
            "version": version,
            "tier": realized.environment.tier.value,
            "message": f"{version} is healthy at {live.endpoint}",
        }
        # Told first: once completed, nobody looks here again.
        alerts = self._break_glass.deployed(key, wanted)
        if alerts:
            self._chronicle.record_sealed(alerts)
        self._told(EventType.DEPLOY_COMPLETED, key, details, marks=(Mark("sweep"),))

    def _fail(self, key: Key, wanted: Validated, reason: str, before: Seen) -> None:
        kept = before.healthy
        message = reason if kept is None else f"{reason}; what ran before still runs"
        self._told(EventType.DEPLOY_FAILED, key, _facts(wanted) | {"message": message}, Severity.CRITICAL)
        if kept is None:
            self._restore(key, before)
        else:
            self._told(EventType.DEPLOY_ROLLED_BACK, key, {"to": kept.plan, "how": "kept"}, Severity.WARNING)

    def _told(
        self,
        kind: EventType,
        key: Key,
        details: Mapping[str, object],
        severity: Severity = Severity.INFO,
        marks: tuple[Mark, ...] = (),
    ) -> None:
        event = self._chronicle.event(kind, str(key), details, severity=severity)
        shown = (progress_of(commit_sha(str(details["commit"]))),) if "commit" in details else ()
        self._chronicle.record_sealed((event,), (*marks, *shown))

    def _realize(self, key: Key, target: Target) -> Realized:
        return self._realizing.realize(key, target.commit, target.tree, target.plan)

    def _deployer(self, realized: Realized) -> Deployer:
        runtime = realized.environment.platforms.get(realized.plan.platform)
        deployer = self._deployers.get(runtime) if runtime else None
        if deployer is None:
            known = ", ".join(sorted(self._deployers))
            raise InputError(f"{realized.plan.key}: expected a runtime among {known}, got {runtime}")
        return deployer

    def _remove_elsewhere(self, key: Key, chosen: Deployer) -> None:
        for deployer in self._deployers.values():
            if deployer is not chosen:
                deployer.remove(key)

    def _last_good(self, key: Key) -> Target | None:
        """Return the newest plan that completed; none across a retirement."""
        last = self._history.last_of(frozenset({EventType.DEPLOY_COMPLETED}), str(key))
        if last is None or last.details.get("plan") is None:
            return None
        facts = last.details
        return Target(commit_sha(str(facts["commit"])), object_id(str(facts["tree"])), digest(str(facts["plan"])))


def _facts(wanted: Validated) -> dict[str, object]:
    return {
        "commit": wanted.commit,
        "tree": wanted.tree,
        "plan": wanted.plan,
        "position": wanted.position,
        "pull": wanted.pull,
    }


def _tells(event: Event | None, kind: EventType, wanted: Validated) -> bool:
    """Return whether `event` is of `kind` and about the very change that is wanted."""
    return event is not None and event.type is kind and event.details.get("position") == wanted.position


def _intent(key: Key, target: Target, realized: Realized, before: Seen) -> Intent:
    """Return the intent with an id that stays the same until this deployment completed once more."""
    bundle = realized.bundle.digest
    stable = digest_of(canonical_json([str(key), target.commit, target.plan, bundle, before.completions]))
    return Intent(stable.removeprefix("sha256:")[:32], key, target.plan, bundle)
