package dvo_test.roles

import data.dvo.roles

test_a_role_includes_those_before_it if {
	roles.of_groups(["DVO-Admins"]) == {role | some role in roles.order}
	roles.of_groups(["DVO-Viewers"]) == {"viewer"}
}

test_the_highest_of_several_groups_counts if {
	roles.of_groups(["DVO-Viewers", "DVO-Operators"]) == {"viewer", "developer", "operator"}
}

test_no_known_group_gives_no_role if {
	roles.of_groups([]) == set()
	roles.of_groups(["dvo-admins", "DVO-Admins ", ""]) == set()
}

test_groups_of_another_type_give_no_role if {
	roles.of_groups(null) == set()
	roles.of_groups("DVO-Admins") == set()
	roles.of_groups([["DVO-Admins"], 1, true]) == set()
}

test_a_group_may_be_an_object_id if {
	id := "11111111-2222-3333-4444-555555555555"
	held := roles.of_groups([id]) with data.dvo.parameters.groups as {"operator": [id]}
	held == {"viewer", "developer", "operator"}
}

test_there_are_ten_permissions_and_an_admin_has_them_all if {
	all := roles.permissions({role | some role in roles.order})
	all == {
		"view_status", "view_audit", "validate", "deploy_dev", "deploy_staging",
		"deploy_prod", "approve_prod", "rollback", "manage_policies", "manage_capabilities",
	}
}

test_no_role_permits_nothing if roles.permissions(set()) == set()
