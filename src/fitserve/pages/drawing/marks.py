"""Marks of classes: each has its colour and its shape, so that either is enough."""

from collections.abc import Iterable, Sequence

from markupsafe import Markup

from fitserve.pages.drawing import svg
from fitserve.pages.drawing.svg import Xy, fixed
from fitserve.pages.drawing.wording import short

SHAPES = 4
"""Dot, square, triangle, diamond; the fifth colour has the first shape again."""


def points(k: int, places: Iterable[Xy], css: str = "") -> Markup:
    """The marks of class `k` (0 to 7), all in one path."""
    shape = k % SHAPES
    drawn = "".join(f"M{fixed(x)} {fixed(y + _ABOVE[shape])}{_SHAPES[shape]}" for x, y in places)
    colour = f"c{k}" if shape < 2 else f"f{k}"  # dots and squares are ends of lines
    return svg.path(drawn, f"pt sh{shape} {colour} {css}".rstrip())


_SHAPES = ("h0", "h0", "l3.4 6h-6.8z", "l3.6 3.6l-3.6 3.6l-3.6 -3.6z")
_ABOVE = (0.0, 0.0, -3.6, -3.6)


def rings(places: Iterable[Xy], css: str = "") -> Markup:
    """Circles around marks."""
    drawn = (
        f"M{fixed(x - 5.5)} {fixed(y)}a5.5 5.5 0 1 0 11 0a5.5 5.5 0 1 0-11 0" for x, y in places
    )
    return svg.path("".join(drawn), f"ring {css}".rstrip())


def key(k: int, name: Markup | str) -> Markup:
    """The mark of class `k` and its name, in HTML."""
    return Markup('<span class="key k{}"></span>{}').format(k, name)


def legend(names: Sequence[str], ring: str | None = None) -> Markup:
    """What the marks mean, and what a ring around one."""
    said = [
        Markup('<span title="{}">{}</span>').format(name, key(k, short(name)))
        for k, name in enumerate(names)
    ]
    if ring is not None:
        said.append(Markup('<span><span class="o"></span>{}</span>').format(ring))
    return Markup('<p class="legend">{}</p>').format(Markup("").join(said))
