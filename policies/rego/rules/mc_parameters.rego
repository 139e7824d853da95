# METADATA
# title: The parameters are well formed
# description: |
#   A rule whose number is missing or of another type finds nothing, and silence would look like
#   consent. So the parameters that rules compare with must have their form; whatever has not is
#   denied here.
# custom:
#   id: mc-parameters
#   owner: platform
#   severity: critical
#   remedy: Correct the named parameter in policies/rego/dvo/parameters/data.yaml.
package dvo.rules.mc_parameters

import data.dvo.finding
import data.dvo.remedy

id := "mc-parameters"

parts := {
	"working_hours", "weekend", "trial_runtimes", "versions", "pinned_tiers", "bounds", "models",
	"model_strength", "widening", "protected", "change_size", "freeze_calendar",
	"production_approval", "governance_approval", "production_proposers", "break_glass",
}

tiers := {"development", "staging", "production"}

days := {"Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"}

findings contains finding.with_remedy(denial, [remedy.repair]) if {
	some part in (parts - sound)
	message := sprintf("The parameters of the policies are malformed at `%s`.", [part])
	remediation := "Correct it in policies/rego/dvo/parameters/data.yaml."
	denial := finding.deny(id, finding.nowhere, message, remediation)
}

sound contains "working_hours" if {
	hours := data.dvo.parameters.working_hours
	every hour in [hours.opens, hours.closes] { is_number(hour) }
	0 <= hours.opens
	hours.opens < hours.closes
	hours.closes <= 24
}

# A week without a working day would never open again.
sound contains "weekend" if {
	is_list_of(data.dvo.parameters.weekend, days)
	count({day | some day in data.dvo.parameters.weekend}) < 7
}

sound contains part if {
	some part in ["trial_runtimes", "production_proposers"]
	is_texts(data.dvo.parameters[part])
}

sound contains "versions" if {
	is_list_of(data.dvo.parameters.versions.free_downgrade_tiers, tiers)
	is_list_of(data.dvo.parameters.versions.final_tiers, tiers)
}

sound contains "pinned_tiers" if is_list_of(data.dvo.parameters.pinned_tiers, tiers)

sound contains "bounds" if {
	bounds := data.dvo.parameters.bounds
	object.keys(bounds.tiers) == tiers
	is_object(bounds.environments)
	every bound in bounds.tiers { is_bound(bound) }
	every bound in bounds.environments { is_bound(bound) }
}

sound contains "models" if {
	object.keys(data.dvo.parameters.models) == tiers
	every patterns in data.dvo.parameters.models { is_texts(patterns) }
}

sound contains "model_strength" if {
	is_array(data.dvo.parameters.model_strength)
	every patterns in data.dvo.parameters.model_strength { is_texts(patterns) }
}

sound contains "widening" if {
	is_list_of(data.dvo.parameters.widening.tiers, tiers)
	is_terms(data.dvo.parameters.widening)
}

sound contains "protected" if {
	is_texts(data.dvo.parameters.protected.agents)
	is_terms(data.dvo.parameters.protected)
}

sound contains "change_size" if {
	every most in [data.dvo.parameters.change_size.deployments, data.dvo.parameters.change_size.production] {
		is_number(most)
	}
}

sound contains "freeze_calendar" if {
	is_array(data.dvo.parameters.freeze_calendar)
	every window in data.dvo.parameters.freeze_calendar { is_window(window) }
}

sound contains part if {
	some part in ["production_approval", "governance_approval"]
	is_terms(data.dvo.parameters[part])
}

sound contains "break_glass" if {
	terms := data.dvo.parameters.break_glass
	is_terms(terms)
	is_texts(terms.waives)
	every number in [terms.max_agents, terms.review_due_days] {
		is_number(number)
		number >= 1
	}
}

is_bound(bound) if {
	every number in [bound.replicas, bound.fewest_regions, bound.most_regions] { is_number(number) }
	is_texts(bound.regions)
}

is_terms(terms) if {
	is_texts(terms.required_roles)
	count(terms.required_roles) > 0
	every number in [terms.min_approvals, terms.expiry_hours] {
		is_number(number)
		number >= 1
	}
}

is_window(window) if {
	is_string(window.name)
	is_list_of(window.tiers, tiers)
	every moment in [window.start, window.end] {
		regex.match(`^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z$`, moment)
	}
}

is_list_of(items, known) if {
	is_array(items)
	every item in items { item in known }
}

is_texts(texts) if {
	is_array(texts)
	every text in texts { is_string(text) }
}
