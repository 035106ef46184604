"""Calibration: confidence against the share that was right; whiskers for what may be chance."""

from collections.abc import Mapping
from typing import Any

from markupsafe import Markup

from fitserve.pages.drawing import svg
from fitserve.pages.drawing.picture import HELD_OUT, Picture
from fitserve.pages.drawing.scales import Axes, Scale
from fitserve.pages.drawing.wording import per_cent

Box = tuple[float, float, float, float]
"""Left, top, right, bottom."""

TITLES = {
    "over": "It promises too much",
    "under": "It is right more often than it says",
    "even": "About as sure as it is right",
}


def drawing(_description: Mapping[str, Any], numbers: Mapping[str, Any]) -> Picture:
    groups, title = numbers["groups"], TITLES[numbers["verdict"]]
    low = min(0.9, min(group["confidence"] for group in groups))
    lowest = min([low, *(group["interval"][0] for group in groups)])
    x = Scale(low - 0.1 * (1.0 - low), 1.0 + 0.04 * (1.0 - low), 46, 386)
    y = Scale(max(0.0, lowest - 0.1 * (1.0 - lowest)), 1.0, 260, 24)
    axes = Axes(x, y)
    ends = [max(x.low, y.low), 1.0]
    parts = [
        axes.drawn("confidence in the answer", "share that was right",
                   x_ticks=[tick for tick in x.ticks() if tick <= 1.0],
                   x_words=per_cent, y_words=per_cent),
        svg.line([(x(end), y(end)) for end in ends], "ideal"),
    ]  # fmt: skip
    dots = [(x(group["confidence"]), y(group["right"] / group["of"])) for group in groups]
    taken = [(at[0] - 6, at[1] - 6, at[0] + 6, at[1] + 6) for at in dots]
    for group, (across, _) in zip(groups, dots, strict=True):
        bottom, top = group["interval"]
        parts.append(svg.line([(across, y(bottom)), (across, y(top))], "whisk"))
    for group, at in zip(groups, dots, strict=True):
        parts.append(_beside(at, f"{group['right']} of {group['of']}", taken))
    parts.append(svg.path("".join(f"M{svg.fixed(a)} {svg.fixed(b)}h0" for a, b in dots), "dot"))
    mean, share = per_cent(numbers["confidence"]), per_cent(numbers["right"] / numbers["of"])
    finding = f"On average it is {mean} sure of its answer, and right in {share}."
    return Picture(
        name="calibration",
        title=title,
        markup=svg.svg(
            "calibration", (400, 300), "How often the answer was right, by its confidence", parts,
            description=finding,
        ),
        caption=f"{finding} Below the dashed line it promises too much. Whiskers: 95 % interval of "
        "the share; numbers: right of all with that confidence.",
        of=HELD_OUT,
    )  # fmt: skip


def _beside(at: svg.Xy, words: str, taken: list[Box]) -> Markup:
    """Words near a dot where nothing is yet; nowhere, if there is no such place."""
    for across, up in ((9.0, 18.0), (-9.0, 18.0), (9.0, -8.0), (-9.0, -8.0), (-9.0, 34.0)):
        x, y = at[0] + across, at[1] + up
        css = "tk halo" if across > 0 else "tk halo end"
        left, right = svg.reach(x, words, css)
        box = (left, y - 10, right, y + 3)
        inside = left >= 46 and right <= 396 and 20 <= y <= 256
        if inside and not any(_meet(box, other) for other in taken):
            taken.append(box)
            return svg.text(x, y, words, css)
    return Markup("")


def _meet(one: Box, other: Box) -> bool:
    return one[0] < other[2] and other[0] < one[2] and one[1] < other[3] and other[1] < one[3]
