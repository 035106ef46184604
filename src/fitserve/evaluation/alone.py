"""The row that decides the figures of a regression alone: its y, or what is predicted for it."""

from collections.abc import Iterator

import numpy as np

from fitserve.data.arrays import FloatArray
from fitserve.data.outliers import FAR, Numbers, outliers


def of_one_row(what: str, values: FloatArray) -> Iterator[tuple[int, str]]:
    """A row whose value, `(n,)`, is far beyond all others, and that in words: at most one. `what`
    says what the values are."""
    for one in sorted(outliers(Numbers(what, values)), key=lambda one: -one.times)[:1]:
        yield one.row, f"the {what} of {one.number:g}, {one.times:.0e} times as large as any other,"


def of_unit(y: FloatArray, predicted: FloatArray) -> Iterator[str]:
    """That y and what is predicted, `(n,)` each, differ in size in all rows, as in units."""
    size, other = float(np.abs(y).max()), float(np.abs(predicted).max())
    if min(size, other) > 0.0 and max(size, other) / FAR >= min(size, other):
        yield f"y is of size {size:.2g} at most, and what is predicted of {other:.2g}"
