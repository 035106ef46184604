"""From a table that was sent to what is learned from: the matrix, y, and what made them."""

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from fitserve.data import arrays
from fitserve.data.arrays import FloatArray, Target
from fitserve.data.columns import Columns
from fitserve.data.csv import CsvFile
from fitserve.data.diagnosis import diagnosed_target
from fitserve.data.dialect import Dialect
from fitserve.data.encoding import NumberEncoder, Rows, empty
from fitserve.data.json_table import JsonTable
from fitserve.data.kinds import TRUTHS, Form
from fitserve.data.learning import Examined, examined, unknown_names
from fitserve.data.levels import Levels
from fitserve.data.limits import refuse_too_large
from fitserve.data.mending import Written
from fitserve.data.options import ColumnOptions, Kind
from fitserve.data.table import Column, Place, Table
from fitserve.errors import Advice, Fault, Location, clip, refuse, relocated

_EXACT = 2.0**53  # from which on not every whole number has a float of its own


@dataclass(frozen=True)
class Intake:
    """What is learned from, and how a table becomes that."""

    columns: Columns
    X: FloatArray
    y: Target | None
    table: Examined
    """The rows of the table that X was made of."""
    described: list[dict[str, Any]]
    """What is told of each column."""

    def number(self, row: int) -> int:
        """Which row of the table that was sent this row of X is."""
        return self.table.table.numbered(row)

    def place(self, loc: Location) -> Location:
        """Where in the table lies what a model says of X or y, at `("X", row, column)`."""
        table = self.table.table
        return self.columns.learned_place(table.place, table.numbered, loc)

    def naming_target(self, fault: Fault) -> Fault:
        """The same where y is a column, which has its own name and place; its kind makes text of
        it in a CSV, whose cells are numbers if they look like such."""
        target = self.table.target
        if target is not None and fault.loc == ("y",) and fault.msg.startswith("y "):
            called = f"column {clip(target, 40)!r}"
            return replace(fault, loc=("target",), msg=called + fault.msg.removeprefix("y"))
        if target is None or arrays.AS_TEXT not in fault.msg:
            return fault
        if not self.table.table.in_csv:
            said = f"write every {clip(target, 40)!r} as text"
            return replace(fault, msg=fault.msg.replace(arrays.AS_TEXT, said))
        said = f"say kinds={clip(target, 40)}:category"
        remedy = Advice(f"takes {target} as a category", {"kinds": {target: "category"}})
        msg = fault.msg.replace(arrays.AS_TEXT, said)
        return replace(fault, msg=msg, remedies=(*fault.remedies, remedy))


def of_csv(
    file: CsvFile,
    options: ColumnOptions,
    target: str | None,
    written: Written,
    regressor: str | None = None,
) -> Intake:
    """Raises `InvalidRequest` with all that is wrong with the table; `regressor` is the type of
    model that learns the target, if that learns numbers alone."""
    text = {name for name, kind in options.kinds.items() if kind != "number"} & set(file.names)
    faults = list(unknown_names(file.names, options, target, file.no_column, written))
    used = [name for name in file.names if name not in options.drop or name == target]
    apart = [] if target is None or target in text else [target]
    table = file.read(used, apart=apart, text=text)
    if target is None or target not in table.columns:
        return _taken_in(examined(table, options, target, None, faults, written), None)
    cells = table.columns[target]
    fault = diagnosed_target(target, table, options, regressor)
    if fault is not None:
        faults.append(fault)
    found = examined(table, options, target, cells.missing(), faults, written)
    if _as_text_after_all(cells):
        cells = file.read([target], text={target}).columns[target]
    return _taken_in(found, _labels(cells, found.rows, options.kinds.get(target)))


