"""The shape of a manifest, an environment and the head of an agent definition, as pydantic models.

They judge what `document` read, and the JSON Schemas published under `schemas/` are made
from them, so an editor and the controller agree. Strict: nothing is converted, unknown keys
are refused. What one file cannot know - whether an agent exists, whether a digest is
required - is judged in `state` and `resolution`.
"""

import json
import re
from collections.abc import Mapping
from datetime import datetime
from functools import cache
from importlib.resources import files
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, WithJsonSchema, model_validator
from pydantic.json_schema import GenerateJsonSchema, JsonSchemaValue
from pydantic_core import PydanticCustomError, core_schema

from controller.change.moments import can_be_told
from controller.desired_state.abilities import Autonomy
from controller.desired_state.environment import DriftMode, Tier
from controller.desired_state.manifest import Platform, RolloutStrategy
from controller.desired_state.names import AGENT_CODE
from controller.desired_state.version import SEMANTIC_VERSION

_DIGEST = r"^sha256:[0-9a-f]{64}$"
_REGION = r"^[a-z0-9](?:[a-z0-9-]{0,38}[a-z0-9])?$"
_VARIABLE = r"^[A-Z][A-Z0-9_]{0,63}$"
_VAULT = r"^keyvault://[A-Za-z](?:[A-Za-z0-9-]{1,22}[A-Za-z0-9])/[A-Za-z0-9-]{1,127}$"
_PROVIDER = r"^[a-z][a-z0-9_]{0,39}$"
_MODEL = r"^[A-Za-z0-9][A-Za-z0-9._:/-]{0,99}$"
_LABEL = r"^[A-Za-z0-9][A-Za-z0-9 ._-]{0,79}$"
ABILITY = r"^[a-z][a-z0-9_]{1,59}$"
HOST = r"^(?:\*\.)?[a-z0-9](?:[a-z0-9-]{0,62})(?:\.[a-z0-9](?:[a-z0-9-]{0,62})){0,9}$"
_INSTANT = r"^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(?:\.[0-9]{1,6})?(?:Z|[+-][0-9]{2}:[0-9]{2})$"

EXPECTED: Mapping[str, str] = {
    AGENT_CODE: "an agent code of 2 to 16 upper-case letters and digits",
    SEMANTIC_VERSION: "a semantic version such as 1.2.3",
    _DIGEST: "`sha256:` and 64 lower-case hexadecimal digits",
    _REGION: "a region of lower-case letters, digits and inner hyphens",
    _VARIABLE: "a name of upper-case letters, digits and underscores",
    _VAULT: "a reference `keyvault://vault/name`, never the secret itself",
    _PROVIDER: "a provider of lower-case letters, digits and underscores",
    _MODEL: "the name of a model or deployment",
    _LABEL: "a name of letters, digits, spaces, dots, underscores and hyphens",
    ABILITY: "a name in snake_case of 2 to 60 characters",
    HOST: "a host name in lower case, `*.` before it for every host below",
    _INSTANT: "a time with its offset as in RFC 3339, such as 2026-12-24T00:00:00+01:00, in quotes",
}
"""What each pattern means, in words; a message shows these, never the pattern."""


@cache
def time_zones() -> frozenset[str]:
    """Return every name of the IANA time zone database that `tzdata` brings."""
    return frozenset(files("tzdata").joinpath("zones").read_text("utf-8").split())


def _known_time_zone(name: str) -> str:
    if name not in time_zones():
        raise PydanticCustomError("time_zone", "expected a name of the IANA time zone database such as Europe/Berlin")
    return name


def _instant(text: object) -> datetime:
    if isinstance(text, str) and re.fullmatch(_INSTANT.strip("^$"), text, re.ASCII):
        try:
            moment = datetime.fromisoformat(text)
        except ValueError as error:
            reason = str(error)
            raise PydanticCustomError("instant", "expected a time that exists: {reason}", {"reason": reason}) from error
        if not can_be_told(moment):
            raise PydanticCustomError("instant", "expected a time from 1970 to 2261")
        return moment
    raise PydanticCustomError("instant", "expected {expected}", {"expected": EXPECTED[_INSTANT]})


def _distinct(items: list[str]) -> list[str]:
    if len(set(items)) != len(items):
        raise PydanticCustomError("distinct", "expected each item once")
    return items


