"""The page at /docs: the OpenAPI document for people, with nothing to load from elsewhere.

Style and script stand in the page, and the header names their digests, so that the browser runs
these and nothing else.
"""

from base64 import b64encode
from functools import cache
from hashlib import sha256
from importlib.resources import files
from typing import Any

from flask import Blueprint, Response
from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup
from pydantic_core import to_json

from fitserve.api.keys import open_to_all
from fitserve.api.routes.documents import Document, File
from fitserve.data.expectations import asked

METHODS = ("get", "post", "delete")


def blueprint(document: Document) -> Blueprint:
    routes = Blueprint("documentation", __name__)

    @cache
    def page() -> File:
        return _page(document.told)

    @routes.get("/docs")
    @open_to_all
    def docs() -> Response:
        return page().answer()

    return routes


def _page(told: dict[str, Any]) -> File:
    style, script = _text("documentation.css"), _text("documentation.js")
    jinja = Environment(
        loader=PackageLoader("fitserve.pages", "."),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    jinja.filters |= {"asked": asked, "shown": _shown, "code": _code}
    ours = {"style": Markup(style), "script": Markup(script)}  # noqa: S704
    page = jinja.get_template("documentation.html")
    body = page.render(told=told, tags=_by_tag(told), **ours)
    policy = (
        f"default-src 'none'; style-src {_digest(style)}; script-src {_digest(script)}; "
        "img-src data:; connect-src 'self'; base-uri 'none'; form-action 'none'; "
        "frame-ancestors 'none'"
    )
    return File(body.encode(), "text/html", {"Content-Security-Policy": policy})


def _text(name: str) -> str:
    return (files("fitserve.pages") / name).read_text("utf-8")


def _digest(text: str) -> str:
    return f"'sha256-{b64encode(sha256(text.encode()).digest()).decode()}'"


def _by_tag(told: dict[str, Any]) -> dict[str, list[tuple[str, str, dict[str, Any]]]]:
    """Method, path and operation of each, by tag."""
    found: dict[str, list[tuple[str, str, dict[str, Any]]]] = {}
    for path, item in told["paths"].items():
        for method in filter(item.__contains__, METHODS):
            found.setdefault(item[method]["tags"][0], []).append((method, path, item[method]))
    return found


def _shown(value: Any) -> str:
    """An example as it would be sent."""
    return value if isinstance(value, str) else to_json(value).decode()


def _code(text: str) -> Markup:
    """Text whose parts between backquotes are code."""
    parts = [Markup.escape(part) for part in text.split("`")]
    inner = (Markup("<code>{}</code>").format(one) if i % 2 else one for i, one in enumerate(parts))
    return Markup("").join(inner)
