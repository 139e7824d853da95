package dvo_test.break_glass

import data.dvo_test.examples

saturday := "2026-11-21T11:00:00Z"

asked_at(since) := {"effect": "sha256:eeee", "since": since, "as_of": saturday}

# On a Saturday an operator brings an untried release to a frozen production.
emergency := {
	"/now": saturday,
	"/evidence": [],
	"/environments/production/before/freeze_windows": [{
		"name": "year-end",
		"start": "2026-11-01T00:00:00Z",
		"end": "2026-12-31T00:00:00Z",
	}],
}

asking(changes) := examples.with_changes(object.union_n([
	emergency,
	{"/break_glass": asked_at("2026-11-21T10:00:00Z")},
	changes,
]))

decided(asked) := decision if decision := data.dvo.decision with input as asked

waived(asked) := {finding.rule | some finding in decided(asked).findings; finding.params == {"waived": "deny"}}

default_waived := {"mc-weekend-block", "mc-freeze-window", "mc-deny-direct-prod"}

test_without_asking_nothing_is_waived if {
	asked := examples.with_changes(emergency)
	examples.denying(asked) == default_waived
	waived(asked) == set()
}

test_what_is_waived_is_said_and_denies_nothing if {
	waived(asking({})) == default_waived
	examples.denying(asking({})) == set()
	every finding in decided(asking({})).findings {
		finding.action != "deny"
	}
}

test_a_waived_finding_holds_nothing_back[rule] if {
	some rule in default_waived
	some finding in decided(asking({})).findings
	finding.rule == rule
	[finding.action, startswith(finding.message, "Waived by break-glass: "), finding.until] == ["warn", true, null]
}

test_it_takes_two_and_the_approvals_of_before if {
	terms := {finding.rule: finding.params |
		some finding in decided(asking({})).findings
		finding.action == "require_approval"
	}
	terms["mc-break-glass"] == {
		"required_roles": ["release_manager"],
		"min_approvals": 2,
		"expiry_hours": 4,
		"review": {"due_days": 3},
	}
	terms["mc-prod-approval"] == {"required_roles": ["release_manager"], "min_approvals": 1, "expiry_hours": 72}
}

# ATTACKS 025: what is void waives nothing, and says why.
test_a_waiver_is_void[name] if {
	some name, void in {
		"after four hours": {"/break_glass": asked_at("2026-11-21T07:00:00Z")},
		"asked by a developer": {"/change/author": "github:1"},
		"asked by nobody known": {"/change/author": null},
		"for what governs": {"/files": [{"path": "CODEOWNERS", "kind": "governance", "before": null, "after": "x"}]},
		"for two agents": {"/deployments/1": object.union(examples.question.deployments[0], {"agent": "GHA"})},
	}
	waived(asking(void)) == set()
	default_waived & examples.denying(asking(void)) == default_waived
	"mc-break-glass" in examples.denying(asking(void))
}

test_one_second_before_the_end_it_counts if {
	waived(asking({"/break_glass": asked_at("2026-11-21T07:00:01Z")})) == default_waived
}

test_what_is_merged_in_time_may_go_out_later if {
	waived(asking({"/now": "2026-11-22T11:00:00Z"})) == default_waived
}

other := {
	"rule": "mc-weekend-block",
	"action": "deny",
	"message": "No.",
	"remediation": "Wait.",
	"environment": null,
	"agent": null,
	"path": null,
	"line": null,
	"until": null,
	"params": {},
}

# ATTACKS 025: a rule that was renamed is another rule.
test_a_company_rule_is_waived_only_by_its_name[id] if {
	some id, expected in {"acme-quiet": "deny", "acme-loud": "warn"}
	told := object.union(other, {"rule": id})
	company := {"acme": {"id": id, "findings": {told}}}
	some finding in data.dvo.decision.findings with input as asking({})
		with data.dvo.company as company
		with data.dvo.parameters.break_glass.waives as ["acme-loud"]
	[finding.rule, finding.action] == [id, expected]
}

test_what_guards_the_gate_is_never_waived[rule] if {
	some rule in data.dvo.break_glass.never_waived
	told := object.union(other, {"rule": rule})
	data.dvo.break_glass.judged(told) == told with input as asking({})
		with data.dvo.parameters.break_glass.waives as [rule]
}

test_only_denials_are_waived if {
	approval := object.union(other, {"action": "require_approval"})
	data.dvo.break_glass.judged(approval) == approval with input as asking({})
}

test_while_it_is_not_in_force_a_denial_stays_what_it_is if {
	finding := {"rule": "mc-weekend-block", "action": "deny", "message": "x", "params": {}, "until": null}
	data.dvo.break_glass.judged(finding) == finding with input as examples.with_changes(emergency)
	data.dvo.break_glass.judged(finding).action == "warn" with input as asking({})
}

test_without_asking_any_number_of_agents_may_change if {
	other := object.union(examples.question.deployments[0], {"agent": "GHA"})
	examples.findings("mc-break-glass", examples.with_changes({"/deployments/1": other})) == set()
}
