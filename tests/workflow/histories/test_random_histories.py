"""Random histories against a plain model: no unapproved effect is deployed, no approval lost without a reason.

The same histories in every run. `pytest tests/workflow/histories --hypothesis-profile=nightly` tries
new ones, many more and longer.
"""

from collections.abc import Iterator
from concurrent.futures import Executor
from itertools import count
from pathlib import Path

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import rule, run_state_machine_as_test

from controller.ports.policy_engine import PolicyEngine
from tests.workflow.histories.choices import METHODS
from tests.workflow.histories.company import Company
from tests.workflow.histories.machine import Histories
from tests.workflow.histories.sandbox_host import SandboxHost
from tests.workflow.steps import PRODUCTION


class ThroughTheSandbox(Histories):
    """The same, with real Git and real HTTP: people and controller meet at the sandbox."""

    folders: Iterator[Path]

    def company(self) -> Company:
        self.sandbox_host = SandboxHost(next(self.folders))
        return Company(self.engine, self.pool, host=self.sandbox_host)

    @rule(what=st.sampled_from(("replicas 4", "comment", "remove")), then=st.sampled_from(("look", "race", *METHODS)))
    def push_to_what_is_green(self, what: str, then: str) -> None:
        """Few histories are played here, so each tends to what matters: a push after the approval, and a merge."""
        self.push(1, "omar-ops", (PRODUCTION, what, 1), "own", then)

    def teardown(self) -> None:
        try:
            super().teardown()
        finally:
            self.sandbox_host.close()


def test_the_same_holds_through_the_sandbox(engine: PolicyEngine, pool: Executor, tmp_path: Path) -> None:
    """ATTACKS 014, 015, 017, 021, 033, 057, 071, 075, 079, 118."""

    class OnThisEngine(ThroughTheSandbox):
        pass

    OnThisEngine.engine, OnThisEngine.pool = engine, pool
    OnThisEngine.folders = (tmp_path / str(number) for number in count())
    profile = "nightly" if settings.get_current_profile_name() == "nightly" else "sandbox"
    run_state_machine_as_test(OnThisEngine, settings=settings.get_profile(profile))


def test_whatever_happens_only_what_was_approved_runs(engine: PolicyEngine, pool: Executor) -> None:
    """ATTACKS 014, 015, 021, 033, 057, 071, 075, 079."""

    class OnThisEngine(Histories):
        pass

    profile = "nightly" if settings.get_current_profile_name() == "nightly" else "histories"
    OnThisEngine.engine, OnThisEngine.pool = engine, pool
    run_state_machine_as_test(OnThisEngine, settings=settings.get_profile(profile))
