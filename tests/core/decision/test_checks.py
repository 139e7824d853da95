"""The checks as their receiver reads them."""

from dataclasses import replace
from datetime import timedelta

import pytest

from controller.approval.approvals import Approvals, Missing
from controller.approval.request import Telling, Told
from controller.change.names import Digest, RepoPath
from controller.decision.approval_check import approval_check
from controller.decision.check import AnnotationLevel, CheckRun, Conclusion
from controller.decision.comment import sticky_comment
from controller.decision.deciding import decide
from controller.decision.deployment_check import DeploymentStep, Progress, deployment_check
from controller.decision.policy_check import policy_check
from controller.decision.unjudged_check import unjudged_checks
from controller.decision.wording import spelled_time
from controller.desired_state.difference import Kind
from controller.desired_state.effect import FileEffect
from controller.desired_state.effect_change import EffectChange
from controller.desired_state.manifest import Autoscaling, EnvironmentName
from controller.desired_state.plan import Plan
from controller.identity.principal import Principal
from controller.policy.answer import Action
from tests.core.decision.builders import (
    CASE,
    COMMIT,
    DANA,
    GIVEN,
    LACKING,
    NOBODY_CAN,
    NOW,
    OBJECTED,
    PATH,
    REQUIREMENT,
    RITA,
    SILENT,
    VOIDED,
    answer,
    difference,
    environment,
    finding,
    person,
    plan,
    proposal,
)

MONDAY = NOW + timedelta(days=6)


def test_an_admitted_change_says_what_it_does_and_that_it_can_merge() -> None:
    check = policy_check(decide(CASE))
    assert (check.name, check.commit, check.conclusion) == ("dvo/policy", COMMIT, Conclusion.SUCCESS)
    assert check.title == "Passed: ANL 1.0.0 → 1.1.0 in production"
    assert "**It can merge now.** It goes out when it merges." in check.summary
    assert (
        "| `production` | `ANL` | `1.0.0` × 2 on `fastapi` | `1.1.0` × 2 on `fastapi` | newer version |"
        in check.summary
    )
    assert "Rules evaluated: `mc-audit-all`" in check.text


def test_a_refused_change_says_every_reason_its_line_and_what_turns_it_green() -> None:
    check = policy_check(decide(replace(CASE, answer=answer(finding(Action.DENY), finding(Action.WARN, path=None)))))
    assert check.conclusion is Conclusion.FAILURE
    assert check.title == "Refused: deny says the rule"
    assert check.summary.startswith("**This change cannot go out as it is**, for 1 reason.")
    assert (
        "| ✗ | deny says the rule (`rule-deny` at `environments/production/anl.yaml:6`) | do the right thing |"
        in check.summary
    )
    assert "| ! | warn says the rule (`rule-warn` at `production/ANL`) |" in check.summary
    [note] = check.annotations
    assert (note.path, note.line, note.level) == (PATH, 6, AnnotationLevel.FAILURE)
    assert note.message == "deny says the rule\ndo the right thing"


def test_a_reason_of_the_whole_change_names_no_place() -> None:
    draft = policy_check(decide(replace(CASE, is_draft=True)))
    assert "| ✗ | The pull request is a draft. | Mark it as ready for review. |" in draft.summary


def test_a_held_change_says_until_when_on_the_clock_of_its_environment() -> None:
    """A hold is green: it may merge, and goes out by itself."""
    check = policy_check(decide(replace(CASE, answer=answer(finding(Action.DENY, until=MONDAY)))))
    assert check.conclusion is Conclusion.SUCCESS
    assert check.title == "Passed; will be held until Mon 2027-03-15 10:00 Europe/Berlin"
    assert "**Once merged it will be held until Mon 2027-03-15 10:00 Europe/Berlin (09:00 UTC)**" in check.summary
    assert "then goes out by itself" in check.summary
    assert (
        "| ⏸ | deny says the rule Until Mon 2027-03-15 10:00 Europe/Berlin (09:00 UTC). (`rule-deny` at "
        in check.summary
    )
    assert [note.level for note in check.annotations] == [AnnotationLevel.WARNING]


