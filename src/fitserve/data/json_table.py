"""Tables that come as JSON: rows by name, columns by name, or rows as lists."""

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from itertools import chain
from operator import itemgetter
from typing import Any

import numpy as np

from fitserve.data import arrays
from fitserve.data.as_sent import sent
from fitserve.data.dialect import Dialect
from fitserve.data.features import column_names
from fitserve.data.names import closest
from fitserve.data.orients import CELLS, refuse_orient
from fitserve.data.quoted import AS_COLUMNS, LISTS, first_row, rows_as_text
from fitserve.data.table import MISSING, NUMBER, Column, Place, Table, called
from fitserve.data.unseen import around, peeled
from fitserve.errors import Fault, Gathered, InvalidRequest, Location, clip, counted, refuse

Cells = Sequence[Any]

_LOOKED_AT = 1000  # rows
_NUMBERS = {int, float, type(None)}
_TRUTHS = {bool, type(None)}
_SPELLED = {True: "true", False: "false"}


class JsonTable:
    """What was sent, by column: `cells[name]` is a list of JSON values, one a row."""

    def __init__(self, cells: Mapping[str, Cells], n_rows: int, place: Place) -> None:
        self.cells = cells
        self.n_rows = n_rows
        self.place = place

    @property
    def names(self) -> list[str]:
        return list(self.cells)

    def read(
        self,
        names: Iterable[str],
        dialect: Dialect,
        text: Collection[str] = (),
    ) -> Table:
        """The columns `names`; those in `text` are read as text, numbers too.

        Raises `InvalidRequest` for cells that are lists or objects, and for text that is not
        well-formed.
        """
        columns = {}
        faults: Iterator[Fault] = iter(())
        for name in names:
            cells = self.cells[name]
            if not set(map(type, cells)) <= CELLS:
                faults = chain(faults, self._nested(name))
                continue
            columns[name] = _column(cells, dialect, name in text)
            faults = chain(faults, self._ill_formed(name, columns[name]))
        refuse(faults)
        return Table(columns, self.n_rows, self.place, written=self._written)

    def _written(self, row: int, name: str) -> str:
        cell = self.cells[name][row]
        if isinstance(cell, str):
            return cell
        if isinstance(cell, bool):
            return _SPELLED[cell]
        return "" if cell is None or not -(2**1024) < cell < 2**1024 else f"{cell:.15g}"

    def part(self, start: int, end: int) -> "JsonTable":
        """The rows from `start` on, up to `end`."""
        if start == 0 and end >= self.n_rows:
            return self
        cells = {name: column[start:end] for name, column in self.cells.items()}
        n_rows = min(end, self.n_rows) - start
        return JsonTable(cells, n_rows, lambda row, name: self.place(start + row, name))

    def _nested(self, name: str) -> Iterator[Fault]:
        for i, cell in enumerate(self.cells[name]):
            if type(cell) not in CELLS:
                place = self.place(i, name)
                said = f"a cell must be a number, text, true, false or null, not {sent(cell)}"
                said += f"{called(place, name)}; write one number or text in each cell"
                yield Fault(place, said, "cell_type")

    def _ill_formed(self, name: str, column: Column) -> Iterator[Fault]:
        for code, text in enumerate(column.texts):
            if not arrays.well_formed(text):
                assert column.codes is not None
                row = int((column.codes == code).argmax())
                place = self.place(row, name)
                wrong, stop, mended = arrays.ILL_FORMED.partition("; ")
                yield Fault(place, f"{wrong}{called(place, name)}{stop}{mended}", "text")


def by_name(value: object, loc: Location) -> JsonTable | None:
    """The table, if the value is rows by name or columns by name; None if it is neither.

    Raises `InvalidRequest` with the place of what is wrong with it.
    """
    if isinstance(value, dict):
        return from_columns(value, loc)
    if isinstance(value, list) and value and isinstance(value[0], dict):
        return _from_objects(value, loc)
    return None


