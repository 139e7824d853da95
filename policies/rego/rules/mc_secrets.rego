# METADATA
# title: Secrets are references
# description: |
#   A second look at what the reader of manifests refuses already: a secret is a reference into a vault,
#   and no variable holds what looks like one, by its name or by its value.
# custom:
#   id: mc-secrets
#   owner: security
#   severity: critical
#   remedy: Revoke the secret if it is one, put it into a vault and name it under secrets.
package dvo.rules.mc_secrets

import data.dvo.change
import data.dvo.finding
import data.dvo.remedy

id := "mc-secrets"

remediation := "Put it into a vault, and name it under `secrets` as keyvault://vault/name; revoke it if it was real."

reference_form := "keyvault://your-vault/your-secret"

moved(name) := [
	remedy.remove(sprintf("variables.%s", [name])),
	remedy.example(sprintf("secrets.%s", [name]), reference_form),
]

# The forms that issuers give their keys, as their documentation shows them.
shapes := [
	`(AKIA|ASIA)[A-Z0-9]{16}`,
	`gh[pousr]_[A-Za-z0-9._-]{20,}|github_pat_[A-Za-z0-9_]{20,}|glpat-[A-Za-z0-9_-]{20,}`,
	`xox[a-z]-[A-Za-z0-9-]{10,}`,
	`\b(sk-|[srp]k_)[A-Za-z_-]{0,60}[0-9][A-Za-z0-9_-]{16,}`,
	`AIza[A-Za-z0-9_-]{35}`,
	`PRIVATE KEY-----`,
	`eyJ[A-Za-z0-9_-]{8,}[.]eyJ[A-Za-z0-9_-]{8,}`,
	`(AccountKey|SharedAccessKey|SharedAccessSignature|[?&]sig)=[A-Za-z0-9%+/]{20,}`,
	`://[^\s/:@]+:[^\s/@]+@`,
]

findings contains finding.with_remedy(denial, [remedy.example(sprintf("secrets.%s", [name]), reference_form)]) if {
	count(unreferenced) > 0
	some deployment in change.running
	some name in no_references(deployment.after.secrets)
	place := finding.at(deployment, sprintf("secrets.%s", [name]))
	message := sprintf("The secret %s is no reference into a vault.", [name])
	denial := finding.deny(id, place, message, remediation)
}

findings contains finding.with_remedy(denial, moved(name)) if {
	count(suspected) > 0
	some deployment in change.running
	some name in suspects(deployment.after.variables)
	place := finding.at(deployment, sprintf("variables.%s", [name]))
	message := sprintf("The variable %s holds what looks like a secret.", [name])
	denial := finding.deny(id, place, message, remediation)
}

# Many agents of a company have the same secrets and variables. So each kind is looked at once, and only where there is
# something to find, every deployment.
unreferenced := {name |
	some secrets in {deployment.after.secrets | some deployment in change.running}
	some name in no_references(secrets)
}

suspected := {name |
	some variables in {deployment.after.variables | some deployment in change.running}
	some name in suspects(variables)
}

no_references(secrets) := {name |
	some name, reference in secrets
	not regex.match(`^keyvault://[A-Za-z][A-Za-z0-9-]{1,23}/[A-Za-z0-9-]{1,127}$`, reference)
}

suspects(variables) := {name | some name, value in variables; looks_secret(name, value)}

looks_secret(_, value) if regex.match(any_shape, value)

any_shape := concat("|", [sprintf("(?:%s)", [shape]) | some shape in shapes])

looks_secret(name, value) if {
	value != ""
	regex.match(`(^|_)(PASSWORD|PASSWD|PASSPHRASE|SECRET|API_?KEY|PRIVATE_KEY|ACCESS_KEY|ACCOUNT_KEY)$`, name)
}