class _Strict(BaseModel):
    model_config = ConfigDict(
        strict=True,
        extra="forbid",
        frozen=True,
        hide_input_in_errors=True,
        model_title_generator=lambda model: model.__name__.removesuffix("Shape"),
    )


class AutoscalingShape(_Strict):
    """The bounds between which the platform may scale."""

    min: int = Field(ge=1, le=1000, description="Fewest instances.", examples=[2])
    max: int = Field(ge=1, le=1000, description="Most instances, not below `min`.", examples=[10])

    @model_validator(mode="after")
    def _bounds(self) -> "AutoscalingShape":
        if self.min > self.max:
            raise PydanticCustomError("bounds", "expected `min` not above `max`")
        return self


class ModelShape(_Strict):
    """The language model an agent uses."""

    provider: str = Field(pattern=_PROVIDER, description="Who serves the model.", examples=["azure_openai"])
    name: str = Field(pattern=_MODEL, description="The model or deployment name.", examples=["gpt-4o"])
    temperature: float = Field(
        0.0, ge=0, le=2, allow_inf_nan=False, description="Sampling temperature.", examples=[0.1]
    )


class RolloutShape(_Strict):
    """How a change goes out."""

    strategy: Annotated[RolloutStrategy, Field(strict=False)] = Field(
        RolloutStrategy.ALL_AT_ONCE, description="How a new version replaces the old one."
    )
    health_timeout_seconds: int = Field(
        120, ge=1, le=3600, description="How long the new one may take to become healthy."
    )
    auto_rollback: bool = Field(
        default=True, description="Restore the last good version when the new one is not healthy."
    )


class ManifestShape(_Strict):
    """One agent in one environment: environments/<environment>/<agent>.yaml."""

    model_config = ConfigDict(
        title="AgentDeployment",
        json_schema_extra={"oneOf": [{"required": ["replicas"]}, {"required": ["autoscaling"]}]},
    )

    apiVersion: Literal["dvo/v1"] = Field(description="The version of this format.")  # the format's word
    kind: Literal["AgentDeployment"] = Field(description="What this file is.")
    agent: str = Field(
        pattern=AGENT_CODE, description="Code of the agent; in lower case it is the file's name.", examples=["ANL"]
    )
    version: str = Field(
        pattern=SEMANTIC_VERSION, max_length=64, description="Semantic version of the release.", examples=["7.0.2"]
    )
    digest: Annotated[str, Field(pattern=_DIGEST)] | None = Field(
        None,
        description="Content digest of that release; required outside the development tier.",
        examples=["sha256:" + "0" * 64],
    )
    platform: Annotated[Platform, Field(strict=False)] = Field(description="Where the agent runs.")
    replicas: Annotated[int, Field(ge=1, le=1000)] | None = Field(
        None, description="How many instances; or give `autoscaling`.", examples=[2]
    )
    autoscaling: AutoscalingShape | None = Field(None, description="Bounds; or give `replicas`.")
    regions: Annotated[list[Annotated[str, Field(pattern=_REGION)]], AfterValidator(_distinct)] = Field(
        [],
        min_length=1,
        max_length=50,
        description="Where instances run.",
        examples=[["eastus"]],
        json_schema_extra={"uniqueItems": True},
    )
    model: ModelShape | None = Field(None, description="The language model, if the agent uses one.")
    variables: dict[Annotated[str, Field(pattern=_VARIABLE)], Annotated[str, Field(max_length=4096)]] = Field(
        {}, max_length=200, description="Environment variables; never a secret.", examples=[{"LOG_LEVEL": "INFO"}]
    )
    secrets: dict[Annotated[str, Field(pattern=_VARIABLE)], Annotated[str, Field(pattern=_VAULT)]] = Field(
        {},
        max_length=200,
        description="References to secrets, never their values.",
        examples=[{"OPENAI_API_KEY": "keyvault://dvo-prod/openai-key"}],
    )
    rollout: RolloutShape = Field(
        default_factory=RolloutShape, description="How a new version goes out, and how long it may take."
    )


