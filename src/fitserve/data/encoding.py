"""How one column of a table becomes columns of the matrix, as it was learned at registration."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from functools import cached_property
from itertools import chain
from typing import Any, ClassVar, Protocol

import numpy as np
from numpy.typing import NDArray

from fitserve.data.arrays import FloatArray
from fitserve.data.kinds import TRUTHS
from fitserve.data.numerals import NUMBER_INSTEAD, instead
from fitserve.data.options import Kind
from fitserve.data.table import MISSING, NUMBER, Column, Table
from fitserve.data.unseen import around, peeled
from fitserve.data.words import alike, find_words
from fitserve.errors import clip

Rows = NDArray[np.intp]

SHOWN = 300  # characters of the known categories in a message


class Encoder(Protocol):
    """What was learned of one column. `width` columns of the matrix are made of it."""

    @property
    def name(self) -> str: ...
    @property
    def kind(self) -> Kind: ...
    @property
    def fill(self) -> float | str | None:
        """What stands for a missing cell; None: missing cells are refused."""

    @property
    def plain(self) -> bool:
        """Whether cells are numbers that stay what they are."""

    @property
    def width(self) -> int: ...
    @property
    def names(self) -> list[str]:
        """Of the matrix's columns."""

    def encode(self, cells: Column, into: FloatArray) -> Rows:
        """Write the cells into zeros `(n_rows, width)`; answers the rows that cannot be."""

    def wrong(self, table: Table, row: int) -> tuple[str, str]:
        """Why a row cannot be: message and type of the fault."""

    def state(self) -> dict[str, Any]:
        """JSON from which `restored` makes it again."""


@dataclass(frozen=True)
class NumberEncoder:
    """A number as it is, or brought to mean 0 and variance 1."""

    name: str
    fill: float | None = None
    """What stands for a missing cell; None: missing cells are refused."""
    mean: float = 0.0
    scale: float = 1.0
    truths: bool | None = None
    """Whether it was learned from true and false; False: by an earlier version, which did not tell
    them from numbers in JSON."""

    kind: ClassVar[Kind] = "number"
    width: ClassVar[int] = 1

    @property
    def names(self) -> list[str]:
        return [self.name]

    @property
    def plain(self) -> bool:
        """Whether numbers stay what they are."""
        return self.mean == 0.0 and self.scale == 1.0

    def encode(self, cells: Column, into: FloatArray) -> Rows:
        values = self.values(cells)
        column = into[:, 0]
        column[:] = values
        bad = np.flatnonzero(~np.isfinite(values))
        if len(bad) and self.fill is not None:
            gaps = cells.missing()
            column[gaps] = self.fill
            bad = bad[~gaps[bad]]
        if not self.plain:
            with np.errstate(over="ignore", invalid="ignore"):
                column -= self.mean
                column /= self.scale
                far = np.flatnonzero(~np.isfinite(column))
                if len(far):  # by halves, since the difference from the mean may overflow
                    column[far] = (values[far] / 2.0 - self.mean / 2.0) / (self.scale / 2.0)
                    bad = np.union1d(bad, far[~np.isfinite(column[far])])
        return bad

    def values(self, cells: Column) -> FloatArray:
        """The cells before anything is filled in or scaled; NaN where there is no number."""
        if cells.codes is None:
            assert cells.values is not None
            return cells.values
        level = [self._of_text(text) for text in cells.texts]
        values = np.array([*level, np.nan])[np.maximum(cells.codes, MISSING)]
        if cells.values is not None:
            values = np.where(cells.codes == NUMBER, cells.values, values)
        return values

    def undone(self, encoded: float) -> float:
        """The number that was brought to this."""
        return (encoded / 2.0 * self.scale + self.mean / 2.0) * 2.0

    def _of_text(self, text: str) -> float:
        return np.nan if self.truths is None else TRUTHS.get(text.strip(), np.nan)

    def wrong(self, table: Table, row: int) -> tuple[str, str]:
        cells = table.columns[self.name]
        if cells.missing()[row]:
            return missing(table, row, self.name), "missing"
        if cells.codes is None or cells.codes[row] == NUMBER:
            if np.isfinite(self.values(cells)[row]):
                return too_far(table, row, self.name, self.values(cells)[row]), "overflow"
            said = too_large(table, row, self.name)
            return f"{said}, or leave its row out", "finite_number"
        text = cells.texts[cells.codes[row]].strip()
        advice = instead(text, table.in_csv, self.fill is not None, table.commas)
        sent = f"the text {shown(cells, row)}" if table.in_csv or text not in TRUTHS else text
        sent += table.called(row, self.name)
        return f"a number is needed, not {sent}; {advice or NUMBER_INSTEAD}", "float_type"

    def state(self) -> dict[str, Any]:
        return {"kind": self.kind} | asdict(self)


