"""What a change proposes, and the faults it answers for."""

from collections.abc import Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st

from controller.change.facts import FileMode, Snapshot
from controller.change.names import RepoPath
from controller.change.overlay import overlay
from controller.desired_state.difference import Kind
from controller.desired_state.proposal import Proposal, propose
from controller.desired_state.release import PublishedRelease
from controller.desired_state.scope import blobs_to_read
from controller.desired_state.state import Readings
from tests.core.desired_state.making import (
    MANIFEST,
    World,
    agent_files,
    digest_of_release,
    environment,
    manifest,
    published,
    small_repository,
)

STAGING = "environments/staging/anl.yaml"
PRODUCTION = "environments/production/anl.yaml"
Files = Mapping[str, str | bytes]


def without(files: Files, *paths: str) -> dict[str, str | bytes]:
    return {path: content for path, content in files.items() if path not in paths}


class Story:
    """A base everyone agrees on, and changes to it."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.base = world.tree(small_repository())

    def change(self, changes: Files, *known: PublishedRelease, modes: Mapping[str, FileMode] | None = None) -> Proposal:
        return self.go(self.base, self.world.tree(small_repository() | dict(changes), modes), *known)

    def go(self, before: Snapshot, after: Snapshot, *known: PublishedRelease) -> Proposal:
        gathered = {blob: self.world.contents[blob] for blob in blobs_to_read(before, after)}
        return propose(before, after, gathered, known)


@pytest.fixture
def story(world: World) -> Story:
    return Story(world)


def kinds(proposal: Proposal) -> dict[str, tuple[Kind, ...]]:
    return {str(difference.key): difference.kinds for difference in proposal.differences}


def told(proposal: Proposal) -> list[tuple[str, int, str]]:
    return [(problem.path, problem.line, problem.message) for problem in proposal.problems]


def test_nothing_changed_proposes_nothing(story: Story) -> None:
    """ATTACKS 098."""
    proposal = story.change({})
    assert (proposal.differences, proposal.problems, proposal.effect.is_empty) == ((), (), True)


def test_a_comment_or_another_order_proposes_nothing(story: Story) -> None:
    """ATTACKS 098: an approval survives what says nothing."""
    text = "# why\n" + "\n".join(reversed(manifest().splitlines())) + "\n"
    proposal = story.change({MANIFEST: text})
    assert (proposal.differences, proposal.problems, proposal.effect.is_empty) == ((), (), True)
    assert proposal.effect.digest == story.change({}).effect.digest


def test_files_nobody_governs_propose_nothing(story: Story) -> None:
    proposal = story.change({"README.md": "x", "src/main.py": "x", "environments/README.md": "x"})
    assert (proposal.differences, proposal.problems, proposal.effect.is_empty) == ((), (), True)


def test_a_changed_manifest_is_one_difference(story: Story) -> None:
    proposal = story.change({MANIFEST: manifest(replicas="3", variables="{A: b}")})
    assert kinds(proposal) == {"development/ANL": (Kind.RESCALED, Kind.RECONFIGURED)}
    assert proposal.problems == ()
    (effect,) = proposal.effect.plans
    assert (proposal.effect.files, effect.before is None, effect.after is None) == ((), False, False)


def test_a_manifest_may_come_and_go(story: Story) -> None:
    gone = story.world.tree(without(small_repository(), STAGING))
    assert kinds(story.go(story.base, gone)) == {"staging/ANL": (Kind.REMOVED,)}
    assert kinds(story.go(gone, story.base)) == {"staging/ANL": (Kind.ADDED,)}


def test_a_renamed_manifest_is_judged_on_both_sides(story: Story) -> None:
    """ATTACKS 091."""
    moved = without(small_repository(), MANIFEST) | {
        "environments/staging/anl.yaml": manifest(digest=digest_of_release(), replicas="4")
    }
    assert kinds(story.go(story.base, story.world.tree(moved))) == {
        "development/ANL": (Kind.REMOVED,),
        "staging/ANL": (Kind.RESCALED,),
    }


def new_version(**environments: str) -> dict[str, str | bytes]:
    files = {f"agents/anl/{path}": content for path, content in agent_files(version="1.1.0").items()}
    return {**files, **environments}


def test_a_new_version_and_its_first_deployment_go_together(story: Story) -> None:
    proposal = story.change(new_version() | {MANIFEST: manifest(version="1.1.0")}, published())
    assert kinds(proposal) == {"development/ANL": (Kind.UPGRADED,)}
    assert proposal.problems == ()
    assert [effect.path for effect in proposal.effect.files] == ["agents/anl/agent.yaml"]


def test_a_new_version_that_nobody_uses_yet_moves_nothing(story: Story) -> None:
    proposal = story.change(new_version(), published())
    assert (kinds(proposal), proposal.problems) == ({}, ())


def test_a_version_still_in_use_may_not_leave_before_it_was_published(story: Story) -> None:
    assert told(story.change(new_version())) == [
        (path, 4, "`version`: 1.0.0 of ANL was never published and is not what `agents/` holds")
        for path in (MANIFEST, PRODUCTION, STAGING)
    ]


@pytest.mark.parametrize("known", [(), (published(),)], ids=["by-base", "by-publication"])
def test_a_published_version_never_changes(story: Story, known: tuple[PublishedRelease, ...]) -> None:
    proposal = story.change({"agents/anl/instructions.md": "Changed.\n"}, *known)
    messages = [message for path, line, message in told(proposal) if (path, line) == ("agents/anl/agent.yaml", 2)]
    assert len(messages) == 1
    assert messages[0].startswith(f"ANL 1.0.0 was published as {digest_of_release()}, these files are sha256:")


def test_going_back_to_published_files_is_no_change_of_a_version(story: Story) -> None:
    newer = story.world.tree(small_repository() | new_version())
    assert story.go(newer, story.base, published(), published(version="1.1.0")).problems == ()


@pytest.mark.parametrize(
    "text",
    [manifest(replicas="no"), "", "a: *b", manifest(version="9.9.9"), manifest(platform="langchain")],
    ids=["field", "empty", "alias", "version", "platform"],
)
def test_a_manifest_that_cannot_be_accepted_is_a_problem_and_no_difference(story: Story, text: str) -> None:
    proposal = story.change({MANIFEST: text, STAGING: manifest(digest=digest_of_release(), replicas="2")})
    assert kinds(proposal) == {"staging/ANL": (Kind.RESCALED,)}
    assert {problem.path for problem in proposal.problems} == {MANIFEST}
    assert [effect.path for effect in proposal.effect.files] == [MANIFEST]


def test_a_manifest_that_became_a_link_does_not_count_as_removed(story: Story) -> None:
    """ATTACKS 038."""
    proposal = story.change({}, modes={MANIFEST: FileMode.SYMLINK})
    assert kinds(proposal) == {}
    assert told(proposal) == [(MANIFEST, 1, "this is a symbolic link (120000), expected an ordinary file (100644)")]
    assert not proposal.effect.is_empty


def test_a_broken_manifest_on_main_can_be_repaired_and_removed(story: Story) -> None:
    broken = story.world.tree(small_repository() | {MANIFEST: "a: *b"})
    repaired = story.go(broken, story.base)
    assert (kinds(repaired), repaired.problems) == ({"development/ANL": (Kind.ADDED,)}, ())
    removed = story.go(broken, story.world.tree(without(small_repository(), MANIFEST)))
    assert (kinds(removed), removed.problems) == ({}, ())
    assert [effect.path for effect in removed.effect.files] == [MANIFEST]


def test_faults_that_were_there_before_are_not_this_changes(story: Story) -> None:
    old = small_repository() | {
        STAGING: "a: *b",
        "environments/x.yml": "",
        "agents/gha/kb.md": "",
        "policies/A": "",
        "policies/a": "",
    }
    before = story.world.tree(old)
    proposal = story.go(before, story.world.tree(old | {MANIFEST: manifest(replicas="2")}))
    assert proposal.before.problems
    assert proposal.problems == ()
    assert {problem.path for problem in proposal.after.problems} >= {STAGING, "environments/x.yml"}


def test_a_broken_file_that_is_touched_is_answered_for(story: Story) -> None:
    before = story.world.tree(small_repository() | {STAGING: "a: *b"})
    after = story.world.tree(small_repository() | {STAGING: "a: *b\n"})
    assert {problem.path for problem in story.go(before, after).problems} == {STAGING}


def test_a_version_unknown_before_is_not_this_changes(story: Story) -> None:
    old = small_repository() | {MANIFEST: manifest(version="0.1.0")}
    other = {f"agents/anl/{path}": content for path, content in agent_files(version="2.0.0").items()}
    before = story.world.tree(old)
    assert story.go(before, story.world.tree(old | other), published()).problems == ()


def test_an_altered_release_on_main_does_not_stop_its_manifests(story: Story) -> None:
    old = small_repository() | {"agents/anl/instructions.md": "Changed by force.\n"}
    proposal = story.go(story.world.tree(old), story.world.tree(old | {MANIFEST: manifest(replicas="2")}), published())
    assert (kinds(proposal), proposal.problems) == ({"development/ANL": (Kind.RESCALED,)}, ())


def test_what_a_change_takes_away_it_answers_for(story: Story) -> None:
    """An environment that leaves while manifests remain."""
    after = story.world.tree(without(small_repository(), "environments/staging/environment.yaml"))
    proposal = story.go(story.base, after)
    assert told(proposal) == [(STAGING, 1, "environment `staging` does not exist")]
    assert kinds(proposal) == {}


def test_an_agent_that_leaves_is_missed(story: Story) -> None:
    after = story.world.tree(without(small_repository(), "agents/anl/agent.yaml", "agents/anl/instructions.md"))
    assert {message for _, _, message in told(story.go(story.base, after))} == {
        "`agent`: there is no agent ANL in `agents/`"
    }


def test_a_stricter_tier_answers_for_manifests_it_makes_wrong(story: Story) -> None:
    proposal = story.change({"environments/development/environment.yaml": environment("production")})
    assert told(proposal) == [(MANIFEST, 4, "`digest` is missing, and the tier of `development` is production")]


def test_an_environment_enters_main_before_anything_enters_it(story: Story) -> None:
    entering = {"environments/qa/environment.yaml": environment(), "environments/qa/anl.yaml": manifest()}
    proposal = story.change(entering)
    assert told(proposal) == [("environments/qa/anl.yaml", 1, "environment `qa` does not exist on main yet")]
    assert kinds(proposal) == {}
    alone = story.change({"environments/qa/environment.yaml": environment()})
    assert alone.problems == ()
    assert [effect.path for effect in alone.effect.files] == ["environments/qa/environment.yaml"]


def test_a_manifest_without_any_environment_is_told_once(story: Story) -> None:
    assert told(story.change({"environments/qa/anl.yaml": manifest()})) == [
        ("environments/qa/anl.yaml", 1, "environment `qa` does not exist")
    ]


@pytest.mark.parametrize(
    "path",
    [
        "policies/rego/main.rego",
        ".github/CODEOWNERS",
        ".github/workflows/ci.yml",
        "environments/staging/environment.yaml",
    ],
)
def test_governance_and_what_runs_never_change_together(story: Story, path: str) -> None:
    governance = {path: environment("staging", drift="heal")}
    proposal = story.change({MANIFEST: manifest(replicas="2"), **governance})
    assert told(proposal) == [
        (path, 1, "this changes how changes are judged, together with what runs (development/ANL)")
    ]
    assert story.change(governance).problems == ()
    assert [effect.path for effect in story.change(governance).effect.files] == [path]


def test_every_fault_of_every_file_is_told_at_once(story: Story) -> None:
    proposal = story.change(
        {MANIFEST: manifest(replicas="no", version="1.10"), "environments/x": "", "agents/anl/.env": "", STAGING: "["},
        modes={"policies/rego/main.rego": FileMode.EXECUTABLE},
    )
    assert [(problem.path, problem.line) for problem in proposal.problems] == [
        ("agents/anl/.env", 1),
        (MANIFEST, 4),
        (MANIFEST, 6),
        (STAGING, 2),
        ("environments/x", 1),
        ("policies/rego/main.rego", 1),
    ]


def test_a_path_of_strange_bytes_is_told_and_weighed(story: Story) -> None:
    """ATTACKS 005, 093."""
    proposal = story.change({"environments/\udcff\n/x.yaml": "", "policies/\u202e.rego": ""})
    assert len(proposal.problems) == 2
    assert all(str(problem).isprintable() for problem in proposal.problems)
    assert proposal.effect.digest.startswith("sha256:")


def test_an_overlay_proposes_what_the_pull_request_changes_alone(story: Story) -> None:
    head = story.world.tree(small_repository() | {MANIFEST: manifest(replicas="2")})
    base = story.world.tree(small_repository() | {STAGING: manifest(digest=digest_of_release(), replicas="5")})
    moved = story.go(base, overlay(base, story.base, head).snapshot)
    assert kinds(moved) == {"development/ANL": (Kind.RESCALED,)}
    assert moved.effect.digest == story.go(story.base, head).effect.digest


def test_readings_are_shared_between_judgements(story: Story) -> None:
    readings = Readings()
    first = propose(story.base, story.base, story.world.contents, (), readings=readings)
    assert propose(story.base, story.base, {}, (), readings=readings) == first


@pytest.mark.parametrize("path", [MANIFEST, "policies/rego/large.rego", "agents/anl/kb/large.md"])
def test_a_file_that_cannot_be_read_is_a_problem_of_whoever_touches_it_alone(story: Story, path: str) -> None:
    large = story.world.tree(small_repository() | {path: "large"})
    unread = large.entries[RepoPath(path)].blob
    del story.world.contents[unread]
    brought = propose(story.base, large, story.world.contents, ())
    assert path in {problem.path for problem in brought.problems}
    assert not brought.effect.is_empty
    other = story.world.tree(small_repository() | {path: "large", STAGING: manifest(replicas="5")})
    del story.world.contents[unread]
    elsewhere = propose(large, other, story.world.contents, ())
    assert path not in {problem.path for problem in elsewhere.problems}
    taken_out = propose(large, story.base, story.world.contents, ())
    assert path not in {problem.path for problem in taken_out.problems}
    assert not taken_out.effect.is_empty


PATHS = st.sampled_from(
    [
        MANIFEST,
        STAGING,
        PRODUCTION,
        "environments/staging/environment.yaml",
        "environments/qa/anl.yaml",
        "agents/anl/agent.yaml",
    ]
    + ["agents/gha/agent.yaml", "policies/a", "CODEOWNERS", "environments/x", "Agents/x", "agents", "README.md"]
)
CONTENTS = st.sampled_from(
    [
        manifest(),
        manifest(digest=digest_of_release()),
        environment(),
        "",
        "\u202e",
        "code: ANL\nversion: 1.0.0\n",
        "a: [",
        manifest("GHA"),
    ]
)
CHANGES = st.dictionaries(PATHS, CONTENTS, max_size=4)
MODES = st.dictionaries(PATHS, st.sampled_from(list(FileMode)), max_size=2)


@given(CHANGES, MODES, CHANGES)
def test_any_two_trees_give_a_proposal(one: dict[str, str], modes: dict[str, FileMode], other: dict[str, str]) -> None:
    story = Story(World())
    before = story.world.tree(small_repository() | one, modes)
    after = story.world.tree(small_repository() | other)
    proposal = story.go(before, after)
    assert bool(proposal.differences) == bool(proposal.effect.plans)
    accepted = {manifest.path for manifest in proposal.after.manifests.values()}
    for difference in proposal.differences:
        assert difference.after is None or difference.after.manifest.path in accepted
    assert proposal.problems == tuple(sorted(set(proposal.problems)))


@given(CHANGES, MODES)
def test_a_tree_against_itself_has_no_effect(changes: dict[str, str], modes: dict[str, FileMode]) -> None:
    story = Story(World())
    tree = story.world.tree(small_repository() | changes, modes)
    proposal = story.go(tree, tree)
    assert (proposal.differences, proposal.effect.is_empty, proposal.problems) == ((), True, ())
