# METADATA
# title: The question is well formed
# description: |
#   A rule that looks for a field which is missing or of another type finds nothing, and silence
#   would look like consent. So the parts of the input that rules read must be as published in
#   schemas/policy-input.json; whatever is not is denied here.
# custom:
#   id: mc-input
#   owner: platform
#   severity: critical
#   remedy: The controller and the policies do not fit each other; bring both to one version.
package dvo.rules.mc_input

import data.dvo.finding
import data.dvo.remedy

id := "mc-input"

parts := {
	"schema", "now", "change", "people", "environments",
	"deployments", "files", "evidence", "break_glass", "reviews",
}

tiers := {"development", "staging", "production"}

findings contains finding.with_remedy(denial, [remedy.repair]) if {
	some part in (parts - sound)
	message := sprintf("The question put to the policies is malformed at `%s`.", [part])
	remediation := "Bring the controller and the policies to versions that fit each other."
	denial := finding.deny(id, finding.nowhere, message, remediation)
}

sound contains "schema" if input.schema == "dvo.policy-input/1"

sound contains "now" if is_time(input.now)

sound contains "change" if {
	is_actor(input.change.author)
	is_actor(input.change.requester)
	is_boolean(object.get(input.change, "restores", false))
}

sound contains "people" if {
	is_object(input.people)
	every person in input.people { is_person(person) }
}

sound contains "environments" if {
	is_object(input.environments)
	every environment in input.environments { is_environment(environment) }
}

# There may be a thousand deployments, with as many pieces of evidence, and to call a function with what differs in each
# costs as much as several conditions. So those stand here; the rest, which is mostly equal, is looked at once.
sound contains "deployments" if {
	is_array(input.deployments)
	every deployment in input.deployments {
		regex.match(agent_code, deployment.agent)
		type_name(deployment.path) in {"null", "string"}
		{deployment.before, deployment.after} != {null}
	}
	every plan in plans {
		is_string(plan.release)
		is_string(plan.version)
	}
	every rest in {object.remove(deployment, ["agent", "path", "before", "after"]) |
		some deployment in input.deployments
	} {
		rest.tier == input.environments[rest.environment].tier
		is_some_texts(rest.kinds)
		is_lines(rest.lines)
		is_gain(rest.abilities)
	}
	every rest in {object.remove(plan, ["agent", "release", "version"]) | some plan in plans} {
		is_string(rest.platform)
		is_boolean(rest.pinned)
		is_scale(rest.replicas)
		is_texts(rest.regions)
		is_model(rest.model)
		is_named_texts(rest.variables)
		is_named_texts(rest.secrets)
	}
}

sound contains "files" if {
	is_array(input.files)
	every file in input.files { is_file(file) }
}

sound contains "evidence" if {
	is_array(input.evidence)
	every evidence in input.evidence {
		is_place(evidence.environment, evidence.tier)
		regex.match(agent_code, evidence.agent)
		is_string(evidence.release)
		is_time(evidence.completed_at)
	}
}

sound contains "break_glass" if is_break_glass(input.break_glass)

sound contains "reviews" if {
	is_array(input.reviews)
	every review in input.reviews { is_review(review) }
}

is_actor(null)

is_actor(person) if person in object.keys(input.people)

is_person(person) if {
	person.kind in {"person", "bot", "service"}
	is_texts(person.groups)
}

is_environment(environment) if {
	environment.tier in tiers
	{environment.before, environment.after} != {null}
	is_stated(environment.before)
	is_stated(environment.after)
}

is_stated(null)

is_stated(stated) if {
	stated.tier in tiers
	regex.match(`^[A-Za-z][A-Za-z0-9_+/-]*$`, stated.time_zone)
	stated.time_zone != "Local"
	is_named_texts(stated.platforms)
	is_array(stated.freeze_windows)
	every window in stated.freeze_windows { is_window(window) }
}

is_window(window) if {
	is_string(window.name)
	is_time(window.start)
	is_time(window.end)
}

plans := [plan |
	some deployment in input.deployments
	some plan in [deployment.before, deployment.after]
	plan != null
]

# Without the first line a string would do: in Rego it is greater than any number.
is_scale(replicas) if {
	is_number(replicas)
	replicas > 0
}

is_scale(replicas) if {
	is_number(replicas.max)
	replicas.max > 0
}

is_model(null)

is_model(model) if {
	is_string(model.provider)
	is_string(model.name)
}

is_gain(abilities) if {
	is_able(abilities.before)
	is_able(abilities.after)
}

is_able(null)

is_able(abilities) if {
	abilities.autonomy in {"answer", "propose", "act_with_approval", "act"}
	every part in ["capabilities", "tools", "data", "egress", "hand_offs"] { is_texts(abilities[part]) }
}

# Whatever only looks like the code of an agent would be another agent to every rule.
agent_code := `^[A-Z][A-Z0-9]{1,15}$`

is_texts([])

# Rego puts values in the order of their types: where the first and the last are strings, all between them are.
is_texts(texts) if {
	is_array(texts)
	is_string(min(texts))
	is_string(max(texts))
}

is_some_texts(texts) if {
	is_texts(texts)
	count(texts) > 0
}

is_lines(lines) if {
	is_object(lines)
	every line in lines { line > 0 }
}

is_named_texts(texts) if {
	is_object(texts)
	every text in texts { is_string(text) }
}

is_file(file) if {
	is_string(file.path)
	file.kind in {"agent", "deployment", "governance"}
}

is_place(environment, tier) if {
	is_string(environment)
	tier in tiers
}

is_break_glass(null)

is_break_glass(asked) if {
	is_string(asked.effect)
	is_time(asked.since)
	is_time(asked.as_of)
}

is_review(review) if {
	regex.match(agent_code, review.agent)
	is_string(review.environment)
	is_time(review.due)
	is_issue(review.issue)
}

is_issue(null)

is_issue(number) if {
	is_number(number)
	number > 0
}

is_time(moment) if regex.match(`^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}([.][0-9]{1,9})?Z$`, moment)
