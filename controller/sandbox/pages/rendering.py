"""Templates and Markdown: everything is escaped, nothing may run.

Markdown is CommonMark with tables and without raw HTML; HTML comments, in which tools hide their marks, are left out as
GitHub leaves them out. Every page carries a Content-Security-Policy that allows no script at all.
"""

import re
from collections.abc import Mapping
from datetime import datetime
from itertools import pairwise
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markdown_it import MarkdownIt
from markdown_it.rules_core import StateCore
from markdown_it.token import Token
from markupsafe import Markup
from starlette.responses import HTMLResponse

_HERE = Path(__file__).parent
_HIDDEN = re.compile(r"<!--.*?-->", re.DOTALL)
STYLES = _HERE / "static"
HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self';"
        " frame-ancestors 'none'; base-uri 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cache-Control": "no-store",
}


def markdown(text: str | None) -> Markup:
    """Return Markdown as safe HTML; a cell knows its column's name, where windows are too narrow for columns."""
    # Markup is right here and only here: the renderer escapes, with raw HTML switched off.
    return Markup(_MARKDOWN.render(_HIDDEN.sub("", text or "")))  # noqa: S704


def page(template: str, content: Mapping[str, object]) -> HTMLResponse:
    """Return a page."""
    return HTMLResponse(_TEMPLATES.get_template(template).render(content), headers=dict(HEADERS))


def _renderer() -> MarkdownIt:
    made = MarkdownIt("commonmark", {"html": False}).enable(["table", "strikethrough"]).disable("image")
    made.core.ruler.push("column_names", _name_columns)
    return made


def _name_columns(state: StateCore) -> None:
    names: list[str] = []
    column = 0
    for token, following in pairwise(state.tokens):
        if token.type == "table_open":
            names = []
        elif token.type == "th_open":
            names.append(_plain(following))
        elif token.type == "tr_open":
            column = 0
        elif token.type == "td_open":
            token.attrSet("data-label", names[column])
            column += 1


def _plain(inline: Token) -> str:
    return "".join(child.content for child in inline.children or [])


def _spoken(word: str | None) -> str:
    """Write one of GitHub's words as people say it; empty for none."""
    return (word or "").replace("_", " ")


def _shown_time(when: datetime | None) -> str:
    return "" if when is None else when.strftime("%-d %b %Y, %H:%M UTC")


def _environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(_HERE / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {"markdown": markdown, "time": _shown_time, "spoken": _spoken}
    environment.filters["short"] = lambda oid: str(oid)[:7]
    return environment


_TEMPLATES, _MARKDOWN = _environment(), _renderer()
