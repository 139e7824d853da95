package dvo_test.mc_input

import data.dvo_test.examples

is_denied(asked) if "deny" in {finding.action | some finding in examples.findings("mc-input", asked)}

# Denied, and the part that is malformed is named: it is not enough that another part suffers from it.
is_named(part, asked) if {
	some finding in examples.findings("mc-input", asked)
	finding.action == "deny"
	contains(finding.message, sprintf("`%s`", [part]))
}

test_a_question_as_published_is_sound if not is_denied(examples.question)

test_what_may_be_absent_may_be_absent if {
	not is_denied(examples.with_changes({
		"/environments/production/after": null,
		"/environments/production/before/freeze_windows": [{
			"name": "year-end",
			"start": "2026-12-20T00:00:00Z",
			"end": "2027-01-03T00:00:00Z",
		}],
		"/deployments/0/before": null,
		"/deployments/0/after/model": null,
		"/deployments/0/after/replicas": {"min": 1, "max": 3},
		"/deployments/0/abilities/before": null,
		"/files": [{"path": "CODEOWNERS", "kind": "governance", "before": null, "after": "sha256:a"}],
	}))
}

test_a_question_that_is_missing_is_denied if {
	some finding in data.dvo.decision.findings
	[finding.rule, finding.action] == ["mc-input", "deny"]
}

test_a_question_of_another_type_is_denied[asked] if {
	some asked in [null, true, 1, "dvo.policy-input/1", [], {}]
	is_denied(asked)
}

test_what_is_taken_out_is_sound if {
	not is_denied(examples.with_changes({"/deployments/0/after": null, "/deployments/0/abilities/after": null}))
}

hostile := [null, true, 0, -1, 1e300, "", "x", [], [null], {}, {"x": null}, [[]], "2026-11-18T11:00:00+01:00"]

parts := [
	"schema", "now", "change", "people", "environments",
	"deployments", "files", "evidence", "break_glass", "reviews",
]

# Empty collections are sound, and so is a change nobody is known for: other rules judge those.
is_sound_too(part, value) if {
	part in {"people", "environments"}
	value == {}
}

is_sound_too(part, value) if {
	part in {"deployments", "files", "evidence", "reviews"}
	value == []
}

is_sound_too("break_glass", null)

test_each_part_of_another_type_is_denied[part] if {
	some part in parts
	every value in hostile {
		hardly_hostile(part, value)
	}
}

hardly_hostile(part, value) if is_sound_too(part, value)

hardly_hostile(part, value) if is_named(part, examples.with_changes({concat("", ["/", part]): value}))

test_each_part_that_is_missing_is_denied[part] if {
	some part in parts
	is_named(part, object.remove(examples.question, [part]))
}

window := {"name": "x", "start": "2026-12-20T00:00:00Z", "end": "2027-01-03T00:00:00Z"}

fields := {
	"/change/author": {1, "github:404", ["github:2"]},
	"/change/requester": {false, "github:404"},
	"/people": {[{"kind": "person", "groups": [], "mfa": null}]},
	"/environments": {[{"before": null, "after": examples.stated, "tier": "production"}]},
	"/deployments": {{"x": examples.question.deployments[0]}},
	"/files": {{"x": {"path": "x", "kind": "agent"}}},
	"/evidence": {{"x": examples.question.evidence[0]}},
	"/change/restores": {null, 1, "true", []},
	"/people/github:2": {null, "DVO-Admins", {}},
	"/people/github:2/kind": {null, "human"},
	"/people/github:2/groups": {null, "DVO-Admins", {"DVO-Admins": true}, [1]},
	"/environments/production": {null, "production", {}},
	"/environments/production/tier": {null, "prod", "Production"},
	"/environments/production/before": {1, "x", [], {}},
	"/environments/production/before/tier": {null, "x"},
	"/environments/production/before/time_zone": {null, "", "Local", 1},
	"/environments/production/before/platforms": {null, [], ["process"], {"fastapi": null}},
	"/environments/production/after": {1, "x", [], {}},
	"/environments/production/after/tier": {null, "prod"},
	"/environments/production/after/time_zone": {null, "Local"},
	"/environments/production/before/freeze_windows": {
		null, {}, [null], [{"name": "x", "start": "now", "end": "then"}], {"x": window},
		[object.union(window, {"name": 1})], [object.union(window, {"start": "now"})], [object.union(window, {"end": null})],
	},
	"/deployments/0": {null, "x", {}},
	"/deployments/0/environment": {null, "nowhere", 1},
	"/deployments/0/agent": {null, 1, [], "anl", "АNL", "A", "ANL ", "ABCDEFGHIJKLMNOPQ"},
	"/deployments/0/tier": {null, "development", "PRODUCTION"},
	"/deployments/0/kinds": {null, [], "upgraded", [1], {"x": "upgraded"}},
	"/deployments/0/path": {1, []},
	"/deployments/0/lines": {null, [], {"version": 0}, {"version": null}},
	"/deployments/0/before": {1, "x", [], {}},
	"/deployments/0/before/version": {null, 1},
	"/deployments/0/after": {1, "x", [], {}},
	"/deployments/0/after/release": {null, 1},
	"/deployments/0/after/platform": {null, 1},
	"/deployments/0/after/version": {null, 1, ["1.0.0"]},
	"/deployments/0/after/pinned": {null, 1, "true"},
	"/deployments/0/after/replicas": {null, 0, -1, "2", [], {}, {"max": 0}, {"max": "9"}, true},
	"/deployments/0/after/regions": {null, "x", {}, [1], ["x", null, "y"], ["x", {}, "y"]},
	"/deployments/0/after/model": {
		1, "x", [], {}, {"provider": "x"}, {"name": "x"},
		{"provider": 1, "name": "x"}, {"provider": "x", "name": 1},
	},
	"/deployments/0/after/variables": {null, [], "x", {"X": 1}, ["x"]},
	"/deployments/0/after/secrets": {null, [], "x", {"X": null}, ["x"]},
	"/deployments/0/abilities": {null, [], {}, {"before": null}, {"after": null}},
	"/deployments/0/abilities/after": {1, "x", [], {}},
	"/deployments/0/abilities/before": {1, "x", [], {}},
	"/deployments/0/abilities/before/tools": {null, "x", {}, [1]},
	"/deployments/0/abilities/after/capabilities": {null, [1]},
	"/deployments/0/abilities/after/data": {null, [1]},
	"/deployments/0/abilities/after/egress": {null, [1]},
	"/deployments/0/abilities/after/hand_offs": {null, "x", {}, [1]},
	"/deployments/0/abilities/after/autonomy": {null, "ACT", "full", 3},
	"/files/0": {null, {}, {"path": 1, "kind": "governance"}, {"path": "x", "kind": "other"}},
	"/evidence/0": {null, {}},
	"/evidence/0/tier": {null, "x"},
	"/evidence/0/environment": {null, 1},
	"/evidence/0/agent": {null, 1, "anl", "АNL", "A"},
	"/evidence/0/release": {null, 1},
	"/evidence/0/completed_at": {null, 0, "yesterday"},
	"/break_glass": {
		{"since": "2026-11-18T11:00:00Z"},
		{"effect": "x", "since": "now", "as_of": "2026-11-18T11:00:00Z"},
		{"effect": null, "since": "2026-11-18T11:00:00Z", "as_of": "2026-11-18T11:00:00Z"},
		{"effect": "x", "since": "2026-11-18T11:00:00Z", "as_of": null},
		{"effect": "x", "since": null, "as_of": "2026-11-18T11:00:00Z"},
	},
	"/reviews": {
		[{"environment": "production", "agent": "ANL", "due": "soon", "issue": null}],
		[{"environment": "production", "agent": "ANL", "due": "2026-11-18T11:00:00Z", "issue": "7"}],
		[{"environment": "production", "agent": "ANL", "due": "2026-11-18T11:00:00Z", "issue": 0}],
		[{"environment": "production", "agent": null, "due": "2026-11-18T11:00:00Z", "issue": 7}],
		[{"environment": 1, "agent": "ANL", "due": "2026-11-18T11:00:00Z", "issue": 7}],
		{"x": {"environment": "production", "agent": "ANL", "due": "2026-11-18T11:00:00Z", "issue": 7}},
	},
}

