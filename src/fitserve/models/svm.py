"""Linear support vector machine."""

from collections.abc import Callable
from typing import Literal

import numpy as np
from pydantic import Field

from fitserve.data.arrays import FloatArray
from fitserve.errors import Advice, InvalidRequest
from fitserve.models.base import Codes, Model
from fitserve.models.hyperparameters import COUNT, Drowned, Instead, hyperparameters, sized
from fitserve.models.numerics import (
    EPS,
    LOSSES,
    class_of,
    gradient_descent,
    linear_scores,
    of_each_class,
    one_vs_rest,
    power_of_two,
    spectral_norm,
    too_weak,
)

Report = Callable[[int, float], None]

_HELD = 2**20  # scores that are held at a time
_PRECISE = 1e-10  # below this share of a loss, rounding decides
_NEAR = 1e-6  # rows whose variance is less than this share of their squares are far from 0
_SURE = 0.2  # of the gap is aimed at, where it has not shrunk steadily


@hyperparameters
class Svm(Model):
    """The plane with the widest margin between two classes, or between one and the rest.

    Minimises scikit-learn's LinearSVC's objective `||w||^2 / 2 + C sum(loss(1 - y f(x)))`, where
    f has an intercept `b = intercept_scaling * w0` and w0 counts in `||w||`, as liblinear does it
    (Fan et al., JMLR 9, 2008). The loss of a violation v is `max(0, v)^2` or `max(0, v)`.
    `squared_hinge` is solved by Newton's method on the rows that violate (Keerthi and DeCoste,
    JMLR 6, 2005), `hinge` by a primal-dual interior point method (Mehrotra 1992; Ferris and
    Munson, SIAM J. Optim. 13, 2002), both with systems of n_features equations.

    `lam` takes the place of C: `lam ||w||^2 + mean(loss)` has the same minimum where
    `C = 1 / (2 lam n_samples)`. The loss reported is in that form, `||w||^2 / (2 C n) + mean`,
    summed over the one-vs-rest problems. `learning_rate` selects plain (sub)gradient descent on it;
    a gradient g is no more than `|g|^2 / (4 lam)` above the minimum (Boyd, Vandenberghe, Convex
    Optimization, 9.1.2), which those of `hinge` seldom show.
    """

    tasks = ("classification",)
    gives_scores = True
    copies = 7.5
    scale_matters = True
    iterating = True
    aliases = {"num_iters": "max_iter", "lr": "learning_rate"}  # noqa: RUF012
    replaced = {"C": "lam"}  # noqa: RUF012
    needing = {"intercept_scaling": {"fit_intercept": True}}  # noqa: RUF012
    strength = "C"
    levelling = {"C": -1, "lam": 0, "fit_intercept": 0}  # noqa: RUF012

    loss: Literal["squared_hinge", "hinge"] = Field(
        default="squared_hinge", description="What a row within the margin costs."
    )
    C: float = Field(default=1.0, gt=0.0, le=1e100, description="Weight of the losses.")
    lam: float | None = Field(
        default=None,
        gt=0.0,
        le=1e100,
        description="Weight of ||w||^2 against the mean loss, in place of C = 1 / (2 lam n).",
    )
    fit_intercept: bool = Field(default=True, description="Let the plane miss the origin.")
    intercept_scaling: float = Field(
        default=1.0, gt=0.0, le=1e100, description="The larger, the less the intercept is shrunk."
    )
    class_weight: Literal["balanced"] | None = Field(
        default=None, description="balanced: rows of rare classes weigh more."
    )
    tol: float = Field(
        default=1e-4,
        gt=0.0,
        description="Stop when the loss is within this share of its minimum, as the duality gap "
        "tells; with learning_rate, as the size of the gradient bounds it.",
    )
    max_iter: int = Field(default=1000, ge=1, le=COUNT, description="Most iterations of a problem.")
    learning_rate: float | None = Field(
        default=None, gt=0.0, description="Rate of plain gradient descent; null: second order."
    )

    @classmethod
    def _elsewhere(cls, name: str, value: object) -> Instead | None:
        if name.lower() in ("kernel", "gamma", "degree", "coef0"):
            left_out = Advice(f"{name} is left out, svm is linear", {name: None})
            return f"svm is linear here; leave {name} out", "", left_out
        if name.lower() == "probability":
            said = "leave probability out; logistic_regression gives some"
            left_out = Advice(f"{name} is left out", {name: None})
            return f"svm gives no probabilities; {said}", "", left_out
        if name.lower() in ("alpha", "alphas"):
            lam = sized(value)
            if lam is None and (not isinstance(value, (int, float)) or isinstance(value, bool)):
                left_out = Advice(f"{name} is left out, an l2 penalty", {name: None})
                said = f"the penalty is l2 here; leave {name} out, C or lam says how strong it is"
                return said, "", left_out
            if lam is None:
                said = f'there is no {name!r}; write lam, such as "lam": 0.1, or C, its inverse'
                return said, "lam"
            said = f'there is no {name!r}; write "lam": {lam:.6g}, or C, its inverse'
            return said, "lam", Advice(f"a penalty with lam {lam:.6g}", {name: None, "lam": lam})
        return super()._elsewhere(name, value)

    def drowned(self, reach: float) -> Drowned | None:
        pull = {"C": self.C * self.n_samples_} if self.lam is None else {"lam": 0.5 / self.lam}
        return too_weak(reach, pull, self.learning_rate, self.max_iter)

    def _check(self, X: FloatArray, y: Codes) -> None:
        if self.lam is not None and self.C != 1.0:
            raise InvalidRequest.at(
                ("C",),
                "lam takes the place of C, and both are given; leave one of them out",
                "given_twice",
                remedies=[Advice("lam counts", {"C": None}), Advice("C counts", {"lam": None})],
            )

    def _fit(self, X: FloatArray, y: Codes) -> None:
        signs = one_vs_rest(np.bincount(y), balanced=self.class_weight is not None)
        lam = 0.5 / self.C / len(X) if self.lam is None else self.lam
        if self.learning_rate is not None:
            self._descend(X, y, signs, lam, self.learning_rate)
            return
        frame = Frame(X, self.intercept_scaling if self.fit_intercept else None)
        # Where the penalty is nothing beside the losses, what little is needed to solve.
        asked = np.minimum(frame.penalty * (2.0 * lam * len(X)), 1e200)
        ridge = np.maximum(asked, EPS * len(X))
        solve = newton if self.loss == "squared_hinge" else interior_point

        solved, curves = [], []
        for j in range(signs.shape[1]):
            curve: list[float] = []

            def report(i: int, loss: float, j: int = j, curve: list[float] = curve) -> None:
                curve.append(loss / len(X))
                done, of = j * self.max_iter + i, signs.shape[1] * self.max_iter
                self._iterated(done, of=of, loss=curve[-1])

            weight = signs[y, j]
            z, converged = solve(
                frame.rows * np.sign(weight)[:, None],
                np.abs(weight),
                ridge,
                tol=self.tol,
                max_iter=self.max_iter,
                report=report,
            )
            # What is solved has the minimum that is asked for, where it adds next to nothing.
            excess = 0.5 * float((ridge - asked) @ (z * z))
            solved.append((z, converged and excess <= self.tol * curve[-1] * len(X)))
            curves.append(curve)
        self.coef_, self.intercept_ = frame.planes(np.array([z for z, _ in solved]))
        self.converged_ = all(converged for _, converged in solved)
        # The problems were solved one after another; they are shown as if side by side.
        self.n_iter_ = max(map(len, curves))
        whole = [np.pad(curve, (0, self.n_iter_ - len(curve)), mode="edge") for curve in curves]
        self.loss_curve_ = np.sum(whole, axis=0)[:: -(-self.n_iter_ // LOSSES)].tolist()

    def _descend(self, X: FloatArray, y: Codes, signs: FloatArray, lam: float, rate: float) -> None:
        """Gradient descent on all problems at once, in the data's own units."""

        def with_constant(X: FloatArray) -> FloatArray:
            constant = np.full(len(X), self.intercept_scaling)
            return np.column_stack([X, constant]) if self.fit_intercept else X

        rows = with_constant(X)
        squared = self.loss == "squared_hinge"
        size = max(1, _HELD // signs.shape[1])

        def objective(W: FloatArray) -> tuple[float, FloatArray]:
            loss, slope = 0.0, np.zeros_like(W)
            for start in range(0, len(rows), size):
                block = rows[start : start + size]
                sign = signs[y[start : start + size]]
                violation = np.maximum(1.0 - np.sign(sign) * (block @ W.T), 0.0)
                each = violation**2 if squared else violation
                loss += float((np.abs(sign) * each).sum())
                slope -= (sign * (2.0 * violation if squared else violation > 0.0)).T @ block
            return (
                loss / len(rows) + lam * float((W**2).sum()),
                slope / len(rows) + 2.0 * lam * W,
            )

        def curvature(X: FloatArray) -> float:
            norm = spectral_norm(with_constant(X))
            steep = norm * norm / len(rows) * float(np.abs(signs).max())
            return (2.0 if squared else 1.0) * steep + 2.0 * lam

        def close(_: FloatArray, loss: float, gradient: FloatArray) -> bool:
            # Of any subgradient, since the penalty makes the loss convex by 2 lam.
            excess = float((gradient**2).sum()) / (4.0 * lam)
            return excess <= self.tol * (loss - excess)

        W, self.converged_, self.step_bound = gradient_descent(
            objective,
            np.zeros((signs.shape[1], rows.shape[1])),
            rate=rate,
            max_iter=self.max_iter,
            stop=close,
            iterated=self._iterated,
            curvature=curvature,
            X=X,
        )
        self.coef_ = W[:, : X.shape[1]].copy()
        self.intercept_ = np.zeros(len(W))
        if self.fit_intercept:
            self.intercept_ = W[:, -1] * self.intercept_scaling

    def _predict(self, X: FloatArray) -> Codes:
        return class_of(self._finite(linear_scores(X, self.coef_, self.intercept_), X))

    def _class_scores(self, X: FloatArray) -> FloatArray:
        return of_each_class(linear_scores(X, self.coef_, self.intercept_))


class Frame:
    """The rows in coordinates z in which they are of size 1 and well told apart.

    The plane of `z` is that of `w = basis @ z / scale`: a turn, which leaves `||w||` alone, and
    powers of two, which do not round. `penalty` is such that `sum(penalty z^2) = ||w||^2`.
    """

    def __init__(self, X: FloatArray, constant: float | None) -> None:
        unit = power_of_two(np.abs(X).max())
        rows = X / unit
        self.basis = _basis(rows)
        if self.basis is not None:
            rows = rows @ self.basis
        each = power_of_two(np.abs(rows).max(axis=0))
        self.unit, self.each = unit, each  # their product, the scale, may overflow
        scale = unit * each
        self.constant = constant
        if constant is None:
            self.rows = rows / each
        else:
            self.rows = np.empty((len(X), len(each) + 1))
            np.divide(rows, each, out=self.rows[:, :-1])
            self.rows[:, -1] = 1.0
            scale = np.append(scale, constant)
        self.penalty = scale**-2.0

    def planes(self, Z: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Coefficients `(n_planes, n_columns)` and intercepts of planes in this frame."""
        intercept = np.zeros(len(Z))
        if self.constant is not None:
            Z, intercept = Z[:, :-1], Z[:, -1].copy()
        W = Z / self.each
        return (W if self.basis is None else W @ self.basis.T) / self.unit, intercept


def _basis(X: FloatArray) -> FloatArray | None:
    """Orthonormal columns that span the rows of X, where its own axes serve badly."""
    if X.shape[1] > X.shape[0]:  # fewer columns serve as well
        return np.linalg.qr(X.T)[0]
    mean = np.ones(len(X)) @ X / len(X)
    if mean @ mean > (1.0 - _NEAR) * np.einsum("ij,ij->", X, X) / len(X):
        return np.linalg.qr(mean[:, None], mode="complete")[0]
    return None


def newton(
    R: FloatArray, cost: FloatArray, ridge: FloatArray, *, tol: float, max_iter: int, report: Report
) -> tuple[FloatArray, bool]:
    """Minimise `ridge z^2 / 2 + cost max(0, 1 - R z)^2`, each summed; and whether it was reached.

    Each step solves for the rows that violate as if these stayed the same, and ends at the lowest
    point on the way there. When they do stay the same, the minimum is exact. (Newton's decrement
    says nothing while they change.)
    """
    tol = max(tol, _PRECISE)
    root = np.sqrt(cost)
    if (cost != 1.0).any():
        R = R * root[:, None]
    z = np.zeros(R.shape[1])
    violation = root.copy()
    before = float(cost.sum())
    for i in range(1, max_iter + 1):
        active = violation > 0.0
        A = R[active]
        slope = ridge * z - 2.0 * (violation[active] @ A)
        if i > 1 and 0.5 * float(slope @ (slope / ridge)) <= tol * before:  # the duality gap
            return z, True
        H = 2.0 * (A.T @ A)
        H.flat[:: len(z) + 1] += ridge
        step = -_solved(H, slope)
        along = R @ step
        t = _lowest(violation, along, float(slope @ step), float(step @ (ridge * step)))
        there = z + t * step
        violation = violation - t * along
        left = np.maximum(violation, 0.0)
        loss = float(0.5 * (ridge * there) @ there + left @ left)
        exact = np.array_equal(active, violation > 0.0)  # the loss was one parabola on the way
        if not loss < before:  # as far as rounding allows
            report(i, before)
            return z, exact
        report(i, loss)
        z = there
        if exact:
            return z, True
        before = loss
    return z, False


def _lowest(violation: FloatArray, along: FloatArray, slope: float, bend: float) -> float:
    """The t in (0, 1] that minimises the loss `t` steps on, where each step lowers the violations
    by `along`; `slope` is that at 0, and `bend` the curvature of the penalty."""
    start = slope + 2.0 * float(np.maximum(violation, 0.0) @ along)  # of the penalty alone
    low, high, t = 0.0, 1.0, 1.0
    for _ in range(60):
        left = np.maximum(violation - t * along, 0.0)
        now = start + t * bend - 2.0 * float(left @ along)
        if t == 1.0 and now <= 0.0:
            return 1.0
        low, high = (t, high) if now < 0.0 else (low, t)
        if abs(now) <= 1e-3 * abs(slope):
            break
        hit = along[left > 0.0]
        t -= now / (bend + 2.0 * float(hit @ hit))
        if not low < t < high:
            t = 0.5 * (low + high)
    return t


def interior_point(
    R: FloatArray, cost: FloatArray, ridge: FloatArray, *, tol: float, max_iter: int, report: Report
) -> tuple[FloatArray, bool]:
    """Minimise `ridge z^2 / 2 + cost max(0, 1 - R z)`, each summed; and whether it was reached.

    The violation of a row is `over`, its surplus `spare`, with `R z + over - spare = 1`; the
    multipliers are `a` of the margin and `cost - a` of the violation. Any multipliers bound the
    minimum from below: it is reached when the lowest loss is within `tol` of the highest bound.
    """
    tol = max(tol, _PRECISE)
    z = np.zeros(R.shape[1])
    a, b = 0.5 * cost, 0.5 * cost
    over, spare = np.full(len(R), 2.0), np.ones(len(R))
    gap, residual = float(a @ spare + b @ over), a @ R
    best, least, bound = z, float(cost.sum()), 0.0
    grown = 0
    for i in range(1, max_iter + 1):
        weight = 1.0 / (over / b + spare / a)
        weighted = R * np.sqrt(weight)[:, None]
        H = weighted.T @ weighted
        H.flat[:: len(z) + 1] += ridge
        # Mehrotra: look where the straight step leads, to a * spare = b * over = 0 ...
        g = over - spare
        da = weight * (g - R @ _solved(H, residual + (weight * g) @ R))
        d_over, d_spare = over * (da / b - 1.0), -spare * (da / a + 1.0)
        t = _longest((a, da), (b, -da), (over, d_over), (spare, d_spare))
        ahead = float((a + t * da) @ (spare + t * d_spare) + (b - t * da) @ (over + t * d_over))
        # ... then aim at a centre as near as that allows, by what the products change on the way.
        # (Where the step is cut short, so is the change: taken whole, it makes the method cycle.
        # Where the gap has grown again all the same, the way along the centres is surer.)
        centre, change = gap / (2 * len(R)) * (ahead / gap) ** 3, t
        if grown > 1:
            centre, change = _SURE * gap / (2 * len(R)), 0.0
        for_a = centre - a * spare - change * da * d_spare
        for_b = centre - b * over + change * da * d_over
        g = for_a / a - for_b / b
        dz = _solved(H, residual + (weight * g) @ R)
        da = weight * (g - R @ dz)
        d_over, d_spare = (for_b + over * da) / b, (for_a - spare * da) / a
        t = min(1.0, 0.995 * _longest((a, da), (b, -da), (over, d_over), (spare, d_spare)))
        there = z + t * dz
        loss = float(0.5 * (ridge * there) @ there + cost @ np.maximum(1.0 - R @ there, 0.0))
        if not (np.isfinite(loss) and t > _PRECISE):  # as far as rounding allows
            report(i, least)
            break
        z, a, b = there, a + t * da, b - t * da
        over, spare = over + t * d_over, spare + t * d_spare
        before = gap
        gap, residual = float(a @ spare + b @ over), a @ R - ridge * z
        grown += gap > before
        bound = max(bound, loss - gap - 0.5 * float(residual @ (residual / ridge)))
        if loss < least:
            best, least = z, loss
        report(i, least)
        if least - bound <= tol * least:
            return best, True
    return best, False


def _longest(*pairs: tuple[FloatArray, FloatArray]) -> float:
    """How many steps each value can take before one of them is 0, at most 1."""
    return 1.0 / max(1.0, *(float((-step / value).max()) for value, step in pairs))


def _solved(H: FloatArray, b: FloatArray) -> FloatArray:
    """`H^-1 b` for a positive definite H."""
    try:
        return np.asarray(np.linalg.solve(H, b), dtype=np.float64)
    except np.linalg.LinAlgError:  # singular but for less than rounding
        return np.asarray(np.linalg.lstsq(H, b)[0], dtype=np.float64)
