"""The version of the API we ask for, and what the next one would change for us: known, and closed.

GitHub's description tells the older version and, beside it, what the newer one breaks.
"""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import cast

import pytest

from controller.adapters.github.connection import API_VERSION, GitHubApp
from controller.adapters.github.reading import GitHubReader
from controller.adapters.github.writing import GitHubWriter
from controller.change.facts import ReviewState
from controller.decision.check import CheckRun, Conclusion
from controller.errors import UnavailableError
from controller.ownership.owner import TeamOwner
from controller.sandbox.rest.door import ROUTES
from controller.sandbox.rest.meta import API_VERSIONS
from tests.adapters.github.conftest import PATIENT, REPOSITORY, MemoryIndex, SandboxStage
from tests.sandbox.openapi import NEW, OLD, breaking_changes, validate_response

CHANGES = {
    "deprecate_beta_media_type": "answers lose `master_branch`, which is not read",
    "remove_has_downloads": "not read",
    "remove_pull_request_merge_commit_sha": "a merge cannot be attributed: this is why the older version is asked for",
    "remove_rate_limit_rate": "`resources.core` is read instead",
    "remove_singular_assignee_from_issues_and_pull_requests": "neither read nor sent",
    "remove_use_squash_pr_title_as_default": "not read",
}
"""Every change of the newer version to a call of ours, and what it would mean."""
NAMES = {"basehead": "main...topic", "tree_sha": "a" * 40}


@pytest.fixture
def newer(stage: SandboxStage) -> Iterator[GitHubApp]:
    """A connection that asks for the newer version."""
    known, url = stage.credentials, stage.sandbox.api_url
    app = GitHubApp(url, known.app_id, known.private_key, REPOSITORY, patience=PATIENT, api_version=NEW)
    yield app
    app.close()


def test_both_versions_are_described_and_the_older_is_asked_for() -> None:
    assert (OLD, NEW) == API_VERSIONS
    assert API_VERSION == OLD


def test_what_the_newer_version_changes_of_our_calls_is_known() -> None:
    """Another changeset means a new package of the description: look at it before it is believed."""
    found: dict[str, set[str]] = {}
    for route in ROUTES:
        path = "/".join(_filled(part) for part in route.path.split("/"))
        for change in breaking_changes(route.method, path):
            found.setdefault(change, set()).add(path)
    assert set(found) == set(CHANGES)


def _filled(part: str) -> str:
    return NAMES.get(part.strip("{}").partition(":")[0], "1") if part.startswith("{") else part


def test_an_answer_in_the_newer_version_is_told_as_that_describes_it(stage: SandboxStage, newer: GitHubApp) -> None:
    number = stage.open_topic()
    stage.merge(number, "dana", "merge")
    path = newer.path(f"/pulls/{number}")
    old = cast(Mapping[str, object], stage.app.get(path))
    new = cast(Mapping[str, object], newer.get(path))
    assert {"merge_commit_sha", "assignee"} <= old.keys() - new.keys()
    validate_response("GET", path, 200, new, version=NEW)
    with pytest.raises(AssertionError, match="merge_commit_sha"):
        validate_response("GET", path, 200, new, version=OLD)


def test_an_open_pull_request_reads_and_writes_the_same_in_both_versions(
    stage: SandboxStage, newer: GitHubApp, tmp_path: Path
) -> None:
    number = stage.open_topic()
    stage.review(number, "olga", ReviewState.APPROVED)
    reader = GitHubReader(newer, tmp_path)
    pull = stage.reader.pull_request(number)
    assert reader.pull_request(number) == pull
    assert reader.open_pull_requests() == stage.reader.open_pull_requests()
    assert reader.reviews(number) == stage.reader.reviews(number)
    assert reader.pushes(number) == stage.reader.pushes(number)
    between = stage.reader.compare("main", pull.head)
    assert reader.compare("main", pull.head) == between
    entries = stage.reader.snapshot(pull.head, between.head.tree).entries
    assert reader.snapshot(pull.head, between.head.tree).entries == entries
    blobs = frozenset(entry.blob for entry in entries.values())
    assert reader.contents(blobs) == stage.reader.contents(blobs)
    team = TeamOwner("acme", "platform")
    assert (reader.team_members(team), reader.may_write(team)) == (stage.reader.team_members(team), True)
    writer = GitHubWriter(newer, MemoryIndex())
    writer.write_check(CheckRun("dvo/policy", pull.head, Conclusion.FAILURE, "Denied", "Why", "", ()))
    writer.write_comment(number, "Hello")
    writer.request_reviews(number, [stage.account("rita")])
    assert stage.check(pull.head, "dvo/policy")[:2] == ("failure", "Denied")
    assert (stage.comments(number), stage.requested(number)) == (["Hello"], {"rita"})


def test_a_merge_cannot_be_attributed_in_the_newer_version_and_is_not_guessed(
    stage: SandboxStage, newer: GitHubApp, tmp_path: Path
) -> None:
    """ATTACKS 079: neither deployed nor taken for a direct push."""
    number = stage.open_topic()
    merge = stage.merge(number, "dana", "merge")
    reader = GitHubReader(newer, tmp_path)
    with pytest.raises(UnavailableError, match="merge_commit_sha"):
        reader.merged_pull_request(merge)
    with pytest.raises(UnavailableError, match="merge_commit_sha"):
        reader.pull_request(number)
