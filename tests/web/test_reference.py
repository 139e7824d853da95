"""docs/reference/http.md names every route there is, and no other; every field, and every member of an answer."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import cast

from starlette.routing import BaseRoute, Route

from controller.policy.authorization import Standing
from controller.web.api import Api
from controller.web.app import create_app
from controller.web.authentication import Authentication, Means, Watch
from controller.web.evaluation import FIELDS
from controller.web.policy_routes import PolicyDoor
from controller.web.sign_in_routes import SignInDoor
from controller.web.signing_in import SigningIn
from controller.workflow.simulating import Simulating
from tests.web.conftest import build_house

PAGE = (Path(__file__).parents[2] / "docs" / "reference" / "http.md").read_text()


def routes() -> set[tuple[str, str]]:
    """Return method and path of every route of an application with every door; nothing is asked of it."""
    app = create_app(
        replace(
            build_house().doors,
            api=Api(Authentication(cast(Means, None), cast(Watch, None)), lambda _: Standing({}, frozenset())),
            policies=PolicyDoor(cast(Simulating, None), lambda _: ()),
            sign_in=SignInDoor(cast(SigningIn, None), "https://dvo.example"),
        )
    )
    found = {(method, route.path) for route in _flat(app.routes) for method in route.methods or ()}
    return {(method, path) for method, path in found if method != "HEAD"}


def _flat(given: Iterable[BaseRoute]) -> Iterator[Route]:
    for route in given:
        if isinstance(route, Route):
            yield route
        else:
            yield from _flat(getattr(route, "original_router").routes)  # noqa: B009 - FastAPI's, without a type


def test_the_page_names_every_route_and_no_other() -> None:
    named = set(re.findall(r"^\| `(GET|POST|PUT|PATCH|DELETE) (/[^`]*)` \|", PAGE, re.MULTILINE))
    assert named == {(method, path) for method, path in routes() if not path.endswith("/")}


def test_every_route_answers_with_and_without_a_slash() -> None:
    found = routes()
    assert {(method, f"{path.rstrip('/')}/") for method, path in found} <= found
    assert {(method, path.rstrip("/")) for method, path in found} <= found


def test_the_page_tells_of_every_field() -> None:
    assert all(re.search(rf"^\| `{name}` \|", PAGE, re.MULTILINE) for name in FIELDS)
