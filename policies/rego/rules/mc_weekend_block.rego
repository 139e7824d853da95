# METADATA
# title: Production rests at the weekend
# description: |
#   On Saturday and Sunday, where the environment is, nothing changes in a production tier. What
#   is merged then is held, and goes out at the opening hour of the next working day.
# custom:
#   id: mc-weekend-block
#   owner: release management
#   severity: medium
#   remedy: Nothing to do; the change goes out by itself when the working week begins.
package dvo.rules.mc_weekend_block

import data.dvo.calendar
import data.dvo.change
import data.dvo.finding

id := "mc-weekend-block"

findings contains finding.deny_until(id, place, message, until) if {
	some deployment in change.production
	zone := resting[deployment.environment]
	until := calendar.next_opening(change.now, zone)
	place := finding.at(deployment, "version")
	message := sprintf("It is the weekend in %s, and %s is of the production tier.", [zone, deployment.environment])
}

# METADATA
# description: The environments where it is the weekend, each with its time zone.
resting := {name: zone |
	some name in change.production_environments
	zone := change.stated(name).time_zone
	calendar.is_weekend(change.now, zone)
}
