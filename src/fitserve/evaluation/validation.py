"""How a model does on rows that it was not trained on."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from time import thread_time
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from fitserve.data.arrays import FloatArray, Target, codes
from fitserve.errors import InvalidRequest
from fitserve.evaluation import metrics
from fitserve.evaluation.folds import Rows
from fitserve.evaluation.importance import Importance, Round, permutation_importance, summary
from fitserve.evaluation.plan import Plan
from fitserve.models.base import Model, Watch

REPEATS = 5  # shufflings of each column, over all folds
BUDGET = 10.0  # seconds of work for all importances; or as much as the folds took, if that is more

Truth = NDArray[Any]
"""y as it is compared: `(n,)` codes of the model's classes, or float64 values."""


class Source(Protocol):
    """Where rows come from. What is learned of columns is learned of the rows to train on."""

    def parted(self, train: Rows, test: Rows) -> tuple[FloatArray, FloatArray, list[slice]]:
        """The matrix to train on, the one to predict for, and the columns of either that each
        column of the table was made into."""


@dataclass(frozen=True)
class HeldOut:
    """Rows `(m,)`, ascending, and what was predicted for them by models that had not seen them:
    as y is compared, and probabilities or `Model.class_scores` `(m, n_classes)` where there are
    any."""

    rows: Rows
    predicted: Truth
    probabilities: FloatArray | None = None
    scores: FloatArray | None = None


@dataclass(frozen=True)
class Validation:
    """Scores of each fold: the model's, and those of always answering the most frequent class, or
    the mean, of the rows trained on (scikit-learn's dummies)."""

    method: str
    metric: str
    scores: list[float | None]
    baselines: list[float | None]
    held_out: HeldOut
    """Every row that was held out, without probabilities."""
    sample: HeldOut
    """Those that are kept."""
    undefined: bool
    """Whether r2 is so of a fold: its rows are one, or all of one y."""
    importance: list[Importance] | None
    """Of each column of the table, on the rows held out; None if not asked for, or not in time."""

    def description(self) -> dict[str, Any]:
        mean, std = metrics.mean_and_std(self.scores)
        return {
            "method": self.method,
            "folds": len(self.scores),
            "metric": self.metric,
            "scores": self.scores,
            "mean": mean,
            "std": std,
            "baseline": metrics.mean_and_std(self.baselines)[0],
        }


def truth_of(model: Model, y: Target) -> Truth:
    """y as it is compared with what a trained or examined model predicts."""
    return y.astype(np.float64) if model.classes_ is None else codes(y, model.classes_)


