"""The rows that /predict is asked about, in whatever form they come, a block at a time."""

from collections.abc import Iterator
from contextlib import AbstractContextManager
from dataclasses import replace
from typing import Any, Protocol

import numpy as np
from werkzeug.datastructures import MultiDict

from fitserve.api import queries
from fitserve.data import json_table
from fitserve.data.arrays import FloatArray
from fitserve.data.columns import Columns
from fitserve.data.csv import CsvFile
from fitserve.data.dialect import Dialect
from fitserve.data.encoding import NumberEncoder
from fitserve.data.json_table import JsonTable
from fitserve.data.table import Place
from fitserve.errors import Fault, Location, clip, refuse, relocated, within
from fitserve.models.base import Model
from fitserve.storage.cache import Loaded

_JSON_CELL = 500.0  # operations that reading a cell takes
_CSV_CELL = 2000.0


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

    def __init__(self, X: FloatArray) -> None:
        self.X = X
        self.n_rows = len(X)

    def parts(self, step: int) -> Iterator[FloatArray]:
        for start in range(0, self.n_rows, step):
            yield self.X[start : start + step]

    def refuse(self, model: Model) -> None:
        with self.located(0):
            model.refuse_rows(self.X)

    def located(self, start: int) -> AbstractContextManager[None]:
        def place(loc: Location) -> Location:
            if loc[:1] != ("X",):
                return loc
            at = loc[1:2]
            return ("features", *(n + start if isinstance(n, int) else n for n in at), *loc[2:])

        return relocated(place)


class JsonRows(Rows):
    """Rows of a table that came as JSON."""

    def __init__(self, table: JsonTable, columns: Columns) -> None:
        _refuse_names(table, columns)
        self._table, self._columns = table, columns
        self._dialect = Dialect(missing=columns.na_values)
        self.n_rows = table.n_rows
        self.cost = _JSON_CELL * len(columns.names) + columns.n_encoded

    def parts(self, step: int) -> Iterator[FloatArray]:
        columns = self._columns
        for start in range(0, self.n_rows, step):
            part = self._table.part(start, start + step)
            yield columns.encode(part.read(columns.names, self._dialect, columns.as_text))

    def located(self, start: int) -> AbstractContextManager[None]:
        return relocated(lambda loc: self._columns.place(self._table.place, loc, start))


class CsvRows(Rows):
    """Rows of a CSV; of its columns those that the model knows, in any order."""

    def __init__(self, file: CsvFile, columns: Columns) -> None:
        self._file, self._columns = file, columns
        _refuse_missing(file.names, columns)
        self.n_rows = file.most_rows
        self.cost = _CSV_CELL * len(columns.names) + columns.n_encoded
        self._place: Place = lambda row, name: ("line", row, name)

    def parts(self, step: int) -> Iterator[FloatArray]:
        """Of exactly so many rows each, wherever the file's blocks end: how rows are put together
        decides about the last bits of what is predicted for them."""
        waiting: list[FloatArray] = []
        n_waiting = 0
        for table in self._file.blocks(self._columns.names, self._columns.as_text):
            if table.start == 0:
                self._place = table.place
            X = self._columns.encode(table)
            while n_waiting + len(X) >= step:
                need = step - n_waiting
                yield np.concatenate([*waiting, X[:need]]) if waiting else X[:need]
                waiting, n_waiting, X = [], 0, X[need:]
            if len(X):
                waiting.append(X)
                n_waiting += len(X)
        if waiting:
            yield np.concatenate(waiting)

    def located(self, start: int) -> AbstractContextManager[None]:
        return relocated(lambda loc: self._columns.place(self._place, loc, start))


def of_json(features: Any, columns: Columns) -> tuple[JsonRows, bool]:
    """Rows of a table, and whether it was one row: by name, or as a list in the order of the
    columns; a batch is a list of such, or columns by name."""
    loc: Location = ("features",)
    names = columns.names
    single = False
    if isinstance(features, dict):
        lists = sum(isinstance(cells, list) for cells in features.values())
        single = not lists
        table = (
            json_table.one_row(features, loc) if single else json_table.named(features, None, loc)
        )
    elif isinstance(features, list) and features and isinstance(features[0], dict):
        table = json_table.named(features, None, loc)
    else:
        single = isinstance(features, list) and bool(features) and not isinstance(features[0], list)
        rows = [features] if single else features
        if isinstance(rows, list) and rows and isinstance(rows[0], list):
            _refuse_width(rows, len(names), loc, single)
        table = json_table.named(rows, names, loc)
        if single:
            at = {name: j for j, name in enumerate(names)}
            table.place = lambda _, name: (*loc, at[name])
    return JsonRows(table, columns), single


class CsvPrediction:
    """POST /predict with a CSV: what stands in the body of JSON stands in the query."""

    def __init__(self, query: "MultiDict[str, str]", body: bytes) -> None:
        with within("query"):
            self._query = queries.single(query)
            self.model_type, self.model_id = queries.key(self._query, default_id=0)
            self.probabilities = queries.truth(self._query, "probabilities")
            queries.refuse_others(
                self._query, ("model_type", "model_id", "probabilities", *queries.CSV)
            )
        self._body = body

    def rows(self, loaded: Loaded) -> tuple[CsvFile, CsvRows]:
        """The file, and the rows that it has for the model."""
        columns = loaded.columns
        if columns is None:
            names = loaded.feature_names or [str(j) for j in range(loaded.model.n_features_in_)]
            columns = Columns([NumberEncoder(name) for name in names])
        with within("query"):
            dialect = queries.dialect({**columns.dialect, **self._query})
        if "na_values" not in self._query:
            dialect = replace(dialect, missing=columns.na_values)
        file = CsvFile(self._body, dialect)
        return file, CsvRows(file, columns)


def _refuse_width(rows: list[Any], width: int, loc: Location, single: bool) -> None:
    refuse(
        Fault(
            loc if single else (*loc, i),
            f"a row has {len(row)} cells where the model was trained on {width} columns; give "
            f"{width} in each, or rows by name",
            "n_features",
        )
        for i, row in enumerate(rows)
        if isinstance(row, list) and len(row) != width
    )


def _refuse_names(table: JsonTable, columns: Columns) -> None:
    """Refuse columns that are missing, and others than the model uses."""
    known, there = set(columns.names), set(table.names)
    listed = clip(", ".join(columns.names), 300)
    faults = [
        Fault(table.place(0, name), "this column is missing; send null for a gap", "missing")
        for name in columns.names
        if name not in there
    ]
    for name in table.names:
        if name not in known:
            said = f"the model uses no such column; leave it out. It uses: {listed}"
            faults.append(Fault(table.place(0, name), said, "unknown"))
    refuse(iter(faults))


def _refuse_missing(there: list[str], columns: Columns) -> None:
    known = set(there)
    listed = clip(", ".join(there), 300)
    refuse(
        Fault(("line", 1, name), f"this column is missing; there are: {listed}", "missing")
        for name in columns.names
        if name not in known
    )
