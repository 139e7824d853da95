package dvo_test.mc_secrets

import data.dvo_test.examples

found(changes) := {[finding.action, finding.line] |
	some finding in examples.findings("mc-secrets", examples.with_changes(changes))
}

test_references_and_plain_variables_are_fine if found({}) == set()

test_a_secret_is_a_reference_and_nothing_else[value] if {
	some value in [
		"hunter2", "", "keyvault://", "keyvault://v/", "keyvault://vault/name\n", "keyvault://vault/a/b",
		"https://vault/name", " keyvault://vault/name", "keyvault://vаult/name", "KEYVAULT://vault/name",
	]
	found({"/deployments/0/after/secrets/OPENAI_API_KEY": value, "/deployments/0/lines/secrets.OPENAI_API_KEY": 12}) == {[
		"deny",
		12,
	]}
}

# Joined here, so that this file holds nothing of a secret's shape.
values := {
	"AWS": concat("", ["AKIA", "ABCDEFGHIJKLMNOP"]),
	"GitHub": concat("", ["ghs", "_1234567890.abcdefghij.klm"]),
	"GitHub, fine": concat("", ["github", "_pat_1234567890abcdefghij"]),
	"GitLab": concat("", ["glpat", "-1234567890abcdefghij"]),
	"Slack": concat("", ["xoxb", "-1234567890"]),
	"OpenAI": concat("", ["sk", "-proj-1234567890abcdefghij"]),
	"Stripe": concat("", ["say rk", "_live_1234567890abcdefghij"]),
	"Google": concat("", ["AIza", "12345678901234567890123456789012345"]),
	"PEM": concat("", ["-----BEGIN RSA PRIVATE", " KEY-----"]),
	"JWT": concat("", ["eyJhbGciOiJI", ".eyJzdWIiOiIx"]),
	"Azure": concat("", ["AccountKey", "=abcdefghijklmnopqrstuvwxyz=="]),
	"address": concat("", ["https://somebody:", "word@example.com"]),
}

test_a_variable_that_looks_like_a_secret_is_denied_and_not_repeated[name] if {
	some name, value in values
	some finding in examples.findings("mc-secrets", examples.with_changes({"/deployments/0/after/variables/PLAIN": value}))
	finding.action == "deny"
	not contains(finding.message, value)
}

test_a_variable_named_like_a_secret_is_denied[name] if {
	some name in ["PASSWORD", "DB_PASSWORD", "OPENAI_API_KEY", "APIKEY", "CLIENT_SECRET"]
	found({sprintf("/deployments/0/after/variables/%s", [name]): "x"}) == {["deny", 1]}
	found({sprintf("/deployments/0/after/variables/%s", [name]): ""}) == set()
}

test_a_variable_of_another_name_is_fine[name] if {
	some name in ["PASSWORD_FILE", "SECRETARY", "MONKEY", "BYPASS"]
	found({sprintf("/deployments/0/after/variables/%s", [name]): "x"}) == set()
}

test_a_huge_value_is_looked_at_too if {
	padding := concat("", [text | some _ in numbers.range(1, 2000); text := "ab "])
	found({"/deployments/0/after/variables/PLAIN": concat("", [padding, values.AWS])}) == {["deny", 1]}
	found({"/deployments/0/after/variables/PLAIN": padding}) == set()
}

test_an_agent_that_is_taken_out_has_no_secrets if found({"/deployments/0/after": null}) == set()
