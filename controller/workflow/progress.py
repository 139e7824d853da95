"""How far the deployments of a merge have come, read from the journal and shown as a check.

The check `dvo/deploy` is derived from events alone, so it can be written again at any time
and says the same. Whoever records such an event marks its merge with it, and only the look at
that key writes: two writers at once could leave the older word standing, or two checks.
"""

from collections.abc import Iterator
from dataclasses import replace

from controller.change.names import CommitSha
from controller.decision.deployment_check import DeploymentStep, Progress, deployment_check
from controller.desired_state.manifest import Key
from controller.ledger.event import Event, EventType
from controller.ports.code_host import CodeHostWriter
from controller.ports.journal import Mark
from controller.workflow.chronicle import Chronicle
from controller.workflow.history import parse_key
from controller.workflow.wishes import occasion_of

_OUTCOMES = {
    EventType.DEPLOY_STARTED: Progress.RUNNING,
    EventType.DEPLOY_COMPLETED: Progress.COMPLETED,
    EventType.DEPLOY_FAILED: Progress.FAILED,
}


def progress_of(merge: CommitSha) -> Mark:
    """Return what asks to show how far `merge` has come."""
    return Mark(f"progress/{merge}")


class DeploymentProgress:
    """Shows how far each merge has come."""

    def __init__(self, chronicle: Chronicle, writer: CodeHostWriter) -> None:
        """Read what `chronicle` remembers and write checks through `writer`."""
        self._chronicle = chronicle
        self._history = chronicle.history
        self._writer = writer

    def show(self, merge: CommitSha) -> None:
        """Make the check of `merge` say what the journal says, once that is sealed. Raises `UnavailableError`."""
        occasion = occasion_of(self._history, f"merge/{merge}")
        check = replace(deployment_check(merge, self.steps(merge)), occasion=occasion)
        self._chronicle.seal()
        self._writer.write_check(check)

    def steps(self, merge: CommitSha) -> tuple[DeploymentStep, ...]:
        """Return how far each deployment of `merge` has come; a direct push was refused as a whole."""
        main = self._history.main()
        if main is not None and main.found is not None and self._was_found(merge):
            message = (
                f"main was rewritten and no longer holds {main.tip[:12]}; nothing is deployed until an administrator"
                f" puts it back: git push --force-with-lease=main:{main.found} origin {main.tip}:main"
            )
            return (DeploymentStep("every deployment", Progress.REFUSED, message),)
        direct = self._last(EventType.DEPLOY_REFUSED, f"commit/{merge}")
        if direct is not None and self._history.is_refused_push(merge):
            return (DeploymentStep("everything in this commit", Progress.REFUSED, str(direct.details.get("reason"))),)
        # Asked first: what a decision leads to is recorded with it, so whoever sees it decided sees the rest.
        is_open = self._history.initiated(merge) is not None and not self._history.is_decided(merge)
        subject = f"merge/{merge}"
        refused = self._last(EventType.DEPLOY_REFUSED, subject)
        if refused is not None:
            return tuple(_steps(refused, Progress.REFUSED, str(refused.details.get("reason"))))
        validated = [event for event in self._all(EventType.DEPLOY_VALIDATED) if event.details.get("commit") == merge]
        if validated:
            return tuple(self._step(event, merge) for event in validated)
        held = self._last(EventType.DEPLOY_HELD, subject)
        if held is not None:
            return tuple(_steps(held, Progress.HELD, f"until {held.details.get('shown')}"))
        if is_open:
            return (
                DeploymentStep("everything in this commit", Progress.PENDING, "to be judged with the facts of now"),
            )
        return ()

    def _was_found(self, commit: CommitSha) -> bool:
        """Return whether `commit` ever stood at the tip of a rewritten main."""
        told = self._history.all_of(frozenset({EventType.CONFIG_CHANGED}), "main")
        return any(event.details.get("found") == commit for event in told)

    def _step(self, validated: Event, merge: CommitSha) -> DeploymentStep:
        key = parse_key(validated.subject)
        outcome = self._outcome(key, merge)
        newest = self._history.validated(key)
        if outcome is not None and outcome.type is not EventType.DEPLOY_STARTED:
            return DeploymentStep(str(key), _OUTCOMES[outcome.type], str(outcome.details.get("message")))
        if newest is not None and newest.commit != merge:
            return DeploymentStep(str(key), Progress.SUPERSEDED, f"by commit {newest.commit[:12]}")
        if outcome is not None:
            return DeploymentStep(str(key), Progress.RUNNING, str(outcome.details.get("message")))
        return DeploymentStep(str(key), Progress.PENDING, "admitted; waiting for its turn")

    def _outcome(self, key: Key, merge: CommitSha) -> Event | None:
        events = self._history.all_of(frozenset(_OUTCOMES), str(key))
        return next((event for event in reversed(events) if event.details.get("commit") == merge), None)

    def _last(self, kind: EventType, subject: str) -> Event | None:
        return self._history.last_of(frozenset({kind}), subject)

    def _all(self, kind: EventType) -> tuple[Event, ...]:
        return self._history.all_of(frozenset({kind}))


def _steps(event: Event, progress: Progress, message: str) -> Iterator[DeploymentStep]:
    deployments = event.details.get("deployments")
    if isinstance(deployments, list):
        yield from (DeploymentStep(str(deployment), progress, message) for deployment in deployments)
