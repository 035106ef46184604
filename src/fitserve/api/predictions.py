"""The answer of /predict, made a block of rows at a time and never larger than its limit."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from flask import Response
from pydantic_core import to_json

from fitserve.api.schemas import PredictRequest
from fitserve.data import arrays
from fitserve.data.arrays import FloatArray
from fitserve.errors import Location, PredictionLimit, relocated
from fitserve.models.base import Model
from fitserve.predictor import Predictor
from fitserve.storage.cache import Loaded

ANSWER_MB = 32
"""MiB of one answer."""
NUMBER = 25  # characters of a number in an answer at most, and of what is around it
WRITTEN = 20.0  # operations that writing a number takes


def prediction(ask: PredictRequest, loaded: Loaded, predictor: Predictor) -> Any:
    """The answer of /predict: of one row in the singular, of a batch in the plural."""
    model = loaded.model
    X, single = arrays.features(
        ask.features, model.n_features_in_, loaded.feature_names, ("features",)
    )
    answer: dict[str, Any] = {"model_type": ask.model_type, "model_id": ask.model_id}
    with _located_in_features(single), arrays.naming_columns(loaded.feature_names):
        if single:
            return (
                answer | predictor.in_blocks(1, loaded.row_cost, lambda _: _one(ask, model, X))[0]
            )
        return _batch(answer, ask, loaded, X, predictor)


def _one(ask: PredictRequest, model: Model, X: FloatArray) -> dict[str, Any]:
    told: dict[str, Any] = {"prediction": model.predict(X).tolist()[0]}
    if ask.probabilities:
        told["probabilities"] = _by_label(model, X)[0]
    return told


def _batch(
    answer: dict[str, Any], ask: PredictRequest, loaded: Loaded, X: FloatArray, predictor: Predictor
) -> Response:
    model, cost = loaded.model, loaded.row_cost + WRITTEN + loaded.longest_label
    if ask.probabilities:
        _refuse_many(loaded, len(X))
        cost += WRITTEN * loaded.n_labels + loaded.labels_length
    model.refuse_rows(X)
    room = ANSWER_MB * 2**20

    def block(rows: slice) -> tuple[bytes, bytes]:
        nonlocal room
        part = X[rows]
        predicted = to_json(model.predict(part).tolist())[1:-1]
        told = to_json(_by_label(model, part))[1:-1] if ask.probabilities else b""
        room -= len(predicted) + len(told)
        if room < 0:
            raise PredictionLimit.answer(ANSWER_MB, rows.start, len(X))
        return predicted, told

    predicted, told = zip(*predictor.in_blocks(len(X), cost, block), strict=True)
    pieces = [to_json(answer)[:-1], b',"predictions":[', *_joined(predicted)]
    if ask.probabilities:
        pieces += [b'],"probabilities":[', *_joined(told)]
    pieces.append(b"]}\n")
    if len(pieces) < 10:
        pieces = [b"".join(pieces)]
    return Response(pieces, mimetype="application/json")


def _joined(pieces: tuple[bytes, ...]) -> list[bytes]:
    return [piece if i == 0 else b"," + piece for i, piece in enumerate(pieces)]


def _refuse_many(loaded: Loaded, n_rows: int) -> None:
    """Refuse probabilities of so many rows that they cannot but be over the limit."""
    least = loaded.labels_length + len(b'"":0.0,') * loaded.n_labels
    if n_rows * least > ANSWER_MB * 2**20:
        rows = ANSWER_MB * 2**20 // (loaded.labels_length + NUMBER * loaded.n_labels)
        raise PredictionLimit.answer(ANSWER_MB, rows, n_rows)


def _by_label(model: Model, X: FloatArray) -> list[dict[str, float]]:
    table = model.predict_proba(X).tolist()
    labels: list[Any] = (
        list(range(len(table[0]))) if model.classes_ is None else model.classes_.tolist()
    )
    texts = [str(label).lower() if isinstance(label, bool) else str(label) for label in labels]
    return [dict(zip(texts, row, strict=True)) for row in table]


@contextmanager
def _located_in_features(single: bool) -> Iterator[None]:
    """A model speaks of X; the caller sent features, and perhaps one row of them."""

    def place(loc: Location) -> Location:
        return ("features", *loc[2 if single else 1 :]) if loc[:1] == ("X",) else loc

    with relocated(place):
        yield
