"""The life of a change, from a pull request to a verified ledger, told by what people and auditors see.

Each fixture is one step of the story and needs those before it; each test says what must be
true after a step.
"""

import re
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest

from controller.ledger.event import EventType, Severity
from tests.end_to_end.edits import DEVELOPMENT, PRODUCTION, STAGING, edited, moved, new_release
from tests.end_to_end.process import DVO
from tests.end_to_end.waiting import until
from tests.end_to_end.world import Check, World, world

SATURDAY = datetime(2027, 3, 13, 10, 0, tzinfo=UTC)
MONDAY = datetime(2027, 3, 15, 8, 0, 5, tzinfo=UTC)  # 09:00:05 in Berlin
_ENDPOINT = re.compile(r"http://127\.0\.0\.1:[0-9]+")


@dataclass(frozen=True, slots=True)
class Deployed:
    """A change that went out: its pull request, its merge, and where the agent answers."""

    number: int
    merge: str
    endpoint: str


def endpoint(check: Check) -> str:
    found = _ENDPOINT.search(check.summary.replace("\\", "").replace("`", ""))
    assert found is not None, check.summary
    return found.group()


def bring(week: World, login: str, path: str, pin: dict[str, object]) -> Deployed:
    number = week.propose(login, {path: moved(week.file(path), pin)})
    week.green(number)
    merge = week.merge(login, number)
    return Deployed(number, merge, endpoint(week.deployed(merge)))


def health(address: str) -> dict[str, object]:
    return dict(httpx.get(f"{address}/health", timeout=10, trust_env=False).json())