def validate(plan: Plan, model: Model, source: Source, y: Target, watch: Watch) -> Validation:
    """Train models like `model`, which was trained on all rows, on all but a fold each, and see
    what they predict for it. `watch(progress, loss)` is called as in `Model.fit`.

    Raises `InvalidRequest` where what can be learned of all rows cannot of a fold's.
    """
    truth = truth_of(model, y)
    classes = None if model.classes_ is None else truth
    tests = plan.folds(model, classes)
    held_out = np.sort(np.concatenate(tests))
    kept = plan.sampled(model, classes, tests)
    predicted = np.zeros_like(truth)
    probabilities: list[FloatArray] = []
    class_scores: list[FloatArray] = []
    scores: list[float | None] = []
    baselines: list[float | None] = []
    rounds: list[Round] = []
    started = thread_time()
    for i, test in enumerate(tests):

        def part(progress: float, loss: float | None, i: int = i) -> None:
            watch((i + progress) / len(tests), loss)

        fold = _fold(model, source, y, test, part, f"fold {i + 1} of {len(tests)}")
        predicted[test] = fold.predicted(fold.X)
        scores.append(_score(model, truth[test], predicted[test]))
        baselines.append(_score(model, truth[test], _dummy(model, np.delete(truth, test), test)))
        some = np.isin(test, kept)
        if model.has_probabilities:
            probabilities.append(fold.probabilities(some))
        if model.gives_scores:
            class_scores.append(fold.scores(some))
        part(1.0, None)
        if plan.importance:
            budget = max(BUDGET, thread_time() - started) / len(tests)
            rounds += fold.falls(truth[test], -(-REPEATS // len(tests)), budget, part)
    order = np.argsort(np.concatenate([test[np.isin(test, kept)] for test in tests]))
    return Validation(
        method="holdout" if plan.cv is None else "cv",
        metric=model.metric_name,
        scores=scores,
        baselines=baselines,
        held_out=HeldOut(held_out, predicted[held_out]),
        sample=HeldOut(
            kept,
            predicted[kept],
            np.concatenate(probabilities)[order] if probabilities else None,
            np.concatenate(class_scores)[order] if class_scores else None,
        ),
        undefined=classes is None and any((truth[test] == truth[test[0]]).all() for test in tests),
        importance=summary(rounds),
    )


@dataclass(frozen=True)
class _Fold:
    """A model that was trained on other rows, and rows to ask it about, `(m, n_features)`. It may
    not have seen each of the classes of `whole`, the model of all rows."""

    model: Model
    whole: Model
    X: FloatArray
    groups: list[slice]

    def predicted(self, X: FloatArray) -> Truth:
        return truth_of(self.whole, self.model.predict(X))

    def probabilities(self, some: NDArray[np.bool_]) -> FloatArray:
        """Of these of its rows, `(m, n_classes)`; 0 for a class that it has not seen."""
        return self._of_all_classes(self.model.predict_proba, some, lambda _: 0.0)

    def scores(self, some: NDArray[np.bool_]) -> FloatArray:
        """The same of `Model.class_scores`; a class that it has not seen has the least of all."""
        return self._of_all_classes(
            self.model.class_scores, some, lambda known: known.min(axis=1, keepdims=True)
        )

    def _of_all_classes(
        self,
        ask: Callable[[FloatArray], FloatArray],
        some: NDArray[np.bool_],
        unseen: Callable[[FloatArray], Any],
    ) -> FloatArray:
        assert self.whole.classes_ is not None
        assert self.model.classes_ is not None
        table = np.zeros((int(some.sum()), len(self.whole.classes_)))
        if some.any():
            answered = ask(self.X[some])
            table[:] = unseen(answered)
            table[:, codes(self.model.classes_, self.whole.classes_)] = answered
        return table

    def falls(self, truth: Truth, repeats: int, budget: float, watch: Watch) -> list[Round]:
        deadline = thread_time() + budget

        def score(X: FloatArray) -> float | None:
            return _score(self.whole, truth, self.predicted(X))

        def go_on() -> bool:
            watch(1.0, None)
            return thread_time() < deadline

        seed = self.whole.random_state
        return permutation_importance(
            score, self.X, self.groups, repeats=repeats, random_state=seed, go_on=go_on
        )


def _fold(whole: Model, source: Source, y: Target, test: Rows, watch: Watch, name: str) -> _Fold:
    train = np.delete(np.arange(len(y)), test)
    told = whole.hyperparameters()
    if "task" in told:
        told["task"] = whole.task_  # which the y of a fold might not tell
    try:
        X, X_test, groups = source.parted(train, test)
        model = type(whole)(**told).fit(X, y[train], watch=watch)
    except InvalidRequest as error:
        when = f"when validating on {name}, with {len(train)} rows to train on: "
        faults = [replace(fault, msg=when + fault.msg) for fault in error.faults]
        raise InvalidRequest(faults, error.total) from None
    return _Fold(model, whole, X_test, groups)


def _score(model: Model, truth: Truth, predicted: Truth) -> float | None:
    """`Model.score` of what was predicted."""
    if model.classes_ is None:
        return metrics.r2(truth, predicted)
    return float(np.mean(truth == predicted))


def _dummy(model: Model, learned: Truth, test: Rows) -> Truth:
    """The most frequent class of the rows trained on (ties: the smallest), or their mean."""
    answer = (
        metrics.moments(learned)[0] if model.classes_ is None else np.bincount(learned).argmax()
    )
    return np.full(len(test), answer)
