package dvo_test.authz

may(group, permission, tier) if {
	data.dvo.authz.allow with input as {"groups": [group], "permission": permission, "tier": tier}
}

test_a_role_permits_what_it_says if {
	may("DVO-Viewers", "view_audit", null)
	may("DVO-Developers", "deploy_dev", "development")
	may("DVO-Admins", "manage_capabilities", null)
}

test_a_role_permits_no_more if {
	not may("DVO-Viewers", "deploy_dev", "development")
	not may("DVO-Operators", "approve_prod", "production")
	not may("DVO-ReleaseManagers", "manage_policies", null)
}

test_a_rollback_in_production_takes_a_release_manager if {
	may("DVO-Operators", "rollback", "staging")
	not may("DVO-Operators", "rollback", "production")
	may("DVO-ReleaseManagers", "rollback", "production")
}

test_a_rollback_without_a_known_tier_is_refused if {
	not may("DVO-Admins", "rollback", null)
	not may("DVO-Admins", "rollback", "prod")
}

test_who_may_roll_back_may_do_nothing_else_for_it if {
	not may("DVO-Operators", "approve_prod", "staging")
	not may("DVO-ReleaseManagers", "manage_policies", "production")
	not may("DVO-Viewers", "rollback", "staging")
	not may("DVO-Developers", "rollback", "development")
}

test_a_standing_says_which_group_gives_which_role if {
	found := data.dvo.authz.standing with input as {"groups": ["DVO-Viewers", "DVO-Developers", "Staff"]}
	found.roles == {"viewer": {"DVO-Viewers", "DVO-Developers"}, "developer": {"DVO-Developers"}}
	found.permissions == {"view_status", "view_audit", "validate", "deploy_dev"}
}

test_no_group_is_no_standing if {
	found := data.dvo.authz.standing with input as {"groups": []}
	found == {"roles": {}, "permissions": set()}
}

test_a_malformed_question_is_refused if {
	every asked in [{}, [], "true", null, {"groups": null, "permission": "view_status"}] {
		not data.dvo.authz.allow with input as asked
	}
}