def named(value: object, names: object, loc: Location, *, headed: bool | None = None) -> JsonTable:
    """The table that the value is: rows or columns by name, or rows as lists, whose columns are
    named `names`, or `0`, `1`, ... where that is None and they have none. `headed` is whether
    a CSV has their names above them, where that is known."""
    table = by_name(value, loc)
    if table is not None:
        return table
    if not isinstance(value, list) or not value or not isinstance(value[0], list):
        first = isinstance(value, list) and value
        what = f"a list that begins with {sent(first[0])}" if first else sent(value)
        otherwise = AS_COLUMNS
        if isinstance(names, list) and names:
            otherwise = f"{LISTS}, or without pandas {arrays.shown([[1.5] * len(names)])}"
        said = f"rows by name, columns by name or rows as lists are needed, not {what}; "
        said += f"send {otherwise}"
        said = rows_as_text(value, otherwise, named=headed) or first_row(value) or said
        raise InvalidRequest.at(loc, said, "list_type")
    width = arrays.usual_width(value)
    if not width:
        said = "a row must hold at least one cell, not an empty list"
        raise InvalidRequest.at((*loc, 0), said, "empty")
    usual = next(i for i, row in enumerate(value) if isinstance(row, list) and len(row) == width)
    such = f"a list of {counted(width, 'cell')} is needed, as row {usual} is"
    told = Gathered()
    with told.part():
        refuse(
            Fault((*loc, i), f"{such}, not {sent(row)}", "row")
            for i, row in enumerate(value)
            if not isinstance(row, list) or len(row) != width
        )
    with told.part():
        found = column_names(names, width, ("feature_names",))
    told.refuse()
    return from_lists(value, found or [str(j) for j in range(width)], loc)


def refuse_names(value: object, names: object) -> None:
    """Refuse names of columns beside those that the table has."""
    has_names = isinstance(value, dict) or (
        isinstance(value, list) and bool(value) and isinstance(value[0], dict)
    )
    if has_names and names is not None:
        said = "the columns of X have names already; leave feature_names out"
        raise InvalidRequest.at(("feature_names",), said, "given_twice")


def whole_rows(rows: Any, loc: Location) -> JsonTable:
    """Of rows as lists those that have as many cells as most, whose columns have no names."""
    width = arrays.usual_width(rows)
    at = [i for i, row in enumerate(rows) if isinstance(row, list) and len(row) == width]
    table = from_lists([rows[i] for i in at], [str(j) for j in range(width)], loc)
    return JsonTable(table.cells, table.n_rows, lambda row, name: table.place(at[row], name))


def one_row(row: Mapping[str, Any], loc: Location) -> JsonTable:
    """A table of one row by name."""
    return JsonTable({name: [cell] for name, cell in row.items()}, 1, lambda _, name: (*loc, name))


def from_lists(rows: Sequence[Any], names: Sequence[str], loc: Location) -> JsonTable:
    """Rows as lists, of which the caller knows that each is as long as `names`."""
    columns: Iterable[Cells] = zip(*rows, strict=True)
    cells = dict(zip(names, columns, strict=True))
    at = {name: j for j, name in enumerate(names)}
    return JsonTable(cells, len(rows), lambda row, name: (*loc, row, at[name]))


def from_columns(columns: Mapping[str, Any], loc: Location) -> JsonTable:
    """A table of columns by name."""
    refuse_orient(columns, loc)
    refuse(
        Fault(
            (*loc, name),
            "a column must be a list of cells, as pandas' to_dict('list') makes, "
            f'{{"{clip(name, 40)}": [1.5, 2.5]}}, not {sent(cells)}',
            "list",
        )
        for name, cells in columns.items()
        if not isinstance(cells, list)
    )
    lengths = set(map(len, columns.values()))
    if lengths <= {0}:
        what = "columns without a cell" if columns else "an empty object"
        said = f"a table of at least one column and row is needed, not {what}"
        raise InvalidRequest.at(loc, said, "empty")
    if len(lengths) > 1:
        first = next(iter(columns))
        refuse(
            Fault(
                (*loc, name),
                f"this column has {counted(len(cells), 'cell')} where {clip(first, 40)!r} has "
                f"{len(columns[first]):,}; send null for a gap",
                "ragged",
            )
            for name, cells in columns.items()
            if len(cells) != len(columns[first])
        )
    return JsonTable(columns, lengths.pop(), lambda row, name: (*loc, name, row))


