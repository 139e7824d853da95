# METADATA
# title: Examples
# description: |
#   The question the tests start from: on a Wednesday at noon an operator proposes a release to
#   production that has run in staging. Each test changes what it is about.
package dvo_test.examples

release := "sha256:aaaa"

stated := {
	"tier": "production",
	"time_zone": "Europe/Berlin",
	"platforms": {"fastapi": "kubernetes"},
	"freeze_windows": [],
	"drift": "heal",
}

plan := {
	"environment": "production",
	"agent": "ANL",
	"version": "1.1.0",
	"release": release,
	"pinned": true,
	"platform": "fastapi",
	"replicas": 2,
	"regions": ["westeurope"],
	"model": {"provider": "azure_openai", "name": "gpt-4o", "temperature": 0.1},
	"variables": {"LOG_LEVEL": "INFO"},
	"secrets": {"OPENAI_API_KEY": "keyvault://dvo-prod/openai-key"},
	"rollout": {"strategy": "all_at_once", "health_timeout_seconds": 120, "auto_rollback": true},
}

able := {
	"capabilities": ["project_results"],
	"tools": ["spreadsheet"],
	"data": ["campaigns"],
	"egress": ["api.example.com"],
	"hand_offs": ["GHA"],
	"autonomy": "propose",
}

question := {
	"schema": "dvo.policy-input/1",
	"now": "2026-11-18T11:00:00Z",
	"purpose": "pull_request",
	"change": {"author": "github:2", "requester": null},
	"people": {
		"github:1": {"kind": "person", "groups": ["DVO-Developers"], "mfa": true},
		"github:2": {"kind": "person", "groups": ["DVO-Operators"], "mfa": true},
		"github:3": {"kind": "person", "groups": ["DVO-ReleaseManagers"], "mfa": true},
		"github:4": {"kind": "person", "groups": ["DVO-Admins"], "mfa": true},
		"github:5": {"kind": "person", "groups": [], "mfa": null},
		"github:9": {"kind": "bot", "groups": [], "mfa": null},
	},
	"environments": {"production": {"before": stated, "after": stated, "tier": "production"}},
	"deployments": [{
		"environment": "production",
		"agent": "ANL",
		"tier": "production",
		"kinds": ["upgraded"],
		"path": "environments/production/anl.yaml",
		"lines": {"agent": 4, "version": 5, "platform": 7},
		"before": object.union(plan, {"release": "sha256:bbbb", "version": "1.0.0"}),
		"after": plan,
		"abilities": {"before": able, "after": able},
	}],
	"files": [],
	"evidence": [{
		"environment": "staging",
		"tier": "staging",
		"agent": "ANL",
		"release": release,
		"completed_at": "2026-11-17T11:00:00Z",
	}],
	"break_glass": null,
	"reviews": [],
}

# METADATA
# description: The question with the value at each path replaced.
with_changes(changes) := json.patch(question, [{"op": "add", "path": path, "value": value} |
	some path, value in changes
])

# METADATA
# description: The same deployment in an environment of a lower tier.
in_tier(tier, author) := with_changes({
	"/environments": {tier: {"before": below, "after": below, "tier": tier}},
	"/deployments/0/environment": tier,
	"/deployments/0/tier": tier,
	"/change/author": author,
}) if {
	below := object.union(stated, {"tier": tier})
}

# METADATA
# description: What `rule` finds.
findings(rule, asked) := {finding |
	some module
	data.dvo.rules[module].id == rule
	some finding in data.dvo.rules[module].findings with input as asked
	finding.rule == rule
}

# METADATA
# description: The rules that deny.
denying(asked) := {finding.rule |
	some finding in data.dvo.decision.findings with input as asked
	finding.action == "deny"
}
