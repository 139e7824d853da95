package dvo_test.mc_bounds

import data.dvo_test.examples

bound := {"replicas": 4, "fewest_regions": 1, "most_regions": 2, "regions": ["westeurope", "eu-*"]}

bounds := {"tiers": {"production": bound, "staging": bound, "development": bound}, "environments": {}}

found(changes) := {finding.message |
	asked := examples.with_changes(changes)
	some finding in data.dvo.rules.mc_bounds.findings with input as asked with data.dvo.parameters.bounds as bounds
	finding.action == "deny"
}

many := {"production takes at most 4 instances of one agent."}

test_within_the_bounds_all_is_well[replicas] if {
	some replicas in [1, 4, {"min": 1, "max": 4}]
	found({"/deployments/0/after/replicas": replicas}) == set()
}

test_more_instances_are_denied[replicas] if {
	some replicas in [5, 1e300, {"min": 1, "max": 5}]
	found({"/deployments/0/after/replicas": replicas}) == many
}

test_regions_are_counted if {
	found({"/deployments/0/after/regions": []}) == {"production takes 1 to 2 regions, not 0."}
	found({"/deployments/0/after/regions": ["eu-a", "eu-b"]}) == set()
	found({"/deployments/0/after/regions": ["eu-a", "eu-b", "eu-c"]}) == {"production takes 1 to 2 regions, not 3."}
}

test_regions_are_of_the_list[region] if {
	some region in ["eastus", "EU-west", "westeurope2", "еu-west", "", "xeu-west"]
	found({"/deployments/0/after/regions": [region]}) == {sprintf("%s is no region of production.", [region])}
}

test_an_environment_has_bounds_of_its_own if {
	asked := examples.with_changes({"/deployments/0/after/replicas": 9})
	own := object.union(bounds, {"environments": {"production": object.union(bound, {"replicas": 9})}})
	data.dvo.rules.mc_bounds.findings == set() with input as asked with data.dvo.parameters.bounds as own
	other := object.union(bounds, {"environments": {"staging": object.union(bound, {"replicas": 9})}})
	findings := data.dvo.rules.mc_bounds.findings with input as asked with data.dvo.parameters.bounds as other
	{finding.message | some finding in findings} == many
}

test_each_finding_points_at_its_field if {
	asked := examples.with_changes({
		"/deployments/0/lines": {"replicas": 8, "regions": 9},
		"/deployments/0/after/replicas": 5,
		"/deployments/0/after/regions": [],
	})
	findings := data.dvo.rules.mc_bounds.findings with input as asked with data.dvo.parameters.bounds as bounds
	{finding.line | some finding in findings} == {8, 9}
}

test_as_they_come_the_bounds_leave_room if examples.findings("mc-bounds", examples.question) == set()

test_taking_an_agent_out_has_no_bounds if found({"/deployments/0/after": null}) == set()
