package dvo_test.mc_process_runtime

import data.dvo_test.examples

found(changes) := {[finding.action, finding.line] |
	some finding in examples.findings("mc-process-runtime", examples.with_changes(changes))
}

trial := {"/environments/production/before/platforms/fastapi": "process"}

test_production_on_the_process_runtime_is_a_warning_at_the_platform if found(trial) == {["warn", 7]}

test_another_runtime_is_fine if found({}) == set()

test_taking_an_agent_out_is_no_matter_of_runtimes if {
	found(object.union(trial, {"/deployments/0/after": null})) == set()
}