@dataclass(frozen=True)
class CategoryEncoder:
    """A column of zeros and ones for each value: which one it is."""

    name: str
    categories: list[str]
    """In ascending order."""
    fill: str | None = None
    ignore: bool = False
    """A value that is not among them is all zeros, instead of refused."""

    kind: ClassVar[Kind] = "category"
    plain: ClassVar[bool] = False

    @property
    def width(self) -> int:
        return len(self.categories)

    @property
    def names(self) -> list[str]:
        return [f"{self.name}={category}" for category in self.categories]

    @cached_property
    def _index(self) -> dict[str, int]:
        return {category: j for j, category in enumerate(self.categories)}

    def encode(self, cells: Column, into: FloatArray) -> Rows:
        found = self._places(cells)
        rows = np.flatnonzero(found >= 0)
        into[rows, found[rows]] = 1.0
        return np.flatnonzero(found == _REFUSED)

    def _places(self, cells: Column) -> Rows:
        """Where the 1 of each row stands; negative: nowhere."""
        index = self._index
        unknown = _NOWHERE if self.ignore else _REFUSED
        gap = _REFUSED if self.fill is None else index[self.fill]
        if not index:  # nothing was there to learn from
            unknown = gap = _NOWHERE
        level = [index.get(text.strip(), unknown) for text in cells.texts]
        assert cells.codes is not None, "a category is read as text"
        return np.array([*level, gap], dtype=np.intp)[cells.codes]  # MISSING is the last

    def wrong(self, table: Table, row: int) -> tuple[str, str]:
        cells = table.columns[self.name]
        if cells.missing()[row]:
            return missing(table, row, self.name), "missing"
        known = clip(", ".join(self.categories), SHOWN)
        here = f"{shown(cells, row)}{table.called(row, self.name)}"
        assert cells.codes is not None, "a category is read as text"
        text = cells.texts[cells.codes[row]]
        near = alike(peeled(text), self.categories)
        write = f"write {' or '.join(clip(repr(one), 40) for one in near[:3])}; " if near else ""
        write = f"{around(text)}, {write}" if write and around(text) else write
        said = (
            f"{here} was not there when the model was trained; {write}known are: {known}. "
            "A model that is registered with unknown=ignore takes it as none of these"
        )
        return said, "unknown_category"

    def state(self) -> dict[str, Any]:
        return {"kind": self.kind} | asdict(self)


@dataclass(frozen=True)
class TextEncoder:
    """How often each of some words stands in a text; a missing text has none, if `fill`."""

    name: str
    words: list[str]
    """In ascending order."""
    fill: str | None = None

    kind: ClassVar[Kind] = "text"
    plain: ClassVar[bool] = False

    @property
    def width(self) -> int:
        return len(self.words)

    @property
    def names(self) -> list[str]:
        return [f"{self.name}~{word}" for word in self.words]

    @cached_property
    def _index(self) -> dict[str, int]:
        return {word: j for j, word in enumerate(self.words)}

    def encode(self, cells: Column, into: FloatArray) -> Rows:
        index = self._index
        assert cells.codes is not None, "a text is read as text"
        hits = [
            [j for word in find_words(text) if (j := index.get(word)) is not None]
            for text in cells.texts
        ]
        hits.append([])  # of MISSING
        in_rows = [hits[code] for code in cells.codes.tolist()]
        rows = np.repeat(np.arange(len(in_rows)), list(map(len, in_rows)))
        np.add.at(into, (rows, np.fromiter(chain.from_iterable(in_rows), np.intp, len(rows))), 1.0)
        return np.flatnonzero(cells.missing()) if self.fill is None else np.empty(0, np.intp)

    def wrong(self, table: Table, row: int) -> tuple[str, str]:
        return missing(table, row, self.name), "missing"

    def state(self) -> dict[str, Any]:
        return {"kind": self.kind} | asdict(self)


_NOWHERE, _REFUSED = -1, -2
_KINDS = {"number": NumberEncoder, "category": CategoryEncoder, "text": TextEncoder}


def restored(state: Mapping[str, Any]) -> Encoder:
    """The encoder that had this state."""
    learned = {name: value for name, value in state.items() if name != "kind"}
    encoder: Encoder = _KINDS[state["kind"]](**learned)
    return encoder


def empty(written: str) -> str:
    """That a cell is missing, of which this is written."""
    if not written.strip():
        return "the cell is empty"
    return f"{clip(written, 40)!r} counts as empty (na_values)"


def missing(table: Table, row: int, name: str) -> str:
    return (
        f"{empty(table.written(row, name))}{table.called(row, name)}, and the model has nothing to "
        "fill in; give a value. It would have, had it been registered with missing=impute"
    )


def too_large(table: Table, row: int, name: str) -> str:
    """A number beyond float64; how it was written is not known of JSON."""
    written = table.written(row, name)
    number = f"the number {clip(written, 40)}" if written else "a number beyond 1.8e308"
    most = "a finite number is needed" + (", of 1.8e308 at most" if written else "")
    return f"{most}, not {number}{table.called(row, name)}; write a smaller one"


def shown(cells: Column, row: int) -> str:
    """The text of a cell, as it may stand in a message."""
    assert cells.codes is not None
    return repr(clip(cells.texts[cells.codes[row]].strip(), 40))


def too_far(table: Table, row: int, name: str, number: float) -> str:
    """A number that its column's scale, learned of far smaller ones, brings beyond float64."""
    written = clip(table.written(row, name) or f"{number:g}", 40)
    return (
        f"the number {written}{table.called(row, name)} is too large to compute with, beside what "
        "the model was trained on; leave its row out, or train on rows that have such numbers"
    )
