"""Importance: a bar a column to the mean fall of the score, and a whisker for its deviation."""

from collections.abc import Mapping
from typing import Any

from markupsafe import Markup

from fitserve.pages.drawing import html, svg
from fitserve.pages.drawing.picture import HELD_OUT, Picture
from fitserve.pages.drawing.scales import Scale
from fitserve.pages.drawing.wording import column

METRICS = {"r2": "R²"}


def drawing(_description: Mapping[str, Any], numbers: Mapping[str, Any]) -> Picture:
    columns, there = numbers["columns"], numbers["n_columns"]
    metric = METRICS.get(numbers["metric"], numbers["metric"])
    scale = forest_scale(columns)
    head = [html.heading("column"), html.heading("importance"),
            html.heading(f"{metric} falls by", "r")]  # fmt: skip
    body = [
        [
            html.heading(html.named(column(one["column"])), scope="row"),
            html.cell(forest(one, scale)),
            html.cell(f"{one['mean']:.3f} ± {one['std']:.3f}".replace("-", "−"), "r"),
        ]
        for one in columns
    ]
    only = f" The {len(columns)} most important of {there}." if len(columns) < there else ""
    return Picture(
        name="importance",
        title="What it really uses",
        markup=html.table("plain tight", "Importance of the columns", [head], body),
        caption=f"How much {metric} falls when one column is shuffled, and the model has to do "
        f"without it: mean and deviation.{only} Columns that tell the same share their "
        "importance: shuffling one leaves the other.",
        wide=True,
        of=HELD_OUT,
    )


def forest_scale(columns: list[dict[str, Any]]) -> Scale:
    """One for all columns, in which zero is."""
    ends = [one["mean"] + sign * one["std"] for one in columns for sign in (-1, 1)]
    return Scale.over([0.0, *ends], 4, 166)


def forest(one: Mapping[str, Any], scale: Scale) -> Markup:
    """Of one column a bar, a dot at its end, and a whisker; read aloud in words beside it."""
    mean, std = one["mean"], one["std"]
    parts = [
        svg.path(f"M{svg.fixed(scale(0.0))} 0V22", "zero"),
        svg.line([(scale(0.0), 11), (scale(mean), 11)], "bar"),
        svg.line([(scale(mean - std), 11), (scale(mean + std), 11)], "whisk"),
        svg.path(f"M{svg.fixed(scale(mean))} 11h0", "dot"),
    ]
    return Markup('<svg class="forest" viewBox="0 0 170 22" aria-hidden="true">{}</svg>').format(
        Markup("").join(parts)
    )