def test_a_day_that_is_another_one_in_utc_is_named() -> None:
    """Whoever reads elsewhere must not take Monday for theirs."""
    tokyo = proposal(
        difference(plan(), plan("1.1.0"), Kind.UPGRADED), environments=(environment(time_zone="Asia/Tokyo"),)
    )
    late = NOW.replace(hour=20)
    assert spelled_time(late, tokyo) == "Wed 2027-03-10 05:00 Asia/Tokyo (Tue 20:00 UTC)"
    assert spelled_time(late, proposal()) == "Tue 2027-03-09 20:00 UTC"


def test_times_of_environments_in_several_zones_are_told_in_utc() -> None:
    tokyo = EnvironmentName("tokyo")
    both = proposal(
        difference(plan(), plan("1.1.0"), Kind.UPGRADED),
        difference(None, plan(environment=tokyo), Kind.ADDED),
        environments=(environment(), environment(tokyo, "Asia/Tokyo")),
    )
    case = replace(CASE, proposal=both, answer=answer(finding(Action.DENY, until=MONDAY)))
    assert policy_check(decide(case)).title == "Passed; will be held until Mon 2027-03-15 09:00 UTC"


def test_a_waiting_change_passes_policy_and_says_what_approval_is_asked_for() -> None:
    case = replace(CASE, answer=answer(finding(Action.REQUIRE_APPROVAL)), approvals=LACKING)
    check = policy_check(decide(case))
    assert check.conclusion is Conclusion.SUCCESS
    assert "Approvals are still missing: see `dvo/approval`" in check.summary
    assert "- require\\_approval says the rule (`rule-require_approval`)" in check.summary


def test_an_engine_that_gave_no_answer_is_named_on_both_checks() -> None:
    judgement = decide(replace(CASE, answer=SILENT))
    assert policy_check(judgement).conclusion is Conclusion.FAILURE
    assert "it is down" in policy_check(judgement).summary
    assert approval_check(judgement).conclusion is Conclusion.FAILURE
    assert approval_check(judgement).title.startswith("Unknown")
    assert "it is down" in approval_check(judgement).summary


@pytest.mark.parametrize(
    ("before", "after", "kind", "headline"),
    [
        (None, plan(), Kind.ADDED, "ANL 1.0.0 in production"),
        (plan(), None, Kind.REMOVED, "ANL removed in production"),
        (plan(), plan(replicas=Autoscaling(2, 5)), Kind.RESCALED, "ANL 1.0.0 × 2 → × 2–5 in production"),
        (plan(), plan(), Kind.RECONFIGURED, "ANL 1.0.0 reconfigured in production"),
    ],
    ids=["added", "removed", "rescaled", "reconfigured"],
)
def test_each_kind_of_change_has_its_headline(
    before: Plan | None, after: Plan | None, kind: Kind, headline: str
) -> None:
    check = policy_check(decide(replace(CASE, proposal=proposal(difference(before, after, kind)))))
    assert check.title == f"Passed: {headline}"


def test_autoscaling_is_shown_by_its_bounds_and_further_changes_by_number() -> None:
    files = (
        FileEffect(RepoPath("agents/anl/a.md"), None, Digest("sha256:" + "1" * 64)),
        FileEffect(RepoPath("agents/anl/b.md"), Digest("sha256:" + "1" * 64), None),
        FileEffect(RepoPath("agents/anl/c.md"), Digest("sha256:" + "1" * 64), Digest("sha256:" + "2" * 64)),
    )
    changed = proposal(difference(plan(), plan(replicas=Autoscaling(2, 5)), Kind.RESCALED), files=files)
    check = policy_check(decide(replace(CASE, proposal=changed)))
    assert check.title.endswith("and 3 more")
    assert "× 2–5 on" in check.summary
    assert "| `agents/anl/a.md` | the release of `ANL` | added |" in check.summary
    assert "| `agents/anl/b.md` | the release of `ANL` | removed |" in check.summary
    assert "| `agents/anl/c.md` | the release of `ANL` | changed |" in check.summary


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("environments/production/anl.yaml", "what runs as `production/ANL`"),
        ("environments/production/environment.yaml", "the rules of `production`"),
        ("policies/rego/roles.rego", "what judges changes"),
        (".github/CODEOWNERS", "who answers for what"),
        ("environments/production/anl.yml", "nothing known"),
    ],
)
def test_a_change_of_files_alone_says_what_they_belong_to_and_that_nothing_goes_out(path: str, kind: str) -> None:
    file = FileEffect(RepoPath(path), Digest("sha256:" + "1" * 64), Digest("sha256:" + "2" * 64))
    check = policy_check(decide(replace(CASE, proposal=proposal(files=(file,)))))
    assert check.title == f"Passed: {path} changed"
    assert check.summary.startswith("**It can merge now.** Nothing that runs changes by it.")
    assert f"| `{path}` | {kind} | changed |" in check.summary


