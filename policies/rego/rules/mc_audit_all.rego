# METADATA
# title: Every deployment leaves a trace
# description: Each deployment that changes is recorded, whatever else is found.
# custom:
#   id: mc-audit-all
#   owner: security
#   severity: info
#   remedy: Nothing to do; this finding is for the record.
package dvo.rules.mc_audit_all

import data.dvo.finding

id := "mc-audit-all"

findings contains finding.audit_only(id, finding.at(deployment, "version"), message) if {
	some deployment in input.deployments
	message := sprintf("%s in %s: %s.", [deployment.agent, deployment.environment, concat(", ", deployment.kinds)])
}
