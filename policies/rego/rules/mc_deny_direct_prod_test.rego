package dvo_test.mc_deny_direct_prod

import data.dvo_test.examples

found(changes) := examples.findings("mc-deny-direct-prod", examples.with_changes(changes))

test_a_release_that_ran_healthy_in_staging_may_go_on if found({}) == set()

test_an_untried_release_is_denied_at_its_version if {
	some finding in found({"/evidence": []})
	finding.action == "deny"
	finding.line == 5
	contains(finding.remediation, "staging")
	finding.until == null
}

test_of_several_only_the_untried_are_denied if {
	tried := examples.question.deployments[0]
	untried := [object.union(tried, {"agent": agent}) | some agent in ["GHA", "ORC"]]
	denied := found({"/deployments": array.concat([tried], untried)})
	{finding.agent | some finding in denied} == {"GHA", "ORC"}
}

test_evidence_of_another_kind_is_none[path] if {
	some path, value in {
		"/evidence/0/tier": "development",
		"/evidence/0/agent": "GHA",
		"/evidence/0/release": "sha256:bbbb",
		"/evidence/0/completed_at": "2026-11-18T11:00:01Z",
	}
	count(found({path: value})) == 1
}

test_evidence_from_production_does_not_replace_staging if {
	count(found({"/evidence/0/tier": "production"})) == 1
}

test_evidence_of_this_very_moment_counts if {
	found({"/evidence/0/completed_at": "2026-11-18T11:00:00Z"}) == set()
}

test_taking_an_agent_out_needs_no_evidence if {
	found({"/evidence": [], "/deployments/0/after": null}) == set()
}

test_below_production_nothing_needs_evidence if {
	examples.findings("mc-deny-direct-prod", json.patch(examples.in_tier("staging", "github:2"), [{
		"op": "replace",
		"path": "/evidence",
		"value": [],
	}])) == set()
}
