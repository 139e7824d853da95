# METADATA
# title: Company rules have their form
# description: |
#   A company rule without an id, or whose findings are no set, would be silent. It is denied until
#   it has its form, and an id of its own.
# custom:
#   id: mc-company
#   owner: platform
#   severity: critical
#   remedy: Give the named package one id and a set of findings, as policies/rego/company/README.md shows.
package dvo.rules.mc_company

import data.dvo.finding
import data.dvo.remedy

id := "mc-company"

findings contains finding.with_remedy(denial, [remedy.repair]) if {
	some name, rule in data.dvo.company
	not is_sound(rule)
	message := sprintf("The company rule dvo.company.%s has no id of its own, or no set of findings.", [name])
	remediation := "Correct it as policies/rego/company/README.md shows."
	denial := finding.deny(id, finding.nowhere, message, remediation)
}

is_sound(rule) if {
	regex.match(`^[a-z0-9][a-z0-9-]{0,63}$`, rule.id)
	not startswith(rule.id, "mc-")
	is_set(rule.findings)
}
