# METADATA
# title: Break-glass
# description: |
#   What a pull request that asks for break-glass gets waived, and while which conditions hold.
#   The request counts for one effect and for some hours since it was first made. Only denials of
#   the rules that the parameters name are waived, and some rules never are, whatever they name.
package dvo.break_glass

import data.dvo.change

hour := (60 * 60) * 1000000000

is_asked if is_object(input.break_glass)

ends := time.parse_rfc3339_ns(input.break_glass.since) + (data.dvo.parameters.break_glass.expiry_hours * hour)

# METADATA
# description: Whether it came in time; for a merge counts when it was merged.
is_timely if time.parse_rfc3339_ns(input.break_glass.as_of) < ends

# METADATA
# description: Whether the person who proposes may propose to production.
may_ask if {
	some role in data.dvo.parameters.production_proposers
	role in change.proposer_roles
}

agents := {deployment.agent | some deployment in input.deployments}

governed := {file.path | some file in input.files; file.kind == "governance"}

has_one_aim if {
	count(agents) <= data.dvo.parameters.break_glass.max_agents
	count(governed) == 0
}

in_force if {
	is_asked
	is_timely
	may_ask
	has_one_aim
}

never_waived := {
	"mc-audit-all", "mc-break-glass", "mc-break-glass-review", "mc-governance",
	"mc-input", "mc-permission", "mc-prod-approval", "mc-parameters",
	"mc-protected-agents", "mc-secrets", "mc-widening",
}

# METADATA
# description: The finding as it counts; of a denial that is waived a warning is left, which says so.
judged(finding) := waived if {
	is_waived(finding)
	waived := object.union(object.remove(finding, ["params"]), {
		"action": "warn",
		"message": sprintf("Waived by break-glass: %s", [substring(finding.message, 0, 900)]),
		"remediation": "",
		"until": null,
		"params": {"waived": "deny"},
	})
} else := finding

is_waived(finding) if {
	in_force
	finding.action == "deny"
	finding.rule in data.dvo.parameters.break_glass.waives
	not finding.rule in never_waived
}
