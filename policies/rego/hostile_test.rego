# METADATA
# title: Hostile input
# description: |
#   For every rule a question it finds something in, and the places it reads. Whatever stands there
#   instead, or if nothing does, the rule still finds something, or the question is denied as malformed.
package dvo_test.hostile

import data.dvo_test.examples

of_another_type := {
	"null": null,
	"a boolean": true,
	"a number below zero": -1,
	"an array of null": [null],
	"an object of null": {"x": null},
}

empty := {"zero": 0, "an empty string": "", "an empty array": [], "an empty object": {}}

huge := {"a huge number": 1e300, "a huge string": concat("", ["x" | some _ in numbers.range(1, 5000)])}

alike := {"a word": "x", "a look-alike": "рroduction"}

# The values that say something else there, which is not the rule's matter.
words := {"an empty string", "a word", "a look-alike", "a huge string"}

window := {"name": "x", "start": "2026-11-01T00:00:00Z", "end": "2026-12-31T00:00:00Z"}

asked := {"effect": "sha256:e", "since": "2026-11-18T10:00:00Z", "as_of": "2026-11-18T11:00:00Z"}

overdue := {"environment": "production", "agent": "ANL", "due": "2026-11-01T11:00:00Z", "issue": 7}

governed := {"path": "policies/rego/x.rego", "kind": "governance", "before": null, "after": "sha256:a"}

# Taken out of a list or an object of free names, it is just not there.
gone := {"missing"}

# METADATA
# description: By rule, the changes that make it speak, and by place what is silent there for a good reason.
cases := {
	"mc-audit-all": [{}, {"/deployments/0/agent": {}, "/deployments/0/environment": {}, "/deployments/0/kinds": {}}],
	"mc-bounds": [{"/deployments/0/after/replicas": 1000}, {
		"/deployments/0/after/replicas": {},
		"/deployments/0/environment": {},
		"/deployments/0/tier": {},
	}],
	"mc-break-glass": [{"/break_glass": asked}, {
		"/break_glass": {"null"},
		"/break_glass/effect": {},
		"/break_glass/since": {},
		"/break_glass/as_of": {},
	}],
	"mc-break-glass-review": [{"/reviews": [overdue]}, {
		"/reviews": {"an empty array"},
		"/reviews/0": gone,
		"/reviews/0/agent": {},
		"/reviews/0/due": {},
		"/reviews/0/issue": {},
	}],
	"mc-business-hours": [{"/now": "2026-11-18T22:00:00Z"}, {
		"/now": {},
		"/deployments/0/tier": {},
		"/environments/production/before/time_zone": {},
	}],
	"mc-change-size": [{}, {"/deployments": {"an empty array"}, "/deployments/0": gone, "/deployments/0/tier": {}}],
	"mc-deny-direct-prod": [{"/evidence/0/release": "sha256:cccc"}, {
		"/deployments/0/agent": {},
		"/deployments/0/tier": {},
		"/deployments/0/after/release": {},
		"/evidence": {},
		"/evidence/0": {},
		"/evidence/0/agent": {},
		"/evidence/0/release": {},
		"/evidence/0/tier": {},
		"/evidence/0/completed_at": {},
	}],
	"mc-freeze-window": [{"/environments/production/before/freeze_windows": [window]}, {
		"/now": {},
		"/environments/production/before/freeze_windows": {"an empty array"},
		"/environments/production/before/freeze_windows/0": gone,
		"/environments/production/before/freeze_windows/0/start": {},
		"/environments/production/before/freeze_windows/0/end": {},
	}],
	"mc-governance": [{"/files": [governed]}, {
		"/files": {"an empty array"},
		"/files/0": gone,
		"/files/0/path": {},
		"/files/0/kind": {},
	}],
	"mc-models": [{"/deployments/0/after/model": {"provider": "acme", "name": "x"}}, {
		"/deployments/0/after/model": {"null"},
		"/deployments/0/after/model/provider": {},
		"/deployments/0/after/model/name": {},
		"/deployments/0/tier": {},
	}],
	"mc-permission": [{"/change/author": null}, {
		"/change": {},
		"/change/author": {},
		"/change/requester": {},
		"/people": {},
	}],
	"mc-pinned-digest": [{"/deployments/0/after/pinned": false}, {
		"/deployments/0/after/pinned": {"a boolean"},
		"/deployments/0/tier": {},
	}],
	"mc-process-runtime": [{"/environments/production/before/platforms/fastapi": "process"}, {
		"/deployments/0/tier": {},
		"/environments/production/before": {"null"},
		"/environments/production/before/platforms": {"an empty object"},
		"/environments/production/before/platforms/fastapi": words | gone,
	}],
	"mc-prod-approval": [{}, {
		"/change/author": {},
		"/deployments/0/tier": {},
		"/people/github:2": {},
		"/people/github:2/kind": {},
		"/people/github:2/groups": {},
	}],
	"mc-protected-agents": [{}, {"/deployments/0": gone, "/deployments/0/agent": {}}],
	"mc-secrets": [{"/deployments/0/after/secrets": {"API_KEY": "hunter2"}}, {
		"/deployments/0/after/secrets": {"an empty object"},
		"/deployments/0/after/secrets/API_KEY": gone,
	}],
	"mc-versions": [{"/deployments/0/after/version": "2.0.0-rc.1"}, {
		"/deployments/0/after/version": {},
		"/deployments/0/tier": {},
	}],
	# A zone that does not exist is an error of the builtin, which the engine takes for no answer.
	"mc-weekend-block": [{"/now": "2026-11-21T11:00:00Z"}, {
		"/now": {},
		"/deployments/0/tier": {},
		"/environments/production/before/time_zone": {"a word", "a huge string"},
	}],
	"mc-widening": [{"/deployments/0/abilities/after/tools/0": "shell"}, {
		"/deployments/0/abilities": {},
		"/deployments/0/abilities/after": {},
		"/deployments/0/abilities/after/autonomy": {},
		"/deployments/0/abilities/after/tools": {"an empty array"},
	}],
}

