"""The corpus measurement on a made-up folder of agents in the foreign layout."""

import json
from pathlib import Path

import pytest

from benchmarks.corpus import measure
from benchmarks.corpus_conversion import converted
from benchmarks.corpus_layout import read_foreign, read_registry
from controller.caat.definition import AgentDefinition, read_release

INSTRUCTIONS = """\
HARBOUR INSTRUCTIONS
- Predict Tide - Say when the water is high, from moon and wind
- Assign Berth - Give each ship a place at the quay, by draught and length
Route to SEA when a ship has left the harbour.
"""
KNOWLEDGE = "TIDE PREDICTION\n===\nThe moon\u200b predicts the water.\n\nBERTHS\nEach berth has a draught.\n"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    agent = {
        "code": "HBR",
        "name": "Harbour",
        "description": "Tides and berths",
        "instructionsFile": "HBR_v1.txt",
        "kbFiles": ["HBR_KB_Tides_v1.0.txt"],
        "flows": ["PredictTide", "AssignBerth"],
    }
    registry = {
        "version": "1.0.0",
        "agents": [agent],
        "routingKeywords": {"HBR": ["tide"], "SEA": ["storm", "open sea"], "AIR": ["wind"]},
        "handoffPatterns": {"HBR_to_SEA": "After the ship has left"},
    }
    tests = [
        {"id": "HBR-001", "input": "When is the water high?", "expected_flow": "PredictTide"},
        {"id": "HBR-002", "input": "Which berth has the draught?", "expected_flow": "AssignBerth"},
        {"id": "HBR-003", "input": "storm", "expected_flow": "AssignBerth", "expected_target_agent": "SEA"},
    ]
    for path, text in {
        "agent-registry.json": json.dumps(registry),
        "hbr/instructions/HBR_v1.txt": INSTRUCTIONS,
        "hbr/kb/HBR_KB_Tides_v1.0.txt": KNOWLEDGE,
        "hbr/tests/hbr.json": json.dumps({"tests": tests}),
    }.items():
        target = tmp_path / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text, "utf-8")
    return tmp_path


def test_a_foreign_agent_becomes_a_well_formed_release(folder: Path) -> None:
    registry = read_registry(folder)
    release = converted(registry, read_foreign(folder, registry.agents[0]))
    agent = read_release(release, folder="agents/hbr")
    assert isinstance(agent, AgentDefinition), agent
    assert [capability.name for capability in agent.capabilities] == ["predict_tide", "assign_berth"]
    assert [(hand_off.to, hand_off.when) for hand_off in agent.hand_offs] == [("SEA", "a ship has left the harbour.")]
    assert release["kb/HBR_KB_Tides_v1.0.md"].startswith(b"## TIDE PREDICTION\nThe moon predicts the water.\n")


def test_inputs_are_counted_by_where_a_real_agent_sends_them(folder: Path) -> None:
    (score,) = measure(folder)
    assert (score.agent, score.inputs, score.routed, score.most_frequent) == ("HBR", 3, 2, 2)
    assert (score.hand_offs, score.handed) == (1, 1)
    assert [(miss.test, miss.expected) for miss in score.misses] == [("HBR-003", "assign_berth")]
