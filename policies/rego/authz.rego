# METADATA
# title: What a person may do outside of a pull request
# description: |
#   One answer for every other door. The input is {"groups": [...], "permission": "...", "tier": "..."};
#   the tier of the environment matters for a rollback only, which in production takes deploy_prod too.
package dvo.authz

import data.dvo.roles

default allow := false

allow if {
	input.permission in granted
	input.permission != "rollback"
}

allow if {
	input.permission == "rollback"
	"rollback" in granted
	input.tier in {"development", "staging"}
}

allow if {
	input.permission == "rollback"
	input.tier == "production"
	{"rollback", "deploy_prod"} & granted == {"rollback", "deploy_prod"}
}

# METADATA
# description: Which roles somebody has, each with the groups that give it, and what they permit together.
standing := {"roles": roles.giving(input.groups), "permissions": granted}

granted := roles.permissions(roles.of_groups(input.groups))