@pytest.fixture(scope="module")
def week(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with world(tmp_path_factory.mktemp("week")) as made:
        yield made


@pytest.fixture(scope="module")
def pin(week: World) -> dict[str, object]:
    """Release 1.1.0 of the analyst, published."""
    files, fields = new_release("1.1.0")
    number = week.propose("dana-dev", files, "ANL 1.1.0")
    week.check(number, "dvo/policy", "success")
    week.check(number, "dvo/approval", "action_required", "omar-ops")
    week.person("omar-ops").approve(number)
    week.green(number)
    week.check(week.merge("omar-ops", number), "dvo/deploy", "success")
    return fields


@pytest.fixture(scope="module")
def in_development(week: World, pin: dict[str, object]) -> Deployed:
    return bring(week, "dana-dev", DEVELOPMENT, pin)


@pytest.fixture(scope="module")
def refused(week: World, pin: dict[str, object]) -> tuple[int, Check]:
    """The developer's pull request to production, closed again."""
    number = week.propose("dana-dev", {PRODUCTION: moved(week.file(PRODUCTION), pin)})
    check = week.check(number, "dvo/policy", "failure")
    week.withdraw("dana-dev", number)
    return number, check


@pytest.fixture(scope="module")
def in_staging(week: World, refused: tuple[int, Check], pin: dict[str, object]) -> Deployed:
    return bring(week, "omar-ops", STAGING, pin)


@pytest.fixture(scope="module")
def proposed(week: World, in_staging: Deployed, pin: dict[str, object]) -> int:
    """The operator's pull request to production, waiting for its approval."""
    return week.propose("omar-ops", {PRODUCTION: moved(week.file(PRODUCTION), pin)})


@pytest.fixture(scope="module")
def voided(week: World, proposed: int) -> Check:
    """The approval check after an approval and another push."""
    week.check(proposed, "dvo/approval", "action_required")
    week.person("rita-release").approve(proposed)
    week.green(proposed)
    more = edited(week.file(PRODUCTION, week.branch(proposed)), replicas=3)
    week.person("omar-ops").commit(week.branch(proposed), {PRODUCTION: more}, "Three replicas")
    return week.check(proposed, "dvo/approval", "action_required", "Waiting for 1 approval")


@pytest.fixture(scope="module")
def in_production(week: World, proposed: int, voided: Check) -> Deployed:
    week.person("rita-release").approve(proposed)
    week.green(proposed)
    merge = week.merge("omar-ops", proposed)
    return Deployed(proposed, merge, endpoint(week.deployed(merge)))


@pytest.fixture(scope="module")
def held(week: World, in_production: Deployed) -> Deployed:
    """A change of production, approved, merged and held on a Saturday; the endpoint is that from before."""
    week.clock.move(SATURDAY)
    number = week.propose("omar-ops", {PRODUCTION: edited(week.file(PRODUCTION), replicas=4)})
    week.check(number, "dvo/policy", "success", "Passed; will be held until Mon 2027-03-15 09:00 Europe/Berlin")
    week.person("rita-release").approve(number)
    week.green(number)
    merge = week.merge("omar-ops", number)
    week.check(merge, "dvo/deploy", None, "production/ANL held: until Mon 2027-03-15 09:00 Europe/Berlin")
    return Deployed(number, merge, in_production.endpoint)


@pytest.fixture(scope="module")
def on_monday(week: World, held: Deployed) -> Deployed:
    assert health(held.endpoint)["status"] == "healthy"
    week.clock.move(MONDAY)
    return Deployed(held.number, held.merge, endpoint(week.deployed(held.merge)))


@pytest.fixture(scope="module")
def pushed(week: World, on_monday: Deployed) -> str:
    """A commit of an administrator straight to main."""
    content = edited(week.file(PRODUCTION), replicas=9)
    commit = week.person("ada-admin").commit("main", {PRODUCTION: content}, "Quick fix")

    def look() -> Check | None:
        # The code host is given some seconds to tell of a pull request; in this story they pass quickly.
        week.clock.move(week.clock.now() + timedelta(seconds=5))
        return week.checks(commit).get("dvo/deploy")

    until(look, "a word about the push")
    return commit


def test_a_developer_brings_a_release_to_development_and_it_answers(week: World, in_development: Deployed) -> None:
    assert health(in_development.endpoint)["status"] == "healthy"
    question = {"input": "Is the uplift of this campaign significant?"}
    answer = httpx.post(f"{in_development.endpoint}/invoke", json=question, timeout=10, trust_env=False)
    assert answer.status_code == 200
    assert answer.json()["capability"]
    assert answer.json()["answer"]
    assert week.instances() == [health(in_development.endpoint)["instance"]]


def test_the_same_developer_is_refused_at_production_with_every_reason_at_its_line(
    week: World, refused: tuple[int, Check], pin: dict[str, object]
) -> None:
    number, check = refused
    assert check.title.startswith(
        "Refused: A change of ANL in production, of the production tier, must be proposed by an "
    )
    assert check.title.endswith("; and 1 more reason")
    version = 1 + moved(week.file(PRODUCTION), pin).decode().splitlines().index("version: 1.1.0")
    at_version = " ".join(note.says for note in check.notes if (note.path, note.line) == (PRODUCTION, version))
    assert "must be proposed by an operator" in at_version
    assert "open the same change from an operator's account" in at_version
    assert "has not run healthy in a staging environment" in at_version
    assert "Promote this version to staging first" in at_version
    with pytest.raises(httpx.HTTPStatusError):
        week.merge("dana-dev", number)


def test_an_operator_brings_it_to_staging(week: World, in_staging: Deployed) -> None:
    assert health(in_staging.endpoint)["status"] == "healthy"
    assert week.checks(week.head(in_staging.number))["dvo/approval"].title == "No approval needed"


def test_production_waits_for_a_release_manager_and_names_them(week: World, voided: Check) -> None:
    assert voided.title == "Waiting for 1 approval: ravi-release or rita-release"


def test_the_authors_own_approval_is_not_taken(week: World, proposed: int) -> None:
    with pytest.raises(httpx.HTTPStatusError, match="422"):
        week.person("omar-ops").approve(proposed)


def test_another_push_that_changes_the_effect_voids_the_approval(voided: Check) -> None:
    assert "approved another effect" in voided.summary
    assert "rita-release" in voided.summary


def test_approved_again_it_goes_to_production(week: World, in_production: Deployed) -> None:
    assert week.checks(week.head(in_production.number))["dvo/approval"].title == "Approved by rita-release"
    # By now a later change runs there; what went out first is told by the ledger.
    completed = [
        event
        for event in week.events(EventType.DEPLOY_COMPLETED, "production/ANL")
        if event.details["commit"] == in_production.merge
    ]
    assert len(completed) == 1


def test_what_was_merged_on_a_saturday_goes_out_by_itself_on_monday(
    week: World, held: Deployed, on_monday: Deployed
) -> None:
    assert on_monday.endpoint != held.endpoint
    [event] = week.events(EventType.DEPLOY_HELD, f"merge/{held.merge}")
    assert event.details["until"] == "2027-03-15T08:00:00+00:00"
    [started] = [
        event
        for event in week.events(EventType.DEPLOY_STARTED, "production/ANL")
        if event.details["commit"] == held.merge
    ]
    assert started.at >= datetime(2027, 3, 15, 8, 0, tzinfo=UTC)


def test_a_push_past_everybody_is_refused_and_reported_and_changes_nothing(
    week: World, on_monday: Deployed, pushed: str
) -> None:
    """ATTACKS 079."""
    week.check(
        pushed, "dvo/deploy", "failure", "everything in this commit refused: pushed to main without a pull request"
    )
    [event] = until(lambda: week.events(EventType.DEPLOY_REFUSED, f"commit/{pushed}") or None, "the refusal's entry")
    assert event.severity is Severity.CRITICAL
    assert week.instances("production/anl") == [health(on_monday.endpoint)["instance"]]


def test_every_effect_was_announced_before(week: World, on_monday: Deployed) -> None:
    told = [
        (event.type, event.details.get("commit"))
        for event in week.events()
        if event.type in {EventType.DEPLOY_STARTED, EventType.DEPLOY_COMPLETED}
    ]
    completed = [index for index, (kind, _) in enumerate(told) if kind is EventType.DEPLOY_COMPLETED]
    assert len(completed) == 4
    assert all(told[index - 1] == (EventType.DEPLOY_STARTED, told[index][1]) for index in completed)


def audited(week: World, ledger: Path) -> subprocess.CompletedProcess[str]:
    command = [str(DVO), "audit", "verify", str(ledger), "--allowed-signers", str(week.signers)]
    return subprocess.run(command, env=week.environment, capture_output=True, text=True, check=False)


def test_the_auditor_finds_the_ledger_whole(week: World, pushed: str) -> None:
    until(lambda: week.events(EventType.DEPLOY_REFUSED, f"commit/{pushed}") or None, "the last entry")
    outcome = audited(week, week.ledger)
    assert (outcome.returncode, outcome.stderr) == (0, "")
    assert "holds" in outcome.stdout


def test_the_auditor_names_the_entry_of_a_flipped_byte(week: World, pushed: str, tmp_path: Path) -> None:
    copy = tmp_path / "ledger"
    shutil.copytree(week.ledger, copy)
    listed = subprocess.run(
        ["git", "--git-dir", copy, "ls-tree", "-r", "main", "--", "ledger"], capture_output=True, text=True, check=True
    ).stdout.splitlines()
    line = listed[len(listed) // 2]
    blob, name = line.split()[2], Path(line.split()[3])
    stored = copy / "objects" / blob[:2] / blob[2:]
    content = bytearray(stored.read_bytes())
    content[len(content) // 2] ^= 1
    stored.chmod(0o600)
    stored.write_bytes(content)
    outcome = audited(week, copy)
    assert outcome.returncode == 1
    assert f"entry {int(name.stem)} " in outcome.stdout
