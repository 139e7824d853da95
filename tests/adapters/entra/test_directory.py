"""The directory on Entra ID keeps the contract, and what is its own: links, groups, changes, and outages."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace

import pytest

from controller.adapters.entra.changes import Changed
from controller.adapters.entra.directory import WHOLE_SECONDS, EntraDirectory, Links
from controller.adapters.entra.memory import Facts, Memory
from controller.adapters.entra.registration_report import FRESH_SECONDS as FRESH_REPORT
from controller.adapters.entra.registration_report import OLDEST_SECONDS as OLDEST_REPORT
from controller.adapters.entra.registration_report import RegistrationReport
from controller.change.facts import Account
from controller.errors import ConfigurationError, UnavailableError
from controller.identity.principal import Principal, PrincipalKind, Way
from controller.identity.tenant import wanted_groups
from tests.adapters.entra.conftest import ATTRIBUTES, CompanyInEntra, Tenancy
from tests.contracts.directory import DANA, ROBO, DirectoryContract, account
from tests.fakes.entra.https import Answer, Fault


class TestEntraDirectory(DirectoryContract):
    """See the fixture."""

    @pytest.fixture
    def company(self, tenancy: Tenancy) -> CompanyInEntra:
        made = CompanyInEntra(tenancy)
        made.list(DANA, ROBO)
        return made


def who(tenancy: Tenancy, *numbers: int) -> list[Principal | None]:
    """Return who is behind accounts."""
    asked = frozenset(account(number, f"login-{number}") for number in numbers)
    found = tenancy.directory.look_up(asked, frozenset()).by_account
    return [found[number] for number in numbers]


def groups_of(tenancy: Tenancy, number: int) -> set[str]:
    """Return the names of the groups of a person, without their ids."""
    (person,) = who(tenancy, number)
    return set() if person is None else set(person.groups) - set(tenancy.groups.values())


def test_somebody_who_is_known_costs_no_call(tenancy: Tenancy) -> None:
    tenancy.add("dana", 1001, "DVO-Developers", mfa=True)
    first = who(tenancy, 1001)
    before = tenancy.counts()
    assert who(tenancy, 1001) == first
    assert tenancy.counts() == before
    tenancy.later()
    assert who(tenancy, 1001) == first
    assert tenancy.counts() == before + 2  # what changed of people, and of groups: nothing


def test_groups_within_groups_count_over_every_page(tenancy: Tenancy) -> None:
    tenancy.running.graph.page_size = 3
    dana = tenancy.add("dana", 1001)
    inner = tenancy.running.tenant.add_group("inner", [dana])
    middle = tenancy.running.tenant.add_group("middle", [inner])
    for number in range(8):
        tenancy.running.tenant.add_group(f"other-{number}", [dana])
    tenancy.running.tenant.join(tenancy.groups["DVO-Operators"], middle)
    assert groups_of(tenancy, 1001) == {"DVO-Operators"}
    tenancy.running.tenant.leave(middle, inner)
    tenancy.later()
    assert groups_of(tenancy, 1001) == set()


def test_leaving_a_group_is_seen_without_reading_others_again(tenancy: Tenancy) -> None:
    dana, _ = tenancy.add("dana", 1001, "DVO-Developers"), tenancy.add("otto", 1003, "DVO-Developers")
    who(tenancy, 1001, 1003)
    tenancy.running.tenant.leave(tenancy.groups["DVO-Developers"], dana)
    tenancy.later()
    before = tenancy.running.graph_server.counts()
    assert [groups_of(tenancy, 1001), groups_of(tenancy, 1003)] == [set(), {"DVO-Developers"}]
    asked = tenancy.running.graph_server.counts() - before
    assert [path for path in asked if path.endswith("transitiveMemberOf")] == [
        f"GET /v1.0/users/{dana}/transitiveMemberOf"
    ]


@pytest.mark.parametrize("change", [{"accountEnabled": False}, {"userType": "Guest"}])
def test_a_disabled_account_and_a_guest_lose_every_role_and_stay_known(
    tenancy: Tenancy, change: dict[str, object]
) -> None:
    """ATTACKS 059."""
    dana = tenancy.add("dana", 1001, "DVO-Operators", mfa=True)
    assert groups_of(tenancy, 1001) == {"DVO-Operators"}
    tenancy.running.tenant.update_user(dana, **change)
    tenancy.later()
    (found,) = who(tenancy, 1001)
    assert found is not None
    assert (found.id, found.groups, found.mfa) == (f"entra:{dana}", frozenset(), None)


def allow(tenancy: Tenancy, *permissions: str) -> str:
    """Give the controller's application permissions beside its usual ones; return its object id."""
    own = tenancy.running.app
    tenancy.running.tenant.add_app(replace(own, roles=(*own.roles, *permissions)))
    return own.object_id