test_each_field_of_another_type_is_denied[path] if {
	some path, values in fields
	part := split(path, "/")[1]
	every value in values {
		is_named(part, examples.with_changes({path: value}))
	}
}

test_a_deployment_that_is_nowhere_is_denied if {
	is_denied(examples.with_changes({"/deployments/0/before": null, "/deployments/0/after": null}))
}

test_an_environment_nobody_stated_is_denied if {
	is_denied(examples.with_changes({
		"/environments/production/before": null,
		"/environments/production/after": null,
	}))
}

test_break_glass_and_its_reviews_are_sound if {
	asked := {"effect": "sha256:e", "since": "2026-11-18T10:00:00Z", "as_of": "2026-11-18T11:00:00Z"}
	due := {"environment": "production", "agent": "ANL", "due": "2026-11-18T11:00:00Z", "issue": null}
	reviews := [due, object.union(due, {"issue": 7})]
	not is_denied(examples.with_changes({"/break_glass": asked, "/reviews": reviews}))
}

test_fractions_of_a_second_are_sound if {
	not is_denied(examples.with_changes({"/now": "2026-11-18T11:00:00.123456Z"}))
}

test_a_deployment_without_a_path_has_a_finding_without_a_line if {
	asked := examples.with_changes({"/deployments/0/path": null})
	not is_denied(asked)
	some finding in examples.findings("mc-prod-approval", asked)
	[finding.environment, finding.agent, finding.path, finding.line] == ["production", "ANL", null, null]
}

test_a_hundred_deployments_are_judged_like_one if {
	one := examples.question.deployments[0]
	many := [object.union(one, {"agent": sprintf("A%d", [number])}) | some number in numbers.range(1, 100)]
	asked := examples.with_changes({"/deployments": many})
	not is_denied(asked)
	count(examples.findings("mc-prod-approval", asked)) == 100
}

test_a_tier_nobody_knows_is_denied_though_all_agree_on_it if {
	stated := object.union(examples.stated, {"tier": "prod"})
	is_denied(examples.with_changes({"/environments/production/tier": "prod", "/deployments/0/tier": "prod"}))
	is_denied(examples.with_changes({"/environments/production/before": stated}))
	is_denied(examples.with_changes({"/environments/production/after": stated}))
}

test_any_number_of_lines_and_instances_from_one_on_is_sound if {
	not is_denied(examples.with_changes({"/deployments/0/lines": {"version": 1}, "/deployments/0/after/replicas": 1}))
	not is_denied(examples.with_changes({"/deployments/0/lines": {}, "/deployments/0/after/replicas": {"min": 1, "max": 1}}))
}

test_a_machine_may_say_that_it_puts_back_or_say_nothing if {
	not is_denied(examples.with_changes({"/change/restores": true}))
	not is_denied(examples.with_changes({"/change/restores": false}))
	not is_denied(json.remove(examples.question, ["/change/restores"]))
}
