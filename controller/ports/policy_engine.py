"""Who judges: a policy engine that answers one question on one bundle."""

from collections.abc import Mapping
from typing import Protocol

from controller.policy.answer import Answer
from controller.policy.bundle import PolicyBundle


class PolicyEngine(Protocol):
    """Answers `data.dvo.decision` for an input, on exactly the bundle given."""

    def decide(self, bundle: PolicyBundle, document: Mapping[str, object]) -> Answer:
        """Return the answer of `bundle` to `document`.

        Raises `PolicyError` when the bundle does not compile, is undefined for the question,
        or answers anything malformed; `UnavailableError` when the engine is dead or slow, or
        another revision answered.
        """
        ...
