# METADATA
# title: Findings
# description: |
#   The form of everything a rule can say. A finding has a place: a field of a manifest, the
#   whole of a file, or nowhere, which is the change as a whole.
package dvo.finding

nowhere := {"environment": null, "agent": null, "path": null, "line": null}

# METADATA
# description: The line of `field` in the manifest of `deployment`; the first when it has no such line.
at(deployment, field) := {
	"environment": deployment.environment,
	"agent": deployment.agent,
	"path": deployment.path,
	"line": line,
} if {
	deployment.path != null
	line := object.get(deployment, ["lines", field], 1)
} else := object.union(nowhere, {"environment": deployment.environment, "agent": deployment.agent})

deny(rule, place, message, remediation) := _finding(rule, "deny", place, {
	"message": message,
	"remediation": remediation,
})

# METADATA
# description: A deny that ends by itself, at an RFC 3339 time.
deny_until(rule, place, message, until) := _finding(rule, "deny", place, {
	"message": message,
	"remediation": "Nothing to do: it goes out by itself then.",
	"until": until,
})

require_approval(rule, place, message, terms) := _finding(rule, "require_approval", place, {
	"message": message,
	"remediation": sprintf("Ask for the review of an owner who is %s.", [concat(" or ", terms.required_roles)]),
	"params": {
		"required_roles": terms.required_roles,
		"min_approvals": terms.min_approvals,
		"expiry_hours": terms.expiry_hours,
	},
})

# METADATA
# description: |
#   The finding with the steps of its remedy, from data.dvo.remedy, which are proven by judging again.
#   Without a step it stays as it is: a remedy that cannot be told takes no finding away.
with_remedy(found, steps) := object.union(found, {"params": object.union(found.params, {"remedy": steps})}) if {
	count(steps) > 0
} else := found

warn(rule, place, message, remediation) := _finding(rule, "warn", place, {
	"message": message,
	"remediation": remediation,
})

audit_only(rule, place, message) := _finding(rule, "audit_only", place, {
	"message": message,
	"remediation": "",
})

_finding(rule, action, place, told) := object.union(place, {
	"rule": rule,
	"action": action,
	"message": told.message,
	"remediation": told.remediation,
	"until": object.get(told, "until", null),
	"params": object.get(told, "params", {}),
})
