"""Logistic regression: two classes by the sigmoid, more by the softmax."""

from collections.abc import Callable
from typing import ClassVar, Literal

import numpy as np
from pydantic import Field

from fitserve.data.arrays import FloatArray
from fitserve.models.base import Codes, Model
from fitserve.models.hyperparameters import COUNT, Drowned, hyperparameters
from fitserve.models.numerics import (
    EPS,
    column_means,
    gradient_descent,
    power_of_two,
    spectral_norm,
    too_weak,
)

DENSE = 500
"""Columns up to which Newton's steps are preconditioned by blocks of the Hessian."""
BLOCK = 60_000
"""Numbers of the weighed columns in one block of a sum."""
PATIENCE = 10
"""Rounds of conjugate gradients after which the next step gets new blocks."""


@hyperparameters
class LogisticRegression(Model):
    """Class probabilities whose logarithms are weighted sums of the columns.

    Minimises the mean log-loss plus |w|^2 / (2 C n), which is what `loss_curve_` holds, by
    Newton's method with a line search; its steps are solved by conjugate gradients, preconditioned
    by the blocks of the Hessian that belong to one class (Nocedal, Wright, Numerical Optimization,
    2nd ed., 7.1; Hastie, Tibshirani, Friedman, The Elements of Statistical Learning, 2nd ed.,
    4.4.1). Columns are centred and scaled for the computation and the penalty with them, so that
    the minimum stays where it is. It has converged when the next step would change the decision
    function by less than `tol` (its norm in the Hessian), and the loss by less than that share of
    it, which on separable data is far less; that step is still taken.

    With `learning_rate`: gradient descent from zero on the columns as they are, until the loss is
    within the share `tol` of its minimum. What it is above that is bounded by C n / 2 times the
    squared gradient of w, at the constant term that is best for w (Boyd, Vandenberghe, Convex
    Optimization, 9.1.2).
    """

    tasks = ("classification",)
    scale_matters = True
    iterating = True
    gives_probabilities = True
    aliases: ClassVar = {"alpha": "learning_rate", "max_iterations": "max_iter"}
    strength = "C"
    misread = frozenset({"alpha"})
    levelling: ClassVar = {"C": -1, "fit_intercept": 0}

    C: float = Field(
        default=1.0,
        gt=0.0,
        description="Inverse of the strength of the penalty on the squared coefficients.",
    )
    fit_intercept: bool = Field(default=True, description="Whether to learn a constant term.")
    class_weight: Literal["balanced"] | None = Field(
        default=None,
        description='Weights of the rows: all equal, or "balanced": in inverse proportion to how '
        "frequent their class is.",
    )
    learning_rate: float | None = Field(
        default=None,
        gt=0.0,
        description="Step of plain gradient descent; left out, Newton's method is used.",
    )
    max_iter: int = Field(default=100, ge=1, le=COUNT, description="Iterations at most.")
    tol: float = Field(default=1e-4, ge=0.0, description="When to stop: see the type's summary.")

    def expected_memory(self) -> int:
        return super().expected_memory() + 8 * 11 * self.n_samples_ * self._n_outputs

    def drowned(self, reach: float) -> Drowned | None:
        pull = {"C": self.C * self.n_samples_}
        return too_weak(reach, pull, self.learning_rate, self.max_iter)

    def _fit(self, X: FloatArray, y: Codes) -> None:
        counts = np.bincount(y)
        weight = np.full(len(y), 1.0 / len(y))
        if self.class_weight == "balanced":
            weight = 1.0 / (len(counts) * counts[y])
        if self.learning_rate is not None:
            self._descend(X, y, weight, self.learning_rate)
        else:
            self._newton(X, y, weight)

    def _learned(self, theta: FloatArray, mean: FloatArray, unit: FloatArray) -> None:
        """Keep what `theta`, coefficients and constants, says of (X - mean) / unit."""
        self.coef_ = theta[:, :-1] / unit
        self.mean_ = mean
        self.level_ = theta[:, -1] - (theta[:, -1].mean() if len(theta) > 1 else 0.0)
        self.intercept_ = self.level_ - self.coef_ @ mean

    def _decision(self, X: FloatArray) -> FloatArray:
        """Log-odds, `(1, n_rows)`, or logarithms of the probabilities up to a constant,
        `(n_classes, n_rows)`; centred as in training, so that a large offset drowns nothing."""
        X = X - self.mean_
        decision: FloatArray = self.coef_ @ X.T + self.level_[:, None]
        # A matrix product rounds a row differently in another batch. Where that could decide,
        # add up in an order that is always the same.
        if len(decision) == 1:
            close = np.abs(decision[0]) <= 1e-9
        else:
            top = decision.max(axis=0)
            close = (decision >= top - 1e-9 * (1.0 + np.abs(top))).sum(axis=0) > 1
        if close.any():
            decision[:, close] = np.einsum("kj,ij->ki", self.coef_, X[close])
            decision[:, close] += self.level_[:, None]
        return decision

    def _probabilities(self, X: FloatArray) -> FloatArray:
        """`(n_classes, n_rows)`"""
        decision = self._decision(X)
        if len(decision) == 1:
            decision = np.vstack([np.zeros_like(decision), decision])
        P: FloatArray = np.exp(decision - decision.max(axis=0))
        P /= P.sum(axis=0)
        return P

    def _predict(self, X: FloatArray) -> Codes:
        codes: Codes = self._finite(self._probabilities(X).T, X).argmax(axis=1)
        return codes

    def _predict_proba(self, X: FloatArray) -> FloatArray:
        return np.ascontiguousarray(self._probabilities(X).T)

    # ---------------------------------------------------------------------------- Newton

    def _newton(self, X: FloatArray, y: Codes, weight: FloatArray) -> None:
        n, p = X.shape
        unit = np.ones(p)
        if not 1e-100 < max(X.max(), -X.min()) < 1e100:  # squares might not fit
            unit = power_of_two(np.abs(X).max(axis=0))
            X = X / unit
        mean = column_means(X) if self.fit_intercept else np.zeros(p)
        A = np.empty((p + 1, n))
        A[p] = float(self.fit_intercept)
        centred = np.subtract(X.T, mean[:, None], out=A[:p])
        spread = np.sqrt(np.einsum("ij,ij->i", centred, centred) / n)
        spread[spread <= 4 * EPS * np.abs(mean)] = np.inf  # constant but for rounding: no share
        # A column of 1e-300 is left small: its penalty could not be told as a number.
        scale = np.maximum(unit * spread, 1e-100)
        centred *= (unit / scale)[:, None]
        penalty = np.append(np.minimum(1.0 / scale**2 / n / self.C, 1e300), 0.0)
        problem = Problem(A, y, weight, penalty)

        theta = np.zeros((problem.width, p + 1))
        decision = np.zeros((problem.width, n))
        loss, P = problem.loss(decision, theta)
        self.converged_ = False
        for i in range(1, self.max_iter + 1):
            gradient = problem.gradient(P, theta)
            step, change = problem.newton_step(P, gradient)
            slope = float((gradient * step).sum())
            t, rounding = 1.0, 1e-13 * abs(loss)
            while True:  # halve the step until the loss falls as the slope promises
                trial = decision + t * change
                new_loss, new_P = problem.loss(trial, theta + t * step)
                if new_loss <= loss + 1e-4 * t * slope + rounding or t < 1e-10:
                    break
                t /= 2.0
            if t >= 1e-10:
                theta, decision, loss, P = theta + t * step, trial, new_loss, new_P
            self._iterated(i, of=self.max_iter, loss=loss)
            decrement = max(-slope, 0.0) if step.any() else problem.left
            near = min(self.tol * self.tol, 2.0 * self.tol * loss)
            self.converged_ = bool(decrement <= near)
            if self.converged_ or t < 1e-10:
                break
        self._learned(theta, mean * unit, scale)

    # -------------------------------------------------------------------------- descending

    def _descend(self, X: FloatArray, y: Codes, weight: FloatArray, rate: float) -> None:
        n, p = X.shape
        A = np.vstack([X.T, np.full(n, float(self.fit_intercept))])
        problem = Problem(A, y, weight, np.append(np.full(p, 1.0 / n / self.C), 0.0))

        def objective(theta: FloatArray) -> tuple[float, FloatArray]:
            loss, P = problem.loss(theta @ A, theta)
            return loss, problem.gradient(P, theta)

        def curvature(X: FloatArray) -> float:
            columns = np.column_stack([X, A[p]])
            norm = spectral_norm(columns * np.sqrt(weight)[:, None])
            bound = 0.25 if problem.width == 1 else 0.5  # of p (1 - p); of diag(p) - pp'
            return float(bound * norm * norm + problem.penalty.max())

        def close(theta: FloatArray, loss: float, gradient: FloatArray) -> bool:
            enough, best = self.tol * loss, loss
            if (gradient[:, -1] ** 2).sum() > enough:  # the constant term alone has more to gain
                return False
            if _excess(gradient) > enough:
                return False
            if self.fit_intercept:
                best, gradient = problem.levelled(theta)
            excess = loss - best + _excess(gradient)
            return excess <= self.tol * (loss - excess)

        def _excess(gradient: FloatArray) -> float:
            return float((gradient[:, :-1] ** 2).sum() / (2.0 * problem.penalty[0]))

        theta, self.converged_, self.step_bound = gradient_descent(
            objective,
            np.zeros((problem.width, p + 1)),
            rate=rate,
            max_iter=self.max_iter,
            stop=close,
            iterated=self._iterated,
            curvature=curvature,
            X=X,
        )
        self._learned(theta, np.zeros(p), np.ones(p))


