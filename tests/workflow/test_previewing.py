"""A pull request that edits policies shows what it would flip, and loosening takes an administrator."""

from collections.abc import Mapping
from dataclasses import dataclass

from controller.desired_state.problem import Problem
from controller.ledger.event import EventType
from controller.policy.answer import Answer
from controller.policy.authorization import Standing
from controller.policy.bundle import PolicyBundle
from controller.policy.question import Purpose
from controller.ports.policy_engine import PolicyEngine
from controller.workflow.gathering import Gatherer
from controller.workflow.history import History
from controller.workflow.previewing import Previewing
from tests.workflow.steps import DEVELOPMENT, PRODUCTION, edited
from tests.workflow.world import World

PARAMETERS = "policies/rego/dvo/parameters/data.yaml"
DIRECT = "policies/rego/rules/mc_deny_direct_prod.rego"
AUDIT = "policies/rego/rules/mc_audit_all.rego"
COMPANY = "policies/rego/company/quiet.rego"
QUIET = b"""# METADATA
# title: Quiet
# description: Nothing changes.
# custom:
#   id: acme-quiet
#   severity: low
#   owner: us
#   remedy: Wait.
package dvo.company.quiet

import data.dvo.finding

id := "acme-quiet"

findings contains finding.deny(id, finding.nowhere, "Not today.", "Come back tomorrow.") if {
	count(input.deployments) > 0
}
"""


def test_a_stricter_policy_shows_what_it_would_refuse_and_needs_its_owners_only(world: World) -> None:
    world.propose("dana-dev", "dev", {DEVELOPMENT: edited(world.file(DEVELOPMENT), replicas=2)})
    number = world.propose("ada-admin", "quiet", {COMPANY: QUIET})
    summary = world.check(number, "dvo/policy").summary
    assert "replayed over 1 recorded decision" in summary
    assert "deny (tightened)" in summary
    assert "new: `acme-quiet`" in summary
    assert "an administrator" not in summary
    details = world.events(EventType.POLICY_EVALUATED, f"pull/{number}")[-1].details["preview"]
    assert isinstance(details, dict)
    assert (details["replayed"], details["loosens"]) == (1, False)


def test_a_looser_policy_waits_for_an_administrator_who_owns_it(world: World) -> None:
    """ATTACKS 025, 088: whoever may change policies still cannot let through alone what they stopped."""
    looser = {
        PARAMETERS: world.file(PARAMETERS).replace(b"proposers: [operator]", b"proposers: [developer]"),
        DIRECT: world.file(DIRECT).replace(b"deployment.after != null", b"false"),
    }
    world.propose("dana-dev", "prod", {PRODUCTION: edited(world.file(PRODUCTION), replicas=2)})
    number = world.propose("ada-admin", "loosen", looser)
    check = world.check(number, "dvo/policy")
    assert "deny | ask for approval (loosened)" in check.summary
    assert world.conclusions(number)[1] == "action_required"
    missing = world.events(EventType.POLICY_EVALUATED, f"pull/{number}")[-1].details["missing"]
    assert isinstance(missing, list)
    assert {"asked_by": "policy-preview", "roles": ["admin"], "missing": 1} in missing


def test_looking_again_writes_nothing_although_each_preview_is_a_decision_too(world: World) -> None:
    world.propose("dana-dev", "dev", {DEVELOPMENT: edited(world.file(DEVELOPMENT), replicas=2)})
    numbers = [world.propose("ada-admin", f"quiet-{name}", {COMPANY: QUIET + b"\n" * name}) for name in (1, 2)]
    world.look(*(f"pull/{number}" for number in numbers))
    before = len(world.events(EventType.POLICY_EVALUATED))
    world.look(*(f"pull/{number}" for number in numbers))
    assert len(world.events(EventType.POLICY_EVALUATED)) == before


def test_policies_that_do_not_compile_are_red_at_their_line_before_anybody_reviews(world: World) -> None:
    """ATTACKS 080."""
    number = world.propose("omar-ops", "broken", {COMPANY: QUIET.replace(b"input.deployments", b"nowhere")})
    assert world.conclusions(number)[0] == "failure"
    note = world.check(number, "dvo/policy").annotations[0]
    assert (note.path, note.line) == (COMPANY, 16)


