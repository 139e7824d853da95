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

id := "mc-models"

findings contains finding.deny(id, place, message, remediation) if {
	some deployment in change.running
	model := change.model(deployment.after)
	allowed := data.dvo.parameters.models[deployment.tier]
	not change.matches_any(model, allowed)
	place := finding.at(deployment, "model.name")
	message := sprintf("The %s tier does not allow the model %s.", [deployment.tier, model])
	remediation := sprintf("Choose among: %s.", [concat(", ", allowed)])
}
