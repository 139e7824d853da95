"""What is asked about a permission, and which answer permits."""

import pytest

from controller.desired_state.environment import Tier
from controller.errors import PolicyError
from controller.identity.principal import Principal, PrincipalId, PrincipalKind
from controller.policy.authorization import (
    Permission,
    Standing,
    authorization_document,
    read_authorization,
    read_standing,
    standing_document,
)

DANA = Principal(PrincipalId("github:1001"), PrincipalKind.PERSON, "dana-dev", frozenset({"b", "a"}), mfa=True)


def test_the_question_holds_groups_permission_and_tier_and_nobody() -> None:
    asked = authorization_document(DANA, Permission.ROLLBACK, Tier.PRODUCTION)
    assert asked == {"groups": ["a", "b"], "permission": "rollback", "tier": "production"}
    assert authorization_document(DANA, Permission.VALIDATE, None)["tier"] is None


def test_there_are_the_ten_permissions_of_the_contract() -> None:
    assert len(Permission) == 10


def test_true_permits_and_false_does_not() -> None:
    assert read_authorization(True) is True
    assert read_authorization(False) is False


@pytest.mark.parametrize("raw", [None, 1, "true", {"allow": True}, [True]], ids=str)
def test_anything_else_is_a_broken_policy(raw: object) -> None:
    with pytest.raises(PolicyError, match="expected true or false"):
        read_authorization(raw)


def test_a_standing_is_asked_by_groups_alone() -> None:
    assert standing_document(DANA) == {"groups": ["a", "b"]}


def test_a_standing_is_read_whole() -> None:
    raw = {"roles": {"viewer": ["b", "a"]}, "permissions": ["view_status"]}
    assert read_standing(raw) == Standing({"viewer": ("a", "b")}, frozenset({Permission.VIEW_STATUS}))


@pytest.mark.parametrize(
    "raw",
    [
        None,
        [],
        {},
        {"roles": {}},
        {"roles": {}, "permissions": [], "more": 1},
        {"roles": [], "permissions": []},
        {"roles": {"viewer": "a"}, "permissions": []},
        {"roles": {"viewer": [1]}, "permissions": []},
        {"roles": {}, "permissions": None},
        {"roles": {}, "permissions": ["everything"]},
        {"roles": {}, "permissions": [["view_status"]]},
    ],
    ids=str,
)
def test_any_other_standing_is_a_broken_policy(raw: object) -> None:
    with pytest.raises(PolicyError, match=r"at data\.dvo\.authz\.standing"):
        read_standing(raw)
