"""Which rows a model is validated on: shuffled by a seed, and stratified where rows have classes.

A fold is the ascending indices of its held-out rows; what is trained on are the others. Rows are
laid out class by class, shuffled within each, and then dealt evenly. So each class's number of
rows in a fold is within one of its share, as scikit-learn's StratifiedKFold deals them.
"""

import math

import numpy as np
from numpy.typing import NDArray

from fitserve.models.base import Codes

Rows = NDArray[np.intp]


def k_fold(n_samples: int, n_folds: int, random_state: int, y: Codes | None = None) -> list[Rows]:
    """`n_folds` folds, at most `n_samples`, that hold each row once; their sizes differ by one
    at most. `y` is the class of each row, or None where there are none."""
    fold_of = np.empty(n_samples, dtype=np.intp)
    order = _by_class(n_samples, np.random.default_rng(random_state), y)
    fold_of[order] = np.arange(n_samples) % n_folds
    return [np.flatnonzero(fold_of == fold) for fold in range(n_folds)]


def holdout(n_samples: int, share: float, random_state: int, y: Codes | None = None) -> Rows:
    """One fold of `ceil(share * n_samples)` rows, as scikit-learn's `train_test_split` rounds."""
    size = math.ceil(share * n_samples)
    return draw(n_samples, size, random_state, y)


def draw(n_samples: int, size: int, random_state: int, y: Codes | None = None) -> Rows:
    """`size` of the rows, ascending, each class's number within one of its share.

    Systematic sampling from a random start (Madow and Madow 1944): every row is as likely as any
    other, those of rare classes too.
    """
    rng = np.random.default_rng(random_state)
    order = _by_class(n_samples, rng, y)
    start = rng.integers(n_samples)
    return np.sort(order[(np.arange(size) * n_samples + start) // size])


def _by_class(n_samples: int, rng: np.random.Generator, y: Codes | None) -> Rows:
    order: Rows = rng.permutation(n_samples)
    if y is None:
        return order
    few = y[order].astype(np.int16) if y.max() < 2**15 else y[order]  # which sort by counting
    return order[np.argsort(few, kind="stable")]