def test_a_title_names_the_first_reason_and_counts_the_others() -> None:
    long = replace(finding(Action.DENY), message="Of all `reasons` this is the longest. " * 9)
    many = policy_check(decide(replace(CASE, answer=answer(long, *[finding(Action.DENY)] * 2))))
    assert many.title.startswith("Refused: Of all reasons this is the longest. Of all")
    assert many.title.endswith(" …; and 2 more reasons")
    assert len(many.title) < 150
    two = policy_check(decide(replace(CASE, answer=answer(finding(Action.DENY), long))))
    assert two.title == "Refused: deny says the rule; and 1 more reason"
    assert "Of all `reasons` this" in two.summary


def test_a_change_of_nothing_says_so() -> None:
    """ATTACKS 098."""
    check = policy_check(decide(replace(CASE, proposal=proposal())))
    assert check.title == "Passed: nothing changes that runs or is governed"


def test_missing_approvals_name_who_can_give_them() -> None:
    check = approval_check(decide(replace(CASE, approvals=LACKING)))
    assert check.conclusion is Conclusion.ACTION_REQUIRED
    assert check.title == "Waiting for 1 approval: rita-release"
    assert check.summary.startswith("**Missing: 1 approval by `rita-release`.**")
    row = (
        "| 1 approval by a release manager | `rita-release` | `environments/production/anl.yaml` | `mc-prod-approval` |"
    )
    assert row in check.summary


def lacking(*asked: tuple[str, int, tuple[Principal, ...]], paths: tuple[RepoPath, ...] = (PATH,)) -> Approvals:
    missing = [
        Missing(replace(REQUIREMENT, reason=rule, paths=paths), count, paths, people) for rule, count, people in asked
    ]
    return Approvals((), (), tuple(missing), ())


@pytest.mark.parametrize(
    ("asked", "told"),
    [
        ([("a", 1, (RITA, DANA))], "1 approval: dana-dev or rita-release"),
        ([("a", 2, (RITA, DANA))], "2 approvals: dana-dev and rita-release"),
        ([("a", 1, (RITA, DANA)), ("b", 2, (DANA, RITA))], "2 approvals: dana-dev and rita-release"),
        ([("a", 1, (RITA,)), ("b", 1, (DANA,))], "1 approval: rita-release, and for 1 approval: dana-dev"),
    ],
    ids=["either", "both", "the same people", "other people"],
)
def test_whoever_can_give_what_is_missing_is_named_once(
    asked: list[tuple[str, int, tuple[Principal, ...]]], told: str
) -> None:
    assert approval_check(decide(replace(CASE, approvals=lacking(*asked)))).title == f"Waiting for {told}"


def test_of_many_who_can_approve_the_first_are_named_and_the_others_counted() -> None:
    many = tuple(person(f"owner-{number}", number) for number in range(9))
    check = approval_check(decide(replace(CASE, approvals=lacking(("a", 1, many)))))
    assert check.title.endswith(": owner-0, owner-1, owner-2, owner-3, owner-4 or 4 more")
    assert "`owner-4` or 4 more" in check.summary


def test_what_several_rules_ask_of_the_same_people_is_one_row_and_of_many_files_the_first_are_named() -> None:
    paths = tuple(RepoPath(f"agents/anl/kb/{number}.md") for number in range(7))
    asked = [("mc-permission", 1, (RITA,)), ("mc-prod-approval", 1, (RITA,))]
    summary = approval_check(decide(replace(CASE, approvals=lacking(*asked, paths=paths)))).summary
    assert "`agents/anl/kb/4.md` and 2 more | `mc-permission` and `mc-prod-approval` |" in summary
    assert "5.md" not in summary


