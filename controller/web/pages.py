"""The few pages a person sees while signing in: a title, a sentence, and one thing to do."""

import base64
import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from urllib.parse import urlsplit

from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape
from markupsafe import Markup
from starlette.responses import HTMLResponse


@dataclass(frozen=True, slots=True)
class Page:
    """What a page says; every text is plain and becomes inert."""

    title: str
    text: str
    link: tuple[str, str] | None = None
    """An address and what it is called."""
    warning: str | None = None
    facts: Sequence[tuple[str, str]] = ()
    """What there is to know, each with its name."""
    choices: Sequence[str] = ()
    """Buttons that send the form to `action`, each under the name ``login``."""
    action: str = ""
    hidden: Mapping[str, str] = field(default_factory=dict)


def html(
    page: Page, status: int = 200, headers: Mapping[str, str] | None = None, *, onward: str | None = None
) -> HTMLResponse:
    """Return `page` as an answer, with a policy that lets it hold nothing but its own style and form.

    Where our answer to the form leads on to another site, its address is `onward`: browsers ask the policy of it too.
    """
    style = _style()
    values = {name: getattr(page, name) for name in Page.__slots__}
    content = _environment().get_template("page.html").render(style=style, **values)
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    target = "'self'" if onward is None else f"'self' {_origin(onward)}"
    policy = (
        f"default-src 'none'; style-src 'sha256-{digest}'; form-action {target}; "
        "frame-ancestors 'none'; base-uri 'none'"
    )
    return HTMLResponse(content, status, {"Content-Security-Policy": policy, **(headers or {})})


def _origin(address: str) -> str:
    parts = urlsplit(address)
    return f"{parts.scheme}://{parts.netloc}"


@cache
def _environment() -> Environment:
    return Environment(
        loader=PackageLoader("controller.web"),
        autoescape=select_autoescape(default=True),
        undefined=StrictUndefined,
        trim_blocks=True,
    )


@cache
def _style() -> str:
    """Return the style sheet, which is ours and holds nothing to escape."""
    source, _, _ = PackageLoader("controller.web").get_source(_environment(), "page.css")
    return Markup(source)  # noqa: S704
