"""Writing checks, the one comment and requests for review: each once."""

import pytest

from controller.change.facts import ReviewState
from controller.decision.check import Conclusion
from controller.errors import InputError
from tests.contracts.code_hosts.checks import check_run
from tests.contracts.code_hosts.stage import MANIFEST, Stage


class WritingContract:
    """See the module."""

    def test_an_equal_check_is_not_written_again(self, stage: Stage) -> None:
        head = stage.push("topic", {MANIFEST: b"version: 1.0.1\n"}, "dana")
        stage.writer.write_check(check_run(head, Conclusion.FAILURE, "Denied", notes=2))
        assert stage.check(head, "dvo/policy") == ("failure", "Denied", 2)
        before = stage.writes()
        stage.writer.write_check(check_run(head, Conclusion.FAILURE, "Denied", notes=2))
        assert stage.writes() == before

    def test_a_first_check_and_comment_need_no_look(self, stage: Stage) -> None:
        head = stage.push("topic", {MANIFEST: b"version: 1.0.1\n"}, "dana")
        number = stage.open("topic", "dana")
        for is_first in (True, False):
            stage.writer.write_check(check_run(head, Conclusion.FAILURE, "Denied", notes=1), is_first=is_first)
            stage.writer.write_comment(number, "Denied", is_first=is_first)
        assert stage.check(head, "dvo/policy") == ("failure", "Denied", 1)
        assert stage.comments(number) == ["Denied"]

    def test_a_check_goes_from_running_to_done_and_is_superseded(self, stage: Stage) -> None:
        """ATTACKS 078."""
        head = stage.push("topic", {MANIFEST: b"version: 1.0.1\n"}, "dana")
        for conclusion, title, notes in [
            (None, "Looking", 0),
            (Conclusion.FAILURE, "Denied", 3),
            (None, "Looking again", 0),
            (Conclusion.ACTION_REQUIRED, "Approval needed", 1),
            (Conclusion.SUCCESS, "Admitted", 0),
        ]:
            stage.writer.write_check(check_run(head, conclusion, title, notes=notes))
            assert stage.check(head, "dvo/policy") == (conclusion.value if conclusion else None, title, notes)

    def test_the_sticky_comment_is_one_rewritten_and_removed(self, stage: Stage) -> None:
        stage.push("topic", {MANIFEST: b"version: 1.0.1\n"}, "dana")
        number = stage.open("topic", "dana")
        before = stage.writes()
        stage.writer.write_comment(number, None)
        assert stage.writes() == before
        for text in ("Two things", "Two things", "One thing"):
            stage.writer.write_comment(number, text)
        assert stage.comments(number) == ["One thing"]
        assert stage.writes() == before + 2
        stage.writer.write_comment(number, None)
        stage.writer.write_comment(number, None)
        assert stage.comments(number) == []
        assert stage.writes() == before + 3

    def test_reviews_are_requested_once_for_each_occasion_also_of_those_heard(self, stage: Stage) -> None:
        stage.push("topic", {MANIFEST: b"version: 1.0.1\n"}, "dana")
        number = stage.open("topic", "dana")
        stage.review(number, "rita", ReviewState.COMMENTED)
        before = stage.writes()
        people = [stage.account("olga"), stage.account("rita")]
        stage.writer.request_reviews(number, people)
        stage.writer.request_reviews(number, people)
        assert stage.requested(number) == {"olga", "rita"}
        assert stage.reader.pull_request(number).requested == {one.id for one in people}
        assert stage.writes() == before + 1
        stage.review(number, "rita", ReviewState.APPROVED)
        before = stage.writes()
        stage.writer.request_reviews(number, people)
        assert stage.writes() == before
        waited_for = stage.reader.pull_request(number).requested
        assert waited_for == {stage.account("olga").id}
        stage.writer.request_reviews(number, people, "another effect", waited_for)
        stage.writer.request_reviews(number, people, "another effect", waited_for)
        assert stage.writes() == before + 1
        stage.writer.request_reviews(number, people[:1], "a third effect", waited_for)
        assert stage.writes() == before + 1

    def test_asking_the_author_to_review_is_an_input_error(self, stage: Stage) -> None:
        stage.push("topic", {MANIFEST: b"version: 1.0.1\n"}, "dana")
        number = stage.open("topic", "dana")
        with pytest.raises(InputError):
            stage.writer.request_reviews(number, [stage.account("dana")])
