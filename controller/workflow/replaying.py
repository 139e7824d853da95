"""Ask recorded questions again: does the same policy answer the same, and what would another one answer?

Questions go to the engine several at once, ordered by policy, so that each is started once.
The two outcomes are never mixed: a decision of the same policy either reproduces or is an
error; one of another policy either stands or flips.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass

from controller.errors import PolicyError
from controller.ledger.event import Event, EventType
from controller.policy.answer import Answer
from controller.policy.bundle import PolicyBundle
from controller.policy.recorded import Recorded, read_recorded
from controller.policy.replay import Flip, differences, flip_of, in_order, unanswered_flip
from controller.ports.policy_engine import PolicyEngine

_ABREAST = 64
"""So many questions are on their way at once where there is a pool; a failure is seen after no more than these."""


@dataclass(frozen=True, slots=True)
class Irreproducible:
    """A recorded decision that its own policy does not give again."""

    decision: Recorded
    differences: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Reproduction:
    """How recorded decisions fared with the very policies that took them."""

    replayed: int
    differing: tuple[Irreproducible, ...]
    unknown: Mapping[str, tuple[Recorded, ...]]
    """By revision: decisions whose policy nobody here has."""

    @property
    def is_exact(self) -> bool:
        """Whether every decision was reproduced; nothing replayed proves nothing wrong."""
        return not self.differing and not self.unknown


@dataclass(frozen=True, slots=True)
class Comparison:
    """How recorded decisions would fare with another policy."""

    revision: str
    replayed: int
    flips: tuple[Flip, ...]
    """Deny-to-allow first."""


def recorded_decisions(events: Iterable[Event]) -> Iterator[Recorded]:
    """Yield the decisions that `events` tell of, in their order. Raises `InputError` for an old version."""
    for event in events:
        if event.type is EventType.POLICY_EVALUATED:
            decision = read_recorded(event.id, event.subject, event.at, event.details)
            if decision is not None:
                yield decision


class Replaying:
    """Replays decisions on an engine, several at once on a pool."""

    def __init__(
        self, engine: PolicyEngine, pool: Executor | None = None, progress: Callable[[int], None] = lambda _: None
    ) -> None:
        """Ask `engine` on `pool`, else one after another; `progress` is told of every answer how many there are.

        What it raises ends the replay there, without another question.
        """
        self._engine = engine
        self._map = map if pool is None else pool.map
        self._progress = progress

    def reproduce(self, decisions: Sequence[Recorded], policies: Mapping[str, PolicyBundle]) -> Reproduction:
        """Ask every decision of the policy that took it; `policies` are keyed by revision.

        Raises `UnavailableError` when the engine does.
        """
        by_revision: defaultdict[str, list[Recorded]] = defaultdict(list)
        for decision in decisions:
            by_revision[decision.answer.revision].append(decision)
        unknown = {revision: tuple(found) for revision, found in by_revision.items() if revision not in policies}
        differing: list[Irreproducible] = []
        replayed = 0
        for revision in by_revision.keys() - unknown.keys():
            for decision, answer in self._answers(by_revision[revision], policies[revision]):
                replayed += 1
                said = (answer,) if isinstance(answer, str) else differences(decision.answer, answer)
                if said:
                    differing.append(Irreproducible(decision, said))
        differing.sort(key=lambda one: (one.decision.at, one.decision.entry))
        return Reproduction(replayed, tuple(differing), unknown)

    def compare(self, decisions: Sequence[Recorded], bundle: PolicyBundle) -> Comparison:
        """Return what `bundle` would make of `decisions`, whatever policy took them.

        Raises `UnavailableError` when the engine does.
        """
        flips = []
        for decision, answer in self._answers(decisions, bundle):
            flip = unanswered_flip(decision, answer) if isinstance(answer, str) else flip_of(decision, answer)
            if flip is not None:
                flips.append(flip)
        return Comparison(bundle.digest, len(decisions), in_order(flips))

    def _answers(self, decisions: Sequence[Recorded], bundle: PolicyBundle) -> Iterator[tuple[Recorded, Answer | str]]:
        done = 0
        for start in range(0, len(decisions), _ABREAST):
            batch = decisions[start : start + _ABREAST]
            for pair in zip(batch, self._map(lambda one: self._ask(bundle, one), batch), strict=True):
                done += 1
                self._progress(done)
                yield pair

    def _ask(self, bundle: PolicyBundle, decision: Recorded) -> Answer | str:
        try:
            return self._engine.decide(bundle, decision.document)
        except PolicyError as error:
            return str(error)
