package dvo_test.mc_protected_agents

import data.dvo_test.examples

protected := {"agents": ["ANL"], "required_roles": ["admin"], "min_approvals": 2, "expiry_hours": 8}

found(changes, terms) := {[finding.action, finding.line, finding.params] |
	asked := examples.with_changes(changes)
	some finding in data.dvo.rules.mc_protected_agents.findings with input as asked with data.dvo.parameters.protected as terms
}

asked_for := {"required_roles": ["admin"], "min_approvals": 2, "expiry_hours": 8}

test_a_protected_agent_takes_the_people_named if found({}, protected) == {["require_approval", 4, asked_for]}

test_taking_it_out_does_too if {
	found({"/deployments/0/after": null, "/deployments/0/lines": {}}, protected) == {["require_approval", 1, asked_for]}
}

test_its_definition_is_protected_in_any_environment if {
	file := {"path": "agents/anl/kb/x.md", "kind": "agent", "before": null, "after": "sha256:a"}
	found({"/deployments": [], "/files": [file]}, protected) == {["require_approval", null, asked_for]}
}

test_an_agent_whose_code_begins_alike_is_another if {
	file := {"path": "agents/anl2/kb/x.md", "kind": "agent", "before": null, "after": "sha256:a"}
	found({"/deployments/0/agent": "ANL2", "/files": [file]}, protected) == set()
}

test_as_it_comes_no_agent_is_protected if examples.findings("mc-protected-agents", examples.question) == set()
