"""What each column of a table is worth to a model: how much its score falls without it."""

import math
from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np

from fitserve.data.arrays import FloatArray
from fitserve.evaluation import metrics

Round = list[float]
"""For each column how much the score fell in one shuffling; NaN where a score is undefined."""


class Importance(NamedTuple):
    """Mean and deviation (ddof 0) over the rounds; None where a score was undefined."""

    mean: float | None
    std: float | None


def permutation_importance(
    score: Callable[[FloatArray], float | None],
    X: FloatArray,
    groups: Sequence[slice],
    *,
    repeats: int = 5,
    random_state: int = 0,
    go_on: Callable[[], bool] = lambda: True,
) -> list[Round]:
    """For each of `repeats` rounds, and for each group of columns of X `(n, p)`, which one column
    of a table was encoded as, how much `score(X)` falls when its rows are shuffled (Breiman 2001;
    Fisher, Rudin and Dominici 2019). `summary` is what scikit-learn answers.

    All columns of a group are shuffled by the same permutation. `go_on` is asked before every
    score, and may raise; once it is false, the rounds that are whole are answered. X is not
    changed.
    """
    whole = score(X)
    shuffled = X.copy()
    rng = np.random.default_rng(random_state)
    rounds: list[Round] = []
    for _ in range(repeats):
        order = rng.permutation(len(X))
        falls = []
        for columns in groups:
            if not go_on():
                return rounds
            shuffled[:, columns] = X[order, columns]
            falls.append(_fall(whole, score(shuffled)))
            shuffled[:, columns] = X[:, columns]
        rounds.append(falls)
    return rounds


def summary(rounds: Sequence[Round]) -> list[Importance] | None:
    """Of each column the mean and the deviation of its falls; None of no rounds."""
    if not rounds:
        return None
    means, deviations = metrics.moments(np.array(rounds))
    pairs = zip(means.tolist(), deviations.tolist(), strict=True)
    return [Importance(None, None) if math.isnan(m) else Importance(m, s) for m, s in pairs]


def _fall(whole: float | None, without: float | None) -> float:
    return math.nan if whole is None or without is None else whole - without
