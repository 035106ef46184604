"""Where a score misleads: what to know of it, and what to send to have it otherwise."""

import json
import math
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import numpy as np

from fitserve.data.arrays import FloatArray
from fitserve.data.observations import reach
from fitserve.data.outliers import FAR
from fitserve.errors import Advice, clip
from fitserve.evaluation import metrics
from fitserve.evaluation.alone import of_one_row
from fitserve.evaluation.plan import Plan
from fitserve.evaluation.validation import Truth, Validation
from fitserve.models.base import Model

COMMON = 0.9
"""From this share of the rows on, the most frequent class alone makes accuracy look good."""
NOTHING_LEARNED = "it has learned nothing that can be relied on"
GAP = 0.1
"""How far below its score on the training data a model may score on others."""
_FAR = 1e-7
"""Rows that reach no farther than this share of the largest number are nothing beside it."""

_ASKED = 1000
"""Rows that are asked at most, where all answers may be the same."""
_SAME = 1e-5
"""Numbers that differ by no more than this share are the same."""

_SIMPLER: Mapping[str, Callable[[Any], Any]] = {
    "min_samples_leaf": lambda rows: 5 * rows,
    "n_neighbors": lambda rows: 2 * rows + 1,
    "C": lambda strength: strength / 10.0,
    "alpha": lambda strength: 10.0 * strength or 1.0,
}
"""Hyperparameters that keep a model from learning rows by heart, and their next value."""


def advise(
    plan: Plan, model: Model, truth: Truth, score: float | None, validation: Validation | None
) -> list[Advice]:
    """What to know of the score of a trained model, and of its validation, where there is one."""
    return [
        *_of_rare_classes(model, truth, validation),
        *(_of_validation(plan, model, truth, score, validation) if validation else ()),
    ]


def of_no_score(model: Model, score: float | None, X: FloatArray) -> Iterator[Advice]:
    """Why a model that learned without y from X has no score, if it has none."""
    if score is not None:
        return
    sizes = np.abs(X).max(axis=1)
    largest, usual = float(sizes.max()), float(np.median(sizes))
    named = f"{model.metric_name} is null, as float64 does not hold it beside {largest:g}"
    if usual < _FAR * largest:
        yield Advice(f"{named}, which is far beyond most rows; leave such rows out.")
    else:
        yield Advice(f"{named}; set standardize to true.", {"standardize": True})


def of_one_answer(
    model: Model, X: FloatArray, truth: Truth, score: float | None
) -> Iterator[Advice]:
    """That a model answers the same whatever it is asked, although y differs: what does that.
    Some of the rows that it was trained on are asked, where its score allows it."""
    if score is None or not model.converged_:
        return
    counts = None if model.classes_ is None else np.bincount(truth) / len(truth)
    if score > (_SAME if counts is None else counts.max() + _SAME):
        return
    alike = X.min(axis=0) == X.max(axis=0)
    if alike.all() or truth.min() == truth.max():
        return
    some = np.unique(np.linspace(0, len(X) - 1, _ASKED).astype(np.intp))
    answers = model.predict(X[some])
    if model.classes_ is None or counts is None:
        spread = float(np.ptp(answers / np.abs(truth).max()))
        same, share = spread <= _SAME * float(np.ptp(truth / np.abs(truth).max())), 0.0
    else:
        code = int(np.flatnonzero(model.classes_ == answers[0])[0])
        same, share = bool((answers == answers[0]).all()), float(counts[code])
        same = same and abs(score - share) < _SAME
    if not same or any("n_neighbors" in one.set for one in model.advice()):
        return
    why, mend = model.levelled()
    far = reach(X)
    if model.drowning(far)[0]:  # which is said where that is told
        return
    if why:
        yield Advice(f"Every answer is the same: {why}.", mend)
    elif model.counting and (times := _times_the_rest(X)) >= FAR:
        yield Advice(
            f"Every answer is the same: one column is {times:.0e} times as large as any other and "
            f"nearly all that is counted; {_evened(X, times)}."
        )
    elif share < COMMON and model.drowned(far) is None:  # else it is said there, too
        yield Advice(
            f"Every answer is the same: X tells {model.model_type()} nothing of y; give columns "
            "that have to do with it."
        )


def _evened(X: FloatArray, times: float) -> str:
    by = 10.0 ** math.floor(math.log10(times))
    return f"divide it by {by:g}" if X.max() > FAR else f"multiply the others by {by:g}"


def _times_the_rest(X: FloatArray) -> float:
    """How many times as large as any other column the largest is; at most 1e308."""
    sizes = [0.0, *np.sort(np.abs(X).max(axis=0)).tolist()]
    return min(sizes[-1] / sizes[-2], 1e308) if sizes[-2] > 0.0 else 1.0


