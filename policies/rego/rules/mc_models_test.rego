package dvo_test.mc_models

import data.dvo_test.examples

found(model) := {[finding.action, finding.line] |
	asked := examples.with_changes({"/deployments/0/after/model": model, "/deployments/0/lines/model.name": 11})
	some finding in data.dvo.rules.mc_models.findings with input as asked
		with data.dvo.parameters.models as {"production": ["azure_openai/gpt-4*", "bedrock/**"]}
}

test_a_model_of_the_list_is_fine if {
	found({"provider": "azure_openai", "name": "gpt-4o"}) == set()
	found({"provider": "bedrock", "name": "us/meta:70b"}) == set()
}

test_another_is_denied_at_its_name[name] if {
	some name in ["gpt-5", "GPT-4o", "gрt-4o", "x/gpt-4o", "gpt-4/x", "", " gpt-4o"]
	found({"provider": "azure_openai", "name": name}) == {["deny", 11]}
}

test_another_provider_is_another_model if found({"provider": "openai", "name": "gpt-4o"}) == {["deny", 11]}

test_an_agent_without_a_model_uses_none if found(null) == set()

test_an_empty_list_allows_nothing if {
	findings := data.dvo.rules.mc_models.findings with input as examples.question
		with data.dvo.parameters.models.production as []
	count(findings) == 1
}

test_as_it_comes_production_knows_its_providers if {
	examples.findings("mc-models", examples.question) == set()
	unknown := examples.with_changes({"/deployments/0/after/model/provider": "garage"})
	count(examples.findings("mc-models", unknown)) == 1
}

test_an_agent_that_is_taken_out_uses_none if {
	examples.findings("mc-models", examples.with_changes({"/deployments/0/after": null})) == set()
}

test_no_model_is_proposed_that_the_list_would_not_allow if {
	findings := data.dvo.rules.mc_models.findings with input as examples.question
		with data.dvo.parameters.models.production as ["acme/[ab]x"]
	{object.get(finding.params, "remedy", []) | some finding in findings} == {[]}
}

test_of_several_agents_only_those_with_another_model_are_denied if {
	first := examples.question.deployments[0]
	second := json.patch(first, [
		{"op": "replace", "path": "/agent", "value": "GHA"},
		{"op": "replace", "path": "/after/model/provider", "value": "garage"},
	])
	asked := json.patch(examples.question, [{"op": "add", "path": "/deployments/1", "value": second}])
	findings := data.dvo.rules.mc_models.findings with input as asked
	{finding.agent | some finding in findings} == {"GHA"}
}
