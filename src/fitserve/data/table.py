"""A table as it was sent: columns of raw cells, and where each cell stands in the request.

What its columns mean (number, category, text; missing, mixed, dates) is decided elsewhere; here
nothing is lost that the decision needs, and nothing is kept that costs more than the cells did.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from fitserve.errors import Location, clip

FloatArray = NDArray[np.float64]
Codes = NDArray[np.int32]
Place = Callable[[int, str], Location]
"""(row from 0, column's name) -> where that cell stands in what the caller sent: of a CSV
`("line", 7, "age")`, the line being the file's, of JSON rows `("X", 7, "age")`."""
Written = Callable[[int, str], str]
"""(row from 0, column's name) -> the text of that cell, where it is known, or ''."""

MISSING = -1  # an empty cell, one of spaces, one of the words that stand for missing
NUMBER = -2  # a number, which stands in `values`
OTHER = -3  # a text that came after the most texts that are kept of a column not asked for


def called(place: Location, name: str) -> str:
    """The column's name, to be said behind what stands in a cell whose place does not tell it: one
    of rows as lists."""
    return "" if name in map(str, place) else f" (column {clip(name, 40)!r})"


@dataclass(frozen=True)
class Column:
    """The cells of one column, `(n_rows,)`; there are three forms.

    - `codes is None`: every cell is a number or missing. `values` holds them, NaN where missing.
    - `values is None`: no cell is a number, or the column was asked for as text, numbers too.
      `codes` holds MISSING or an index into `texts`.
    - both: numbers and text. Where `codes` is NUMBER the number stands in `values`, which is NaN
      everywhere else.

    A number beyond float64 (`1e999`) is infinite in `values`: whoever uses it has to refuse it.
    """

    values: FloatArray | None
    codes: Codes | None = None
    texts: Sequence[str] = ()
    """The different texts, as written (not trimmed), in order of appearance."""
    zeros: int | None = None
    """The first row whose number is written with leading zeros (`007`), if there is one."""

    def missing(self) -> NDArray[np.bool_]:
        """Which cells are missing."""
        if self.codes is None:
            assert self.values is not None
            return np.isnan(self.values)
        gaps: NDArray[np.bool_] = self.codes == MISSING
        return gaps

    def has_fractions(self) -> bool:
        """Whether a number is no whole one: it was read by the sign that its table has."""
        if self.values is None:
            return False
        finite = self.values[np.isfinite(self.values)]
        return bool((finite != np.trunc(finite)).any())


@dataclass(frozen=True)
class Table:
    """Columns by name, all of `n_rows` cells, in the order in which they were sent."""

    columns: Mapping[str, Column]
    n_rows: int
    place: Place
    """Of this table's rows. Made for errors and samples: it may read a part of the file again."""
    start: int = 0
    """How many rows came before this table, which is one block of a larger one."""
    numbers: FloatArray | None = field(default=None, repr=False)
    """The number columns `layout` side by side, C-contiguous; their `values` are views of it."""
    layout: tuple[str, ...] = ()
    written: Written = field(default=lambda _row, _name: "", repr=False)
    """A cell as it was sent, '' where that is not known. Made for errors, as `place` is."""

    def called(self, row: int, name: str) -> str:
        """What to say of the column of a cell."""
        return called(self.place(row, name), name)

    @property
    def in_csv(self) -> bool:
        """Whether its cells stand in lines."""
        return bool(self.columns) and self.place(0, next(iter(self.columns)))[:1] == ("line",)

    def matrix(self, names: Sequence[str]) -> FloatArray:
        """The values of these columns, all of numbers, as C-contiguous `(n_rows, len(names))`.

        Not a copy where the table was read for exactly these.
        """
        if self.numbers is not None and self.layout == tuple(names):
            return self.numbers
        X = np.empty((self.n_rows, len(names)))
        for j, name in enumerate(names):
            values = self.columns[name].values
            assert values is not None, name
            X[:, j] = values
        return X
