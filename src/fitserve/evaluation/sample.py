"""The rows that are kept with a model, so that pictures can be drawn of it later."""

import numpy as np

from fitserve.evaluation.folds import Rows, draw
from fitserve.models.base import Codes


def sample_rows(n_samples: int, most: int, random_state: int, y: Codes | None = None) -> Rows:
    """At most `most` of the rows, ascending: all of them, or a draw by the seed that is
    stratified by the classes `y`, where there are any. `most` may be 0."""
    if most >= n_samples:
        return np.arange(n_samples)
    return draw(n_samples, most, random_state, y) if most else np.arange(0)
