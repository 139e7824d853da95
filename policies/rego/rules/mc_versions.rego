# METADATA
# title: Versions go forward
# description: |
#   A version is lowered only back to a release that ran healthy in the same environment, which is a
#   rollback, and a pre-release such as 2.0.0-rc.1 does not enter production.
# custom:
#   id: mc-versions
#   owner: release management
#   severity: high
#   remedy: Choose a final version that is not older, or one that ran healthy there before.
package dvo.rules.mc_versions

import data.dvo.change
import data.dvo.finding
import data.dvo.remedy

id := "mc-versions"

findings contains finding.with_remedy(denial, back_again(deployment)) if {
	some deployment in change.running
	"downgraded" in deployment.kinds
	not deployment.tier in data.dvo.parameters.versions.free_downgrade_tiers
	not is_rollback(deployment)
	not change.restoring
	place := finding.at(deployment, "version")
	message := sprintf("%s in %s would go back to %s, which never ran healthy there.", [
		deployment.agent,
		deployment.environment,
		deployment.after.version,
	])
	remediation := "Choose a version that is not older, or roll back to one that ran healthy in this environment."
	denial := finding.deny(id, place, message, remediation)
}

findings contains finding.with_remedy(denial, [remedy.example("version", final(deployment))]) if {
	some deployment in change.running
	deployment.tier in data.dvo.parameters.versions.final_tiers
	is_pre_release(deployment.after.version)
	place := finding.at(deployment, "version")
	message := sprintf("%s is a pre-release of %s.", [deployment.after.version, deployment.agent])
	remediation := "Publish a final version, without a hyphen after its three numbers, and choose that."
	denial := finding.deny(id, place, message, remediation)
}

is_rollback(deployment) if {
	some evidence in input.evidence
	evidence.environment == deployment.environment
	evidence.agent == deployment.agent
	evidence.release == deployment.after.release
	time.parse_rfc3339_ns(evidence.completed_at) <= change.now
}

# What runs there now; a new agent has nothing to go back to.
back_again(deployment) := array.concat(
	[remedy.edit("version", version) | version := deployment.before.version],
	[remedy.edit("digest", release) | deployment.before.pinned == true; release := deployment.before.release],
)

final(deployment) := numbers if {
	some numbers in regex.find_n(`^[0-9]+[.][0-9]+[.][0-9]+`, deployment.after.version, 1)
} else := "1.0.0"

# Whatever is not three numbers, perhaps with build metadata behind, is no final version.
is_pre_release(version) if not regex.match(`^[0-9]+[.][0-9]+[.][0-9]+([+][0-9A-Za-z.-]+)?$`, version)
