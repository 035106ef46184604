"""What the axes of a projection are made of."""

from typing import Any

import numpy as np

from fitserve.evaluation.pictures.rounding import rounded
from fitserve.evaluation.pictures.subject import Subject

AXES = 4
COLUMNS = 16


def picture(subject: Subject) -> dict[str, Any] | None:
    """Of the first axes the weight of each column; of many columns those that weigh most in one
    of these axes, in the order of the table."""
    if subject.model.task_ != "projection":
        return None
    weights = vars(subject.model)["components_"][:AXES]
    heaviest = np.argsort(-np.abs(weights).max(axis=0), kind="stable")[:COLUMNS]
    rows = [
        {"column": subject.names[j], "weights": rounded(weights[:, j])}
        for j in np.sort(heaviest).tolist()
    ]
    return {"rows": rows, "n_columns": weights.shape[1]}
