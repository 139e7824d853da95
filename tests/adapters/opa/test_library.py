"""What cannot be said in Rego about the policies: their notes, the calendar, the published input."""

import json
import subprocess
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from controller.adapters.opa import OpaServers
from controller.desired_state.canonical import canonical_json
from controller.desired_state.environment import Tier
from controller.errors import PolicyError
from controller.identity.principal import Principal, PrincipalId, PrincipalKind
from controller.policy.answer import DEFAULT_RULES, Action
from controller.policy.bundle import PolicyBundle, policy_bundle
from controller.policy.document import policy_document
from controller.policy.question import Question
from controller.policy.roles import ROLES
from tests.adapters.opa.conftest import POLICIES
from tests.core.policy.conftest import question as question

_ = question  # the question of the core tests is asked here too


def asked(opa: Path, query: str, given: object = None) -> Any:
    command = [str(opa), "eval", "--bundle", str(POLICIES), "--strict-builtin-errors", "--format", "raw"]
    command += ["--stdin-input", query]
    done = subprocess.run(command, input=json.dumps(given), capture_output=True, text=True, check=True)
    return json.loads(done.stdout)


def test_every_rule_says_what_it_is_about(opa: Path) -> None:
    listed = subprocess.run([opa, "inspect", "-a", "--format", "json", POLICIES], capture_output=True, check=True)
    notes = {
        note["annotations"]["custom"]["id"]: note["annotations"]
        for note in json.loads(listed.stdout)["annotations"]
        if "/rules/" in note["location"]["file"] and note["annotations"]["scope"] == "package"
    }
    files = {file.stem.replace("_", "-") for file in (POLICIES / "rules").glob("*.rego") if "_test" not in file.name}
    assert set(notes) == files == set(asked(opa, "[rule.id | some rule in data.dvo.rules]"))
    assert notes.keys() >= DEFAULT_RULES
    for note in notes.values():
        assert note["title"]
        assert note["description"]
        assert note["custom"]["remedy"]
        assert note["custom"]["severity"] in {"info", "low", "medium", "high", "critical"}


def test_rego_and_the_reader_know_the_same_roles(opa: Path) -> None:
    assert tuple(asked(opa, "data.dvo.roles.order")) == ROLES
    assert set(asked(opa, "data.dvo.parameters.groups")) == set(ROLES)


def weekend_moments() -> list[tuple[str, datetime]]:
    """Return moments at the weekends around every change of the clocks of many zones in three years."""
    found = []
    for zone in (
        "Europe/Berlin",
        "Europe/London",
        "America/New_York",
        "America/Sao_Paulo",
        "America/St_Johns",
        "America/Santiago",
        "Asia/Kathmandu",
        "Asia/Beirut",
        "Asia/Tehran",
        "Africa/Cairo",
        "Africa/Casablanca",
        "Atlantic/Azores",
        "Australia/Lord_Howe",
        "Australia/Adelaide",
        "Antarctica/Troll",
        "Pacific/Apia",
        "Pacific/Chatham",
        "Pacific/Kiritimati",
        "Pacific/Midway",
        "Pacific/Auckland",
        "UTC",
    ):
        there = ZoneInfo(zone)
        moment = datetime(2022, 1, 1, 0, 30, tzinfo=UTC)
        while moment.year < 2025:
            later = moment + timedelta(hours=13)
            near = moment - timedelta(days=4), moment + timedelta(days=4)
            changes = near[0].astimezone(there).utcoffset() != near[1].astimezone(there).utcoffset()
            if (changes or moment.day < 3) and moment.astimezone(there).weekday() >= 5:
                found.append((zone, moment))
            moment = later
    return found


def opening(zone: str, moment: datetime) -> str:
    local = moment.astimezone(ZoneInfo(zone))
    monday = local.date() + timedelta(days=7 - local.weekday())
    opens = datetime(monday.year, monday.month, monday.day, 9, tzinfo=ZoneInfo(zone))
    return opens.astimezone(UTC).isoformat().replace("+00:00", "Z")


def test_the_calendar_agrees_with_another_one(opa: Path) -> None:
    moments = weekend_moments()
    assert len(moments) > 500
    told = asked(
        opa,
        "[data.dvo.calendar.next_opening(time.parse_rfc3339_ns(pair[1]), pair[0]) | some pair in input]",
        [(zone, moment.isoformat()) for zone, moment in moments],
    )
    assert told == [opening(zone, moment) for zone, moment in moments]


