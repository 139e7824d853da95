# METADATA
# title: Nothing goes to production untried
# description: |
#   What runs in a production tier has run healthy in a staging tier before: the same release, by
#   its digest. Taking an agent out of production needs no such evidence.
# custom:
#   id: mc-deny-direct-prod
#   owner: release management
#   severity: high
#   remedy: Promote the release to a staging environment first, and propose again when it is healthy there.
package dvo.rules.mc_deny_direct_prod

import data.dvo.change
import data.dvo.finding
import data.dvo.remedy

id := "mc-deny-direct-prod"

findings contains finding.with_remedy(denial, [remedy.promote("staging")]) if {
	some deployment in change.except(change.production, validated)
	deployment.after != null
	place := finding.at(deployment, "version")
	message := sprintf("This release of %s has not run healthy in a staging environment.", [deployment.agent])
	remediation := "Promote this version to staging first; once it is healthy there, look again."
	denial := finding.deny(id, place, message, remediation)
}

validated := {position |
	some position, deployment in change.production
	[deployment.agent, deployment.after.release] in tried
}

# METADATA
# description: |
#   Each release of an agent that has run healthy in a staging tier. A set made once, in which each
#   deployment is looked up: of a thousand of them none goes through all evidence again.
tried contains [evidence.agent, evidence.release] if {
	some evidence in input.evidence
	evidence.tier == "staging"
	time.parse_rfc3339_ns(evidence.completed_at) <= change.now
}
