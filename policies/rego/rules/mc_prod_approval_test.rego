package dvo_test.mc_prod_approval

import data.dvo_test.examples

found(asked) := examples.findings("mc-prod-approval", asked)

test_an_operators_change_takes_the_approval_of_a_release_manager if {
	some finding in found(examples.question)
	finding.action == "require_approval"
	finding.params == {"required_roles": ["release_manager"], "min_approvals": 1, "expiry_hours": 72}
	[finding.path, finding.line] == ["environments/production/anl.yaml", 5]
}

test_a_developer_is_denied_and_told_whom_to_ask if {
	some finding in found(examples.with_changes({"/change/author": "github:1"}))
	finding.action == "deny"
	contains(finding.remediation, "Ask an operator")
}

test_who_stands_above_may_propose_too_but_not_alone[author] if {
	some author in ["github:3", "github:4"]
	{finding.action | some finding in found(examples.with_changes({"/change/author": author}))} == {"require_approval"}
}

test_an_author_without_a_role_is_denied[author] if {
	some author in ["github:5", "github:9", "github:404", null]
	{finding.action | some finding in found(examples.with_changes({"/change/author": author}))} == {"deny"}
}

test_a_machine_may_propose_to_put_back_what_was_admitted if {
	asked := examples.with_changes({"/change/author": "github:9", "/change/restores": true})
	{finding.action | some finding in found(asked)} == {"require_approval"}
}

test_the_terms_are_data if {
	terms := {"required_roles": ["admin"], "min_approvals": 2, "expiry_hours": 8}
	decision := data.dvo.decision with input as examples.question
		with data.dvo.parameters.production_approval as terms
	{finding.params | some finding in decision.findings; finding.action == "require_approval"} == {terms}
}

test_taking_an_agent_out_takes_approval_too if {
	removed := examples.with_changes({"/deployments/0/after": null, "/deployments/0/lines": {}})
	{[finding.action, finding.line] | some finding in found(removed)} == {["require_approval", 1]}
}

test_below_production_nobody_is_asked if {
	found(examples.in_tier("staging", "github:2")) == set()
}
