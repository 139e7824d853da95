"""What would policy say if somebody proposed this deployment at that time? Asked of main's policies.

A simulation: the manifest stands in no tree, nothing is recorded but who asked about whom, and
nothing follows from the answer. Approvals are unknown. What is proposed is one manifest on the
tip of the governed branch, judged by the same code as a pull request.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from controller.approval.approvals import Approvals
from controller.change.facts import FileMode, Snapshot, TreeEntry
from controller.change.names import ObjectId, RepoPath
from controller.decision.deciding import Case, decide
from controller.decision.verdict import Judgement
from controller.desired_state.manifest import Key
from controller.desired_state.problem import Problem
from controller.desired_state.proposal import Proposal, propose
from controller.desired_state.reading import read_manifest
from controller.desired_state.scope import blobs_to_read
from controller.identity.participants import Participants
from controller.identity.principal import Principal
from controller.policy.answer import Answer
from controller.policy.authorization import Permission
from controller.policy.bundle import PolicyBundle
from controller.policy.document import policy_document
from controller.policy.question import Purpose, Question
from controller.ports.directory import Directory
from controller.ports.policy_engine import PolicyEngine
from controller.workflow.authorizing import Authorizing, Denied, Entry
from controller.workflow.break_glass import BreakGlassHistory
from controller.workflow.chronicle import Chronicle
from controller.workflow.gathering import Gatherer, governing_blobs
from controller.workflow.previewing import policies_of
from controller.workflow.proving import Proving

SUBJECT = "policies/evaluate"


@dataclass(frozen=True, slots=True)
class Supposed:
    """What is supposed: which manifest, proposed by whom and when."""

    key: Key
    manifest: bytes
    login: str | None
    """Who would propose it; None: whoever asks."""
    at: datetime | None
    """None: now."""


@dataclass(frozen=True, slots=True)
class Simulation:
    """What policy would say."""

    judgement: Judgement
    answer: Answer
    author: Principal | None
    at: datetime


class Simulating:
    """Asks main's policies about manifests that nobody proposed."""

    def __init__(
        self,
        gatherer: Gatherer,
        directory: Directory,
        engine: PolicyEngine,
        authorizing: Authorizing,
        chronicle: Chronicle,
    ) -> None:
        """Read main through `gatherer` and people from `directory`; ask `engine`, `authorizing` and `chronicle`."""
        self._gatherer = gatherer
        self._directory = directory
        self._engine = engine
        self._authorizing = authorizing
        self._chronicle = chronicle

    def policies(self, principal: Principal) -> PolicyBundle | Denied:
        """Return main's policies, or why `principal` may not see them.

        Raises `PolicyError` for policies that cannot be read, `UnavailableError` and `StaleError` when a part
        does not answer.
        """
        refusal = self._refusal(principal, Permission.VIEW_STATUS, Entry("api", "policies"))
        return self._authorizing.policies() if refusal is None else refusal

    def simulate(self, principal: Principal, supposed: Supposed) -> Simulation | Denied | tuple[Problem, ...]:
        """Return what policy would say, why `principal` may not ask, or what is wrong with the manifest.

        Raises `UnavailableError` and `StaleError` when a part does not answer, `PolicyError` when the policies
        give no valid answer.
        """
        author, refusal = self._author(principal, supposed.login)
        if refusal is not None:
            return refusal
        path = _path(supposed.key)
        problems = read_manifest(path, supposed.manifest).problems
        if problems:
            return problems
        before, proposal, contents = self._proposal(path, supposed.manifest)
        at = supposed.at or self._chronicle.now()
        question = self._question(proposal, author, at)
        policies = policies_of(before, contents)
        document = policy_document(question)
        answer = self._engine.decide(policies, document)
        case = _case(before, proposal, question, answer)
        path_to_green = Proving(self._engine, self._gatherer.pool).path(policies, document, answer)
        return Simulation(decide(replace(case, path=path_to_green)), answer, author, at)

    def _author(self, principal: Principal, login: str | None) -> tuple[Principal | None, Denied | None]:
        """Return who would propose; about somebody else one must be allowed to ask, and that leaves an event."""
        refusal = self._refusal(principal, Permission.VALIDATE, Entry("api", SUBJECT))
        if refusal is not None or login is None or login.lower() == principal.login.lower():
            return principal, refusal
        found = self._directory.look_up(frozenset(), frozenset(), frozenset({login})).by_login.get(login.lower())
        about = {"about": "stranger" if found is None else found.id}
        return found, self._refusal(principal, Permission.VIEW_AUDIT, Entry("api", SUBJECT, about))

    def _refusal(self, principal: Principal, permission: Permission, entry: Entry) -> Denied | None:
        answer = self._authorizing.may(principal, permission, entry)
        return answer if isinstance(answer, Denied) else None

    def _proposal(self, path: RepoPath, manifest: bytes) -> tuple[Snapshot, Proposal, Mapping[ObjectId, bytes]]:
        """Return main's tip, what the manifest on it would change, and the bytes that takes."""
        before = self._gatherer.tip()
        blob = _blob(manifest)
        after = replace(before, entries={**before.entries, path: TreeEntry(FileMode.REGULAR, blob)})
        wanted = (blobs_to_read(before, after) | governing_blobs(before)) - {blob}
        contents = {**self._gatherer.contents(wanted), blob: manifest}
        return before, propose(before, after, contents, self._chronicle.history.published()), contents

    def _question(self, proposal: Proposal, author: Principal | None, at: datetime) -> Question:
        return Question(
            purpose=Purpose.SIMULATION,
            now=at,
            author=None if author is None else author.id,
            requester=None,
            people={} if author is None else {author.id: author},
            proposal=proposal,
            evidence=self._chronicle.history.evidence(),
            reviews=BreakGlassHistory(self._chronicle.history).open_reviews(),
        )


def _path(key: Key) -> RepoPath:
    return RepoPath(f"environments/{key.environment}/{key.agent.lower()}.yaml")


def _blob(content: bytes) -> ObjectId:
    """Return the id Git would give `content`; it is put nowhere."""
    return ObjectId(hashlib.sha1(b"blob %d\0" % len(content) + content, usedforsecurity=False).hexdigest())


def _case(before: Snapshot, proposal: Proposal, question: Question, answer: Answer) -> Case:
    taking_part = {question.author: "author"} if question.author else {}
    return Case(
        commit=before.commit,
        is_draft=False,
        proposal=proposal,
        conflicts=(),
        participants=Participants(question.author, None, taking_part, (), pusher_is_known=True),
        document=policy_document(question),
        answer=answer,
        approvals=Approvals(counted=(), discounted=(), missing=(), objections=()),
        now=question.now,
        people=question.people,
    )
