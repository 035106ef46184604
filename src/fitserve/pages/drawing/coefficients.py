"""Coefficients: stems to both sides of zero, or for three classes and more a table in colours."""

from collections.abc import Mapping, Sequence
from typing import Any

from markupsafe import Markup

from fitserve.pages.drawing import heat, html, svg
from fitserve.pages.drawing.picture import SERVED, Picture
from fitserve.pages.drawing.scales import Scale, below
from fitserve.pages.drawing.wording import aligned, label, short, signed
from fitserve.pages.drawing.wording import column as named

LINE = 25.0
LEFT, RIGHT = 150.0, 292.0
NAME = 21  # characters of a column
STEPS = (0.15, 0.4, 0.7)  # of the strongest
TOGETHER = "Columns that go together share their effect."


def drawing(description: Mapping[str, Any], numbers: Mapping[str, Any]) -> Picture:
    classes, columns = numbers["classes"], numbers["columns"]
    if classes is not None and len(classes) > 2:
        return Picture(
            name="coefficients",
            title="What speaks for each class",
            markup=_table(classes, columns, numbers["measured"]),
            caption=f"By how much the score of the class changes for {_step(numbers)} of the "
            f"column.{_left_out(numbers)} {TOGETHER}",
            wide=len(classes) > 4,
            of=SERVED,
        )
    if classes is None:
        target = description.get("target") or "the answer"
        title, ends = "What pushes the answer up and down", ("", f"change of {short(target, 20)} →")
        means = f"change of {target} for {_step(numbers)} of the column"
    else:
        one, other = (label(labelled) for labelled in classes)
        title = f"What speaks for {short(other)}, and what for {short(one)}"
        ends = f"← {short(one, 16)}", f"{short(other, 16)} →"
        means = f"change of the score for {_step(numbers)} of the column"
    return Picture(
        name="coefficients",
        title=title,
        markup=_stems(columns, ends, title, numbers["measured"]),
        caption=_caption(numbers, means),
        of=SERVED,
    )


def _caption(numbers: Mapping[str, Any], means: str) -> str:
    one = "hange for one unit of the column, or where the category holds"
    if numbers["measured"]:
        length = f"Length: {means}, so that columns can be compared. Number: c{one}."
        return f"{length}{_left_out(numbers)} {TOGETHER}"
    return f"C{one}: no rows were kept that tell how far the columns spread.{_left_out(numbers)}"


def _stems(
    columns: Sequence[Mapping[str, Any]], ends: tuple[str, str], title: str, measured: bool
) -> Markup:
    effects = [_effect(column, measured)[0] for column in columns]
    bottom = 26 + LINE * len(columns)
    scale = Scale.over([0.0, *effects], LEFT, RIGHT, 0.02)
    ticks = scale.ticks(3)
    grid = "".join(f"M{svg.fixed(scale(v))} 26V{svg.fixed(bottom)}" for v in ticks)
    parts = [svg.path(grid, "grid")]
    parts.append(below(scale, bottom + 16, ticks))
    parts.append(svg.line([(scale(0.0), 26), (scale(0.0), bottom)], "zero"))
    parts.append(svg.text(396, 14, "in its own units", "lb end"))
    parts.append(svg.text(4, bottom + 33, ends[0], "lb"))
    parts.append(svg.text(396, bottom + 33, ends[1], "lb end", 40))
    for i, (column, effect) in enumerate(zip(columns, effects, strict=True)):
        y = 38.5 + LINE * i
        side = "neg" if (effect > 0 if ends[0] else effect < 0) else "pos"  # in the class's colour
        parts.append(svg.line([(scale(0.0), y), (scale(effect), y)], f"stem {side}"))
        parts.append(svg.path(f"M{svg.fixed(scale(effect))} {svg.fixed(y)}h0", f"dot {side}"))
        parts.append(svg.text(LEFT - 12, y + 4, _name(column), "end", NAME))
        unit = "if so" if column["kind"] == "category" else "a unit"
        parts.append(svg.text(396, y + 4, f"{signed(column['own'][0])} {unit}", "tk end"))
    return svg.svg("coefficients", (400, bottom + 40), title, parts,
                   description=_said(columns, effects))  # fmt: skip


def _table(classes: Sequence[Any], columns: Sequence[Mapping[str, Any]], measured: bool) -> Markup:
    rows = [(_name(column), _effect(column, measured)) for column in columns]
    largest = max(abs(value) for _, values in rows for value in values) or 1.0
    steps = (STEPS[0] * largest, STEPS[1] * largest, STEPS[2] * largest)
    head = [html.named(label(one), 16) for one in classes]
    lines = [
        (name, [heat.cell(aligned(value, largest), value, steps) for value in values])
        for name, values in rows
    ]
    return heat.table(head, lines)


def _effect(column: Mapping[str, Any], measured: bool) -> list[float]:
    """Of each class; 0 of what is beyond float64."""
    return [one or 0.0 for one in column["per_deviation" if measured else "own"]]


def _name(column: Mapping[str, Any]) -> str:
    name: str = column["column"]
    return name.replace("=", " = ", 1) if column["kind"] == "category" else named(name)


def _step(numbers: Mapping[str, Any]) -> str:
    return "one standard deviation" if numbers["measured"] else "one unit"


def _left_out(numbers: Mapping[str, Any]) -> str:
    shown, there = len(numbers["columns"]), numbers["n_columns"]
    return f" The {shown} strongest of {there}." if shown < there else ""


def _said(columns: Sequence[Mapping[str, Any]], effects: Sequence[float]) -> str:
    return "; ".join(
        f"{_name(column)} {signed(effect)}" for column, effect in zip(columns, effects, strict=True)
    )
