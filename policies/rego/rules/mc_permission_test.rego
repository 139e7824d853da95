package dvo_test.mc_permission

import data.dvo_test.examples

actions(asked) := {finding.action | some finding in examples.findings("mc-permission", asked)}

test_a_developer_deploys_to_development_and_no_further if {
	actions(examples.in_tier("development", "github:1")) == set()
	actions(examples.in_tier("staging", "github:1")) == {"deny"}
}

test_an_operator_deploys_to_staging if {
	actions(examples.in_tier("staging", "github:2")) == set()
}

test_somebody_without_a_role_deploys_nowhere if {
	actions(examples.in_tier("development", "github:5")) == {"deny"}
}

test_an_unknown_author_is_denied_whatever_changes[author] if {
	some author in [null, "github:404", "github:9"]
	actions(examples.with_changes({"/change/author": author, "/deployments": []})) == {"deny"}
}

test_a_machine_proposes_for_the_person_who_asked_it if {
	asked := json.patch(examples.in_tier("development", "github:9"), [{
		"op": "replace",
		"path": "/change/requester",
		"value": "github:1",
	}])
	actions(asked) == set()
}

test_a_machine_may_no_more_than_the_person_who_asked_it if {
	asked := json.patch(examples.in_tier("staging", "github:9"), [{
		"op": "replace",
		"path": "/change/requester",
		"value": "github:1",
	}])
	actions(asked) == {"deny"}
}

test_a_person_cannot_borrow_the_roles_of_a_requester if {
	asked := json.patch(examples.in_tier("staging", "github:1"), [{
		"op": "replace",
		"path": "/change/requester",
		"value": "github:4",
	}])
	actions(asked) == {"deny"}
}

test_a_requester_who_is_a_machine_is_nobody if {
	asked := json.patch(examples.in_tier("development", "github:9"), [{
		"op": "replace",
		"path": "/change/requester",
		"value": "github:9",
	}])
	actions(asked) == {"deny"}
}

restored(author) := json.patch(examples.in_tier("staging", author), [{
	"op": "add",
	"path": "/change/restores",
	"value": true,
}])

test_a_machine_may_put_back_what_was_admitted_with_an_approval if {
	actions(restored("github:9")) == {"require_approval"}
	some finding in examples.findings("mc-permission", restored("github:9"))
	finding.params.required_roles == ["release_manager"]
}

test_a_machine_that_does_more_than_put_back_is_denied if {
	actions(examples.in_tier("staging", "github:9")) == {"deny"}
}

test_a_person_who_puts_back_is_judged_as_ever if {
	actions(restored("github:1")) == {"deny"}
	actions(restored("github:2")) == set()
}

test_nobody_may_put_back if actions(restored(null)) == {"deny"}
