"""The checks of a group that waits in the merge queue."""

from controller.change.names import CommitSha
from controller.decision.queued_check import queued_checks


def test_both_checks_stay_in_progress_and_say_why() -> None:
    checks = queued_checks(CommitSha("a" * 40), "Pull request 7 is *ahead*.")
    assert [(check.name, check.conclusion) for check in checks] == [("dvo/policy", None), ("dvo/approval", None)]
    assert all("ahead" in check.summary and "*ahead*" not in check.summary for check in checks)
