# METADATA
# title: What an agent may do, before and after
# description: |
#   Compares what the release before and the one after declare in agent.yaml, and their models. What
#   nobody recorded counts as everything after a change, and as nothing before it.
package dvo.abilities

import data.dvo.change

words := {
	"capabilities": "capability",
	"tools": "tool",
	"data": "data",
	"egress": "egress to",
	"hand_offs": "hand-off to",
}

# A new agent brings its capabilities and hand-offs with it; what it reaches beyond itself is new.
reaching := {"tools", "data", "egress"}

autonomy := ["answer", "propose", "act_with_approval", "act"]

# METADATA
# description: |
#   The deployments that run and may gain something. Of the others it is seen at a glance that they do not: their
#   abilities are recorded, and these and the model are the same on both sides.
changed := change.except(change.running, {position |
	some position, deployment in change.running
	deployment.abilities.after != null
	deployment.abilities.before == deployment.abilities.after
	deployment.before.model == deployment.after.model
})

# METADATA
# description: What `deployment` lets its agent do that it could not do before, each in a few words.
gained(deployment) := ((listed(deployment) | freer(deployment)) | stronger(deployment)) | unknown(deployment)

listed(deployment) := {sprintf("%s %s", [words[part], name]) |
	is_another_release(deployment)
	some part in parts(deployment)
	some name in deployment.abilities.after[part]
	not name in had(deployment, part)
}

freer(deployment) := {sprintf("autonomy %s", [deployment.abilities.after.autonomy]) |
	is_another_release(deployment)
	rank(deployment.abilities.after.autonomy) > rank(had_autonomy(deployment))
}

unknown(deployment) := {"what it may do is not recorded" |
	is_another_release(deployment)
	deployment.abilities.after == null
}

# METADATA
# description: A model where there was none, one of more strength, or another whose strength nobody stated.
stronger(deployment) := {sprintf("model %s", [model]) |
	deployment.before != null
	model := change.model(deployment.after)
	is_stronger(deployment.before, model)
}

is_stronger(before, _) if before.model == null

is_stronger(before, model) if strength(model) > strength(change.model(before))

is_stronger(before, model) if {
	model != change.model(before)
	strength(model) == unranked
}

is_another_release(deployment) if deployment.before == null

is_another_release(deployment) if deployment.before.release != deployment.after.release

parts(deployment) := reaching if deployment.before == null

parts(deployment) := object.keys(words) if deployment.before != null

default had(_, _) := []

had(deployment, part) := deployment.abilities.before[part]

default had_autonomy(_) := "answer"

had_autonomy(deployment) := deployment.abilities.before.autonomy

rank(level) := position if {
	some position, name in autonomy
	name == level
}

unranked := count(data.dvo.parameters.model_strength)

strength(model) := min({position |
	some position, patterns in data.dvo.parameters.model_strength
	change.matches_any(model, patterns)
} | {unranked})
