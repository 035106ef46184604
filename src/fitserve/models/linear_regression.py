"""Linear regression: least squares, with a ridge penalty if asked for."""

from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from fitserve.data.arrays import FloatArray
from fitserve.models.base import Model
from fitserve.models.hyperparameters import COUNT, Drowned, hyperparameters
from fitserve.models.numerics import (
    EPS,
    column_means,
    gradient_descent,
    power_of_two,
    spectral_norm,
    too_weak,
)

Reals = NDArray[Any]
"""float64, or longdouble: 80 bits where the machine has them, 64 elsewhere."""

SMALL, LARGE = 5_000, 50_000
"""Numbers in X up to which careful is the only way, and up to which extended precision pays."""
WELL_CONDITIONED = 1e-7
"""Least over largest eigenvalue of X'X from which one step of refinement mends what is lost."""


@hyperparameters
class LinearRegression(Model):
    """A weighted sum of the columns that is closest to y: least squares, or ridge regression.

    Minimises |y - Xw - b|^2 + alpha |w|^2; of several minima it takes that of the shortest w, to
    which ridge regression tends as alpha goes to 0. Columns are centred and scaled to unit
    length, and singular values below max(n, p) eps of the largest dropped (Golub, Van Loan,
    Matrix Computations, 4th ed., 5.5). Large, well conditioned problems are solved by the normal
    equations with a step of refinement.

    With `learning_rate`: gradient descent from zero on that objective divided by 2n, which is
    also what `loss_curve_` holds, until the largest component of the gradient is `tol` times
    what it was at first.
    """

    tasks = ("regression",)
    aliases: ClassVar = {"ALPHA": "learning_rate", "N_ITER": "max_iter"}
    strength = "alpha"
    misread = frozenset({"ALPHA"})
    needing: ClassVar = {one: {"learning_rate": None} for one in ("max_iter", "tol")}
    levelling: ClassVar = {"alpha": 1}

    fit_intercept: bool = Field(default=True, description="Whether to learn a constant term.")
    alpha: float = Field(
        default=0.0,
        ge=0.0,
        description="Strength of the ridge penalty on the squared coefficients; 0 for none.",
    )
    learning_rate: float | None = Field(
        default=None,
        gt=0.0,
        description="Step of plain gradient descent; left out, the exact solution is computed.",
    )
    max_iter: int = Field(
        default=1000, ge=1, le=COUNT, description="Iterations of gradient descent at most."
    )
    tol: float = Field(
        default=1e-6,
        ge=0.0,
        description="Gradient descent stops when the gradient is down to this share of the first.",
    )

    @property
    def iterates(self) -> bool:
        return self.learning_rate is not None

    def expected_memory(self) -> int:
        least = min(self.n_samples_, self.n_features_in_)
        return super().expected_memory() + 8 * 4 * least * least

    def drowned(self, reach: float) -> Drowned | None:
        pull = {"alpha": self.n_samples_ / self.alpha if self.alpha else np.inf}
        return too_weak(reach, pull, self.learning_rate, self.max_iter)

    def _fit(self, X: FloatArray, y: FloatArray) -> None:
        if self.learning_rate is not None:
            self._descend(X, y, self.learning_rate)
        elif not (self._solve_normal_equations(X, y) or self._solve_dual(X, y)):
            self._solve_carefully(X, y)

    def _predict(self, X: FloatArray) -> FloatArray:
        # Centred as in training, so that a large offset does not drown the answer; einsum adds
        # up each row in the same order, whatever the number of rows.
        predicted: FloatArray = np.einsum("ij,j->i", X - self.mean_, self.coef_)
        predicted += self.level_
        return predicted

    def _size_of_y(self) -> float:
        typical = np.where(self.mean_ == 0.0, 1.0, np.abs(self.mean_))
        with np.errstate(over="ignore"):
            return float(max(abs(self.level_), np.abs(self.coef_ * typical).max()))

    def _learned(self, coef: Any, mean: Any, level: Any) -> None:
        """Keep coefficients, column means and the value there, in float64."""
        self.coef_ = np.asarray(coef, dtype=np.float64)
        self.mean_ = np.asarray(mean, dtype=np.float64)
        self.level_ = float(level)
        self.intercept_ = float(level - mean @ coef)

    # ------------------------------------------------------------------------------- exact

    def _solve_normal_equations(self, X: FloatArray, y: FloatArray) -> bool:
        """Learn fast, if X is large and so well conditioned that nothing is lost by it."""
        n, p = X.shape
        if X.size <= SMALL or p >= n or np.abs(y).max() > 1e150:
            return False
        mean = column_means(X) if self.fit_intercept else np.zeros(p)
        centred = X - mean
        gram = centred.T @ centred
        gram.flat[:: p + 1] += self.alpha
        length = np.sqrt(gram.diagonal())
        if not (length.min() > 1e-100 and length.max() < 1e100):
            return False
        if (length <= n**1.5 * EPS * np.abs(mean)).any():  # perhaps constant but for rounding
            return False
        values, vectors = np.linalg.eigh(gram / length / length[:, None])
        if not values[0] > WELL_CONDITIONED * values[-1]:
            return False
        inverse = (vectors / values) @ vectors.T / length / length[:, None]
        coef = np.zeros(p)
        level = float(y.mean()) if self.fit_intercept else 0.0
        residual = y - level
        for _ in range(2):  # the second time refines
            coef += inverse @ (residual @ centred - self.alpha * coef)
            residual = y - level - centred @ coef
            if self.fit_intercept:
                shift = float(residual.mean())
                level += shift
                residual -= shift
        self._learned(coef, mean, level)
        return True

    def _solve_dual(self, X: FloatArray, y: FloatArray) -> bool:
        """Learn fast from more columns than rows, if the penalty makes that well conditioned:
        w = X'a, where (XX' + alpha) a = y."""
        n, p = X.shape
        if X.size <= SMALL or p <= n or self.alpha == 0.0 or np.abs(y).max() > 1e150:
            return False
        mean = column_means(X) if self.fit_intercept else np.zeros(p)
        centred = X - mean
        gram = centred @ centred.T
        gram.flat[:: n + 1] += self.alpha
        if not 1e-200 < np.trace(gram) < 1e200:
            return False
        values, vectors = np.linalg.eigh(gram)
        if not values[0] > WELL_CONDITIONED * values[-1]:
            return False
        level = float(y.mean()) if self.fit_intercept else 0.0
        a, coef = np.zeros(n), np.zeros(p)
        for _ in range(2):  # the second time refines
            missing = y - level - centred @ coef - self.alpha * a
            a += vectors @ (vectors.T @ missing / values)
            coef = a @ centred
        self._learned(coef, mean, level)
        return True

    def _solve_carefully(self, X: FloatArray, y: FloatArray) -> None:
        """Learn from any shape, scale and rank."""
        n, p = X.shape
        ridge = self.alpha > 0.0
        root = np.sqrt(self.alpha)
        peak = np.abs(X).max(axis=0)
        if ridge:
            peak = np.maximum(peak if p <= n else peak.max(), root)
        unit, unit_y = power_of_two(peak) * np.ones(p), power_of_two(np.abs(y).max())
        X, y = X / unit, y / unit_y
        mean = column_means(X) if self.fit_intercept else np.zeros(p)
        A: Reals = X.astype(np.longdouble if X.size <= LARGE else np.float64)
        A -= mean
        A[:, np.ptp(A, axis=0) <= 8 * EPS * np.abs(mean)] = 0.0  # constant but for rounding
        basis = None
        if ridge and p > n:  # the solution lies in the span of the rows: look for it there
            basis, R = np.linalg.qr(A.T.astype(np.float64))
            A = R.T.astype(A.dtype)
        if ridge:
            penalty = np.diag(root / unit[: A.shape[1]])
            A, y = np.vstack([A, penalty]), np.concatenate([y, np.zeros(len(penalty))])
        length = np.sqrt((A * A).sum(axis=0))
        if basis is not None:  # a rotated column that is short is rounding, not a small unit
            length[:] = length.max()
        length[length == 0.0] = 1.0
        doubt = EPS * np.sqrt(n) * np.abs(mean) / length if basis is None else np.zeros(n)
        w, level, V = least_squares(A / length, y, n if self.fit_intercept else 0, doubt)
        if V.shape[1] < len(w):
            w = shortest(w, V, length * np.clip(unit[: len(w)] / unit.max(), 1e-150, None))
        coef = w / length if basis is None else basis @ (w / length)
        self._learned(coef * unit_y / unit, mean * unit, level * unit_y)

    # -------------------------------------------------------------------------- descending

    def _descend(self, X: FloatArray, y: FloatArray, rate: float) -> None:
        n, p = X.shape
        constant = float(self.fit_intercept)

        def objective(theta: FloatArray) -> tuple[float, FloatArray]:
            w, b = theta[:p], theta[p]
            residual = X @ w + b - y
            loss = (residual @ residual + self.alpha * (w @ w)) / (2 * n)
            down = (residual @ X + self.alpha * w) / n
            return float(loss), np.append(down, constant * residual.mean())

        def curvature(X: FloatArray) -> float:
            columns = np.column_stack([X, np.full(n, constant)])
            norm = spectral_norm(columns)
            return float((norm * norm + self.alpha) / n)

        first = np.abs(objective(np.zeros(p + 1))[1]).max()
        theta, self.converged_, self.step_bound = gradient_descent(
            objective,
            np.zeros(p + 1),
            rate=rate,
            max_iter=self.max_iter,
            stop=lambda _theta, _loss, down: bool(np.abs(down).max() <= self.tol * first),
            iterated=self._iterated,
            curvature=curvature,
            X=X,
        )
        self._learned(theta[:p], np.zeros(p), theta[p])


