"""The columns of a table as a model knows them: what was learned of each, applied again."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Self

import numpy as np

from fitserve.data.arrays import FloatArray
from fitserve.data.dialect import MISSING_WORDS
from fitserve.data.encoding import Encoder, Rows, restored
from fitserve.data.numerals import SIGNS, other_sign
from fitserve.data.table import Column, Numbered, Place, Table
from fitserve.errors import LISTED, Advice, Fault, InvalidRequest, Location


@dataclass(frozen=True)
class Columns:
    """How a table becomes a matrix, `(n_rows, n_encoded)`: the block of each column in the
    order of the table that they were learned from. Says nothing of columns that are not used."""

    encoders: Sequence[Encoder]
    target: str | None = None
    """The name of the column that was y."""
    dialect: Mapping[str, str] = field(default_factory=dict)
    """How the CSV was written, as a query says so, where it has to be known again."""
    na_values: Sequence[str] = MISSING_WORDS

    @cached_property
    def names(self) -> list[str]:
        """Of the table's columns that are used."""
        return [encoder.name for encoder in self.encoders]

    @cached_property
    def as_text(self) -> frozenset[str]:
        """Columns to be read as text, numbers too."""
        return frozenset(one.name for one in self.encoders if one.kind != "number")

    @property
    def standardized(self) -> bool:
        """Whether numbers are brought to another scale."""
        return any(one.kind == "number" and not one.plain for one in self.encoders)

    @cached_property
    def encoded_names(self) -> list[str]:
        """Of the matrix's columns: `age`, `sex=male`, `body~offer`."""
        return [name for encoder in self.encoders for name in encoder.names]

    @cached_property
    def starts(self) -> list[int]:
        """Where the block of each column begins, and where the last ends."""
        return [0, *np.cumsum([encoder.width for encoder in self.encoders]).tolist()]

    @property
    def n_encoded(self) -> int:
        return self.starts[-1]

    def owner(self, j: int) -> str:
        """The table's column of which the matrix's column `j` is made."""
        return self.encoder(j).name

    def encoder(self, j: int) -> Encoder:
        """What made the matrix's column `j`."""
        return self.encoders[int(np.searchsorted(self.starts, j, side="right")) - 1]

    def place(self, place: Place, loc: Location, start: int = 0) -> Location:
        """Where in a table lies what a model says of the matrix, at `("X", row, column)`; the
        matrix begins with row `start`."""
        if loc[:1] != ("X",) or len(loc) < 2 or not isinstance(loc[1], int):
            return loc
        row = start + loc[1]
        if len(loc) == 2 or not isinstance(loc[2], int):
            return place(row, self.names[0])[:2]
        return place(row, self.owner(loc[2]))

    def learned_place(self, place: Place, numbered: Numbered, loc: Location) -> Location:
        """The same of what a model says of X or y, which were learned from a table, and `numbered`
        tells which rows of what was sent its rows are."""
        if loc[:1] != ("y",) or len(loc) < 2 or not isinstance(loc[1], int):
            return self.place(place, loc)
        return ("y", numbered(loc[1])) if self.target is None else place(loc[1], self.target)

    @cached_property
    def _plain(self) -> bool:
        return all(one.plain for one in self.encoders)

    def encode(self, table: Table) -> FloatArray:
        """The matrix of a table that has these columns, among others, in any order.

        Raises `InvalidRequest` with the place of each cell that cannot be: missing where there is
        nothing to fill in, text in a number, a category that is not known, beyond float64.
        """
        if self._plain and all(table.columns[name].codes is None for name in self.names):
            X = table.matrix(self.names)
            if np.isfinite(X).all():
                return X
        X = np.zeros((table.n_rows, self.n_encoded))
        refused: list[Rows] = []
        for encoder, start in zip(self.encoders, self.starts, strict=False):
            into = X[:, start : start + encoder.width]
            refused.append(encoder.encode(table.columns[encoder.name], into))
        if any(map(len, refused)):
            self._refuse(table, refused)
        return X

    def _refuse(self, table: Table, refused: Sequence[Rows]) -> None:
        """Name the first cells in reading order, and count the rest; a column that is written with
        the other decimal sign is one thing to mend, however many cells it has."""
        mended: dict[int, tuple[Advice, ...]] = {}
        used = [table.columns[name] for name in self.names]
        if table.in_csv and not any(cells.has_fractions() for cells in used):
            for at, rows in enumerate(refused):
                texts, first = _texts(used[at], rows)
                sign = other_sign(texts) if self.encoders[at].kind == "number" else None
                if sign is not None:
                    mended[at] = (Advice(SIGNS[sign], {"decimal": sign}),)
                    gaps = rows[used[at].missing()[rows]]
                    refused = [*refused[:at], np.sort(np.append(gaps, first)), *refused[at + 1 :]]
        places = sorted(
            (row, at) for at, rows in enumerate(refused) for row in rows[:LISTED].tolist()
        )
        faults = []
        for row, at in places[:LISTED]:
            encoder = self.encoders[at]
            wrong, kind = encoder.wrong(table, row)
            remedies = mended.get(at, ()) if kind != "missing" else ()
            faults.append(Fault(table.place(row, encoder.name), wrong, kind, remedies))
        raise InvalidRequest(faults, sum(map(len, refused)))

    # -------------------------------------------------------------------------------- stored

    def state(self) -> dict[str, Any]:
        """JSON from which `restored` makes the same columns again."""
        return {
            "target": self.target,
            "dialect": dict(self.dialect),
            "na_values": list(self.na_values),
            "encoders": [encoder.state() for encoder in self.encoders],
        }

    @classmethod
    def restored(cls, state: Mapping[str, Any]) -> Self:
        encoders = [restored(one) for one in state["encoders"]]
        return cls(encoders, state["target"], state["dialect"], state["na_values"])


def _texts(cells: Column, rows: Rows) -> tuple[list[str], int]:
    """The different texts of these rows, and the first row that has one."""
    if cells.codes is None:
        return [], 0
    there = rows[cells.codes[rows] >= 0]
    codes = np.unique(cells.codes[there]).tolist()
    return [cells.texts[code] for code in codes], int(there[0]) if len(there) else 0
