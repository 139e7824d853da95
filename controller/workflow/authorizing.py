"""May this person do this? The one authorization function, for every door that is no pull request.

The policies of main answer, as far as main was followed and without what was pushed there past everybody,
whatever asks. Every answer is an event; no answer, a late one, a malformed one and policies that cannot
be read are denials that say so.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from controller.change.leftovers import Leftovers, put_back
from controller.change.names import CommitSha
from controller.desired_state.environment import Tier
from controller.errors import InputError, PolicyError, StaleError, UnavailableError
from controller.identity.principal import Principal
from controller.ledger.event import EventType, Severity
from controller.policy.authorization import (
    Permission,
    Standing,
    authorization_document,
    standing_document,
)
from controller.policy.bundle import FOLDER, PolicyBundle
from controller.ports.journal import Mark
from controller.ports.policy_engine import PolicyEngine
from controller.workflow.chronicle import Chronicle
from controller.workflow.gathering import governing_blobs
from controller.workflow.previewing import policies_of
from controller.workflow.role_watch import RoleWatch
from controller.workflow.unadmitted import Unadmitted


@dataclass(frozen=True, slots=True)
class Granted:
    """The policy permits it; recorded under `event`, together with the marks that were to follow."""

    event: str


@dataclass(frozen=True, slots=True)
class Denied:
    """It is not permitted, or nobody could say; recorded too."""

    reason: str


@dataclass(frozen=True, slots=True)
class Entry:
    """At which door somebody asks, about what, what of it is worth keeping, and what follows a grant."""

    door: str
    """``comment``, ``button``, ``api`` ..."""
    subject: str
    details: Mapping[str, object] = field(default_factory=dict)
    marks: tuple[Mark, ...] = ()


class Authorizing:
    """Asks the policies of the governed branch."""

    def __init__(self, unadmitted: Unadmitted, engine: PolicyEngine, chronicle: Chronicle, branch: str) -> None:
        """Read the policies of `branch` without what is `unadmitted`, ask `engine`, record with `chronicle`."""
        self._unadmitted = unadmitted
        self._trees = unadmitted.trees
        self._engine = engine
        self._chronicle = chronicle
        self._watch = RoleWatch(chronicle)
        self._known: tuple[CommitSha, Leftovers, PolicyBundle] | None = None
        self._branch = branch

    def may(
        self, principal: Principal | None, permission: Permission, entry: Entry, tier: Tier | None = None
    ) -> Granted | Denied:
        """Return whether `principal` (None: somebody the directory does not know) has `permission`, and record it.

        Raises `UnavailableError` when the journal does not take it; nothing is then permitted.
        """
        reason = self._obstacle(principal, permission, tier)
        details = {"permission": permission.value, "door": entry.door, **entry.details}
        actor = "stranger" if principal is None else principal.id
        if reason is None:
            granted = self._chronicle.event(EventType.AUTHZ_GRANTED, entry.subject, details, actor=actor)
            self._chronicle.record((granted,), entry.marks)
            return Granted(granted.id)
        denied = self._chronicle.event(
            EventType.AUTHZ_DENIED, entry.subject, {**details, "reason": reason}, actor=actor, severity=Severity.WARNING
        )
        self._chronicle.record((denied,))
        return Denied(reason)

    def standing(self, principal: Principal) -> Standing:
        """Return which roles and permissions `principal` has, and which groups give them.

        Raises `PolicyError` when the policies do not say, `UnavailableError`, `StaleError` and
        `InputError` when they cannot be asked; there is then no role.
        """
        standing = self._engine.standing(self.policies(), standing_document(principal))
        self._watch.saw({principal.id: standing.roles.keys()})
        return standing

    def _obstacle(self, principal: Principal | None, permission: Permission, tier: Tier | None) -> str | None:
        if principal is None:
            return "the directory does not know this account"
        try:
            is_allowed = self._engine.authorize(self.policies(), authorization_document(principal, permission, tier))
        except PolicyError as error:
            return f"the policies of {self._branch} do not say: {error}"
        except (UnavailableError, StaleError, InputError) as error:
            return f"the policies could not be asked: {error}"
        return None if is_allowed else f"no group of theirs gives {permission}"

    def policies(self) -> PolicyBundle:
        """Return the policies of the governed branch as they were admitted.

        Raises `PolicyError` for policies that cannot be read, `UnavailableError` and `StaleError` when the
        code host does not answer.
        """
        main, known = self._chronicle.history.main(), self._known
        tip = self._trees.tip(self._branch) if main is None else main.tip
        left = {path: one for path, one in self._unadmitted.leftovers().items() if path.startswith(FOLDER)}
        if known is None or known[:2] != (tip, left):
            commit = self._trees.compare(tip, tip).base
            tree = put_back(left, self._trees.snapshot(commit.sha, commit.tree))
            known = tip, left, policies_of(tree, self._trees.contents(governing_blobs(tree)))
            self._known = known
        return known[2]
