"""The deployer in memory keeps the promises of the port."""

from collections.abc import Callable, Mapping, Sequence

import pytest

from controller.caat.bundle import Bundle
from controller.desired_state.manifest import AgentCode, EnvironmentName, Key, Platform
from controller.errors import UnavailableError
from controller.ports.deployer import Intent
from tests.contracts.deployer import SECONDS, DeployerContract, deploy, intent
from tests.fakes.deployer import FakeDeployer

BROKEN = Bundle(Platform.FASTAPI, {"service.py": b"raise SystemExit"})


@pytest.fixture
def deployer() -> FakeDeployer:
    return FakeDeployer(unhealthy={BROKEN.digest: "it ended before it was healthy"})


@pytest.fixture
def key() -> Key:
    return Key(EnvironmentName("development"), AgentCode("ANL"))


@pytest.fixture
def bundles() -> Sequence[Bundle]:
    return [Bundle(Platform.FASTAPI, {"service.py": content}) for content in (b"1", b"2")]


@pytest.fixture
def broken_bundle() -> Bundle:
    return BROKEN


class TestFakeDeployer(DeployerContract):
    """The fake, held to the contract of the real one."""


def test_effects_are_counted_once_however_often_steps_are_repeated(
    deployer: FakeDeployer, key: Key, bundles: Sequence[Bundle]
) -> None:
    wanted = intent(key, bundles[0])
    for _ in range(3):
        deploy(deployer, wanted, bundles[0])
    assert [effect.kind for effect in deployer.effects] == ["started", "switched"]
    assert deployer.count("started") == 1


def test_what_fell_ill_is_started_again_for_the_same_intent(
    deployer: FakeDeployer, key: Key, bundles: Sequence[Bundle]
) -> None:
    wanted = intent(key, bundles[0])
    deploy(deployer, wanted, bundles[0])
    deployer.fall_ill(key)
    assert deploy(deployer, wanted, bundles[0]).is_healthy
    assert (deployer.count("started"), deployer.count("stopped")) == (2, 1)


def test_what_crashed_no_longer_runs(deployer: FakeDeployer, key: Key, bundles: Sequence[Bundle]) -> None:
    deploy(deployer, intent(key, bundles[0]), bundles[0])
    deployer.crash(key)
    assert deployer.live(key) is None


@pytest.mark.parametrize("step", ["live", "start", "switch", "discard", "remove"])
def test_a_target_that_is_down_cannot_be_asked(
    deployer: FakeDeployer, key: Key, bundles: Sequence[Bundle], step: str
) -> None:
    deployer.is_down = True
    wanted = Intent("first", key, intent(key, bundles[0]).plan, bundles[0].digest)
    steps: Mapping[str, Callable[[], object]] = {
        "live": lambda: deployer.live(key),
        "start": lambda: deployer.start(wanted, bundles[0], SECONDS),
        "switch": lambda: deployer.switch(wanted),
        "discard": lambda: deployer.discard(wanted),
        "remove": lambda: deployer.remove(key),
    }
    with pytest.raises(UnavailableError):
        steps[step]()
