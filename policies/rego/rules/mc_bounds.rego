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

# METADATA
# description: |
#   The deployments that are not clearly within their bounds, picked out once for the rules below, which
#   say what is wrong with them.
doubtful := change.except(change.running, {position |
	some position, deployment in change.running
	allowed := bounds(deployment.environment, deployment.tier)
	fits(deployment.after.replicas, deployment.after.regions, allowed)
})

# OPA works out equal arguments once, and most deployments of an environment ask for the same.
fits(replicas, regions, allowed) if {
	most_wanted(replicas) <= allowed.replicas
	not is_outside(count(regions), allowed.fewest_regions, allowed.most_regions)
	every region in regions { change.matches_any(region, allowed.regions) }
}

findings contains finding.with_remedy(denial, fewer(deployment.after.replicas, most)) if {
	some deployment in doubtful
	most := bounds(deployment.environment, deployment.tier).replicas
	most_wanted(deployment.after.replicas) > most
	place := finding.at(deployment, "replicas")
	message := sprintf("%s takes at most %d instances of one agent.", [deployment.environment, most])
	remediation := sprintf("Ask for %d or fewer.", [most])
	denial := finding.deny(id, place, message, remediation)
}

findings contains finding.with_remedy(denial, fitting(deployment, allowed)) if {
	some deployment in doubtful
	allowed := bounds(deployment.environment, deployment.tier)
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
	some deployment in doubtful
	allowed := bounds(deployment.environment, deployment.tier)
	some region in deployment.after.regions
	not change.matches_any(region, allowed.regions)
	place := finding.at(deployment, "regions")
	message := sprintf("%s is no region of %s.", [region, deployment.environment])
	remediation := sprintf("Choose among: %s.", [concat(", ", allowed.regions)])
	denial := finding.deny(id, place, message, remediation)
}

bounds(environment, tier) := object.get(
	data.dvo.parameters.bounds.environments,
	environment,
	data.dvo.parameters.bounds.tiers[tier],
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
