"""Whether the number of groups of a k-means is arbitrary: what other numbers would explain."""

from functools import partial
from typing import Any

import numpy as np

from fitserve.data.arrays import FloatArray
from fitserve.evaluation.pictures.rounding import rounded
from fitserve.evaluation.pictures.subject import Budget, LeftOut, Subject
from fitserve.models.kmeans import KMeans, count_distinct

MOST = 8  # groups
CELLS = 50_000  # numbers in the rows that are grouped
STARTS, ITERATIONS = 3, 40
FEWEST = 3  # points, or there is no curve


def picture(subject: Subject) -> dict[str, Any] | None:
    """`explained`: the share of the spread that 1 to 8 groups explain, each a training of its own
    on rows of the sample; and `here`, that of the model itself, on the same rows. Raises `LeftOut`
    where there is time for hardly any."""
    model, sample = subject.model, subject.sample
    if not isinstance(model, KMeans) or sample is None:
        return None
    rows = sample.X[:: -(-sample.X.size // CELLS)]
    spread = spread_of(rows)
    inertia = model.score(rows)
    if spread is None or inertia is None:
        return None
    explained = [1.0 - one / spread for one in inertias(rows, spread, subject.budget)]
    return {
        "explained": rounded(explained),
        "n_groups": model.n_clusters,
        "here": rounded(max(0.0, 1.0 - inertia / spread)),
        "n_rows": len(rows),
    }


def spread_of(rows: FloatArray) -> float | None:
    """The sum of the squared distances of rows `(m, p)` to their mean; None where it is 0 or does
    not fit."""
    with np.errstate(over="ignore"):
        spread = float(np.square(rows - rows.mean(axis=0)).sum())
    return spread if 0.0 < spread < np.inf else None


def inertias(rows: FloatArray, spread: float, budget: Budget) -> list[float]:
    """Of 1 to 8 groups of the rows `(m, p)`, as many as there are different ones, and as there is
    time for: at least three. `spread` is that of one group."""
    found = [spread]
    for k in range(2, 1 + min(MOST, count_distinct(rows, enough=MOST))):
        try:
            found.append(budget.work(_cost(rows, k), partial(_inertia, rows, k)))
        except LeftOut:
            if len(found) < FEWEST:
                raise
            break
    return found


def _cost(rows: FloatArray, k: int) -> float:
    return float(STARTS * (ITERATIONS + 10) * rows.size * k)


def _inertia(rows: FloatArray, k: int) -> float:
    model = KMeans(n_clusters=k, n_init=STARTS, max_iter=ITERATIONS).fit(rows)
    return model.score(rows) or 0.0
