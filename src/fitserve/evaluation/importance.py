"""What each column of a table is worth to a model: how much its score falls without it."""

import math
from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np

from fitserve.data.arrays import FloatArray


class Importance(NamedTuple):
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
) -> list[Importance] | None:
    """For each group of columns of X `(n, p)`, which one column of a table was encoded as, the
    mean and deviation (ddof 0), over `repeats` shufflings of its rows, of how much `score(X)`
    falls (Breiman 2001; Fisher, Rudin and Dominici 2019).

    All columns of a group are shuffled by the same permutation. `go_on` is asked before every
    score, and may raise; once it is false, what is answered is of the rounds that are whole, or
    None of none. None stands where a score is undefined. X is not changed.
    """
    whole = score(X)
    shuffled = X.copy()
    rng = np.random.default_rng(random_state)
    rounds: list[list[float]] = []
    for _ in range(repeats):
        order = rng.permutation(len(X))
        falls = []
        for columns in groups:
            if not go_on():
                return _summed_up(rounds)
            shuffled[:, columns] = X[order, columns]
            falls.append(_fall(whole, score(shuffled)))
            shuffled[:, columns] = X[:, columns]
        rounds.append(falls)
    return _summed_up(rounds)


def _fall(whole: float | None, without: float | None) -> float:
    return np.nan if whole is None or without is None else whole - without


def _summed_up(rounds: list[list[float]]) -> list[Importance] | None:
    if not rounds:
        return None
    falls = np.array(rounds)
    pairs = zip(falls.mean(axis=0).tolist(), falls.std(axis=0).tolist(), strict=True)
    return [Importance(None, None) if math.isnan(m) else Importance(m, s) for m, s in pairs]
