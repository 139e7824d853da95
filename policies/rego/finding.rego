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
	"path": path,
	"line": line,
} if {
	path := deployment.path
	path != null
	line := object.get(deployment, ["lines", field], 1)
} else := object.union(nowhere, {"environment": deployment.environment, "agent": deployment.agent})

deny(rule, place, message, remediation) := object.union(place, {
	"rule": rule,
	"action": "deny",
	"message": message,
	"remediation": remediation,
	"until": null,
	"params": {},
})

# METADATA
# description: A deny that ends by itself, at an RFC 3339 time.
deny_until(rule, place, message, until) := object.union(place, {
	"rule": rule,
	"action": "deny",
	"message": message,
	"remediation": "Nothing to do: it goes out by itself then.",
	"until": until,
	"params": {},
})

require_approval(rule, place, message, terms) := object.union_n([place, _asked(terms), {
	"rule": rule,
	"action": "require_approval",
	"message": message,
	"until": null,
}])

# Apart, because OPA works out equal arguments once, and the terms of a rule are the same for each deployment.
_asked(terms) := {
	"remediation": sprintf("Ask for the review of an owner who is %s.", [concat(" or ", terms.required_roles)]),
	"params": {
		"required_roles": terms.required_roles,
		"min_approvals": terms.min_approvals,
		"expiry_hours": terms.expiry_hours,
	},
}

# METADATA
# description: |
#   The finding with the steps of its remedy, from data.dvo.remedy, which are proven by judging again.
#   Without a step it stays as it is: a remedy that cannot be told takes no finding away.
with_remedy(found, steps) := object.union(found, {"params": object.union(found.params, {"remedy": steps})}) if {
	count(steps) > 0
} else := found

warn(rule, place, message, remediation) := object.union(place, {
	"rule": rule,
	"action": "warn",
	"message": message,
	"remediation": remediation,
	"until": null,
	"params": {},
})

audit_only(rule, place, message) := object.union(place, {
	"rule": rule,
	"action": "audit_only",
	"message": message,
	"remediation": "",
	"until": null,
	"params": {},
})
