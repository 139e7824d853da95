"""An agent release is read strictly, and every fault is told at its place."""

from collections.abc import Callable, Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st

from controller.caat.definition import AgentDefinition, CapabilityTest, read_release
from controller.caat.runtime.agent import HandOff, Parameter
from controller.desired_state.problem import Problem

Change = Callable[[str, str, str], Mapping[str, bytes]]


def _problems(files: Mapping[str, bytes], folder: str = "") -> tuple[Problem, ...]:
    found = read_release(files, folder=folder)
    assert not isinstance(found, AgentDefinition)
    return found


def test_a_well_formed_release_is_one_value(files: Mapping[str, bytes]) -> None:
    agent = read_release(files, folder="agents/tst")
    assert isinstance(agent, AgentDefinition)
    assert (agent.code, agent.name, agent.version, agent.domain) == ("TST", "Tester", "1.2.3", "harbour")
    assert [capability.name for capability in agent.capabilities] == ["tell_tide", "find_pilot"]
    assert agent.capabilities[0].keywords == ("tide", "high water")
    assert agent.capabilities[0].inputs == {"place": Parameter("text", "The harbour", required=True)}
    assert [capability.hands_off for capability in agent.capabilities] == [False, True]
    assert agent.knowledge == ("kb/tides.md", "kb/pilots.md")
    assert agent.instructions == "instructions/tester.md"
    assert agent.routing_keywords == ("tide", "pilot")
    assert agent.hand_offs == (HandOff("SEA", "The ship has left the harbour.", ("open sea", "storm")),)
    assert agent.tests[0] == CapabilityTest("TST-1", "When is high water?", "tell_tide", None)
    assert agent.tests[1].hand_off == "SEA"


def test_hand_offs_may_be_left_out(changed: Change) -> None:
    files = dict(changed("tests/capabilities.yaml", ", hand_off: SEA", ""))
    text = files["agent.yaml"].decode()
    files["agent.yaml"] = text[: text.index("hand_offs:")].encode()
    agent = read_release(files)
    assert isinstance(agent, AgentDefinition)
    assert agent.hand_offs == ()


@pytest.mark.parametrize("path", ["agent.yaml", "tests/capabilities.yaml"])
def test_a_missing_file_is_named(files: Mapping[str, bytes], path: str) -> None:
    rest = {name: content for name, content in files.items() if name != path}
    assert [str(problem) for problem in _problems(rest, "agents/tst")] == [
        f"agents/tst/{path}:1:1: the file is missing"
    ]


