"""The errors of a regression on rows that it had not seen, along what it answered."""

import math
from typing import Any

import numpy as np

from fitserve.data.arrays import FloatArray
from fitserve.evaluation.pictures.rounding import along, rounded
from fitserve.evaluation.pictures.student import two_sided
from fitserve.evaluation.pictures.subject import Subject
from fitserve.evaluation.pictures.true_predicted import held_out_answers
from fitserve.models.numerics import power_of_two

NEIGHBOURS = 60  # rows that a mean of errors is taken over
PLACES = 40  # at which it is taken
BARS = 24  # of the histogram of errors
SURE = 0.01  # chance of being wrong with what is said of the errors
ROUNDING = 1e-12  # what errors are beside y that are none
FEWEST = 20  # rows of which anything is said at all


def picture(subject: Subject) -> dict[str, Any] | None:
    held_out = held_out_answers(subject)
    return None if held_out is None else residuals(*held_out)


def residuals(predicted: FloatArray, true: FloatArray) -> dict[str, Any] | None:
    """The errors `(m,)`, true minus predicted: their mean over neighbours, `[predicted, error]`;
    how many lie in each stretch between two `edges`; and whether they bend, or widen. None where
    they overflow, and of no rows."""
    with np.errstate(over="ignore"):
        errors = true - predicted
    if not len(errors) or not np.isfinite(errors).all():
        return None
    if np.abs(errors).max() <= ROUNDING * np.abs(true).max():
        errors = np.zeros_like(errors)  # or rounding would be said to bend
    order = np.argsort(predicted, kind="stable")
    x, e = predicted[order], errors[order]
    farthest = float(np.abs(errors).max()) or 1.0
    counts = np.histogram(errors / farthest, bins=BARS, range=(-1.0, 1.0))[0]
    return {
        "predicted": along(predicted),
        "errors": along(errors),
        "smooth": running_means(x, e),
        "counts": counts.tolist(),
        "edges": rounded(np.linspace(-1.0, 1.0, BARS + 1) * farthest),
        "bends": bends(x, e),
        "widening": widening(x, e),
    }


def bends(predicted: FloatArray, errors: FloatArray) -> bool | None:
    """Whether the square of what was predicted, beside itself, explains the errors `(m,)` (by
    Student's t, p < 0.01); None where too few rows, or predictions, differ to say so."""
    if len(errors) < FEWEST or len(np.unique(predicted)) < 3:
        return None
    z = _standard(predicted)
    return _matters(np.column_stack([np.ones_like(z), z, z * z]), errors)


def widening(predicted: FloatArray, errors: FloatArray) -> list[float] | None:
    """Where the size of the errors `(m,)` goes along with what was predicted, which ascends: what
    half of them are less than, in the third of the rows with the lowest predictions, and in that
    with the highest. None where it does not (p < 0.01)."""
    if len(errors) < FEWEST or predicted[0] == predicted[-1]:
        return None
    sizes, z = np.abs(errors), _standard(predicted)
    if not _matters(np.column_stack([np.ones_like(z), z]), sizes):
        return None
    third = len(sizes) // 3
    halves: list[float] = rounded([np.median(sizes[:third]), np.median(sizes[-third:])])
    return halves


def running_means(x: FloatArray, e: FloatArray) -> list[list[float]]:
    """The means of x and of e over so many rows that follow on each other, at some places; none
    where there are fewer. x ascends."""
    if len(x) < NEIGHBOURS:
        return []
    starts = np.unique(np.linspace(0, len(x) - NEIGHBOURS, PLACES).astype(np.intp))
    rows = starts[:, None] + np.arange(NEIGHBOURS)
    means = [(values[rows] / NEIGHBOURS).sum(axis=1) for values in (x, e)]  # sums may overflow
    return [list(point) for point in zip(*map(along, means), strict=True)]


def _matters(design: FloatArray, y: FloatArray) -> bool:
    """Whether the last column of the design `(m, k)` has a coefficient other than 0 (p < 0.01)."""
    y = y / power_of_two(np.abs(y).max())  # squares of 1e200 do not fit
    q = np.linalg.qr(design)[0]
    along = q.T @ y
    rest = y - q @ along
    df = len(y) - design.shape[1]
    error = math.sqrt(float(rest @ rest) / df)
    # The last column less what the others tell of it is the last of q, up to its length: that
    # cancels out of the coefficient and its standard error.
    coefficient = abs(float(along[-1]))
    if not error:
        return coefficient > 0.0
    return two_sided(coefficient / error, df) < SURE


def _standard(x: FloatArray) -> FloatArray:
    """With mean 0 and variance 1; x is not constant."""
    x = x / power_of_two(np.abs(x).max())
    x = x - x.mean()
    standard: FloatArray = x / x.std()
    return standard
