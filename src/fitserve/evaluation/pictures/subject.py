"""What pictures are taken of: a model, what is told of it, and the rows that were kept with it."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol, Self, TypeVar

import numpy as np
from numpy.typing import NDArray

from fitserve.data.arrays import FloatArray
from fitserve.data.columns import Columns
from fitserve.evaluation.folds import Rows
from fitserve.models.base import Model

T = TypeVar("T")

OPERATIONS = 1e9
"""What one picture may take: some second."""


class LeftOut(Exception):
    """A picture would take too long; says so in one sentence."""


class Over(Protocol):
    """Does work in turn with what else is long: `predict` of each block of `n_rows` rows, one of
    which takes `cost` operations, in their order. Raises `LeftOut` where there is no time."""

    def __call__(self, n_rows: int, cost: float, predict: Callable[[slice], T], /) -> list[T]: ...


@dataclass
class Budget:
    """What a picture may still take."""

    over: Over
    row_cost: float
    """Operations that predicting for one row takes."""
    left: float = OPERATIONS

    def anew(self) -> Self:
        return type(self)(self.over, self.row_cost, OPERATIONS)

    def rows(self, beside: float = 0.0) -> int:
        """How many can be predicted, where each takes so many operations beside."""
        return int(self.left / (self.row_cost + beside))

    def ask(
        self,
        predict: Callable[[FloatArray], NDArray[Any]],
        X: FloatArray,
        beside: float = 0.0,
    ) -> NDArray[Any]:
        """`predict(X)`, such as `model.predict`, block by block, of rows that take so many
        operations beside being predicted. Raises `LeftOut`."""
        if not len(X):
            return predict(X)
        cost = self.row_cost + beside
        self._spend(len(X) * cost)
        return np.concatenate(self.over(len(X), cost, lambda rows: predict(X[rows])))

    def work(self, operations: float, do: Callable[[], T]) -> T:
        """What `do` answers, which takes so many operations at a stretch. Raises `LeftOut`."""
        self._spend(operations)
        return self.over(1, operations, lambda _: do())[0]

    def _spend(self, operations: float) -> None:
        if operations > self.left:
            raise LeftOut("This model is too large for it to be drawn in the time there is.")
        self.left -= operations


@dataclass(frozen=True)
class Sample:
    """Rows that were kept with a model, `(m, ...)`."""

    rows: Rows
    """Their numbers: the lines of a CSV, else from 0."""
    X: FloatArray
    """Encoded, as the model sees them."""
    y: NDArray[Any] | None = None
    """Codes of the classes, or values."""
    predicted: NDArray[Any] | None = None
    """By models that had not seen them, as y; None where none were held out."""
    probabilities: FloatArray | None = None
    """`(m, n_classes)`, by those models."""
    scores: FloatArray | None = None
    """`(m, n_classes)`: by how much each class won or lost, by those models."""

    @classmethod
    def restored(cls, state: Mapping[str, Any]) -> Self:
        return cls(**{name: state[name] for name in cls.__dataclass_fields__ if name in state})


@dataclass(frozen=True)
class Subject:
    model: Model
    described: Mapping[str, Any]
    """What is told of it, as at GET /models/TYPE/ID."""
    names: Sequence[str]
    """Of the matrix's columns, all of them."""
    columns: Columns | None
    """What was learned of a table's columns; None where X came as it is."""
    sample: Sample | None
    budget: Budget

    @property
    def labels(self) -> list[Any]:
        """Of a classifier's classes, all of them; of groups their numbers."""
        return [] if self.model.classes_ is None else self.model.classes_.tolist()
