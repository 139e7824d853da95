"""What every deployer promises, the real ones and the fake one: subclass, give the fixtures, and run.

The subclass's folder provides `deployer`, `key`, `bundles` (two that become healthy, of
different content) and `broken_bundle` (one that does not).
"""

from collections.abc import Sequence

import pytest

from controller.caat.bundle import Bundle
from controller.change.names import Digest, digest_of
from controller.desired_state.manifest import AgentCode, EnvironmentName, Key
from controller.errors import InputError, StaleError
from controller.ports.deployer import Deployer, Intent, Live, Unhealthy

PLAN = digest_of(b"plan")
"""The plan that every bundle of the contract says it was made for."""
SECONDS = 60


def intent(key: Key, bundle: Bundle, name: str = "first", plan: Digest = PLAN) -> Intent:
    """Return an intent to run `bundle` for `key`."""
    return Intent(name, key, plan, bundle.digest)


def deploy(deployer: Deployer, wanted: Intent, bundle: Bundle) -> Live:
    """Start and switch, as a roll-out does when all is well."""
    started = deployer.start(wanted, bundle, SECONDS)
    assert isinstance(started, Live), started
    return deployer.switch(wanted)


class DeployerContract:
    """The promises of `controller.ports.deployer`."""

    def test_nothing_runs_at_first(self, deployer: Deployer, key: Key) -> None:
        assert deployer.live(key) is None

    def test_a_candidate_is_healthy_and_replaces_nothing_yet(
        self, deployer: Deployer, key: Key, bundles: Sequence[Bundle]
    ) -> None:
        deploy(deployer, intent(key, bundles[0]), bundles[0])
        second = intent(key, bundles[1], "second")
        candidate = deployer.start(second, bundles[1], SECONDS)
        assert isinstance(candidate, Live)
        assert (candidate.intent, candidate.bundle, candidate.is_healthy) == ("second", bundles[1].digest, True)
        running = deployer.live(key)
        assert running is not None
        assert (running.intent, running.bundle) == ("first", bundles[0].digest)

    def test_switching_makes_the_candidate_the_one_that_runs(
        self, deployer: Deployer, key: Key, bundles: Sequence[Bundle]
    ) -> None:
        deploy(deployer, intent(key, bundles[0]), bundles[0])
        second = intent(key, bundles[1], "second")
        candidate = deployer.start(second, bundles[1], SECONDS)
        assert deployer.switch(second) == candidate == deployer.live(key)

    def test_what_runs_names_its_plan_and_bundle(self, deployer: Deployer, key: Key, bundles: Sequence[Bundle]) -> None:
        live = deploy(deployer, intent(key, bundles[0]), bundles[0])
        assert (live.key, live.plan, live.bundle) == (key, PLAN, bundles[0].digest)

    def test_a_repeated_start_gives_the_same_instance(
        self, deployer: Deployer, key: Key, bundles: Sequence[Bundle]
    ) -> None:
        """ATTACKS 029."""
        wanted = intent(key, bundles[0])
        first = deployer.start(wanted, bundles[0], SECONDS)
        assert deployer.start(wanted, bundles[0], SECONDS) == first
        switched = deployer.switch(wanted)
        assert deployer.start(wanted, bundles[0], SECONDS) == switched == first

    def test_a_repeated_switch_gives_the_same_instance(
        self, deployer: Deployer, key: Key, bundles: Sequence[Bundle]
    ) -> None:
        wanted = intent(key, bundles[0])
        assert deploy(deployer, wanted, bundles[0]) == deployer.switch(wanted)

    def test_an_intent_of_another_bundle_is_refused(
        self, deployer: Deployer, key: Key, bundles: Sequence[Bundle]
    ) -> None:
        """ATTACKS 027."""
        with pytest.raises(InputError, match=bundles[0].digest):
            deployer.start(intent(key, bundles[0]), bundles[1], SECONDS)
        assert deployer.live(key) is None

    def test_a_broken_bundle_leaves_what_ran(
        self, deployer: Deployer, key: Key, bundles: Sequence[Bundle], broken_bundle: Bundle
    ) -> None:
        before = deploy(deployer, intent(key, bundles[0]), bundles[0])
        outcome = deployer.start(intent(key, broken_bundle, "broken"), broken_bundle, SECONDS)
        assert isinstance(outcome, Unhealthy)
        assert outcome.reason
        assert deployer.live(key) == before

    def test_a_broken_candidate_cannot_be_switched_to(
        self, deployer: Deployer, key: Key, bundles: Sequence[Bundle], broken_bundle: Bundle
    ) -> None:
        before = deploy(deployer, intent(key, bundles[0]), bundles[0])
        broken = intent(key, broken_bundle, "broken")
        deployer.start(broken, broken_bundle, SECONDS)
        with pytest.raises(StaleError):
            deployer.switch(broken)
        assert deployer.live(key) == before

    def test_a_discarded_candidate_is_gone_and_what_ran_still_runs(
        self, deployer: Deployer, key: Key, bundles: Sequence[Bundle]
    ) -> None:
        before = deploy(deployer, intent(key, bundles[0]), bundles[0])
        second = intent(key, bundles[1], "second")
        deployer.start(second, bundles[1], SECONDS)
        deployer.discard(second)
        deployer.discard(second)
        with pytest.raises(StaleError):
            deployer.switch(second)
        assert deployer.live(key) == before

    def test_discarding_what_was_switched_stops_nothing(
        self, deployer: Deployer, key: Key, bundles: Sequence[Bundle]
    ) -> None:
        wanted = intent(key, bundles[0])
        live = deploy(deployer, wanted, bundles[0])
        deployer.discard(wanted)
        assert deployer.live(key) == live

    def test_discarding_an_intent_keeps_the_candidate_of_another(
        self, deployer: Deployer, key: Key, bundles: Sequence[Bundle]
    ) -> None:
        deployer.start(intent(key, bundles[0], "newer"), bundles[0], SECONDS)
        deployer.discard(intent(key, bundles[1], "older"))
        assert deployer.switch(intent(key, bundles[0], "newer")).intent == "newer"

    def test_a_newer_intent_takes_the_place_of_an_older_candidate(
        self, deployer: Deployer, key: Key, bundles: Sequence[Bundle]
    ) -> None:
        older, newer = intent(key, bundles[0], "older"), intent(key, bundles[1], "newer")
        deployer.start(older, bundles[0], SECONDS)
        deployer.start(newer, bundles[1], SECONDS)
        with pytest.raises(StaleError):
            deployer.switch(older)
        assert deployer.switch(newer).bundle == bundles[1].digest

    def test_one_intent_id_never_means_two_plans(self, deployer: Deployer, key: Key, bundles: Sequence[Bundle]) -> None:
        """ATTACKS 027."""
        deployer.start(intent(key, bundles[0]), bundles[0], SECONDS)
        with pytest.raises(StaleError):
            deployer.switch(intent(key, bundles[0], plan=digest_of(b"another plan")))

    def test_switching_without_a_candidate_is_stale(
        self, deployer: Deployer, key: Key, bundles: Sequence[Bundle]
    ) -> None:
        with pytest.raises(StaleError):
            deployer.switch(intent(key, bundles[0]))

    def test_what_is_removed_no_longer_runs(self, deployer: Deployer, key: Key, bundles: Sequence[Bundle]) -> None:
        deploy(deployer, intent(key, bundles[0]), bundles[0])
        deployer.remove(key)
        assert deployer.live(key) is None
        deployer.remove(key)

    def test_a_removed_candidate_cannot_be_switched_to(
        self, deployer: Deployer, key: Key, bundles: Sequence[Bundle]
    ) -> None:
        wanted = intent(key, bundles[0])
        deployer.start(wanted, bundles[0], SECONDS)
        deployer.remove(key)
        with pytest.raises(StaleError):
            deployer.switch(wanted)

    def test_keys_do_not_touch_one_another(self, deployer: Deployer, key: Key, bundles: Sequence[Bundle]) -> None:
        """ATTACKS 031."""
        other = Key(EnvironmentName("elsewhere"), AgentCode("OTHER"))
        mine = deploy(deployer, intent(key, bundles[0]), bundles[0])
        deploy(deployer, intent(other, bundles[0]), bundles[0])
        deployer.remove(other)
        assert deployer.live(key) == mine
        assert deployer.live(other) is None
