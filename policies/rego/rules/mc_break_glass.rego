# METADATA
# title: Break-glass takes two
# description: |
#   A change that asks for break-glass needs the approvals of its own terms beside all others, comes
#   from somebody who may propose to production, is about one agent and no governance, and merges in
#   time. Afterwards it is reviewed. What it waives is decided in data.dvo.break_glass.
# custom:
#   id: mc-break-glass
#   owner: release management
#   severity: critical
#   remedy: Ask two release managers to approve, or take the label off.
package dvo.rules.mc_break_glass

import data.dvo.break_glass
import data.dvo.finding
import data.dvo.remedy

id := "mc-break-glass"

terms := data.dvo.parameters.break_glass

shown(moment) := time.format([moment, "UTC", "2006-01-02 15:04 UTC"])

findings contains asked if {
	break_glass.is_asked
	message := sprintf("Break-glass takes approvals by %d people, and the merge before %s.", [
		terms.min_approvals,
		shown(break_glass.ends),
	])
	review := {"review": {"due_days": terms.review_due_days}}
	approval := finding.require_approval(id, finding.nowhere, message, terms)
	asked := object.union(approval, {"params": review})
}

findings contains finding.with_remedy(denial, [remedy.unlabel]) if {
	break_glass.is_asked
	not break_glass.is_timely
	message := sprintf("Break-glass was asked for this effect too long ago: it ended on %s.", [shown(break_glass.ends)])
	remediation := "Take the label off, or open a new pull request with this change and ask there."
	denial := finding.deny(id, finding.nowhere, message, remediation)
}

findings contains finding.with_remedy(denial, remedy.propose) if {
	break_glass.is_asked
	not break_glass.may_ask
	message := "Whoever asks for break-glass must be one who may propose to production."
	remediation := "Ask an operator to open the same change, with the label, from their account."
	denial := finding.deny(id, finding.nowhere, message, remediation)
}

findings contains finding.with_remedy(denial, remedy.split({"agents": terms.max_agents})) if {
	break_glass.is_asked
	not break_glass.has_one_aim
	message := sprintf("Break-glass is for %d agent at a time and never for what governs.", [terms.max_agents])
	remediation := "Split the pull request, and leave governance files out of it."
	denial := finding.deny(id, finding.nowhere, message, remediation)
}
