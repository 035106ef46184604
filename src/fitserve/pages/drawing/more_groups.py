"""The share of the spread that so many groups explain."""

from collections.abc import Mapping
from typing import Any

from fitserve.pages.drawing import svg
from fitserve.pages.drawing.picture import TRAINING, Picture
from fitserve.pages.drawing.scales import Axes, Scale
from fitserve.pages.drawing.wording import per_cent

LEFT, RIGHT, TOP, BOTTOM = 50, 386, 24, 200
LOW = 0.12  # so low that there is none below


def drawing(_: Mapping[str, Any], numbers: Mapping[str, Any]) -> Picture:
    explained, k, here = numbers["explained"], numbers["n_groups"], numbers["here"]
    last = max(k, len(explained))
    across = Scale(1 - 0.04 * last, last + 0.04 * last, LEFT, RIGHT)
    axes = Axes(across, Scale(0.0, 1.0, BOTTOM, TOP))
    curve = [(axes.x(n), axes.y(max(share, 0.0))) for n, share in enumerate(explained, 1)]
    at = axes.x(k), axes.y(here)
    ticks = range(1, last + 1) if last <= 12 else [int(t) for t in across.ticks() if t >= 1]
    beyond = at[0] > (LEFT + RIGHT) / 2
    drawn = svg.svg(
        "more_groups",
        (400, 240),
        "Share of the spread explained, by the number of groups",
        [
            axes.drawn(
                "groups",
                "share of the spread explained",
                x_ticks=ticks,
                y_ticks=(0.0, 0.2, 0.4, 0.6, 0.8, 1.0),
                y_words=per_cent,
            ),
            svg.line(curve, "curve"),
            svg.path(f"M{svg.fixed(at[0])} {svg.fixed(at[1])}h0", "dot"),
            svg.text(
                at[0] + (-4 if beyond else 8),
                at[1] + (-12 if here < LOW else 20),  # below the curve, where there is room
                f"here: {per_cent(here)}",
                "strong halo end" if beyond else "strong halo",
            ),
        ],
        description=f"{k} groups explain {per_cent(here)}.",
    )
    caption = (
        "The curve bends where a further group no longer brings much. Each point is a training of "
        f"its own on {numbers['n_rows']} of the rows; the dot is this model on the same rows."
    )
    return Picture("more_groups", "More groups explain more", drawn, caption, of=TRAINING)
