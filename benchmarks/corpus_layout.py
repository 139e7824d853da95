"""Agents as other tools keep them: `agent-registry.json` and a folder of text files per agent.

    <folder>/agent-registry.json          agents[].{code, name, description, instructionsFile, kbFiles, flows, ...}
    <folder>/<code>/{instructions,kb}/*   plain text
    <folder>/<code>/tests/*.json          tests[].{input, expected_flow | expected_capability, expected_target_agent}

Only reading happens here; what it means in our format is decided in `corpus_conversion`.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from pydantic import BaseModel, TypeAdapter


class ForeignAgent(BaseModel):
    """One agent of the registry."""

    code: str
    name: str
    description: str
    instructionsFile: str
    kbFiles: list[str]
    flows: list[str]
    isRouter: bool = False


class Registry(BaseModel):
    """The registry, as far as it is used."""

    version: str
    agents: list[ForeignAgent]
    routingKeywords: dict[str, list[str]] = {}
    handoffPatterns: dict[str, str] = {}


class ForeignTest(BaseModel):
    """One capability test."""

    id: str
    input: str
    expected_flow: str | None = None
    expected_capability: str | None = None
    expected_target_agent: str | None = None

    @property
    def label(self) -> str:
        """The flow or capability the input must reach."""
        return self.expected_flow or self.expected_capability or ""


@dataclass(frozen=True, slots=True)
class ForeignRelease:
    """Everything known of one agent; texts by file name."""

    agent: ForeignAgent
    instructions: str
    knowledge: Mapping[str, str]
    tests: tuple[ForeignTest, ...]

    @property
    def labels(self) -> tuple[str, ...]:
        """The names its capabilities go by: the registry's flows, or its tests' own where these differ."""
        asked = sorted({test.label for test in self.tests})
        return tuple(self.agent.flows) if set(asked) <= set(self.agent.flows) else tuple(asked)


def read_registry(folder: Path) -> Registry:
    """Return the registry of `folder`."""
    return Registry.model_validate_json((folder / "agent-registry.json").read_bytes())


def read_foreign(folder: Path, agent: ForeignAgent) -> ForeignRelease:
    """Return what `folder` holds of one agent."""
    home = folder / agent.code.lower()
    tests = [
        test
        for path in sorted((home / "tests").glob("*.json"))
        for test in TypeAdapter(list[ForeignTest]).validate_python(json.loads(path.read_text("utf-8"))["tests"])
    ]
    return ForeignRelease(
        agent,
        _text(home / "instructions" / agent.instructionsFile),
        {name: _text(home / "kb" / name) for name in agent.kbFiles},
        tuple(tests),
    )


def _text(path: Path) -> str:
    return path.read_text("utf-8", errors="replace")
