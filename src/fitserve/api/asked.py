"""The rows that /predict is asked about, in whatever form they come, a block at a time."""

from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import replace
from functools import partial
from typing import Any, Protocol

from werkzeug.datastructures import MultiDict

from fitserve.api import queries, strangers
from fitserve.api.request import checked
from fitserve.api.schemas import EvaluateRequest, EvaluationOptions
from fitserve.data import arrays, intake, json_table
from fitserve.data.arrays import FloatArray
from fitserve.data.columns import Columns
from fitserve.data.csv import CsvFile, Opened, listed
from fitserve.data.dialect import Dialect
from fitserve.data.encoding import Encoder, NumberEncoder
from fitserve.data.features import numbered, of_one, refuse_width
from fitserve.data.json_table import JsonTable
from fitserve.data.names import closest
from fitserve.data.orients import refuse_orient
from fitserve.data.table import Place, Table, called
from fitserve.data.unseen import peeled, typed, unlike
from fitserve.errors import (
    Advice,
    Fault,
    Gathered,
    InvalidRequest,
    Location,
    amended,
    clip,
    refuse,
    relocated,
    within,
)
from fitserve.evaluation import evaluate
from fitserve.models.base import Model
from fitserve.models.overflow import as_sent
from fitserve.storage.cache import Loaded

_JSON_CELL = 500.0  # operations that reading a cell takes


class Rows(Protocol):
    """Rows for a model to predict for."""

    n_rows: int
    """How many there are, or at most are."""
    cost: float
    """Roughly how many operations it takes to make a row of the matrix."""

    def parts(self, step: int) -> Iterator[FloatArray]:
        """The matrix in blocks of `step` rows. Raises `InvalidRequest` at the row it comes to."""

    def refuse(self, model: Model) -> None:
        """Refuse rows that are known to be wrong before any is predicted for."""
        return

    def located(self, start: int) -> AbstractContextManager[None]:
        """Say of the faults in a block, whose first row is `start`, where the caller sent it."""


class MatrixRows(Rows):
    """Rows that came as numbers alone."""

    cost = 0.0

    def __init__(self, X: FloatArray, loc: Location = ("features",), single: bool = False) -> None:
        self.X = X
        self.n_rows = len(X)
        self._single, self._loc = single, loc

    def parts(self, step: int) -> Iterator[FloatArray]:
        for start in range(0, self.n_rows, step):
            yield self.X[start : start + step]

    def refuse(self, model: Model) -> None:
        with self.located(0):
            model.refuse_rows(self.X)

    @contextmanager
    def located(self, start: int) -> Iterator[None]:
        def place(loc: Location) -> Location:
            if loc[:1] != ("X",):
                return loc
            at = () if self._single else loc[1:2]
            return (*self._loc, *(n + start if isinstance(n, int) else n for n in at), *loc[2:])

        with relocated(place), of_one(self.n_rows):
            yield


class JsonRows(Rows):
    """Rows of a table that came as JSON."""

    def __init__(self, table: JsonTable, columns: Columns) -> None:
        _refuse_names(table, columns)
        self._table, self._columns = table, columns
        self._dialect = Dialect(missing=columns.na_values)
        self.n_rows = table.n_rows
        self.cost = _JSON_CELL * len(columns.names) + columns.n_encoded

    def parts(self, step: int) -> Iterator[FloatArray]:
        for start in range(0, self.n_rows, step):
            part = self._read(self._table.part(start, start + step))
            with of_one(self.n_rows):
                encoded = self._columns.encode(part)
            yield encoded

    def read(self) -> Table:
        """All of it, raw as it is. Raises `InvalidRequest`."""
        return self._read(self._table)

    def _read(self, table: JsonTable) -> Table:
        return table.read(self._columns.names, self._dialect, self._columns.as_text)

    @contextmanager
    def located(self, start: int) -> Iterator[None]:
        def place(loc: Location) -> Location:
            return self._columns.place(self._table.place, loc, start)

        with of_columns(self._columns, place), of_one(self.n_rows):
            yield


