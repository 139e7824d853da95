# METADATA
# title: What governs is changed by those who govern
# description: |
#   Policies, workflows, CODEOWNERS and environments always need their owners. When the author may
#   not manage policies, an administrator has to be among those who approve.
# custom:
#   id: mc-governance
#   owner: security
#   severity: high
#   remedy: Ask an administrator who owns the files for a review.
package dvo.rules.mc_governance

import data.dvo.change
import data.dvo.finding

id := "mc-governance"

findings contains finding.require_approval(id, finding.nowhere, message, data.dvo.parameters.governance_approval) if {
	governed := [file | some file in input.files; file.kind == "governance"]
	count(governed) > 0
	not "manage_policies" in change.permissions
	message := "The author may not manage policies, and this change touches what governs."
}