def test_a_service_account_is_in_the_groups_its_token_lists_without_a_call(tenancy: Tenancy) -> None:
    service, (operators, developers) = (
        allow(tenancy),
        (tenancy.groups["DVO-Operators"], tenancy.groups["DVO-Developers"]),
    )
    tenancy.running.tenant.join(developers, service)
    tenancy.directory.load()
    before = tenancy.counts()
    found = tenancy.directory.service(service, {operators, "00000000-0000-0000-0000-000000000000"})
    assert (found.id, found.kind, found.mfa) == (f"entra:{service}", PrincipalKind.SERVICE, None)
    assert found.groups == {"DVO-Operators", operators}
    assert tenancy.counts() == before


def test_groups_of_a_service_account_that_are_too_many_for_its_token_are_asked_for_once(tenancy: Tenancy) -> None:
    service, operators = allow(tenancy, "Application.Read.All"), tenancy.groups["DVO-Operators"]
    tenancy.running.graph.page_size = 100
    inner = [tenancy.running.tenant.add_group(f"team-{number}", [service]) for number in range(201)]
    tenancy.running.tenant.join(operators, inner[-1])
    assert tenancy.directory.service(service, None).groups == {"DVO-Operators", operators}
    before = tenancy.counts()
    assert tenancy.directory.service(service, None).groups == {"DVO-Operators", operators}
    assert tenancy.counts() == before
    tenancy.running.tenant.leave(inner[-1], service)
    tenancy.later()
    assert tenancy.directory.service(service, None).groups == frozenset()


def test_without_the_permission_to_ask_nobody_believes_a_cut_token_and_everybody_else_is_known(
    tenancy: Tenancy,
) -> None:
    service = allow(tenancy)
    tenancy.add("dana", 1001, "DVO-Developers")
    with pytest.raises(
        UnavailableError, match=f"403 .* /v1.0/servicePrincipals/{service}/transitiveMemberOf: .* lacks"
    ):
        tenancy.directory.service(service, None)
    assert groups_of(tenancy, 1001) == {"DVO-Developers"}


def test_an_account_that_two_people_claim_belongs_to_nobody(tenancy: Tenancy) -> None:
    """ATTACKS 019."""
    tenancy.add("dana", 1001)
    assert who(tenancy, 1001) != [None]
    otto = tenancy.add("otto", 1001)
    tenancy.later()
    assert who(tenancy, 1001) == [None]
    tenancy.running.tenant.update_user(otto, extensionAttribute1="1003")
    tenancy.later()
    assert None not in who(tenancy, 1001, 1003)


def test_an_address_that_two_people_have_belongs_to_nobody(tenancy: Tenancy) -> None:
    """ATTACKS 053: an address can be given to another person; then it proves nothing."""
    dana = tenancy.add("dana", 1001)
    asked = frozenset({"dana@example.com"})
    first = tenancy.directory.look_up(frozenset(), asked).of_email("dana@example.com")
    assert first is not None
    assert first.id == f"entra:{dana}"
    tenancy.add("otto", 1003, proxyAddresses=["smtp:DANA@example.com"])
    tenancy.later()
    assert tenancy.directory.look_up(frozenset(), asked).of_email("dana@example.com") is None


def test_what_somebody_enters_as_their_own_address_proves_nothing(tenancy: Tenancy) -> None:
    tenancy.add("otto", 1003, otherMails=["dana@home.example"])
    found = tenancy.directory.look_up(frozenset(), frozenset({"dana@home.example"}))
    assert found.by_email == {"dana@home.example": None}