def test_an_approval_nobody_can_give_says_so() -> None:
    check = approval_check(decide(replace(CASE, approvals=NOBODY_CAN)))
    assert check.title == "Waiting for an approval that nobody can give"
    assert check.summary.startswith("**An approval is missing that nobody can give.**")
    assert "2 approvals, each by an owner" in check.summary
    assert "nobody: no owner of these files may approve" in check.summary


def test_an_approval_that_does_not_count_is_told_with_its_reason() -> None:
    summary = approval_check(decide(replace(CASE, approvals=VOIDED))).summary
    assert "| `rita-release` | approved another effect |" in summary
    assert "| `unknown` | nobody knows who this is |" in summary


def test_an_approval_voided_by_an_effect_says_which_line_voided_whose() -> None:
    change = EffectChange(PATH, 9, "production/ANL replicas was 2 when approved and is 4 now")
    whole = EffectChange(RepoPath("agents/anl/agent.yaml"), None, "has another content than was approved")
    voided, stranger = VOIDED.discounted
    since = (change, whole, *[change] * 5)
    check = approval_check(
        decide(replace(CASE, approvals=replace(VOIDED, discounted=(replace(voided, since=since), stranger))))
    )
    assert (
        "; `environments/production/anl.yaml:9` production/ANL replicas was 2 when approved and is 4 now"
        in check.summary
    )
    assert "; `agents/anl/agent.yaml` has another content than was approved" in check.summary
    assert "; and 2 more |" in check.summary
    assert {(note.path, note.line, note.title) for note in check.annotations} == {
        (PATH, 9, "Voids the approval of rita-release")
    }


def test_given_approvals_are_named() -> None:
    check = approval_check(decide(replace(CASE, approvals=GIVEN)))
    assert (check.conclusion, check.title) == (Conclusion.SUCCESS, "Approved by rita-release")
    assert "**All approvals are given.**" in check.summary


def test_without_a_need_for_approval_the_check_is_green() -> None:
    check = approval_check(decide(CASE))
    assert (check.conclusion, check.title) == (Conclusion.SUCCESS, "No approval needed")


def test_a_refused_change_that_nobody_is_asked_about_is_not_green_on_the_approval_check() -> None:
    check = approval_check(decide(replace(CASE, answer=answer(finding(Action.DENY)))))
    assert check.conclusion is Conclusion.FAILURE
    assert check.title == "Nothing to approve while dvo/policy refuses the change"
    assert "No approval would help" in check.summary


def test_an_objection_blocks_and_names_who_objects() -> None:
    check = approval_check(decide(replace(CASE, approvals=OBJECTED)))
    assert check.conclusion is Conclusion.ACTION_REQUIRED
    assert check.title == "Changes requested by rita-release"
    both = replace(OBJECTED, objections=(person("a"), person("b"), person("c")))
    assert "`a`, `b` and `c` requested" in approval_check(decide(replace(CASE, approvals=both))).summary


def test_the_comment_is_there_only_while_something_is_not_green() -> None:
    assert sticky_comment(decide(CASE)) is None
    text = sticky_comment(decide(replace(CASE, approvals=LACKING)))
    assert text is not None
    assert text.startswith("### dvo/approval: Waiting for 1 approval")
    assert "dvo/policy:" not in text


def test_the_comment_says_nothing_twice() -> None:
    refused = sticky_comment(decide(replace(CASE, answer=answer(finding(Action.DENY)))))
    assert refused is not None
    assert refused.startswith("### dvo/policy: Refused: deny says the rule\n\n**This change cannot go out as it is**")
    assert "dvo/approval" not in refused


def test_a_rules_words_do_nothing_in_the_heading_of_the_comment() -> None:
    hostile = replace(finding(Action.DENY), message="@everyone <b>[a](https://x.example)")
    text = sticky_comment(decide(replace(CASE, answer=answer(hostile))))
    assert text is not None
    assert "### dvo/policy: Refused: `@`everyone \\<b\\>\\[a\\]\\(https`://`x.example\\)" in text


