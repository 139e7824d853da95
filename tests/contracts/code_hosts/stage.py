"""The stage of the code host's contract: a repository, what the controller holds of it, and what people do there.

The repository has the files of `BEGINNING`, the people dana, olga and rita, the team acme/platform with olga in it,
rick and the team acme/readers (also olga) who may only read, and the secret team acme/hidden (olga again) that may
write.
"""

from collections.abc import Mapping
from typing import Protocol

from controller.change.facts import Account, ReviewState
from controller.change.names import CommitSha
from controller.ports.code_host import CodeHostWriter, OwnerReader, PullRequestReader, TreeReader
from controller.ports.merge_queue import MergeQueueReader
from controller.ports.proposer import Proposer

MANIFEST = "environments/development/anl.yaml"
BEGINNING: Mapping[str, bytes] = {
    "README.md": b"Agents of acme\n",
    "CODEOWNERS": b"* @acme/platform\n",
    MANIFEST: b"version: 1.0.0\n",
    "environments/production/environment.yaml": b"tier: production\n",
    "agents/anl/agent.yaml": b"code: ANL\n",
    "agents/anl/instructions/main.md": b"Analyse.\n",
    "policies/rego/dvo.rego": b"package dvo\n",
    "src/tool.py": b"print()\n",
}


class Reader(PullRequestReader, TreeReader, OwnerReader, Protocol):
    """All sides of reading."""


class Stage(Protocol):
    """A repository, what the controller holds of it, and what people can do there."""

    @property
    def reader(self) -> Reader:
        """Return how the controller reads."""
        ...

    @property
    def writer(self) -> CodeHostWriter:
        """Return how the controller writes."""
        ...

    def account(self, login: str) -> Account:
        """Return whose login this is."""
        ...

    def push(self, branch: str, files: Mapping[str, bytes | None], by: str) -> CommitSha:
        """Put a commit on a branch, made from main when it is new."""
        ...

    def move(self, branch: str, commit: CommitSha, by: str) -> None:
        """Force-push a branch to a commit there is."""
        ...

    def open(self, branch: str, by: str) -> int:
        """Open a pull request from a branch to main."""
        ...

    def review(self, number: int, by: str, state: ReviewState) -> int:
        """Review the head of a pull request and return the review's id."""
        ...

    def dismiss(self, number: int, review: int) -> None:
        """Dismiss a review."""
        ...

    def merge(self, number: int, by: str, method: str) -> CommitSha:
        """Merge a pull request and return the new tip of main."""
        ...

    @property
    def proposer(self) -> Proposer:
        """Return how the controller opens pull requests."""
        ...

    @property
    def queue(self) -> MergeQueueReader:
        """Return how the controller reads the merge queue."""
        ...

    def enqueue(self, number: int, by: str, method: str) -> None:
        """Put a pull request into the merge queue of main, which takes one with the first of them."""
        ...

    def close(self, number: int) -> None:
        """Close a pull request."""
        ...

    def check(self, commit: CommitSha, name: str) -> tuple[str | None, str, int]:
        """Return conclusion, title and number of annotations of the check that stands."""
        ...

    def comments(self, number: int) -> list[str]:
        """Return the controller's comments."""
        ...

    def requested(self, number: int) -> set[str]:
        """Return who is asked to review."""
        ...

    def writes(self) -> int:
        """Return how often something was written so far."""
        ...
