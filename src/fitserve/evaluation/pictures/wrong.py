"""Wrong although sure, or farthest off: rows to look at, since their labels may be wrong."""

from typing import Any

import numpy as np

from fitserve.evaluation.pictures.cells import EXACT, ranked
from fitserve.evaluation.pictures.rounding import rounded
from fitserve.evaluation.pictures.shown import MOST as MARKS
from fitserve.evaluation.pictures.subject import Sample, Subject
from fitserve.models.base import Codes

MOST = 6
COLUMNS = 2


def picture(subject: Subject) -> dict[str, Any] | None:
    """Up to six held-out `rows`: of classes those that were answered wrongly with most
    `confidence`, of values those that were farthest `off`; with what stands in the two `columns`
    that matter most, and with the `marks` of both answers, where each class has one of its own.
    `n_wrong`: how many are wrong in all, of classes."""
    sample = subject.sample
    if sample is None or sample.predicted is None or sample.y is None:
        return None
    if subject.model.classes_ is None:
        worst, told = _farthest(sample)
    elif sample.probabilities is not None:
        worst, told = _surest(sample, subject.labels)
    else:
        return None
    columns = [column for column in ranked(subject) if not column.is_text][:COLUMNS]
    cells = [column.cells(sample.X[worst]) for column in columns]
    rows = [
        {"row": int(sample.rows[at]), **one, "cells": [column[k] for column in cells]}
        for k, (at, one) in enumerate(zip(worst.tolist(), told, strict=True))
    ]
    n_wrong = None
    if subject.model.classes_ is not None:
        n_wrong = int((sample.y != sample.predicted).sum())
    return {"columns": [column.name for column in columns], "rows": rows, "n_wrong": n_wrong}


def _surest(sample: Sample, labels: list[Any]) -> tuple[Codes, list[dict[str, Any]]]:
    assert sample.probabilities is not None
    assert sample.predicted is not None
    assert sample.y is not None
    wrong = np.flatnonzero(sample.predicted != sample.y)
    sure = sample.probabilities[wrong, sample.predicted[wrong]]
    worst = wrong[np.argsort(-sure, kind="stable")[:MOST]]
    marked = len(labels) <= MARKS
    return worst, [
        {
            "is": labels[sample.y[at]],
            "predicted": labels[sample.predicted[at]],
            "marks": [int(sample.y[at]), int(sample.predicted[at])] if marked else None,
            "confidence": rounded(sample.probabilities[at, sample.predicted[at]]),
        }
        for at in worst.tolist()
    ]


def _farthest(sample: Sample) -> tuple[Codes, list[dict[str, Any]]]:
    assert sample.predicted is not None
    assert sample.y is not None
    off = sample.predicted / 2 - sample.y / 2  # by halves, since the difference may overflow
    worst = np.argsort(-np.abs(off), kind="stable")[:MOST]
    return worst, [
        {
            "is": rounded(sample.y[at], EXACT),
            "predicted": rounded(sample.predicted[at], EXACT),
            "off": rounded(2 * off[at], EXACT),
        }
        for at in worst.tolist()
    ]
