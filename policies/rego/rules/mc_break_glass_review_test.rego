package dvo_test.mc_break_glass_review

import data.dvo_test.examples

review(agent, due) := {"environment": "production", "agent": agent, "due": due, "issue": 7}

overdue := review("ANL", "2026-11-18T11:00:00Z")

open := review("ANL", "2026-11-18T11:00:01Z")

found(changes) := examples.findings("mc-break-glass-review", examples.with_changes(changes))

test_an_open_review_warns_and_names_its_issue if {
	[finding] := [each | some each in found({"/reviews": [open]})]
	finding.action == "warn"
	contains(finding.remediation, "Issue #7 ")
}

test_an_overdue_one_denies_and_says_who_must_close_which_issue if {
	[finding] := [each | some each in found({"/reviews": [overdue]})]
	finding.action == "deny"
	finding.remediation == "Issue #7 must be closed by somebody with approve_prod who took no part."
}

test_an_issue_that_is_not_open_yet_blocks_all_the_same if {
	[finding] := [each | some each in found({"/reviews": [object.union(overdue, {"issue": null})]})]
	[finding.action, startswith(finding.remediation, "Its review issue")] == ["deny", true]
}

test_another_agent_is_not_concerned[due] if {
	some due in [overdue.due, open.due]
	found({"/reviews": [review("GHA", due)]}) == set()
}

test_an_agent_may_always_be_taken_out_of_production if {
	{finding.action | some finding in found({"/reviews": [overdue], "/deployments/0/after": null})} == {"warn"}
}

test_below_production_nothing_is_blocked if {
	asked := json.patch(examples.in_tier("staging", "github:2"), [{
		"op": "replace",
		"path": "/reviews",
		"value": [overdue],
	}])
	examples.findings("mc-break-glass-review", asked) == set()
}

test_break_glass_does_not_waive_its_own_review if {
	now := examples.question.now
	asked := {"effect": "sha256:eeee", "since": now, "as_of": now}
	"mc-break-glass-review" in examples.denying(examples.with_changes({"/reviews": [overdue], "/break_glass": asked}))
}
