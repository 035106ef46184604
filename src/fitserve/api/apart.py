"""A large body, read in a process of its own: what is done there.

The interpreter lock of a worker is for all its requests, and a million rows of JSON hold it for a
second. So they are parsed, checked and made into arrays by the same code as small ones, but
elsewhere: in two steps, since what a prediction's rows have to be is known to its model alone.
"""

import gc
import logging
from collections.abc import Callable, Iterator
from multiprocessing.connection import Connection
from typing import Any

import numpy as np

from fitserve.api import asked, inference_requests
from fitserve.api.asked import JsonRows, MatrixRows, Rows
from fitserve.api.request import Request, parse
from fitserve.api.schemas import EvaluateRequest, ListRequest, PredictRequest, RegisterRequest
from fitserve.data.columns import Columns
from fitserve.data.csv import CsvFile
from fitserve.data.dialect import Dialect
from fitserve.data.features import feature_rows
from fitserve.data.packing import unpacked
from fitserve.data.table import Table
from fitserve.errors import LISTED, InvalidRequest, MalformedJson, TooLarge
from fitserve.evaluation import evaluate
from fitserve.models import catalog
from fitserve.processes import forking
from fitserve.processes.forking import receive, send, send_state
from fitserve.training import process

log = logging.getLogger(__name__)

TASK = "read"
SECONDS = 30
"""Longest that reading one body may take."""
MEMORY_MB = 640
"""MiB that reading one body may take."""
CSV = "CSV"
"""A body of rows, whatever it is for."""
_LARGE_MEMBERS = {"kwargs", "features", "y"}
_SCHEMAS: dict[str, type[Request]] = {
    schema.__name__: schema
    for schema in (RegisterRequest, PredictRequest, EvaluateRequest, ListRequest)
}


def main() -> None:
    forking.fork_on_request({TASK: read, process.TASK: process.task()})


def read(connection: Connection) -> None:
    wanted = receive(connection)
    gc.disable()  # nothing here is a circle, and all of it ends soon
    # The worker watches the memory: jiter crashes, or hangs, where it is told that there is none.
    forking.limit(SECONDS, 4 * MEMORY_MB, niceness=forking.NICE)
    try:
        if wanted["schema"] is None:
            _infer(connection, wanted["json_length"])
        elif wanted["schema"] == CSV:
            _read_csv(connection, wanted["dialect"])
        else:
            _read(connection, _SCHEMAS[wanted["schema"]], wanted)
    except InvalidRequest as error:
        send(connection, _told(error))
    except MalformedJson as error:
        send(connection, {"malformed": error.detail})
    except TooLarge:
        send(connection, {"too_large": wanted["limit"]})
    except MemoryError:
        send(connection, {"exhausted": True})
    except (EOFError, ConnectionError):
        raise
    except Exception:
        log.exception("A fault in reading a body")
        send(connection, {"fault": True})


def _read(connection: Connection, schema: type[Request], wanted: dict[str, Any]) -> None:
    ask = parse(schema, unpacked(connection.recv_bytes(), wanted["encoding"], wanted["limit"]))
    names = schema.model_fields.keys() - _LARGE_MEMBERS
    send(connection, {"asked": {name: getattr(ask, name) for name in names}})
    known = receive(connection)
    with ask.told_as_query():
        told, state = _TAKEN[schema](ask, known)
    send_state(connection, told, state)


def _infer(connection: Connection, json_length: str | None) -> None:
    ask = inference_requests.asked(connection.recv_bytes(), json_length)
    told, state = inference_requests.told_apart(ask)
    send_state(connection, told, state)


def _read_csv(connection: Connection, dialect: dict[str, Any]) -> None:
    file = CsvFile(connection.recv_bytes(), Dialect(**dialect))
    send(connection, {"asked": file.head})
    known = receive(connection)
    table, places = file.placed(**known)
    send_state(connection, {}, table.state() | places.state())


def _training(ask: Any, _: dict[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    training = ask.training(catalog()[ask.model_type])
    X, names = ask.kwargs["X"], ask.kwargs.get("feature_names")
    form = _form(X)
    if form == "lists" and names is None:
        names = [str(j) for j in range(len(X[0]))]
    return {"form": form, "names": names or []}, training.queued()


def _prediction(ask: Any, known: dict[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    rows, single = _rows(ask.features, known)
    return _taken(rows, _form(ask.features), single)


def _evaluation(ask: Any, known: dict[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    columns = None if known["columns"] is None else Columns.restored(known["columns"])
    features, y, place = asked.truth_of(ask, columns)
    with asked.beside_y(y, known["supervised"], place):
        rows, single = _rows(features, known)
    state = {}
    if y is not None and known["supervised"]:
        with asked.located_y(place):
            state["y"] = evaluate.labels(y)
    told, taken = _taken(rows, _form(features), single)
    y_in = columns.target if columns is not None and y is not None and ask.y is None else None
    return told | {"y": y is not None, "y_in": y_in}, taken | state


_TAKEN: dict[
    type[Request], Callable[[Any, dict[str, Any]], tuple[dict[str, Any], dict[str, Any]]]
] = {RegisterRequest: _training, PredictRequest: _prediction, EvaluateRequest: _evaluation}


def _rows(features: Any, known: dict[str, Any]) -> tuple[Rows, bool]:
    if known["columns"] is not None:
        return asked.of_json(features, Columns.restored(known["columns"]))
    X, single = feature_rows(features, known["n_features"], known["feature_names"], ("features",))
    return MatrixRows(X, single=single), single


def _taken(rows: Rows, form: str, single: bool) -> tuple[dict[str, Any], dict[str, Any]]:
    told: dict[str, Any] = {"single": single, "form": form, "n_rows": rows.n_rows}
    if isinstance(rows, MatrixRows):
        return told, {"X": rows.X}
    assert isinstance(rows, JsonRows)
    try:
        table = rows.read()
    except InvalidRequest as error:  # only told where the rest is in order, as of a small body
        return told | {"wrong": _told(error)}, {}
    written = list(_written(table))
    return told | {"wrong": None, "written": written}, table.state()


def _written(table: Table) -> Iterator[tuple[str, int, str]]:
    """Column, row and text of the cells that arrays do not keep and a fault may tell of: the first
    in each column, as many as are told."""
    for name, cells in table.columns.items():
        beyond = (
            np.isinf(cells.values) if cells.values is not None else np.zeros(table.n_rows, bool)
        )
        for odd in (cells.missing(), beyond):
            for row in np.flatnonzero(odd)[:LISTED].tolist():
                yield name, row, table.written(row, name)


def _told(error: InvalidRequest) -> dict[str, Any]:
    faults = [fault.packed() for fault in error.faults]
    return {"faults": faults, "total": error.total, "add": error.add}


def _form(value: Any) -> str:
    """How a table was sent."""
    if isinstance(value, dict):
        return "columns"
    return "objects" if isinstance(value[0], dict) else "lists"


if __name__ == "__main__":
    main()
