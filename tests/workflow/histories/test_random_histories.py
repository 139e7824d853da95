"""Random histories against a plain model: no unapproved effect is deployed, no approval lost without a reason.

The same histories in every run. `pytest tests/workflow/histories --hypothesis-profile=nightly` tries
new ones, many more and longer.
"""

from concurrent.futures import Executor

from hypothesis import settings
from hypothesis.stateful import run_state_machine_as_test

from controller.ports.policy_engine import PolicyEngine
from tests.workflow.histories.machine import Histories


def test_whatever_happens_only_what_was_approved_runs(engine: PolicyEngine, pool: Executor) -> None:
    """ATTACKS 014, 015, 021, 033, 057, 071, 075, 079."""

    class OnThisEngine(Histories):
        pass

    profile = "nightly" if settings.get_current_profile_name() == "nightly" else "histories"
    OnThisEngine.engine, OnThisEngine.pool = engine, pool
    run_state_machine_as_test(OnThisEngine, settings=settings.get_profile(profile))
