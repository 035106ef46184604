"""Normal curves: for each column a small picture, with a curve for each class."""

import math
from collections.abc import Mapping, Sequence
from typing import Any

from markupsafe import Markup

from fitserve.pages.drawing import marks, svg
from fitserve.pages.drawing.picture import SERVED, Picture
from fitserve.pages.drawing.scales import Scale, below
from fitserve.pages.drawing.wording import column as named
from fitserve.pages.drawing.wording import label, number

POINTS = 61
FAR = 2.7
"""Deviations on each side of the means that are shown."""
BASE, PEAK = 86.0, 8.0


def drawing(_description: Mapping[str, Any], numbers: Mapping[str, Any]) -> Picture:
    names = [label(one) for one in numbers["labels"]]
    columns, there = numbers["columns"], numbers["n_columns"]
    small = [_small(i, column, names) for i, column in enumerate(columns)]
    only = f" The {len(columns)} most telling of {there} columns." if len(columns) < there else ""
    others = f" {numbers['others']} smaller classes are left out." if numbers["others"] else ""
    return Picture(
        name="curves",
        title="A curve for each class and column",
        markup=marks.legend(names)
        + Markup('<div class="small4">{}</div>').format(Markup("").join(small)),
        caption="Where the curves part, the column tells the classes apart; where they lie over "
        f"each other, it does not. Each curve is drawn equally high.{only}{others}",
        wide=True,
        of=SERVED,
    )


def _small(i: int, column: Mapping[str, Any], names: Sequence[str]) -> Markup:
    curves = list(zip(column["mean"], column["deviation"], strict=True))
    ends = [mean + side * FAR * deviation for mean, deviation in curves for side in (-1, 1)]
    scale = Scale.over(ends, 6, 184)
    parts = [below(scale, 101, scale.ticks(3), width=190)]
    parts.append(svg.text(95, 117, named(column["column"]), "lb mid", 24))
    parts.append(svg.line([(6, BASE), (184, BASE)], "grid"))
    for k, (mean, deviation) in enumerate(curves):
        curve = _curve(scale, mean, deviation)
        d = "L".join(f"{svg.fixed(x)} {svg.fixed(y)}" for x, y in curve)
        parts.append(svg.path(f"M{d}", f"rg f{k}"))
        parts.append(svg.path(f"M{d}", f"cur c{k}"))
    said = "; ".join(
        f"{name} {number(mean)} ± {number(deviation)}"
        for name, (mean, deviation) in zip(names, curves, strict=True)
    )
    title = f"{column['column']}: the curve of each class"
    return svg.svg(f"curves-{i}", (190, 122), title, parts, description=said)


def _curve(scale: Scale, mean: float, deviation: float) -> list[svg.Xy]:
    """From left to right; with points about the peak, which else a narrow one would lose."""
    near = (scale(mean + step * deviation) for step in (-2.0, -1.0, -0.5, 0.0, 0.5, 1.0, 2.0))
    evenly = (6 + 178 * j / (POINTS - 1) for j in range(POINTS))
    places = sorted({x for x in (*evenly, *near) if 6 <= x <= 184})
    return [(x, _height(scale, x, mean, deviation)) for x in places]


def _height(scale: Scale, x: float, mean: float, deviation: float) -> float:
    width = abs(scale(mean + deviation) - scale(mean)) or 1e-3
    z = (x - scale(mean)) / width
    return BASE - (BASE - PEAK) * math.exp(-0.5 * min(z * z, 700.0))
