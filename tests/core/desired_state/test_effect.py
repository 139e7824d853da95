"""Two changes that do the same have one digest."""

import itertools
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from controller.change.facts import FileMode
from controller.change.names import RepoPath, digest_of
from controller.desired_state.difference import Difference, Kind
from controller.desired_state.effect import Effect, FileEffect, PlanEffect, effect_of, file_effects
from controller.desired_state.manifest import AgentCode, EnvironmentName, Key
from tests.core.desired_state.making import World
from tests.core.desired_state.test_difference import plan

KEYS = [Key(EnvironmentName(name), AgentCode(code)) for name in ("development", "staging") for code in ("ANL", "GHA")]
DIGESTS = st.none() | st.sampled_from([digest_of(b"a"), digest_of(b"b")])
EFFECTS = st.builds(
    Effect,
    st.lists(st.builds(PlanEffect, st.sampled_from(KEYS), DIGESTS, DIGESTS), unique_by=lambda e: e.key).map(tuple),
    st.lists(
        st.builds(FileEffect, st.sampled_from(["a", "a/b", "b", "%61", "\udc80"]).map(RepoPath), DIGESTS, DIGESTS),
        unique_by=lambda e: e.path,
    ).map(tuple),
)


@given(EFFECTS)
def test_the_digest_does_not_depend_on_the_order(effect: Effect) -> None:
    assert Effect(effect.plans[::-1], effect.files[::-1]).digest == effect.digest


@given(EFFECTS, EFFECTS)
def test_different_effects_have_different_digests(one: Effect, other: Effect) -> None:
    is_same = set(one.plans) == set(other.plans) and set(one.files) == set(other.files)
    assert (one.digest == other.digest) == is_same


@pytest.mark.parametrize("order", list(itertools.permutations(range(3))))
def test_an_effect_is_sorted_whatever_order_it_is_given_in(order: tuple[int, ...]) -> None:
    found = [Difference(key, None, plan(), (Kind.ADDED,)) for key in KEYS[:3]]
    files = [FileEffect(RepoPath(path), None, digest_of(b"")) for path in "abc"]
    effect = effect_of((found[i] for i in order), (files[i] for i in order))
    assert [entry.key for entry in effect.plans] == KEYS[:3]
    assert effect.files == tuple(files)


def test_plans_enter_by_their_digests() -> None:
    one, other = plan(), replace(plan(), replicas=7)
    effect = effect_of([Difference(one.key, one, other, (Kind.RESCALED,))], [])
    assert effect.plans == (PlanEffect(one.key, one.digest, other.digest),)
    assert not effect.is_empty
    assert Effect((), ()).is_empty
    assert not Effect((), (FileEffect(RepoPath("a"), None, digest_of(b"")),)).is_empty


def test_files_enter_by_their_content_and_mode(world: World) -> None:
    before = world.tree({"same": "1", "edit": "1", "mode": "1", "gone": "1", "sub": "1", "link": "1"})
    modes = {"mode": FileMode.EXECUTABLE, "sub": FileMode.SUBMODULE, "link": FileMode.SYMLINK}
    after = world.tree({"same": "1", "edit": "2", "mode": "1", "new": "1", "sub": "1", "link": "1"}, modes)
    contents = {blob: content for blob, content in world.contents.items() if content != b"never"}
    paths = {*before.entries, *after.entries}
    found = {effect.path: (effect.before, effect.after) for effect in file_effects(before, after, contents, paths)}
    one = digest_of(b"1")
    blob = after.entries[RepoPath("sub")].blob
    assert found == {
        "edit": (one, digest_of(b"2")),
        "gone": (one, None),
        "new": (None, one),
        "mode": (one, digest_of(b"100755\x001")),
        "link": (one, digest_of(b"120000\x001")),
        "sub": (one, digest_of(b"160000\x00" + blob.encode())),
    }


def test_of_a_file_that_cannot_be_read_its_id_counts(world: World) -> None:
    after = world.tree({"a": "1"})
    [found] = file_effects(world.tree({}), after, {}, [RepoPath("a")])
    blob = after.entries[RepoPath("a")].blob
    assert (found.before, found.after) == (None, digest_of(b"100644\x00" + blob.encode()))
