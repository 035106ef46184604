"""The figures of an evaluation: names, values and conventions are scikit-learn's.

Classes are codes 0..n_classes-1 of ascending labels, `(n,)` intp. What is undefined is None: never
NaN, an arbitrary 0 or 1, or a warning.
"""

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from fitserve.data.arrays import FloatArray
from fitserve.models.base import Codes
from fitserve.models.numerics import EPS, power_of_two

Shares = list[float | None]
Counts = NDArray[np.intp]

# ------------------------------------------------------------------------- classification


class Tally(NamedTuple):
    """For each class, `(n_classes,)`: rows of it that were predicted, rows predicted to be of it,
    and rows of it."""

    hits: Counts
    predicted: Counts
    support: Counts


def tally(y: Codes, predicted: Codes, n_classes: int) -> Tally:
    return Tally(
        np.bincount(y[y == predicted], minlength=n_classes),
        np.bincount(predicted, minlength=n_classes),
        np.bincount(y, minlength=n_classes),
    )


def accuracy(of: Tally) -> float:
    """The share of the rows whose class was predicted."""
    return int(of.hits.sum()) / int(of.support.sum())


def precision(of: Tally) -> Shares:
    """`tp / (tp + fp)` of each class; None for one that is never predicted."""
    return _shares(of.hits, of.predicted)


def recall(of: Tally) -> Shares:
    """`tp / (tp + fn)` of each class; None for one that no row has."""
    return _shares(of.hits, of.support)


def f1(of: Tally) -> Shares:
    """`2 tp / (2 tp + fp + fn)` of each class, the harmonic mean of precision and recall (van
    Rijsbergen 1979); None for one that no row has and that is never predicted."""
    return _shares(2 * of.hits, of.predicted + of.support)


def balanced_accuracy(of: Tally) -> float:
    """The mean recall of the classes that rows have (Brodersen et al. 2010)."""
    there = [share for share in recall(of) if share is not None]
    return math.fsum(there) / len(there)


def confusion_matrix(y: Codes, predicted: Codes, n_classes: int) -> Counts:
    """`(n_classes, n_classes)`: how many rows of class i were predicted to be of class j."""
    pairs = np.bincount(y * n_classes + predicted, minlength=n_classes**2)
    return pairs.reshape(n_classes, n_classes)


def log_loss(y: Codes, probabilities: FloatArray) -> float:
    """The mean of `-log p` of each row's class; p is kept within eps of 0 and of 1.

    `probabilities` is `(n, n_classes)`. As scikit-learn clips them: eps is float64's.
    """
    own = probabilities[np.arange(len(y)), y]
    return float(-np.log(np.clip(own, EPS, 1.0 - EPS)).mean())


def roc_auc(y: Codes, probabilities: FloatArray) -> float | None:
    """The area under the ROC curve; of more than two classes the mean of each against the rest.

    It is the probability that a row of the class scores above another, a tie counting half:
    Mann and Whitney's U by mid-ranks over `n1 n0` (Hanley and McNeil 1982). `probabilities` is
    `(n, n_classes)`. None where a class has no row, or all rows.
    """
    n_classes: int = probabilities.shape[1]
    support = np.bincount(y, minlength=n_classes)
    if n_classes < 2 or not support.all():
        return None
    if n_classes == 2:
        return _area(y == 1, probabilities[:, 1])
    areas = [_area(y == c, probabilities[:, c]) for c in range(n_classes)]
    return math.fsum(areas) / n_classes


def _area(positive: NDArray[np.bool_], scores: FloatArray) -> float:
    """Of some positive and some negative rows, `(n,)`."""
    _, place, times = np.unique(scores, return_inverse=True, return_counts=True)
    ranks = np.cumsum(times) - 0.5 * (times - 1)  # the mean rank of equal scores
    n1 = int(positive.sum())
    n0 = len(positive) - n1
    wins = float(ranks[place[positive]].sum()) - 0.5 * n1 * (n1 + 1)
    return wins / (n1 * n0)


def _shares(part: Counts, whole: Counts) -> Shares:
    pairs = zip(part.tolist(), whole.tolist(), strict=True)
    return [p / w if w else None for p, w in pairs]


# ----------------------------------------------------------------------------- regression


def r2(y: FloatArray, predicted: FloatArray) -> float | None:
    """The coefficient of determination, `1 - sum((y - predicted)^2) / sum((y - mean(y))^2)`.

    None for fewer than two rows and for constant y, where scikit-learn warns, or answers 0 or 1.
    """
    if y.min() == y.max():
        return None
    with np.errstate(all="ignore"):  # what overflows is not finite, and looked for
        deviations, errors = y - y.mean(), y - predicted
        unit = power_of_two(max(np.abs(deviations).max(), np.abs(errors).max()))
        total, residual = np.sum((deviations / unit) ** 2), np.sum((errors / unit) ** 2)
        return _finite(1.0 - float(residual) / float(total) if total > 0.0 else math.nan)


def rmse(y: FloatArray, predicted: FloatArray) -> float | None:
    """The root of the mean squared error, in y's unit; None where it overflows."""
    with np.errstate(all="ignore"):
        errors = y - predicted
        unit = power_of_two(np.abs(errors).max())
        return _finite(float(np.sqrt(np.mean((errors / unit) ** 2)) * unit))


def mae(y: FloatArray, predicted: FloatArray) -> float | None:
    """The mean absolute error, in y's unit; None where it overflows."""
    with np.errstate(all="ignore"):
        errors = np.abs(y - predicted)
        unit = power_of_two(errors.max())
        return _finite(float(np.mean(errors / unit) * unit))


def _finite(value: float) -> float | None:
    return value if math.isfinite(value) else None


# ---------------------------------------------------------------------------- projections


def reconstruction_error(X: FloatArray, reconstructed: FloatArray) -> float | None:
    """The mean over all cells of the squared difference between X and what a projection keeps of
    it: scikit-learn's `mean_squared_error(X, inverse_transform(transform(X)))`; None where it
    overflows."""
    with np.errstate(all="ignore"):
        return _finite(float(np.square(X - reconstructed).mean()))


# ------------------------------------------------------------------------------- summaries


def mean_and_std(scores: Sequence[float | None]) -> tuple[float | None, float | None]:
    """Mean and standard deviation (ddof 0) of the scores; None if one of them is."""
    there = [score for score in scores if score is not None]
    if not there or len(there) < len(scores):
        return None, None
    mean, std = moments(np.array(there))
    return float(mean), float(std)


def moments(values: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Mean and standard deviation (ddof 0) over the first axis; the squares of the numbers may be
    beyond float64."""
    unit = power_of_two(np.abs(values).max(axis=0))
    part = values / unit
    return part.mean(axis=0) * unit, part.std(axis=0) * unit
