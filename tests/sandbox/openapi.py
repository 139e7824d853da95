"""Requests and answers held against GitHub's own OpenAPI description (npm `@octokit/openapi`).

`validate_request` is for whoever talks to GitHub, `validate_response` for whoever plays GitHub. Operations are found by
method and path and their schemas are made on first use. OpenAPI 3.0 is not JSON Schema: `nullable` becomes a choice
with null, siblings of `$ref` do not count, and references become shared objects, which may be cyclic. It describes the
older version of the API; what the newer one breaks stands beside it as patches (RFC 6902 or RFC 7386).
"""

import functools
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, cast

from jsonschema import Draft4Validator, FormatChecker

Schema = dict[str, object]
DESCRIPTION = (
    Path(__file__).resolve().parents[2] / ".tools/npm/node_modules/@octokit/openapi/generated/api.github.com.json"
)
OLD, NEW = "2022-11-28", "2026-03-10"
"""The versions of the API that the description tells of."""
_CHANGES = "x-github-breaking-changes"
_FORMATS = FormatChecker(formats=())


class ContractBrokenError(AssertionError):
    """A request or answer that GitHub's description does not allow."""


@dataclass(frozen=True)
class Operation:
    """One operation of the description."""

    template: str
    method: str
    content: Schema
    version: str


def validate_request(
    method: str, path: str, query: Mapping[str, str] | None = None, body: object = None, *, version: str = OLD
) -> Operation:
    """Check a request by its path below the API root, its query and its decoded JSON body."""
    operation = find_operation(method, path, version)
    known = _query_schemas(operation)
    for name, value in (query or {}).items():
        if name not in known:
            raise ContractBrokenError(f"{method} {path}: the query parameter {name} is not described")
        _check(_converted(known[name], version), _typed(value, known[name]), f"{method} {path}, query {name}")
    _check_body(operation, body, f"{method} {path}, request body")
    return operation


def validate_response(method: str, path: str, status: int, body: object = None, *, version: str = OLD) -> Operation:
    """Check an answer by its status and decoded JSON body (None when there is none)."""
    operation = find_operation(method, path, version)
    responses = cast(Mapping[str, Schema], operation.content["responses"])
    where = f"{method} {path}: {status}"
    told = status >= 400 and isinstance(body, dict) and {"message", "documentation_url"} <= set(body)
    if status >= 400 and not told:
        raise ContractBrokenError(f"{where}: an error needs a message and a documentation_url, not {body!r}"[:500])
    if told:
        # Some errors are described as one of two kinds, and GitHub's shortest bodies are both.
        return operation
    if status == 304 and method == "GET" and body is None:
        return operation  # any read may be conditional, which the description says of few and the documentation of all
    if str(status) not in responses:
        raise ContractBrokenError(f"{where} is not described, only {sorted(responses)}")
    schema = _response_schema(operation.method, operation.template, str(status), operation.version)
    if schema is None and body not in (None, ""):
        raise ContractBrokenError(f"{where} has a body, and the description knows none")
    if schema is not None:
        _check(schema, body, where)
    return operation


@functools.cache
def find_operation(method: str, path: str, version: str = OLD) -> Operation:
    """Return the operation a method and path mean; the one with most fixed text wins."""
    for pattern, template in _templates():
        if pattern.fullmatch(path) and method.lower() in _paths(version)[template]:
            return Operation(template, method.lower(), cast(Schema, _paths(version)[template][method.lower()]), version)
    raise ContractBrokenError(f"{method} {path} is not described")


def webhook_actions(event: str) -> frozenset[str]:
    """Return the actions GitHub describes of an event, "" for one without; empty for an event it does not describe."""
    described = cast(Mapping[str, Mapping[str, Schema]], description()["x-webhooks"])
    names = [cast(str, webhook["post"]["operationId"]).replace("-", "_") for webhook in described.values()]
    return frozenset(name.partition("/")[2] for name in names if name.partition("/")[0] == event)


