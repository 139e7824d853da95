package dvo_test.mc_freeze_window

import data.dvo_test.examples

window := {"name": "year-end", "start": "2026-11-18T11:00:00Z", "end": "2026-11-20T11:00:00Z"}

during(now, path) := examples.findings("mc-freeze-window", examples.with_changes({
	"/now": now,
	path: [window],
}))

main_windows := "/environments/production/before/freeze_windows"

proposed_windows := "/environments/production/after/freeze_windows"

test_a_freeze_holds_until_its_end if {
	some finding in during("2026-11-18T11:00:00Z", main_windows)
	finding.action == "deny"
	finding.until == window.end
	contains(finding.message, "year-end")
}

test_the_end_of_a_freeze_is_outside_and_its_last_moment_inside if {
	during("2026-11-20T11:00:00Z", main_windows) == set()
	count(during("2026-11-20T10:59:59.999999Z", main_windows)) == 1
}

test_before_its_start_nothing_is_frozen if during("2026-11-18T10:59:59Z", main_windows) == set()

test_a_window_the_change_adds_counts_and_one_it_removes_too if {
	count(during("2026-11-19T11:00:00Z", proposed_windows)) == 1
	count(during("2026-11-19T11:00:00Z", main_windows)) == 1
}

test_a_window_on_both_sides_is_told_once if {
	asked := examples.with_changes({main_windows: [window], proposed_windows: [window]})
	count(examples.findings("mc-freeze-window", asked)) == 1
}

test_each_of_two_windows_is_told if {
	longer := object.union(window, {"name": "audit", "end": "2026-12-01T00:00:00Z"})
	asked := examples.with_changes({main_windows: [window, longer]})
	count(examples.findings("mc-freeze-window", asked)) == 2
}

test_a_freeze_holds_below_production_too if {
	asked := json.patch(examples.in_tier("staging", "github:2"), [{
		"op": "replace",
		"path": "/environments/staging/before/freeze_windows",
		"value": [window],
	}])
	count(examples.findings("mc-freeze-window", asked)) == 1
}

companys(now, tiers, asked) := findings if {
	calendar := [object.union(window, {"tiers": tiers})]
	at := json.patch(asked, [{"op": "replace", "path": "/now", "value": now}])
	findings := data.dvo.rules.mc_freeze_window.findings with input as at with data.dvo.parameters.freeze_calendar as calendar
}

test_a_freeze_of_the_company_holds_the_tiers_it_names if {
	some finding in companys("2026-11-18T11:00:00Z", ["production"], examples.question)
	[finding.action, finding.until] == ["deny", window.end]
	companys("2026-11-18T11:00:00Z", ["production"], examples.in_tier("staging", "github:2")) == set()
	companys("2026-11-18T11:00:00Z", [], examples.question) == set()
}

test_a_freeze_of_the_company_has_the_same_edges if {
	companys("2026-11-18T10:59:59Z", ["production"], examples.question) == set()
	companys("2026-11-20T11:00:00Z", ["production"], examples.question) == set()
	count(companys("2026-11-20T10:59:59Z", ["production"], examples.question)) == 1
}

# Each case: a freeze that spans something, and moments in it; its edges are tried with each.
spans := {
	"the end of a year": [
		{"name": "x", "start": "2026-12-20T00:00:00Z", "end": "2027-01-04T00:00:00Z"},
		["2026-12-31T23:59:59.999999999Z", "2027-01-01T00:00:00Z"],
	],
	"the clocks of Berlin going forward": [
		{"name": "x", "start": "2026-03-28T23:00:00Z", "end": "2026-03-29T22:00:00Z"},
		["2026-03-29T00:59:59Z", "2026-03-29T01:00:00Z"],
	],
	"the clocks of New York going back": [
		{"name": "x", "start": "2026-11-01T04:00:00Z", "end": "2026-11-02T05:00:00Z"},
		["2026-11-01T05:30:00Z", "2026-11-01T06:30:00Z"],
	],
	"a leap day": [
		{"name": "x", "start": "2028-02-28T23:59:59Z", "end": "2028-03-01T00:00:00Z"},
		["2028-02-29T00:00:00Z", "2028-02-29T23:59:59Z"],
	],
}

held_by(window, now) := count(examples.findings("mc-freeze-window", examples.with_changes({
	"/now": now,
	main_windows: [window],
})))

test_a_freeze_holds_across[name] if {
	some name, [spanning, moments] in spans
	every moment in moments { held_by(spanning, moment) == 1 }
	every moment in moments { count(calendar_of(spanning, moment)) == 1 }
	held_by(spanning, spanning.start) == 1
	held_by(spanning, spanning.end) == 0
	held_by(spanning, time.format([time.parse_rfc3339_ns(spanning.start) - 1, "UTC", "RFC3339Nano"])) == 0
	held_by(spanning, time.format([time.parse_rfc3339_ns(spanning.end) - 1, "UTC", "RFC3339Nano"])) == 1
	calendar_of(spanning, spanning.end) == set()
}

calendar_of(spanning, now) := findings if {
	calendar := [object.union(spanning, {"tiers": ["production"]})]
	findings := data.dvo.rules.mc_freeze_window.findings with input as examples.with_changes({"/now": now})
		with data.dvo.parameters.freeze_calendar as calendar
}

test_a_freeze_outlasts_a_weekend_that_ends_in_it if {
	holiday := {"name": "x", "start": "2026-12-24T00:00:00Z", "end": "2027-01-04T12:00:00Z"}
	asked := examples.with_changes({"/now": "2027-01-03T12:00:00Z", main_windows: [holiday]})
	{examples.findings(rule, asked)[_].until | some rule in ["mc-weekend-block", "mc-freeze-window"]} == {
		"2027-01-04T08:00:00Z",
		"2027-01-04T12:00:00Z",
	}
}
