"""Rows at the end of a table that sum up those above, and were taken for rows to learn from."""

from collections.abc import Iterator

import numpy as np

from fitserve.data.arrays import FloatArray, Target
from fitserve.data.footers import is_other, is_sum, summed_up
from fitserve.data.learning import Examined
from fitserve.data.observations import column
from fitserve.data.table import Column, Table
from fitserve.errors import Advice, clip

MOST = 5  # rows at the end that may sum up
LEAST = 3  # rows above them
_LEAST_UNNAMED = 5  # of which no text says that they are summed up


def of_sums(found: Examined, y: Target | None) -> Iterator[Advice]:
    """The last rows, if a text or the numbers in them are those of a total or a mean."""
    table = found.table
    numbers = [
        cells.values
        for cells in table.columns.values()
        if cells.codes is None and cells.values is not None
    ]
    texts = {name: _last(cells) for name, cells in table.columns.items()}
    if y is not None and found.target not in table.columns:
        if y.dtype == object:
            texts[found.target or "y"] = _last_labels(y)
        elif y.dtype != np.bool_:
            numbers.append(y.astype(np.float64))
    n = table.n_rows
    for name, cells in texts.items():
        many = _at_end(cells)
        if n - many < LEAST or not many:
            continue
        if any(map(is_sum, cells[-many:])) or _means(numbers, n - many):
            told = ", ".join(repr(clip(cell, 40)) for cell in cells[-many:])
            yield _advice(table, many, f"{column(name)} is {told}")
            return
    if n > _LEAST_UNNAMED and summed_up(numbers, n - 1) > 1:
        yield _advice(table, 1, "the numbers are the sums of those above")


def _advice(table: Table, many: int, what: str) -> Advice:
    rows = [table.numbered(table.n_rows - many + i) for i in range(many)]
    lines = "line" if table.in_csv else "row"
    at = f"{lines} {rows[0]}" if many == 1 else f"{lines}s {rows[0]} to {rows[-1]}"
    at += "" if table.in_csv else ", counted from 0,"
    row = "it was" if many == 1 else "they were"
    out = "leave it out, if it sums" if many == 1 else "leave them out, if they sum"
    return Advice(f"In {at} {what}: {row} learned from as any other; {out} up the rows above.")


def _last(cells: Column) -> list[str]:
    """The texts of the last rows that may sum up and stand in no other, '' for any other cell."""
    if cells.codes is None:
        return []
    return [
        cells.texts[code].strip()
        if code >= 0 and _may_end(cells.texts[code].strip()) and (cells.codes == code).sum() == 1
        else ""
        for code in cells.codes[-MOST:].tolist()
    ]


def _last_labels(y: Target) -> list[str]:
    return [
        label.strip() if _may_end(label.strip()) and (y == label).sum() == 1 else ""
        for label in y[-MOST:].tolist()
    ]


def _may_end(text: str) -> bool:
    return bool(is_sum(text) or is_other(text))


def _at_end(cells: list[str]) -> int:
    """How many of the last rows hold one."""
    return next((i for i, cell in enumerate(reversed(cells)) if not cell), len(cells))


@np.errstate(over="ignore", invalid="ignore")
def _means(numbers: list[FloatArray], start: int) -> bool:
    """Whether a row from `start` on holds the means of those before, as they may be rounded."""
    above = [values for values in numbers if np.ptp(values[:start]) > 0.0]
    means = [float(values[:start].mean()) for values in above]
    return bool(above) and any(
        all(
            abs(values[row] - mean) <= max(0.02 * abs(mean), 0.5 if values[row] % 1 == 0 else 0.05)
            for values, mean in zip(above, means, strict=True)
        )
        for row in range(start, len(above[0]))
    )