def of_json(
    sent: JsonTable,
    options: ColumnOptions,
    y: object,
    target: str | None,
    written: Written,
    regressor: str | None = None,
) -> Intake:
    """`y` is a list, a value for each row, or None; `target` names the column that is y instead.

    Raises `InvalidRequest` with all that is wrong with the table; `regressor` is the type of
    model that learns the target, if that learns numbers alone.
    """
    text = {name for name, kind in options.kinds.items() if kind != "number"}
    dialect = Dialect(missing=options.na_values)
    faults = list(unknown_names(sent.names, options, target))
    used = [name for name in sent.names if name not in options.drop and name != target]
    table = sent.read(used, dialect, text)
    if target is not None and target in sent.cells:
        y = list(sent.cells[target])
        if target in options.kinds:
            whole = sent.read([target], dialect, text & {target})
            faults += filter(None, [diagnosed_target(target, whole, options, regressor)])
            if options.kinds[target] == "category":
                y = _as_categories(whole.columns[target])
    if not isinstance(y, list) or (target is None and len(y) != table.n_rows):
        found = examined(table, options, target, None, faults, written)
        return _taken_in(found, None if y is None else arrays.target(y, ("y",)))
    gaps = np.array([dialect.is_gap(cell) for cell in y])
    found = examined(table, options, target, gaps, faults, written, lambda row: str(y[row] or ""))
    kept = y if found.rows is None else [y[row] for row in found.rows.tolist()]

    def where(loc: Location) -> Location:
        if len(loc) < 2 or not isinstance(loc[1], int):
            return loc
        row = loc[1] if found.rows is None else int(found.rows[loc[1]])
        return ("y", row) if target is None else table.place(row, target)

    with relocated(where):
        learned = arrays.target(kept, ("y",))
    return _taken_in(found, learned)


def _as_categories(cells: Column) -> list[str | None]:
    """The labels of a column that was read as text, None for a gap."""
    assert cells.codes is not None
    return [None if code < 0 else cells.texts[code].strip() for code in cells.codes.tolist()]


def truth(file: CsvFile, table: Table, target: str, as_text: bool) -> tuple[Target, Place]:
    """What is true of each row, to compare predictions with, and where its cells stand: of a table
    that was read of the file.

    Raises `InvalidRequest` with the place of each cell that is empty, or no number among numbers.
    """
    cells = table.columns[target]
    gaps = np.flatnonzero(cells.missing()).tolist()
    refuse(
        Fault(
            table.place(row, target),
            f"what is true of this row is missing: {empty(table.written(row, target))}; leave the "
            "row out",
            "missing",
        )
        for row in gaps
    )
    fault = None if as_text else diagnosed_target(target, table, ColumnOptions())
    if fault is not None:  # its words are for who registers, and may choose what the column is
        Columns([NumberEncoder(target)]).encode(table)
    kind: Kind | None = "category" if as_text else None
    if not as_text and _as_text_after_all(cells):
        cells, kind = file.read([target], text={target}).columns[target], "number"
    return _labels(cells, None, kind), table.place


def _taken_in(found: Examined, y: Target | None) -> Intake:
    columns = found.learn()
    refuse_too_large(found.table.n_rows, columns.n_encoded)
    return Intake(columns, columns.encode(found.table), y, found, found.described(columns))


def _as_text_after_all(cells: Column) -> bool:
    """Whether labels would not come back as they are written, were they read as floats."""
    if cells.codes is not None:
        return False
    assert cells.values is not None
    largest = np.abs(cells.values[~np.isnan(cells.values)]).max(initial=0.0)
    return cells.zeros is not None or bool(_EXACT <= largest < np.inf)


def _labels(cells: Column, rows: Rows | None, kind: Kind | None) -> Target:
    """y as it is written, or of the kind it was said to be: int64, float64, bool or text
    (object), of rows that have one."""
    if cells.codes is None:
        assert cells.values is not None
        values = cells.values if rows is None else cells.values[rows]
        whole = (values == np.trunc(values)).all()
        return values.astype(np.int64) if whole else np.array(values)
    levels = Levels(cells)
    codes = levels.codes if rows is None else levels.codes[rows]
    forms = set(levels.forms)
    if kind != "category" and forms == {Form.TRUTH}:
        return np.array([TRUTHS[text] == 1.0 for text in levels.texts])[codes]
    if kind == "number" or (kind is None and forms == {Form.NUMBER}):
        number = [_number(text) for text in levels.texts]
        return arrays.target([number[code] for code in codes.tolist()], ("y",))
    return np.array(levels.texts, dtype=object)[codes]


def _number(text: str) -> int | float:
    try:
        return int(text)
    except ValueError:
        return float(text)
