"""The shape of `agent.yaml` and `tests/capabilities.yaml`; the published schemas come from here.

Only what one value can say about itself is checked here. Whether files exist, names are
unique and tests fit the agent is judged in `definition`.
"""

import json
import re
from collections.abc import Mapping
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field
from pydantic_core import PydanticCustomError

from controller.desired_state.abilities import Autonomy
from controller.desired_state.names import AGENT_CODE
from controller.desired_state.schema import ABILITY, HOST
from controller.desired_state.version import SEMANTIC_VERSION


def _form(pattern: str, expected: str) -> tuple[AfterValidator, object]:
    """Return what holds a text to `pattern`, and says in words what that means."""

    def check(text: str) -> str:
        if re.fullmatch(pattern, text, re.ASCII) is None:
            raise PydanticCustomError("form", "expected {expected}", {"expected": expected})
        return text

    return AfterValidator(check), Field(json_schema_extra={"pattern": f"^{pattern}$"})


_LINE = _form(r"\S[^\n]{0,499}", "one line of at most 500 characters")
_SNAKE = _form(r"[a-z][a-z0-9_]{1,59}", "a name in snake_case of 2 to 60 characters")
_KEYWORD = _form(r"[a-z0-9](?:[a-z0-9 /&-]{0,58}[a-z0-9])?", "a keyword of lower-case ASCII letters, digits and spaces")
_TEST_ID = _form(r"[A-Z][A-Z0-9]{1,15}-[0-9]{1,4}", "an id such as ANL-07")
_KB_FILE = _form(r"kb/[A-Za-z0-9][A-Za-z0-9_.-]{0,99}\.md", "a Markdown file directly in kb/")
_INSTRUCTIONS_FILE = _form(
    r"instructions/[A-Za-z0-9][A-Za-z0-9_.-]{0,99}\.md", "a Markdown file directly in instructions/"
)

_Line = Annotated[str, *_LINE]
_Snake = Annotated[str, *_SNAKE]
_Keyword = Annotated[str, *_KEYWORD]
_Code = Annotated[str, Field(pattern=AGENT_CODE)]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, frozen=True, hide_input_in_errors=True)


class ParameterEntry(_Strict):
    """One input or output of a capability."""

    type: _Snake = Field(description="What it is; an output of type `agent` marks a capability that hands work off.")
    description: _Line
    required: bool


class CapabilityEntry(_Strict):
    """Something the agent can do."""

    name: _Snake
    description: _Line
    keywords: list[_Keyword] = Field(min_length=1, max_length=100, description="Words that ask for it, lower case.")
    inputs: dict[_Snake, ParameterEntry] = Field(max_length=30)
    outputs: dict[_Snake, ParameterEntry] = Field(min_length=1, max_length=30)


class HandOffEntry(_Strict):
    """Work that belongs to another agent."""

    to: _Code
    when: _Line
    keywords: list[_Keyword] = Field(min_length=1, max_length=100)


class AgentFile(_Strict):
    """What an agent can do, what it knows, to whom it hands the rest: agents/<code>/agent.yaml."""

    model_config = ConfigDict(title="Agent")

    apiVersion: Literal["dvo/v1"]
    kind: Literal["Agent"]
    code: _Code = Field(description="Equals the folder's name in upper case.")
    name: _Line
    description: _Line
    version: str = Field(
        pattern=SEMANTIC_VERSION,
        max_length=64,
        description="Semantic version; a published version never changes its content.",
    )
    domain: _Snake
    capabilities: list[CapabilityEntry] = Field(min_length=1, max_length=50)
    knowledge: list[Annotated[str, *_KB_FILE]] = Field(min_length=1, max_length=200)
    instructions: Annotated[str, *_INSTRUCTIONS_FILE]
    routing_keywords: list[_Keyword] = Field(min_length=1, max_length=100)
    hand_offs: list[HandOffEntry] = Field(default=[], max_length=50)
    tools: list[Annotated[str, Field(pattern=ABILITY)]] = Field(
        default=[], max_length=100, description="Every tool the agent may call; none when left out."
    )
    data: list[Annotated[str, Field(pattern=ABILITY)]] = Field(
        default=[], max_length=100, description="Every source of data it may read beyond its own knowledge."
    )
    egress: list[Annotated[str, Field(pattern=HOST)]] = Field(
        default=[], max_length=100, description="Every host it may reach; `*.` before one means every host below it."
    )
    autonomy: Annotated[Autonomy, Field(strict=False)] = Field(
        default=Autonomy.ANSWER,
        description="How far it goes by itself: answer, propose an action, act once somebody approved, or act.",
    )


class CapabilityTestEntry(_Strict):
    """An input, and where the agent must route it."""

    id: Annotated[str, *_TEST_ID]
    input: _Line
    capability: _Snake
    hand_off: _Code | None = None


class CapabilityTestsFile(_Strict):
    """The capability tests of one agent: agents/<code>/tests/capabilities.yaml."""

    model_config = ConfigDict(title="CapabilityTests")

    apiVersion: Literal["dvo/v1"]
    kind: Literal["CapabilityTests"]
    tests: list[CapabilityTestEntry] = Field(min_length=1, max_length=500)


def json_schemas() -> Mapping[str, bytes]:
    """Return the published JSON Schemas by file name, as they are committed under `schemas/`."""
    shapes: dict[str, type[BaseModel]] = {"agent.json": AgentFile, "capability-tests.json": CapabilityTestsFile}
    return {name: _published(shape) for name, shape in shapes.items()}


def _published(shape: type[BaseModel]) -> bytes:
    schema = {"$schema": "https://json-schema.org/draft/2020-12/schema"} | shape.model_json_schema()
    return json.dumps(schema, indent=2, ensure_ascii=True).encode() + b"\n"
