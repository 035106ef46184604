"""Wrong although sure, and farthest off: a table of rows to look at."""

from collections.abc import Mapping
from typing import Any

from markupsafe import Markup

from fitserve.pages.drawing import html
from fitserve.pages.drawing.marks import key
from fitserve.pages.drawing.picture import HELD_OUT, Picture
from fitserve.pages.drawing.wording import MINUS, column, label, number, per_cent, signed

MANY = 1e6
"""From here on four digits would tell many rows alike."""
NUMBERED = "Row: the line of the CSV; of JSON counted from 0."


def drawing(description: Mapping[str, Any], numbers: Mapping[str, Any]) -> Picture:
    rows = numbers["rows"]
    if numbers["n_wrong"] is None:
        return Picture(
            "wrong",
            "Farthest off",
            _table(numbers, "off by", lambda row: signed(row["off"])),
            "The held-out rows whose prediction was farthest from the truth. Look at them first: a "
            f"value may be wrong, or a column may be missing. {NUMBERED}",
            of=HELD_OUT,
        )
    if not rows:
        none = Markup("<p>No held-out row was answered wrongly.</p>")
        return Picture("wrong", "Nothing was wrong", none, "However sure it was.", of=HELD_OUT)
    sure = _votes(description) or (lambda row: per_cent(row["confidence"]))
    how = "votes" if _votes(description) else "sure"
    wrong = numbers["n_wrong"]
    of = f"Of the {wrong} held-out rows that were" if wrong > 1 else "The one held-out row that was"
    which = ", those of which it was surest" if wrong > 1 else ""
    return Picture(
        "wrong",
        "Wrong although sure",
        _table(numbers, how, sure),
        f"{of} answered wrongly{which}. Look there first: a label may be wrong, or a column may be "
        f"missing. {NUMBERED}",
        of=HELD_OUT,
    )


def _table(numbers: Mapping[str, Any], how: str, sure: Any) -> Markup:
    head = [
        html.heading("row", "r"), html.heading("is"), html.heading("predicted"),
        html.heading(how, "r"),
        *(html.heading(html.named(column(name), 18), "r") for name in numbers["columns"]),
    ]  # fmt: skip
    body = [
        [
            html.cell(str(row["row"]), "r mut"),
            html.cell(_marked(row, 0, row["is"])),
            html.cell(_marked(row, 1, row["predicted"])),
            html.cell(sure(row), "r"),
            *(html.cell(_answer(one), "r") for one in row["cells"]),
        ]
        for row in numbers["rows"]
    ]
    return html.table("plain tight", "Rows to look at", [head], body)


def _marked(row: Mapping[str, Any], which: int, value: Any) -> Markup | str:
    marks = row.get("marks")
    if marks is None:
        return _answer(value)
    return Markup('<span class="nb">{}</span>').format(key(marks[which], _answer(value)))


def _answer(value: Any) -> Markup | str:
    if value is None:
        return "none"
    return _number(value) if isinstance(value, float) else html.named(label(value), 16)


def _number(value: float) -> str:
    """As one finds it in the table again: whole ones to all of their digits."""
    if not MANY <= abs(value) < 1e12:
        return number(value, 4)
    return f"{value:.0f}".replace("-", MINUS)


def _votes(description: Mapping[str, Any]) -> Any:
    """Of neighbours that vote alike, how many did."""
    told = description["hyperparameters"]
    if told.get("weights") != "uniform" or "n_neighbors" not in told:
        return None
    k = told["n_neighbors"]
    return lambda row: f"{round(row['confidence'] * k)} of {k}"