class Problem:
    """Loss, gradient and Hessian for columns A `(q, n)` and coefficients `(width, q)`.

    The width is 1 for two classes (the sigmoid, of class 1) and n_classes for more. All is
    stored with the samples last, where NumPy is fast.
    """

    def __init__(self, A: FloatArray, y: Codes, weight: FloatArray, penalty: FloatArray) -> None:
        self.A, self.y, self.weight, self.penalty = A, y, weight, penalty
        n_classes = int(y.max()) + 1
        self.width = n_classes if n_classes > 2 else 1
        self.truth = (y == np.arange(n_classes)[:, None])[-self.width :].astype(np.float64)
        self._inverses: FloatArray | None = None

    def loss(self, decision: FloatArray, theta: FloatArray) -> tuple[float, FloatArray]:
        """The loss, and the probabilities `(width, n)`."""
        if self.width == 1:
            e = np.exp(-np.abs(decision))
            P = np.where(decision >= 0.0, 1.0, e) / (1.0 + e)
            each = np.log1p(e) + np.maximum(decision, 0.0) - decision * self.truth
        else:
            top = decision.max(axis=0)
            P = np.exp(decision - top)
            total = P.sum(axis=0)
            P /= total
            each = np.log(total) + top - (decision * self.truth).sum(axis=0)
        penalty = 0.5 * float((self.penalty * theta**2).sum())
        return float((each @ self.weight).sum()) + penalty, P

    def gradient(self, P: FloatArray, theta: FloatArray) -> FloatArray:
        down: FloatArray = (self.weight * (P - self.truth)) @ self.A.T + self.penalty * theta
        return down

    def levelled(self, theta: FloatArray) -> tuple[float, FloatArray]:
        """The loss and its gradient where the constant terms are the best for these coefficients,
        by Newton's method on them alone."""
        decision, constants = theta @ self.A, np.zeros((self.width, 1))
        loss, P = self.loss(decision, theta)
        for _ in range(50):
            slope = ((P - self.truth) @ self.weight)[:, None]
            weighed = self.weight * P
            curve = np.diag(weighed.sum(axis=1)) - weighed @ P.T
            step = -np.linalg.pinv(curve, hermitian=True) @ slope
            gain = -float((slope * step).sum())
            trial, P_there = self.loss(decision + constants + step, theta)
            if not (gain > EPS * loss and trial < loss):
                break
            constants, loss, P = constants + step, trial, P_there
        return loss, self.gradient(P, theta)

    def newton_step(self, P: FloatArray, gradient: FloatArray) -> tuple[FloatArray, FloatArray]:
        """The step D that solves D Hessian = -gradient, nearly, and D A."""
        weighed = self.weight * P
        spread = weighed * (1.0 - P)
        precondition = self._preconditioner(spread)
        D, change = np.zeros_like(gradient), np.zeros_like(P)
        residual = -gradient
        direction = step = precondition(residual)
        size = first = self.left = float((residual * step).sum())
        # The closer the minimum, the more exact: that keeps Newton's convergence superlinear.
        enough = max(first * min(0.01, np.sqrt(first)), EPS**2)
        for self._rounds in range(1, 201):
            if size <= enough or np.abs(residual).max() <= 8.0 * EPS:  # the rest is rounding
                break
            along = direction @ self.A
            bent = (spread if self.width == 1 else weighed) * along
            if self.width > 1:
                bent -= P * bent.sum(axis=0)
            curved = bent @ self.A.T + self.penalty * direction
            curvature = float((direction * curved).sum())
            if not curvature > 0.0:
                break
            t = size / curvature
            D += t * direction
            change += t * along
            residual -= t * curved
            step = precondition(residual)
            last, size = size, float((residual * step).sum())
            direction = step + size / last * direction
        return D, change

    def _preconditioner(self, spread: FloatArray) -> Callable[[FloatArray], FloatArray]:
        """Solves with the blocks of the Hessian that belong to one class: all of it for two."""
        q = len(self.A)
        if q > DENSE:
            diagonal = spread @ (self.A**2).T + self.penalty
            diagonal[diagonal == 0.0] = 1.0
            return lambda residual: self._balanced(residual / diagonal)
        if self._inverses is None or self._rounds > PATIENCE:
            self._inverses = self._inverse_blocks(spread)
        inverses = self._inverses
        return lambda residual: self._balanced(np.einsum("kij,kj->ki", inverses, residual))

    def _balanced(self, step: FloatArray) -> FloatArray:
        """Without the part that is the same for all classes, which changes no probability."""
        return step - step.mean(axis=0) if self.width > 1 else step

    def _inverse_blocks(self, spread: FloatArray) -> FloatArray:
        q = len(self.A)
        blocks = np.zeros((self.width, q, q))
        root = np.sqrt(spread)
        size = -(-BLOCK // q)
        for start in range(0, self.A.shape[1], size):  # so few samples that they stay in cache
            part = slice(start, start + size)
            for k in range(self.width):
                rows = self.A[:, part] * root[k, part]
                blocks[k] += rows @ rows.T
        blocks.reshape(self.width, q * q)[:, :: q + 1] += self.penalty
        unit = np.sqrt(np.einsum("kii->ki", blocks))
        unit[unit == 0.0] = 1.0
        blocks /= unit[:, :, None] * unit[:, None, :]
        inverses: FloatArray = np.empty_like(blocks)
        for k in range(self.width):
            inverses[k] = inverse(blocks[k])
        inverses /= unit[:, :, None] * unit[:, None, :]
        return inverses


def inverse(correlations: FloatArray) -> FloatArray:
    """Of a matrix with a diagonal of ones; near repeated columns, of one that is not singular."""
    q = len(correlations)
    regular = correlations.copy()
    regular.flat[:: q + 1] += 10 * q * EPS
    plain = np.asarray(np.linalg.inv(regular), dtype=np.float64)
    if plain.diagonal().max() < 1e6:
        return plain
    values, vectors = np.linalg.eigh(correlations)
    floored: FloatArray = (vectors / np.maximum(values, 1e-12 * values[-1])) @ vectors.T
    return floored
