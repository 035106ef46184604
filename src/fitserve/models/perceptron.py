"""Rosenblatt's perceptron."""

import math
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Literal

import numpy as np
from pydantic import Field

from fitserve.data.arrays import FloatArray
from fitserve.data.names import meant
from fitserve.errors import Advice, Fault
from fitserve.models.base import Codes, Model
from fitserve.models.hyperparameters import COUNT, Instead, hyperparameters, sized
from fitserve.models.numerics import (
    LOSSES,
    class_of,
    column_means,
    linear_scores,
    of_each_class,
    one_vs_rest,
)

_HELD = 2**20  # scores that are held at a time


@hyperparameters
class Perceptron(Model):
    """A plane that is moved by each row on its wrong side: one class against the rest.

    Rosenblatt's rule (Psychological Review 65, 1958), `w += eta0 * y * x` for each mistake, in
    blocks of sqrt(n) rows: the mistakes of a block are found together and added together. Rows
    are shuffled into blocks once, the order of the blocks is shuffled in each epoch. Where a
    plane without mistakes exists it is found, after at most sqrt(n) R^2 / margin^2 mistakes
    (Novikoff's bound, times the size of a block), if `tol` does not stop the search before.
    Where there is none, the rule alone would keep its last plane, good or bad. Kept is the one
    with the fewest mistakes on the training rows (the pocket: Gallant 1990), out of each epoch's
    last plane and its average plane (Freund and Schapire 1999).

    With an intercept, the rows are taken from their mean. All columns are measured in one common
    unit, the power of two next to their root mean square, so that a change of unit changes
    nothing; columns are not scaled against each other. The loss is the mean over rows of
    `max(0, -y w.x)`, summed over the one-vs-rest problems, in that unit; `tol` and `alpha` are
    in it too. Of `coef_` and `intercept_` only the direction has a meaning.
    """

    tasks = ("classification",)
    gives_scores = True
    copies = 5.0
    scale_matters = True
    iterating = True
    aliases = {"max_iters": "max_iter"}  # noqa: RUF012
    needing = {"alpha": {"penalty": "l2"}, "n_iter_no_change": {"tol": 1e-3}}  # noqa: RUF012
    levelling = {"alpha": 1, "fit_intercept": 0}  # noqa: RUF012

    penalty: Literal["l1", "l2"] | None = Field(
        default=None, description="Shrink the weights: by a share (l2) or by an amount (l1)."
    )
    alpha: float = Field(
        default=1e-4, ge=0.0, description="Strength of the penalty, if there is one."
    )
    fit_intercept: bool = Field(default=True, description="Let the plane miss the origin.")
    max_iter: int = Field(
        default=1000, ge=1, le=COUNT, description="Most epochs: passes over the rows."
    )
    tol: float | None = Field(
        default=1e-3,
        ge=0.0,
        description="Stop when n_iter_no_change epochs did not lower the loss by this much; "
        "null: only when there are no mistakes.",
    )
    shuffle: bool = Field(default=True, description="Take the rows in random order.")
    eta0: float = Field(
        default=1.0,
        gt=0.0,
        le=1e100,
        description="Size of a step: scales the loss, see tol, and the l2 penalty, and changes "
        "nothing else.",
    )
    n_iter_no_change: int = Field(
        default=5, ge=1, le=COUNT, description="Epochs of patience; see tol."
    )
    class_weight: Literal["balanced"] | None = Field(
        default=None, description="balanced: rows of rare classes weigh more."
    )

    @classmethod
    def _elsewhere(cls, name: str, value: object) -> Instead | None:
        if isinstance(value, bool) and (name.lower() == "l1" or meant(name, ("lam",))):
            penalty = ("l1" if name.lower() == "l1" else "l2") if value else None
            said = f'write "penalty": "{penalty}"' if penalty else "leave it out"
            instead = Advice(f"penalty is {penalty}", {name: None, "penalty": penalty})
            return f"there is no {name!r}; {said}", "penalty" if penalty else "", instead
        inverse = cls._of_C(name, value)
        alpha = sized(value) if inverse is None else inverse
        if alpha is None or (inverse is None and not meant(name, ("lam",))):
            return super()._elsewhere(name, value)
        said = (
            f'there is no {name!r}; write "alpha": {alpha:.6g} and beside it "penalty": "l2" or '
            '"l1", without which alpha does nothing'
        )
        l2 = {name: None, "alpha": alpha, "penalty": "l2"}
        return said, "alpha", Advice(f"an l2 penalty with alpha {alpha:.6g}", l2)

    @classmethod
    def _by_name(cls, fault: Fault, named: Mapping[str, Any]) -> Fault:
        alpha = sized(named.get("penalty"))
        if fault.loc != ("penalty",) or alpha is None:
            return super()._by_name(fault, named)
        said = f'{fault.msg}; write "penalty": "l2" and beside it "alpha": {alpha:.6g}'
        strong = Advice(f"an l2 penalty with alpha {alpha:.6g}", {"penalty": "l2", "alpha": alpha})
        return replace(fault, msg=said, remedies=(strong,))

    def _fit(self, X: FloatArray, y: Codes) -> None:
        rng = self._rng()
        if self.shuffle:
            order = rng.permutation(len(X))
            X, y = X[order], y[order]
        rows, unit, mean = self._measured(X)
        counts = np.bincount(y)
        signs = one_vs_rest(counts, balanced=self.class_weight is not None)
        weight = (1.0 / counts if self.class_weight is not None else np.ones(len(counts)))[y]

        W = np.zeros((rows.shape[1], signs.shape[1]))
        pocket, fewest = W, np.inf
        lowest, stale = np.inf, 0
        stride = -(-self.max_iter // LOSSES)
        for epoch in range(1, self.max_iter + 1):
            total, loss = self._epoch(rows, y, W, signs, rng)
            for plane in (W, total):
                mistakes = float(weight[_classes(rows, plane) != y].sum())
                if mistakes < fewest:
                    pocket, fewest = plane.copy(), mistakes
            if self.tol is not None:
                stale = stale + 1 if loss > lowest - self.tol else 0
                lowest = min(lowest, loss)
            self.converged_ = fewest == 0.0 or stale >= self.n_iter_no_change
            shown = self.converged_ or epoch % stride == 0
            self._iterated(epoch, of=self.max_iter, loss=loss, shown=shown)
            if self.converged_:
                break
        self.coef_ = np.ascontiguousarray(pocket[: X.shape[1]].T) * unit
        self.intercept_ = -(self.coef_ @ mean)
        if self.fit_intercept:
            self.intercept_ += pocket[-1]

    def _measured(self, X: FloatArray) -> tuple[FloatArray, float, FloatArray]:
        """X from its mean, in its own unit, beside a column of ones; the unit; the mean."""
        largest = 2.0 ** -min(max(np.frexp(np.abs(X).max())[1], -1000), 1000)
        rows = np.ones((len(X), X.shape[1] + self.fit_intercept))
        data = rows[:, : X.shape[1]]
        np.multiply(X, largest, out=data)  # now no sum and no square overflows
        mean = np.zeros(X.shape[1])
        if self.fit_intercept:
            mean = column_means(data)
            data -= mean
        size = np.sqrt(np.einsum("ij,ij->", data, data) / data.size)
        unit = 2.0 ** -np.rint(np.log2(size)) if size > 0.0 else 1.0
        data *= unit
        return rows, largest * unit, mean / largest

    def _epoch(
        self, rows: FloatArray, y: Codes, W: FloatArray, signs: FloatArray, rng: np.random.Generator
    ) -> tuple[FloatArray, float]:
        """Move W by every block of rows; the sum of the planes on the way, and the mean loss."""
        size = math.ceil(math.sqrt(len(rows)))
        starts = np.arange(0, len(rows), size)
        if self.shuffle:
            rng.shuffle(starts)
        weights = W[: len(W) - self.fit_intercept]  # the intercept is not shrunk
        total, loss = np.zeros_like(W), 0.0
        for start in starts.tolist():
            block = rows[start : start + size]
            sign = signs[y[start : start + size]]
            margins = block @ W
            margins *= sign
            wrong = margins <= 0.0
            loss -= np.minimum(margins, 0.0).sum()
            if self.penalty == "l2":
                weights *= max(0.0, 1.0 - self.eta0 * self.alpha) ** len(block)
            W += block.T @ (sign * wrong)
            if self.penalty == "l1":  # W is in units of eta0, which so is not seen here
                left = np.maximum(np.abs(weights) - self.alpha * len(block), 0.0)
                np.copysign(left, weights, out=weights)
            total += W
        return total, float(loss) * self.eta0 / len(rows)

    def _predict(self, X: FloatArray) -> Codes:
        return class_of(self._finite(linear_scores(X, self.coef_, self.intercept_), X))

    def _class_scores(self, X: FloatArray) -> FloatArray:
        return of_each_class(linear_scores(X, self.coef_, self.intercept_))


def _classes(rows: FloatArray, W: FloatArray) -> Codes:
    """The class of each row by the planes W, in blocks that bound the memory."""
    size = max(1, _HELD // W.shape[1])
    blocks = [class_of(rows[start : start + size] @ W) for start in range(0, len(rows), size)]
    return np.concatenate(blocks)
