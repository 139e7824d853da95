# METADATA
# title: The change, as the rules speak of it
# description: |
#   Who proposes, what reaches production, and which statement of an environment counts. Rules
#   share these sentences, so that they mean the same in each of them.
package dvo.change

import data.dvo.roles

# METADATA
# description: The person who proposes; undefined when nobody knows, or when a machine acts for nobody.
proposer := input.change.author if {
	input.people[input.change.author].kind == "person"
}

proposer := input.change.requester if {
	input.people[input.change.author].kind in {"bot", "service"}
	input.people[input.change.requester].kind == "person"
}

# METADATA
# description: |
#   A machine, for nobody, does nothing but put back what was admitted. It may propose that, and
#   needs the approval that production takes.
restoring if {
	input.change.restores == true
	input.people[input.change.author].kind in {"bot", "service"}
	not proposer
}

default proposer_roles := set()

proposer_roles := roles.of_groups(input.people[proposer].groups)

permissions := roles.permissions(proposer_roles)

# METADATA
# description: The deployments that change in a production tier.
production := [deployment |
	some deployment in input.deployments
	deployment.tier == "production"
]

# METADATA
# description: |
#   The names of the environments in whose production tier something changes. What depends on nothing
#   but the environment is found out once for each, and not again for a thousand deployments in it.
production_environments contains deployment.environment if some deployment in production

# METADATA
# description: The environment of a deployment, as it counts.
environment(deployment) := stated(deployment.environment)

# METADATA
# description: What judges comes from main, so an environment counts as main states it; a new one as proposed.
stated(name) := before if {
	before := input.environments[name].before
	before != null
} else := input.environments[name].after

# METADATA
# description: The deployments that run afterwards; one that is taken out does not.
running := [deployment |
	some deployment in input.deployments
	deployment.after != null
]

# METADATA
# description: |
#   `deployments` without those at the positions in `fine`: what a rule has to look at closely. Mostly that
#   is none of a thousand, which one comparison tells.
except(deployments, fine) := [deployment |
	count(fine) < count(deployments)
	some position, deployment in deployments
	not position in fine
]

# METADATA
# description: The language model of a plan as provider/name; undefined where it has none.
model(plan) := sprintf("%s/%s", [plan.model.provider, plan.model.name])

# METADATA
# description: Whether `name` matches one of `patterns`; `*` stays within one part between slashes.
matches_any(name, patterns) if {
	some pattern in patterns
	glob.match(pattern, ["/"], name)
}

# METADATA
# description: The permission that a change in a tier takes; for production see mc-prod-approval.
needed := {"development": "deploy_dev", "staging": "deploy_staging"}

now := time.parse_rfc3339_ns(input.now)
