"""What pydantic found wrong with a document -> problems at their places, fit to be shown.

Every message says what was expected and, unless it might be a secret, what stands there;
an unknown key carries the known key it resembles. A fault the document already has is not
told twice.
"""

import difflib
import json
from collections.abc import Iterator, Mapping
from typing import Any, get_args

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from controller.change.characters import shown
from controller.desired_state.composing import Path, dotted
from controller.desired_state.document import MAX_PROBLEMS, Document
from controller.desired_state.problem import Problem
from controller.desired_state.schema import EXPECTED
from controller.desired_state.secret_shapes import secret_shape

_NEVER_SHOWN = {("variables",), ("secrets",)}
_EXPECTED: Mapping[str, str] = {
    "model_type": "a mapping of keys",
    "dict_type": "a mapping of keys",
    "list_type": "a list",
    "bool_type": "true or false",
    "int_type": "a whole number",
    "float_type": "a number",
    "enum": "{expected}",
    "literal_error": "{expected}",
    "greater_than_equal": "at least {ge}",
    "less_than_equal": "at most {le}",
    "too_short": "at least {min_length}",
    "too_long": "at most {max_length}, got {actual_length}",
    "string_too_short": "at least {min_length} characters",
    "string_too_long": "at most {max_length} characters",
}
"""What the errors of pydantic mean, in our words."""
_CORRECT = "Correct the value; the published schema says what each key holds."


def shape_problems(document: Document, error: ValidationError, shape: type[BaseModel]) -> Iterator[Problem]:
    """Yield one problem for each of the errors that `shape` found in `document`, a flood of them cut."""
    details = [detail for detail in error.errors(include_url=False) if not document.is_faulty(tuple(detail["loc"]))]
    for detail in details[:MAX_PROBLEMS]:
        yield _problem(document, tuple(detail["loc"]), detail, shape)
    if len(details) > MAX_PROBLEMS:
        more = f"{len(details) - MAX_PROBLEMS} more faults are not listed"
        yield problem_at(document, tuple(details[MAX_PROBLEMS]["loc"]), more, "Correct the others first.")


def problem_at(document: Document, at: Path, message: str, remedy: str) -> Problem:
    """Return a problem at the place of `at`."""
    return Problem(document.path, *document.place(at), message, remedy)


def _problem(document: Document, at: Path, detail: ErrorDetails, shape: type[BaseModel]) -> Problem:
    match detail["type"]:
        case "missing":
            return problem_at(document, at[:-1], f"{dotted(at)} is missing", f"Add the key {dotted(at)}.")
        case "extra_forbidden":
            return _unknown_key(document, at, shape)
        case "string_type":
            message = f"{dotted(at)}: expected text, got {_kind(detail['input'])}"
            return problem_at(document, at, message, "Put the value in quotes if it is text.")
    if at and at[-1] == "[key]":
        at = at[:-1]
        return problem_at(document, at, f"the key {dotted(at)}: {_expected(detail)}", "Rename the key.")
    return problem_at(document, at, f"{dotted(at)}: {_expected(detail)}{_found(at, detail)}", _CORRECT)


def _unknown_key(document: Document, at: Path, shape: type[BaseModel]) -> Problem:
    close = difflib.get_close_matches(str(at[-1]), _known_keys(shape, at[:-1]), n=1)
    hint = f"; did you mean `{close[0]}`?" if close else ""
    remedy = f"Write `{close[0]}`, or remove the key." if close else "Remove the key."
    return problem_at(document, at, f"unknown key {dotted(at)}{hint}", remedy)


def _known_keys(shape: type[BaseModel], at: Path) -> list[str]:
    for part in at:
        if isinstance(part, str) and part in shape.model_fields:
            shape = _shape_in(shape.model_fields[part].annotation) or shape
    return list(shape.model_fields)


def _shape_in(annotation: Any) -> type[BaseModel] | None:  # what pydantic calls an annotation
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    return next((found for part in get_args(annotation) if (found := _shape_in(part)) is not None), None)


def _expected(detail: ErrorDetails) -> str:
    """Return what should stand there; what an error of an own rule says is taken as it is."""
    context: Mapping[str, Any] = detail.get("ctx", {})
    if detail["type"] == "string_pattern_mismatch":
        pattern = str(context["pattern"])
        return f"expected {EXPECTED.get(pattern, f'text of the form {pattern}')}"
    template = _EXPECTED.get(detail["type"])
    return detail["msg"] if template is None else f"expected {template.format_map(context)}"


def _found(at: Path, detail: ErrorDetails) -> str:
    """Return what stands there, unless it is long, built up, or might be a secret."""
    value = detail["input"]
    if value is None or isinstance(value, dict | list):
        return f", got {_kind(value)}" if detail["type"].endswith("_type") else ""
    if at[:1] in _NEVER_SHOWN or secret_shape(str(value)) is not None:
        return ""
    return f", got {shown(value) if isinstance(value, str) else json.dumps(value)}"


def _kind(value: object) -> str:
    match value:
        case None:
            return "null"
        case bool():
            return "true or false"
        case int() | float():
            return "a number"
        case list():
            return "a list"
        case _:
            return "a mapping"