def test_the_file_leads_to_people_whom_the_attribute_does_not_know(tenancy: Tenancy) -> None:
    dana = tenancy.add("dana", None, "DVO-Developers")
    tenancy.list(f"  - {{login: dana-dev, github_id: 1001, emails: [dana@home.example], entra_id: {dana}}}")
    found = tenancy.directory.look_up(
        frozenset({account(1001, "dana-dev")}), frozenset({"dana@home.example"}), frozenset({"dana-dev"})
    )
    people = {found.by_account[1001], found.by_email["dana@home.example"], found.by_login["dana-dev"]}
    assert [person and person.id for person in people] == [f"entra:{dana}"]


def test_links_that_contradict_each_other_lead_to_nobody(tenancy: Tenancy) -> None:
    tenancy.add("dana", 1001)
    otto = tenancy.add("otto", 1003)
    tenancy.list(f"  - {{login: dana-dev, github_id: 1001, emails: [o@x.org], entra_id: {otto}}}")
    assert who(tenancy, 1001) == [None]


def test_who_says_what_of_a_contradiction_is_told(tenancy: Tenancy) -> None:
    dana, otto = tenancy.add("dana", 1001, extensionAttribute2="dana-dev"), tenancy.add("otto", 1003)
    rita = tenancy.add("rita", 1004, proxyAddresses=["smtp:dana@example.com"])
    tenancy.list(
        f"  - {{login: dana-dev, github_id: 1001, emails: [o@x.org], entra_id: {otto}}}",
        "  - {login: robo, github_id: 1003, emails: [r@x.org], kind: bot}",
    )
    asked = frozenset({account(1001), account(1003), account(1004)})
    found = tenancy.directory.look_up(asked, frozenset({"DANA@example.com", "o@x.org"}), frozenset({"dana-dev"}))
    told = {(one.way, one.value): one.claims for one in found.contested}
    tenant, file = "Entra ID", "the directory file"
    assert told == {
        (Way.ACCOUNT, "1001"): {tenant: [f"entra:{dana}"], file: [f"entra:{otto}"]},
        (Way.ACCOUNT, "1003"): {tenant: [f"entra:{otto}"], file: ["github:1003"]},
        (Way.ADDRESS, "dana@example.com"): {tenant: sorted([f"entra:{dana}", f"entra:{rita}"])},
        (Way.LOGIN, "dana-dev"): {tenant: [f"entra:{dana}"], file: [f"entra:{otto}"]},
    }


def test_two_people_of_one_external_identity_are_told(tenancy: Tenancy) -> None:
    names = ("dana@example.com", "otto@example.com")
    people = sorted(f"entra:{tenancy.add(name)}" for name in ("dana", "otto"))
    found = asking_github(tenancy, GitHub({1001: names})).look_up(frozenset({account(1001)}), frozenset())
    assert [(one.value, one.claims) for one in found.contested] == [("1001", {"GitHub's external identity": people})]
    assert str(found.contested[0]) == (
        "the account 1001 belongs to nobody, since it leads to several people: "
        f"GitHub's external identity says {people[0]}, {people[1]}"
    )


def test_a_machine_of_the_file_is_itself_unless_a_person_claims_its_account(tenancy: Tenancy) -> None:
    tenancy.list("  - {login: 'robo[bot]', github_id: 77, emails: [r@x.org], kind: bot}")
    (robot,) = who(tenancy, 77)
    assert robot is not None
    assert (robot.id, robot.kind) == ("github:77", PrincipalKind.BOT)
    tenancy.add("otto", 77)
    tenancy.later()
    assert who(tenancy, 77) == [None]


def test_a_login_without_a_number_beside_it_is_nobody(tenancy: Tenancy) -> None:
    """ATTACKS 024: a login is whoever holds it today."""
    dana = tenancy.add("dana", None, extensionAttribute2="dana-dev")
    asked = frozenset({account(1001, "dana-dev")})
    found = tenancy.directory.look_up(asked, frozenset(), frozenset({"dana-dev"}))
    assert (found.by_account, found.by_login) == ({1001: None}, {"dana-dev": None})
    tenancy.running.tenant.update_user(dana, extensionAttribute1="1001")
    tenancy.later()
    assert tenancy.directory.look_up(frozenset(), frozenset(), frozenset({"dana-dev"})).by_login["dana-dev"]


