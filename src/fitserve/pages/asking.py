"""The answers to the forms of a model's page. What is refused is told in the form that asked for
it, with the words that a program gets."""

from collections.abc import Iterator
from contextlib import contextmanager
from itertools import islice
from pathlib import PurePath
from urllib.parse import quote

from flask import Response, request
from werkzeug.datastructures import MultiDict

from fitserve.api import evaluations, predictions
from fitserve.api.asked import CsvEvaluation, CsvPrediction
from fitserve.api.request import checked
from fitserve.api.schemas import PredictRequest
from fitserve.data.csv import CsvFile
from fitserve.data.records import records
from fitserve.errors import FitserveError, InvalidRequest, clip
from fitserve.pages import answering, trying
from fitserve.pages.model import PART, ModelPage
from fitserve.pages.registering import tables
from fitserve.pages.registering.tables import Sent
from fitserve.pages.rendering import page
from fitserve.pages.told import Told

SHOWN = 50
"""Rows of a file that are shown as a table."""
LONGEST = 60  # characters of a cell there


def row(shown: ModelPage) -> Response:
    """Predict for what the fields say."""
    loaded = shown.loaded
    with _refusals(shown, "try"):
        tables.take_form()
        fields = shown.fill(request.form)
        asked = {
            "model_type": shown.key.model_type,
            "model_id": shown.key.model_id,
            "features": trying.features(fields, loaded),
            "probabilities": loaded.model.has_probabilities,
        }
        ask = checked(PredictRequest, asked)
        told = predictions.prediction(ask, loaded, shown.predictor)
        shown.answer = answering.answer(told, fields, loaded, shown.sample)
    return _answer(shown, "try")


def file(shown: ModelPage) -> Response:
    """Predict for each row of a CSV: the CSV again, or its first lines as a table."""
    with _refusals(shown, "file"):
        table = _table()
        ask = CsvPrediction(_query(shown, "probabilities", "header", "decimal"), table.body)
        read, pieces = predictions.csv_prediction(ask, shown.loaded, shown.predictor)
        if request.form.get("as") != "table":
            answer = Response(pieces, mimetype="text/csv")
            name = PurePath(table.name).stem
            called = quote(f"{name}-predicted.csv", safe="")
            answer.headers["Content-Disposition"] = f"attachment; filename*=UTF-8''{called}"
            return answer
        shown.rows = _first(read, b"".join(pieces))
    return _answer(shown, "file")


def evaluation(shown: ModelPage) -> Response:
    """Compare with what a CSV says is true."""
    with _refusals(shown, "check"):
        table = _table()
        ask = CsvEvaluation(_query(shown, "importance", "target", "header", "decimal"), table.body)
        shown.evaluation = Told(evaluations.evaluation(ask, shown.loaded, shown.predictor))
    return _answer(shown, "check")


def _answer(shown: ModelPage, form: str) -> Response:
    problem = shown.problem
    status = 200 if problem is None else problem["status"]
    if PART in request.headers:
        return page("part.html", status, model=shown, answered="try" if form == "try" else "files")
    return page("model.html", status, here="models", model=shown)


@contextmanager
def _refusals(shown: ModelPage, form: str) -> Iterator[None]:
    try:
        yield
    except FitserveError as error:
        shown.refused(error, form)


def _query(shown: ModelPage, *choices: str) -> MultiDict[str, str]:
    """What stands beside the CSV, of the form's fields those that are filled in."""
    asked = {"model_type": shown.key.model_type, "model_id": str(shown.key.model_id)}
    return MultiDict(
        asked | {name: request.form[name] for name in choices if request.form.get(name)}
    )


def _table() -> Sent:
    tables.take_form()
    table = tables.sent()
    if table is None:
        raise InvalidRequest.at(("file",), "no file was chosen; choose a CSV", "missing")
    return table


def _first(file: CsvFile, body: bytes) -> list[list[str]]:
    """The names of the columns and the first rows, of the file as it is with more columns."""
    found = islice(records(body, file.delimiter, file.begin), SHOWN + 1)
    rows = [[clip(cell, LONGEST) for cell in record.cells] for record in found]
    if file.dialect.header:
        return rows
    added = len(rows[0]) - len(file.names)
    return [[*file.names, *["prediction"] * added], *rows[:SHOWN]]
