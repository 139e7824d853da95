"""Real bundles and a deployer in a temporary home; whatever a test leaves running ends with it."""

from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from controller.adapters.process.children import running, stop
from controller.adapters.process.deployer import ProcessDeployer
from controller.caat.bundle import Bundle
from controller.desired_state.manifest import AgentCode, EnvironmentName, Key, Platform
from tests.adapters.process.sample_bundle import agent_bundle, quick_bundle


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Path]:
    yield tmp_path
    for child in running(tmp_path):
        stop(child, tmp_path)


@pytest.fixture
def deployer(home: Path) -> ProcessDeployer:
    return ProcessDeployer(home)


@pytest.fixture
def key() -> Key:
    return Key(EnvironmentName("development"), AgentCode("ANL"))


@pytest.fixture(scope="session")
def bundles() -> Sequence[Bundle]:
    return [quick_bundle("one"), quick_bundle("two")]


@pytest.fixture(scope="session")
def agent() -> Bundle:
    return agent_bundle()


@pytest.fixture(scope="session")
def broken_bundle() -> Bundle:
    start = b"import sys\nsys.exit('no model at token=' + 'a1B2c3D4' * 5)\n"
    return Bundle(Platform.FASTAPI, {"__main__.py": start})
