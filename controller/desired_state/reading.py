"""Bytes of a manifest or an environment -> an accepted value, or every fault at its place.

`document` says what the file holds, `schema` whether that is well-formed; here come the
rules between the keys of one file, and the frozen types the rest of the controller sees.
A value comes out only when there is no fault at all.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Generic, TypeVar

from pydantic import BaseModel, ValidationError

from controller.change.names import Digest, RepoPath
from controller.desired_state.composing import dotted, dotted_name
from controller.desired_state.document import Document, read_document
from controller.desired_state.environment import Environment, FreezeWindow
from controller.desired_state.faults import problem_at, shape_problems
from controller.desired_state.manifest import Autoscaling, Key, Manifest, Model, Rollout, Version
from controller.desired_state.names import is_agent_code
from controller.desired_state.paths import EnvironmentPath, ManifestPath, classify
from controller.desired_state.problem import Problem
from controller.desired_state.schema import EnvironmentShape, ManifestShape, ModelShape
from controller.desired_state.secret_shapes import is_named_secret
from controller.errors import InputError

T = TypeVar("T")
Shape = TypeVar("Shape", bound=BaseModel)

_MAY_BE_LEFT_OUT = frozenset(name for name, key in ManifestShape.model_fields.items() if key.default is None)
"""Keys without a value of their own where they are absent; null is not another way to say so."""


@dataclass(frozen=True, slots=True)
class Reading(Generic[T]):
    """What became of a file: the accepted value, or None and why."""

    accepted: T | None
    problems: tuple[Problem, ...]


def read_manifest(path: RepoPath, content: bytes) -> Reading[Manifest]:
    """Return the manifest at `path`; `InputError` when a path of another kind is given."""
    place = classify(path)
    if not isinstance(place, ManifestPath):
        raise InputError(f"expected the path of a manifest, got {path[:80]!a}")
    document = read_document(path, content)
    shape, problems = shaped(document, ManifestShape)
    problems = (*problems, *_manifest_problems(document, place.key))
    if shape is None or problems:
        return Reading(None, tuple(sorted(problems)))
    return Reading(_manifest(document, shape, place.key), ())


def read_environment(path: RepoPath, content: bytes) -> Reading[Environment]:
    """Return the environment at `path`; `InputError` when a path of another kind is given."""
    place = classify(path)
    if not isinstance(place, EnvironmentPath):
        raise InputError(f"expected the path of an environment, got {path[:80]!a}")
    document = read_document(path, content)
    shape, problems = shaped(document, EnvironmentShape)
    if shape is None or problems:
        return Reading(None, problems)
    windows = tuple(FreezeWindow(window.name, window.start, window.end) for window in shape.freeze_windows)
    accepted = Environment(
        name=place.environment,
        path=path,
        tier=shape.tier,
        time_zone=shape.time_zone,
        platforms=dict(shape.platforms),
        freeze_windows=windows,
        drift=shape.drift,
        lines=_lines(document),
    )
    return Reading(accepted, ())


def shaped(document: Document, shape: type[Shape]) -> tuple[Shape | None, tuple[Problem, ...]]:
    """Return `document` in the given shape, and its problems with those of the shape, in order."""
    if document.value is None:
        return None, document.problems
    try:
        return shape.model_validate(document.value), document.problems
    except ValidationError as error:
        return None, tuple(sorted((*document.problems, *shape_problems(document, error, shape))))


def _manifest_problems(document: Document, key: Key) -> Iterator[Problem]:
    """Yield what is wrong between the keys, whether or not each alone is well-formed."""
    value = document.value or {}
    for name in _MAY_BE_LEFT_OUT & value.keys():
        if value[name] is None and not document.is_faulty((name,)):
            yield problem_at(document, (name,), f"{dotted((name,))} is null", "Leave the key out, or give a value.")
    agent = value.get("agent")
    if isinstance(agent, str) and agent != key.agent and is_agent_code(agent):
        message = f"`agent`: expected {key.agent} as the file's name says, got {agent}"
        yield problem_at(document, ("agent",), message, f"Write `agent: {key.agent}`, or rename the file.")
    if document.value is not None:
        yield from _scale_problems(document, value.keys() & {"replicas", "autoscaling"})
    yield from _secret_problems(document, value.get("variables"), value.get("secrets"))


def _scale_problems(document: Document, given: set[str]) -> Iterator[Problem]:
    if len(given) == 2:
        yield problem_at(document, ("autoscaling",), "both `replicas` and `autoscaling` are given", "Keep one of them.")
    if not given:
        yield problem_at(document, (), "neither `replicas` nor `autoscaling` is given", "Add one of them.")


def _secret_problems(document: Document, variables: object, secrets: object) -> Iterator[Problem]:
    if not isinstance(variables, dict):
        return
    for name, value in variables.items():
        at = ("variables", name)
        if isinstance(value, str) and is_named_secret(name, value) and not document.is_faulty(at):
            remedy = "Put it in a key vault and refer to it under `secrets`."
            yield problem_at(document, at, f"{dotted(at)} holds what looks like a secret", remedy)
        if isinstance(secrets, dict) and name in secrets:
            yield problem_at(document, at, f"{dotted(at)} is also under `secrets`", "Keep one of them.")


def _manifest(document: Document, shape: ManifestShape, key: Key) -> Manifest:
    return Manifest(
        key=key,
        path=document.path,
        version=Version(shape.version),
        digest=None if shape.digest is None else Digest(shape.digest),
        platform=shape.platform,
        replicas=_replicas(shape),
        regions=tuple(shape.regions),
        model=_model(shape.model),
        variables=dict(shape.variables),
        secrets=dict(shape.secrets),
        rollout=Rollout(shape.rollout.strategy, shape.rollout.health_timeout_seconds, shape.rollout.auto_rollback),
        lines=_lines(document),
    )


def _model(shape: ModelShape | None) -> Model | None:
    return None if shape is None else Model(shape.provider, shape.name, shape.temperature)


def _replicas(shape: ManifestShape) -> int | Autoscaling:
    """Return the one of the two that is given."""
    if shape.autoscaling is not None:
        return Autoscaling(shape.autoscaling.min, shape.autoscaling.max)
    return int(str(shape.replicas))


def _lines(document: Document) -> dict[str, int]:
    return {dotted_name(at): line for at, (line, _) in document.keys.items()}
