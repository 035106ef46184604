"""Inference by the Open Inference Protocol: the answer of any model.

A request is JSON, which bytes of tensors may follow; so is an answer.
"""

from collections.abc import Iterable, Iterator, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from flask import Response
from numpy.typing import NDArray
from pydantic_core import to_json

from fitserve.api import observed, tensors
from fitserve.api.asked import MatrixRows, Rows, of_columns
from fitserve.api.inference_requests import HEADER, Inference
from fitserve.api.predictions import ANSWER_MB, NUMBER, WRITTEN
from fitserve.api.tensors import Numbers, Tensor
from fitserve.data.arrays import FloatArray
from fitserve.data.columns import Columns
from fitserve.data.dialect import Dialect
from fitserve.data.encoding import CategoryEncoder, Encoder
from fitserve.data.features import naming_columns
from fitserve.data.json_table import JsonTable
from fitserve.data.table import Column, Table
from fitserve.errors import (
    Fault,
    Gathered,
    InvalidRequest,
    Location,
    PredictionLimit,
    amended,
    clip,
    refuse,
)
from fitserve.observing.statistics import Times
from fitserve.predictor import Predictor
from fitserve.storage.cache import Loaded
from fitserve.training.description import shortened

PREDICT, PROBABILITIES = "predict", "probabilities"


# -------------------------------------------------------------------------------- rows


class _TensorMatrix(MatrixRows):
    """Rows of one tensor of numbers."""

    def __init__(self, name: str, tensor: Numbers) -> None:
        super().__init__(tensor.values, ("inputs", name, "data"))
        self._tensor = tensor

    def parts(self, step: int) -> Iterator[FloatArray]:
        for start in range(0, self.n_rows, step):
            block = self._tensor.floats(start, start + step)
            refuse(self._gaps(block, start))
            yield block

    def _gaps(self, block: FloatArray, start: int) -> Iterator[Fault]:
        """Of a model that fills none."""
        gap = "NaN" if self._tensor.form == "bytes" else "null"
        said = f"a number is needed, not a gap, {gap}; fill it in, or leave the row out"
        for row, column in np.argwhere(np.isnan(block)).tolist():
            loc = (*self._loc, *self._tensor.place(start + row, column))
            yield Fault(loc, said, "missing", column=column)


class _TensorTable(Rows):
    """Rows of a table, of which each column is a tensor, or all of them are one."""

    def __init__(
        self,
        cells: Mapping[str, Tensor],
        columns: Columns,
        one: tuple[str, Numbers] | None,
    ) -> None:
        self._cells, self._columns, self._one = cells, columns, one
        self._dialect = Dialect(missing=columns.na_values)
        self.n_rows = next(iter(cells.values())).n_rows
        self.cost = 500.0 * len(columns.as_text) + columns.n_encoded

    def parts(self, step: int) -> Iterator[FloatArray]:
        for start in range(0, self.n_rows, step):
            end = min(start + step, self.n_rows)
            read = {
                encoder.name: self._column(encoder.name, encoder.kind == "number", start, end)
                for encoder in self._columns.encoders
            }
            with amended(self._by_datatype):
                encoded = self._columns.encode(Table(read, end - start, self._from(start)))
            yield encoded

    def _by_datatype(self, fault: Fault) -> Fault:
        """The same, of a text where numbers are needed: as what these are sent."""
        if fault.type != "float_type" or isinstance(self._cells[str(fault.loc[1])], Numbers):
            return fault
        said = fault.msg.partition("; ")[0]
        return replace(fault, msg=f"{said}; write datatype FP64, and numbers without quotes")

    def _column(self, name: str, number: bool, start: int, end: int) -> Column:
        tensor = self._cells[name]
        if number and isinstance(tensor, Numbers):
            return Column(self._dialect.without_gaps(tensor.floats(start, end)[:, 0]))
        cells = JsonTable({name: tensor.cells(start, end)}, end - start, self._from(start))
        return cells.read([name], self._dialect, self._columns.as_text).columns[name]

    def _from(self, start: int) -> Any:
        return lambda row, name: self._place(start + row, name)

    def _place(self, row: int, name: str) -> Location:
        if self._one is None:
            return ("inputs", name, "data", row)
        at = self._columns.names.index(name)
        name, tensor = self._one
        return ("inputs", name, "data", *tensor.place(row, at))

    def located(self, start: int) -> AbstractContextManager[None]:
        return of_columns(self._columns, lambda loc: self._columns.place(self._place, loc, start))


def _by_column(columns: Columns | None) -> bool:
    """Whether each column is an input of its own: not all of them are numbers."""
    return columns is not None and bool(columns.as_text)