class CsvRows(Rows):
    """Rows of a CSV; of its columns those that the model knows, in any order."""

    def __init__(self, file: CsvFile, columns: Columns, target: str | None) -> None:
        self._file, self._columns = file, columns
        _refuse_missing(file, columns, target)
        self.n_rows = file.most_rows
        self.cost = file.cell_cost * len(columns.names) + columns.n_encoded
        self._place: Place = lambda row, name: ("line", row, name)
        self._table: Table | None = None

    def with_target(self, target: str, as_text: bool) -> Table:
        """A table that has this column. The rows are read once for both, but where the model knows
        the column, too: it may take other cells for text."""
        names, text = self._columns.names, self._columns.as_text
        own = {target} if as_text else set[str]()
        if target in names:
            return self._file.read([target], text=own)
        self._table = self._file.read([*names, target], {target} - own, text | own)
        return self._table

    def parts(self, step: int) -> Iterator[FloatArray]:
        """Of exactly so many rows each: how rows are put together decides about the last bits of
        what is predicted for them."""
        if self._table is not None:
            return map(self._encoded, self._table.blocks(step))
        tables = self._file.blocks(self._columns.names, self._columns.as_text, rows=step)
        return map(self._encoded, tables)

    def _encoded(self, table: Table) -> FloatArray:
        if table.start == 0:
            self._place = table.place
        with amended(self._names_or_row), of_one(self.n_rows):
            return self._columns.encode(table)

    @contextmanager
    def located(self, start: int) -> Iterator[None]:
        def place(loc: Location) -> Location:
            if loc == ("probabilities",):
                return ("query", *loc)
            return self._columns.place(self._place, loc, start)

        with of_columns(self._columns, place), of_one(self.n_rows):
            yield

    def _names_or_row(self, fault: Fault) -> Fault:
        """That a first line without a number may be names that were not to be sent."""
        if self._file.dialect.header or fault.loc[:2] != ("line", 1) or fault.type != "float_type":
            return fault
        here = fault.msg.partition("; ")[0]
        return replace(
            fault, msg=f"{here}; write a number or, if it is a name, leave this line out"
        )


def of_columns(
    columns: Columns, place: Callable[[Location], Location]
) -> AbstractContextManager[None]:
    """Say of the faults found in the matrix of a table where that was sent, which column it is
    where the place does not tell, and which number it was."""

    def told(fault: Fault) -> Fault:
        loc = place(fault.loc)
        if fault.column is not None:
            encoder = columns.encoder(fault.column)
            fault = replace(as_sent(fault, encoder), column=0)
            fault = fault.naming([encoder.name] if called(loc, encoder.name) else None)
        return replace(fault, loc=loc, column=None)

    return amended(told)


def of_json(features: Any, columns: Columns) -> tuple[JsonRows, bool]:
    """Rows of a table, and whether it was one row: by name, or as a list in the order of the
    columns; a batch is a list of such, or columns by name."""
    loc: Location = ("features",)
    names = columns.names
    single = False
    if isinstance(features, dict):
        lists = sum(isinstance(cells, list) for cells in features.values())
        nested = features and set(map(type, features.values())) == {dict}
        single = not nested and (2 * lists < len(features) or not lists)
        table = (
            json_table.one_row(features, loc) if single else json_table.named(features, None, loc)
        )
    elif isinstance(features, list) and features and isinstance(features[0], dict):
        table = json_table.named(features, None, loc)
    else:
        single = isinstance(features, list) and bool(features) and not isinstance(features[0], list)
        rows = [features] if single else features
        if isinstance(rows, list) and rows and isinstance(rows[0], list):
            refuse_width(rows, len(names), names, loc, single)
        headed = not numbered(names)
        table = json_table.named(
            rows, names if isinstance(rows, list) else None, loc, headed=headed
        )
        if single:
            at = {name: j for j, name in enumerate(names)}
            table.place = lambda _, name: (*loc, at[name])
    return JsonRows(table, columns), single