def test_a_real_question_is_well_formed(servers: OpaServers, library: PolicyBundle, question: Question) -> None:
    document = json.loads(canonical_json(policy_document(question)))
    answer = servers.decide(library, document)
    assert "mc-input" in answer.rules
    assert "mc-input" not in {finding.rule for finding in answer.findings}
    assert {finding.rule for finding in answer.findings if finding.action is Action.DENY} == {
        "mc-prod-approval",
        "mc-permission",
        "mc-pinned-digest",
        "mc-weekend-block",
    }


def test_lowering_the_tier_of_production_does_not_lower_the_bar(
    servers: OpaServers, library: PolicyBundle, question: Question
) -> None:
    lowered = {
        name: replace(environment, tier=Tier.DEVELOPMENT)
        for name, environment in question.proposal.after.environments.items()
    }
    after = replace(question.proposal.after, environments=lowered)
    asked_so = replace(question, proposal=replace(question.proposal, after=after))
    answer = servers.decide(library, policy_document(asked_so))
    assert "mc-prod-approval" in {finding.rule for finding in answer.findings if finding.action is Action.DENY}


def test_an_author_nobody_knows_is_denied(servers: OpaServers, library: PolicyBundle, question: Question) -> None:
    answer = servers.decide(library, policy_document(replace(question, author=None, people={})))
    assert {"mc-permission", "mc-prod-approval"} <= {finding.rule for finding in answer.findings}
    assert answer.roles == {}


def test_a_machine_alone_proposes_nothing(servers: OpaServers, library: PolicyBundle, question: Question) -> None:
    bot = PrincipalId("github:9")
    people = {bot: Principal(bot, PrincipalKind.BOT, "robot[bot]", frozenset({"DVO-Admins"}), mfa=True)}
    answer = servers.decide(library, policy_document(replace(question, author=bot, people=people)))
    assert "mc-permission" in {finding.rule for finding in answer.findings if finding.action is Action.DENY}


COMPANY = b"""package dvo.company.quiet

import data.dvo.change
import data.dvo.finding

id := "acme-quiet"

findings contains finding.deny(id, finding.at(deployment, "regions"), message, "Ask the bridge.") if {
	some deployment in change.production
	deployment.agent in data.company.quiet.agents
	message := "This agent is quiet this week."
}
"""


def test_a_rule_of_the_company_is_heard(
    servers: OpaServers, library: PolicyBundle, document: Mapping[str, object]
) -> None:
    own = {"company/quiet.rego": COMPANY, "company/quiet/data.yaml": b"agents: [ANL]\n"}
    company = policy_bundle({**library.files, **own})
    answer = servers.decide(company, document)
    alone = servers.decide(library, document)
    assert answer.rules - alone.rules == {"acme-quiet"}
    assert set(alone.findings) < set(answer.findings)


@pytest.mark.parametrize("rule", sorted(DEFAULT_RULES))
def test_a_default_rule_that_is_taken_away_is_missed(
    servers: OpaServers, library: PolicyBundle, document: Mapping[str, object], rule: str
) -> None:
    """ATTACKS 080, 090."""
    gone = f"rules/{rule.replace('-', '_')}.rego"
    less = policy_bundle({path: content for path, content in library.files.items() if path != gone})
    with pytest.raises(PolicyError, match=f"missing at rules: {rule}"):
        servers.decide(less, document)


def test_the_example_for_companies_is_a_rule(
    servers: OpaServers, library: PolicyBundle, document: Mapping[str, object]
) -> None:
    text = (POLICIES / "company" / "README.md").read_text()
    example = text.partition("```rego\n")[2].partition("```")[0]
    company = policy_bundle({**library.files, "company/example.rego": example.encode()})
    assert servers.check(company) == ()
    hot = json.loads(json.dumps(document))
    hot["deployments"][0]["after"]["model"] = {"provider": "azure_openai", "name": "gpt-4o", "temperature": 0.4}
    answer = servers.decide(company, hot)
    assert "acme-sober-models" in {finding.rule for finding in answer.findings}
