"""Errors along what was predicted, and how often each size occurs."""

from collections.abc import Mapping, Sequence
from typing import Any

from markupsafe import Markup

from fitserve.pages.drawing import marks, svg
from fitserve.pages.drawing.picture import HELD_OUT, Picture
from fitserve.pages.drawing.scales import Axes, Scale
from fitserve.pages.drawing.wording import number

LEFT, RIGHT, TOP, BOTTOM = 54, 326, 24, 260
BARS, LONGEST = 334, 56  # where the bars begin, and how long the longest is


def drawing(description: Mapping[str, Any], numbers: Mapping[str, Any]) -> Picture:
    predicted, errors = numbers["predicted"], numbers["errors"]
    target = description.get("target") or "y"
    edges = numbers["edges"]
    axes = Axes(Scale.over(predicted, LEFT, RIGHT, 0.02), Scale(edges[0], edges[-1], BOTTOM, TOP))
    places = zip(map(axes.x, predicted), map(axes.y, errors), strict=True)
    smooth = [(axes.x(x), axes.y(e)) for x, e in numbers["smooth"]]
    title, found = _found(numbers)
    drawn = svg.svg(
        "residuals",
        (400, 300),
        f"True minus predicted {target}, against predicted, of {len(errors)} rows",
        [
            axes.drawn(f"predicted {target}", "true minus predicted"),
            svg.path(f"M{LEFT} {svg.fixed(axes.y(0.0))}H{RIGHT}", "ideal"),
            marks.points(0, places, "thin"),
            _bars(axes.y, edges, numbers["counts"]),
            svg.line(smooth, "smooth") if smooth else Markup(""),
        ],
        description=f"{title}. {found}",
    )
    line = "The orange line is the mean of 60 neighbouring points. " if smooth else ""
    caption = f"{line}{found} At the right: how often each error occurs."
    return Picture("residuals", title, drawn, caption, of=HELD_OUT)


def _found(numbers: Mapping[str, Any]) -> tuple[str, str]:
    """A title, and what follows of it."""
    bends, widening = numbers["bends"], numbers["widening"]
    ways, words = [], []
    if bends:
        ways.append("bend")
        words.append("They bend: what it has learned is too straight, or too flat, for these data.")
    if widening:
        below, above = widening
        ways.append("grow with the answer" if above > below else "shrink as the answer grows")
        words.append(
            f"Of the third with the lowest answers half are off by less than {number(below)}, of "
            f"the third with the highest by less than {number(above)}."
        )
    if ways:
        return f"The errors {' and '.join(ways)}", " ".join(words)
    if bends is None:
        return "The errors", "There are too few to say whether they bend."
    return "The errors show no bend", "Nor do they grow or shrink along the answers."


def _bars(y: Scale, edges: Sequence[float], counts: Sequence[int]) -> Markup:
    most = max(counts)
    bars = [
        svg.bar(BARS, y(above) + 0.5, LONGEST * count / most, y(below) - y(above) - 1, "fillc")
        for below, above, count in zip(edges[:-1], edges[1:], counts, strict=True)
        if count
    ]
    return Markup("").join(bars)