class CsvPrediction:
    """POST /predict with a CSV: what stands in the body of JSON stands in the query."""

    def __init__(self, query: "MultiDict[str, str]", body: bytes, opened: Opened = CsvFile) -> None:
        with within("query"):
            self._query = queries.single(query)
            queries.refuse_others(
                self._query,
                ("model_type", "model_id", "probabilities", *queries.CSV),
                partial(strangers.of_rows, "/predict", model_type=self._query.get("model_type")),
            )
            self.model_type, self.model_id = queries.key(self._query, default_id=0)
            self.probabilities = queries.truth(self._query, "probabilities")
        self._body, self._opened = body, opened

    def rows(self, loaded: Loaded) -> tuple[CsvFile, CsvRows]:
        """The file, and the rows that it has for the model."""
        return _of_csv(self._query, self._body, loaded, self._opened)


class CsvEvaluation:
    """POST /evaluate with a CSV: the column `target`, the one that the model learned unless the
    query names another, is what is true."""

    def __init__(self, query: "MultiDict[str, str]", body: bytes, opened: Opened = CsvFile) -> None:
        members = ("importance", "repeats")
        with within("query"):
            self._query = queries.single(query)
            queries.refuse_others(
                self._query,
                ("model_type", "model_id", "target", *members, *queries.CSV),
                partial(strangers.of_rows, "/evaluate", model_type=self._query.get("model_type")),
            )
            self.model_type, self.model_id = queries.key(self._query, default_id=0)
            asked = queries.simple(self._query, members)
            with amended(queries.as_parameters):
                options = checked(EvaluationOptions, asked)
        self.importance, self.repeats = options.importance, options.repeats
        self._body, self._opened = body, opened

    def rows(self, loaded: Loaded) -> tuple[CsvRows, Any, Callable[[Location], Location]]:
        """The rows, y or None, and where a value of y stands."""
        file, rows = _of_csv(self._query, self._body, loaded, self._opened)
        learned = None if loaded.columns is None else loaded.columns.target
        target = self._query.get("target", learned)
        if not loaded.model.supervised():
            if "target" in self._query:
                said = f"{loaded.model.model_type()} learned from X alone; leave target out"
                raise InvalidRequest.at(("query", "target"), said, "no_y")
            return rows, None, lambda loc: loc
        if target is None:
            there = clip(", ".join(file.names), 300)
            said = f"name the column that is to be compared with. There are: {there}"
            raise InvalidRequest.at(("query", "target"), said, "missing")
        if target not in file.at:
            if "target" in self._query and (meant := typed(target, file.names)) is not None:
                said = f"there is no column {clip(target, 40)!r}; {meant[1]}, write "
                said += queries.written({"target": meant[0]})
                raise InvalidRequest.at(("query", "target"), said, "no_column")
            why = file.mistaken(target) or _renamed(target, file, file.names)
            said = f"this column, which is to be compared with, is missing; {why}"
            raise InvalidRequest.at(("line", 1, target), said, "missing")
        classes = loaded.model.classes_
        as_text = classes is not None and classes.dtype == object
        y, place = intake.truth(file, rows.with_target(target, as_text), target, as_text)
        return (
            rows,
            y,
            lambda loc: (
                place(loc[1], target) if loc[:1] == ("y",) and isinstance(loc[-1], int) else loc
            ),
        )


def _of_csv(
    query: dict[str, str], body: bytes, loaded: Loaded, opened: Opened
) -> tuple[CsvFile, CsvRows]:
    columns = loaded.columns
    if columns is None:
        names = loaded.feature_names or [str(j) for j in range(loaded.model.n_features_in_)]
        columns = Columns([NumberEncoder(name) for name in names])
    with within("query"):
        dialect = queries.dialect({**columns.dialect, **query})
    if "na_values" not in query:
        dialect = replace(dialect, missing=columns.na_values)
    file = opened(body, dialect)
    return file, CsvRows(file, columns, query.get("target"))