def test_equal_checks_have_equal_ids_and_any_other_word_another() -> None:
    one, same = policy_check(decide(CASE)), policy_check(decide(CASE))
    assert one.external_id == same.external_id
    assert replace(one, title="other").external_id != one.external_id
    assert replace(one, conclusion=None).external_id != one.external_id


def test_a_change_that_cannot_be_judged_is_red_on_both_checks_and_says_why() -> None:
    """ATTACKS 007: more than GitHub tells is refused, never cut."""
    checks = unjudged_checks(COMMIT, "251 commits lie between; split the pull request")
    assert [(check.name, check.conclusion) for check in checks] == [
        ("dvo/policy", Conclusion.FAILURE),
        ("dvo/approval", Conclusion.FAILURE),
    ]
    assert all("251 commits" in check.summary for check in checks)
    assert all(check.title.startswith("Cannot be judged: 251 commits lie between") for check in checks)


def step(progress: Progress) -> DeploymentStep:
    return DeploymentStep("production/ANL", progress, "a word")


@pytest.mark.parametrize(
    ("steps", "conclusion", "title"),
    [
        ([], Conclusion.SUCCESS, "Nothing to deploy"),
        ([Progress.PENDING], None, "production/ANL pending: a word"),
        ([Progress.HELD], None, "production/ANL held: a word"),
        ([Progress.RUNNING, Progress.COMPLETED], None, "1 of 2 deployments rolling out: a word"),
        ([Progress.COMPLETED], Conclusion.SUCCESS, "production/ANL completed: a word"),
        ([Progress.SUPERSEDED], Conclusion.SUCCESS, "production/ANL superseded: a word"),
        ([Progress.COMPLETED, Progress.SUPERSEDED], Conclusion.SUCCESS, "2 deployments completed"),
        ([Progress.RUNNING, Progress.FAILED], Conclusion.FAILURE, "1 of 2 deployments failed: a word"),
        ([Progress.REFUSED, Progress.REFUSED], Conclusion.FAILURE, "2 of 2 deployments refused: a word"),
    ],
)
def test_the_deployment_check_is_the_sum_of_its_steps(
    steps: list[Progress], conclusion: Conclusion | None, title: str
) -> None:
    """ATTACKS 031: one failure is a failure, and open steps keep it open."""
    check = deployment_check(COMMIT, [step(progress) for progress in steps])
    assert (check.name, check.conclusion, check.title) == ("dvo/deploy", conclusion, title)
    assert check.summary.startswith("**")


def requested(hours_ago: float, *later: Telling, approvals: Approvals = LACKING) -> CheckRun:
    """Return the check of a request that was asked so long ago, and of which this was told since."""
    effect = CASE.proposal.effect.digest
    asked = Told(Telling.ASKED, effect, NOW - timedelta(hours=hours_ago))
    past = (asked, *(Told(telling, effect, NOW) for telling in later))
    return approval_check(decide(replace(CASE, approvals=approvals, past=past, escalated_to=("@acme/admins",))))


def test_a_request_says_since_when_and_until_when_in_the_environments_time() -> None:
    check = requested(1)

    assert "Asked on Tue 2027-03-09 09:00 Europe/Berlin (08:00 UTC)" in check.summary
    assert "**the request expires 24 hours later, on Wed 2027-03-10 09:00 Europe/Berlin (08:00 UTC)**" in check.summary
    assert "reminder" not in check.summary


def test_a_reminder_and_an_escalation_are_words_in_the_check_that_notify_nobody() -> None:
    assert "A reminder" in requested(13).summary
    escalated = requested(21).summary
    assert "escalated to `@acme/admins`" in escalated


def test_an_expired_request_says_what_to_do_and_is_not_green() -> None:
    for approvals in (LACKING, GIVEN):
        check = requested(25, Telling.EXPIRED, approvals=approvals)
        assert (check.title, check.conclusion) == ("Expired: ask again", Conclusion.ACTION_REQUIRED)
        assert check.summary.startswith("**The request expired on ")
        assert "It admits nothing until somebody asks again" in check.summary
    assert "but too late" in requested(25, Telling.EXPIRED, approvals=GIVEN).summary


def test_what_is_approved_says_nothing_of_the_request() -> None:
    assert "expires" not in requested(1, approvals=GIVEN).summary
