"""The answers to the forms of a model's page. What is refused is told in the form that asked for
it, with the words that a program gets."""

import csv
import io
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from itertools import islice
from pathlib import PurePath
from typing import Any

from flask import Response, request

from fitserve.api import evaluations, predictions, queries, schemas
from fitserve.api.asked import CsvEvaluation, CsvPrediction
from fitserve.api.schemas import PredictRequest
from fitserve.data.foreign import refuse_foreign
from fitserve.errors import FitserveError, InvalidRequest
from fitserve.pages import trying
from fitserve.pages.model import PART, ModelPage
from fitserve.pages.rendering import page
from fitserve.pages.told import Told
from fitserve.predictor import Predictor

SHOWN = 50
"""Lines of a file that are shown as a table."""


def row(shown: ModelPage, form: Mapping[str, str], predictor: Predictor) -> Response:
    """Predict for what the fields say."""
    fields = shown.fill(form)
    loaded = shown.loaded
    with _refusals(shown, "try"):
        asked = {
            "model_type": shown.key.model_type,
            "model_id": shown.key.model_id,
            "features": trying.features(fields, loaded),
            "probabilities": loaded.model.has_probabilities,
        }
        ask = schemas.checked(PredictRequest, asked)
        told = predictions.prediction(ask, loaded, predictor)
        shown.answer = trying.answer(told, fields, loaded, shown.sample)
    return _answer(shown, "try")


def file(shown: ModelPage, given: Any, form: Mapping[str, str], predictor: Predictor) -> Response:
    """Predict for each row of a CSV: the CSV again, or its first lines as a table."""
    with _refusals(shown, "file"):
        ask = CsvPrediction(_query(shown, form, "probabilities"), _body(given))
        answer = predictions.csv_prediction(ask, shown.loaded, predictor)
        if form.get("as") != "table":
            name = PurePath(given.filename or "rows.csv").stem
            answer.headers.set(
                "Content-Disposition", "attachment", filename=f"{name}-predicted.csv"
            )
            return answer
        shown.rows = list(islice(csv.reader(_lines(answer.response)), SHOWN + 1))
    return _answer(shown, "file")


def evaluation(
    shown: ModelPage, given: Any, form: Mapping[str, str], predictor: Predictor
) -> Response:
    """Compare with what a CSV says is true."""
    with _refusals(shown, "check"):
        ask = CsvEvaluation(_query(shown, form, "importance"), _body(given))
        shown.evaluation = Told(evaluations.evaluation(ask, shown.loaded, predictor))
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


def _query(shown: ModelPage, form: Mapping[str, str], choice: str) -> Any:
    asked = {"model_type": shown.key.model_type, "model_id": str(shown.key.model_id)}
    return queries.made(**asked, **({choice: "true"} if form.get(choice) else {}))


def _body(given: Any) -> bytes:
    body: bytes = b"" if given is None else given.read()
    if given is None or not (given.filename or body):
        raise InvalidRequest.at(("file",), "no file was chosen; choose a CSV", "missing")
    refuse_foreign(body)
    return body


def _lines(pieces: Iterable[Any]) -> io.StringIO:
    return io.StringIO(b"".join(pieces).decode(errors="replace"), newline="")
