# METADATA
# title: Deployments stay within their bounds
# description: |
#   How many instances of an agent may run, in how many regions and in which, by tier or for one
#   environment by name.
# custom:
#   id: mc-bounds
#   owner: platform
#   severity: medium
#   remedy: Stay within the bounds, or have them changed in the parameters.
package dvo.rules.mc_bounds

import data.dvo.change
import data.dvo.finding

id := "mc-bounds"

findings contains finding.deny(id, place, message, remediation) if {
	some deployment in change.running
	most := bounds(deployment).replicas
	most_wanted(deployment.after.replicas) > most
	place := finding.at(deployment, "replicas")
	message := sprintf("%s takes at most %d instances of one agent.", [deployment.environment, most])
	remediation := sprintf("Ask for %d or fewer.", [most])
}

findings contains finding.deny(id, place, message, remediation) if {
	some deployment in change.running
	allowed := bounds(deployment)
	wanted := count(deployment.after.regions)
	is_outside(wanted, allowed.fewest_regions, allowed.most_regions)
	place := finding.at(deployment, "regions")
	message := sprintf("%s takes %d to %d regions, not %d.", [
		deployment.environment,
		allowed.fewest_regions,
		allowed.most_regions,
		wanted,
	])
	remediation := "Name as many regions as that."
}

findings contains finding.deny(id, place, message, remediation) if {
	some deployment in change.running
	allowed := bounds(deployment).regions
	some region in deployment.after.regions
	not change.matches_any(region, allowed)
	place := finding.at(deployment, "regions")
	message := sprintf("%s is no region of %s.", [region, deployment.environment])
	remediation := sprintf("Choose among: %s.", [concat(", ", allowed)])
}

bounds(deployment) := object.get(
	data.dvo.parameters.bounds.environments,
	deployment.environment,
	data.dvo.parameters.bounds.tiers[deployment.tier],
)

most_wanted(replicas) := replicas if is_number(replicas)

most_wanted(replicas) := replicas.max if is_object(replicas)

is_outside(wanted, fewest, _) if wanted < fewest

is_outside(wanted, _, most) if wanted > most
