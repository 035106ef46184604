"""What is true of rows against what was predicted for them."""

from collections.abc import Mapping
from typing import Any

from markupsafe import Markup

from fitserve.pages.drawing import marks, svg
from fitserve.pages.drawing.picture import HELD_OUT, Picture
from fitserve.pages.drawing.scales import Axes, Scale
from fitserve.pages.drawing.wording import number

LEFT, RIGHT, TOP, BOTTOM = 54, 386, 24, 300


def drawing(description: Mapping[str, Any], numbers: Mapping[str, Any]) -> Picture:
    predicted, true = numbers["predicted"], numbers["true"]
    target = description.get("target") or "y"
    both = [*predicted, *true]
    axes = Axes(Scale.over(both, LEFT, RIGHT, 0.02), Scale.over(both, BOTTOM, TOP, 0.02))
    half = number(numbers["half"])
    far = number(numbers["nine_of_ten"])
    said = f"Half of the rows are off by less than {half}, nine of ten by less than {far}."
    drawn = svg.svg(
        "true_predicted",
        (400, 340),
        f"True {target} against predicted, of {len(true)} rows",
        [
            axes.drawn(f"predicted {target}", f"true {target}"),
            _band(axes, numbers["half"]),
            svg.path(f"M{LEFT} {BOTTOM}L{RIGHT} {TOP}", "ideal"),
            svg.text(LEFT + 8, TOP + 12, "higher than predicted", "mut halo"),
            svg.text(RIGHT - 4, BOTTOM - 9, "lower than predicted", "mut halo end"),
            marks.points(0, zip(map(axes.x, predicted), map(axes.y, true), strict=True), "thin"),
        ],
        description=said,
    )
    caption = (
        f"On the dashed line the prediction is exact. Half of the rows lie within the band (± "
        f"{half}), nine of ten within ± {far}."
    )
    return Picture("true_predicted", "True against predicted", drawn, caption, of=HELD_OUT)


def _band(axes: Axes, half: float) -> Markup:
    """Where what is true is at most so far from what was predicted."""
    low, high = axes.x.low, axes.x.high
    width = min(half, high / 2 - low / 2)
    corners = [(low, low), (low + width, low), (high, high - width)]
    corners += [(high, high), (high - width, high), (low, low + width)]
    return svg.line([(axes.x(x), axes.y(y)) for x, y in corners], "band")
