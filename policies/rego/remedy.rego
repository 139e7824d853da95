# METADATA
# title: Remedies
# description: |
#   The steps that turn a finding green, in the form that docs/reference/remedies.md describes. A rule
#   puts them on its finding with finding.with_remedy, as an array: what may be undefined stands in a
#   comprehension, so that a step that cannot be told is left out and the finding stays.
package dvo.remedy

import data.dvo.change
import data.dvo.roles

# METADATA
# description: Write exactly `value` into a field of the finding's manifest.
edit(field, value) := {"kind": "edit", "of": "deployment", "field": field, "value": value}

# METADATA
# description: Write something like `value` into a field of the finding's manifest.
example(field, value) := {"kind": "edit", "of": "deployment", "field": field, "example": value}

# METADATA
# description: Take a field out of the finding's manifest.
remove(field) := {"kind": "edit", "of": "deployment", "field": field, "remove": true}

# METADATA
# description: Write something like `value` into a field of environment.yaml, on main, before this change.
environment(field, value) := {"kind": "edit", "of": "environment", "field": field, "example": value}

# METADATA
# description: Let the release run healthy in a `tier` first.
promote(tier) := {"kind": "promote", "tier": tier}

# METADATA
# description: Come back at an RFC 3339 time.
wait(until) := {"kind": "wait", "until": until}

# METADATA
# description: |
#   Make several pull requests of it, each with at most so many "deployments", deployments in
#   "production" and "agents"; limits that are no number from 1 on are left out.
split(limits) := [object.union({"kind": "split"}, told) | count(told) > 0] if {
	told := {name: floor(min([most, 1000000])) | some name, most in limits; is_number(most); most >= 1}
}

close_review := {"kind": "close_review"}

unlabel := {"kind": "unlabel"}

# METADATA
# description: Nothing in the change helps; the policies or the controller are mended.
repair := {"kind": "repair"}

# METADATA
# description: Nothing else helps than leaving it out of the change.
withdraw := {"kind": "withdraw"}

# METADATA
# description: Nothing needs doing; for warnings.
nothing := {"kind": "nothing"}

# METADATA
# description: |
#   Have it proposed by somebody of the lowest role that may propose all of it; no step where no
#   group gives such a role.
propose := array.slice(
	[{"kind": "propose", "role": role, "groups": groups} |
		some rank, role in roles.order
		groups := [group | some group in data.dvo.parameters.groups[role]; is_string(group)]
		count(groups) > 0
		may_propose(array.slice(roles.order, 0, rank + 1))
	],
	0,
	1,
)

may_propose(held) if {
	permissions := roles.permissions(held)
	every deployment in input.deployments { suffices(deployment, held, permissions) }
	may_break_glass(held)
}

suffices(deployment, _, permissions) if change.needed[deployment.tier] in permissions

suffices(deployment, held, _) if {
	deployment.tier == "production"
	proposes_to_production(held)
}

may_break_glass(_) if not is_object(input.break_glass)

may_break_glass(held) if proposes_to_production(held)

proposes_to_production(held) if {
	some role in data.dvo.parameters.production_proposers
	role in held
}
