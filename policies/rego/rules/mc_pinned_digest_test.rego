package dvo_test.mc_pinned_digest

import data.dvo_test.examples

lines(asked) := {[finding.action, finding.line] | some finding in examples.findings("mc-pinned-digest", asked)}

unpinned(asked) := json.patch(asked, [{"op": "replace", "path": "/deployments/0/after/pinned", "value": false}])

test_a_pinned_release_is_fine if lines(examples.question) == set()

test_one_without_a_digest_is_denied_and_told_the_digest if {
	some finding in examples.findings("mc-pinned-digest", unpinned(examples.question))
	[finding.action, finding.line, finding.remediation] == ["deny", 5, "Write `digest: sha256:aaaa`."]
}

test_staging_is_pinned_too if lines(unpinned(examples.in_tier("staging", "github:2"))) == {["deny", 5]}

test_development_is_not if lines(unpinned(examples.in_tier("development", "github:1"))) == set()

test_whatever_is_not_true_is_no[value] if {
	some value in [null, "true", 1, [], {}]
	lines(examples.with_changes({"/deployments/0/after/pinned": value})) == {["deny", 5]}
}

test_taking_an_agent_out_needs_no_digest if lines(examples.with_changes({"/deployments/0/after": null})) == set()
