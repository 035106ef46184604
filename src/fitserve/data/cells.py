"""Laying out cells by column while they are read: numbers at once as float64, text as codes."""

from collections.abc import Sequence

import numpy as np

from fitserve.data.dialect import Dialect, leading_zeros
from fitserve.data.table import MISSING, NUMBER, OTHER, Codes, Column, FloatArray

MOST_TEXTS = 1_000_000  # different texts that are kept of a table's columns not asked for as text


class ColumnBuilder:
    """One column, filled block by block; `capacity` is the most rows that may come.

    `values` is where numbers go, uninitialised; None: the column is asked for as text. Of another
    column no more than `most` different texts are kept, so that a table's memory is bounded by
    the number of its cells and not by what stands in them.
    """

    def __init__(
        self, dialect: Dialect, capacity: int, values: FloatArray | None, most: int = MOST_TEXTS
    ) -> None:
        self.dialect = dialect
        self.capacity = capacity
        self.values = values
        self.codes: Codes | None = None
        self.index = _Index(dialect, numbers=values is not None, most=most)
        self.any_number = False
        self.zeros: int | None = None
        if values is None:
            self.codes = np.empty(capacity, dtype=np.int32)

    def filled(self, start: int, stop: int) -> None:
        """Numbers without a gap were written into `values`, which others have a view of."""
        self.any_number = True
        if self.codes is not None:
            self.codes[start:stop] = NUMBER

    def add(self, start: int, cells: Sequence[str]) -> None:
        """Cells as they are written."""
        if self.values is not None and (self.codes is None or self.any_number):
            found = self.dialect.numbers(cells)
            if found is not None:
                self.take(start, *found)
                return
        if self.codes is None:
            self.codes = self._codes_so_far(start)
        block = np.fromiter(map(self.index.__getitem__, cells), dtype=np.int32, count=len(cells))
        self.codes[start : start + len(cells)] = block
        if self.values is not None:
            self._take_strays(start, cells, block)

    def take(self, start: int, numbers: FloatArray, zeros: int | None = None) -> None:
        """Numbers, NaN where missing."""
        assert self.values is not None
        self.values[start : start + len(numbers)] = numbers
        gaps = np.isnan(numbers)
        self.any_number = self.any_number or not gaps.all()
        if self.zeros is None and zeros is not None:
            self.zeros = start + zeros
        if self.codes is not None:
            self.codes[start : start + len(numbers)] = np.where(gaps, MISSING, NUMBER)

    def _codes_so_far(self, start: int) -> Codes:
        assert self.values is not None
        codes = np.empty(self.capacity, dtype=np.int32)
        codes[:start] = np.where(np.isnan(self.values[:start]), MISSING, NUMBER)
        return codes

    def _take_strays(self, start: int, cells: Sequence[str], block: Codes) -> None:
        """The numbers among text."""
        assert self.values is not None
        self.values[start : start + len(cells)] = np.nan
        for i in np.flatnonzero(block == NUMBER).tolist():
            self.values[start + i] = self.dialect.number(cells[i])
            self.any_number = True
            if self.zeros is None and leading_zeros(cells[i]):
                self.zeros = start + i

    def column(self, n_rows: int) -> Column:
        """The first `n_rows` cells."""
        codes = None if self.codes is None else self.codes[:n_rows]
        values = None if self.values is None else self.values[:n_rows]
        if codes is not None and not self.any_number:
            values = None
        return Column(values, codes, self.index.texts, self.zeros)


class _Index(dict[str, int]):
    """Text -> its code. A number is not kept: there may be as many different ones as rows."""

    def __init__(self, dialect: Dialect, numbers: bool, most: int) -> None:
        super().__init__()
        self.dialect = dialect
        self.numbers = numbers
        self.most = most
        self.texts: list[str] = []

    def __missing__(self, text: str) -> int:
        if self.dialect.is_missing(text):
            return MISSING
        if self.numbers:
            if self.dialect.number(text) is not None:
                return NUMBER
            if len(self.texts) >= self.most:
                return OTHER
        code = self[text] = len(self.texts)
        self.texts.append(text)
        return code
