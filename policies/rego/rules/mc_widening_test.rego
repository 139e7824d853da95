package dvo_test.mc_widening

import data.dvo_test.examples

found(changes) := {[finding.action, finding.message] |
	some finding in examples.findings("mc-widening", examples.with_changes(changes))
}

more(what) := {["require_approval", sprintf("ANL in production may do more than before: %s.", [what])]}

test_the_same_abilities_are_no_widening if found({}) == set()

gains := {
	"capabilities": ["compare", "capability compare"],
	"tools": ["shell", "tool shell"],
	"data": ["payroll", "data payroll"],
	"egress": ["*.example.com", "egress to *.example.com"],
	"hand_offs": ["ORC", "hand-off to ORC"],
}

test_each_ability_that_is_new_is_named[part] if {
	some part, [name, told] in gains
	found({sprintf("/deployments/0/abilities/after/%s/0", [part]): name}) == more(told)
	found({sprintf("/deployments/0/abilities/before/%s/0", [part]): name}) == set()
}

test_more_autonomy_is_named_and_less_is_not if {
	found({"/deployments/0/abilities/after/autonomy": "act_with_approval"}) == more("autonomy act_with_approval")
	found({"/deployments/0/abilities/after/autonomy": "act"}) == more("autonomy act")
	found({"/deployments/0/abilities/after/autonomy": "answer"}) == set()
}

with_model(before, after) := found({"/deployments/0/before/model": before, "/deployments/0/after/model": after})

small := {"provider": "openai", "name": "gpt-4o-mini"}

large := {"provider": "openai", "name": "gpt-4o"}

test_a_stronger_model_is_named_and_a_weaker_is_not if {
	with_model(small, large) == more("model openai/gpt-4o")
	with_model(null, small) == more("model openai/gpt-4o-mini")
	with_model(large, small) == set()
	with_model(large, null) == set()
	with_model(null, null) == set()
	with_model(large, {"provider": "openai", "name": "gpt-4.1"}) == set()
}

test_a_model_whose_strength_nobody_stated_is_stronger if {
	other := {"provider": "openai", "name": "o9"}
	asked := examples.with_changes({"/deployments/0/before/model": large, "/deployments/0/after/model": other})
	ranks := [["openai/gpt*"]]
	findings := data.dvo.rules.mc_widening.findings with input as asked with data.dvo.parameters.model_strength as ranks
	count(findings) == 1
	both := examples.with_changes({"/deployments/0/before/model": other, "/deployments/0/after/model": other})
	same := data.dvo.rules.mc_widening.findings with input as both with data.dvo.parameters.model_strength as ranks
	same == set()
	warmer := examples.with_changes({
		"/deployments/0/before/model": other,
		"/deployments/0/after/model": object.union(other, {"temperature": 0.9}),
	})
	tuned := data.dvo.rules.mc_widening.findings with input as warmer with data.dvo.parameters.model_strength as ranks
	tuned == set()
	unranked := data.dvo.rules.mc_widening.findings with input as asked with data.dvo.parameters.model_strength as []
	count(unranked) == 1
}

test_the_same_release_may_do_the_same_whatever_is_recorded if {
	found({
		"/deployments/0/before/release": examples.release,
		"/deployments/0/abilities/before": null,
		"/deployments/0/abilities/after": null,
	}) == set()
}

test_the_same_release_with_one_record_missing_may_do_the_same if {
	found({"/deployments/0/before/release": examples.release, "/deployments/0/abilities/before": null}) == set()
	found({"/deployments/0/before/release": examples.release, "/deployments/0/abilities/after/autonomy": "act"}) == set()
}

test_what_nobody_recorded_counts_as_more if {
	found({"/deployments/0/abilities/after": null}) == more("what it may do is not recorded")
	neither := {"/deployments/0/abilities/before": null, "/deployments/0/abilities/after": null}
	found(neither) == more("what it may do is not recorded")
	some [_, message] in found({"/deployments/0/abilities/before": null})
	contains(message, "capability project_results")
	contains(message, "autonomy propose")
	contains(message, "and 1 more")
}

test_a_new_agent_is_asked_what_it_reaches_beyond_itself if {
	new := {"/deployments/0/before": null, "/deployments/0/abilities/before": null}
	some [_, message] in found(new)
	contains(message, "autonomy propose, data campaigns, egress to api.example.com, tool spreadsheet.")
	not contains(message, "capability")
	modest := {"capabilities": ["x"], "tools": [], "data": [], "egress": [], "hand_offs": ["GHA"], "autonomy": "answer"}
	found(object.union(new, {"/deployments/0/abilities/after": modest})) == set()
}

test_many_gains_are_counted if {
	names := [sprintf("tool_%d", [number]) | some number in numbers.range(1, 9)]
	some [_, message] in found({"/deployments/0/abilities/after/tools": names})
	contains(message, "tool tool_5, and 4 more.")
	count(message) < 1000
}

test_the_terms_are_data if {
	some finding in examples.findings("mc-widening", examples.with_changes({"/deployments/0/abilities/after/tools/0": "shell"}))
	finding.params == {"required_roles": ["release_manager"], "min_approvals": 2, "expiry_hours": 72}
	finding.line == 5
}

test_below_production_it_is_a_warning if {
	asked := json.patch(examples.in_tier("staging", "github:2"), [{
		"op": "add",
		"path": "/deployments/0/abilities/after/tools/0",
		"value": "shell",
	}])
	{finding.action | some finding in examples.findings("mc-widening", asked)} == {"warn"}
}

test_an_agent_that_is_taken_out_does_nothing if {
	found({"/deployments/0/after": null, "/deployments/0/abilities/after": null}) == set()
}