def breaking_changes(method: str, path: str) -> frozenset[str]:
    """Return the names of what the newer version changes in an operation, in what is sent or answered."""
    found: set[str] = set()
    seen: set[str] = set()
    waiting: list[object] = [find_operation(method, path).content]
    while waiting:
        match waiting.pop():
            case list() as parts:
                waiting += parts
            case dict() as part:
                found |= {cast(str, change["changeset"]) for change in part.get(_CHANGES, ())}
                reference = part.get("$ref")
                if isinstance(reference, str) and reference not in seen and "/examples/" not in reference:
                    seen.add(reference)
                    waiting.append(_target(reference))
                waiting += [value for word, value in part.items() if word != _CHANGES]
    return frozenset(found)


@functools.cache
def description(version: str = OLD) -> Schema:
    """Return GitHub's description of a version of the API."""
    told = cast(Schema, json.loads(DESCRIPTION.read_bytes()))
    return told if version == OLD else cast(Schema, _patched(told, version))


def _patched(part: object, version: str) -> object:
    if isinstance(part, list):
        return [_patched(each, version) for each in part]
    if not isinstance(part, dict):
        return part
    made: object = {word: _patched(value, version) for word, value in part.items() if word != _CHANGES}
    for change in cast(list[Schema], part.get(_CHANGES, [])):
        if change["version"] == version:
            patch = change["patch"]
            made = _edited(made, cast(list[Schema], patch)) if isinstance(patch, list) else _merged(made, patch)
    return made


def _merged(part: object, patch: object) -> object:
    if not isinstance(patch, dict):
        return patch
    made = dict(part) if isinstance(part, dict) else {}
    for word, value in patch.items():
        if value is None:
            made.pop(word, None)
        else:
            made[word] = _merged(made.get(word), value)
    return made


def _edited(part: object, steps: list[Schema]) -> object:
    for step in steps:
        pointer = cast(str, step["path"]).split("/")[1:]
        *way, last = (name.replace("~1", "/").replace("~0", "~") for name in pointer)
        holder = part
        for name in way:
            holder = holder[int(name)] if isinstance(holder, list) else cast(Schema, holder)[name]
        key: Any = int(last) if isinstance(holder, list) else last
        if step["op"] == "remove":
            del cast(Any, holder)[key]
        else:
            cast(Any, holder)[key] = step["value"]
    return part


def _paths(version: str) -> Mapping[str, Mapping[str, object]]:
    return cast(Mapping[str, Mapping[str, object]], description(version)["paths"])


@functools.cache
def _templates() -> list[tuple[re.Pattern[str], str]]:
    ordered = sorted(_paths(OLD), key=lambda template: -len(re.sub(r"\{[^}]+\}", "", template)))
    return [(_pattern(template), template) for template in ordered]


def _pattern(template: str) -> re.Pattern[str]:
    parts = re.split(r"(\{[^}]+\})", template)
    # Refs, branches and comparisons may hold slashes.
    wide = ("{ref}", "{branch}", "{basehead}", "{tree_sha}", "{path}")
    pieces = [(".+" if part in wide else "[^/]+") if part.startswith("{") else re.escape(part) for part in parts]
    return re.compile("".join(pieces))


def _query_schemas(operation: Operation) -> dict[str, Schema]:
    parameters = [_followed(part) for part in cast(list[Schema], operation.content.get("parameters", []))]
    return {
        cast(str, part["name"]): cast(Schema, part.get("schema", {})) for part in parameters if part["in"] == "query"
    }


def _typed(value: str, schema: Schema) -> object:
    kind = _followed(schema).get("type")
    if kind in ("integer", "number"):
        return int(value) if value.lstrip("-").isdigit() else value
    if kind == "boolean":
        return {"true": True, "false": False}.get(value, value)
    return value


