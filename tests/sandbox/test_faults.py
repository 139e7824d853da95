"""Trouble on purpose, counters, and the same over the control addresses."""

import time

import httpx
import pytest
from starlette.responses import Response

from controller.sandbox.faults import MOST_QUESTIONS, Fault, FaultKind, Faults
from tests.sandbox.conftest import ONE, REPOSITORY, Api, Town


def test_a_status_is_sent_as_often_as_planned_with_its_headers(town: Town) -> None:
    town.sandbox.faults.plan(
        Fault(FaultKind.STATUS, "GET", "/repos/*/pulls*", times=2, status=503, headers={"Retry-After": "7"})
    )
    api = town.api("dana")
    answers = [api.raw("GET", f"{ONE}/pulls") for _ in range(3)]
    assert [answer.status_code for answer in answers] == [503, 503, 200]
    assert answers[0].headers["retry-after"] == "7"
    assert api.raw("GET", ONE).status_code == 200


@pytest.mark.parametrize("kind", [FaultKind.RESET, FaultKind.TRUNCATE])
def test_a_broken_connection_is_broken(town: Town, kind: FaultKind) -> None:
    town.sandbox.faults.plan(Fault(kind))
    with pytest.raises(httpx.TransportError):
        town.api("dana").raw("GET", ONE)
    assert town.api("dana").raw("GET", ONE).status_code == 200


def test_garbage_says_200_and_is_no_json(town: Town) -> None:
    town.sandbox.faults.plan(Fault(FaultKind.GARBAGE))
    answer = town.api("dana").raw("GET", ONE)
    assert answer.status_code == 200
    with pytest.raises(ValueError, match="delimiter"):
        answer.json()


@pytest.mark.parametrize(
    ("after", "issues"), [(False, 0), (True, 1)], ids=["lost on the way in", "lost on the way out"]
)
def test_a_write_can_be_lost_before_or_after_it_happened(town: Town, after: bool, issues: int) -> None:
    """ATTACKS 029."""
    town.sandbox.faults.plan(Fault(FaultKind.RESET, "POST", after=after))
    with pytest.raises(httpx.TransportError):
        town.api("dana").raw("POST", f"{ONE}/issues", {"title": "x"})
    assert len(town.api("dana").listed(f"{ONE}/issues")) == issues


def test_trouble_can_wait_for_a_later_call(town: Town) -> None:
    town.sandbox.faults.plan(Fault(FaultKind.STATUS, "GET", status=502, skip=2))
    assert [town.api("dana").raw("GET", ONE).status_code for _ in range(4)] == [200, 200, 502, 200]


@pytest.mark.parametrize("after", [False, True])
def test_a_call_can_be_kept_waiting_longer_than_anybody_waits_and_is_done_all_the_same(town: Town, after: bool) -> None:
    town.sandbox.faults.plan(Fault(FaultKind.DELAY, "POST", delay_ms=300, after=after))
    address, token = f"{town.sandbox.api_url}{ONE}/issues", town.api("dana").token
    with pytest.raises(httpx.ReadTimeout):
        httpx.post(
            address, json={"title": "x"}, headers={"Authorization": f"Bearer {token}"}, timeout=0.1, trust_env=False
        )
    assert town.sandbox.faults.settle()
    assert len(town.api("dana").listed(f"{ONE}/issues")) == 1


def test_a_stale_read_says_what_was_said_before_the_last_change(town: Town) -> None:
    town.sandbox.faults.answers = {}
    api = town.api("dana")
    for title in "abc":
        assert len(api.listed(f"{ONE}/issues")) == "abc".index(title)
        api.wanted(201, "POST", f"{ONE}/issues", {"title": title})
    assert len(api.listed(f"{ONE}/issues")) == 3
    assert api.raw("GET", ONE).status_code == 200
    town.sandbox.faults.plan(Fault(FaultKind.STALE, times=3))
    assert len(api.listed(f"{ONE}/issues")) == 2
    assert len(api.listed(f"{ONE}/issues")) == 2
    assert api.raw("GET", ONE).json()["full_name"] == REPOSITORY, "what never changed is told as it is"
    assert len(api.listed(f"{ONE}/issues")) == 3


def test_answers_are_kept_of_so_many_reads_and_those_that_changed_last_stay() -> None:
    faults = Faults()
    faults.answers = {}

    def told(tag: str) -> Response:
        return Response(headers={"ETag": tag})

    faults.keep("first", told("old"))
    faults.keep("second", told("old"))
    faults.keep("first", told("new"))
    for each in range(MOST_QUESTIONS - 1):
        faults.keep(f"another {each}", told("x"))
    assert len(faults.answers) == MOST_QUESTIONS
    assert faults.older("first", told("new")).headers["etag"] == "old"
    assert faults.older("second", told("new")).headers["etag"] == "new", "it is not known any more"


def test_calls_are_counted_by_route_reads_and_writes_apart(town: Town) -> None:
    api = town.installation()
    town.sandbox.faults.reset_counts()
    api.get(f"{ONE}/branches/main")
    api.get(f"{ONE}/branches/main")
    api.wanted(201, "POST", f"{ONE}/issues", {"title": "x"})
    town.installation()
    counts = town.sandbox.faults.counts()
    assert (counts.reads, counts.writes) == (2, 1)
    assert counts.by_route["GET /repos/{owner}/{repo}/branches/{branch}"] == 2


def test_latency_is_added_to_every_call(town: Town) -> None:
    town.sandbox.faults.latency_ms = 150
    started = time.monotonic()
    town.api("dana").raw("GET", ONE)
    assert time.monotonic() - started >= 0.15


def test_the_control_addresses_need_their_token(town: Town) -> None:
    answer = httpx.get(f"{town.sandbox.url}/_sandbox/counts", trust_env=False)
    assert answer.status_code == 403


def test_the_control_addresses_do_what_the_objects_do(town: Town) -> None:
    control = Api(f"{town.sandbox.url}/_sandbox", town.sandbox.control_token)
    api = town.api("dana")
    assert control.raw("POST", "/faults", {"kind": "status", "path": "/repos/*", "status": 502}).status_code == 200
    assert api.raw("GET", ONE).status_code == 502
    assert control.raw("POST", "/latency", {"milliseconds": 1}).status_code == 200
    assert control.raw("GET", "/counts").json()["reads"] == 1
    assert control.raw("POST", "/webhooks", {"hold": True}).status_code == 200
    api.wanted(201, "POST", f"{ONE}/issues", {"title": "x"})
    town.person("dana").comment(1, "hi")
    held = control.raw("GET", "/deliveries").json()["deliveries"]
    assert [(delivery["event"], delivery["status"]) for delivery in held] == [("issue_comment", "PENDING")]
    control.raw("POST", "/webhooks", {"hold": False, "shuffled": True, "lose": 0, "copies": 1})
    assert town.settled() == ["issue_comment.created"]
    assert control.raw("POST", "/redeliver", {"id": held[0]["id"]}).status_code == 200
    assert town.settled() == ["issue_comment.created"] * 2
    assert control.raw("POST", "/faults", {"kind": "nonsense"}).status_code == 422
    assert control.raw("POST", "/reset").json() == {}
    assert control.raw("GET", "/counts").json()["reads"] == 0
