"""`dvo policy replay` and `decisions`: a ledger's decisions asked again, of the policies of a clone."""

import json
import uuid
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from controller.adapters.git_ledger import GitLedger, ensure_key
from controller.adapters.opa import OpaServers
from controller.compose.replaying import policies_in
from controller.ledger.chain import chain
from controller.ledger.event import Event, EventType
from controller.policy.decision_log import decision_log_entry
from controller.policy.recorded import Recorded
from tests.cli.conftest import Clone, Dvo, Said
from tests.opa import opa_binary

AT = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
QUIET: Mapping[str, object] = {
    "schema": "dvo.policy-input/1",
    "now": "2026-11-23T09:00:00Z",
    "purpose": "pull_request",
    "change": {"author": "github:1001", "requester": None},
    "people": {"github:1001": {"kind": "person", "groups": ["DVO-Developers"], "mfa": True}},
    "environments": {},
    "deployments": [],
    "files": [],
    "evidence": [],
    "break_glass": None,
    "reviews": [],
}
DENIED: Mapping[str, object] = {**QUIET, "change": {"author": None, "requester": None}}
CALENDAR = "policies/rego/rules/mc_permission.rego"


def evaluated(decision: Recorded) -> Event:
    told = decision_log_entry(decision, "0")
    result = told["result"]
    assert isinstance(result, Mapping)
    kept = {name: result[name] for name in ("rules", "findings", "roles")}
    answer = {**kept, "revision": decision.answer.revision, "decision_id": decision.answer.decision_id}
    details = {"outcome": "refused", "input": decision.document, "answer": answer}
    return Event(decision.entry, EventType.POLICY_EVALUATED, AT, "dvo", decision.subject, details=details)


@pytest.fixture
def decisions(clone: Clone) -> tuple[Recorded, ...]:
    bundle = policies_in(clone.folder)
    with OpaServers(opa_binary()) as engine:
        return tuple(
            Recorded(str(uuid.UUID(int=number)), f"pull/{number}", AT, asked, engine.decide(bundle, asked))
            for number, asked in enumerate((QUIET, DENIED), 1)
        )


@pytest.fixture
def replay(dvo: Dvo, clone: Clone, decisions: tuple[Recorded, ...], tmp_path: Path, home: Path) -> "Replay":
    return Replay(dvo, clone, tmp_path / "ledger", home, decisions)


class Replay:
    """A ledger to write decisions into, and the command that replays them."""

    def __init__(self, dvo: Dvo, clone: Clone, path: Path, home: Path, decisions: tuple[Recorded, ...]) -> None:
        self.dvo, self.clone, self.path, self.home, self.decisions = dvo, clone, path, home, decisions
        key = ensure_key(home / "key")
        (home / "allowed_signers").write_text(key.allowed_signers.text)
        self.writer = GitLedger(path, key)

    def write(self, *events: Event) -> None:
        self.writer.append(chain(events, self.writer.head()))

    def __call__(self, *more: str, command: str = "replay") -> Said:
        where = ["--ledger", str(self.path), "--allowed-signers", str(self.home / "allowed_signers")]
        repo = ["--repo", str(self.clone.folder)] if command == "replay" else []
        return self.dvo("policy", command, *where, *repo, *more)


def test_the_policies_of_history_reproduce_what_they_decided(replay: Replay) -> None:
    replay.write(*map(evaluated, replay.decisions))
    said = replay()
    assert (said.code, said.err) == (0, "")
    assert "✓ 2 of 2 decisions came out the same with the same policy." in said.out


def test_a_decision_that_differs_is_an_error_that_names_the_entry(replay: Replay) -> None:
    good, denied = replay.decisions
    replay.write(evaluated(good), evaluated(replace(denied, answer=replace(denied.answer, findings=()))))
    said = replay("--json")
    told = json.loads(said.out)["reproduced"]
    assert (said.code, told["exact"]) == (1, False)
    assert [one["entry"] for one in told["differing"]] == [denied.entry]
    assert f"✗ entry {denied.entry} (pull/2" in replay().out


def test_a_policy_nobody_has_is_an_error(replay: Replay) -> None:
    first = replay.decisions[0]
    unknown = "sha256:" + "9" * 64
    replay.write(evaluated(replace(first, answer=replace(first.answer, revision=unknown))))
    said = replay()
    assert said.code == 1
    assert f"1 decision by policies {unknown}, which this clone does not have" in said.out
    assert "`git fetch` and --base origin/main" in said.out
    assert "✗ 0 of 1 decision came out the same with the same policy." in said.out


def test_what_other_policies_would_flip_is_told_deny_to_allow_first(replay: Replay) -> None:
    replay.write(*map(evaluated, replay.decisions))
    replay.clone.edit(CALENDAR, "not change.proposer\n", "false\n")
    said = replay("--commit", "HEAD", "--json")
    compared = json.loads(said.out)["compared"]
    assert (said.code, compared["replayed"]) == (0, 2)
    assert [(flip["entry"], flip["deny_to_allow"]) for flip in compared["flips"]] == [(replay.decisions[1].entry, True)]
    in_words = replay("--policies", str(replay.clone.folder))
    assert "deny → allow (loosened)" in in_words.out
    assert "1 decision of 2 would flip" in in_words.out


def test_policies_that_do_not_compile_are_refused_at_their_place(replay: Replay) -> None:
    replay.write(*map(evaluated, replay.decisions))
    replay.clone.edit(CALENDAR, "not change.proposer\n", "not nowhere\n")
    said = replay("--policies", str(replay.clone.folder))
    assert said.code == 1
    assert f"{CALENDAR}:" in said.err


def test_a_question_of_another_version_is_refused(replay: Replay) -> None:
    old = replace(replay.decisions[0], document={**QUIET, "schema": "dvo.policy-input/0"})
    replay.write(evaluated(old))
    said = replay()
    assert said.code == 2
    assert "replay it with the release of DVO that recorded it" in said.err


def test_two_policies_at_once_are_refused_and_a_ledger_cannot_vouch_for_itself(replay: Replay, dvo: Dvo) -> None:
    replay.write(*map(evaluated, replay.decisions))
    assert replay("--commit", "HEAD", "--policies", "here").code == 2
    assert (
        "--policies: expected a folder `rego`, or a repository with policies/rego/"
        in replay("--policies", "/nowhere").err
    )
    said = dvo("policy", "replay", "--ledger", str(replay.path))
    assert (said.code, "--allowed-signers: expected the file of who may sign" in said.err) == (2, True)


def test_decisions_are_printed_as_opa_logs_them(replay: Replay) -> None:
    replay.write(*map(evaluated, replay.decisions))
    said = replay("--newest", "1", command="decisions")
    (line,) = said.out.splitlines()
    entry = json.loads(line)
    last = replay.decisions[1]
    assert (said.code, entry["decision_id"], entry["input"]) == (0, last.answer.decision_id, DENIED)
    assert entry["bundles"] == {"dvo": {"revision": last.answer.revision}}
