"""What the issue of a review says, and whose closing counts."""

from dataclasses import replace

import pytest

from controller.decision.review_issue import ReviewFacts, closing_obstacle, review_issue
from controller.identity.principal import Principal, PrincipalKind
from tests.core.decision.builders import COMMIT, DANA, NOW, RITA

FACTS = ReviewFacts(
    commit=COMMIT,
    pull=7,
    deployments=("production/ANL",),
    waived=("mc-weekend-block",),
    asked_by="omar-ops",
    approved_by=("rita-release", "ravi-release"),
    reason="it *leaks* @everyone, see #1",
    ticket="INC-4711",
    due=NOW,
)


def test_it_tells_everything_and_the_words_of_others_do_nothing() -> None:
    draft = review_issue(FACTS)
    assert draft.title == "Review the break-glass change of pull request #7"
    assert draft.marker == f"<!-- dvo:review:{COMMIT} -->"
    assert "it \\*leaks\\* `@`everyone, see `#`1" in draft.body
    for said in ("`production/ANL`", "`mc-weekend-block`", "`rita-release` and `ravi-release`", "2027-03-09 09:00 UTC"):
        assert said in draft.body


def test_it_says_so_when_nothing_runs_and_nothing_was_waived() -> None:
    body = review_issue(replace(FACTS, deployments=(), waived=())).body
    assert "nothing that runs" in body
    assert "Waived: nothing" in body


@pytest.mark.parametrize(
    ("closer", "obstacle"),
    [
        (RITA, None),
        (None, "does not know"),
        (replace(RITA, kind=PrincipalKind.BOT), "not closed by a person"),
        (DANA, "took part"),
        (replace(RITA, mfa=None), "second factor"),
        (replace(RITA, mfa=False), "second factor"),
    ],
)
def test_only_a_known_person_with_a_second_factor_who_took_no_part_closes_it(
    closer: Principal | None, obstacle: str | None
) -> None:
    found = closing_obstacle(closer, {DANA.id})
    assert found is None if obstacle is None else obstacle in str(found)
