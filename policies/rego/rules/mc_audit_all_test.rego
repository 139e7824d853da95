package dvo_test.mc_audit_all

import data.dvo_test.examples

test_each_deployment_is_recorded_with_what_happens_to_it if {
	other := object.union(examples.question.deployments[0], {"agent": "GHA", "kinds": ["moved", "rescaled"]})
	asked := examples.with_changes({"/deployments/1": other})
	{[finding.action, finding.message] | some finding in examples.findings("mc-audit-all", asked)} == {
		["audit_only", "ANL in production: upgraded."],
		["audit_only", "GHA in production: moved, rescaled."],
	}
}

test_every_tier_is_recorded if {
	count(examples.findings("mc-audit-all", examples.in_tier("development", "github:1"))) == 1
}
