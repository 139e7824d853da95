"""Both engines keep the promises of the port, with the real policies on a real OPA."""

from collections.abc import Mapping
from datetime import UTC, datetime

import pytest

from controller.adapters.opa import OpaServers, OpaUrl, OpaUrlFirst
from controller.errors import PolicyError, UnavailableError
from controller.policy.answer import Action
from controller.policy.authorization import Permission, Standing
from controller.policy.bundle import PolicyBundle
from controller.ports.policy_engine import PolicyEngine
from tests.adapters.opa.conftest import answering


@pytest.fixture
def url_first(opa_url: OpaUrl, servers: OpaServers) -> OpaUrlFirst:
    return OpaUrlFirst(opa_url, servers)


@pytest.fixture(params=["servers", "opa_url", "url_first"])
def engine(request: pytest.FixtureRequest) -> PolicyEngine:
    found: OpaServers | OpaUrl | OpaUrlFirst = request.getfixturevalue(request.param)
    return found


def test_the_default_rules_judge(engine: PolicyEngine, library: PolicyBundle, document: Mapping[str, object]) -> None:
    answer = engine.decide(library, document)
    assert {(finding.rule, finding.action) for finding in answer.findings} == {
        ("mc-prod-approval", Action.REQUIRE_APPROVAL),
        ("mc-process-runtime", Action.WARN),
        ("mc-audit-all", Action.AUDIT_ONLY),
    }
    assert answer.roles == {"github:2": frozenset({"viewer", "developer", "operator"})}
    assert answer.revision == library.digest


def test_at_the_weekend_production_is_held_until_monday(
    engine: PolicyEngine, library: PolicyBundle, document: Mapping[str, object]
) -> None:
    answer = engine.decide(library, {**document, "now": "2026-11-21T11:00:00Z"})
    held = [finding for finding in answer.findings if finding.rule == "mc-weekend-block"]
    assert [finding.until for finding in held] == [datetime(2026, 11, 23, 8, 0, tzinfo=UTC)]
    assert [(finding.path, finding.line) for finding in held] == [("environments/production/anl.yaml", 5)]


@pytest.mark.parametrize(
    "part", ["schema", "now", "change", "people", "environments", "deployments", "files", "evidence"]
)
def test_a_question_that_is_no_question_is_denied(
    engine: PolicyEngine, library: PolicyBundle, document: Mapping[str, object], part: str
) -> None:
    """ATTACKS 081."""
    answer = engine.decide(library, {name: value for name, value in document.items() if name != part})
    assert Action.DENY in {finding.action for finding in answer.findings if finding.rule == "mc-input"}


def test_the_same_question_has_the_same_answer_under_its_own_number(
    engine: PolicyEngine, library: PolicyBundle, document: Mapping[str, object]
) -> None:
    first, second = engine.decide(library, document), engine.decide(library, document)
    assert (first.findings, first.roles, first.rules) == (second.findings, second.roles, second.rules)
    assert first.decision_id != second.decision_id


def test_an_external_opa_with_another_revision_is_not_believed(opa_url: OpaUrl, document: Mapping[str, object]) -> None:
    """ATTACKS 087."""
    with pytest.raises(UnavailableError, match="expected an answer of revision sha256:") as caught:
        opa_url.decide(answering(), document)
    assert caught.value.component == "opa"


def test_a_role_permits_what_its_groups_give_and_no_more(engine: PolicyEngine, library: PolicyBundle) -> None:
    asked = {"groups": ["DVO-Developers"], "permission": "validate", "tier": None}
    assert engine.authorize(library, asked) is True
    assert engine.authorize(library, {**asked, "permission": "manage_policies"}) is False
    assert engine.authorize(library, {**asked, "groups": []}) is False


def test_a_standing_names_every_role_and_the_groups_that_give_it(engine: PolicyEngine, library: PolicyBundle) -> None:
    assert engine.standing(library, {"groups": ["DVO-Viewers", "DVO-Developers", "Staff"]}) == Standing(
        {"developer": ("DVO-Developers",), "viewer": ("DVO-Developers", "DVO-Viewers")},
        frozenset({Permission.VIEW_STATUS, Permission.VIEW_AUDIT, Permission.VALIDATE, Permission.DEPLOY_DEV}),
    )
    assert engine.standing(library, {"groups": []}) == Standing({}, frozenset())
    with pytest.raises(PolicyError):
        engine.standing(library, {})


@pytest.mark.parametrize("document", [{}, {"groups": None}, {"groups": ["DVO-Admins"]}, {"permission": ["validate"]}])
def test_a_question_of_permission_that_is_none_is_denied(
    engine: PolicyEngine, library: PolicyBundle, document: Mapping[str, object]
) -> None:
    assert engine.authorize(library, document) is False
