# METADATA
# title: The calendar
# description: |
#   Working days and hours in the time zone of an environment, right on the days the clocks
#   change. Times are nanoseconds since 1970 in UTC, zones are names of the IANA database.
package dvo.calendar

day := ((24 * 60) * 60) * 1000000000

is_weekend(moment, zone) if time.weekday([moment, zone]) in data.dvo.parameters.weekend

is_open(moment, zone) if {
	not is_weekend(moment, zone)
	[hour, _, _] := time.clock([moment, zone])
	hour >= data.dvo.parameters.working_hours.opens
	hour < data.dvo.parameters.working_hours.closes
}

# METADATA
# description: The opening hour that comes next, in RFC 3339; on a working day before it opens, that day's.
opening(moment, zone) := time.format([today, "UTC", "RFC3339"]) if {
	not is_weekend(moment, zone)
	today := instant(time.date([moment, zone]), data.dvo.parameters.working_hours.opens, zone)
	moment < today
} else := next_opening(moment, zone)

# METADATA
# description: The opening hour of the first working day after the day of `moment`, in RFC 3339.
next_opening(moment, zone) := time.format([opening, "UTC", "RFC3339"]) if {
	[year, month, date] := time.date([moment, zone])
	noon := _as_utc([year, month, date], [12, 0, 0])
	ahead := [days |
		some days in numbers.range(1, 7)
		not time.weekday(noon + (days * day)) in data.dvo.parameters.weekend
	]
	wanted := time.date(noon + (ahead[0] * day))
	opening := instant(wanted, data.dvo.parameters.working_hours.opens, zone)
}

# METADATA
# description: |
#   The moment a clock in `zone` shows the full `hour` on a date. No builtin reads a local time, so
#   the offsets in force a day before and a day after are tried; one of them is right unless
#   that hour was skipped, and then the clocks have just passed it with the earlier offset.
instant(date, hour, zone) := first if {
	first := min({moment |
		some moment in _candidates(date, hour, zone)
		_shown(moment, zone) == _as_utc(date, [hour, 0, 0])
	})
} else := max(_candidates(date, hour, zone))

_candidates(date, hour, zone) := {moment |
	local := _as_utc(date, [hour, 0, 0])
	some near in [local - day, local + day]
	offset := _shown(near, zone) - near
	moment := local - offset
}

# What the clocks of `zone` show at `moment`, read as if it were UTC.
_shown(moment, zone) := _as_utc(time.date([moment, zone]), time.clock([moment, zone]))

_as_utc([year, month, date], [hour, minute, second]) := time.parse_rfc3339_ns(sprintf(
	"%04d-%02d-%02dT%02d:%02d:%02dZ",
	[year, month, date, hour, minute, second],
))
