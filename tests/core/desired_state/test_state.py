"""What one tree wants, and the faults of the rest."""

import pytest

from controller.change.facts import FileMode, Snapshot
from controller.change.names import RepoPath
from controller.desired_state.manifest import AgentCode
from controller.desired_state.state import MOST_READINGS, DesiredState, Readings, read_desired_state
from tests.core.desired_state.making import MANIFEST, World, environment, manifest, release, small_repository


def read(world: World, snapshot: Snapshot) -> DesiredState:
    return read_desired_state(snapshot, world.contents)


def only(state: DesiredState) -> tuple[str, int, str]:
    (problem,) = state.problems
    assert problem.message.isascii()
    return (problem.path, problem.line, problem.message)


def test_a_tree_in_order_is_accepted_whole(world: World) -> None:
    state = read(world, world.tree(small_repository()))
    assert state.problems == ()
    assert sorted(state.environments) == ["development", "production", "staging"]
    assert sorted(map(str, state.manifests)) == ["development/ANL", "production/ANL", "staging/ANL"]
    assert state.releases == {"ANL": release()}


def test_an_empty_tree_wants_nothing(world: World) -> None:
    assert read(world, world.tree({})) == DesiredState({}, {}, {}, ())


def test_a_fault_in_one_file_leaves_the_others(world: World) -> None:
    files = small_repository() | {"environments/staging/anl.yaml": manifest(replicas="0")}
    state = read(world, world.tree(files))
    assert only(state)[0] == "environments/staging/anl.yaml"
    assert sorted(map(str, state.manifests)) == ["development/ANL", "production/ANL"]


@pytest.mark.parametrize(
    ("changes", "path", "line", "message"),
    [
        (
            {"environments/qa/anl.yaml": manifest()},
            "environments/qa/anl.yaml",
            1,
            "environment `qa` does not exist",
        ),
        (
            {"environments/development/environment.yaml": environment("prod")},
            MANIFEST,
            1,
            "the definition of environment `development` cannot be accepted",
        ),
        (
            {
                "environments/development/environment.yaml": environment(
                    platforms="{langchain: process, azure_functions: azure_functions}"
                )
            },
            MANIFEST,
            5,
            "`platform`: environment `development` runs azure_functions, langchain, got fastapi",
        ),
        (
            {"environments/staging/anl.yaml": manifest()},
            "environments/staging/anl.yaml",
            4,
            "`digest` is missing, and the tier of `staging` is staging",
        ),
        (
            {"environments/development/gha.yaml": manifest("GHA")},
            "environments/development/gha.yaml",
            3,
            "`agent`: there is no agent GHA in `agents/`",
        ),
    ],
    ids=["no-environment", "broken-environment", "platform", "digest", "agent"],
)
def test_a_manifest_must_fit_its_tree(
    world: World, changes: dict[str, str], path: str, line: int, message: str
) -> None:
    state = read(world, world.tree(small_repository() | changes))
    told = [(problem.path, problem.line, problem.message) for problem in state.problems]
    assert (path, line, message) in told
    assert path not in [found.path for found in state.manifests.values()]


@pytest.mark.parametrize(
    ("mode", "kind"),
    [
        (FileMode.EXECUTABLE, "an executable file (100755)"),
        (FileMode.SYMLINK, "a symbolic link (120000)"),
        (FileMode.SUBMODULE, "a submodule (160000)"),
    ],
)
@pytest.mark.parametrize(
    "path", [MANIFEST, ".github/CODEOWNERS", "policies/rego/main.rego", "agents/anl/agent.yaml", "environments/x"]
)
def test_only_ordinary_files_are_governed(world: World, path: str, mode: FileMode, kind: str) -> None:
    """ATTACKS 038."""
    state = read(world, world.tree(small_repository() | {path: "../../etc/passwd"}, {path: mode}))
    told = [problem.message for problem in state.problems if problem.path == path]
    assert f"this is {kind}, expected an ordinary file (100644)" in told


def test_a_symbolic_link_is_never_followed_or_read(world: World) -> None:
    """ATTACKS 038."""
    snapshot = world.tree(small_repository() | {MANIFEST: manifest()}, {MANIFEST: FileMode.SYMLINK})
    del world.contents[snapshot.entries[MANIFEST].blob]
    assert "development/ANL" not in map(str, read(world, snapshot).manifests)


def test_wrong_and_colliding_paths_are_told(world: World) -> None:
    """ATTACKS 092, 097."""
    extra = {
        "environments/development/anl.yml": "",
        "Environments/x.yaml": "",
        "policies/A": "",
        "policies/a": "",
        "README.md": "",
        "readme.md": "",
    }
    state = read(world, world.tree(small_repository() | extra))
    assert [(problem.path, problem.message) for problem in state.problems] == [
        ("Environments/x.yaml", "'Environments' resembles `environments` but is not it"),
        ("environments/development/anl.yml", "'anl.yml' is no manifest"),
        ("policies/a", "its name differs from 'policies/A' in case or form alone"),
    ]


def test_releases_are_read_of_the_agents_asked_for(world: World) -> None:
    files = small_repository() | {"agents/gha/agent.yaml": "code: GHA\nversion: 1\n"}
    snapshot = world.tree(files)
    assert read_desired_state(snapshot, world.contents, agents=[AgentCode("ANL"), AgentCode("NEW")]).problems == ()
    assert only(read_desired_state(snapshot, world.contents))[0] == "agents/gha/agent.yaml"
    assert read_desired_state(snapshot, world.contents, agents=[]).releases == {}


def test_what_was_read_is_not_read_again(world: World) -> None:
    snapshot, readings = world.tree(small_repository()), Readings()
    first = read_desired_state(snapshot, world.contents, agents=[], readings=readings)
    assert len(readings.manifests) == len(readings.environments) == 3
    assert read_desired_state(snapshot, {}, agents=[], readings=readings) == first


def test_readings_forget_before_they_grow_without_end(world: World) -> None:
    snapshot, readings = world.tree(small_repository()), Readings()
    first = read_desired_state(snapshot, world.contents, agents=[], readings=readings)
    (key, found), *_ = readings.manifests.items()
    readings.manifests.update({(RepoPath(f"{key[0]}{number}"), key[1]): found for number in range(MOST_READINGS)})
    del readings.manifests[key]
    assert read_desired_state(snapshot, world.contents, agents=[], readings=readings) == first
    assert len(readings.manifests) < MOST_READINGS


def test_the_same_bytes_at_another_path_are_another_manifest(world: World) -> None:
    files = small_repository() | {"environments/development/gha.yaml": manifest("ANL")}
    assert only(read(world, world.tree(files))) == (
        "environments/development/gha.yaml",
        3,
        "`agent`: expected GHA as the file's name says, got ANL",
    )


def test_a_file_that_cannot_be_read_is_told_at_its_path_and_leaves_the_rest(world: World) -> None:
    snapshot = world.tree(small_repository())
    whole = read(world, snapshot)
    content = world.contents.pop(snapshot.entries[MANIFEST].blob)
    readings = Readings()
    found = read_desired_state(snapshot, world.contents, readings=readings)
    path, line, message = only(found)
    assert (path, line) == (MANIFEST, 1)
    assert "its content cannot be read" in message
    assert found.manifests.keys() < whole.manifests.keys()
    world.contents[snapshot.entries[MANIFEST].blob] = content
    assert read_desired_state(snapshot, world.contents, readings=readings) == whole
