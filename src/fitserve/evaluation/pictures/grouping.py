"""The groups that a model without y puts rows into, and which of the rows are between two."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fitserve.data.arrays import FloatArray
from fitserve.evaluation.pictures.shown import Shown, largest_of
from fitserve.evaluation.pictures.subject import Subject
from fitserve.models.base import Codes
from fitserve.models.gmm import GaussianMixture
from fitserve.models.kmeans import KMeans

NEARLY = 1.1
"""A row whose second centre is at most so many times as far as its own is between the two."""
SURE = 0.8
"""A row whose group is less probable is between groups."""


@dataclass(frozen=True)
class Grouping:
    """Of the rows that were kept, `(m,)`."""

    X: FloatArray
    of: Codes
    between: NDArray[np.bool_]
    centres: FloatArray
    """`(k, n_features)`, encoded."""
    shown: Shown
    """Which groups are told apart; the labels are their numbers."""

    @property
    def sizes(self) -> list[int]:
        """Of each group."""
        sizes: list[int] = np.bincount(self.of, minlength=len(self.centres)).tolist()
        return sizes


def grouping(subject: Subject) -> Grouping | None:
    """None of a model that has no groups, and where no rows were kept. Raises `LeftOut`."""
    model, sample = subject.model, subject.sample
    if sample is None:
        return None
    if isinstance(model, KMeans):
        centres = model.cluster_centers_
        of = subject.budget.ask(model.predict, sample.X)
        cost = 2.0 * sample.X.size * len(centres)
        between = subject.budget.work(cost, lambda: _between(sample.X, centres, of))
    elif isinstance(model, GaussianMixture):
        centres = model.centre_ + model.shift_
        probabilities = subject.budget.ask(model.predict_proba, sample.X)
        of = probabilities.argmax(axis=1)
        between = probabilities.max(axis=1) < SURE
    else:
        return None
    labels: list[Any] = list(range(len(centres)))
    shown = largest_of(labels, np.bincount(of, minlength=len(centres)))
    return Grouping(sample.X, of, between, centres, shown)


def _between(X: FloatArray, centres: FloatArray, of: Codes) -> NDArray[np.bool_]:
    if len(centres) < 2:
        return np.zeros(len(X), dtype=np.bool_)
    middle = centres.mean(axis=0)
    with np.errstate(all="ignore"):
        unit = np.abs(X - middle).max(initial=0.0) or 1.0  # squares of 1e200 do not fit
        rows, points = (X - middle) / unit, (centres - middle) / unit
        squares = (points**2).sum(axis=1) - 2.0 * rows @ points.T
        squares += (rows**2).sum(axis=1, keepdims=True)
        own = squares[np.arange(len(X)), of]
        squares[np.arange(len(X)), of] = np.inf
        near: NDArray[np.bool_] = squares.min(axis=1) <= NEARLY**2 * np.maximum(own, 0.0)
    return near