def of_both(y: Any, place: Callable[[Location], Location]) -> AbstractContextManager[None]:
    """Say of the rows that faults found inside leave out that their y is too, where it is apart."""
    if y is None or place(("y", 0)) != ("y", 0):
        return nullcontext()
    return amended(lambda fault: arrays.beside_y(fault, "features"))


@contextmanager
def beside_y(y: Any, supervised: bool, place: Callable[[Location], Location]) -> Iterator[None]:
    """Say with the faults of rows found inside what is wrong with y as well."""
    told = Gathered()
    with told.part(), of_both(y, place):
        yield
    if told.faults and y is not None and supervised:
        with told.part(), located_y(place):
            evaluate.labels(y)
    told.refuse()


def truth_of(
    ask: EvaluateRequest, columns: Columns | None
) -> tuple[Any, Any, Callable[[Location], Location]]:
    """What is sent of features, y or None, and where a value of y stands: the column that the
    model learned may be one of the table's."""
    target = None if columns is None else columns.target
    if columns is None or target is None:
        return ask.features, ask.y, lambda loc: loc
    if ask.y == target:
        said = f"what is true is read from the column {target} of the rows; leave y out"
        raise InvalidRequest.at(("y",), said, "list_type")
    if ask.y is None and isinstance(ask.features, dict) and target not in ask.features:
        refuse_orient(ask.features, ("features",))
    features, y = without_target(ask.features, target)
    if ask.y is None and y is not None:
        return features, y, y_in_table(target, isinstance(ask.features, dict))
    first: Location = ("features",) if isinstance(ask.features, dict) else ("features", 0)
    if y is not None:
        said = "what is true stands here, and y is given as well; leave one out"
        raise InvalidRequest.at((*first, target), said, "given_twice")
    if ask.y is None:
        row = ask.features[0] if isinstance(ask.features, list) and ask.features else ask.features
        others = row.keys() - set(columns.names) if isinstance(row, dict) else ()
        for one in [name for name in others if unlike(target, [name])] or closest(target, others):
            said = f"what the model learned, {target!r}, is missing; write {target}, if this is it"
            said = unlike(target, [one]) or said
            raise InvalidRequest.at((*first, one), said, "missing")
        said = (
            f"what is true of each row is needed, to compare with: as y, a list, or as the column "
            f"{target} of rows by name"
        )
        raise InvalidRequest.at(("y",), said, "missing")
    return ask.features, ask.y, lambda loc: loc


def y_in_table(target: str, by_column: bool) -> Callable[[Location], Location]:
    """Where a value of y stands that is a column of the table."""

    def place(loc: Location) -> Location:
        if loc[:1] != ("y",):
            return loc
        return ("features", target, *loc[1:]) if by_column else ("features", *loc[1:], target)

    return place


def located_y(place: Callable[[Location], Location]) -> AbstractContextManager[None]:
    """Say of the faults found in y where the caller sent it: as a column of the rows, no other
    place has what is to be left out."""

    def told(fault: Fault) -> Fault:
        loc = place(fault.loc)
        both = "" if loc != fault.loc else evaluate.OF_BOTH
        return replace(fault, loc=loc, msg=fault.msg.replace(evaluate.OF_BOTH, both))

    return amended(told)


def of_rows_alone(advice: Advice, place: Callable[[Location], Location]) -> Advice:
    """The same, where what is true stands in the rows, as `located_y` has it."""
    apart = place(("y", 0)) == ("y", 0)
    return advice if apart else Advice(advice.words.replace(evaluate.OF_BOTH, ""), advice.set)