def _from_objects(rows: list[Any], loc: Location) -> JsonTable:
    names = list(rows[0])
    if not names:
        said = "a row must hold at least one cell, not an empty object"
        raise InvalidRequest.at((*loc, 0), said, "empty")
    alike = set(map(type, rows)) == {dict} and set(map(len, rows)) == {len(names)}
    try:
        found = list(map(itemgetter(*names), rows)) if alike else None
    except KeyError:
        found = None
    if found is None:
        refuse(_not_alike(rows, loc))
    assert found is not None
    columns: Iterable[Cells] = zip(*found, strict=True) if len(names) > 1 else [found]
    cells = dict(zip(names, columns, strict=True))
    return JsonTable(cells, len(rows), lambda row, name: (*loc, row, name))


def _not_alike(rows: list[Any], loc: Location) -> Iterator[Fault]:
    """Of each row where it differs from the one that is as most of the first are."""
    shapes = [frozenset(row) if isinstance(row, dict) else None for row in rows[:_LOOKED_AT]]
    shape, _ = Counter(one for one in shapes if one is not None).most_common(1)[0]
    usual = shapes.index(shape)
    names = list(rows[usual])
    for i, row in enumerate(rows):
        if not isinstance(row, dict):
            said = f"each row must be an object, as others are, {arrays.not_so(row, names)}"
            yield Fault((*loc, i), said, "dict_type")
            continue
        missing = [name for name in names if name not in row]
        for name in row:
            if name in shape:
                continue
            wrong = around(name) if peeled(name) in missing else ""
            near = [peeled(name)] if wrong else closest(name, missing)
            said = f"row {usual} has no such column; send null there for a gap"
            if near:
                missing.remove(near[0])
                said = f"row {usual} has no such column; write {clip(near[0], 40)}, as there"
            yield Fault((*loc, i, name), wrong or said, "unknown")
        for name in missing:
            said = f"this cell is missing, which row {usual} has; send null for a gap"
            yield Fault((*loc, i, name), said, "missing")


def _column(cells: Cells, dialect: Dialect, in_text: bool) -> Column:
    kinds = set(map(type, cells))
    if not in_text and kinds <= _NUMBERS:
        return Column(dialect.without_gaps(_floats(cells)))
    if not in_text and kinds <= _TRUTHS:
        values = _floats(cells)
        missing = np.isnan(values)
        codes = np.where(missing, MISSING, np.where(missing, 0, values)).astype(np.int32)
        return Column(None, codes, [_SPELLED[False], _SPELLED[True]])
    index: dict[str, int] = {}
    codes = np.empty(len(cells), np.int32)
    values = np.full(len(cells), np.nan)
    for i, cell in enumerate(cells):
        if dialect.is_gap(cell):
            codes[i] = MISSING
        elif isinstance(cell, (str, bool)) or in_text:
            codes[i] = index.setdefault(
                cell if isinstance(cell, str) else as_text(cell), len(index)
            )
        else:
            codes[i] = NUMBER
            values[i] = _float(cell)
    if not index and not in_text:
        return Column(values)
    numbers = not np.isnan(values).all()
    return Column(values if numbers else None, codes, list(index))


def _floats(cells: Cells) -> Any:
    try:
        return np.array(cells, dtype=np.float64)  # None becomes NaN
    except OverflowError:  # an int of more than 308 digits
        return np.array([np.nan if cell is None else _float(cell) for cell in cells])


def _float(cell: float) -> float:
    try:
        return float(cell)
    except OverflowError:
        return float("inf")


def as_text(cell: float) -> str:
    """A number or truth value as the name of a category: 1 and 1.0 are the same one."""
    if isinstance(cell, bool):
        return _SPELLED[cell]
    return str(int(cell)) if isinstance(cell, float) and cell.is_integer() else str(cell)
