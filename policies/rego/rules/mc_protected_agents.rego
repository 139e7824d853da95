# METADATA
# title: Protected agents take more
# description: |
#   Every change of an agent named in the parameters, of where it runs or of what it is, needs the people
#   named there.
# custom:
#   id: mc-protected-agents
#   owner: security
#   severity: high
#   remedy: Ask the people named for a review.
package dvo.rules.mc_protected_agents

import data.dvo.finding

id := "mc-protected-agents"

findings contains finding.require_approval(id, finding.at(deployment, "agent"), message, data.dvo.parameters.protected) if {
	some deployment in input.deployments
	deployment.agent in data.dvo.parameters.protected.agents
	message := sprintf("%s is a protected agent, and changes in %s.", [deployment.agent, deployment.environment])
}

findings contains finding.require_approval(id, finding.nowhere, message, data.dvo.parameters.protected) if {
	some agent in data.dvo.parameters.protected.agents
	some file in input.files
	startswith(file.path, sprintf("agents/%s/", [lower(agent)]))
	message := sprintf("%s is a protected agent, and its definition changes.", [agent])
}
