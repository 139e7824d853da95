"""A policy fixture: named situations and the answer each expects, from `policies/tests/*.yaml`.

A situation is the ordinary one below - on a Wednesday at noon an operator proposes a tried
release to production - with the values at some JSON pointers (RFC 6901) replaced; what its file
replaces for all comes first. What it expects is complete: which rules deny, require an approval
or warn, and no other.
"""

import copy
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, JsonValue

from controller.change.names import RepoPath
from controller.desired_state.composing import Path
from controller.desired_state.document import Document, read_document
from controller.desired_state.faults import problem_at
from controller.desired_state.problem import Problem
from controller.desired_state.reading import Reading, shaped
from controller.policy.answer import Action, Finding

_EXPECTED = (Action.DENY, Action.REQUIRE_APPROVAL, Action.WARN)
_RULE = r"^[a-z0-9][a-z0-9-]{0,63}$"
_POINTER = r"^(?:/[^/~]*(?:~[01][^/~]*)*)+$"
_Rules = list[Annotated[str, Field(pattern=_RULE)]]


class _Strict(BaseModel):
    model_config = ConfigDict(strict=True, extra="forbid", frozen=True, hide_input_in_errors=True)


class ExpectedShape(_Strict):
    """The ids of all rules that find something, by what they ask for; records (`audit_only`) do not matter."""

    deny: _Rules = Field([], description="The rules that deny.", examples=[["mc-weekend-block"]])
    require_approval: _Rules = Field([], description="The rules that ask for an approval.")
    warn: _Rules = Field([], description="The rules that warn.")


class DifferenceShape(_Strict):
    """How a question differs from the one it starts from."""

    given: dict[Annotated[str, Field(pattern=_POINTER)], JsonValue] = Field(
        {}, description="Values by their place in the question, a JSON pointer; policy-input.json tells the places."
    )
    without: list[Annotated[str, Field(pattern=_POINTER)]] = Field([], description="Places that are not there.")


class SituationShape(DifferenceShape):
    """One situation."""

    name: str = Field(min_length=1, max_length=200, description="What happens, in a few words.")
    expect: ExpectedShape = Field(description="Every rule that denies, asks for approval or warns, and no other.")


class SituationsShape(DifferenceShape):
    """A file of situations: policies/tests/<name>.yaml; its own `given` and `without` hold for all of them."""

    model_config = ConfigDict(title="PolicyTests")

    apiVersion: Literal["dvo/v1"]  # the format's word
    kind: Literal["PolicyTests"]
    situations: list[SituationShape] = Field(min_length=1, max_length=500)


@dataclass(frozen=True, slots=True)
class Situation:
    """A question with the answer it expects: for each action the ids of the rules that ask for it."""

    name: str
    path: RepoPath
    line: int
    document: Mapping[str, object]
    expected: Mapping[Action, frozenset[str]]

    def differences(self, found: Mapping[Action, frozenset[str]]) -> tuple[str, ...]:
        """Return in words how what was `found` differs from what is expected; nothing when it does not."""
        return tuple(
            f"{action.value}: expected {_listed(rules)}, got {_listed(found[action])}"
            for action, rules in self.expected.items()
            if found[action] != rules
        )


def json_schemas() -> Mapping[str, bytes]:
    """Return the published JSON Schema of a file of situations by its name, as it is committed under `schemas/`."""
    schema = {"$schema": "https://json-schema.org/draft/2020-12/schema"} | SituationsShape.model_json_schema()
    return {"policy-tests.json": json.dumps(schema, indent=2, ensure_ascii=True).encode() + b"\n"}


def rules_by_action(findings: Iterable[Finding]) -> Mapping[Action, frozenset[str]]:
    """Return the ids of all rules that find something, by what they ask for, in the form of an expectation."""
    told = tuple(findings)
    return {action: frozenset(each.rule for each in told if each.action is action) for action in _EXPECTED}


def read_situations(path: RepoPath, content: bytes) -> Reading[tuple[Situation, ...]]:
    """Return the situations of one file, or every fault in it at its place."""
    document = read_document(path, content)
    shape, problems = shaped(document, SituationsShape)
    if shape is None or problems:
        return Reading(None, problems)
    ordinary = _changed(document, ORDINARY, shape, ())
    if isinstance(ordinary, Problem):
        return Reading(None, (ordinary,))
    found = [_situation(document, ordinary, index, each) for index, each in enumerate(shape.situations)]
    faults = [fault for fault in found if isinstance(fault, Problem)]
    names = [each.name for each in shape.situations]
    faults += [
        problem_at(document, ("situations", index, "name"), f"a second situation {name!a}", "Give it another name.")
        for index, name in enumerate(names)
        if name in names[:index]
    ]
    if faults:
        return Reading(None, tuple(sorted(faults)))
    return Reading(tuple(each for each in found if isinstance(each, Situation)), ())


