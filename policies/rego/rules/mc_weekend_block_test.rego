package dvo_test.mc_weekend_block

import data.dvo_test.examples

found(changes) := examples.findings("mc-weekend-block", examples.with_changes(changes))

test_on_a_saturday_production_is_held_until_monday_nine if {
	some finding in found({"/now": "2026-11-21T11:00:00Z"})
	finding.action == "deny"
	finding.until == "2026-11-23T08:00:00Z"
}

test_on_a_working_day_nothing_is_held if found({}) == set()

test_the_weekend_is_that_of_the_environment if {
	sunday_there := {
		"/now": "2026-11-22T11:00:00Z",
		"/environments/production/before/time_zone": "Pacific/Auckland",
	}
	found(sunday_there) == set()
	count(found(object.remove(sunday_there, ["/environments/production/before/time_zone"]))) == 1
}

test_the_zone_of_main_counts_not_the_proposed_one if {
	count(found({
		"/now": "2026-11-22T11:00:00Z",
		"/environments/production/after/time_zone": "Pacific/Auckland",
	})) == 1
}

test_a_new_environment_counts_as_proposed if {
	count(found({"/now": "2026-11-21T11:00:00Z", "/environments/production/before": null})) == 1
}

test_below_production_the_weekend_is_a_day_like_any_other if {
	asked := json.patch(examples.in_tier("staging", "github:2"), [{
		"op": "replace",
		"path": "/now",
		"value": "2026-11-21T11:00:00Z",
	}])
	examples.findings("mc-weekend-block", asked) == set()
}