def least_squares(
    A: Reals, y: FloatArray, constants: int, doubt: Reals
) -> tuple[Reals, Any, FloatArray]:
    """w and b that minimise |y - Aw - b|^2, where b is in the first `constants` rows only.

    A has centred columns of unit length or zeros, known up to `doubt`. Directions that it spans
    by no more than rounding get no share of w. Answers w, b, and an orthonormal basis of the
    directions that were kept.

    Iterative refinement of the augmented system (Björck, BIT 7, 1967): singular values in
    double, residuals in that of A; the first round is the plain solution.
    """
    U, s, Vt = np.linalg.svd(A.astype(np.float64), full_matrices=False)
    noise = np.maximum(max(A.shape) * EPS * s[0], 4.0 * np.linalg.norm(Vt * doubt, axis=1))
    kept = s > noise
    U, s, Vt = U[:, kept], s[kept], Vt[kept]
    if kept.any() and s[-1] > 1e-3 * s[0]:
        U = A.astype(np.float64) @ Vt.T / s  # as exact in small rows as in large ones
    w, residual = np.zeros(A.shape[1], A.dtype), np.zeros(len(A), A.dtype)
    b = A.dtype.type(0.0)
    last = np.inf
    for _ in range(6):
        missing = y - A @ w - residual
        if constants:
            missing[:constants] -= b
            shift = (missing[:constants].sum() + residual[:constants].sum()) / constants
            missing[:constants] -= shift
            b += shift
        inside = U.T @ missing.astype(np.float64)
        inside += Vt @ (residual @ A).astype(np.float64) / s
        step = (inside / s) @ Vt
        size = float(np.abs(step).max())
        if not size < 0.5 * last:
            break
        w += step
        residual += missing - U @ inside
        if size <= EPS * float(np.abs(w).max()):
            break
        last = size
    return w, b, Vt.T


def shortest(w: Reals, V: FloatArray, length: FloatArray) -> Reals:
    """Of the solutions w + (what V does not span), that where |w / length| is least."""
    Q = np.linalg.qr((V * length[:, None]).astype(np.float64))[0]
    change = Q @ (Q.T @ (w / length)) * length - w
    result: Reals = w + change - V @ (V.T @ change)  # whatever V spans stays as it was
    return result
