"""What pydantic found wrong with a document -> problems at their places, fit to be shown.

Every message says what was expected and, unless it might be a secret, what stands there;
an unknown key carries the known key it resembles. A fault the document already has is not
told twice.
"""

import difflib
from collections.abc import Iterator, Mapping
from typing import Any, get_args

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from controller.desired_state.characters import shown
from controller.desired_state.composing import Path, dotted
from controller.desired_state.document import Document
from controller.desired_state.problem import Problem
from controller.desired_state.schema import EXPECTED
from controller.desired_state.secret_shapes import secret_shape

_NEVER_SHOWN = frozenset({"variables", "secrets"})
_CORRECT = "Correct the value; the published schema says what each key holds."


def shape_problems(document: Document, error: ValidationError, shape: type[BaseModel]) -> Iterator[Problem]:
    """Yield one problem for each of the errors that `shape` found in `document`."""
    for detail in error.errors(include_url=False):
        at = tuple(detail["loc"])
        if not document.is_faulty(at):
            yield _problem(document, at, detail, shape)


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
            got = "a number" if isinstance(detail["input"], int | float) else "no text"
            return problem_at(document, at, f"{dotted(at)}: expected text, got {got}", "Put the value in quotes.")
    if at and at[-1] == "[key]":
        at = at[:-1]
        return problem_at(document, at, f"the key {dotted(at)}: {_expected(detail)}", "Rename the key.")
    return problem_at(document, at, f"{dotted(at)}: {_expected(detail)}{_found(at, detail['input'])}", _CORRECT)


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


def _shape_in(annotation: Any) -> type[BaseModel] | None:  # noqa: ANN401 - what pydantic calls an annotation
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    return next((found for part in get_args(annotation) if (found := _shape_in(part)) is not None), None)


def _expected(detail: ErrorDetails) -> str:
    context: Mapping[str, Any] = detail.get("ctx", {})
    if detail["type"] == "string_pattern_mismatch":
        return f"expected {EXPECTED[context['pattern']]}"
    return detail["msg"].replace("Input should be", "expected", 1).replace("should have", "is expected to have", 1)


def _found(at: Path, value: object) -> str:
    """Return what stands there, unless it is long, built up, or might be a secret."""
    if value is None:
        return ", got null"
    if isinstance(value, dict | list):
        return ", got a mapping" if isinstance(value, dict) else ", got a list"
    if (at and at[0] in _NEVER_SHOWN) or secret_shape(str(value)) is not None:
        return ""
    if isinstance(value, bool):
        return f", got {str(value).lower()}"
    return f", got {shown(value) if isinstance(value, str) else value}"