class FreezeWindowShape(_Strict):
    """A time in which nothing goes out."""

    name: str = Field(pattern=_LABEL, description="What people call it.", examples=["year end"])
    start: Annotated[datetime, BeforeValidator(_instant), WithJsonSchema({"type": "string", "format": "date-time"})] = (
        Field(description="First instant of it, RFC 3339 with offset.", examples=["2026-12-24T00:00:00+01:00"])
    )
    end: Annotated[datetime, BeforeValidator(_instant), WithJsonSchema({"type": "string", "format": "date-time"})] = (
        Field(description="First instant after it.", examples=["2027-01-02T00:00:00+01:00"])
    )

    @model_validator(mode="after")
    def _order(self) -> "FreezeWindowShape":
        if self.start >= self.end:
            raise PydanticCustomError("order", "expected `start` before `end`")
        return self


class EnvironmentShape(_Strict):
    """One environment: environments/<environment>/environment.yaml."""

    model_config = ConfigDict(title="Environment")

    apiVersion: Literal["dvo/v1"] = Field(description="The version of this format.")  # the format's word
    kind: Literal["Environment"] = Field(description="What this file is.")
    tier: Annotated[Tier, Field(strict=False)] = Field(description="How much the environment matters.")
    time_zone: Annotated[str, AfterValidator(_known_time_zone)] = Field(
        description="The zone its business hours are told in, of the IANA database.", examples=["Europe/Berlin"]
    )
    platforms: dict[
        Annotated[Platform, Field(strict=False)],
        Literal["process", "kubernetes", "azure_functions", "copilot_studio"],
    ] = Field(min_length=1, description="The runtime behind each platform.", examples=[{"fastapi": "process"}])
    freeze_windows: list[FreezeWindowShape] = Field([], max_length=100, description="When nothing goes out.")
    drift: Annotated[DriftMode, Field(strict=False)] = Field(
        DriftMode.REPORT, description="Whether a difference between live and wanted is undone or only reported."
    )


class _Head(BaseModel):
    model_config = ConfigDict(strict=True, extra="ignore", frozen=True, hide_input_in_errors=True)


class CapabilityHeadShape(_Head):
    """The name of something an agent can do."""

    name: str = Field(min_length=1, max_length=60)


class HandOffHeadShape(_Head):
    """The agent that work may be handed to."""

    to: str = Field(pattern=AGENT_CODE)


class AgentHeadShape(_Head):
    """What a release and a policy need of agents/<code>/agent.yaml; `caat` reads the rest."""

    code: str = Field(pattern=AGENT_CODE, description="Code of the agent; in lower case it is the folder's name.")
    version: str = Field(pattern=SEMANTIC_VERSION, max_length=64, description="Semantic version of the release.")
    capabilities: list[CapabilityHeadShape] = Field([], max_length=50)
    hand_offs: list[HandOffHeadShape] = Field([], max_length=50)
    tools: list[Annotated[str, Field(pattern=ABILITY)]] = Field([], max_length=100)
    data: list[Annotated[str, Field(pattern=ABILITY)]] = Field([], max_length=100)
    egress: list[Annotated[str, Field(pattern=HOST)]] = Field([], max_length=100)
    autonomy: Annotated[Autonomy, Field(strict=False)] = Autonomy.ANSWER


def json_schemas() -> Mapping[str, bytes]:
    """Return the published JSON Schemas by file name, as they are committed under `schemas/`."""
    shapes: dict[str, type[BaseModel]] = {"agent-deployment.json": ManifestShape, "environment.json": EnvironmentShape}
    return {name: _published(shape) for name, shape in shapes.items()}


class _WithoutNull(GenerateJsonSchema):
    """A key that may be left out is left out; null is not another way to say so."""

    def nullable_schema(self, schema: core_schema.NullableSchema) -> JsonSchemaValue:
        return self.generate_inner(schema["schema"])

    def default_schema(self, schema: core_schema.WithDefaultSchema) -> JsonSchemaValue:
        written = super().default_schema(schema)
        return {key: value for key, value in written.items() if (key, value) != ("default", None)}


def _published(shape: type[BaseModel]) -> bytes:
    schema = {"$schema": "https://json-schema.org/draft/2020-12/schema"} | shape.model_json_schema(
        schema_generator=_WithoutNull
    )
    return json.dumps(schema, indent=2, ensure_ascii=True).encode() + b"\n"
