"""How groups differ: the means of columns, a table as deep in colour as they are far apart."""

from collections.abc import Mapping
from typing import Any

from markupsafe import Markup

from fitserve.pages.drawing import heat, html, marks
from fitserve.pages.drawing.picture import TRAINING, Picture
from fitserve.pages.drawing.wording import number, per_cent

NARROW = 4  # columns of the table that half of the page has room for
STEPS = (0.25, 0.6, 1.1)  # standard deviations


def drawing(_: Mapping[str, Any], numbers: Mapping[str, Any]) -> Picture:
    head: list[Markup | str] = [
        marks.key(mark, str(group))
        for group, mark in zip(numbers["groups"], numbers["marks"], strict=True)
    ]
    sizes = [_plain(str(size)) for size in (*numbers["sizes"], numbers["n_rows"])]
    rows = [("rows", sizes)]
    rows += [(_name(one), _cells(one)) for one in numbers["columns"]]
    drawn = heat.table([*head, "all rows"], rows, "Means of the columns in each group")
    shown, there = len(numbers["columns"]), numbers["n_columns"]
    some = f" The {shown} columns of {there} that differ most." if shown < there else ""
    groups = len(numbers["groups"])
    largest = f" The {groups} largest of {numbers['n_groups']} groups."
    caption = (
        "Means of the columns in each group. Blue: above the mean of all rows, orange: below it, "
        "the deeper the farther (from 0.25, 0.6 and 1.1 standard deviations on)."
        + some
        + (largest if groups < numbers["n_groups"] else "")
    )
    return Picture(
        name="group_differences",
        title="How the groups differ",
        markup=drawn,
        caption=caption,
        wide=groups > NARROW,
        of=TRAINING,
    )


def _cells(column: Mapping[str, Any]) -> list[Markup]:
    words = per_cent if column["kind"] == "category" else number
    cells = [
        heat.cell("none", 0.0, STEPS)
        if mean is None
        else heat.cell(words(mean), apart or 0.0, STEPS)
        for mean, apart in zip(column["means"], column["apart"], strict=True)
    ]
    whole = column["all"]
    return [*cells, _plain("none" if whole is None else words(whole))]


def _plain(words: str) -> Markup:
    return html.cell(words, "z0")


def _name(column: Mapping[str, Any]) -> str:
    name: str = column["column"]
    return name.replace("=", " = ", 1) if column["kind"] == "category" else name
