# METADATA
# title: Nothing goes out in a freeze
# description: |
#   While a freeze window of an environment lasts, changes to it are held. A window that the
#   change itself adds counts too, and one that it removes still counts. The freezes of the whole
#   company, by tier, are parameters.
# custom:
#   id: mc-freeze-window
#   owner: release management
#   severity: medium
#   remedy: Nothing to do; the change goes out by itself when the freeze ends.
package dvo.rules.mc_freeze_window

import data.dvo.change
import data.dvo.finding

id := "mc-freeze-window"

findings contains finding.deny_until(id, place, message, window.end) if {
	some window in data.dvo.parameters.freeze_calendar
	some deployment in input.deployments
	deployment.tier in window.tiers
	time.parse_rfc3339_ns(window.start) <= change.now
	change.now < time.parse_rfc3339_ns(window.end)
	place := finding.at(deployment, "version")
	message := sprintf("The company is in a freeze: %s.", [window.name])
}

findings contains finding.deny_until(id, place, message, window.end) if {
	some deployment in input.deployments
	some window in freezing[deployment.environment]
	place := finding.at(deployment, "version")
	message := sprintf("%s is frozen: %s.", [deployment.environment, window.name])
}

# METADATA
# description: By environment in which something changes, the windows that last now.
freezing := {name: windows |
	some name in {deployment.environment | some deployment in input.deployments}
	windows := [window |
		some stated in ["before", "after"]
		some window in input.environments[name][stated].freeze_windows
		time.parse_rfc3339_ns(window.start) <= change.now
		change.now < time.parse_rfc3339_ns(window.end)
	]
}
