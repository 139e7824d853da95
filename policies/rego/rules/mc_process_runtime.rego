# METADATA
# title: The process runtime is for trying out
# description: |
#   Agents on the process runtime share the machine of the controller. In a production tier that
#   is worth a warning on every change, until the environment names another runtime.
# custom:
#   id: mc-process-runtime
#   owner: platform
#   severity: medium
#   remedy: Name a runtime that isolates agents in environment.yaml.
package dvo.rules.mc_process_runtime

import data.dvo.change
import data.dvo.finding
import data.dvo.remedy

id := "mc-process-runtime"

findings contains finding.with_remedy(warning, [remedy.environment(field, "kubernetes")]) if {
	count(trial) > 0
	some deployment in change.production
	platform := deployment.after.platform
	runtime := trial[deployment.environment][platform]
	place := finding.at(deployment, "platform")
	message := sprintf("%s runs %s on the %s runtime, which is for trying out.", [
		deployment.environment,
		platform,
		runtime,
	])
	remediation := sprintf("Name another runtime for %s in environment.yaml.", [platform])
	field := sprintf("platforms.%s", [platform])
	warning := finding.warn(id, place, message, remediation)
}

# METADATA
# description: By environment that has any, the platforms that are on a trial runtime there, each with that runtime.
trial := {name: runtimes |
	some name in change.production_environments
	runtimes := {platform: runtime |
		some platform, runtime in change.stated(name).platforms
		runtime in data.dvo.parameters.trial_runtimes
	}
	count(runtimes) > 0
}
