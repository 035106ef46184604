"""The share of the variance that each axis keeps, and all up to it."""

from collections.abc import Mapping
from itertools import accumulate
from typing import Any

from markupsafe import Markup

from fitserve.pages.drawing import svg
from fitserve.pages.drawing.picture import TRAINING, Picture
from fitserve.pages.drawing.scales import Axes, Scale
from fitserve.pages.drawing.wording import per_cent

LEFT, RIGHT, TOP, BOTTOM = 50, 386, 24, 200
ENOUGH = 0.8  # of the variance, for a title
WIDEST = 44  # bar

_COUNTS = ("One axis holds", "Two axes hold", "Three axes hold", "Four axes hold")


def drawing(_: Mapping[str, Any], numbers: Mapping[str, Any]) -> Picture:
    shares, n_axes = numbers["shares"], numbers["n_axes"]
    together = list(accumulate(shares))
    told = next((k for k, whole in enumerate(together) if whole >= ENOUGH), len(shares) - 1)
    step = (RIGHT - LEFT) / len(shares)
    axes = Axes(Scale(0.5, len(shares) + 0.5, LEFT, RIGHT), Scale(0.0, 1.0, BOTTOM, TOP))
    bars = [_bar(axes, k, share, min(WIDEST, 0.7 * step)) for k, share in enumerate(shares, 1)]
    line = [(axes.x(k), axes.y(min(whole, 1.0))) for k, whole in enumerate(together, 1)]
    count = _COUNTS[told] if told < len(_COUNTS) else f"{told + 1} axes hold"
    title = f"{count} {per_cent(min(together[told], 1.0))} of the variance"
    drawn = svg.svg(
        "variance_shares",
        (400, 240),
        "Share of the variance on each axis, and together",
        [
            axes.drawn(
                "axis",
                "share of variance",
                x_ticks=range(1, len(shares) + 1),
                y_ticks=(0.0, 0.2, 0.4, 0.6, 0.8, 1.0),
                y_words=per_cent,
            ),
            *bars,
            svg.line(line, "smooth") if len(line) > 1 else Markup(""),
        ],
        description=f"{title}.",
    )
    of = f"{n_axes} axes" if n_axes > 1 else "The axis"
    rest = f" The first {len(shares)} of {of} are drawn." if n_axes > len(shares) else ""
    whole = f" {of} together: {per_cent(min(numbers['total'], 1.0))}."
    caption = f"Bars: each axis; line: all up to it.{rest}{whole}"
    return Picture("variance_shares", title, drawn, caption, of=TRAINING)


def _bar(axes: Axes, k: int, share: float, width: float) -> Markup:
    top = axes.y(share)
    bar = svg.bar(axes.x(k) - width / 2, top, width, BOTTOM - top, "f0")
    if width < 26:
        return bar
    inside = share > 0.15
    words = svg.text(axes.x(k), top + 16 if inside else top - 6, per_cent(share), "tk mid")
    return bar + (svg.text(axes.x(k), top + 16, per_cent(share), "tk inv mid") if inside else words)
