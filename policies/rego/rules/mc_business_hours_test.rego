package dvo_test.mc_business_hours

import data.dvo_test.examples

at(now) := {[finding.action, finding.remediation] |
	some finding in examples.findings("mc-business-hours", examples.with_changes({"/now": now}))
}

test_in_working_hours_there_is_no_warning if at("2026-11-18T11:00:00Z") == set()

test_at_night_there_is_a_warning_and_no_denial if {
	at("2026-11-18T22:00:00Z") == {["warn", "Merge it between 09:00 and 17:00, or watch it roll out."]}
}

test_the_weekend_is_another_rules_matter if at("2026-11-21T22:00:00Z") == set()

test_below_production_any_hour_will_do if {
	asked := json.patch(examples.in_tier("staging", "github:2"), [{
		"op": "replace",
		"path": "/now",
		"value": "2026-11-18T22:00:00Z",
	}])
	examples.findings("mc-business-hours", asked) == set()
}

# Each case: a moment, a zone, and whether it is worth a second look there.
edges := {
	"Berlin, the moment before it opens": ["2026-11-18T07:59:59.999999999Z", "Europe/Berlin", true],
	"Berlin, as it opens": ["2026-11-18T08:00:00Z", "Europe/Berlin", false],
	"Berlin, the moment before it closes": ["2026-11-18T15:59:59.999999999Z", "Europe/Berlin", false],
	"Berlin, as it closes": ["2026-11-18T16:00:00Z", "Europe/Berlin", true],
	"Berlin, the Monday after the clocks went forward": ["2026-03-30T07:00:00Z", "Europe/Berlin", false],
	"Berlin, the Friday before": ["2026-03-27T07:00:00Z", "Europe/Berlin", true],
	"Berlin, the Monday after they went back": ["2026-10-26T07:00:00Z", "Europe/Berlin", true],
	"Berlin, the Friday before that": ["2026-10-23T07:00:00Z", "Europe/Berlin", false],
	"New York, the Monday after the clocks went forward": ["2026-03-09T13:00:00Z", "America/New_York", false],
	"New York, the Friday before": ["2026-03-06T13:00:00Z", "America/New_York", true],
	"New York, the Monday after they went back": ["2026-11-02T13:00:00Z", "America/New_York", true],
	"New York, the Friday before that": ["2026-10-30T13:00:00Z", "America/New_York", false],
	"Berlin, the last hour of a year": ["2026-12-31T22:30:00Z", "Europe/Berlin", true],
	"New York, the same moment": ["2026-12-31T21:30:00Z", "America/New_York", false],
}

test_working_hours_are_those_where_the_environment_is[name] if {
	some name, [now, zone, is_worth] in edges
	asked := examples.with_changes({"/now": now, "/environments/production/before/time_zone": zone})
	count(examples.findings("mc-business-hours", asked)) == 1 == is_worth
}
