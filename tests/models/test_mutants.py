"""The conformance suite turns red: twelfth types, each wrong in one way."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from pydantic import Field

from fitserve.data.arrays import FloatArray
from fitserve.models.base import Codes, Model, Task
from fitserve.models.hyperparameters import hyperparameters
from tests.models import test_conformance as suite


@hyperparameters
class Nearest(Model):
    """The class whose mean is nearest: right in every way that the suite looks at."""

    tasks = ("classification",)
    shrink: float = Field(default=0.0, ge=0.0, le=1.0, description="Draws means together.")

    def _fit(self, X: FloatArray, y: Codes) -> None:
        self.unit_ = float(np.abs(X).max()) or 1.0
        X = X / self.unit_
        means = np.array([X[y == k].mean(axis=0) for k in range(int(y.max()) + 1)])
        self.means_ = means + self.shrink**3 * (X.mean(axis=0) - means)

    def _predict(self, X: FloatArray) -> Codes:
        codes: Codes = self._distances(X / self.unit_).argmin(axis=1)
        return codes

    def _distances(self, X: FloatArray) -> FloatArray:
        squares: FloatArray = ((X[:, None] - self.means_) ** 2).sum(axis=2)
        return squares


@hyperparameters
class Mean(Model):
    """The mean of the rows that are nearest to within a distance."""

    tasks = ("regression",)

    def _fit(self, X: FloatArray, y: FloatArray) -> None:
        self.X_, self.y_ = X.copy(), y.copy()

    def _predict(self, X: FloatArray) -> FloatArray:
        near = ((X[:, None] - self.X_) ** 2).sum(axis=2) <= 0.01
        return np.array([self._middle(self.y_[row]) if row.any() else 0.0 for row in near])

    def _middle(self, y: FloatArray) -> float:
        return float(y.mean())


@hyperparameters
class LargestLabel(Nearest):
    """Ties go to the largest label."""

    def _predict(self, X: FloatArray) -> Codes:
        last: Codes = len(self.means_) - 1 - self._distances(X / self.unit_)[:, ::-1].argmin(axis=1)
        return last


@hyperparameters
class MidRange(Mean):
    """The middle between the least and the greatest."""

    def _middle(self, y: FloatArray) -> float:
        return float(y.min() + y.max()) / 2.0


@hyperparameters
class Single(Nearest):
    """Keeps what it learned in single precision."""

    def _fit(self, X: FloatArray, y: Codes) -> None:
        super()._fit(X, y)
        self.means_: NDArray[Any] = self.means_.astype(np.float32)


@hyperparameters
class SingleInside(Nearest):
    """Computes in single precision."""

    def _fit(self, X: FloatArray, y: Codes) -> None:
        super()._fit(X, y)
        self.means_ = self.means_.astype(np.float32).astype(np.float64)


@hyperparameters
class Overwriting(Nearest):
    """Forgets what it was asked for."""

    def _fit(self, X: FloatArray, y: Codes) -> None:
        super()._fit(X, y)
        self.shrink = 0.0


@hyperparameters
class Idle(Nearest):
    """Has a hyperparameter that does nothing."""

    alpha: float = Field(default=1.0, ge=0.0)


@hyperparameters
class Overflowing(Nearest):
    """Squares overflow to infinity, and ties go to the first class."""

    def _fit(self, X: FloatArray, y: Codes) -> None:
        super()._fit(X, y)
        self.means_, self.unit_ = self.means_ * self.unit_, 1.0


Check = Callable[[type[Model], Task], None]


def ties(cls: type[Model], task: Task) -> None:
    suite.test_classes_that_are_alike_tie_to_the_smallest_label(cls, ["c", "a", "b"])


def idle(cls: type[Model], task: Task) -> None:
    suite.test_every_hyperparameter_does_something(cls)


FAULTS: list[tuple[type[Model], type[Model], Check]] = [
    (LargestLabel, Nearest, ties),
    (MidRange, Mean, suite.test_values_for_one_row_come_out_as_their_mean),
    (Single, Nearest, suite.test_what_is_learned_is_kept_in_double_precision),
    (SingleInside, Nearest, suite.test_what_is_learned_is_kept_in_double_precision),
    (Overwriting, Nearest, suite.test_fitting_leaves_the_hyperparameters_alone),
    (Idle, Nearest, idle),
    (Overflowing, Nearest, suite.test_a_scale_of_1e160_is_refused_or_learned),
]


@pytest.mark.parametrize(("wrong", "right", "check"), FAULTS)
def test_a_type_that_is_wrong_turns_the_suite_red(
    wrong: type[Model], right: type[Model], check: Check
) -> None:
    check(right, right.tasks[0])
    with pytest.raises(AssertionError):
        check(wrong, wrong.tasks[0])
