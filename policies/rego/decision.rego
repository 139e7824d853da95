# METADATA
# title: The decision
# description: |
#   The one entry point: what every rule found about a change, and the roles of everyone in it.
#   It only ever unites: a company rule adds findings to those of the default rules and can take
#   none away; only break-glass turns a denial into a warning. Whether a change is admitted follows
#   from the answer outside of Rego.
package dvo

import data.dvo.break_glass
import data.dvo.roles as role

decision := {
	"schema": "dvo.decision/1",
	"rules": evaluated,
	"findings": found,
	"roles": held,
}

# METADATA
# description: The ids of all rules that were evaluated; one that is missing refuses the change.
evaluated contains data.dvo.rules[_].id

evaluated contains data.dvo.company[_].id

# METADATA
# description: Every finding as it counts; only break-glass makes it count for less.
found := {break_glass.judged(finding) | some finding in stated} if break_glass.in_force

else := stated

stated contains finding if some finding in data.dvo.rules[_].findings

stated contains finding if some finding in data.dvo.company[_].findings

held[person] := role.of_groups(facts.groups) if some person, facts in input.people
