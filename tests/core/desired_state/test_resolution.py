"""Which release stands behind each version and digest."""

from controller.change.facts import Snapshot
from controller.desired_state.release import PublishedRelease
from controller.desired_state.resolution import republished, resolve
from controller.desired_state.state import read_desired_state
from tests.core.desired_state.making import (
    CHANGED,
    MANIFEST,
    World,
    digest_of_release,
    manifest,
    published,
    release,
    small_repository,
)

STAGING = "environments/staging/anl.yaml"


def faults(world: World, snapshot: Snapshot, *known: PublishedRelease) -> list[tuple[str, int, str]]:
    resolution = resolve(read_desired_state(snapshot, world.contents), known)
    return [(problem.path, problem.line, problem.message) for problem in resolution.problems]


def test_a_version_in_the_tree_is_the_trees_release(world: World) -> None:
    found = resolve(read_desired_state(world.tree(small_repository()), world.contents), ()).plans
    assert {str(key): plan.release for key, plan in found.items()} == {
        "development/ANL": release(),
        "production/ANL": release(),
        "staging/ANL": release(),
    }


def test_a_published_version_can_be_deployed_again(world: World) -> None:
    files = small_repository() | {MANIFEST: manifest(version="0.9.0")}
    found = resolve(read_desired_state(world.tree(files), world.contents), (published(version="0.9.0"),)).plans
    assert {plan.release.version for plan in found.values()} == {"0.9.0", "1.0.0"}


def test_what_was_published_goes_before_what_lies_in_the_tree(world: World) -> None:
    files = small_repository() | {"agents/anl/instructions.md": "Changed.\n"}
    state = read_desired_state(world.tree(files), world.contents)
    plans = resolve(state, (published(),)).plans
    assert {plan.release.digest for plan in plans.values()} == {digest_of_release()}


def test_a_version_nobody_published_is_refused(world: World) -> None:
    files = small_repository() | {MANIFEST: manifest(version="2.0.0")}
    message = "`version`: 2.0.0 of ANL was never published and is not what `agents/` holds"
    assert faults(world, world.tree(files), published(version="1.5.0")) == [(MANIFEST, 4, message)]


def test_a_version_of_another_agent_does_not_count(world: World) -> None:
    files = small_repository() | {MANIFEST: manifest(version="2.0.0")}
    assert faults(world, world.tree(files), published("GHA", version="2.0.0"))


def test_without_the_agents_files_only_published_versions_are_known(world: World) -> None:
    state = read_desired_state(world.tree(small_repository()), world.contents, agents=())
    assert len(resolve(state, ()).problems) == 3
    assert len(resolve(state, (published(),)).plans) == 3


def test_a_digest_must_be_that_of_its_version(world: World) -> None:
    other = "sha256:" + "0" * 64
    files = small_repository() | {STAGING: manifest(digest=other)}
    message = f"`digest`: ANL 1.0.0 is {digest_of_release()}, got {other}"
    assert faults(world, world.tree(files)) == [(STAGING, 7, message)]
    assert faults(world, world.tree(files), published()) == [(STAGING, 7, message)]


def test_the_digest_of_another_version_does_not_count(world: World) -> None:
    files = small_repository() | {STAGING: manifest(digest=digest_of_release(version="0.9.0"))}
    assert len(faults(world, world.tree(files), published(), published(version="0.9.0"))) == 1


def test_only_the_keys_asked_for_are_resolved(world: World) -> None:
    state = read_desired_state(world.tree(small_repository()), world.contents)
    asked = [key for key in state.manifests if key.environment == "staging"]
    assert list(resolve(state, (), keys=asked).plans) == asked


def test_other_content_under_a_version_is_found() -> None:
    changed = release(files=CHANGED)
    earlier = [release("GHA"), release(version="0.9.0"), release(), release()]
    assert republished({changed.agent: changed}, earlier) == {"ANL": (release(), changed)}
    assert republished({changed.agent: changed}, [changed]) == {}