def test_a_person_who_left_is_nobody_by_account_address_and_object_id(tenancy: Tenancy) -> None:
    dana = tenancy.add("dana", 1001)
    found = (tenancy.directory.by_object_id(dana.upper()), *who(tenancy, 1001))
    assert [person and person.id for person in found] == [f"entra:{dana}"] * 2
    tenancy.running.tenant.remove_user(dana)
    tenancy.later()
    assert who(tenancy, 1001) == [None]
    assert tenancy.directory.by_object_id(dana) is None
    assert tenancy.directory.by_object_id("../groups") is None


def test_mfa_is_what_the_registration_report_says(tenancy: Tenancy) -> None:
    for number, mfa in ((1, True), (2, False), (3, None)):
        tenancy.add(f"person-{number}", number, mfa=mfa)
    assert [person and person.mfa for person in who(tenancy, 1, 2, 3)] == [True, False, None]


def test_mfa_is_unknown_where_the_report_may_not_be_read(tenancy: Tenancy) -> None:
    tenancy.running.graph.has_report = False
    tenancy.add("dana", 1001, mfa=True)
    (dana,) = who(tenancy, 1001)
    assert dana is not None
    assert dana.mfa is None


def test_the_report_is_read_again_after_a_while(tenancy: Tenancy) -> None:
    dana = tenancy.add("dana", 1001, mfa=True)
    who(tenancy, 1001)
    tenancy.running.tenant.users[dana].report = {"isMfaCapable": False}
    tenancy.later(WHOLE_SECONDS)
    (found,) = who(tenancy, 1001)
    assert found is not None
    assert found.mfa is False


def test_the_report_is_read_whole_and_goes_on_where_it_was_told_to_wait(tenancy: Tenancy) -> None:
    """Its service takes five requests in ten seconds."""
    for number in range(1, 8):
        tenancy.add(f"person-{number}", number, mfa=True)
    tenancy.running.graph.page_size = 2
    busy = Answer({}, 429, {"Retry-After": "60"})
    report = RegistrationReport(tenancy.graph)
    report.refresh(0.0)
    assert len(report.capable) == 7
    for user in tenancy.running.tenant.users.values():
        user.report = {"isMfaCapable": False}
    before = tenancy.running.graph_server.counts().total()
    tenancy.running.graph_server.fail(Fault("userRegistrationDetails", busy))
    report.refresh(FRESH_REPORT)
    assert set(report.capable.values()) == {True}
    assert tenancy.running.graph_server.counts().total() == before + 1
    with pytest.raises(UnavailableError, match="left alone"):
        report.refresh(OLDEST_REPORT)


def test_a_token_of_changes_that_is_too_old_makes_everything_be_read_again(tenancy: Tenancy) -> None:
    dana = tenancy.add("dana", 1001, "DVO-Developers")
    who(tenancy, 1001)
    tenancy.running.tenant.leave(tenancy.groups["DVO-Developers"], dana)
    tenancy.running.graph.deltas.expire()
    tenancy.later()
    assert groups_of(tenancy, 1001) == set()


def test_many_changes_come_in_pages(tenancy: Tenancy) -> None:
    people = [tenancy.add(f"person-{number}", number, "DVO-Developers") for number in range(1, 8)]
    who(tenancy, *range(1, 8))
    tenancy.running.graph.deltas.page_size = 2
    for person in people:
        tenancy.running.tenant.leave(tenancy.groups["DVO-Developers"], person)
    tenancy.later()
    assert [groups_of(tenancy, number) for number in range(1, 8)] == [set()] * 7


def test_the_revision_is_another_one_whenever_an_answer_might_be(tenancy: Tenancy) -> None:
    dana = tenancy.add("dana", 1001)
    who(tenancy, 1001)
    seen = [tenancy.directory.revision()]
    tenancy.later()
    assert tenancy.directory.revision() == seen[0]
    tenancy.running.tenant.update_user(dana, accountEnabled=False)
    tenancy.later()
    seen.append(tenancy.directory.revision())
    tenancy.list("  - {login: robo, github_id: 77, emails: [r@x.org], kind: bot}")
    seen.append(tenancy.directory.revision())
    assert len(set(seen)) == 3


