# METADATA
# title: One change is small enough to be read
# description: |
#   A change of more deployments than anybody reads is split, and so is one that reaches production in
#   many places at once.
# custom:
#   id: mc-change-size
#   owner: release management
#   severity: medium
#   remedy: Split the change into several pull requests.
package dvo.rules.mc_change_size

import data.dvo.change
import data.dvo.finding
import data.dvo.remedy

id := "mc-change-size"

counted := {
	"deployments": count(input.deployments),
	"production": count({deployment | some deployment in change.production}),
}

limits := {kind: data.dvo.parameters.change_size[kind] | some kind in object.keys(counted)}

findings contains finding.with_remedy(denial, remedy.split(limits)) if {
	some kind, found in counted
	most := data.dvo.parameters.change_size[kind]
	found > most
	message := sprintf("%d deployments change at once (%s), and at most %d may.", [found, kind, most])
	remediation := "Split it into several pull requests."
	denial := finding.deny(id, finding.nowhere, message, remediation)
}