def _rows(inputs: Mapping[str, Tensor], loaded: Loaded) -> Rows:
    columns = loaded.columns
    if columns is not None and _by_column(columns):
        _refuse_inputs(inputs, columns)
        return _TensorTable(inputs, columns, None)
    width = loaded.model.n_features_in_ if columns is None else len(columns.names)
    if len(inputs) > 1:
        said = f"one tensor of shape [rows, {width}] is needed, and {len(inputs)} were sent"
        raise InvalidRequest.at(("inputs",), f"{said}; send one", "too_long")
    ((name, tensor),) = inputs.items()
    if not isinstance(tensor, Numbers) or tensor.values.dtype == np.bool_:
        said = (
            "the model takes numbers, not texts or truth values; write datatype FP64, and the "
            "numbers without quotes"
        )
        raise InvalidRequest.at(("inputs", name, "datatype"), said, "datatype")
    if tensor.width != width:
        n = tensor.values.size
        one_row = tensor.width == 1 and tensor.form != "rows" and n % width == 0
        rows = n // width if one_row else tensor.n_rows
        shape = f"[{rows}, {width}]" + ("" if one_row else f", and {rows * width:,} numbers")
        said = (
            f"a row has {tensor.width} values where the model was trained on {width}; give {shape}"
        )
        raise InvalidRequest.at(("inputs", name, "shape"), said, "n_features")
    if columns is None:
        return _TensorMatrix(name, tensor)
    cells = {one: Numbers(tensor.values[:, j : j + 1]) for j, one in enumerate(columns.names)}
    return _TensorTable(cells, columns, (name, tensor))


_SHOWN = 8  # columns of which each input is shown


def _input(encoder: Encoder) -> str:
    """How a column is sent as an input."""
    cell: object = 1.5
    if encoder.kind != "number":
        cell = encoder.categories[0] if isinstance(encoder, CategoryEncoder) else "some words"
    datatype = "FP64" if encoder.kind == "number" else tensors.BYTES
    told = {"name": encoder.name, "shape": [1, 1], "datatype": datatype, "data": [cell]}
    return to_json(told).decode()


def _refuse_inputs(inputs: Mapping[str, Tensor], columns: Columns) -> None:
    listed = clip(", ".join(columns.names), 300)
    if not any(name in columns.names for name in inputs) and len(columns.names) <= _SHOWN:
        such = ", ".join(_input(encoder) for encoder in columns.encoders)
        said = (
            "this model takes an input for each column, named as it is, all of one shape, "
            f"[rows, 1]; write inputs such as [{such}] in place of {clip(', '.join(inputs), 80)}"
        )
        raise InvalidRequest.at(("inputs",), said, "missing")
    faults = [
        Fault(("inputs", name), "an input of this name, a column, is needed; send it", "missing")
        for name in columns.names
        if name not in inputs
    ]
    faults += [
        Fault(("inputs", name), f"the model has no such column; known are: {listed}", "unknown")
        for name in inputs
        if name not in columns.names
    ]
    n_rows = next(iter(inputs.values())).n_rows
    faults += [
        Fault(("inputs", name, "shape"), f"[{n_rows}, 1] is needed, as the first has", "shape")
        for name, tensor in inputs.items()
        if tensor.width != 1 or tensor.n_rows != n_rows
    ]
    refuse(iter(faults))


# ------------------------------------------------------------------------------ answer


@dataclass
class _Told:
    """One tensor of the answer, while it is made."""

    name: str
    binary: bool
    pieces: list[bytes]
    datatype: str = ""
    shape: tuple[int, ...] = ()

    def add(self, values: NDArray[Any]) -> int:
        """Write more rows; answers how many bytes they are."""
        self.datatype, self.shape = tensors.datatype_of(values), values.shape[1:]
        self.pieces.append((tensors.packed if self.binary else tensors.written)(values))
        return len(self.pieces[-1])

    def head(self, n_rows: int) -> bytes:
        """What is said of it, up to where its elements are to stand."""
        said: dict[str, Any] = {
            "name": self.name,
            "datatype": self.datatype,
            "shape": [n_rows, *self.shape],
        }
        if self.binary:
            said["parameters"] = {"binary_data_size": sum(map(len, self.pieces))}
            return to_json(said)
        return to_json(said)[:-1] + b',"data":['


