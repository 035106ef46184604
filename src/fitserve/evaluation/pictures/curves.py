"""Normal curves: where the classes overlap in each column, as gauss_naive_bayes sees them."""

from typing import Any

import numpy as np

from fitserve.data.arrays import FloatArray
from fitserve.evaluation.pictures.cells import TableColumn, ranked
from fitserve.evaluation.pictures.rounding import rounded
from fitserve.evaluation.pictures.shown import shown
from fitserve.evaluation.pictures.subject import Subject

MOST = 12


def picture(subject: Subject) -> dict[str, Any] | None:
    """Of the most important `columns` of numbers, 12 at most of `n_columns`, in the table's units:
    the `mean` and the `deviation` of each class of `labels`, in that order; of many classes those
    of the largest."""
    model = subject.model
    if model.model_type() != "gauss_naive_bayes":
        return None
    learned = vars(model)
    means = learned["centre_"] + learned["shift_"]
    deviations = 1.0 / learned["precision_root_"]
    of = shown(subject)
    alone = [k for k in range(len(subject.labels)) if of.of[k] < len(of.labels)]
    numbers = [column for column in ranked(subject) if column.is_number]
    if not numbers:
        return None
    if subject.sample is None and not subject.described["training"].get("importance"):
        numbers = sorted(numbers, key=lambda one: -_apart(means, deviations, one))
    return of.told() | {
        "n_columns": len(numbers),
        "columns": [
            {
                "column": one.name,
                "mean": rounded(one.own(means[alone, one.block.start])),
                "deviation": rounded(deviations[alone, one.block.start] * one.unit),
            }
            for one in numbers[:MOST]
        ],
    }


def _apart(means: FloatArray, deviations: FloatArray, column: TableColumn) -> float:
    """How far the classes part in it, in deviations of the widest."""
    j = column.block.start
    return float(np.ptp(means[:, j]) / deviations[:, j].max())
