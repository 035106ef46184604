"""What the axes of a projection are made of, as a table."""

from collections.abc import Mapping
from typing import Any

from fitserve.pages.drawing import heat
from fitserve.pages.drawing.picture import Picture
from fitserve.pages.drawing.wording import MINUS

STEPS = (0.2, 0.45, 0.75)  # of the heaviest weight


def drawing(_: Mapping[str, Any], numbers: Mapping[str, Any]) -> Picture:
    rows = numbers["rows"]
    heaviest = max(abs(weight) for row in rows for weight in row["weights"]) or 1.0
    steps = (STEPS[0] * heaviest, STEPS[1] * heaviest, STEPS[2] * heaviest)
    drawn = heat.table(
        [f"axis {k}" for k in range(1, 1 + len(rows[0]["weights"]))],
        [
            (row["column"], [heat.cell(_weight(w), w, steps) for w in row["weights"]])
            for row in rows
        ],
    )
    some = f" The {len(rows)} heaviest of {numbers['n_columns']} columns."
    caption = (
        "Weight of each column in the axis. Blue and orange are opposite directions; the sign as "
        "a whole is arbitrary." + (some if len(rows) < numbers["n_columns"] else "")
    )
    return Picture("axis_weights", "What the axes are made of", drawn, caption)


def _weight(value: float) -> str:
    """With a sign and two decimals: the length of an axis is 1."""
    said = f"{value:+.2f}"
    return "0" if said in ("+0.00", "-0.00") else said.replace("-", MINUS)
