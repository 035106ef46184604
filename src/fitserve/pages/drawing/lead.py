"""Lead of the right class: a strip of rows a class."""

from collections.abc import Mapping
from typing import Any

from fitserve.pages.drawing import marks, svg
from fitserve.pages.drawing.picture import HELD_OUT, Picture
from fitserve.pages.drawing.scales import Scale, below
from fitserve.pages.drawing.wording import label

STRIP, TOP = 46.0, 12.0
THICK = 28.0  # of the band in which rows lie, so that they do not cover each other
GOLDEN = 0.6180339887498949


def drawing(_description: Mapping[str, Any], numbers: Mapping[str, Any]) -> Picture:
    names = [label(one) for one in numbers["labels"]] + ["others"] * (numbers["others"] > 0)
    lead, of = numbers["lead"], numbers["of"]
    bottom = TOP + STRIP * len(names)
    scale = Scale.over([0.0, *lead], 90, 386, 0.03)
    ticks = scale.ticks()
    grid = "".join(f"M{svg.fixed(scale(v))} {TOP}V{svg.fixed(bottom)}" for v in ticks)
    parts = [svg.path(grid, "grid")]
    parts.append(below(scale, bottom + 17, ticks))
    parts.append(
        svg.text(386, bottom + 35, "lead of the right class over the next →", "lb end", 50)
    )
    parts.append(svg.line([(scale(0.0), TOP), (scale(0.0), bottom)], "zero"))
    for k, name in enumerate(names):
        middle = TOP + STRIP * (k + 0.5)
        some = [value for value, group in zip(lead, of, strict=True) if group == k]
        places = [
            (scale(value), middle + THICK * ((i * GOLDEN) % 1.0 - 0.5))
            for i, value in enumerate(some)
        ]
        parts.append(marks.points(k, places))
        parts.append(svg.text(80, middle + 4, name, "end", 9))
    wrong, n = numbers["n_wrong"], len(lead)
    title = (
        "Every row lies on the right side"
        if not wrong
        else f"{wrong} row{'s' * (wrong > 1)} on the wrong side"
    )
    return Picture(
        name="lead",
        title=title,
        markup=svg.svg(
            "lead", (400, bottom + 42), "Lead of the right class, for each row", parts,
            description=f"{wrong} of {n} rows lie left of 0, where the answer was wrong.",
        ),
        caption="By how much the score of the right class is above the next one's. Left of 0: "
        "wrong. Near 0: by a hair. The scale is the model's own.",
        of=HELD_OUT,
    )  # fmt: skip
