package dvo_test.mc_company

import data.dvo_test.examples

found(rule) := {finding.action |
	some finding in data.dvo.rules.mc_company.findings with input as examples.question with data.dvo.company as {"own": rule}
}

test_a_rule_with_id_and_findings_is_sound if found({"id": "acme-own", "findings": set()}) == set()

test_without_company_rules_there_is_nothing_to_say if {
	findings := data.dvo.rules.mc_company.findings with data.dvo.company as {}
	findings == set()
}

test_any_other_form_is_denied[name] if {
	some name, rule in {
		"no id": {"findings": set()},
		"no findings": {"id": "acme-own"},
		"a default id": {"id": "mc-prod-approval", "findings": set()},
		"an id in capitals": {"id": "ACME", "findings": set()},
		"a look-alike": {"id": "аcme-own", "findings": set()},
		"a number": {"id": 7, "findings": set()},
		"a list": {"id": "acme-own", "findings": []},
		"an object": {"id": "acme-own", "findings": {}},
		"text": {"id": "acme-own", "findings": "x"},
		"null": null,
		"one": 1,
	}
	found(rule) == {"deny"}
}
