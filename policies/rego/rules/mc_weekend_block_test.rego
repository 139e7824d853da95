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

# Each case: a moment, the zone of the environment, and until when it holds; null when it does not.
edges := {
	"Berlin, the last moment of a Friday": ["2026-11-20T22:59:59.999999999Z", "Europe/Berlin", null],
	"Berlin, the first of a Saturday": ["2026-11-20T23:00:00Z", "Europe/Berlin", "2026-11-23T08:00:00Z"],
	"Berlin, the last of a Sunday": ["2026-11-22T22:59:59.999999999Z", "Europe/Berlin", "2026-11-23T08:00:00Z"],
	"Berlin, the first of a Monday": ["2026-11-22T23:00:00Z", "Europe/Berlin", null],
	"Berlin, before the clocks go forward": ["2026-03-29T00:59:59Z", "Europe/Berlin", "2026-03-30T07:00:00Z"],
	"Berlin, after the clocks went forward": ["2026-03-29T01:00:00Z", "Europe/Berlin", "2026-03-30T07:00:00Z"],
	"Berlin, Monday has begun, by the new clocks only": ["2026-03-29T22:00:00Z", "Europe/Berlin", null],
	"Berlin, Sunday lasts an hour longer": ["2026-10-25T22:30:00Z", "Europe/Berlin", "2026-10-26T08:00:00Z"],
	"Berlin, and then it is Monday": ["2026-10-25T23:00:00Z", "Europe/Berlin", null],
	"New York, the clocks went forward": ["2026-03-08T07:00:00Z", "America/New_York", "2026-03-09T13:00:00Z"],
	"New York, Monday has begun": ["2026-03-09T04:00:00Z", "America/New_York", null],
	"New York, Sunday lasts an hour longer": ["2026-11-02T04:30:00Z", "America/New_York", "2026-11-02T14:00:00Z"],
	"New York, and then it is Monday there": ["2026-11-02T05:00:00Z", "America/New_York", null],
	"Berlin, New Year's Eve on a Saturday": ["2022-12-31T22:59:59Z", "Europe/Berlin", "2023-01-02T08:00:00Z"],
	"Berlin, New Year on a Sunday": ["2022-12-31T23:00:00Z", "Europe/Berlin", "2023-01-02T08:00:00Z"],
}

test_a_weekend_has_its_edges_where_the_environment_is[name] if {
	some name, [now, zone, until] in edges
	findings := found({"/now": now, "/environments/production/before/time_zone": zone})
	{finding.until | some finding in findings} == {held | held := until; held != null}
}

test_of_two_environments_each_rests_at_its_own_weekend if {
	elsewhere := object.union(examples.stated, {"time_zone": "America/New_York"})
	there := object.union(examples.question.deployments[0], {"environment": "america"})
	asked := {
		"/now": "2026-03-29T23:30:00Z",
		"/environments/america": {"before": elsewhere, "after": elsewhere, "tier": "production"},
		"/deployments/1": there,
	}
	{[finding.environment, finding.until] | some finding in found(asked)} == {["america", "2026-03-30T13:00:00Z"]}
}
