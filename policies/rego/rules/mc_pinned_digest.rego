# METADATA
# title: Releases are named by their digest
# description: |
#   Outside of development a manifest names the digest of its release, so that nobody can put other
#   content behind a version.
# custom:
#   id: mc-pinned-digest
#   owner: security
#   severity: high
#   remedy: Write the digest that the release's check shows into the manifest.
package dvo.rules.mc_pinned_digest

import data.dvo.change
import data.dvo.finding
import data.dvo.remedy

id := "mc-pinned-digest"

findings contains finding.with_remedy(denial, [remedy.edit("digest", deployment.after.release)]) if {
	some deployment in change.running
	not deployment.after.pinned == true
	deployment.tier in data.dvo.parameters.pinned_tiers
	place := finding.at(deployment, "version")
	message := sprintf("The manifest of %s in %s names no digest.", [deployment.agent, deployment.environment])
	remediation := sprintf("Write `digest: %s`.", [deployment.after.release])
	denial := finding.deny(id, place, message, remediation)
}
