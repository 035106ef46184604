"""What a model is: hyperparameters declared once, `fit`, `predict`, and what it learned.

A model type is one class in a file named after the type:

    @hyperparameters
    class Nearest(Model):
        '''One line that says what it computes.'''

        tasks = ("classification",)
        n_neighbors: int = Field(default=5, ge=1, description="How many rows vote.")

        def _fit(self, X, y): ...      # y: class codes 0..n_classes-1, or float64, or None
        def _predict(self, X): ...     # class codes, floats, cluster indices or coordinates

What `_fit` learns it keeps in attributes whose names end in `_`: arrays of numbers, numbers,
or lists of numbers, and nothing else, so that saving needs no code in the model.
"""

import copy
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import fields
from typing import Any, ClassVar, Literal, Self

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from fitserve.data import arrays
from fitserve.data.arrays import FloatArray, Target
from fitserve.data.diagnosis import only_numbers
from fitserve.errors import COUNTED, Advice, InvalidRequest, counted, refuse
from fitserve.models.hyperparameters import Declared, Drowned, hyperparameters
from fitserve.models.overflow import too_large, too_large_an_answer, too_large_in_all

Task = Literal["classification", "regression", "clustering", "projection"]
Codes = NDArray[np.intp]
Watch = Callable[[float, float | None], None]

_STANDARDIZED = 0.5
"""Standardized columns, and those of categories, reach as far from their middle at least."""
MANY, ROWS_EACH = 20, 10
"""Whole numbers of more values than this, with fewer rows each, are a quantity, not labels."""

_WITH_PROBABILITIES = {"classification": "logistic_regression", "clustering": "gmm"}
_SUPERVISED = ("classification", "regression")