def _situation(
    document: Document, ordinary: Mapping[str, object], index: int, shape: SituationShape
) -> Situation | Problem:
    asked = _changed(document, ordinary, shape, ("situations", index))
    if isinstance(asked, Problem):
        return asked
    expected = {action: frozenset(getattr(shape.expect, action.value)) for action in _EXPECTED}
    return Situation(shape.name, document.path, document.place(("situations", index, "name"))[0], asked, expected)


def _changed(
    document: Document, question: Mapping[str, object], shape: DifferenceShape, within: Path
) -> Mapping[str, object] | Problem:
    """Return `question` with what `shape`, which stands at `within`, replaces and takes away."""
    asked = copy.deepcopy(question)
    changes: list[tuple[str, object, bool]] = [(pointer, value, True) for pointer, value in shape.given.items()]
    changes += [(pointer, None, False) for pointer in shape.without]
    for pointer, value, is_given in changes:
        if not _put(asked, pointer, value, is_given=is_given):
            part = "given" if is_given else "without"
            at = (*within, part, pointer) if is_given else (*within, part)
            message = f"`{part}`: the question has no place {pointer[:80]!a}"
            return problem_at(document, at, message, "See schemas/policy-input.json for what a question holds.")
    return asked


def _put(within: object, pointer: str, value: object, *, is_given: bool) -> bool:
    """Put `value` at `pointer`, or take away what is there; say whether there is such a place."""
    *parents, last = (part.replace("~1", "/").replace("~0", "~") for part in pointer[1:].split("/"))
    for part in parents:
        within = _child(within, part)
    if isinstance(within, dict) and (is_given or last in within):
        within[last] = value
        if not is_given:
            del within[last]
        return True
    if isinstance(within, list) and last.isdecimal() and int(last) < len(within) + is_given:
        within[int(last) : int(last) + 1] = [value] if is_given else []
        return True
    return False


def _child(within: object, part: str) -> object:
    if isinstance(within, dict):
        return within.get(part)
    if isinstance(within, list) and part.isdecimal() and int(part) < len(within):
        return within[int(part)]
    return None


def _listed(rules: Iterable[str]) -> str:
    return ", ".join(sorted(rules)) or "none"


def _plan(version: str, digit: str) -> dict[str, object]:
    return {
        "environment": "production",
        "agent": "ANL",
        "version": version,
        "release": "sha256:" + digit * 64,
        "pinned": True,
        "platform": "fastapi",
        "replicas": 2,
        "regions": ["westeurope"],
        "model": {"provider": "azure_openai", "name": "gpt-4o", "temperature": 0.1},
        "variables": {"LOG_LEVEL": "INFO"},
        "secrets": {"OPENAI_API_KEY": "keyvault://dvo-prod/openai-key"},
        "rollout": {"strategy": "all_at_once", "health_timeout_seconds": 120, "auto_rollback": True},
    }


def _stated(tier: str) -> dict[str, object]:
    return {
        "tier": tier,
        "time_zone": "Europe/Berlin",
        "platforms": {"fastapi": "kubernetes"},
        "freeze_windows": [],
        "drift": "report",
    }


def _able() -> dict[str, object]:
    return {
        "capabilities": ["project_results"],
        "tools": [],
        "data": [],
        "egress": [],
        "hand_offs": [],
        "autonomy": "answer",
    }


def _person(group: str) -> dict[str, object]:
    return {"kind": "person", "groups": [group], "mfa": True}


ORDINARY: dict[str, object] = {
    "schema": "dvo.policy-input/1",
    "now": "2026-11-18T11:00:00Z",
    "purpose": "pull_request",
    "change": {"author": "operator", "requester": None},
    "people": {
        "developer": _person("DVO-Developers"),
        "operator": _person("DVO-Operators"),
        "release-manager": _person("DVO-ReleaseManagers"),
        "admin": _person("DVO-Admins"),
        "robot": {"kind": "bot", "groups": [], "mfa": None},
    },
    "environments": {
        tier: {"before": _stated(tier), "after": _stated(tier), "tier": tier}
        for tier in ("development", "staging", "production")
    },
    "deployments": [
        {
            "environment": "production",
            "agent": "ANL",
            "tier": "production",
            "kinds": ["upgraded"],
            "path": "environments/production/anl.yaml",
            "lines": {"agent": 4, "version": 5, "digest": 6, "platform": 7, "replicas": 8, "regions": 9},
            "before": _plan("1.0.0", "b"),
            "after": _plan("1.1.0", "a"),
            "abilities": {"before": _able(), "after": _able()},
        }
    ],
    "files": [],
    "evidence": [
        {
            "environment": "staging",
            "tier": "staging",
            "agent": "ANL",
            "release": "sha256:" + "a" * 64,
            "completed_at": "2026-11-17T11:00:00Z",
        }
    ],
    "break_glass": None,
    "reviews": [],
}
"""The ordinary situation, which every other one differs from."""
