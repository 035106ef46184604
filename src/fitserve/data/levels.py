"""The different texts of a column."""

from collections import Counter
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from fitserve.data.kinds import Form, form
from fitserve.data.table import NUMBER, Column


class Levels:
    """The different texts of a column, spaces around them removed, and where they stand."""

    def __init__(self, cells: Column) -> None:
        index: dict[str, int] = {}
        level = [index.setdefault(text.strip(), len(index)) for text in cells.texts]
        self.texts = list(index)
        codes = np.empty(0, np.int32) if cells.codes is None else cells.codes
        if len(level) != len(index):
            codes = np.where(codes < 0, codes, np.array([*level, 0], np.int32)[codes])
        self.codes: NDArray[np.int32] = codes
        """`(n_rows,)`: the place of each row's text in `texts`, or negative as in the column."""

    @cached_property
    def counts(self) -> NDArray[np.int64]:
        """How many rows hold each text, at least one."""
        counted: NDArray[np.int64] = np.bincount(
            self.codes[self.codes >= 0], minlength=len(self.texts)
        )
        return counted

    @cached_property
    def forms(self) -> list[Form]:
        return [form(text) for text in self.texts]

    @cached_property
    def rows_of(self) -> Counter[Form]:
        """How many rows are written in each form; numbers that were read as such included."""
        rows = Counter[Form]()
        for found, count in zip(self.forms, self.counts.tolist(), strict=True):
            rows[found] += count
        numbers = int((self.codes == NUMBER).sum())
        if numbers:
            rows[Form.NUMBER] += numbers
        return rows

    def present(self) -> dict[str, int]:
        """The texts that occur, in ascending order, and how often."""
        pairs = zip(self.texts, self.counts.tolist(), strict=True)
        return dict(sorted((text, count) for text, count in pairs if count))

    def first(self, *forms: Form) -> int:
        """The first row that is written in one of these forms."""
        wanted = [j for j, found in enumerate(self.forms) if found in forms]
        hit = np.isin(self.codes, wanted)
        if Form.NUMBER in forms:
            hit |= self.codes == NUMBER
        return int(hit.argmax())
