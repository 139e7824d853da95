"""The claims of tokens as Entra makes them, and as somebody else would like them to be."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from controller.identity.bearer import LEEWAY, LONGEST, Bearer, TokenFault, TokenTerms, read_claims
from controller.identity.principal import PrincipalKind

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
TENANT = "11111111-2222-3333-4444-555555555555"
OTHER = "99999999-2222-3333-4444-555555555555"
PERSON = "aaaaaaaa-2222-3333-4444-555555555555"
GROUP = "bbbbbbbb-2222-3333-4444-555555555555"
CLIENT = "cccccccc-2222-3333-4444-555555555555"
ISSUER = f"https://login.example/{TENANT}/v2.0"
ISSUERS = frozenset({ISSUER, f"https://sts.example/{TENANT}/"})
TERMS = TokenTerms(TENANT, frozenset({CLIENT, f"api://{CLIENT}"}), "access_as_user", frozenset({"c1"}))
ID_TERMS = replace(TERMS, audiences=frozenset({CLIENT}), scope=None)


def at(moment: datetime) -> int:
    return int(moment.timestamp())


def of_person(**changed: object) -> dict[str, object]:
    claims: dict[str, object] = {
        "iss": ISSUER,
        "tid": TENANT,
        "aud": CLIENT,
        "nbf": at(NOW) - 10,
        "iat": at(NOW) - 10,
        "exp": at(NOW) + 3600,
        "oid": PERSON,
        "sub": "pairwise-subject",
        "scp": "openid access_as_user",
        "ver": "2.0",
    }
    return {name: value for name, value in (claims | changed).items() if value is not Ellipsis}


def of_application(**changed: object) -> dict[str, object]:
    return of_person(**({"scp": ..., "sub": PERSON, "azp": CLIENT} | changed))


def read(claims: dict[str, object], now: datetime = NOW, terms: TokenTerms = TERMS) -> Bearer | TokenFault:
    return read_claims(claims, ISSUERS, terms, now)


def believed(claims: dict[str, object], terms: TokenTerms = TERMS) -> Bearer:
    bearer = read(claims, terms=terms)
    assert isinstance(bearer, Bearer)
    return bearer


def test_a_persons_token_speaks_for_them_and_says_no_more_than_it_holds() -> None:
    assert read(of_person()) == Bearer(PrincipalKind.PERSON, PERSON, frozenset(), None, NOW + timedelta(hours=1))


@pytest.mark.parametrize(("issuer", "version"), [(ISSUER, "2.0"), (f"https://sts.example/{TENANT}/", "1.0")])
def test_both_versions_of_a_token_are_read(issuer: str, version: str) -> None:
    assert believed(of_person(iss=issuer, ver=version, aud=f"api://{CLIENT}")).object_id == PERSON


@pytest.mark.parametrize(
    "claims",
    [
        of_application(),
        of_application(azp=..., appid=CLIENT),
        of_application(idtyp="app", sub="anything", azp=...),
    ],
)
def test_a_token_an_application_got_for_itself_is_a_service_account(claims: dict[str, object]) -> None:
    assert believed(claims).kind is PrincipalKind.SERVICE


@pytest.mark.parametrize(
    ("fault", "changed"),
    [
        (TokenFault.FOREIGN_ISSUER, {"iss": f"https://login.example/{OTHER}/v2.0"}),
        (TokenFault.FOREIGN_ISSUER, {"iss": f"{ISSUER}/"}),
        (TokenFault.FOREIGN_ISSUER, {"iss": ISSUER.upper()}),
        (TokenFault.FOREIGN_ISSUER, {"iss": ...}),
        (TokenFault.FOREIGN_ISSUER, {"iss": None}),
        (TokenFault.FOREIGN_TENANT, {"tid": OTHER}),
        (TokenFault.FOREIGN_TENANT, {"tid": ...}),
        (TokenFault.FOREIGN_AUDIENCE, {"aud": OTHER}),
        (TokenFault.FOREIGN_AUDIENCE, {"aud": "https://graph.example"}),
        (TokenFault.FOREIGN_AUDIENCE, {"aud": ...}),
        (TokenFault.MALFORMED, {"oid": ...}),
        (TokenFault.MALFORMED, {"oid": "dana@example.com"}),
        (TokenFault.MALFORMED, {"oid": PERSON.upper()}),
        (TokenFault.MALFORMED, {"oid": 7}),
        (TokenFault.MALFORMED, {"ver": ...}),
        (TokenFault.MALFORMED, {"ver": 2.0}),
        (TokenFault.MALFORMED, {"exp": ...}),
        (TokenFault.MALFORMED, {"nbf": None}),
        (TokenFault.MALFORMED, {"nbf": ..., "iat": ...}),
        (TokenFault.MALFORMED, {"iat": ...}),
        (TokenFault.MALFORMED, {"exp": str(at(NOW) + 3600)}),
        (TokenFault.MALFORMED, {"exp": True}),
        (TokenFault.MALFORMED, {"exp": 1 << 62}),
        (TokenFault.MALFORMED, {"exp": float("inf")}),
        (TokenFault.MALFORMED, {"exp": at(NOW) + 10 + int(LONGEST.total_seconds())}),
        (TokenFault.NOT_FOR_US, {"scp": ...}),
        (TokenFault.NOT_FOR_US, {"scp": "openid profile"}),
        (TokenFault.NOT_FOR_US, {"scp": "access_as_user_too"}),
        (TokenFault.NOT_FOR_US, {"scp": ["access_as_user"]}),
        (TokenFault.NOT_FOR_US, {"idtyp": "app"}),
        (TokenFault.NOT_FOR_US, {"idtyp": "device"}),
        (TokenFault.NOT_FOR_US, {"scp": ..., "idtyp": "user"}),
    ],
)
def test_a_token_for_somebody_else_speaks_for_nobody(fault: TokenFault, changed: dict[str, object]) -> None:
    assert read(of_person(**changed)) is fault


def test_an_id_token_of_our_own_sign_in_opens_no_door() -> None:
    assert read(of_person(scp=..., nonce="n", azp=CLIENT)) is TokenFault.NOT_FOR_US


@pytest.mark.parametrize(
    ("moved", "fault"),
    [
        (timedelta(hours=1) + LEEWAY, TokenFault.EXPIRED),
        (timedelta(hours=1) + LEEWAY - timedelta(seconds=1), None),
        (-timedelta(seconds=10) - LEEWAY, None),
        (-timedelta(seconds=11) - LEEWAY, TokenFault.NOT_YET_VALID),
    ],
)
def test_a_token_is_valid_for_its_time_and_a_minute_around_it(moved: timedelta, fault: TokenFault | None) -> None:
    found = read(of_person(), NOW + moved)
    assert (found if isinstance(found, TokenFault) else None) is fault


def test_a_token_that_does_not_say_from_when_on_is_valid_since_it_was_issued() -> None:
    assert read(of_person(nbf=...)) == read(of_person())
    assert read(of_person(nbf=..., iat=at(NOW) + 120)) is TokenFault.NOT_YET_VALID


def test_a_token_issued_later_than_now_is_not_valid_whatever_its_not_before() -> None:
    assert read(of_person(iat=at(NOW) + 120)) is TokenFault.NOT_YET_VALID


@pytest.mark.parametrize(
    ("changed", "groups"),
    [
        ({"groups": [GROUP]}, frozenset({GROUP})),
        ({}, frozenset()),
        ({"groups": []}, frozenset()),
        ({"groups": ["DVO-Admins"]}, None),
        ({"groups": [GROUP, "DVO-Admins"]}, None),
        ({"groups": [GROUP, 7]}, None),
        ({"groups": GROUP}, None),
        ({"groups": [GROUP], "_claim_names": {"groups": "src1"}}, None),
        ({"_claim_names": {"groups": "src1"}, "_claim_sources": {"src1": {"endpoint": "https://evil"}}}, None),
        ({"groups": [GROUP], "hasgroups": True}, None),
        ({"groups": [GROUP], "_claim_names": {"other": "src1"}}, frozenset({GROUP})),
    ],
)
def test_groups_are_those_the_token_lists_whole_and_by_id(
    changed: dict[str, object], groups: frozenset[str] | None
) -> None:
    assert believed(of_person(**changed)).groups == groups


@pytest.mark.parametrize(
    ("changed", "kind"),
    [
        ({"scp": ...}, PrincipalKind.PERSON),
        ({"scp": ..., "idtyp": "user"}, PrincipalKind.PERSON),
        ({}, TokenFault.NOT_FOR_US),
        ({"scp": ..., "idtyp": "app"}, TokenFault.NOT_FOR_US),
        ({"scp": ..., "roles": ["DVO-Admins"]}, TokenFault.NOT_FOR_US),
        ({"scp": ..., "azp": CLIENT}, TokenFault.NOT_FOR_US),
        ({"scp": ..., "appid": CLIENT}, TokenFault.NOT_FOR_US),
    ],
)
def test_where_an_id_token_is_meant_no_access_token_is_one(
    changed: dict[str, object], kind: PrincipalKind | TokenFault
) -> None:
    found = read(of_person(**changed), terms=ID_TERMS)
    assert (found.kind if isinstance(found, Bearer) else found) is kind


@pytest.mark.parametrize(
    ("changed", "mfa"),
    [
        ({"acrs": ["c1", "c7"]}, True),
        ({"acrs": ["c2"], "amr": ["pwd", "mfa"]}, None),
        ({"acrs": "c1"}, None),
        ({"amr": ["pwd", "mfa"]}, None),
    ],
)
def test_with_a_context_a_second_factor_is_what_the_token_says_of_it(changed: dict[str, object], mfa: object) -> None:
    assert believed(of_person(**changed)).mfa is mfa


@pytest.mark.parametrize(
    ("changed", "mfa"),
    [
        ({"amr": ["pwd", "mfa"]}, True),
        ({"amr": ["pwd"]}, None),
        ({"amr": "mfa"}, None),
        ({"acrs": ["c1"]}, None),
    ],
)
def test_without_a_context_it_is_what_the_token_says_of_the_sign_in(changed: dict[str, object], mfa: object) -> None:
    assert believed(of_person(**changed), replace(TERMS, mfa_contexts=frozenset())).mfa is mfa


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=6,
)


@given(st.dictionaries(st.sampled_from([*of_application(), "groups", "amr", "acrs", "idtyp", "_claim_names"]), JSON))
def test_no_claim_of_any_type_is_an_error_or_another_person(changed: dict[str, object]) -> None:
    found = read(of_person(**changed))
    assert isinstance(found, TokenFault) or found.object_id == PERSON
