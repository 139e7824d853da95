"""A branch seen as a pull request: nothing is on it, and nothing is written anywhere."""

from datetime import UTC, datetime

import pytest

from controller.change.facts import Account, AccountKind, PullRequestState, Push
from controller.change.names import Login, commit_sha
from controller.errors import InputError
from controller.identity.principal import Principal, PrincipalId, PrincipalKind
from controller.ledger.event import Event, EventType
from controller.workflow.unopened import ACTING, ActingDirectory, Recollection, UnopenedPullRequest
from tests.fakes.code_host import FakeCodeHost
from tests.fakes.directory import InMemoryDirectory, Person

OLGA = Person("olga", 1002, ("olga@example.com",))


def test_it_has_no_reviews_is_not_merged_and_is_pushed_by_whoever_asks() -> None:
    host = FakeCodeHost()
    head = host.tip("main")
    seen = UnopenedPullRequest(host, "main", head)
    pull = seen.pull_request(0)
    assert (pull.state, pull.head, pull.author, pull.commit_count) == (PullRequestState.OPEN, head, ACTING, 0)
    assert (seen.open_pull_requests(), seen.reviews(0), seen.merged_pull_request(head)) == ((), (), None)
    assert seen.pushes(0) == (Push(head, ACTING, made_branch=True),)
    assert seen.tip("main") == head


@pytest.mark.parametrize("person", [None, Principal(PrincipalId("x"), PrincipalKind.PERSON, "x", frozenset(), None)])
def test_whoever_asks_is_the_person_given_and_nobody_else_changes(person: Principal | None) -> None:
    directory = ActingDirectory(InMemoryDirectory([OLGA]), person)
    olga = Account(1002, Login("olga"), AccountKind.USER)
    people = directory.look_up(frozenset({ACTING, olga}), frozenset({"olga@example.com"}), frozenset({"olga"}))
    assert people.of_account(ACTING) == person
    assert directory.revision() == directory.directory.revision()
    assert people.of_account(olga) == people.of_email("olga@example.com") == people.by_login["olga"] == OLGA.principal


def test_a_recollection_remembers_and_writes_nothing() -> None:
    event = Event("1", EventType.RELEASE_PUBLISHED, datetime(2026, 1, 1, tzinfo=UTC), "git", "release/ANL/1.0.0")
    remembered = Recollection((event,))
    assert remembered.find(frozenset({EventType.RELEASE_PUBLISHED})) == (event,)
    assert remembered.find(frozenset({EventType.RELEASE_PUBLISHED}), "release/ANL/1.0.1") == ()
    assert remembered.find(frozenset({EventType.SYSTEM_STARTUP})) == ()
    assert (remembered.unsealed(9), remembered.last_sealed()) == ((), None)
    with pytest.raises(InputError):
        remembered.record([event])
    with pytest.raises(InputError):
        remembered.mark_sealed([])


def test_a_commit_id_is_what_is_asked_for() -> None:
    head = commit_sha("a" * 40)
    assert UnopenedPullRequest(FakeCodeHost(), "main", head).pushes(7) == (Push(head, ACTING, made_branch=True),)
