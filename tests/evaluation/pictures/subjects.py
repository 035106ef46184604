"""Models and rows of which pictures are taken, without a server."""

from typing import Any

import numpy as np

from fitserve.evaluation.pictures.subject import Budget, Sample, Subject
from fitserve.models.base import Model


def at_once(n_rows: int, cost: float, predict: Any) -> list[Any]:
    return [predict(slice(0, n_rows))]


def subject(model: Model, X: Any, y: Any = None, left: float = 1e9, columns: Any = None) -> Subject:
    """X as it was learned from, all of it kept."""
    names = columns.encoded_names if columns else [f"c{j}" for j in range(X.shape[1])]
    if y is not None and model.classes_ is not None:
        y = np.searchsorted(model.classes_, y)
    sample = Sample(np.arange(len(X)), X, y)
    return Subject(model, {}, names, columns, sample, Budget(at_once, model.row_cost(), left))