FAULTS = {
    "unknown key": ("agent.yaml", "domain: harbour", "domain: harbour\nowner: me", "8:1: unknown key `owner`"),
    "misspelt key": ("agent.yaml", "keywords: [tide, h", "keyword: [tide, h", "unknown key `capabilities.0.keyword`"),
    "duplicate key": ("agent.yaml", "name: Tester", "name: Tester\nname: Other", "5:1: duplicate key `name`"),
    "missing key": ("agent.yaml", "name: Tester\n", "", "`name` is missing"),
    "another kind": ("agent.yaml", "kind: Agent", "kind: Model", "2:1: `kind`: expected 'Agent'"),
    "another format": ("agent.yaml", "dvo/v1", "dvo/v2", "1:1: `apiVersion`: expected 'dvo/v1'"),
    "lower-case code": ("agent.yaml", "code: TST", "code: tst", "3:1: `code`: expected an agent code"),
    "no text": ("agent.yaml", "name: Tester", "name: 7", "4:1: `name`: expected text"),
    "no version": ("agent.yaml", "1.2.3", "1.2.x", "6:1: `version`: expected a semantic version"),
    "version as number": ("agent.yaml", "version: 1.2.3", "version: 1.2", "6:1: `version`: expected text"),
    "ambiguous": ("agent.yaml", "required: true}", "required: yes}", "readers of YAML understand differently"),
    "text for a truth": (
        "agent.yaml",
        "required: true}",
        'required: "true"}',
        "`capabilities.0.inputs.place.required`",
    ),
    "camel case": ("agent.yaml", "name: tell_tide", "name: tellTide", "9:5: `capabilities.0.name`: expected a name in"),
    "upper-case keyword": ("agent.yaml", "[tide, high", "[Tide, high", "expected a keyword of lower-case"),
    "keyword beyond ASCII": ("agent.yaml", "[tide, high", "[tidé, high", "expected a keyword of lower-case"),
    "no keywords": ("agent.yaml", "keywords: [pilot]", "keywords: []", "expected at least 1"),
    "no outputs": (
        "agent.yaml",
        'outputs:\n      pilot: {type: agent, description: "Who it is", required: true}',
        "outputs: {}",
        "expected at least 1",
    ),
    "file elsewhere": ("agent.yaml", "[kb/tides.md,", "[../tides.md,", "expected a Markdown file directly in kb/"),
    "absolute file": ("agent.yaml", "[kb/tides.md,", "[/etc/passwd,", "expected a Markdown file directly in kb/"),
    "nested file": ("agent.yaml", "[kb/tides.md,", "[kb/../tides.md,", "expected a Markdown file directly in kb/"),
    "instructions elsewhere": ("agent.yaml", "instructions/tester.md", "tester.md", "directly in instructions/"),
    "anchor": ("agent.yaml", "name: Tester", "name: &a Tester", "4:7: an anchor"),
    "missing knowledge": ("agent.yaml", "kb/pilots.md", "kb/tugs.md", "22:26: kb/tugs.md is not in the release"),
    "missing instructions": (
        "agent.yaml",
        "tester.md",
        "other.md",
        "23:1: instructions/other.md is not in the release",
    ),
    "unnamed knowledge": ("agent.yaml", ", kb/pilots.md", "", "kb/pilots.md:1:1: `agent.yaml` does not name this file"),
    "knowledge twice": (
        "agent.yaml",
        "kb/pilots.md",
        "kb/pilots.md, kb/tides.md",
        "`knowledge` holds kb/tides.md twice",
    ),
    "capability twice": ("agent.yaml", "name: find_pilot", "name: tell_tide", "`capabilities` holds tell_tide twice"),
    "hand-off to itself": ("agent.yaml", "to: SEA", "to: TST", "an agent handing off to itself"),
    "hand-off of no shape": ("agent.yaml", "to: SEA", "to: sea!", "`hand_offs.0.to`: expected an agent code"),
    "test of nothing": ("tests/capabilities.yaml", "tell_tide", "make_tea", "4:45: TST has no capability make_tea"),
    "test of no hand-off": ("tests/capabilities.yaml", "SEA", "AIR", "TST does not hand off to AIR"),
    "test twice": ("tests/capabilities.yaml", "TST-2", "TST-1", "5:6: `tests` holds TST-1 twice"),
    "test without id": ("tests/capabilities.yaml", "id: TST-1", "id: one", "expected an id such as ANL-07"),
    "no tests": ("tests/capabilities.yaml", "kind: C", "kind: A", "`kind`: expected 'CapabilityTests'"),
    "not UTF-8": ("kb/pilots.md", "Pilots know", "Pilots \udcff know", "3:1: byte 0xFF is not UTF-8"),
    "unseen in knowledge": ("kb/pilots.md", "know", "kn\u202eow", "3:10: the character U+202E RIGHT-TO-LEFT OVERRIDE"),
    "secret in knowledge": (
        "kb/pilots.md",
        "know",
        "know AKIAIOSFODNN7EXAMPLQ",
        "3:13: the text holds what looks like",
    ),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_is_told_at_its_place(files: Mapping[str, bytes], fault: str) -> None:
    """ATTACKS 005, 038, 103, 122, 124, 128."""
    path, old, new, expected = FAULTS[fault]
    assert old in files[path].decode()
    content = files[path].decode().replace(old, new, 1).encode("utf-8", "surrogateescape")
    found = [str(problem) for problem in _problems({**files, path: content})]
    assert any(expected in problem for problem in found), found
    assert all(problem.remedy for problem in _problems({**files, path: content}))


def test_a_secret_is_never_shown(changed: Change) -> None:
    """ATTACKS 103."""
    found = _problems(changed("kb/pilots.md", "know", "know AKIAIOSFODNN7EXAMPLQ"))
    assert not any("AKIAIOSFODNN7EXAMPLQ" in problem.message + problem.remedy for problem in found)


def test_the_code_must_fit_the_folder(files: Mapping[str, bytes]) -> None:
    found = _problems(files, "agents/other")
    assert [str(problem) for problem in found] == [
        "agents/other/agent.yaml:3:1: `code`: the folder says OTHER, the file says TST"
    ]


def test_all_faults_are_told_at_once(changed: Change) -> None:
    broken = dict(changed("agent.yaml", "name: Tester", "name: 7"))
    broken["agent.yaml"] = broken["agent.yaml"].replace(b"domain: harbour", b"domain: Harbour")
    broken["tests/capabilities.yaml"] = b"tests: []\n"
    found = _problems(broken, "agents/tst")
    assert {problem.path for problem in found} == {"agents/tst/agent.yaml", "agents/tst/tests/capabilities.yaml"}
    assert len(found) >= 4
    assert list(found) == sorted(found)


def test_tests_without_a_capability_or_hand_off_to_name_say_what_to_do(changed: Change) -> None:
    files = dict(changed("tests/capabilities.yaml", "tell_tide", "make_tea"))
    text = files["agent.yaml"].decode()
    files["agent.yaml"] = text[: text.index("hand_offs:")].encode()
    assert [problem.remedy for problem in _problems(files)] == [
        "Name one of: tell_tide, find_pilot.",
        "Leave the key out.",
    ]


@given(st.binary(max_size=200), st.binary(max_size=200))
def test_no_bytes_make_reading_raise(agent: bytes, tests: bytes) -> None:
    """ATTACKS 129."""
    assert _problems({"agent.yaml": agent, "tests/capabilities.yaml": tests})


def test_a_file_that_nothing_names_is_a_fault(files: Mapping[str, bytes]) -> None:
    found = _problems({**files, "notes.txt": b"\xff"}, "agents/tst")
    assert [str(problem) for problem in found] == ["agents/tst/notes.txt:1:1: `agent.yaml` does not name this file"]
