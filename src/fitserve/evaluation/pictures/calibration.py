"""Calibration: whether 90 % means 90 %."""

from typing import Any

import numpy as np

from fitserve.data.arrays import FloatArray
from fitserve.evaluation.pictures.intervals import wilson
from fitserve.evaluation.pictures.rounding import rounded
from fitserve.evaluation.pictures.subject import Subject
from fitserve.models.base import Codes

MOST = 8
ROWS_EACH = 20
"""Rows of a group, at least, where confidences are of many values."""


def picture(subject: Subject) -> dict[str, Any] | None:
    """`groups` of held-out rows of about the same confidence in the answer that was given: their
    mean `confidence`, how many are `right` `of` all, and the 95 % `interval` of that share.
    `verdict`: `over` or `under` where mean confidence and share right differ by more than two
    standard errors, else `even`."""
    sample = subject.sample
    if subject.model.classes_ is None or sample is None or sample.predicted is None:
        return None
    if sample.probabilities is None:
        return None
    confidence = sample.probabilities[np.arange(len(sample.rows)), sample.predicted]
    right = sample.predicted == sample.y
    groups = []
    for some in _groups(confidence):
        hits = int(right[some].sum())
        groups.append(
            {
                "confidence": rounded(confidence[some].mean()),
                "right": hits,
                "of": len(some),
                "interval": rounded(wilson(hits, len(some))),
            }
        )
    return {
        "groups": groups,
        "confidence": rounded(confidence.mean()),
        "right": int(right.sum()),
        "of": len(right),
        "verdict": verdict(confidence, right),
    }


def verdict(confidence: FloatArray, right: Any) -> str:
    n, share = len(right), float(np.mean(right))
    by_promise = float((confidence * (1.0 - confidence)).sum()) / n**2
    error = np.sqrt(max(by_promise, share * (1.0 - share) / n))
    above = float(confidence.mean()) - share
    if abs(above) <= 2.0 * error + 1e-12:
        return "even"
    return "over" if above > 0.0 else "under"


def _groups(confidence: FloatArray) -> list[Codes]:
    """Rows by confidence, ascending: one group a value, where there are few; else of about as
    many rows each. Rows of one confidence stay together."""
    near = np.round(confidence, 9)
    values, which = np.unique(near, return_inverse=True)
    if len(values) > MOST:
        n_groups = int(np.clip(len(near) // ROWS_EACH, 1, MOST))
        edges = np.unique(np.quantile(near, np.arange(1, n_groups) / n_groups, method="nearest"))
        which = np.searchsorted(edges, near)
    return [np.flatnonzero(which == group) for group in np.unique(which)]
