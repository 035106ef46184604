"""A table as it was sent: columns of raw cells, and where each cell stands in the request.

What its columns mean (number, category, text; missing, mixed, dates) is decided elsewhere; here
nothing is lost that the decision needs, and nothing is kept that costs more than the cells did.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from fitserve.errors import Location, clip

FloatArray = NDArray[np.float64]
Codes = NDArray[np.int32]
Place = Callable[[int, str], Location]
"""(row from 0, column's name) -> where that cell stands in what the caller sent: of a CSV
`("line", 7, "age")`, the line being the file's, of JSON rows `("X", 7, "age")`."""
Numbered = Callable[[int], int]
"""row from 0 -> the number of that row as its sender counts: of a CSV the line in which it begins,
of JSON its place from 0."""
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

    def part(self, start: int, stop: int) -> "Column":
        """Of the texts only those that are used: there may be as many as rows."""
        values = None if self.values is None else self.values[start:stop]
        if self.codes is None:
            return Column(values)
        codes = self.codes[start:stop].copy()
        there = codes >= 0
        used, codes[there] = np.unique(codes[there], return_inverse=True)
        return Column(values, codes, [self.texts[code] for code in used.tolist()])

    def has_fractions(self) -> bool:
        """Whether a number is no whole one: it was read by the sign that its table has."""
        if self.values is None:
            return False
        finite = self.values[np.isfinite(self.values)]
        return bool((finite != np.trunc(finite)).any())


def _as_is(row: int) -> int:
    return row


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
    numbered: Numbered = field(default=_as_is, repr=False)
    commas: bool = False
    """Whether it is a CSV, and something else than commas stands between its cells."""

    def called(self, row: int, name: str) -> str:
        """What to say of the column of a cell."""
        return called(self.place(row, name), name)

    @property
    def in_csv(self) -> bool:
        """Whether its cells stand in lines."""
        return bool(self.columns) and self.place(0, next(iter(self.columns)))[:1] == ("line",)

    def state(self) -> dict[str, Any]:
        """JSON and arrays from which `restored` makes its cells again."""
        told = {"n_rows": self.n_rows, "names": list(self.columns), "layout": self.layout}
        told["commas"] = self.commas
        state: dict[str, Any] = {"table": told, "numbers": self.numbers}
        for j, (name, cells) in enumerate(self.columns.items()):
            laid_out = cells.values is not None and name in self.layout
            state[f"values_{j}"] = laid_out or cells.values
            state[f"codes_{j}"] = cells.codes
            state[f"rest_{j}"] = (list(cells.texts), cells.zeros)
        return state

    @classmethod
    def restored(
        cls, state: Mapping[str, Any], place: Place, written: Written, numbered: Numbered = _as_is
    ) -> Self:
        told, numbers = state["table"], state["numbers"]
        layout, n_rows, commas = tuple(told["layout"]), told["n_rows"], told["commas"]
        views = {} if numbers is None else dict(zip(layout, numbers.T, strict=True))
        columns = {}
        for j, name in enumerate(told["names"]):
            values, (texts, zeros) = state[f"values_{j}"], state[f"rest_{j}"]
            values = views[name] if values is True else values
            columns[name] = Column(values, state[f"codes_{j}"], texts, zeros)
        return cls(columns, n_rows, place, 0, numbers, layout, written, numbered, commas)

    def part(self, start: int, stop: int) -> "Table":
        """The rows from `start` on, as one block of this table."""
        return Table(
            {name: cells.part(start, stop) for name, cells in self.columns.items()},
            min(stop, self.n_rows) - start,
            lambda row, name: self.place(start + row, name),
            self.start + start,
            None if self.numbers is None else self.numbers[start:stop],
            self.layout,
            lambda row, name: self.written(start + row, name),
            lambda row: self.numbered(start + row),
            self.commas,
        )

    def blocks(self, step: int) -> Iterator["Table"]:
        """Of `step` rows each, of the last as many as are left."""
        return (self.part(at, at + step) for at in range(0, self.n_rows, step))

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
