"""The answer of /predict, made a block of rows at a time and never larger than its limit."""

from collections.abc import Iterator
from typing import Any

import numpy as np
from flask import Response, request
from numpy.typing import NDArray
from pydantic_core import to_json

from fitserve.api import asked, observed
from fitserve.api.asked import CsvPrediction, MatrixRows, Rows
from fitserve.api.large import LargePrediction
from fitserve.api.schemas import PredictRequest
from fitserve.data.appending import appended
from fitserve.data.arrays import FloatArray
from fitserve.data.csv import CsvFile
from fitserve.data.features import feature_rows, naming_columns
from fitserve.errors import PredictionLimit
from fitserve.models.base import Model
from fitserve.predictor import Predictor
from fitserve.storage.cache import Loaded

ANSWER_MB = 32
"""MiB of one answer."""
CSV_MB = 256
"""MiB of the numbers that are added to a CSV, before they are written."""
NUMBER = 25  # characters of a number in an answer at most, and of what is around it
WRITTEN = 150.0  # operations that writing a number and its label takes


def prediction(
    ask: PredictRequest | CsvPrediction | LargePrediction, loaded: Loaded, predictor: Predictor
) -> Any:
    """The answer of /predict: of one row in the singular, of a batch in the plural."""
    answer: dict[str, Any] = {"model_type": ask.model_type, "model_id": ask.model_id}
    if isinstance(ask, CsvPrediction):
        if request.accept_mimetypes.best_match(["application/json", "text/csv"]) == "text/csv":
            _, pieces = csv_prediction(ask, loaded, predictor)
            return Response(pieces, mimetype="text/csv")
        _, rows = ask.rows(loaded)
        return _batch(answer, ask.probabilities, loaded, rows, predictor)
    sent, single = _sent(ask, loaded) if isinstance(ask, PredictRequest) else ask.rows(loaded)
    with naming_columns(loaded.feature_names if loaded.columns is None else None):
        if not single:
            return _batch(answer, ask.probabilities, loaded, sent, predictor)
        (X,) = sent.parts(1)
        with sent.located(0):
            one = predictor.in_blocks(1, loaded.row_cost, lambda _: _one(ask, loaded.model, X))
            observed.predicted(ask.model_type, 1)
            return answer | one[0]


def csv_prediction(
    ask: CsvPrediction, loaded: Loaded, predictor: Predictor
) -> tuple[CsvFile, Iterator[bytes]]:
    """The CSV that was sent, and the same with what is predicted behind it, in pieces."""
    file, rows = ask.rows(loaded)
    return file, _csv(file, rows, ask.probabilities, loaded, predictor)


def _sent(ask: PredictRequest, loaded: Loaded) -> tuple[Rows, bool]:
    """The rows, and whether it was one, not in a list."""
    if loaded.columns is not None:
        return asked.of_json(ask.features, loaded.columns)
    names, width = loaded.feature_names, loaded.model.n_features_in_
    X, single = feature_rows(ask.features, width, names, ("features",))
    ask.features = None  # lists take ten times what the array does, and this may wait for a while
    return MatrixRows(X, single=single), single


def _one(ask: PredictRequest | LargePrediction, model: Model, X: FloatArray) -> dict[str, Any]:
    told: dict[str, Any] = {"prediction": model.predict(X).tolist()[0]}
    if ask.probabilities:
        told["probabilities"] = _by_label(model, X)[0]
    return told


def _batch(
    answer: dict[str, Any], probabilities: bool, loaded: Loaded, rows: Rows, predictor: Predictor
) -> Response:
    model = loaded.model
    cost = rows.cost + loaded.row_cost + WRITTEN + loaded.longest_label
    if probabilities:
        _refuse_many(loaded, rows.n_rows)
        cost += WRITTEN * loaded.n_labels + loaded.labels_length
    rows.refuse(model)
    room, start = ANSWER_MB * 2**20, 0

    def block(X: FloatArray) -> tuple[bytes, bytes]:
        nonlocal room, start
        with rows.located(start):
            predicted = to_json(model.predict(X).tolist())[1:-1]
            told = to_json(_by_label(model, X))[1:-1] if probabilities else b""
        room -= len(predicted) + len(told)
        if room < 0:
            raise PredictionLimit.answer(ANSWER_MB, start, rows.n_rows)
        start += len(X)
        return predicted, told

    blocks = predictor.over(rows.n_rows, cost, rows.parts, block)
    observed.predicted(loaded.record.key.model_type, start)
    predicted, told = zip(*blocks, strict=True)
    pieces = [to_json(answer)[:-1], b',"predictions":[', *_joined(predicted)]
    if probabilities:
        pieces += [b'],"probabilities":[', *_joined(told)]
    pieces.append(b"]}\n")
    if len(pieces) < 10:
        pieces = [b"".join(pieces)]
    return Response(pieces, mimetype="application/json")


def _csv(
    file: CsvFile, rows: Rows, probabilities: bool, loaded: Loaded, predictor: Predictor
) -> Iterator[bytes]:
    """The file that was sent, with what is predicted behind each of its records, streamed. All
    is predicted before, so that what is wrong is told before the first byte."""
    model, n_labels, start = loaded.model, loaded.n_labels if probabilities else 0, 0
    if rows.n_rows * 8 * n_labels > CSV_MB * 2**20:
        raise PredictionLimit.answer(CSV_MB, CSV_MB * 2**20 // (8 * n_labels), rows.n_rows)

    def block(X: FloatArray) -> list[NDArray[Any]]:
        nonlocal start
        with rows.located(start):
            answers = [model.predict(X)]
            if probabilities:
                answers.append(model.predict_proba(X))
        start += len(X)
        return answers

    cost = rows.cost + loaded.row_cost + WRITTEN * (1 + n_labels)
    blocks = predictor.over(rows.n_rows, cost, rows.parts, block)
    observed.predicted(loaded.record.key.model_type, start)
    predicted, *told = (np.concatenate(parts) for parts in zip(*blocks, strict=True))
    columns = {"prediction": predicted}
    if predicted.ndim == 2:
        columns = {f"prediction.{j}": column for j, column in enumerate(predicted.T)}
    for table in told:
        names = (f"p({label})" for label in _labels(model, table))
        columns |= dict(zip(names, table.T, strict=True))
    return appended(file, columns)


def _joined(pieces: tuple[bytes, ...]) -> list[bytes]:
    return [piece if i == 0 else b"," + piece for i, piece in enumerate(pieces)]


def _refuse_many(loaded: Loaded, n_rows: int) -> None:
    """Refuse probabilities of so many rows that they cannot but be over the limit."""
    least = loaded.labels_length + len(b'"":0.0,') * loaded.n_labels
    if n_rows * least > ANSWER_MB * 2**20:
        rows = ANSWER_MB * 2**20 // (loaded.labels_length + NUMBER * loaded.n_labels)
        raise PredictionLimit.answer(ANSWER_MB, rows, n_rows)


def _by_label(model: Model, X: FloatArray) -> list[dict[str, float]]:
    table = model.predict_proba(X)
    texts = _labels(model, table)
    return [dict(zip(texts, row, strict=True)) for row in table.tolist()]


def _labels(model: Model, table: FloatArray) -> list[str]:
    """The labels that the columns of probabilities belong to, as text."""
    labels: list[Any] = (
        list(range(table.shape[1])) if model.classes_ is None else model.classes_.tolist()
    )
    return list(map(label_text, labels))


def label_text(label: Any) -> str:
    """A label as a key: `"1"`, `"true"`, `"setosa"`."""
    return str(label).lower() if isinstance(label, bool) else str(label)
