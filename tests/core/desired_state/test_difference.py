"""What differs between two plans, in words."""

from collections.abc import Mapping
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from controller.desired_state.difference import Kind, differences
from controller.desired_state.manifest import Autoscaling, Key, Manifest, Model, Platform, Version
from controller.desired_state.plan import Plan
from controller.desired_state.reading import read_manifest
from tests.core.desired_state.making import CHANGED, MANIFEST, digest_of_release, manifest, release


def made(text: str) -> Manifest:
    accepted = read_manifest(MANIFEST, text.encode()).accepted
    assert accepted is not None
    return accepted


def plan(**lines: str | None) -> Plan:
    found = made(manifest(**lines))
    return Plan(found, release(version=found.version), found.platform, found.replicas, found.regions)


def kinds(before: Plan | None, after: Plan | None) -> list[Kind]:
    found = differences({p.key: p for p in (before,) if p}, {p.key: p for p in (after,) if p})
    assert all((difference.before, difference.after) == (before, after) for difference in found)
    return [kind for difference in found for kind in difference.kinds]


def test_a_plan_without_a_counterpart_is_added_or_removed() -> None:
    assert kinds(None, plan()) == [Kind.ADDED]
    assert kinds(plan(), None) == [Kind.REMOVED]


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        ({"version": "1.9.0"}, {"version": "1.10.0"}, [Kind.UPGRADED]),
        ({"version": "1.0.0-rc.1"}, {"version": "1.0.0"}, [Kind.UPGRADED]),
        ({"version": "2.0.0"}, {"version": "1.0.0"}, [Kind.DOWNGRADED]),
        ({"version": "1.0.0+a"}, {"version": "1.0.0+b"}, [Kind.RECONFIGURED]),
        ({"replicas": "1"}, {"replicas": "2"}, [Kind.RESCALED]),
        ({}, {"replicas": None, "autoscaling": "{min: 1, max: 2}"}, [Kind.RESCALED]),
        ({}, {"platform": "langchain"}, [Kind.MOVED]),
        ({"regions": "[a, b]"}, {"regions": "[b, a]"}, [Kind.MOVED]),
        ({}, {"model": "{provider: p, name: m}"}, [Kind.RECONFIGURED]),
        ({}, {"variables": "{A: b}"}, [Kind.RECONFIGURED]),
        ({}, {"secrets": '{A: "keyvault://vault/name"}'}, [Kind.RECONFIGURED]),
        ({}, {"rollout": "{auto_rollback: false}"}, [Kind.RECONFIGURED]),
        ({}, {"digest": digest_of_release()}, [Kind.RECONFIGURED]),
        (
            {"digest": digest_of_release()},
            {"version": "2.0.0", "digest": digest_of_release(version="2.0.0")},
            [Kind.UPGRADED],
        ),
        (
            {},
            {"version": "0.9.0", "replicas": "3", "regions": "[a]", "variables": "{A: b}"},
            [Kind.DOWNGRADED, Kind.RESCALED, Kind.MOVED, Kind.RECONFIGURED],
        ),
    ],
)
def test_each_kind_of_change_has_its_name(
    before: Mapping[str, str | None], after: Mapping[str, str | None], expected: list[Kind]
) -> None:
    assert kinds(plan(**before), plan(**after)) == expected


def test_other_files_under_the_same_version_are_a_change_of_configuration() -> None:
    other = replace(plan(), release=release(files=CHANGED))
    assert kinds(plan(), other) == [Kind.RECONFIGURED]


def test_fallbacks_count_as_what_they_make_of_the_manifest() -> None:
    degraded = replace(plan(), platform=Platform.LANGCHAIN, replicas=1, regions=())
    assert kinds(plan(), degraded) == [Kind.MOVED]


def test_differences_are_sorted_by_environment_and_agent() -> None:
    keys = [Key(environment, agent) for environment in ("b", "a") for agent in ("Z", "A")]  # type: ignore[arg-type] # short
    found = differences({}, {key: plan() for key in keys})
    assert [str(difference.key) for difference in found] == ["a/A", "a/Z", "b/A", "b/Z"]


PLANS = st.builds(
    lambda version, replicas, regions, temperature, variables: replace(
        plan(),
        manifest=replace(
            plan().manifest,
            version=Version(version),
            model=None if temperature is None else Model("p", "m", temperature),
            variables=variables,
        ),
        replicas=replicas,
        regions=tuple(regions),
    ),
    st.sampled_from(["1.0.0", "1.0.0+x", "1.1.0", "0.1.0"]),
    st.integers(1, 3) | st.builds(Autoscaling, st.just(1), st.integers(1, 3)),
    st.lists(st.sampled_from("ab"), max_size=2),
    st.none() | st.sampled_from([0.0, -0.0, 1.0]),
    st.dictionaries(st.sampled_from("AB"), st.sampled_from("xy")),
)


@given(PLANS)
def test_nothing_differs_from_itself(one: Plan) -> None:
    assert differences({one.key: one}, {one.key: replace(one)}) == ()


@given(PLANS, PLANS)
def test_plans_differ_exactly_when_their_digests_do(one: Plan, other: Plan) -> None:
    assert bool(kinds(one, other)) == (one.digest != other.digest)


@given(PLANS, PLANS)
def test_going_back_is_told_the_other_way_round(one: Plan, other: Plan) -> None:
    opposite = {Kind.UPGRADED: Kind.DOWNGRADED, Kind.DOWNGRADED: Kind.UPGRADED}
    assert kinds(other, one) == [opposite.get(kind, kind) for kind in kinds(one, other)]
