# METADATA
# title: Roles
# description: |
#   Which groups give which role, and what a role permits. Every role includes those before it
#   in the order; groups and permissions are data.dvo.parameters.
package dvo.roles

order := ["viewer", "developer", "operator", "release_manager", "admin"]

# METADATA
# description: All roles that `groups` give, the included ones among them.
of_groups(groups) := {role |
	some held, members in data.dvo.parameters.groups
	some group in members
	group in groups
	some rank, name in order
	name == held
	some role in array.slice(order, 0, rank + 1)
}

# METADATA
# description: All roles that `groups` give, each with those of the groups that give it.
giving(groups) := {role: givers |
	some role in of_groups(groups)
	givers := {group | some group in groups; role in of_groups([group])}
}

# METADATA
# description: All permissions of somebody who has `roles`.
permissions(roles) := {permission |
	some role in roles
	some permission in data.dvo.parameters.permissions[role]
}
