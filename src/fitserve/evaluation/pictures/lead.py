"""Lead of the right class: how close the calls are of types that give no probabilities."""

from typing import Any

import numpy as np

from fitserve.evaluation.pictures.rounding import rounded
from fitserve.evaluation.pictures.shown import shown
from fitserve.evaluation.pictures.subject import Subject


def picture(subject: Subject) -> dict[str, Any] | None:
    """Of each held-out row by how much its class's score `lead`s the next one's, and the group
    (`of`) of its class; where that is below 0, the answer was wrong."""
    sample = subject.sample
    if sample is None or sample.scores is None or sample.y is None or sample.predicted is None:
        return None
    rows = np.arange(len(sample.y))
    others = sample.scores.copy()
    others[rows, sample.y] = -np.inf
    with np.errstate(all="ignore"):
        lead = sample.scores[rows, sample.y] - others.max(axis=1)
    of = shown(subject)
    return of.told() | {
        "lead": rounded(np.nan_to_num(lead)),
        "of": of.of[sample.y].tolist(),
        "n_wrong": int(np.sum(sample.predicted != sample.y)),
    }
