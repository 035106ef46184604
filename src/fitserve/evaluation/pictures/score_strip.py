"""Score strip: every fold's score, beside what one gets without a model."""

from typing import Any

import numpy as np

from fitserve.data.arrays import FloatArray
from fitserve.evaluation import metrics
from fitserve.evaluation.pictures.intervals import wilson
from fitserve.evaluation.pictures.rounding import rounded
from fitserve.evaluation.pictures.subject import Sample, Subject

BOOTSTRAPS = 200


def picture(subject: Subject) -> dict[str, Any] | None:
    """`scores` of the folds, their `mean`, `std` and `baseline` in `metric`; of one holdout the
    95 % `interval` of its score. `always`: the most frequent class, which the baseline answers;
    `right`: how many of the `rows` that were kept."""
    validation = subject.described.get("training", {}).get("validation")
    if validation is None or validation["mean"] is None:
        return None
    told = {name: validation[name] for name in ("method", "folds", "metric", "scores")}
    told |= {name: validation[name] for name in ("mean", "std", "baseline")}
    sample = subject.sample
    told |= {"interval": None, "always": None}
    if sample is None or sample.y is None or sample.predicted is None:
        return told
    told["rows"] = len(sample.rows)
    if subject.model.classes_ is not None:
        told["always"] = subject.labels[int(np.bincount(sample.y).argmax())]
        told["right"] = int((sample.y == sample.predicted).sum())
    if validation["method"] == "holdout":
        told["interval"] = _interval(subject, sample)
    return told


def _interval(subject: Subject, sample: Sample) -> list[float] | None:
    assert sample.predicted is not None
    assert sample.y is not None
    if subject.model.classes_ is not None:
        right = int((sample.y == sample.predicted).sum())
        return list(rounded(wilson(right, len(sample.y))))
    return bootstrapped(sample.y, sample.predicted, subject.model.random_state)


def bootstrapped(y: FloatArray, predicted: FloatArray, random_state: int) -> list[float] | None:
    """The middle 95 % of R² over samples of the rows, with replacement (Efron 1979); None where it
    is undefined in one."""
    rng = np.random.default_rng(random_state)
    found = []
    for _ in range(BOOTSTRAPS):
        some = rng.integers(len(y), size=len(y))
        score = metrics.r2(y[some], predicted[some])
        if score is None:
            return None
        found.append(score)
    return list(rounded(np.quantile(found, [0.025, 0.975])))
