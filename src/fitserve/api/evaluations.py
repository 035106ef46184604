"""The answer of /evaluate."""

from collections.abc import Callable
from itertools import pairwise
from typing import Any, TypeVar

import numpy as np

from fitserve.api import asked
from fitserve.api.asked import CsvEvaluation, MatrixRows, Rows
from fitserve.api.large import LargeEvaluation
from fitserve.api.predictions import label_text
from fitserve.api.schemas import EvaluateRequest
from fitserve.data.arrays import FloatArray, Target
from fitserve.data.features import feature_rows, naming_columns
from fitserve.data.limits import refuse_too_large
from fitserve.data.outliers import in_list
from fitserve.errors import InvalidRequest, Location, PredictionLimit, relocated
from fitserve.evaluation import evaluate
from fitserve.evaluation.importance import permutation_importance, summary
from fitserve.evaluation.report import ClassificationReport
from fitserve.predictor import Predictor
from fitserve.storage.cache import Loaded

CELLS = 2**24
"""Probabilities that one evaluation may hold: 128 MiB."""

T = TypeVar("T")


def evaluation(
    ask: EvaluateRequest | CsvEvaluation | LargeEvaluation, loaded: Loaded, predictor: Predictor
) -> dict[str, Any]:
    """Compare what the model predicts with what is true, or, where it takes no y, tell how well
    the rows fit to it."""
    model = loaded.model
    rows, sent, place = _sent(ask, loaded) if isinstance(ask, EvaluateRequest) else ask.rows(loaded)
    with asked.located_y(place):
        y = evaluate.truth(model, sent, None if isinstance(ask, CsvEvaluation) else rows.n_rows)
    if ask.importance:
        _refuse_importance(loaded, y)
    if y is not None and model.has_probabilities and len(y) * loaded.n_labels > CELLS:
        raise PredictionLimit.probabilities(CELLS // loaded.n_labels, len(y), loaded.n_labels)
    kept: list[FloatArray] = []
    n_samples = 0

    def over(of_block: Callable[[FloatArray], T]) -> list[T]:
        def block(X: FloatArray) -> T:
            nonlocal n_samples
            with rows.located(n_samples):
                answer = of_block(X)
            n_samples += len(X)
            if ask.importance:
                kept.append(X)
            return answer

        return predictor.over(rows.n_rows, rows.cost + loaded.row_cost, rows.parts, block)

    def at(row: int) -> str:
        loc = place(("y", row))
        return f"line {loc[1]}" if loc[0] == "line" else in_list(row)

    with (
        asked.of_both(sent, place),
        naming_columns(loaded.feature_names if loaded.columns is None else None),
    ):
        rows.refuse(model)
        found = evaluate.evaluate(model, y, over, at)
    answer = {"model_type": ask.model_type, "model_id": ask.model_id, "n_samples": n_samples}
    answer["metrics"] = found.metrics
    if found.classes is not None:
        answer |= _told(found.classes)
    if found.advice is not None:
        answer["advice"] = [asked.of_rows_alone(found.advice, place).told()]
    if y is not None and ask.importance:
        answer["importance"] = _importance(ask.repeats, loaded, np.concatenate(kept), y, predictor)
    return answer


def _sent(ask: EvaluateRequest, loaded: Loaded) -> tuple[Rows, Any, Callable[[Location], Location]]:
    """The rows, y or None, and where a value of y stands."""
    features, y, place = asked.truth_of(ask, loaded.columns)
    with asked.beside_y(y, loaded.model.supervised(), place):
        if loaded.columns is not None:
            return asked.of_json(features, loaded.columns)[0], y, place
        names, width = loaded.feature_names, loaded.model.n_features_in_
        X, _ = feature_rows(features, width, names, ("features",))
        return MatrixRows(X), y, place


def _refuse_importance(loaded: Loaded, y: Target | None) -> None:
    if y is None:
        raise InvalidRequest.at(
            ("importance",),
            f"importance compares with y, and {loaded.model.model_type()} has none; leave it out",
            "no_y",
        )
    with relocated(lambda _: ("importance",)):
        refuse_too_large(len(y), loaded.model.n_features_in_)


def _told(report: ClassificationReport) -> dict[str, Any]:
    figures = zip(report.precision, report.recall, report.f1, report.support, strict=True)
    names = ("precision", "recall", "f1", "support")
    matrix = report.confusion_matrix
    return {
        "classes": {
            label_text(label): dict(zip(names, each, strict=True))
            for label, each in zip(report.labels, figures, strict=True)
        },
        "confusion_matrix": None if matrix is None else matrix.tolist(),
    }


def _importance(
    repeats: int, loaded: Loaded, X: FloatArray, y: Target, predictor: Predictor
) -> list[dict[str, Any]]:
    """Of each column of the table; all shufflings within one limit of time."""
    model, columns = loaded.model, loaded.columns
    if columns is None:
        groups = [slice(j, j + 1) for j in range(X.shape[1])]
        names = loaded.feature_names or [str(j) for j in range(X.shape[1])]
    else:
        groups, names = [slice(*ends) for ends in pairwise(columns.starts)], columns.names
    times = 1 + repeats * len(groups)
    with predictor.at_length(len(X), loaded.row_cost, times) as work:

        def score(shuffled: FloatArray) -> float | None:
            return evaluate.score(
                model, y, lambda of_block: work.over(MatrixRows(shuffled).parts, of_block)
            )

        rounds = permutation_importance(
            score, X, groups, repeats=repeats, random_state=model.random_state
        )
    return [
        {"column": name, "mean": mean, "std": std}
        for name, (mean, std) in zip(names, summary(rounds) or (), strict=True)
    ]
