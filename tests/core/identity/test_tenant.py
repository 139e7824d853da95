"""People of a tenant: who holds a role, which links agree, and how groups are named."""

import itertools
from dataclasses import replace

import pytest

from controller.errors import ConfigurationError
from controller.identity.principal import PrincipalKind
from controller.identity.tenant import (
    RoleGroup,
    Standing,
    TenantPerson,
    agreed,
    github_number,
    object_id,
    tenant_principal,
    wanted_groups,
)

OID = "0b7c9d52-1111-4222-8333-444455556666"
GROUP = "aaaaaaaa-1111-4222-8333-444455556666"
DANA = TenantPerson(OID, "dana@example.com", frozenset({"dana@example.com"}), True, False, 1001, None)
ROLES = (RoleGroup(GROUP, "DVO-Developers"), RoleGroup("b" * 36))


def test_a_member_is_in_the_role_groups_they_are_in_by_name_and_by_id() -> None:
    found = tenant_principal(DANA, Standing(frozenset({GROUP, "other"}), True), ROLES, "dana-dev")
    assert (found.id, found.kind, found.login) == (f"entra:{OID}", PrincipalKind.PERSON, "dana-dev")
    assert found.groups == {GROUP, "DVO-Developers"}
    assert found.mfa is True


def test_a_group_known_by_its_id_only_is_called_by_nothing_else() -> None:
    assert tenant_principal(DANA, Standing(frozenset({"b" * 36}), None), ROLES, None).groups == {"b" * 36}


@pytest.mark.parametrize("change", [{"is_guest": True}, {"is_enabled": False}])
def test_guests_and_disabled_accounts_hold_no_role(change: dict[str, bool]) -> None:
    """ATTACKS 059."""
    someone = replace(DANA, **change)  # type: ignore[arg-type] # mypy takes the values for those of any field
    found = tenant_principal(someone, Standing(frozenset({GROUP}), True), ROLES, None)
    assert (found.groups, found.mfa) == (frozenset(), None)


def test_the_login_of_the_tenant_is_shown_before_any_other_and_a_name_last() -> None:
    shown = [
        tenant_principal(replace(DANA, github_login=own), Standing(frozenset(), None), (), seen).login
        for own, seen in (("own", "seen"), (None, "seen"), (None, None))
    ]
    assert shown == ["own", "seen", "dana@example.com"]


@pytest.mark.parametrize("order", list(itertools.permutations([{"a"}, {"a"}, set()])))
def test_links_that_agree_lead_to_one_person(order: tuple[set[str], ...]) -> None:
    assert agreed(*order) == "a"


@pytest.mark.parametrize("links", [[], [set()], [{"a"}, {"b"}], [{"a", "b"}], [{"a", "b"}, {"a"}]])
def test_links_that_know_nobody_or_contradict_each_other_lead_to_nobody(links: list[set[str]]) -> None:
    assert agreed(*links) is None


@pytest.mark.parametrize("text", [None, "", "0", "01", "dana-dev", "1001 ", "1e3", "١", 1001, "9" * 19])
def test_what_is_no_number_is_no_account(text: object) -> None:
    assert github_number(text) is None


def test_a_number_is_an_account() -> None:
    assert github_number("1001") == 1001


def test_an_object_id_is_compared_in_lower_case() -> None:
    assert object_id(f" {OID.upper()}") == OID
    assert object_id("dana@example.com") is None


def test_groups_are_named_by_name_by_id_or_by_both() -> None:
    assert wanted_groups(f"DVO-Admins, {GROUP.upper()} ,Ops={OID}") == {"DVO-Admins": None, GROUP: GROUP, "Ops": OID}


@pytest.mark.parametrize("text", ["", "DVO-Admins,", "=x", "Ops=not-an-id", f"={OID}"])
def test_groups_that_are_not_named_properly_are_refused(text: str) -> None:
    with pytest.raises(ConfigurationError, match="DVO_ENTRA_GROUPS"):
        wanted_groups(text)
