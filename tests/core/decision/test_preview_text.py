"""How a change of policy is told in the check."""

from dataclasses import replace
from datetime import UTC, datetime

from controller.change.names import Digest
from controller.decision.deciding import decide
from controller.decision.policy_check import policy_check
from controller.decision.preview_text import preview_text
from controller.policy.answer import Action
from controller.policy.preview import PolicyPreview
from controller.policy.recorded import Recorded
from controller.policy.replay import Flip, flip_of, unanswered_flip
from tests.core.decision.builders import CASE, answer, finding

AT = datetime(2026, 11, 21, 11, 0, tzinfo=UTC)
REVISION = Digest("sha256:" + "a" * 64)
DENY, ALLOW = answer(finding(Action.DENY)), answer()
DOCUMENT = {"schema": "dvo.policy-input/1", "now": "2026-11-21T11:00:00Z"}


def flips() -> tuple[Flip, ...]:
    looser = flip_of(Recorded("1", "pull/7", AT, DOCUMENT, DENY), ALLOW)
    silent = unanswered_flip(Recorded("2", "pull/8", AT, DOCUMENT, ALLOW), "it *fails*")
    assert looser is not None
    assert silent is not None
    return looser, silent


def test_a_change_that_brings_no_policies_has_no_preview() -> None:
    assert preview_text(None) == ""


def test_a_preview_without_flips_says_so() -> None:
    assert "decide every one as it was decided" in preview_text(PolicyPreview(REVISION, 3, ()))


def test_each_flip_is_a_row_and_loosening_is_said_to_need_an_administrator() -> None:
    looser, silent = flips()
    preview = PolicyPreview(REVISION, 3, (looser, silent))
    text = preview_text(preview)
    assert "2 would come out otherwise" in text
    assert "an administrator who owns the policies must approve" in text
    assert "deny | allow (loosened)" in text
    assert "allow | no answer (tightened)" in text
    assert "*fails*" not in text
    assert preview.gist == (("pull/7", "loosened"), ("pull/8", "tightened"))
    assert "an administrator" not in preview_text(replace(preview, flips=(silent,)))


def test_more_flips_than_fit_are_counted() -> None:
    _, silent = flips()
    others = [replace(silent, decision=replace(silent.decision, subject=f"pull/{number}")) for number in range(105)]
    told = preview_text(PolicyPreview(REVISION, 105, tuple(others)))
    assert "and 5 more: `dvo policy replay` lists them all" in told


def test_a_decision_that_flips_each_time_it_was_taken_is_one_row() -> None:
    looser, _ = flips()
    preview = PolicyPreview(REVISION, 9, (looser, looser))
    assert preview_text(preview).count("`pull/7` on 2026-11-21 11:00 UTC | 2 | deny | allow (loosened) |") == 1


def test_a_title_says_how_many_decisions_would_flip() -> None:
    looser, silent = flips()
    preview = PolicyPreview(REVISION, 9, (looser, silent))
    assert policy_check(decide(replace(CASE, preview=preview))).title.endswith("; 2 recorded decisions would flip")
    assert "flip" not in policy_check(decide(replace(CASE, preview=replace(preview, flips=())))).title


def test_a_flip_without_findings_is_one_of_roles() -> None:
    looser, _ = flips()
    assert "weigh more" in preview_text(PolicyPreview(REVISION, 1, (replace(looser, gone=(), added=()),)))
