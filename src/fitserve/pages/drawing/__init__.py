"""How pictures are drawn: SVG and tables, of the numbers that `evaluation/pictures` found. Each
picture is a file of the same name here, with a function `drawing(description, numbers)`.

Drawings have no style of their own: classes of `static/style.css`, and attributes of SVG. What
users named stands in them as text, escaped.
"""

from collections.abc import Callable, Mapping
from functools import cache
from importlib import import_module
from pkgutil import iter_modules
from types import MappingProxyType
from typing import Any

from fitserve.evaluation.pictures import ORDER
from fitserve.pages.drawing.picture import Picture

__all__ = ["Picture", "draw"]

Drawing = Callable[[Mapping[str, Any], Mapping[str, Any]], Picture]


@cache
def _drawings() -> Mapping[str, Drawing]:
    found = {}
    for info in iter_modules(__path__):
        drawing = getattr(import_module(f"{__name__}.{info.name}"), "drawing", None)
        if drawing is not None:
            found[info.name] = drawing
    return MappingProxyType({name: found[name] for name in ORDER if name in found})


def draw(description: Mapping[str, Any], numbers: Mapping[str, Any]) -> list[Picture]:
    """The pictures of a model, in the order of the page: `description` as at GET
    /models/TYPE/ID, `numbers` as at GET /models/TYPE/ID/pictures."""
    return [
        drawing(description, numbers["pictures"][name])
        for name, drawing in _drawings().items()
        if name in numbers["pictures"]
    ]
