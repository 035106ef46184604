"""How far the truth may lie from one answer of a regression."""

import math
from dataclasses import dataclass

import numpy as np

from fitserve.data.arrays import FloatArray

LEAST_NEAR = 50  # rows that an answer is compared with, where there are so many
NEAR = 5  # and one of so many, where there are more


@dataclass(frozen=True)
class Spread:
    """Between what the truth lay, for a share of the held-out rows whose predictions are nearest
    to an answer; in units of y."""

    least: float
    greatest: float
    n_rows: int
    """How many rows those are."""


def likely_range(
    answer: float, predicted: FloatArray, true: FloatArray, share: float = 0.8
) -> Spread | None:
    """The range that holds `share` of the truth for such an answer, of held-out rows `(m,)`.

    Errors widen where y is large, or where few rows were learned from, so that only the rows with
    the nearest predictions are asked: a fifth of all, and 50 where that is fewer. Of their errors
    those order statistics are taken between which one more row lies with at least this chance
    (Lei, G'Sell, Rinaldo, Tibshirani, Wasserman, Distribution-free predictive inference for
    regression, 2018, made local). None where there are too few rows to say so, or it overflows.
    """
    m = len(predicted)
    if not m:
        return None
    with np.errstate(over="ignore", invalid="ignore"):
        distance = np.abs(predicted - answer)
        near = min(m, max(LEAST_NEAR, m // NEAR))
        # Rows that are as near as the last one all count, whatever the order of the table.
        rows = distance <= np.partition(distance, near - 1)[near - 1]
        errors = np.sort(true[rows] - predicted[rows])
        n = len(errors)
        outside = math.floor(0.5 * (1.0 - share) * (n + 1) * (1.0 + 1e-12))
        if outside < 1:
            return None
        least = answer + float(errors[outside - 1])
        greatest = answer + float(errors[n - outside])
    if not (math.isfinite(least) and math.isfinite(greatest)):
        return None
    return Spread(least, greatest, n)