def inference(ask: Inference, loaded: Loaded, predictor: Predictor, times: Times) -> Response:
    """The answer of /infer."""
    model = loaded.model
    observed.about(loaded.record.key)
    told = [
        _Told(name, binary, []) for name, binary in (ask.outputs or {PREDICT: ask.binary}).items()
    ]
    faults = Gathered()
    with faults.part():
        rows = _rows(ask.inputs, loaded)
    with faults.part():
        _refuse_outputs(told, loaded)
    faults.refuse()
    _refuse_many(told, loaded, rows.n_rows)
    room, start = ANSWER_MB * 2**20, 0
    cost = rows.cost + loaded.row_cost + WRITTEN + loaded.longest_label + WRITTEN * loaded.n_labels

    def block(X: FloatArray) -> None:
        nonlocal room, start
        with rows.located(start), times.stage("compute_infer"):
            made = [
                model.predict(X) if one.name == PREDICT else model.predict_proba(X) for one in told
            ]
        with times.stage("compute_output"):
            room -= sum(one.add(values) for one, values in zip(told, made, strict=True))
        if room < 0:
            raise PredictionLimit.answer(ANSWER_MB, start, rows.n_rows)
        start += len(X)

    with naming_columns(loaded.feature_names if loaded.columns is None else None):
        rows.refuse(model)
        times.read()
        predictor.over(rows.n_rows, cost, rows.parts, block)
    times.rows = start
    observed.predicted(loaded.record.key.model_type, start)
    with times.stage("compute_output"):
        return _response(ask, loaded, told, start)


def _response(ask: Inference, loaded: Loaded, told: list[_Told], n_rows: int) -> Response:
    key = loaded.record.key
    said = {"model_name": key.model_type, "model_version": str(key.model_id)}
    if ask.id is not None:
        said["id"] = ask.id
    pieces = [to_json(said)[:-1], b',"outputs":[']
    for i, one in enumerate(told):
        pieces += [b"," if i else b"", one.head(n_rows)]
        if not one.binary:
            pieces += [b",".join(one.pieces), b"]}"]
    pieces.append(b"]}")
    length = sum(map(len, pieces))
    binary = [piece for one in told if one.binary for piece in one.pieces]
    if not any(one.binary for one in told):
        return Response(_few([*pieces, b"\n"]), mimetype="application/json")
    return Response(
        _few([*pieces, *binary]),
        mimetype="application/octet-stream",
        headers={HEADER: str(length)},
    )


def _few(pieces: list[bytes]) -> list[bytes]:
    """Small pieces in one."""
    small = sum(map(len, pieces)) < 2**20
    return [b"".join(pieces)] if small else pieces


def _names(loaded: Loaded) -> list[str]:
    return [PREDICT, PROBABILITIES] if loaded.model.has_probabilities else [PREDICT]


def _refuse_outputs(told: Iterable[_Told], loaded: Loaded) -> None:
    known = _names(loaded)
    refuse(
        Fault(
            ("outputs", i, "name"),
            f"this model has no output {clip(one.name, 40)!r}; known are: {', '.join(known)}",
            "unknown",
        )
        for i, one in enumerate(told)
        if one.name not in known
    )


def _refuse_many(told: Iterable[_Told], loaded: Loaded, n_rows: int) -> None:
    """Refuse probabilities of so many rows that they cannot but be over the limit."""
    for one in told:
        least, most = (8, 8) if one.binary else (len("0.0,"), NUMBER)
        if one.name == PROBABILITIES and n_rows * loaded.n_labels * least > ANSWER_MB * 2**20:
            rows = ANSWER_MB * 2**20 // (most * loaded.n_labels)
            raise PredictionLimit.answer(ANSWER_MB, rows, n_rows)


# ------------------------------------------------------------------------------- model


def metadata(loaded: Loaded, versions: list[int]) -> dict[str, Any]:
    """What is told of a model: its inputs and outputs, and in `parameters` its task, its labels
    in the order of the probabilities, and the names of its columns."""
    model, columns = loaded.model, loaded.columns
    described = shortened(loaded.record.description)
    zeros = np.zeros((1, model.n_features_in_))
    made = [model.predict(zeros)]
    if model.has_probabilities:
        made.append(model.predict_proba(zeros))
    if columns is not None and _by_column(columns):
        text = columns.as_text
        inputs = [
            _tensor(name, tensors.BYTES if name in text else "FP64", 1) for name in columns.names
        ]
    else:
        width = model.n_features_in_ if columns is None else len(columns.names)
        inputs = [_tensor("X", "FP64", width)]
    told = ("task", "classes", "feature_names", "shortened")
    return {
        "name": loaded.record.key.model_type,
        "versions": list(map(str, versions)),
        "platform": "fitserve_numpy",
        "inputs": inputs,
        "outputs": [
            _tensor(name, tensors.datatype_of(values), *values.shape[1:])
            for name, values in zip(_names(loaded), made, strict=True)
        ],
        "parameters": {name: described[name] for name in told if described.get(name) is not None},
    }


def _tensor(name: str, datatype: str, *shape: int) -> dict[str, Any]:
    return {"name": name, "datatype": datatype, "shape": [-1, *shape]}
