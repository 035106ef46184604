"""Where the rows of a CSV stand in it, of which some were read as numbers and left no record."""

from bisect import bisect_right
from collections.abc import Mapping, Sequence
from itertools import chain, islice
from typing import Any, NamedTuple, Self

import numpy as np

from fitserve.data.records import Position, Record, blank, records
from fitserve.data.table import Numbered, Place, Written
from fitserve.errors import Location


def lines_of(rows: Sequence[list[str]], line: int) -> list[int]:
    """In which line each of these consecutive rows begins, but blank ones; the first in `line`."""
    found = []
    for row in rows:
        if not blank(row):
            found.append(line)
        line += 1 + sum(cell.count("\n") for cell in row)
    return found


class _Passed(NamedTuple):
    """A chunk that was read."""

    first: int
    """Its first row."""
    n_rows: int
    begin: Position
    lines: Sequence[int] | None
    """In which line each row begins; None where each is one line."""


class Places:
    """Where rows stand in a file, once they were passed."""

    def __init__(self, body: bytes, delimiter: str, at: Mapping[str, int]) -> None:
        """`at` is the column, from 0, that has a name."""
        self._body, self._delimiter, self._at = body, delimiter, at
        self._chunks: list[_Passed] = []
        self._n_rows = 0
        self._again: tuple[int, list[Position]] = (-1, [])  # a chunk, its rows

    def passed(self, begin: Position, n_rows: int, lines: Sequence[int] | None = None) -> None:
        self._chunks.append(_Passed(self._n_rows, n_rows, begin, lines))
        self._n_rows += n_rows

    def state(self) -> dict[str, Any]:
        """What was passed, as JSON and arrays; `restored` takes it."""
        told = [(one.n_rows, *one.begin, one.lines is None) for one in self._chunks]
        lines = [one.lines for one in self._chunks if one.lines is not None]
        return {"chunks": told, "lines": np.array(list(chain(*lines)), dtype=np.int64)}

    def restored(self, state: Mapping[str, Any]) -> Self:
        """After all that was passed where this state was told."""
        at = 0
        for n_rows, offset, line, a_line_each in state["chunks"]:
            lines = None if a_line_each else state["lines"][at : at + n_rows]
            at += 0 if a_line_each else n_rows
            self.passed(Position(offset, line), n_rows, lines)
        return self

    def after(self, start: int) -> tuple[Place, Written, Numbered]:
        """Where the rows from `start` on stand, what is written there, and their lines."""

        def place(row: int, name: str) -> Location:
            return self._of(start + row, name)

        def written(row: int, name: str) -> str:
            return self._record(start + row).cells[self._at[name]].strip()

        def numbered(row: int) -> int:
            return self._line(start + row)

        return place, written, numbered

    def _of(self, row: int, name: str) -> Location:
        """A cell that stands below line breaks of its record has a line of its own."""
        line = self._line(row)
        if self._chunks[self._chunk(row)].lines is None:
            return ("line", line, name)
        before = self._record(row).cells[: self._at[name]]
        return ("line", line + sum(cell.count("\n") for cell in before), name)

    def _line(self, row: int) -> int:
        """In which a row begins."""
        chunk = self._chunks[self._chunk(row)]
        at = row - chunk.first
        return chunk.begin.line + at if chunk.lines is None else int(chunk.lines[at])

    def _chunk(self, row: int) -> int:
        return bisect_right(self._chunks, row, key=lambda one: one.first) - 1

    def _record(self, row: int) -> Record:
        """The chunk that holds the row is read again for it."""
        at = self._chunk(row)
        chunk = self._chunks[at]
        if self._again[0] != at:
            found = islice(records(self._body, self._delimiter, chunk.begin), chunk.n_rows)
            self._again = (at, [record.begin for record in found])
        return next(records(self._body, self._delimiter, self._again[1][row - chunk.first]))