def test_a_rule_that_does_not_say_what_it_is_about_is_red_at_its_note(world: World) -> None:
    """On main it would leave those who ask for the list of rules without an answer."""
    number = world.propose("ada-admin", "quiet", {COMPANY: QUIET.replace(b"low", b"lowish")})
    assert world.conclusions(number)[0] == "failure"
    note = world.check(number, "dvo/policy").annotations[0]
    assert (note.path, note.line) == (COMPANY, 1)
    assert "at the note's custom.severity, got 'lowish'" in note.message
    bare = world.propose("ada-admin", "bare", {COMPANY: QUIET.partition(b"remedy: Wait.\n")[2]})
    assert "expected a note (# METADATA)" in world.check(bare, "dvo/policy").annotations[0].message


def test_a_rule_whose_findings_have_another_form_is_red_at_its_own_line(world: World) -> None:
    """The answer is that of all rules together; which of them spoils it is found by leaving it out."""
    asked_before = "policies/rego/company/earlier.rego"
    earlier = QUIET.replace(b"quiet", b"earlier").replace(b"count(input.deployments) > 0", b"count(input.files) > 9")
    odd = QUIET.replace(b'finding.deny(id, finding.nowhere, "Not today.", "Come back tomorrow.")', b'"no"')
    odd = odd.replace(b"import data.dvo.finding\n\n", b"").replace(b"count(input.deployments)", b"count(input.files)")
    number = world.propose("ada-admin", "odd", {asked_before: earlier, COMPANY: odd})
    assert world.conclusions(number)[0] == "failure"
    note = world.check(number, "dvo/policy").annotations[0]
    assert (note.path, note.line) == (COMPANY, 11)
    assert "expected an object at findings[0], got a string; without acme-quiet there is one" in note.message


def test_a_policy_that_names_a_forbidden_builtin_is_red(world: World) -> None:
    """ATTACKS 083: a pull request cannot make the controller call out."""
    calling = QUIET.replace(b"count(input.deployments) > 0", b'http.send({"method": "get", "url": "http://127.0.0.1"})')
    number = world.propose("dana-dev", "calling", {COMPANY: calling})
    assert "undefined function http.send" in world.check(number, "dvo/policy").summary


def test_a_merged_policy_is_admitted_by_the_decisions_its_preview_knew(world: World) -> None:
    number = world.propose("omar-ops", "remark", {AUDIT: world.file(AUDIT) + b"\n# a remark\n"})
    world.approve("ada-admin", number)
    world.propose("dana-dev", "dev", {DEVELOPMENT: edited(world.file(DEVELOPMENT), replicas=2)})
    merge = world.merge("omar-ops", number)
    assert world.check(merge, "dvo/deploy").title == "Nothing to deploy"


@dataclass
class SlowEngine:
    """The engine of the world, where every answer takes so many seconds by a clock of its own."""

    engine: PolicyEngine
    seconds: float
    time: float = 0.0
    asked: int = 0

    def decide(self, bundle: PolicyBundle, document: Mapping[str, object]) -> Answer:
        self.asked += 1
        self.time += self.seconds
        return self.engine.decide(bundle, document)

    def authorize(self, bundle: PolicyBundle, document: Mapping[str, object]) -> bool:
        return self.engine.authorize(bundle, document)

    def standing(self, bundle: PolicyBundle, document: Mapping[str, object]) -> Standing:
        return self.engine.standing(bundle, document)


def test_a_preview_that_takes_too_long_ends_after_the_answer_that_is_too_much(world: World) -> None:
    """ATTACKS 086: no policy of a pull request holds a worker for as long as there are decisions."""
    for number in range(2, 7):
        world.propose("dana-dev", f"dev-{number}", {DEVELOPMENT: edited(world.file(DEVELOPMENT), replicas=number)})
    number = world.propose("ada-admin", "quiet", {COMPANY: QUIET})
    document = world.events(EventType.POLICY_EVALUATED, f"pull/{number}")[-1].details["input"]
    assert isinstance(document, dict)
    history = History(world.journal)
    change = Gatherer(world.host, world.pool, "main", history).pull_request(world.host.pull_request(number))
    slow = SlowEngine(world.engine, 7.0)
    tried = Previewing(slow, history, lambda: slow.time).preview(change, document, Purpose.PULL_REQUEST)
    assert isinstance(tried, tuple)
    assert isinstance(tried[0], Problem)
    assert "too slow: 3 decisions took 20 s" in tried[0].message
    assert slow.asked == 1 + 3
