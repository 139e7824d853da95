"""What a release may do is read from its definition, and from the event that tells of it."""

import pytest

from controller.change.facts import FileMode, TreeEntry
from controller.desired_state.abilities import Abilities, Autonomy, abilities_document, read_abilities
from controller.desired_state.manifest import AgentCode
from controller.desired_state.release import PublishedRelease, Release
from controller.desired_state.release_reading import read_release
from controller.desired_state.resolution import resolve
from controller.desired_state.state import read_desired_state
from controller.errors import InputError
from tests.core.desired_state.making import COMMIT, World, blob_id, published, small_repository

FULL = b"""code: ANL
version: 1.0.0
capabilities: [{name: project_results, keywords: [x]}, {name: compare}]
hand_offs: [{to: ORC, when: Never}, {to: GHA}]
tools: [sheet, browser, sheet]
data: [campaigns]
egress: [api.example.com, "*.example.org"]
autonomy: act_with_approval
"""
ABLE = Abilities(
    capabilities=("compare", "project_results"),
    tools=("browser", "sheet"),
    data=("campaigns",),
    egress=("*.example.org", "api.example.com"),
    hand_offs=("GHA", "ORC"),
    autonomy=Autonomy.ACT_WITH_APPROVAL,
)


def read(definition: bytes) -> Abilities | str:
    entry = TreeEntry(FileMode.REGULAR, blob_id(definition))
    reading = read_release(AgentCode("ANL"), {"agent.yaml": entry}, {entry.blob: definition})
    return reading.problems[0].message if reading.accepted is None else reading.accepted.abilities or ""


def test_the_definition_tells_what_a_release_may_do() -> None:
    assert read(FULL) == ABLE


def test_a_definition_that_tells_nothing_allows_nothing() -> None:
    assert read(b"code: ANL\nversion: 1.0.0\n") == Abilities()


@pytest.mark.parametrize(
    "line",
    [
        b"tools: shell",
        b"tools: [Shell]",
        b"tools: [1]",
        "tools: [shеll]".encode(),
        b"data: [null]",
        b"egress: [HTTP://x]",
        b"egress: ['*']",
        b"egress: [a.*.b]",
        b"egress: ['']",
        b"autonomy: full",
        b"autonomy: ACT",
        b"autonomy: [act]",
        b"capabilities: [x]",
        b"hand_offs: [{to: anl}]",
    ],
)
def test_anything_else_is_no_release(line: bytes) -> None:
    assert isinstance(read(b"code: ANL\nversion: 1.0.0\n" + line + b"\n"), str)


@pytest.mark.parametrize("abilities", [ABLE, Abilities(), None])
def test_what_an_event_tells_comes_back(abilities: Abilities | None) -> None:
    assert read_abilities(abilities_document(abilities)) == abilities


@pytest.mark.parametrize(
    "raw",
    [
        {},
        [],
        "act",
        {**(abilities_document(ABLE) or {}), "more": []},
        {**(abilities_document(ABLE) or {}), "tools": "shell"},
        {**(abilities_document(ABLE) or {}), "tools": [1]},
        {**(abilities_document(ABLE) or {}), "autonomy": "full"},
        {**(abilities_document(ABLE) or {}), "autonomy": None},
    ],
)
def test_an_event_of_another_form_is_refused(raw: object) -> None:
    with pytest.raises(InputError):
        read_abilities(raw)


def test_a_release_of_an_older_event_is_known_from_the_tree_when_it_is_the_same() -> None:
    world = World()
    state = read_desired_state(world.tree(small_repository()), world.contents)
    same = published().release
    old = PublishedRelease(Release(same.agent, same.version, same.digest, same.tree), COMMIT)
    assert {plan.release.abilities for plan in resolve(state, [old]).plans.values()} == {Abilities()}
    gone = read_desired_state(world.tree(small_repository()), world.contents, agents=[])
    assert {plan.release.abilities for plan in resolve(gone, [old]).plans.values()} == {None}
