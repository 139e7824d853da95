# METADATA
# title: Doing more than before takes more approval
# description: |
#   A change after which an agent may do more is named: a capability, tool, source of data, host or
#   hand-off that is new, more autonomy, a stronger model. Of a new agent tools, data, hosts and autonomy
#   count. In production it takes more approvals, elsewhere it is a warning.
# custom:
#   id: mc-widening
#   owner: security
#   severity: high
#   remedy: Ask the release managers who own it, or leave out what is new.
package dvo.rules.mc_widening

import data.dvo.abilities
import data.dvo.finding
import data.dvo.remedy

id := "mc-widening"

findings contains finding.require_approval(id, place, message, data.dvo.parameters.widening) if {
	some deployment in abilities.changed
	deployment.tier in data.dvo.parameters.widening.tiers
	message := told(deployment)
	place := finding.at(deployment, "version")
}

findings contains finding.with_remedy(warning, [remedy.nothing]) if {
	some deployment in abilities.changed
	not deployment.tier in data.dvo.parameters.widening.tiers
	message := told(deployment)
	place := finding.at(deployment, "version")
	remediation := "Make sure that it is meant; in production it takes more approvals."
	warning := finding.warn(id, place, message, remediation)
}

told(deployment) := sprintf("%s in %s may do more than before: %s.", [
	deployment.agent,
	deployment.environment,
	concat(", ", array.concat(array.slice(gains, 0, 5), more)),
]) if {
	gains := sort(abilities.gained(deployment))
	count(gains) > 0
	more := [sprintf("and %d more", [count(gains) - 5]) | count(gains) > 5]
}
