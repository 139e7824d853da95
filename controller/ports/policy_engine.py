"""Who judges: a policy engine that answers questions on one bundle."""

from collections.abc import Mapping
from typing import Protocol

from controller.policy.answer import Answer
from controller.policy.authorization import Standing
from controller.policy.bundle import PolicyBundle


class PolicyEngine(Protocol):
    """Answers `data.dvo.decision` and what `data.dvo.authz` holds for an input, on exactly the bundle given."""

    def decide(self, bundle: PolicyBundle, document: Mapping[str, object]) -> Answer:
        """Return the answer of `bundle` to `document`.

        Raises `PolicyError` when the bundle does not compile, is undefined for the question,
        or answers anything malformed; `UnavailableError` when the engine is dead or slow, or
        another revision answered.
        """
        ...

    def authorize(self, bundle: PolicyBundle, document: Mapping[str, object]) -> bool:
        """Return whether `bundle` allows what `document` asks (see `controller.policy.authorization`).

        Raises as `decide` does; whoever asks takes every such error for a denial.
        """
        ...

    def standing(self, bundle: PolicyBundle, document: Mapping[str, object]) -> Standing:
        """Return which roles and permissions `bundle` gives to the groups in `document`. Raises as `decide` does."""
        ...
