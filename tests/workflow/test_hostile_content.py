"""Whatever a pull request holds, its checks are red and say why: nothing in it makes a judgement break off."""

import re

import pytest

from controller.ledger.event import EventType
from tests.workflow.steps import PRODUCTION, edited, ready_for_production
from tests.workflow.world import World

ENVIRONMENT = "environments/production/environment.yaml"
REASON = "Break-glass-reason: it answers with other people's data"
TICKET = "Break-glass-ticket: INC-4711"


def summary(world: World, number: int) -> str:
    assert world.failures == []
    assert world.conclusions(number)[0] == "failure"
    return world.check(number, "dvo/policy").summary


@pytest.mark.parametrize("line", [REASON.replace("s", "ſ"), TICKET.replace("k", "\u212a")])
def test_a_word_of_break_glass_in_other_letters_is_a_fault(world: World, line: str) -> None:
    """ATTACKS 005: to Unicode `ſ` is an s where case does not matter."""
    fields = ready_for_production(world)
    number = world.propose("omar-ops", "prod", {PRODUCTION: edited(world.file(PRODUCTION), **fields)})
    other = TICKET if "rea" in line else REASON
    world.host.ask_break_glass(number, f"{line}\n{other}")
    world.look(f"pull/{number}")
    assert "Expected one line" in summary(world, number)


@pytest.mark.parametrize("end", ["9999-12-31T23:59:59Z", "9999-12-31T23:59:59-14:00"])
def test_a_freeze_until_the_end_of_time_is_refused_before_it_judges(world: World, end: str) -> None:
    window = f'\nfreeze_windows:\n  - {{name: for ever, start: "2027-01-01T00:00:00Z", end: "{end}"}}\n'
    text = re.sub(r"(?m)^freeze_windows:.*\n", "", world.file(ENVIRONMENT).decode())
    number = world.propose("ada-admin", "freeze", {ENVIRONMENT: text + window})
    assert "a time from 1970 to 2261" in summary(world, number)


def test_a_policy_whose_name_no_disk_takes_is_refused(world: World) -> None:
    files = {f"policies/rego/company/{'a' * 300}.rego": "package company.acme\n"}
    assert "expected plain names of policy files" in summary(world, world.propose("ada-admin", "long", files))


@pytest.mark.parametrize(
    "path", ["environments/production/x\u202elmay.yaml", "policies/\u200bx.rego", ".github/\u2066x"]
)
def test_the_name_of_a_file_hides_and_reorders_nothing(world: World, path: str) -> None:
    """ATTACKS 005."""
    number = world.propose("ada-admin", "odd", {path: "x\n"})
    shown = summary(world, number) + world.check(number, "dvo/policy").title + (world.host.comments[number] or "")
    assert "\ufffd" in shown
    assert not set("\u202e\u200b\u2066") & set(shown)


def test_faults_without_end_fill_neither_the_ledger_nor_the_check(world: World) -> None:
    """ATTACKS 010: twenty files of fifty faults each are told, counted and not kept one by one."""
    faulty = "".join(f"k{number}: &a x\n" for number in range(60))
    files = {f"environments/production/a{number}.yaml": faulty for number in range(20)}
    number = world.propose("ada-admin", "flood", files)
    told = world.events(EventType.POLICY_EVALUATED, f"pull/{number}")[-1].details
    reasons, more = told["reasons"], told["more_reasons"]
    assert isinstance(reasons, list | tuple)
    assert isinstance(more, int)
    assert len(reasons) == 500
    assert f"for {500 + more} reasons" in summary(world, number)
