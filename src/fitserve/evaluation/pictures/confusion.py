"""Confusion matrix: which class is taken for which."""

from typing import Any

import numpy as np

from fitserve.evaluation.metrics import confusion_matrix
from fitserve.evaluation.pictures.shown import shown
from fitserve.evaluation.pictures.subject import Subject

MOST = 12
"""Of more classes the worst pairs are told instead of all."""
TAKEN, AT_LEAST = 0.2, 3
"""A class is taken for another where this share of its rows is, and so many rows."""


def picture(subject: Subject) -> dict[str, Any] | None:
    """`matrix`, rows being what is true, over `labels`, of held-out rows; or the `worst` pairs
    where there are more than 12 classes: `is`, `taken_for`, how many `rows` `of` all of the class.
    `finding`: the pair of which most are taken wrongly, where that is many."""
    sample = subject.sample
    if subject.model.classes_ is None or sample is None or sample.predicted is None:
        return None
    labels = subject.labels
    assert sample.y is not None
    pairs, rows = np.unique(
        sample.y * len(labels) + sample.predicted, return_counts=True
    )  # the matrix of many classes would be mostly zeros
    true, taken = np.divmod(pairs, len(labels))
    support = np.bincount(sample.y, minlength=len(labels))
    share = rows / support[true]

    def told(at: int) -> dict[str, Any]:
        return {
            "is": labels[true[at]],
            "taken_for": labels[taken[at]],
            "rows": int(rows[at]),
            "of": int(support[true[at]]),
        }

    wrong = np.flatnonzero(true != taken)
    worst = wrong[np.lexsort((-rows[wrong], -share[wrong]))]
    strong = [at for at in worst.tolist() if share[at] > TAKEN and rows[at] >= AT_LEAST]
    found: dict[str, Any] = {
        "n_rows": len(sample.y),
        "n_right": int(rows[true == taken].sum()),
        "finding": told(strong[0]) if strong else None,
    }
    if len(labels) > MOST:
        most = wrong[np.lexsort((-share[wrong], -rows[wrong]))][:MOST]
        return found | {"n_classes": len(labels), "worst": [told(at) for at in most.tolist()]}
    matrix = confusion_matrix(sample.y, sample.predicted, len(labels))
    marks = shown(subject).of.tolist()
    return found | {"labels": labels, "matrix": matrix.tolist(), "marks": marks}
