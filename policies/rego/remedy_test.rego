package dvo_test.remedy

import data.dvo.finding
import data.dvo.remedy
import data.dvo_test.examples

steps(rule, changes) := {finding.params.remedy | some finding in examples.findings(rule, examples.with_changes(changes))}

proposing(asked) := {step.role: step.groups | some step in remedy.propose with input as asked}

denial := finding.deny("acme", finding.nowhere, "No.", "Do it.")

test_a_finding_keeps_its_remedy if {
	finding.with_remedy(denial, [remedy.unlabel]).params == {"remedy": [{"kind": "unlabel"}]}
}

test_without_a_step_the_finding_stays_as_it_is if finding.with_remedy(denial, []) == denial

test_terms_are_kept_beside_a_remedy if {
	terms := {"required_roles": ["admin"], "min_approvals": 1, "expiry_hours": 2}
	asked := finding.require_approval("acme", finding.nowhere, "Ask.", terms)
	finding.with_remedy(asked, [remedy.withdraw]).params == object.union(terms, {"remedy": [{"kind": "withdraw"}]})
}

test_the_lowest_role_that_may_do_all_of_it_proposes if {
	proposing(examples.question) == {"operator": ["DVO-Operators"]}
	proposing(examples.in_tier("staging", "github:1")) == {"operator": ["DVO-Operators"]}
	proposing(examples.in_tier("development", "github:1")) == {"developer": ["DVO-Developers"]}
	proposing(examples.with_changes({"/deployments": []})) == {"viewer": ["DVO-Viewers"]}
}

test_who_proposes_to_production_may_not_therefore_change_staging if {
	permissions := {"operator": [], "release_manager": [], "admin": ["deploy_staging"]}
	asked := examples.in_tier("staging", "github:1")
	proposing(asked) == {"admin": ["DVO-Admins"]} with data.dvo.parameters.permissions as permissions
	proposing(examples.question) == {"operator": ["DVO-Operators"]} with data.dvo.parameters.permissions as permissions
}

test_break_glass_takes_who_may_propose_to_production if {
	asked := object.union(examples.in_tier("development", "github:1"), {"break_glass": {"since": "x"}})
	proposing(asked) == {"operator": ["DVO-Operators"]}
}

test_a_role_that_no_group_gives_proposes_nothing[groups] if {
	some groups in [{}, {"operator": []}, {"operator": "DVO-Operators"}, {"operator": [1, null]}]
	asked := examples.question
	remedy.propose == [] with input as asked with data.dvo.parameters.groups as groups
}

test_limits_are_numbers_from_one_on if {
	remedy.split({"agents": 1.5, "production": 1e300}) == [{"kind": "split", "agents": 1, "production": 1000000}]
	remedy.split({"agents": "1", "production": 0, "deployments": null}) == []
}

test_instances_come_down_to_what_may_be if {
	steps("mc-bounds", {"/deployments/0/after/replicas": 101}) == {[remedy.edit("replicas", 100)]}
	most := {"min": 2, "max": 100}
	steps("mc-bounds", {"/deployments/0/after/replicas": {"min": 2, "max": 101}}) == {[remedy.edit("autoscaling", most)]}
	both := {"min": 100, "max": 100}
	steps("mc-bounds", {"/deployments/0/after/replicas": {"min": 101, "max": 102}}) == {[remedy.edit("autoscaling", both)]}
}

regions(bound, wanted) := {finding.params | some finding in found} if {
	asked := examples.with_changes({"/deployments/0/after/regions": wanted})
	bounds := {"tiers": {"production": object.union({"replicas": 9}, bound)}, "environments": {}}
	found := data.dvo.rules.mc_bounds.findings with input as asked with data.dvo.parameters.bounds as bounds
}

named(regions) := {{"remedy": [remedy.example("regions", regions)]}}

test_regions_become_as_many_as_may_be if {
	regions({"fewest_regions": 2, "most_regions": 3, "regions": ["eu-*"]}, ["eu-a"]) == named(["eu-a", "eu-region-1"])
	regions({"fewest_regions": 0, "most_regions": 1, "regions": ["eu-*"]}, ["eu-a", "eu-b"]) == named(["eu-a"])
	regions({"fewest_regions": 0, "most_regions": 1, "regions": ["west"]}, ["east"]) == named(["west"])
}

test_where_too_few_regions_are_allowed_none_are_named if {
	regions({"fewest_regions": 2, "most_regions": 3, "regions": ["west"]}, ["west"]) == {{}}
	regions({"fewest_regions": 0, "most_regions": 3, "regions": []}, ["west"]) == {{}}
}

chosen(allowed, before) := {finding.params | some finding in found} if {
	asked := examples.with_changes({"/deployments/0/before/model": before})
	found := data.dvo.rules.mc_models.findings with input as asked with data.dvo.parameters.models as {"production": allowed}
}

test_the_model_of_before_is_kept_where_it_may_be if {
	before := {"provider": "openai", "name": "gpt-4o", "temperature": 0}
	chosen(["openai/**"], before) == {{"remedy": [remedy.edit("model", before)]}}
}

test_else_a_model_of_the_list_is_an_example if {
	like := {"provider": "openai", "name": "gpt-4o", "temperature": 0.1}
	chosen(["openai/**"], null) == {{"remedy": [remedy.example("model", like)]}}
	mini := {"provider": "azure_openai", "name": "mini", "temperature": 0.1}
	chosen(["*/mini*"], null) == {{"remedy": [remedy.example("model", mini)]}}
	chosen([], null) == {{}}
}

test_a_pattern_that_no_example_fits_gives_none if {
	chosen(["openai/gpt-[45]"], null) == {{}}
	newer := {"provider": "azure_openai", "name": "gpt-5", "temperature": 0.1}
	chosen(["openai/gpt-[45]", "azure_openai/gpt-5"], null) == {{"remedy": [remedy.example("model", newer)]}}
}

test_back_to_what_runs_now if {
	back := {"/deployments/0/kinds": ["downgraded"], "/deployments/0/after/version": "0.9.0"}
	steps("mc-versions", back) == {[remedy.edit("version", "1.0.0"), remedy.edit("digest", "sha256:bbbb")]}
	loose := object.union(back, {"/deployments/0/before/pinned": false})
	steps("mc-versions", loose) == {[remedy.edit("version", "1.0.0")]}
}

test_a_final_version_has_the_numbers_of_its_pre_release if {
	steps("mc-versions", {"/deployments/0/after/version": "2.0.0-rc.1"}) == {[remedy.example("version", "2.0.0")]}
	steps("mc-versions", {"/deployments/0/after/version": "latest"}) == {[remedy.example("version", "1.0.0")]}
}

test_the_next_working_hour_is_today_s_until_it_came if {
	steps("mc-business-hours", {"/now": "2026-11-18T06:00:00Z"}) == {[remedy.wait("2026-11-18T08:00:00Z")]}
	steps("mc-business-hours", {"/now": "2026-11-18T16:00:00Z"}) == {[remedy.wait("2026-11-19T08:00:00Z")]}
	steps("mc-business-hours", {"/now": "2026-11-20T16:00:00Z"}) == {[remedy.wait("2026-11-23T08:00:00Z")]}
}

test_at_the_weekend_it_is_the_next_working_day_s if {
	saturday := time.parse_rfc3339_ns("2026-11-21T06:00:00Z")
	data.dvo.calendar.opening(saturday, "Europe/Berlin") == "2026-11-23T08:00:00Z"
}
