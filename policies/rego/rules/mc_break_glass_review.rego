# METADATA
# title: Break-glass is reviewed afterwards
# description: |
#   While the review of a break-glass change is overdue, nothing of its agent changes in a production
#   tier; until then it is a warning. Taking the agent out of production stays possible, because
#   stopping it is the safe direction.
# custom:
#   id: mc-break-glass-review
#   owner: release management
#   severity: high
#   remedy: Have the review closed by somebody with the role who took no part in the change.
package dvo.rules.mc_break_glass_review

import data.dvo.change
import data.dvo.finding
import data.dvo.remedy

id := "mc-break-glass-review"

findings contains finding.with_remedy(denial, [remedy.close_review]) if {
	some review in input.reviews
	some deployment in change.production
	deployment.after != null
	review.agent == deployment.agent
	is_overdue(review)
	place := finding.at(deployment, "version")
	message := sprintf("The review of the break-glass change of %s, due on %s, is overdue.", [review.agent, day(review)])
	remediation := sprintf("%s must be closed by somebody with approve_prod who took no part.", [named(review)])
	denial := finding.deny(id, place, message, remediation)
}

findings contains finding.with_remedy(warning, [remedy.close_review]) if {
	some review in input.reviews
	some deployment in change.production
	review.agent == deployment.agent
	not blocks(review, deployment)
	place := finding.at(deployment, "version")
	message := sprintf("The review of a break-glass change of %s is open, due on %s.", [review.agent, day(review)])
	remediation := sprintf("%s wants closing by then, or production is blocked for the agent.", [named(review)])
	warning := finding.warn(id, place, message, remediation)
}

blocks(review, deployment) if {
	deployment.after != null
	is_overdue(review)
}

is_overdue(review) if time.parse_rfc3339_ns(review.due) <= change.now

day(review) := time.format([time.parse_rfc3339_ns(review.due), "UTC", "2006-01-02 15:04 UTC"])

named(review) := sprintf("Issue #%d", [review.issue]) if {
	review.issue != null
} else := "Its review issue, which is about to be opened,"
