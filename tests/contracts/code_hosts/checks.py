"""A check as the controller would write it."""

from controller.change.names import CommitSha
from controller.decision.check import Annotation, AnnotationLevel, CheckRun, Conclusion
from tests.contracts.code_hosts.stage import MANIFEST


def check_run(
    commit: CommitSha, conclusion: Conclusion | None, title: str, *, notes: int, name: str = "dvo/policy"
) -> CheckRun:
    annotations = tuple(
        Annotation(MANIFEST, 1, AnnotationLevel.FAILURE, f"Note {each}", "Something is wrong") for each in range(notes)
    )
    return CheckRun(name, commit, conclusion, title, "A summary", "Details", annotations)
