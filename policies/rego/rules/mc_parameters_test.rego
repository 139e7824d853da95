package dvo_test.mc_parameters

import data.dvo.rules.mc_parameters as rule
import data.dvo_test.examples

is_denied(parameters) if {
	some finding in rule.findings with input as examples.question with data.dvo.parameters as parameters
	finding.action == "deny"
}

changed(path, value) := json.patch(data.dvo.parameters, [{"op": "add", "path": path, "value": value}])

test_the_parameters_as_they_come_are_sound if not is_denied(data.dvo.parameters)

test_each_parameter_that_is_missing_or_of_another_type_is_named[part] if {
	some part in rule.parts
	every value in [null, true, 7, "x", {"x": 1}, [1], [null]] {
		some finding in rule.findings with input as examples.question
			with data.dvo.parameters as changed(sprintf("/%s", [part]), value)
		contains(finding.message, part)
	}
	is_denied(object.remove(data.dvo.parameters, [part]))
}

wrong := {
	"/working_hours/opens": [-1, 17, "9", null],
	"/working_hours/closes": [25, 9, "17", null],
	"/weekend/0": ["Caturday", "saturday", "Ѕaturday", 6],
	"/working_hours": [{"opens": 9}, {"closes": 17}, {"opens": 9, "closes": 9}, [9, 17]],
	"/weekend": [{"x": "Sunday"}, "Sunday"],
	"/versions/free_downgrade_tiers": [null, "development", ["prod"], {}],
	"/versions/final_tiers": [null, "production", ["Production"], {}],
	"/pinned_tiers/0": ["prod", 1],
	"/bounds/tiers": [{}, {"production": {}}],
	"/bounds/tiers/production/replicas": ["100", null, []],
	"/bounds/tiers/production/fewest_regions": ["1", null],
	"/bounds/tiers/production/most_regions": ["1", null],
	"/bounds/tiers/production/regions": [null, "*", [1]],
	"/bounds/environments": [null, [], {"production": {}}],
	"/models/production": [null, "*", [1], {}],
	"/models/prod": [[]],
	"/models": [{"production": [], "staging": []}],
	"/model_strength": [{"x": ["*/**"]}],
	"/model_strength/0": [null, "*", [1]],
	"/widening/tiers": [null, "production", ["prod"]],
	"/widening/required_roles": [[], null, "admin", [1]],
	"/widening/min_approvals": [0, "2", null],
	"/widening/expiry_hours": [0, "2", null],
	"/protected/required_roles": [[], null],
	"/governance_approval/min_approvals": [0, null],
	"/governance_approval/expiry_hours": [0, "72"],
	"/production_approval/required_roles": [[], null],
	"/break_glass/waives": [null, "mc-weekend-block", [1]],
	"/break_glass/required_roles": [[], null],
	"/break_glass/min_approvals": [0, "2"],
	"/break_glass/expiry_hours": [0, null],
	"/break_glass/max_agents": [0, "1", null],
	"/break_glass/review_due_days": [0, "3", null],
	"/protected/agents": [null, "ANL", [1]],
	"/protected/min_approvals": [0, null],
	"/change_size/deployments": ["1", null],
	"/change_size/production": ["1", null],
	"/production_approval/min_approvals": [0, null],
	"/governance_approval/required_roles": [[], null],
	"/production_proposers": [null, "operator", [1]],
	"/trial_runtimes": [null, "process", [1]],
}

test_each_wrong_value_is_denied[path] if {
	some path, values in wrong
	every value in values { is_denied(changed(path, value)) }
}

test_a_week_has_a_working_day if {
	is_denied(changed("/weekend", [day | some day in rule.days]))
	not is_denied(changed("/weekend", [day | some day in rule.days; day != "Tuesday"]))
	not is_denied(changed("/weekend", []))
}

test_a_day_has_all_its_hours_if_need_be if {
	not is_denied(changed("/working_hours", {"opens": 0, "closes": 24}))
}

window := {"name": "x", "tiers": ["production"], "start": "2026-12-24T00:00:00Z", "end": "2027-01-02T00:00:00Z"}

test_a_freeze_has_its_form if {
	not is_denied(changed("/freeze_calendar", [window]))
	is_denied(changed("/freeze_calendar", {"x": window}))
	every broken in [{"name": 1}, {"tiers": ["prod"]}, {"tiers": null}, {"start": "tomorrow"}, {"end": null}, {"end": "x"}] {
		is_denied(changed("/freeze_calendar", [object.union(window, broken)]))
	}
}

test_a_bound_of_one_environment_has_its_form if {
	bound := data.dvo.parameters.bounds.tiers.production
	not is_denied(changed("/bounds/environments", {"eu": bound}))
	is_denied(changed("/bounds/environments", {"eu": object.union(bound, {"replicas": "9"})}))
}
