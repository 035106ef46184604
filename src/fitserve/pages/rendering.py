"""A template and what it shows become a page."""

from functools import cache
from http import HTTPStatus
from typing import Any

from flask import Response
from jinja2 import Environment, PackageLoader, StrictUndefined

from fitserve.pages import static, words
from fitserve.pages.visitor import visitor
from fitserve.version import VERSION


def page(template: str, status: int = HTTPStatus.OK, /, **shown: Any) -> Response:
    """The page that the template makes of what it is to show."""
    text = _environment().get_template(template).render(visitor=visitor(), **shown)
    return Response(text, status, mimetype="text/html")


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
    made.filters |= {"share": words.share, "number": words.number, "moment": words.moment}
    return made
