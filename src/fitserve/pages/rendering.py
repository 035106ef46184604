"""A template and what it shows become a page."""

from functools import cache
from http import HTTPStatus
from typing import Any

from flask import Response, current_app
from jinja2 import Environment, PackageLoader, StrictUndefined

from fitserve.pages import static, words
from fitserve.pages.drawing.wording import number, per_cent
from fitserve.pages.guard import HEADERS
from fitserve.pages.visitor import visitor
from fitserve.version import VERSION


def page(template: str, status: int = HTTPStatus.OK, /, **shown: Any) -> Response:
    """The page that the template makes of what it is to show."""
    limit = words.size(current_app.config["MAX_CONTENT_LENGTH"])
    known = {"visitor": visitor(), "limit": limit} | shown
    text = _environment().get_template(template).render(known)
    return Response(text, status, HEADERS, mimetype="text/html")


@cache
def _environment() -> Environment:
    made = Environment(
        loader=PackageLoader("fitserve.pages"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.globals |= {"static": static.address, "version": VERSION, "here": None}
    made.filters |= {
        "share": per_cent,
        "number": number,
        "count": words.count,
        "duration": words.duration,
        "moment": words.moment,
        "short_moment": words.short_moment,
        "size": words.size,
    }
    return made
