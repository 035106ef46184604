"""Coefficients: direction and size of each column's effect, in a linear model."""

from typing import Any

import numpy as np

from fitserve.data.arrays import FloatArray
from fitserve.evaluation.pictures.cells import table_columns
from fitserve.evaluation.pictures.rounding import rounded
from fitserve.evaluation.pictures.shown import shown
from fitserve.evaluation.pictures.subject import Subject

MOST = 12


def picture(subject: Subject) -> dict[str, Any] | None:
    """The `columns` of the matrix, without words, that do most, 12 at most of `n_columns`: what
    one more standard deviation of each (`per_deviation`), and one more in the table's own units
    (`own`), adds to the answer, or to the score of a class.

    Of two classes there is one number, which speaks for the second of `classes`; of more one for
    each. `measured` is false where no rows were kept, so that nothing is known of deviations.
    """
    coef = vars(subject.model).get("coef_")
    if coef is None:
        return None
    table: FloatArray = np.atleast_2d(coef)
    blocks = [column for column in table_columns(subject) if not column.is_text]
    kinds = {
        j: "number" if one.is_number else "category"
        for one in blocks
        for j in range(*one.block.indices(table.shape[1]))
    }
    if not kinds:
        return None
    units = np.ones(table.shape[1])
    for one in blocks:
        units[one.block] = one.unit
    classes, rows = _classes(subject)
    if len(table) > 1:
        table = table[rows]
    with np.errstate(all="ignore"):
        deviations = _deviations(subject)
        effects = np.nan_to_num(table * (units if deviations is None else deviations))
        own = table / units
    largest = np.abs(effects).max(axis=0)
    chosen = sorted(kinds, key=lambda j: -largest[j])[:MOST]
    return {
        "classes": classes,
        "measured": deviations is not None,
        "n_columns": len(kinds),
        "columns": [
            {
                "column": subject.names[j],
                "kind": kinds[j],
                "per_deviation": rounded(effects[:, j]) if deviations is not None else None,
                "own": rounded(own[:, j]),
            }
            for j in chosen
        ],
    }


def _classes(subject: Subject) -> tuple[list[Any] | None, list[int]]:
    """Those told apart, or the largest of many, and which rows of the coefficients they have."""
    labels = subject.labels
    if not labels:
        return None, [0]
    of = shown(subject)
    one_each = [k for k in range(len(labels)) if of.of[k] < len(of.labels)]
    return of.labels, one_each


def _deviations(subject: Subject) -> FloatArray | None:
    """The standard deviation of each of the matrix's columns, where rows were kept."""
    if subject.sample is None:
        return None
    X = subject.sample.X
    size = np.abs(X).max(axis=0)
    size = np.where(size > 0.0, size, 1.0)
    spread: FloatArray = (X / size).std(axis=0) * size
    return spread
