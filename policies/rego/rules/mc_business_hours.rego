# METADATA
# title: Production changes in working hours
# description: |
#   Outside of the working hours of the environment a change in a production tier is worth a
#   second look, because fewer people are there to see it. It is not held.
# custom:
#   id: mc-business-hours
#   owner: release management
#   severity: low
#   remedy: Merge it in working hours, or be there while it rolls out.
package dvo.rules.mc_business_hours

import data.dvo.calendar
import data.dvo.change
import data.dvo.finding
import data.dvo.remedy

id := "mc-business-hours"

findings contains finding.with_remedy(warning, waits) if {
	some deployment in change.production
	zone := closed[deployment.environment]
	place := finding.at(deployment, "version")
	message := sprintf("It is outside of working hours in %s.", [zone])
	remediation := sprintf("Merge it between %02d:00 and %02d:00, or watch it roll out.", [
		data.dvo.parameters.working_hours.opens,
		data.dvo.parameters.working_hours.closes,
	])
	warning := finding.warn(id, place, message, remediation)
	waits := [remedy.wait(opening) | opening := calendar.opening(change.now, zone)]
}

# METADATA
# description: The environments where it is a working day outside of working hours, each with its time zone.
closed := {name: zone |
	some name in change.production_environments
	zone := change.stated(name).time_zone
	not calendar.is_weekend(change.now, zone)
	not calendar.is_open(change.now, zone)
}
