"""All figures of one evaluation, side by side."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from fitserve.data.arrays import FloatArray, Target, codes
from fitserve.evaluation import metrics
from fitserve.evaluation.metrics import Counts, Shares

MOST_CLASSES = 1000
"""With more, there is no confusion matrix: it would grow with their square."""


@dataclass(frozen=True)
class ClassificationReport:
    """Figures of the whole, and of each class in the order of `labels`."""

    metrics: dict[str, float | None]
    labels: list[Any]
    precision: Shares
    recall: Shares
    f1: Shares
    support: list[int]
    confusion_matrix: Counts | None


def classification_report(
    y: Target, predicted: Target, classes: Target, probabilities: FloatArray | None = None
) -> ClassificationReport:
    """Compare labels y `(n,)` with predictions `(n,)` and, where there are any, probabilities
    `(n, n_classes)` of the model's ascending `classes`.

    y may hold labels that the model does not know. Their rows count as predicted wrongly; what
    needs a probability of each label is then None.
    """
    labels = _together(classes, y)
    truth, guess = codes(y, labels), codes(predicted, labels)
    of = metrics.tally(truth, guess, len(labels))
    figures: dict[str, float | None] = {
        "accuracy": metrics.accuracy(of),
        "balanced_accuracy": metrics.balanced_accuracy(of),
    }
    if probabilities is not None:
        known = len(labels) == len(classes)
        figures["log_loss"] = metrics.log_loss(truth, probabilities) if known else None
        figures["roc_auc"] = metrics.roc_auc(truth, probabilities) if known else None
    few = len(labels) <= MOST_CLASSES
    return ClassificationReport(
        metrics=figures,
        labels=labels.tolist(),
        precision=metrics.precision(of),
        recall=metrics.recall(of),
        f1=metrics.f1(of),
        support=of.support.tolist(),
        confusion_matrix=metrics.confusion_matrix(truth, guess, len(labels)) if few else None,
    )


def regression_report(y: FloatArray, predicted: FloatArray) -> dict[str, float | None]:
    """Compare values y `(n,)` with predictions `(n,)`."""
    return {
        "r2": metrics.r2(y, predicted),
        "rmse": metrics.rmse(y, predicted),
        "mae": metrics.mae(y, predicted),
    }


def _together(classes: Target, y: Target) -> Target:
    strange = set(y.tolist()) - set(classes.tolist())
    if not strange:
        return classes
    return np.array(sorted(strange | set(classes.tolist())), dtype=classes.dtype)
