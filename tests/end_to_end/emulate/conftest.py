"""The company on another author's GitHub: one shared by the story, and how far the story has come."""

from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from tests.end_to_end.edits import DEVELOPMENT, STAGING, moved, new_release
from tests.end_to_end.emulate.elsewhere import Elsewhere, elsewhere


@dataclass(frozen=True, slots=True)
class Release:
    """A published release: what pins a manifest to it."""

    pin: dict[str, object]


@dataclass(frozen=True, slots=True)
class Deployed:
    """A change that went out: its pull request, its merge, and where the agent answers."""

    number: int
    merge: str
    endpoint: str


@pytest.fixture(scope="module")
def abroad(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Elsewhere]:
    with elsewhere(tmp_path_factory.mktemp("abroad")) as made:
        yield made


@pytest.fixture(scope="module")
def release(abroad: Elsewhere) -> Release:
    """The analyst's next release, published: two of its owners approve, as nobody knows who pushed it."""
    files, pin = new_release("1.1.0")
    number = abroad.propose("dana-dev", files, "ANL 1.1.0")
    abroad.check(number, "dvo/policy", "success")
    abroad.check(number, "dvo/approval", "action_required", "Waiting for 2 approvals")
    for owner in ("omar-ops", "rita-release"):
        abroad.person(owner).approve(number)
    abroad.green(number)
    merge = abroad.merge("omar-ops", number)
    abroad.check(merge, "dvo/deploy", "success")
    return Release(pin)


@pytest.fixture(scope="module")
def in_development(abroad: Elsewhere, release: Release) -> Deployed:
    """The release deployed in development by a developer, squashed."""
    number = _admitted(abroad, "dana-dev", DEVELOPMENT, release)
    return _deployed(abroad, number, abroad.person("dana-dev").merge(number, "squash"))


@pytest.fixture(scope="module")
def in_staging(abroad: Elsewhere, release: Release) -> Deployed:
    """The release deployed in staging by an operator, rebased."""
    number = _admitted(abroad, "omar-ops", STAGING, release)
    return _deployed(abroad, number, abroad.person("omar-ops").merge(number, "rebase"))


def _admitted(abroad: Elsewhere, login: str, path: str, release: Release) -> int:
    number = abroad.propose(login, {path: moved(abroad.file(path), release.pin)}, f"ANL 1.1.0 in {path}")
    abroad.green(number)
    return number


def _deployed(abroad: Elsewhere, number: int, merge: str) -> Deployed:
    return Deployed(number, merge, abroad.deployed(merge))
