package dvo_test.change

import data.dvo.change
import data.dvo_test.examples

machine(changes) := examples.with_changes(object.union({"/change/author": "github:9", "/change/restores": true}, changes))

test_a_machine_for_nobody_restores_and_proposes_nothing if {
	change.restoring with input as machine({})
	not change.proposer with input as machine({})
	change.proposer_roles == set() with input as machine({})
}

test_a_machine_for_a_person_proposes_for_that_person_whatever_it_restores if {
	asked := machine({"/change/requester": "github:1"})
	change.proposer == "github:1" with input as asked
	not change.restoring with input as asked
}

test_a_person_restores_nothing if {
	asked := examples.with_changes({"/change/restores": true})
	not change.restoring with input as asked
}

test_a_machine_restores_only_when_it_does_nothing_else[restores] if {
	some restores in [false, null, 1, "true"]
	not change.restoring with input as machine({"/change/restores": restores})
}

test_what_is_taken_out_does_not_run if {
	asked := examples.with_changes({"/deployments/0/after": null})
	change.running == [] with input as asked
	count(change.running) == 1 with input as examples.question
	count(change.production) == 1 with input as asked
}

test_what_is_below_production_is_not_in_it if {
	change.production == [] with input as examples.in_tier("staging", "github:2")
}

test_an_environment_is_as_main_states_it_and_a_new_one_as_proposed if {
	proposed := object.union(examples.stated, {"time_zone": "Asia/Tokyo"})
	both := examples.with_changes({"/environments/production/after": proposed})
	change.environment(both.deployments[0]).time_zone == "Europe/Berlin" with input as both
	new := examples.with_changes({"/environments/production/after": proposed, "/environments/production/before": null})
	change.environment(new.deployments[0]).time_zone == "Asia/Tokyo" with input as new
}
