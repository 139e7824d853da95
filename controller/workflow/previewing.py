"""Preview the policies that a change brings: compile them, and replay what was decided.

The policies of a pull request are run before anybody approved them. That is no more than
evaluating data: the OPA that runs them has no network, clock, chance or environment, no
memory or time beyond a bound, answers on a socket of its own, and what it says decides
nothing but what the check shows and whether an administrator must approve. Whoever can open
the pull request can already make the controller parse a file; a bound is what both need.
"""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

from controller.change.facts import Change, Snapshot
from controller.change.names import Digest, ObjectId
from controller.change.overlay import overlay
from controller.desired_state.problem import Problem
from controller.desired_state.tree import unreadable
from controller.errors import InputError, PolicyError, UnavailableError
from controller.ledger.event import EventType
from controller.policy.bundle import FOLDER, PolicyBundle, place_of, policy_bundle
from controller.policy.company import CompanyRule, company_rules
from controller.policy.company_note import company_note_problems
from controller.policy.preview import PolicyPreview
from controller.policy.question import Purpose
from controller.policy.recorded import Recorded, read_recorded
from controller.ports.policy_engine import PolicyEngine
from controller.workflow.blaming import rule_to_blame
from controller.workflow.history import History
from controller.workflow.replaying import Replaying

_NEWEST = 500
"""Decisions replayed for one preview; `dvo policy replay` takes all of them."""
_SECONDS = 20.0
"""What one preview may take, looked at after every answer; each answer has a bound of its own."""
_REMEMBERED = 50
_MOST_BLAMED = 5
"""So many rules are left out, one after another, to find the one at fault."""
_NO_FILE, _ = place_of("")

Tried = PolicyPreview | tuple[Problem, ...]


class Previewing:
    """Tries policies before they are in force."""

    def __init__(self, engine: PolicyEngine, history: History, monotonic: Callable[[], float] = time.monotonic) -> None:
        """Ask `engine`; replay what `history` tells was decided."""
        self._engine = engine
        self._history = history
        self._monotonic = monotonic
        self._known: dict[tuple[object, ...], PolicyPreview] = {}
        self._to_blame: dict[Digest, CompanyRule | None] = {}

    def preview(self, change: Change, document: Mapping[str, object], purpose: Purpose) -> Tried | None:
        """Return what the policies `change` brings would do, or what is wrong with them; None when it brings none.

        They must at least be able to answer the question about this very change, `document`: on main they
        would be asked about their own mending.

        Raises `UnavailableError` when a merge cannot be previewed now: it is judged again.
        """
        after = overlay(change.base, change.merge_base, change.head).snapshot
        try:
            bundle = policies_of(after, change.contents)
        except PolicyError as error:
            return (_problem(str(error)),)
        if not _differ(after, change.base):
            return None
        rules = _changed_rules(bundle, after, change.base)
        decisions = self._decisions(f"pull/{change.pull_request.number}", purpose)
        return company_note_problems(bundle.files, rules) or self._tried(bundle, document, rules, decisions, purpose)

    def _tried(
        self,
        bundle: PolicyBundle,
        document: Mapping[str, object],
        suspects: Sequence[CompanyRule],
        decisions: tuple[Recorded, ...],
        purpose: Purpose,
    ) -> Tried:
        key = (bundle.digest, decisions[-1].entry if decisions else None, len(decisions))
        try:
            self._engine.decide(bundle, document)
            # Whatever fails from here on, all of them have answered once.
            suspects = ()
            if key not in self._known:
                self._remember(key, self._replayed(bundle, decisions))
        except PolicyError as error:
            message = f"The policies this brings give no valid answer: {error}"
        except UnavailableError as error:
            if purpose is Purpose.DEPLOYMENT:
                raise
            message = f"The policies this brings give no answer in time, or nobody can ask them here: {error}"
        else:
            return self._known[key]
        return (self._placed(_problem(message), bundle, document, suspects),)

    def _placed(
        self,
        problem: Problem,
        bundle: PolicyBundle,
        document: Mapping[str, object],
        rules: Sequence[CompanyRule],
    ) -> Problem:
        """Return `problem` at the one of `rules` without which there is an answer, where it names no file itself."""
        if problem.path != _NO_FILE or not rules:
            return problem
        if bundle.digest not in self._to_blame:
            if len(self._to_blame) >= _REMEMBERED:
                self._to_blame.clear()
            self._to_blame[bundle.digest] = rule_to_blame(self._engine, bundle, document, rules[:_MOST_BLAMED])
        blamed = self._to_blame[bundle.digest]
        if blamed is None:
            return problem
        message = f"{problem.message}; without {blamed.id} there is one"
        return replace(problem, path=blamed.path, line=blamed.line, message=message)

    def _replayed(self, bundle: PolicyBundle, decisions: tuple[Recorded, ...]) -> PolicyPreview:
        flips = Replaying(self._engine, progress=self._within_bound()).compare(decisions, bundle).flips
        return PolicyPreview(bundle.digest, len(decisions), flips)

    def _remember(self, key: tuple[object, ...], preview: PolicyPreview) -> None:
        if len(self._known) >= _REMEMBERED:
            self._known.clear()
        self._known[key] = preview

    def _within_bound(self) -> Callable[[int], None]:
        ends = self._monotonic() + _SECONDS

        def progress(done: int) -> None:
            if self._monotonic() > ends:
                raise PolicyError(f"the policies this brings are too slow: {done} decisions took {_SECONDS:.0f} s")

        return progress

    def _decisions(self, own: str, purpose: Purpose) -> tuple[Recorded, ...]:
        """Return the newest decisions on other changes; for a merge those that its admission knew of."""
        found: list[Recorded] = []
        known = 0
        for event in self._history.all_of(frozenset({EventType.POLICY_EVALUATED})):
            if event.subject == own:
                known = len(found)
                continue
            try:
                decision = read_recorded(event.id, event.subject, event.at, event.details)
            except InputError:
                continue  # of another version: `dvo policy replay` names it, and no pull request can mend it
            if decision is not None:
                found.append(decision)
        return tuple((found[:known] if purpose is Purpose.DEPLOYMENT else found)[-_NEWEST:])


def _differ(one: Snapshot, other: Snapshot) -> bool:
    """Return whether the policies of two trees are others."""
    first, second = (
        {path: entry for path, entry in tree.entries.items() if path.startswith(FOLDER)} for tree in (one, other)
    )
    return first != second


def _changed_rules(bundle: PolicyBundle, after: Snapshot, before: Snapshot) -> tuple[CompanyRule, ...]:
    rules = company_rules(bundle.files)
    return tuple(rule for rule in rules if after.entries[rule.path] != before.entries.get(rule.path))


def policies_of(tree: Snapshot, contents: Mapping[ObjectId, bytes]) -> PolicyBundle:
    """Return the policies in `tree`; a change is always judged by those of its base.

    Raises `PolicyError` when one of the files cannot be read.
    """
    entries = {path: entry for path, entry in tree.entries.items() if path.startswith(FOLDER)}
    for path, entry in sorted(entries.items()):
        if entry.blob not in contents:
            raise PolicyError(str(unreadable(path)))
    return policy_bundle({path.removeprefix(FOLDER): contents[entry.blob] for path, entry in entries.items()})


def _problem(message: str) -> Problem:
    path, line = place_of(message)
    return Problem(path, line, 1, message, "Mend the policy; `dvo policy test` and `dvo policy replay` try it locally.")
