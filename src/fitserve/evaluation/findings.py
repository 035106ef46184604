"""What is found out of a model in its training, beside the model itself."""

from dataclasses import dataclass, field
from typing import Any

from fitserve.data.arrays import FloatArray, Target
from fitserve.evaluation.advice import advise, of_no_score, of_one_answer
from fitserve.evaluation.convergence import of_convergence
from fitserve.evaluation.folds import Rows
from fitserve.evaluation.plan import Plan
from fitserve.evaluation.validation import HeldOut, Source, Truth, truth_of, validate
from fitserve.models.base import Model, Watch


@dataclass(frozen=True)
class Matrix:
    """Rows of numbers, of which nothing is to be learned before."""

    X: FloatArray

    def parted(self, train: Rows, test: Rows) -> tuple[FloatArray, FloatArray, list[slice]]:
        columns = [slice(j, j + 1) for j in range(self.X.shape[1])]
        return self.X[train], self.X[test], columns


@dataclass(frozen=True)
class Findings:
    """What a description tells, and the rows that are kept."""

    told: dict[str, Any] = field(default_factory=dict)
    """`validation` (`Validation.description`), `importance` (mean and deviation of each column),
    `advice`; each JSON."""
    sample: dict[str, Any] = field(default_factory=dict)
    """Arrays by name, `(m, ...)`, of the rows kept: `rows` their numbers from 0, ascending; `X`,
    encoded; `y` and, where they were held out, `predicted`: codes of the classes, or values; and
    `probabilities`, or `scores` of the classes, `(m, n_classes)`."""


def find(
    plan: Plan,
    model: Model,
    X: FloatArray,
    y: Target | None,
    source: Source,
    score: float | None,
    watch: Watch,
) -> Findings:
    """Validate a model that was trained on X and y as `plan` asks, and choose what is kept."""
    told: dict[str, Any] = {"advice": [one.told() for one in of_convergence(model, X)]}
    if y is None:
        told["advice"] += [one.told() for one in of_no_score(model, score, X)]
        return Findings(told, _of_rows(plan, model, X, None, None))
    truth = truth_of(model, y)
    validation = validate(plan, model, source, y, watch) if plan.n_folds else None
    if validation is not None:
        told["validation"] = validation.description()
        if plan.importance:
            told["importance"] = validation.importance
    told["advice"] += [one.told() for one in of_one_answer(model, X, truth, score)]
    told["advice"] += [advice.told() for advice in advise(plan, model, truth, score, validation)]
    held_out = None if validation is None else validation.sample
    return Findings(told, _of_rows(plan, model, X, truth, held_out))


def _of_rows(
    plan: Plan, model: Model, X: FloatArray, truth: Truth | None, held_out: HeldOut | None
) -> dict[str, Any]:
    classes = None if model.classes_ is None else truth
    rows = plan.sampled(model, classes) if held_out is None else held_out.rows
    if not len(rows):
        return {}
    kept: dict[str, Any] = {"rows": rows, "X": X[rows]}
    if truth is not None:
        kept["y"] = truth[rows]
    if held_out is not None:
        kept["predicted"] = held_out.predicted
        if held_out.probabilities is not None:
            kept["probabilities"] = held_out.probabilities
        if held_out.scores is not None:
            kept["scores"] = held_out.scores
    return kept