@hyperparameters
class Model(Declared, ABC):
    """One model: untrained hyperparameters, then, after `fit`, what was learned as well."""

    tasks: ClassVar[tuple[Task, ...]]
    """What the type can do; the first is the one taken when y does not decide."""
    metric: ClassVar[str | None] = None
    """Name of `score`; None: accuracy for classification, r2 for regression."""
    gives_probabilities: ClassVar[bool] = False
    gives_scores: ClassVar[bool] = False
    """Whether the class with the largest of some scores is what is answered (`class_scores`)."""
    copies: ClassVar[float] = 4.0
    """How many arrays as large as X training holds at once, at most."""
    iterating: ClassVar[bool] = False
    """Whether training goes by iterations and reports them (`_iterated`)."""
    scale_matters: ClassVar[bool] = False
    """Whether a column that spreads much farther than the others decides nearly alone."""
    by_order: ClassVar[bool] = False
    """Whether the order of the numbers in a column is all that is learned of it."""
    counting: ClassVar[bool] = False
    """Whether X holds counts: no number below 0."""

    random_state: int = Field(
        default=0,
        ge=0,
        le=2**32 - 1,
        description="Seed of whatever is random in training; the same seed trains the same model.",
    )

    # ------------------------------------------------------------------ what callers use

    def examine(self, X: object, y: object = None) -> None:
        """See, without training, what would be learned: the task, the classes, the shape.

        Raises `InvalidRequest` for what `fit` refuses at the first look.
        """
        self._examined(arrays.matrix(X, ("X",)), y)

    def _examined(self, X: FloatArray, y: object) -> Any:
        self.n_samples_: int = X.shape[0]
        self.n_features_in_: int = X.shape[1]
        self.n_iter_: int | None = None
        self.converged_ = True
        self.loss_curve_: list[float] | None = None
        self.classes_: NDArray[Any] | None = None
        self.step_bound: float | None = None  # what a step that went too far must be below
        self._advice: list[Advice] = []
        target = self._resolve(y)
        self._check(X, target)
        return target

    def fit(self, X: object, y: object = None, *, watch: Watch | None = None) -> Self:
        """Train on X `(n_samples, n_features)` and, for supervised types, y `(n_samples,)`.

        Neither X nor y is changed or kept by reference. `watch(progress, loss)` is called while
        an iterating type trains. Raises `InvalidRequest`, located in X, y or a hyperparameter,
        when the data cannot be learned from.
        """
        X = arrays.matrix(X, ("X",))
        target = self._examined(X, y)
        self._watch = watch
        with np.errstate(all="ignore"):  # overflow is looked for in the results, below
            self._fit(X, target)
        self._watch = None
        self._refuse_overflow(X)
        return self

    def advice(self) -> list[Advice]:
        """What to know of a model that was examined, and how to have it otherwise."""
        return list(self._advice)

    def drowned(self, reach: float) -> Drowned | None:
        """What keeps columns that reach no farther than this from their middle from telling
        anything, of a model that was examined; None where nothing does."""
        return None

    def drowning(self, reach: float) -> tuple[dict[str, Any], Self]:
        """The hyperparameters that keep columns of such a reach from telling anything, and would
        if these were standardized, with what they are by default; and a model that has those."""
        usual, found = copy.copy(self), dict[str, Any]()
        if self.drowned(reach) is None:
            return found, usual
        while one := usual.drowned(_STANDARDIZED):
            if one.name is None or one.name in found:
                break
            found[one.name] = self.schema()["properties"][one.name]["default"]
            vars(usual)[one.name] = found[one.name]
        return found, usual

    def levelled(self) -> tuple[str, dict[str, Any]]:
        """Of a trained model that answers the same for every row: which hyperparameters may do
        that and what to write instead, and what a program could set; '' where none does."""
        told, properties = self.hyperparameters(), self.schema()["properties"]
        usual = {name: properties[name]["default"] for name in self.levelling}
        found = [name for name, way in self.levelling.items() if _off(told[name], usual[name], way)]
        if not found:
            return "", {}
        values = (f"{one} {told[one]:g}" if _is_number(told[one]) else one for one in found)
        defaults = [f"{usual[name]:g}" for name in found if _is_number(usual[name])]
        as_usual = f", for {defaults[0]}" if len(defaults) == len(found) == 1 else ""
        said = f"by {' and '.join(values)} X tells nothing"
        return f"{said}; leave {' and '.join(found)} out{as_usual}", dict.fromkeys(found)

    @property
    def swamped(self) -> float:
        """How many times as far as another a column must spread to drown that, where it does so
        only from somewhere on."""
        return np.inf

    @property
    def iterates(self) -> bool:
        """Whether training with these hyperparameters will report its progress."""
        return self.iterating

    def stretch(self) -> float:
        """Roughly how many operations training does between two reports of its progress, or
        altogether where it gives none; of a model that was examined."""
        n, p = self.n_samples_, self.n_features_in_
        return float(n) * p * (min(n, p) + 20) * self._n_outputs  # 20 for sorting, or logarithms

    @property
    def least_rows(self) -> int:
        """Rows to train on that these hyperparameters need."""
        return 1

    def least_memory(self) -> int:
        """Bytes that training surely takes, of a model that was examined: X as it arrives, and
        as an array."""
        return 2 * 8 * self.n_samples_ * self.n_features_in_

    def expected_memory(self) -> int:
        """Bytes that training takes, of a model that was examined: measured, and rounded up."""
        n, p, k = self.n_samples_, self.n_features_in_, self._n_outputs
        return int(8 * (self.copies * n * p + 2 * n * k)) + 150 * n  # of y there is a list, too

    def row_cost(self) -> float:
        """Roughly how many operations predicting for one row takes, of a trained model: most
        types use each number that they learned once."""
        return 50.0 + sum(np.size(learned) for learned in self.state().values())

    def refuse_rows(self, X: FloatArray) -> None:
        """Raise `InvalidRequest` for the rows, of all that are asked about, that cannot be
        predicted for; a type overrides it that has such rows."""
        return

    def predict(self, X: object) -> NDArray[Any]:
        """Predict for each row of X `(n_rows, n_features)`.

        Answers labels as they were given, `(n_rows,)`; floats for regression; cluster indices;
        or projected coordinates `(n_rows, n_components)`. Ties go to the smallest label.
        """
        rows = self._rows(X)
        with np.errstate(all="ignore"):
            predicted = self._predict(rows)
        if self.classes_ is not None:
            labels: NDArray[Any] = self.classes_[predicted]
            return labels
        return self._finite(predicted, rows) if predicted.dtype.kind == "f" else predicted

    def predict_proba(self, X: object) -> FloatArray:
        """Probabilities `(n_rows, n_classes)` in the order of `classes_` (or of the clusters).

        Raises `InvalidRequest` where the type, or the task it was trained for, has none.
        """
        if not self.has_probabilities:
            other = _WITH_PROBABILITIES.get(self.task_)
            also = f", or train a type that gives them, such as {other}" if other else ""
            raise InvalidRequest.at(
                ("probabilities",),
                f"this {self.model_type()} model gives no probabilities; leave probabilities out"
                f"{also}",
                "no_probabilities",
                remedies=[Advice("without probabilities", {"probabilities": None})],
            )
        rows = self._rows(X)
        with np.errstate(all="ignore"):
            return self._finite(self._predict_proba(rows), rows)

    def class_scores(self, X: object) -> FloatArray:
        """Scores `(n_rows, n_classes)` of a type that `gives_scores`: the largest one's class is
        answered, and by how much it leads tells how close a call that was."""
        rows = self._rows(X)
        with np.errstate(all="ignore"):
            return self._finite(self._class_scores(rows), rows)

    def score(self, X: object, y: object = None) -> float | None:
        """How well the model does on X (and y), in the unit that `metric_name` says.

        None where it is undefined: r2 of one row or of a constant y.
        """
        rows = self._rows(X)
        target = None if y is None else arrays.target(y, ("y",))
        with np.errstate(all="ignore"):
            value = self._score(rows, target)
        return value if value is not None and np.isfinite(value) else None

    @property
    def has_probabilities(self) -> bool:
        return self.gives_probabilities and self.task_ in ("classification", "clustering")

    @property
    def metric_name(self) -> str:
        return self.metric or ("accuracy" if self.task_ == "classification" else "r2")

    @classmethod
    def summary(cls) -> str:
        """What the type computes, in one line."""
        return (cls.__doc__ or "").strip().partition("\n")[0]

    @classmethod
    def supervised(cls) -> bool:
        return cls.tasks[0] in _SUPERVISED

    def state(self) -> dict[str, Any]:
        """What was learned: arrays, numbers and lists of numbers, by name."""
        return {name: value for name, value in vars(self).items() if name.endswith("_")}

    @classmethod
    def restored(cls, hyperparameters: Mapping[str, Any], state: Mapping[str, Any]) -> Self:
        """The trained model that had these hyperparameters and this `state`.

        A newer program may have trained it with hyperparameters that are unknown here. They
        shaped what was learned, and are not needed to predict.
        """
        names = {field.name for field in fields(cls)}
        model = cls(**{n: value for n, value in hyperparameters.items() if n in names})
        vars(model).update(state)
        return model

    # --------------------------------------------------------------- what a type provides

    @abstractmethod
    def _fit(self, X: FloatArray, y: Any) -> None:
        """Learn from finite float64 X and from y: class codes (intp, every class occurs, at
        least two), float64 values, or None, as `self.task_` says."""

    def _check(self, X: FloatArray, y: Any) -> None:
        """Raise `InvalidRequest` for what can be seen to be wrong before anything is trained: a
        hyperparameter that does not fit X `(n_samples, n_features)` or y, as `_fit` gets them."""
        return

    @abstractmethod
    def _predict(self, X: FloatArray) -> NDArray[Any]:
        """Class codes, values, cluster indices or coordinates for each row; no Python loop
        over rows."""

    def _predict_proba(self, X: FloatArray) -> FloatArray:
        raise AssertionError("gives_probabilities without _predict_proba")  # pragma: no cover

    def _class_scores(self, X: FloatArray) -> FloatArray:
        raise AssertionError("gives_scores without _class_scores")  # pragma: no cover

    def reconstructed(self, coordinates: FloatArray) -> FloatArray:
        """What a projection keeps of rows, `(n, n_features)`, of what it answered for them."""
        raise AssertionError("not a projection")  # pragma: no cover

    def _score(self, X: FloatArray, y: Target | None) -> float | None:
        """The score on X; y as it was given, not encoded. Unsupervised types override this."""
        assert y is not None
        predicted = self.predict(X)
        if self.task_ == "classification":
            return float(np.mean(predicted == y))
        truth = y.astype(np.float64)
        if truth.min() == truth.max():  # whose mean may be off by a rounding
            return None
        scale = np.abs(truth).max()  # squares of 1e200 do not fit, nor do sums of 1e308
        truth, predicted = truth / scale, predicted / scale
        total = float(np.sum((truth - truth.mean()) ** 2))
        residual = float(np.sum((truth - predicted) ** 2))
        return 1.0 - residual / total if total > 0.0 else None

    # ------------------------------------------------------------------- for types to call

    def _iterated(
        self, n_iter: int, *, of: int, loss: float | None = None, shown: bool = True
    ) -> None:
        """Note that iteration `n_iter` of at most `of` is done, with the loss it reached, which
        goes into the loss curve if it is to be `shown`."""
        self.n_iter_ = n_iter
        if loss is not None and shown:
            if self.loss_curve_ is None:
                self.loss_curve_ = []
            self.loss_curve_.append(float(loss))
        if self._watch is not None:
            self._watch(min(1.0, n_iter / of), loss)

    def _rng(self) -> np.random.Generator:
        return np.random.default_rng(self.random_state)

    # ------------------------------------------------------------------------- in this room

    @property
    def _n_outputs(self) -> int:
        return 1 if self.classes_ is None else len(self.classes_)

    def _resolve(self, y: object) -> Any:
        """Decide the task, and turn y into what `_fit` takes for it."""
        if not self.supervised():
            if y is not None:
                raise InvalidRequest.at(
                    ("y",),
                    f"{self.model_type()} learns from X alone, and y was sent; leave y out",
                    "no_y",
                    remedies=[Advice("y is left out", {"y": None})],
                )
            self.task_: Task = self.tasks[0]
            return None
        if y is None:
            raise InvalidRequest.at(
                ("y",),
                f"{self.model_type()} needs y, a list with a label or number for each row of X",
                "missing",
            )
        target = arrays.target(y, ("y",))
        if len(target) != self.n_samples_:
            raise InvalidRequest.at(
                ("y",),
                f"y has {counted(len(target), 'value')} where X has "
                f"{counted(self.n_samples_, 'row')}; give one for each"
                + arrays.of_commas(target.tolist(), self.n_samples_),
                "length",
            )
        self.task_ = self._task_for(target)
        if self.task_ == "regression":
            return arrays.values(target, ("y",), self._of_labels())
        self.classes_, codes = arrays.classes(target, ("y",), "regression" in self.tasks)
        return codes

    def _of_labels(self) -> str:
        """What to do with labels where numbers are learned."""
        if self.tasks == ("regression",):
            return only_numbers(self.model_type())
        return "task is regression; leave task out to have labels learned"

    def _task_for(self, y: Target) -> Task:
        asked: Task | None = getattr(self, "task", None)
        if asked is not None:
            return asked
        if self.tasks == ("regression",) or natural_task(y) == "classification":
            return self.tasks[0]
        either = "regression" in self.tasks
        if (y != np.trunc(y)).any():
            return "regression" if either else self.tasks[0]
        different = len(np.unique(y))
        looks = f"y looks like a quantity: its {len(y)} whole numbers have {different} values"
        if either:
            self._advice.append(
                Advice(
                    f"{looks}, so the model predicts a number (regression). If they are labels, "
                    "set task to classification.",
                    {"task": "classification"},
                )
            )
            return "regression"
        self._advice.append(
            Advice(
                f"{looks}, and {self.model_type()} takes each for a class of its own. To predict "
                "a number, register it as linear_regression, decision_tree or knn.",
                {"model_type": "decision_tree"},
            )
        )
        return self.tasks[0]

    def _rows(self, X: object) -> FloatArray:
        if not isinstance(X, np.ndarray) or X.dtype != np.float64:
            X = arrays.matrix(X, ("X",))
        elif X.ndim != 2 or not np.isfinite(X).all():
            X = arrays.matrix(X, ("X",))  # says what is wrong, and where
        if X.shape[1] != self.n_features_in_:
            raise InvalidRequest.at(
                ("X",),
                f"a row has {counted(X.shape[1], 'feature')} where the model was trained on "
                f"{self.n_features_in_}; give {self.n_features_in_} in each",
                "n_features",
            )
        return X

    def _finite(self, answer: NDArray[Any], X: FloatArray) -> NDArray[Any]:
        wrong = ~np.isfinite(answer.reshape(len(X), -1)).all(axis=1)
        if wrong.any():
            rows = np.flatnonzero(wrong)[:COUNTED].tolist()
            most = self._size_of_y() if self.task_ == "regression" else 0.0
            refuse(too_large_an_answer(row, most) for row in rows if most > np.abs(X[row]).max())
            refuse(too_large(X, rows))
        return answer

    def _size_of_y(self) -> float:
        """About how large the y was that a regression learned; a type overrides it whose
        predictions can overflow by that."""
        return 0.0

    def _refuse_overflow(self, X: FloatArray) -> None:
        for value in self.state().values():
            if isinstance(value, (np.ndarray, float, list)):
                array = np.asarray(value)
                if array.dtype.kind == "f" and not np.isfinite(array).all():
                    raise too_large_in_all(X)


def _is_number(value: object) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def _off(value: Any, usual: Any, way: int) -> bool:
    """Whether a hyperparameter lies that way from what it is by default."""
    if way == 0 or usual is None:
        return bool(value != usual)
    return bool(way * (np.max(value) - usual) > 0)


def natural_task(y: Target) -> Task:
    """What y asks for where nobody says it: numbers that are not whole, or whole ones of many
    values with few rows each, are a quantity, all others labels."""
    if y.dtype.kind not in "if":
        return "classification"
    if (y != np.trunc(y)).any():
        return "regression"
    different = len(np.unique(y))
    labels = different <= MANY or len(y) >= ROWS_EACH * different
    return "classification" if labels else "regression"
