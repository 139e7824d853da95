# METADATA
# title: Production takes an approval
# description: |
#   A change in a production tier is proposed by an operator or above and approved by a release
#   manager. Proposed by anybody else it is denied, because nobody's approval makes up for it.
# custom:
#   id: mc-prod-approval
#   owner: release management
#   severity: high
#   remedy: Have an operator propose the change, and a release manager who owns it approve.
package dvo.rules.mc_prod_approval

import data.dvo.change
import data.dvo.finding
import data.dvo.remedy

id := "mc-prod-approval"

findings contains finding.require_approval(id, place, message, data.dvo.parameters.production_approval) if {
	may_propose
	some deployment in change.production
	place := finding.at(deployment, "version")
	message := sprintf("%s in %s is of the production tier, which takes an approval.", [deployment.agent, deployment.environment])
}

findings contains finding.with_remedy(denial, remedy.propose) if {
	not may_propose
	some deployment in change.production
	place := finding.at(deployment, "version")
	message := sprintf("A change of %s in %s, of the production tier, must be proposed by an operator.", [
		deployment.agent,
		deployment.environment,
	])
	remediation := "Ask an operator to propose it: open the same change from an operator's account."
	denial := finding.deny(id, place, message, remediation)
}

may_propose if change.restoring

may_propose if {
	some role in data.dvo.parameters.production_proposers
	role in change.proposer_roles
}
