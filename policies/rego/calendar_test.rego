package dvo_test.calendar

import data.dvo.calendar

at(text) := time.parse_rfc3339_ns(text)

# Each case: a moment at a weekend, a zone, and when Monday's 09:00 comes there.
openings := {
	"a plain weekend": ["2026-11-21T11:00:00Z", "Europe/Berlin", "2026-11-23T08:00:00Z"],
	"Berlin puts its clocks forward on Sunday": ["2026-03-28T12:00:00Z", "Europe/Berlin", "2026-03-30T07:00:00Z"],
	"Berlin puts its clocks back on Sunday": ["2026-10-24T12:00:00Z", "Europe/Berlin", "2026-10-26T08:00:00Z"],
	"Berlin in the hour that comes twice": ["2026-10-25T00:30:00Z", "Europe/Berlin", "2026-10-26T08:00:00Z"],
	"New York puts its clocks forward": ["2026-03-07T17:00:00Z", "America/New_York", "2026-03-09T13:00:00Z"],
	"New York puts its clocks back": ["2026-10-31T17:00:00Z", "America/New_York", "2026-11-02T14:00:00Z"],
	"Lord Howe moves by half an hour, forward": ["2026-10-03T10:00:00Z", "Australia/Lord_Howe", "2026-10-04T22:00:00Z"],
	"Lord Howe moves by half an hour, back": ["2026-04-04T10:00:00Z", "Australia/Lord_Howe", "2026-04-05T22:30:00Z"],
	"Apia right after it skipped a Friday": ["2011-12-30T12:00:00Z", "Pacific/Apia", "2012-01-01T19:00:00Z"],
	"Apia is a day ahead": ["2026-11-21T00:00:00Z", "Pacific/Apia", "2026-11-22T20:00:00Z"],
	"Kiritimati is fourteen hours ahead": ["2026-11-20T12:00:00Z", "Pacific/Kiritimati", "2026-11-22T19:00:00Z"],
	"Midway is eleven hours behind": ["2026-11-23T05:00:00Z", "Pacific/Midway", "2026-11-23T20:00:00Z"],
	"Kathmandu has a quarter of an hour": ["2026-11-21T06:00:00Z", "Asia/Kathmandu", "2026-11-23T03:15:00Z"],
	"the last second of Sunday": ["2026-11-22T22:59:59.999Z", "Europe/Berlin", "2026-11-23T08:00:00Z"],
	"over the end of a year": ["2028-01-01T12:00:00Z", "UTC", "2028-01-03T09:00:00Z"],
	"over a leap day": ["2032-02-28T12:00:00Z", "UTC", "2032-03-01T09:00:00Z"],
}

test_the_week_opens_on_monday[name] if {
	some name, [moment, zone, opening] in openings
	calendar.is_weekend(at(moment), zone)
	calendar.next_opening(at(moment), zone) == opening
}

test_the_opening_is_open_and_the_moment_before_is_not[name] if {
	some name, [_, zone, opening] in openings
	calendar.is_open(at(opening), zone)
	not calendar.is_open(at(opening) - 1, zone)
}

test_the_weekend_begins_and_ends_at_midnight_local_time if {
	not calendar.is_weekend(at("2026-11-20T22:59:59Z"), "Europe/Berlin")
	calendar.is_weekend(at("2026-11-20T23:00:00Z"), "Europe/Berlin")
	calendar.is_weekend(at("2026-11-22T22:59:59Z"), "Europe/Berlin")
	not calendar.is_weekend(at("2026-11-22T23:00:00Z"), "Europe/Berlin")
}

test_the_closing_hour_is_outside if {
	calendar.is_open(at("2026-11-18T15:59:59Z"), "Europe/Berlin")
	not calendar.is_open(at("2026-11-18T16:00:00Z"), "Europe/Berlin")
}

test_other_days_may_be_the_weekend if {
	opening := calendar.next_opening(at("2026-11-20T12:00:00Z"), "Asia/Riyadh") with data.dvo.parameters.weekend as [
		"Friday",
		"Saturday",
	]
	opening == "2026-11-22T06:00:00Z"
}

test_an_hour_that_was_skipped_comes_just_after if {
	calendar.instant([2026, 3, 29], 2, "Europe/Berlin") == at("2026-03-29T01:00:00Z")
}

test_an_hour_that_comes_twice_is_the_first if {
	calendar.instant([2026, 10, 25], 2, "Europe/Berlin") == at("2026-10-25T00:00:00Z")
}

