# METADATA
# title: Everyone deploys where they may
# description: |
#   A change comes from a person the directory knows. In a development tier that person needs
#   deploy_dev, in a staging tier deploy_staging; for production see mc-prod-approval. A machine
#   may only put back what was admitted, and needs the approval of a release manager for it.
# custom:
#   id: mc-permission
#   owner: security
#   severity: high
#   remedy: Have somebody with the permission propose the change, or ask for the group that gives it.
package dvo.rules.mc_permission

import data.dvo.change
import data.dvo.finding
import data.dvo.remedy

id := "mc-permission"

findings contains finding.with_remedy(denial, remedy.propose) if {
	not change.proposer
	not change.restoring
	message := "Nobody knows which person proposes this change."
	remediation := "Propose it from an account that the directory links to a person."
	denial := finding.deny(id, finding.nowhere, message, remediation)
}

findings contains finding.require_approval(id, finding.nowhere, message, data.dvo.parameters.production_approval) if {
	change.restoring
	message := "A machine proposes to put back what was admitted, which somebody responsible has to approve."
}

findings contains finding.with_remedy(denial, remedy.propose) if {
	some deployment in input.deployments
	permission := change.needed[deployment.tier]
	not permission in change.permissions
	not change.restoring
	place := finding.at(deployment, "version")
	message := sprintf("The author lacks %s, which a change in %s takes.", [permission, deployment.environment])
	remediation := sprintf("Ask somebody with %s to propose it, or ask for a group that gives it.", [permission])
	denial := finding.deny(id, place, message, remediation)
}
