package dvo_test.mc_change_size

import data.dvo_test.examples

found(asked, most) := {finding.message |
	some finding in data.dvo.rules.mc_change_size.findings with input as asked with data.dvo.parameters.change_size as most
	finding.action == "deny"
}

several := examples.with_changes({"/deployments": [
	examples.question.deployments[0],
	object.union(examples.question.deployments[0], {"agent": "GHA"}),
	object.union(examples.question.deployments[0], {"agent": "ORC", "tier": "staging"}),
]})

test_as_many_as_may_are_fine if found(several, {"deployments": 3, "production": 2}) == set()

test_one_more_is_denied if {
	found(several, {"deployments": 2, "production": 2}) == {"3 deployments change at once (deployments), and at most 2 may."}
}

test_production_has_a_limit_of_its_own if {
	found(several, {"deployments": 9, "production": 1}) == {"2 deployments change at once (production), and at most 1 may."}
}

test_a_change_of_nothing_is_small if {
	found(examples.with_changes({"/deployments": []}), {"deployments": 0, "production": 0}) == set()
}
