# METADATA
# title: Only known models
# description: |
#   Each tier has its list of allowed language models, as patterns of provider/name.
# custom:
#   id: mc-models
#   owner: security
#   severity: high
#   remedy: Choose a model of the list, or have it added to the parameters.
package dvo.rules.mc_models

import data.dvo.change
import data.dvo.finding
import data.dvo.remedy

id := "mc-models"

findings contains finding.with_remedy(denial, chosen(deployment, allowed)) if {
	count(unfit) > 0
	some deployment in change.running
	not is_allowed(deployment.after.model, deployment.tier)
	model := change.model(deployment.after)
	allowed := data.dvo.parameters.models[deployment.tier]
	place := finding.at(deployment, "model.name")
	message := sprintf("The %s tier does not allow the model %s.", [deployment.tier, model])
	remediation := sprintf("Choose among: %s.", [concat(", ", allowed)])
	denial := finding.deny(id, place, message, remediation)
}

# Most deployments of a tier share a few models, so those are looked at first.
unfit := {model |
	some [model, tier] in {[deployment.after.model, deployment.tier] | some deployment in change.running}
	not is_allowed(model, tier)
}

is_allowed(model, tier) if change.matches_any(change.model({"model": model}), data.dvo.parameters.models[tier])

# The model it has now where that is allowed, else one that fits a pattern of the list.
chosen(deployment, allowed) := array.slice(array.concat(kept, examples), 0, 1) if {
	kept := [remedy.edit("model", deployment.before.model) |
		change.matches_any(change.model(deployment.before), allowed)
	]
	examples := [remedy.example("model", object.union(deployment.after.model, suited)) |
		some pattern in allowed
		suited := like(pattern, deployment.after.model)
		change.matches_any(sprintf("%s/%s", [suited.provider, suited.name]), allowed)
	]
}

like(pattern, model) := {"provider": filled(parts[0], model.provider), "name": filled(rest, model.name)} if {
	parts := split(pattern, "/")
	rest := concat("/", array.slice(parts, 1, count(parts)))
}

# Only a pattern that says nothing else takes the word as it is; of any other its own letters are left.
filled(pattern, word) := word if {
	pattern in {"*", "**"}
} else := replace(pattern, "*", "")
