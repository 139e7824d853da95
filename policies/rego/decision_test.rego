package dvo_test.decision

import data.dvo_test.examples

default_rules := {
	"mc-audit-all",
	"mc-bounds",
	"mc-break-glass",
	"mc-break-glass-review",
	"mc-business-hours",
	"mc-change-size",
	"mc-company",
	"mc-deny-direct-prod",
	"mc-freeze-window",
	"mc-governance",
	"mc-input",
	"mc-models",
	"mc-parameters",
	"mc-permission",
	"mc-pinned-digest",
	"mc-process-runtime",
	"mc-prod-approval",
	"mc-protected-agents",
	"mc-secrets",
	"mc-versions",
	"mc-weekend-block",
	"mc-widening",
}

test_a_good_change_to_production_only_needs_its_approval if {
	decision := data.dvo.decision with input as examples.question
	decision.schema == "dvo.decision/1"
	decision.rules == default_rules
	{[f.rule, f.action] | some f in decision.findings} == {
		["mc-prod-approval", "require_approval"],
		["mc-audit-all", "audit_only"],
	}
}

test_every_finding_has_every_member if {
	asked := examples.with_changes({
		"/now": "2026-11-21T11:00:00Z",
		"/evidence": [],
		"/deployments/0/path": null,
		"/environments/production/before/platforms/fastapi": "process",
	})
	decision := data.dvo.decision with input as asked
	count(decision.findings) > 3
	every finding in decision.findings {
		object.keys(finding) == {
			"rule", "action", "message", "remediation", "environment",
			"agent", "path", "line", "until", "params",
		}
		finding.rule in decision.rules
	}
}

test_a_developer_is_told_every_reason_against_production if {
	asked := examples.with_changes({"/change/author": "github:1", "/evidence": []})
	examples.denying(asked) == {"mc-prod-approval", "mc-deny-direct-prod"}
}

test_a_change_of_nothing_is_still_judged if {
	asked := examples.with_changes({"/deployments": [], "/files": []})
	decision := data.dvo.decision with input as asked
	decision.rules == default_rules
	decision.findings == set()
}

test_everyone_has_the_roles_of_their_groups if {
	decision := data.dvo.decision with input as examples.question
	decision.roles == {
		"github:1": {"viewer", "developer"},
		"github:2": {"viewer", "developer", "operator"},
		"github:3": {"viewer", "developer", "operator", "release_manager"},
		"github:4": {"viewer", "developer", "operator", "release_manager", "admin"},
		"github:5": set(),
		"github:9": set(),
	}
}

company_finding := {
	"rule": "acme-quiet",
	"action": "deny",
	"message": "Not today.",
	"remediation": "Come back tomorrow.",
	"environment": null,
	"agent": null,
	"path": null,
	"line": null,
	"until": null,
	"params": {},
}

test_a_company_rule_adds_and_takes_nothing_away if {
	alone := data.dvo.decision with input as examples.question
	quiet := {"quiet": {"id": "acme-quiet", "findings": {company_finding}}}
	together := data.dvo.decision with input as examples.question with data.dvo.company as quiet
	together.rules == alone.rules | {"acme-quiet"}
	together.findings == alone.findings | {company_finding}
	together.roles == alone.roles
}

test_a_company_rule_cannot_speak_for_another if {
	silent := {"silent": {"id": "mc-prod-approval", "findings": set()}}
	alone := data.dvo.decision with input as examples.question
	together := data.dvo.decision with input as examples.question with data.dvo.company as silent
	together.rules == alone.rules
	{finding.rule | some finding in (together.findings - alone.findings)} == {"mc-company"}
	alone.findings - together.findings == set()
}
