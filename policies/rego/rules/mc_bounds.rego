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
import data.dvo.remedy

id := "mc-bounds"

findings contains finding.with_remedy(denial, fewer(deployment.after.replicas, most)) if {
	some deployment in change.running
	most := bounds(deployment).replicas
	most_wanted(deployment.after.replicas) > most
	place := finding.at(deployment, "replicas")
	message := sprintf("%s takes at most %d instances of one agent.", [deployment.environment, most])
	remediation := sprintf("Ask for %d or fewer.", [most])
	denial := finding.deny(id, place, message, remediation)
}

findings contains finding.with_remedy(denial, fitting(deployment, allowed)) if {
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
	denial := finding.deny(id, place, message, remediation)
}

findings contains finding.with_remedy(denial, fitting(deployment, allowed)) if {
	some deployment in change.running
	allowed := bounds(deployment)
	some region in deployment.after.regions
	not change.matches_any(region, allowed.regions)
	place := finding.at(deployment, "regions")
	message := sprintf("%s is no region of %s.", [region, deployment.environment])
	remediation := sprintf("Choose among: %s.", [concat(", ", allowed.regions)])
	denial := finding.deny(id, place, message, remediation)
}

bounds(deployment) := object.get(
	data.dvo.parameters.bounds.environments,
	deployment.environment,
	data.dvo.parameters.bounds.tiers[deployment.tier],
)

fewer(replicas, most) := [remedy.edit("replicas", most)] if is_number(replicas)

fewer(replicas, most) := [remedy.edit("autoscaling", {"min": least, "max": most}) |
	least := min([replicas.min, most])
] if {
	is_object(replicas)
}

# The regions that are allowed, no more than may be, and invented ones where they are too few.
fitting(deployment, allowed) := [remedy.example("regions", regions) |
	kept := [region | some region in deployment.after.regions; change.matches_any(region, allowed.regions)]
	fewest := max([allowed.fewest_regions, 1])
	missing := [region | some place, region in invented(allowed, kept); place < fewest - count(kept)]
	regions := [region | some place, region in array.concat(kept, missing); place < allowed.most_regions]
	count(regions) >= fewest
]

invented(allowed, kept) := sort({region |
	some number in numbers.range(1, 20)
	some pattern in allowed.regions
	region := replace(pattern, "*", sprintf("region-%d", [number]))
	not region in kept
})

most_wanted(replicas) := replicas if is_number(replicas)

most_wanted(replicas) := replicas.max if is_object(replicas)

is_outside(wanted, fewest, _) if wanted < fewest

is_outside(wanted, _, most) if wanted > most
