package dvo_test.mc_versions

import data.dvo_test.examples

lines(asked) := {[finding.action, finding.line] | some finding in examples.findings("mc-versions", asked)}

found(changes) := lines(examples.with_changes(changes))

back := {"/deployments/0/kinds": ["downgraded"], "/deployments/0/after/version": "0.9.0"}

test_a_step_forward_is_fine if found({}) == set()

test_a_downgrade_is_denied_at_its_version if found(back) == {["deny", 5]}

test_what_a_machine_puts_back_may_be_older if {
	found(object.union(back, {"/change/author": "github:9", "/change/restores": true})) == set()
	found(object.union(back, {"/change/restores": true})) == {["deny", 5]}
}

test_a_downgrade_among_other_changes_is_one_too if {
	found(object.union(back, {"/deployments/0/kinds": ["downgraded", "rescaled"]})) == {["deny", 5]}
}

test_back_to_what_ran_healthy_here_is_a_rollback if {
	found(object.union(back, {"/evidence/0/environment": "production", "/evidence/0/tier": "production"})) == set()
}

test_what_ran_elsewhere_later_or_as_another_is_no_rollback[path] if {
	here := object.union(back, {"/evidence/0/environment": "production"})
	some path, value in {
		"/evidence/0/environment": "staging",
		"/evidence/0/agent": "GHA",
		"/evidence/0/release": "sha256:bbbb",
		"/evidence/0/completed_at": "2026-11-18T11:00:01Z",
	}
	found(object.union(here, {path: value})) == {["deny", 5]}
}

test_this_very_moment_is_evidence if {
	here := object.union(back, {"/evidence/0/environment": "production"})
	found(object.union(here, {"/evidence/0/completed_at": "2026-11-18T11:00:00Z"})) == set()
}

test_development_may_go_anywhere if {
	asked := examples.in_tier("development", "github:1")
	lines(json.patch(asked, [
		{"op": "replace", "path": "/deployments/0/kinds", "value": ["downgraded"]},
		{"op": "replace", "path": "/deployments/0/after/version", "value": "0.1.0-rc.1"},
	])) == set()
}

test_a_pre_release_stays_out_of_production[version] if {
	some version in ["2.0.0-rc.1", "2.0.0-0+build", "1.0", "latest", "", "１.0.0", "1.0.0 ", "1.0.0\n", "v1.0.0", "-1.0.0"]
	found({"/deployments/0/after/version": version}) == {["deny", 5]}
}

test_a_final_version_enters[version] if {
	some version in ["2.0.0", "0.0.1", "10.20.30+build.5-x"]
	found({"/deployments/0/after/version": version}) == set()
}

test_a_pre_release_may_run_in_staging if {
	lines(json.patch(examples.in_tier("staging", "github:2"), [{
		"op": "replace",
		"path": "/deployments/0/after/version",
		"value": "2.0.0-rc.1",
	}])) == set()
}

test_taking_an_agent_out_is_no_matter_of_versions if {
	found({"/deployments/0/kinds": ["downgraded"], "/deployments/0/after": null}) == set()
}