def without_target(features: Any, target: str) -> tuple[Any, list[Any] | None]:
    """Rows or columns by name without the column `target`, and its cells, if it is there."""
    if isinstance(features, dict) and target in features:
        rest = {name: cells for name, cells in features.items() if name != target}
        cells = features[target]
        return rest, cells if isinstance(cells, list) else [cells]
    rows = features if isinstance(features, list) else []
    if rows and isinstance(rows[0], dict) and target in rows[0]:
        y = [row.get(target) if isinstance(row, dict) else None for row in rows]
        return [
            {name: cell for name, cell in row.items() if name != target}
            if isinstance(row, dict)
            else row
            for row in rows
        ], y
    return features, None


def _refuse_names(table: JsonTable, columns: Columns) -> None:
    """Refuse columns that are missing, and others than the model uses."""
    known, missing = set(columns.names), set(columns.names).difference(table.names)
    listed = clip(", ".join(columns.names), 300)
    faults = []
    for name in table.names:
        if name in known:
            continue
        said = f"the model uses no such column; leave it out. It uses: {listed}"
        if meant := [one for one in missing if peeled(one) == peeled(name)]:
            missing.remove(meant[0])
            said = unlike(meant[0], [name])
        elif near := closest(name, missing):
            missing.remove(near[0])
            said = f"the model uses no such column; write {near[0]} for it. It uses: {listed}"
        elif name == columns.target:
            said = "this is what the model predicts; leave it out, or ask /evaluate about it"
        faults.append(Fault(table.place(0, name), said, "unknown"))
    faults[:0] = [
        Fault(table.place(0, one.name), f"this column is missing; {_lacking(one)}", "missing")
        for one in columns.encoders
        if one.name in missing
    ]
    refuse(iter(faults))


def _lacking(encoder: Encoder) -> str:
    return "send it" if encoder.fill is None else "send it, or null for a gap"


def _refuse_missing(file: CsvFile, columns: Columns, target: str | None) -> None:
    missing = [name for name in columns.names if name not in file.at]
    if not missing:
        return
    others = [name for name in file.names if name not in columns.names]
    none = len(missing) == len(columns.names)
    why = _head(file, columns.names, target, none=none)
    if why is not None:
        there = "none of the model's columns is" if none else "not all of the model's columns are"
        said = f"{there} there, {clip(', '.join(columns.names), 300)}; "
        where = file.where_parted if "write delimiter=" in why else ("line", 1)
        raise InvalidRequest.at(where, said + why, "missing")
    refuse(
        Fault(
            ("line", 1, name),
            f"this column is missing; {_renamed(name, file, others)}",
            "missing",
        )
        for name in missing
    )


def _head(file: CsvFile, names: list[str], target: str | None, *, none: bool) -> str | None:
    """How the first line is otherwise than it has to be, that some of these columns are missing,
    or `none` is there; `target` is the column that the caller compares with."""
    width = max(file.width, len(names))
    numbered = {str(j) for j in range(width)}.issuperset(names)
    if file.dialect.header and numbered:
        also = "add header=false"
        if target in file.at:
            also += f" and target={file.at[target]} instead of target={target}"
        elif target is not None:
            also += f", and as target the number of its column, from 0 to {width - 1}"
        return file.mistaken(names[0], also) or (
            f"the model learned from rows without names; leave this line out, and {also}"
            if none
            else None
        )
    why = file.mistaken(names[0]) if none else None
    if why is None and not file.dialect.header and not numbered:
        line = clip(file.delimiter.join(names), 300)
        said = f"header=false says that there are no names; write {line} above the rows, and leave "
        return f"{said}header=false out"
    return why


def _renamed(name: str, file: CsvFile, others: Iterable[str]) -> str:
    """All columns that a file has, and which of `others` may be the one that is missing."""
    near = "".join(f"rename {one!r} so, if that is meant; " for one in closest(name, others))
    return (file.around(name, file.names) or near) + listed(file.names)