# These look at no field of a question, or are what denies malformed ones; their own tests are about nothing else.
guards := {"mc-company", "mc-input", "mc-parameters"}

test_every_rule_is_tried if {
	{rule.id | some rule in data.dvo.rules} == object.keys(cases) | guards
}

test_every_rule_speaks_when_nothing_is_hostile[rule] if {
	some rule, [changes, _] in cases
	speaks(rule, examples.with_changes(changes))
	not is_malformed(examples.with_changes(changes))
}

test_another_type_silences_nobody[rule] if {
	some rule, [changes, places] in cases
	every place, silent in places { all_heard(rule, changes, place, silent, of_another_type) }
}

test_an_empty_value_silences_nobody[rule] if {
	some rule, [changes, places] in cases
	every place, silent in places { all_heard(rule, changes, place, silent, empty) }
}

test_a_huge_value_silences_nobody[rule] if {
	some rule, [changes, places] in cases
	every place, silent in places { all_heard(rule, changes, place, silent, huge) }
}

test_a_look_alike_silences_nobody[rule] if {
	some rule, [changes, places] in cases
	every place, silent in places { all_heard(rule, changes, place, silent, alike) }
}

test_a_missing_value_silences_nobody[rule] if {
	some rule, [changes, places] in cases
	every place, silent in places {
		is_heard(rule, "missing", silent, json.remove(examples.with_changes(changes), [place]))
	}
}

all_heard(rule, changes, place, silent, values) if {
	every kind, value in values {
		is_heard(rule, kind, silent, json.patch(examples.with_changes(changes), [{
			"op": "add",
			"path": place,
			"value": value,
		}]))
	}
}

is_heard(_, kind, silent, _) if kind in silent

# What is malformed, as most of it is, need not be put to the rule.
is_heard(rule, kind, silent, given) if {
	not kind in silent
	not is_malformed(given)
	speaks(rule, given)
}

is_heard(_, kind, silent, given) if {
	not kind in silent
	is_malformed(given)
}

speaks(rule, given) if {
	module := replace(rule, "-", "_")
	count(data.dvo.rules[module].findings) > 0 with input as given
		with data.dvo.parameters.protected.agents as ["ANL"]
		with data.dvo.parameters.change_size as {"deployments": 0, "production": 0}
}

is_malformed(given) if count(data.dvo.rules.mc_input.findings) > 0 with input as given