def _of_rare_classes(model: Model, truth: Truth, validation: Validation | None) -> Iterator[Advice]:
    if model.classes_ is None:
        return
    counts = np.bincount(truth)
    common = int(counts.argmax())
    share = float(counts[common] / len(truth))
    if share < COMMON:
        return
    label = clip(json.dumps(model.classes_.tolist()[common], ensure_ascii=False), 40)
    where = "POST /evaluate tells it"
    if validation is not None:
        rows = validation.held_out.rows
        of = metrics.tally(truth[rows], validation.held_out.predicted, len(counts))
        where = f"on the rows held out it is {metrics.balanced_accuracy(of):.3f}"
    weight = model.hyperparameters().get("class_weight", "none")
    yield Advice(
        f"{share:.1%} of the rows are {label}, so that accuracy says little: always answering "
        f"that would score {share:.3f}. Look at balanced_accuracy, the mean recall of the "
        f"classes; {where}.",
        {"class_weight": "balanced"} if weight is None else {},
    )


def _of_validation(
    plan: Plan, model: Model, truth: Truth, score: float | None, validation: Validation
) -> Iterator[Advice]:
    told = validation.description()
    mean, baseline = told["mean"], told["baseline"]
    alone = None
    if model.classes_ is None:
        alone = _of_one_row(truth, validation, mean, baseline)
    if alone is not None:
        yield alone
    elif mean is None or baseline is None:
        yield _of_no_mean(validation, truth)
    else:
        yield from _of_mean(plan, model, truth, score, mean, baseline, validation)
    if plan.importance and validation.importance is None and mean is not None:
        yield Advice(
            "There was no time to find the importance of the columns; POST /evaluate does, with "
            "rows that were kept back."
        )


def _of_one_row(
    truth: Truth, validation: Validation, mean: float | None, baseline: float | None
) -> Advice | None:
    """That a row decides the scores of folds alone: it is held out, or none learned anything else
    beside it."""
    metric, held_out = validation.metric, validation.held_out
    for what, values in (("y", truth), ("prediction", held_out.predicted)):
        for row, far in of_one_row(what, values):
            if mean is None:
                figure = f"{metric} is null"
            elif baseline is None:
                figure = f"{metric} of always answering the mean of y is null"
            elif what == "prediction" or row in held_out.rows or mean < -FAR:
                figure = f"{metric} is {mean:.3g}"
            else:
                continue
            return Advice(
                f"On rows that it had not seen {figure}: {far} decides it alone; mend the row, or "
                "leave it out."
            )
    return None


def _of_no_mean(validation: Validation, truth: Truth) -> Advice:
    if validation.undefined:
        return Advice(
            f"{validation.metric} is undefined where the rows held out are one, or all of one y; "
            "take fewer folds, or give more rows."
        )
    sizes = np.abs(truth[truth != 0.0])
    return Advice(
        f"{validation.metric} of the rows held out is null, as float64 does not hold the squares "
        f"that it is made of: y is of size {sizes.min():.2g} to {sizes.max():.2g}; give rows that "
        "are more alike, or the logarithm of y."
    )


def _of_mean(
    plan: Plan,
    model: Model,
    truth: Truth,
    score: float | None,
    mean: float,
    baseline: float,
    validation: Validation,
) -> Iterator[Advice]:
    told = validation.description()
    n = len(validation.held_out.rows)
    if score is not None and score - mean > max(GAP, 2.0 * _doubt(model, mean, n, told)):
        yield Advice(
            f"The model scores {score:.3f} on the rows that it was trained on, and {mean:.3f} on "
            "rows that it had not seen: it is over-fitted, and the second is what to expect.",
            _simpler(model, _trained_on(plan, validation, len(truth))),
        )
    if mean - baseline <= _doubt(model, baseline, n, told):
        always = "the mean of y" if model.classes_ is None else "the most frequent class"
        yield Advice(
            f"On rows that it had not seen the model scores {mean:.3f}, and always answering "
            f"{always} scores {baseline:.3f}: {NOTHING_LEARNED}."
        )


def _doubt(model: Model, score: float, n: int, told: Mapping[str, Any]) -> float:
    """The standard error of a score: of an accuracy that of a share of n rows, of r2 that over
    the folds."""
    if model.classes_ is not None:
        return math.sqrt(score * (1.0 - score) / n)
    return float(told["std"] / math.sqrt(told["folds"]))


def _trained_on(plan: Plan, validation: Validation, n: int) -> int:
    """The fewest rows, of n, that the model of a fold was trained on."""
    return n - (-(-n // plan.cv) if plan.cv else len(validation.held_out.rows))


def _simpler(model: Model, rows: int) -> Mapping[str, Any]:
    """What keeps the model from learning so many rows by heart, where they allow it."""
    told = model.hyperparameters()
    if told.get("penalty", "") is None:  # without one, alpha does nothing
        return {}
    for name, change in _SIMPLER.items():
        if name in told:
            value = change(told[name])
            many = name in ("n_neighbors", "min_samples_leaf") and 2 * value > rows
            return {} if many else {name: value}
    return {}
