"""Which branch is a group of the merge queue, and what its name says."""

import pytest

from controller.change.merge_group import MergeGroup, groups_ahead, merge_group, queue_folder
from controller.change.names import CommitSha

BASE, HEAD = CommitSha("b" * 40), CommitSha("c" * 40)


def test_the_name_of_a_groups_branch_says_pull_request_and_base() -> None:
    group = merge_group(f"pr-104-{BASE}", HEAD)
    assert group == MergeGroup(104, BASE, HEAD)
    assert group.name == f"pr-104-{BASE}"
    assert queue_folder("main") == "gh-readonly-queue/main/"


def test_what_a_group_stands_on_is_told_nearest_first() -> None:
    ids = [CommitSha(digit * 40) for digit in "abcdef"]
    first, second, third, other = (MergeGroup(n, ids[n], ids[n + 1]) for n in (0, 1, 2, 4))
    groups = (third, other, first, second)
    assert groups_ahead(third, groups) == (second, first)
    assert groups_ahead(first, groups) == groups_ahead(other, groups) == ()
    assert groups_ahead(third, (third, first)) == ()


def test_groups_that_claim_to_stand_on_each_other_end() -> None:
    one, other = MergeGroup(1, BASE, HEAD), MergeGroup(2, HEAD, BASE)
    assert groups_ahead(one, (one, other)) == (other, one)


@pytest.mark.parametrize(
    "name",
    ["", "pr-7", f"pr-0-{BASE}", f"pr-07-{BASE}", f"pr--7-{BASE}", f"x/pr-7-{BASE}", f"pr-7-{BASE}\n", f"pr-٧-{BASE}"],
)
def test_whatever_else_lies_there_is_no_group(name: str) -> None:
    assert merge_group(name, HEAD) is None