# Each case: a zone, when a weekend begins there and when it ends; the clocks change in some of them.
weekends := {
	"Berlin, clocks forward: an hour less": ["Europe/Berlin", "2026-03-27T23:00:00Z", "2026-03-29T22:00:00Z"],
	"Berlin, clocks back: an hour more": ["Europe/Berlin", "2026-10-23T22:00:00Z", "2026-10-25T23:00:00Z"],
	"New York, clocks forward": ["America/New_York", "2026-03-07T05:00:00Z", "2026-03-09T04:00:00Z"],
	"New York, clocks back": ["America/New_York", "2026-10-31T04:00:00Z", "2026-11-02T05:00:00Z"],
	"Berlin, over the end of a year": ["Europe/Berlin", "2022-12-30T23:00:00Z", "2023-01-01T23:00:00Z"],
	"New York, over the end of a year": ["America/New_York", "2022-12-31T05:00:00Z", "2023-01-02T05:00:00Z"],
	"Auckland, over the end of a year, a day ahead": ["Pacific/Auckland", "2022-12-30T11:00:00Z", "2023-01-01T11:00:00Z"],
}

test_a_weekend_is_the_moments_between_its_midnights[name] if {
	some name, [zone, begins, ends] in weekends
	not calendar.is_weekend(at(begins) - 1, zone)
	calendar.is_weekend(at(begins), zone)
	calendar.is_weekend(at(ends) - 1, zone)
	not calendar.is_weekend(at(ends), zone)
}

# Each case: a zone, when a working day opens there and when it closes.
working_days := {
	"Berlin, the Friday before the clocks go forward": ["Europe/Berlin", "2026-03-27T08:00:00Z", "2026-03-27T16:00:00Z"],
	"Berlin, the Monday after": ["Europe/Berlin", "2026-03-30T07:00:00Z", "2026-03-30T15:00:00Z"],
	"Berlin, the Friday before they go back": ["Europe/Berlin", "2026-10-23T07:00:00Z", "2026-10-23T15:00:00Z"],
	"Berlin, the Monday after that": ["Europe/Berlin", "2026-10-26T08:00:00Z", "2026-10-26T16:00:00Z"],
	"New York, the Friday before they go forward": ["America/New_York", "2026-03-06T14:00:00Z", "2026-03-06T22:00:00Z"],
	"New York, the Monday after": ["America/New_York", "2026-03-09T13:00:00Z", "2026-03-09T21:00:00Z"],
	"New York, the Friday before they go back": ["America/New_York", "2026-10-30T13:00:00Z", "2026-10-30T21:00:00Z"],
	"New York, the Monday after that": ["America/New_York", "2026-11-02T14:00:00Z", "2026-11-02T22:00:00Z"],
	"Berlin, the last day of a year": ["Europe/Berlin", "2026-12-31T08:00:00Z", "2026-12-31T16:00:00Z"],
	"New York, the first day of a year": ["America/New_York", "2027-01-01T14:00:00Z", "2027-01-01T22:00:00Z"],
}

test_a_working_day_is_open_from_its_first_moment_to_before_its_last[name] if {
	some name, [zone, opens, closes] in working_days
	not calendar.is_open(at(opens) - 1, zone)
	calendar.is_open(at(opens), zone)
	calendar.is_open(at(closes) - 1, zone)
	not calendar.is_open(at(closes), zone)
}

test_no_hour_of_a_weekend_is_open[name] if {
	some name, [zone, begins, ends] in weekends
	every hours in numbers.range(0, 46) { not calendar.is_open(at(begins) + (((hours * 60) * 60) * 1000000000), zone) }
	at(ends) - at(begins) > ((46 * 60) * 60) * 1000000000
}

# Each case: a moment, a zone, and which opening comes next.
next := {
	"before a day opens, the same day": ["2026-11-18T06:00:00Z", "Europe/Berlin", "2026-11-18T08:00:00Z"],
	"the moment before": ["2026-11-18T07:59:59.999999999Z", "Europe/Berlin", "2026-11-18T08:00:00Z"],
	"at the opening itself, the next day": ["2026-11-18T08:00:00Z", "Europe/Berlin", "2026-11-19T08:00:00Z"],
	"at night, which is the next day elsewhere": ["2026-11-19T03:00:00Z", "America/New_York", "2026-11-19T14:00:00Z"],
	"Friday night before the clocks go forward": ["2026-03-27T20:00:00Z", "Europe/Berlin", "2026-03-30T07:00:00Z"],
	"Friday night before they go back": ["2026-10-30T22:00:00Z", "America/New_York", "2026-11-02T14:00:00Z"],
	"in the last night of a year": ["2026-12-31T23:30:00Z", "Europe/Berlin", "2027-01-01T08:00:00Z"],
	"in the last evening of a year": ["2026-12-31T22:30:00Z", "Europe/Berlin", "2027-01-01T08:00:00Z"],
	"from a year into the next over a weekend": ["2027-12-31T23:00:00Z", "America/New_York", "2028-01-03T14:00:00Z"],
}

test_the_next_opening_is_the_first_one_to_come[name] if {
	some name, [moment, zone, opening] in next
	calendar.opening(at(moment), zone) == opening
}
