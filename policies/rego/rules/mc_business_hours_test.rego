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
