package dvo_test.mc_governance

import data.dvo_test.examples

policies := {"path": "policies/rego/roles.rego", "kind": "governance", "before": "sha256:a", "after": "sha256:b"}

agents := {"path": "agents/anl/agent.yaml", "kind": "agent", "before": "sha256:a", "after": "sha256:b"}

found(files, author) := {[finding.action, finding.params.required_roles] |
	asked := examples.with_changes({"/deployments": [], "/files": files, "/change/author": author})
	some finding in examples.findings("mc-governance", asked)
}

test_an_administrator_is_asked_when_anybody_else_changes_what_governs if {
	found([policies, policies], "github:3") == {["require_approval", ["admin"]]}
}

test_an_administrator_only_needs_the_owners if found([policies], "github:4") == set()

test_agents_are_their_owners_matter if found([agents], "github:1") == set()

test_an_unknown_author_is_asked_for_an_administrator_too if {
	found([agents, policies], null) == {["require_approval", ["admin"]]}
}
