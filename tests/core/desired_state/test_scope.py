"""How far a change reaches, and which bytes judging it needs: no more, no fewer."""

from controller.change.facts import FileMode
from controller.desired_state.proposal import propose
from controller.desired_state.scope import blobs_to_read, scope_of
from tests.core.desired_state.making import MANIFEST, World, blob_id, manifest, small_repository

OTHER_AGENT = {"agents/gha/agent.yaml": "code: GHA\nversion: 1.0.0\n", "agents/gha/kb.md": "facts of another agent\n"}


def test_a_manifest_reaches_its_own_deployment_and_agent(world: World) -> None:
    files = small_repository() | OTHER_AGENT
    scope = scope_of(world.tree(files), world.tree(files | {MANIFEST: manifest(replicas="2"), "README.md": "new"}))
    assert scope.paths == {MANIFEST}
    assert scope.agents == {"ANL"}
    assert set(map(str, scope.keys)) == {"development/ANL"}


def test_an_agents_files_reach_every_deployment_of_it(world: World) -> None:
    files = small_repository() | OTHER_AGENT
    scope = scope_of(world.tree(files), world.tree(files | {"agents/anl/instructions.md": "x"}))
    assert set(map(str, scope.keys)) == {"development/ANL", "production/ANL", "staging/ANL"}


def test_the_same_tree_reaches_nothing(world: World) -> None:
    tree = world.tree(small_repository())
    scope = scope_of(tree, tree)
    assert not (scope.paths | scope.agents | scope.keys)


def test_untouched_agents_are_not_read(world: World) -> None:
    files = small_repository() | OTHER_AGENT
    needed = blobs_to_read(world.tree(files), world.tree(files | {MANIFEST: manifest(replicas="2")}))
    assert blob_id(b"facts of another agent\n") not in needed
    assert blob_id(b"Be brief.\n") in needed
    assert blob_id(b"package dvo\n") not in needed


def test_submodules_have_no_bytes_to_read(world: World) -> None:
    after = world.tree(small_repository() | {"agents/anl/sub": "x"}, {"agents/anl/sub": FileMode.SUBMODULE})
    assert blob_id(b"x") not in blobs_to_read(world.tree(small_repository()), after)


def test_what_is_named_is_enough_to_judge(world: World) -> None:
    files = small_repository() | OTHER_AGENT
    changes: list[dict[str, str]] = [
        {MANIFEST: manifest(replicas="2")},
        {"agents/anl/instructions.md": "x"},
        {"agents/gha/agent.yaml": ""},
        {"policies/rego/main.rego": "package other\n"},
        {"environments/development/environment.yaml": ""},
        {"Environments/x": "1"},
        {"environments/development/gha.yaml": manifest("GHA")},
    ]
    for change in changes:
        for modes in ({}, dict.fromkeys(change, FileMode.SYMLINK), dict.fromkeys(change, FileMode.SUBMODULE)):
            before, after = world.tree(files), world.tree(files | change, modes)
            for one, other in ((before, after), (after, before)):
                gathered = {blob: world.contents[blob] for blob in blobs_to_read(one, other)}
                assert propose(one, other, gathered, ()) == propose(one, other, world.contents, ())