def test_what_was_read_before_a_change_and_came_after_it_is_not_kept(tenancy: Tenancy) -> None:
    memory = Memory(ATTRIBUTES)
    facts = Facts(groups={"x": frozenset({"old"})})
    before = memory.generation
    memory.forget(Changed(moved={"x"}))
    memory.keep(facts, before)
    assert memory.people(["x"]) == ({}, {})


def test_memory_has_a_bound(tenancy: Tenancy) -> None:
    memory = Memory(ATTRIBUTES, most=2)
    memory.keep(Facts(groups={name: frozenset() for name in "abc"}), memory.generation)
    assert list(memory.people("abc")[1]) == ["b", "c"]


@pytest.mark.parametrize(
    "address", ["x" * 70 + "@a.b", "no address", "a\nb@c.d", "o'hara@example.com", "ä@example.com"]
)
def test_an_address_of_any_form_has_an_answer(tenancy: Tenancy, address: str) -> None:
    assert tenancy.directory.look_up(frozenset(), frozenset({address})).by_email == {address: None}


def test_many_are_asked_about_in_filters_that_graph_takes(tenancy: Tenancy) -> None:
    people = [tenancy.add(f"person-{number}", number) for number in range(1, 41)]
    found = who(tenancy, *range(1, 42))
    assert [person and person.id for person in found] == [*(f"entra:{id_}" for id_ in people), None]
    addresses = frozenset(f"person-{number}@example.com" for number in range(1, 41))
    assert None not in tenancy.directory.look_up(frozenset(), addresses).by_email.values()


def test_a_faulty_directory_file_makes_nobody_known(tenancy: Tenancy) -> None:
    tenancy.add("dana", 1001)
    tenancy.list("  - {login: dana-dev, github_id: 1001, emails: [o@x.org]}")
    with pytest.raises(UnavailableError, match="expected entra_id"):
        who(tenancy, 1001)


def test_github_is_asked_only_about_people_whom_nobody_else_knows(tenancy: Tenancy) -> None:
    dana = tenancy.add("dana")
    tenancy.add("otto", 1003)
    github = GitHub({1001: ("DANA@example.com",)})
    directory = asking_github(tenancy, github)
    found = directory.look_up(frozenset({account(1001), account(1003), account(1004)}), frozenset())
    assert github.asked == [{1001, 1004}]
    assert [found.by_account[1001] and found.by_account[1001].id, found.by_account[1004]] == [f"entra:{dana}", None]


def test_what_github_says_of_somebody_is_a_part_of_the_revision(tenancy: Tenancy) -> None:
    github = GitHub({})
    directory = asking_github(tenancy, github)
    first = directory.revision()
    assert directory.revision() == first
    github.version = "another"
    assert directory.revision() != first
    github.version = None
    with pytest.raises(UnavailableError, match="no identity provider"):
        directory.revision()


@dataclass
class GitHub:
    """Knows names of some, by their numeric ids."""

    known: dict[int, tuple[str, ...]]
    version: str | None = "first"
    asked: list[set[int]] = field(default_factory=list)

    def names(self, accounts: frozenset[Account]) -> dict[int, tuple[str, ...]]:
        self.asked.append({account.id for account in accounts})
        return self.known

    def revision(self) -> str:
        if self.version is None:
            raise ConfigurationError("there is no identity provider")
        return self.version


def asking_github(tenancy: Tenancy, github: GitHub) -> EntraDirectory:
    links = Links(ATTRIBUTES, external=github)
    return EntraDirectory(tenancy.graph, wanted_groups("DVO-Developers"), links, tenancy.clock)


def test_many_ask_at_once_while_people_come_and_go(tenancy: Tenancy) -> None:
    dana = tenancy.add("dana", 1001, "DVO-Developers", mfa=True)
    with ThreadPoolExecutor(8) as pool:
        for number in range(6):
            change = tenancy.running.tenant.leave if number % 2 else tenancy.running.tenant.join
            change(tenancy.groups["DVO-Operators"], dana)
            tenancy.later()
            expected = {"DVO-Developers"} | (set() if number % 2 else {"DVO-Operators"})
            found = list(pool.map(lambda _: groups_of(tenancy, 1001), range(16)))
            assert found == [expected] * 16
