"""What a regression answered for rows that it had not seen, against what is true of them."""

from typing import Any

import numpy as np

from fitserve.data.arrays import FloatArray
from fitserve.evaluation.pictures.rounding import along, rounded
from fitserve.evaluation.pictures.subject import Subject


def picture(subject: Subject) -> dict[str, Any] | None:
    held_out = held_out_answers(subject)
    return None if held_out is None else true_against_predicted(*held_out)


def held_out_answers(subject: Subject) -> tuple[FloatArray, FloatArray] | None:
    """Of a regression what was predicted and what is true, `(m,)` each, of held-out rows."""
    sample = subject.sample
    if subject.model.task_ != "regression" or sample is None or sample.predicted is None:
        return None
    assert sample.y is not None
    return sample.predicted, sample.y


def true_against_predicted(predicted: FloatArray, true: FloatArray) -> dict[str, Any] | None:
    """`(m,)` each, and how far apart they are: half of the rows less than `half`, nine of ten
    less than `nine_of_ten`. None where that overflows, and of no rows."""
    with np.errstate(over="ignore"):
        apart = np.abs(true - predicted)
    if not len(apart) or not np.isfinite(apart).all():
        return None
    half, nine_of_ten = rounded(np.quantile(apart, [0.5, 0.9]))
    return {
        "predicted": along(predicted),
        "true": along(true),
        "half": half,
        "nine_of_ten": nine_of_ten,
    }
