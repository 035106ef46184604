"""How a trained model does on rows that it is shown now."""

import json
import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol, TypeVar

import numpy as np

from fitserve.data import arrays
from fitserve.data.arrays import FloatArray, Target
from fitserve.data.expectations import sent
from fitserve.data.names import instead_of
from fitserve.data.quoted import labels_as_text
from fitserve.errors import Advice, InvalidRequest, clip
from fitserve.evaluation import metrics
from fitserve.evaluation.report import (
    ClassificationReport,
    classification_report,
    regression_report,
)
from fitserve.models.base import Model

T = TypeVar("T")

_KINDS = {"i": "whole numbers", "f": "numbers", "b": "true and false", "O": "text"}


class Over(Protocol):
    """Goes through rows a block at a time: what each `(n, n_features)` answered, in order."""

    def __call__(self, ask: Callable[[FloatArray], T], /) -> list[T]: ...


@dataclass(frozen=True)
class Evaluation:
    metrics: dict[str, float | None]
    classes: ClassificationReport | None = None
    advice: Advice | None = None
    """Where labels come that the model does not know."""


def truth(model: Model, y: object, n_rows: int | None = None) -> Target | None:
    """y as the model would predict it, or None for a model that has none.

    Raises `InvalidRequest` in y: it is missing or not wanted, of another length than there are
    rows, or of another kind than the model predicts.
    """
    if not model.supervised():
        if y is not None:
            raise InvalidRequest.at(
                ("y",), f"{model.model_type()} learned from X alone; leave y out", "no_y"
            )
        return None
    if y is None:
        such = json.dumps([1.5, 2.0] if model.classes_ is None else model.classes_[:2].tolist())
        said = f"y is needed: what is true of each row, to compare with, such as {clip(such, 60)}"
        raise InvalidRequest.at(("y",), said, "missing")
    target = labels(y)
    if n_rows is not None and len(target) != n_rows:
        rows = "is 1 row" if n_rows == 1 else f"are {n_rows} rows"
        said = f"y has {len(target)} values where there {rows}; give one for each"
        raise InvalidRequest.at(("y",), said, "length")
    if model.classes_ is None:
        return arrays.values(target, ("y",))
    known, given = model.classes_.dtype.kind, target.dtype.kind
    if known != given:
        said = (
            f"the labels of this model are {_KINDS[known]}, and y holds {_KINDS[given]}; "
            f"{_learned(model)}"
        )
        raise InvalidRequest.at(("y", 0), said, "label_type")
    if set(model.classes_.tolist()).isdisjoint(target.tolist()):
        first = target[0].item() if known != "O" else target[0]
        near = instead_of(first, model.classes_.tolist()) if known == "O" else ""
        said = f"the model knows none of the labels in y, such as {sent(first)}; {near}"
        raise InvalidRequest.at(("y", 0), said + _learned(model), "unknown_label")
    return target


def labels(y: object) -> Target:
    """y as an array, for as many rows as it has values. Raises `InvalidRequest` in y."""
    if isinstance(y, (str, int, float)) and not labels_as_text(y):
        said = f"a list is needed, what is true of each row, not {sent(y)}; write {json.dumps([y])}"
        raise InvalidRequest.at(("y",), clip(said, 300), "list_type")
    return arrays.target(y, ("y",))


def _learned(model: Model) -> str:
    assert model.classes_ is not None
    return f"known are: {clip(', '.join(map(str, model.classes_[:100])), 300)}"


def evaluate(model: Model, y: Target | None, over: Over) -> Evaluation:
    """Every figure there is of a model's answers to some rows; y is their `truth`."""
    if y is None:
        return Evaluation(_without_y(model, over))
    if model.classes_ is None:
        return Evaluation(regression_report(y, np.concatenate(over(model.predict))))

    def ask(X: FloatArray) -> tuple[Target, FloatArray | None]:
        return model.predict(X), model.predict_proba(X) if model.has_probabilities else None

    predicted, probabilities = zip(*over(ask), strict=True)
    table = np.concatenate(probabilities) if model.has_probabilities else None
    report = classification_report(y, np.concatenate(predicted), model.classes_, table)
    return Evaluation(report.metrics, report, _strange(model, report))


def _strange(model: Model, report: ClassificationReport) -> Advice | None:
    """That the model does not know each of the labels that came."""
    assert model.classes_ is not None
    known = set(model.classes_.tolist())
    came = zip(report.labels, report.support, strict=True)
    strange = {label: n for label, n in came if n and label not in known}
    if not strange:
        return None
    named = clip(", ".join(map(str, strange)), 100)
    return Advice(
        f"{sum(strange.values()):,} of {sum(report.support):,} rows count as predicted wrongly, as "
        f"the model does not know what is true of them: {named}; {_learned(model)}."
    )


def score(model: Model, y: Target, over: Over) -> float | None:
    """`Model.score`, a block at a time."""
    predicted = np.concatenate(over(model.predict))
    if model.classes_ is None:
        return metrics.r2(y, predicted)
    return float(np.mean(predicted == y))


def _without_y(model: Model, over: Over) -> dict[str, float | None]:
    """Of kmeans the inertia, of gmm the mean log-likelihood, of pca the reconstruction error."""
    if model.task_ == "projection":

        def ask(X: FloatArray) -> tuple[int, float | None]:
            return len(X), metrics.reconstruction_error(X, model.reconstructed(model.predict(X)))

        return {"reconstruction_error": _mean(over(ask))}
    scores = over(lambda X: (len(X), model.score(X)))
    if model.metric_name == "inertia":
        total = [one for _, one in scores if one is not None]
        return {"inertia": math.fsum(total) if len(total) == len(scores) else None}
    return {model.metric_name: _mean(scores)}


def _mean(parts: list[tuple[int, float | None]]) -> float | None:
    """Of means over so many rows each."""
    there = [(n, one) for n, one in parts if one is not None]
    if len(there) < len(parts):
        return None
    if len(there) == 1:
        return there[0][1]
    return sum(n * one for n, one in there) / sum(n for n, _ in there)