def _check_body(operation: Operation, body: object, where: str) -> None:
    described = operation.content.get("requestBody")
    if described is None:
        if body not in (None, {}, ""):
            raise ContractBrokenError(f"{where}: the description knows none")
        return
    required = _followed(cast(Schema, described)).get("required", False)
    schema = _request_schema(operation.method, operation.template, operation.version)
    if schema is None or (body is None and not required):
        return
    _check(schema, body, where)
    allowed = set(_property_names(schema))
    if isinstance(body, dict) and allowed and not set(body) <= allowed:
        raise ContractBrokenError(f"{where}: {sorted(set(body) - allowed)} are not described")


def _property_names(schema: Schema) -> Iterator[str]:
    yield from cast(Mapping[str, object], schema.get("properties", {}))
    for word in ("oneOf", "anyOf", "allOf"):
        for part in cast(list[Schema], schema.get(word, [])):
            yield from _property_names(part)


@functools.cache
def _response_schema(method: str, template: str, status: str, version: str) -> Schema | None:
    if (method, template, status) in _ERRATA:
        return _converted(_ERRATA[method, template, status], version)
    operation = cast(Schema, _paths(version)[template][method])
    response = _followed(cast(Mapping[str, Schema], operation["responses"])[status])
    return _json_schema(response, version)


@functools.cache
def _request_schema(method: str, template: str, version: str) -> Schema | None:
    operation = cast(Schema, _paths(version)[template][method])
    return _json_schema(_followed(cast(Schema, operation["requestBody"])), version)


def _json_schema(part: Schema, version: str) -> Schema | None:
    content = cast(Mapping[str, Schema], part.get("content", {}))
    for kind, described in content.items():
        if kind == "application/json" or kind.endswith("+json"):
            return _converted(cast(Schema, described["schema"]), version)
    return None


def _followed(part: Schema) -> Schema:
    while "$ref" in part:
        part = _target(cast(str, part["$ref"]))
    return part


def _target(reference: str, version: str = OLD) -> Schema:
    found: object = description(version)
    for name in reference.removeprefix("#/").split("/"):
        found = cast(Schema, found)[name]
    return cast(Schema, found)


# The description inlines here that an account is a user and an enterprise at once, which its own component contradicts.
_ERRATA: dict[tuple[str, str, str], Schema] = {
    ("get", "/app/installations", "200"): {"type": "array", "items": {"$ref": "#/components/schemas/installation"}}
}
_COMPONENTS: dict[tuple[str, str], Schema] = {}


def _converted(schema: Schema, version: str) -> Schema:
    reference = schema.get("$ref")
    if isinstance(reference, str):
        if (reference, version) not in _COMPONENTS:
            _COMPONENTS[reference, version] = shared = {}
            shared.update(_converted(_target(reference, version), version))
        return _COMPONENTS[reference, version]
    plain = {word: _converted_part(word, value, version) for word, value in schema.items() if word != "nullable"}
    if not schema.get("nullable"):
        return plain
    return {"anyOf": [{"type": "null"}, plain]}


def _converted_part(word: str, value: object, version: str) -> object:
    if word in ("properties", "patternProperties"):
        return {name: _converted(part, version) for name, part in cast(Mapping[str, Schema], value).items()}
    if word in ("allOf", "anyOf", "oneOf"):
        return [_converted(part, version) for part in cast(list[Schema], value)]
    if word in ("items", "not", "additionalProperties") and isinstance(value, dict):
        return _converted(value, version)
    return value


def _check(schema: Schema, value: object, where: str) -> None:
    validator = Draft4Validator(schema, format_checker=_FORMATS)
    errors = [(error.json_path, error.message[:300]) for error in validator.iter_errors(cast(str, value))]
    if errors:
        listed = "\n".join(f"  {place}: {message}" for place, message in errors[:10])
        raise ContractBrokenError(f"{where}\n{listed}")


@_FORMATS.checks("date-time", raises=ValueError)
def _is_time(value: object) -> bool:
    return not isinstance(value, str) or datetime.fromisoformat(value).tzinfo is not None


@_FORMATS.checks("uri")
def _is_address(value: object) -> bool:
    # GitHub itself sends "" for an address that is not set.
    return not isinstance(value, str) or re.fullmatch(r"(?:[a-z][a-z0-9+.-]*:\S*)?", value) is not None
