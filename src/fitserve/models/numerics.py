"""Numerics that several model types share."""

from collections.abc import Callable, Mapping

import numpy as np
from numpy.typing import NDArray

from fitserve.data.arrays import FloatArray
from fitserve.errors import Advice, InvalidRequest
from fitserve.models.hyperparameters import Drowned

EPS = float(np.finfo(np.float64).eps)
LOOKED_INTO = 300
"""Numbers learned up to which it is found out why a descent has not converged: it costs p^2 n."""
_SHORT = 1e-6
"""A step that must be shorter gets nowhere in the other directions."""
_NOTHING = 1e-6
"""A score that moves by no more is as good as the same everywhere."""
LOSSES = 1000
"""Entries that a loss curve has at most."""


def log_sum_exp(a: FloatArray) -> FloatArray:
    """`log(sum(exp(a), axis=1))`, `(n, k) -> (n, 1)`, without overflow; all -inf gives -inf."""
    top = a.max(axis=1, keepdims=True)
    top[~np.isfinite(top)] = 0.0
    result: FloatArray = np.log(np.exp(a - top).sum(axis=1, keepdims=True)) + top
    return result


def such_shares(y: NDArray[np.intp]) -> str:
    """The share of the rows that each class has, to be written: `, such as [0.25, 0.75]`; '' where
    there are many."""
    shares = np.bincount(y) / len(y)
    return "" if len(shares) > 10 else f", such as [{', '.join(f'{one:.6g}' for one in shares)}]"


def thinned(losses: list[float], most: int = LOSSES) -> list[float]:
    """At most about `most` of the losses, at even distances, the last one among them."""
    return losses[:: -(1 + max(len(losses) - 1, 0) // most)][::-1]


def too_weak(
    reach: float, pull: Mapping[str, float], learning_rate: float | None = None, max_iter: int = 0
) -> Drowned | None:
    """Which hyperparameter keeps columns that reach so far from moving any score; `pull` is,
    by name, how far each would let columns move it that reach 1, beside a descent, if one is."""
    if learning_rate is not None:
        pull = {**pull, "learning_rate": learning_rate * max_iter}
    name = min(pull, key=pull.__getitem__)
    none = reach * pull[name] * reach < _NOTHING
    return Drowned(name, "lets them tell nothing") if none else None


def power_of_two(a: FloatArray) -> FloatArray:
    """The powers of two next above |a|, to divide by without rounding; 1 for 0.

    Kept within 2^±1000, so that the inverse is a number too.
    """
    exponent = np.frexp(a)[1]
    result: FloatArray = np.ldexp(1.0, np.clip(exponent, -1000, 1000))
    return result


def column_means(X: FloatArray) -> FloatArray:
    """Mean of each column; of a constant one its value exactly, so that centring leaves zeros."""
    n = len(X)
    means: FloatArray = np.ones(n) @ X / n
    close = np.abs(means - X[0]) <= n * EPS * np.abs(means)
    if close.any():
        means[close] = X[0, close] + (X[:, close] - X[0, close]).mean(axis=0)
    return means


def spectral_norm(X: FloatArray) -> float:
    """The largest singular value of X, from the smaller of X'X and XX'."""
    unit = np.abs(X).max() or 1.0
    X = X / unit
    gram = X.T @ X if X.shape[0] >= X.shape[1] else X @ X.T
    return float(unit * np.sqrt(np.linalg.eigvalsh(gram)[-1]))


def gradient_descent(
    objective: Callable[[FloatArray], tuple[float, FloatArray]],
    start: FloatArray,
    *,
    rate: float,
    max_iter: int,
    stop: Callable[[FloatArray, float, FloatArray], bool],
    iterated: Callable[..., None],
    curvature: Callable[[FloatArray], float],
    X: FloatArray,
) -> tuple[FloatArray, bool, float | None]:
    """Step down the gradient from `start` at a fixed rate; answer where it ended, whether
    `stop(theta, loss, gradient)` said that it converged, and, if not, 2 / curvature where the rate
    is above that and few numbers are learned: its steps go too far.

    `objective` gives the loss and its gradient; `curvature` bounds the largest eigenvalue of its
    Hessian on X, or on others in its place; 2 / rate must be above it. Raises
    `InvalidRequest` when the loss grew.
    """
    theta = start
    first_loss, gradient = objective(theta)
    stride = -(-max_iter // LOSSES)
    converged = False
    for i in range(1, max_iter + 1):
        theta = theta - rate * gradient
        loss, gradient = objective(theta)
        if not (np.isfinite(loss) and np.isfinite(gradient).all()):
            break
        converged = stop(theta, loss, gradient)
        shown = converged or i % stride == 0 or i == max_iter
        iterated(i, of=max_iter, loss=loss, shown=shown)
        if converged:
            break
    if not loss <= first_loss * (1.0 + 1e-9):
        bound = 2.0 / curvature(X)
        left_out = Advice("learning_rate is left out", {"learning_rate": None})
        scaled = Advice("columns are standardized", {"standardize": True})
        kind = "diverged"
        if not np.isfinite(first_loss):
            advice, remedies, kind = "divide y, so that its squares fit float64", [], "overflow"
        elif not _SHORT < bound < np.inf:
            advice, remedies = "leave it out", [left_out]
            if rate < 2.0 / curvature(standardized(X)):
                advice, remedies = f"{advice}, or set standardize to true", [left_out, scaled]
        else:
            less = f"{0.5 * bound:.2g}"
            advice = f"it must be below {bound:.3g} for these data; try learning_rate {less}"
            remedies = [Advice(f"learning_rate is {less}", {"learning_rate": float(less)})]
        raise InvalidRequest.at(
            ("learning_rate",),
            f"gradient descent diverged at {rate:.3g}; {advice}",
            kind,
            remedies=remedies,
        )
    bends = 0.0 if converged or theta.size > LOOKED_INTO else curvature(X)
    return theta, converged, 2.0 / bends if bends * rate > 2.0 else None


def standardized(X: FloatArray) -> FloatArray:
    """X with each column of mean 0 and standard deviation 1; of zeros where it is constant."""
    rows: FloatArray = X / power_of_two(np.abs(X).max(axis=0))
    rows -= column_means(rows)
    spread = rows.std(axis=0)
    rows /= np.where(spread > 0.0, spread, 1.0)
    return rows


def settle_ties(scores: FloatArray, rounding: FloatArray) -> FloatArray:
    """`scores` `(n, k)`, where those within `rounding` `(n, 1)` of their row's best equal it.

    A matrix product rounds equal columns differently, by their place and by the number of rows;
    after this, `argmax` gives a tie to the smallest class, in a batch as for one row.
    """
    best = scores.max(axis=1, keepdims=True)
    settled: FloatArray = np.where(scores >= best - rounding, best, scores)
    return settled


def linear_scores(X: FloatArray, coef: FloatArray, intercept: FloatArray) -> FloatArray:
    """`X @ coef.T + intercept`, `(n, k)`, where scores that tie within rounding are equal.

    One column of scores stands for two classes and is measured against 0. NaN where a term of
    the product overflows.
    """
    scores = (coef @ X.T).T  # by classes in memory, where maxima of rows are fast
    scores += intercept
    size = (np.abs(X) @ np.abs(coef).max(axis=0) + np.abs(intercept).max())[:, None]
    scores += 0.0 * size
    rounding = EPS * (X.shape[1] + 4) * size
    if scores.shape[1] > 1:
        return settle_ties(scores, rounding)
    scores[np.abs(scores) <= rounding] = 0.0
    return scores


def class_of(scores: FloatArray) -> NDArray[np.intp]:
    """The class that `linear_scores` favour, `(n,)`; ties go to the smallest."""
    if scores.shape[1] > 1:
        best: NDArray[np.intp] = scores.argmax(axis=1)
        return best
    return (scores[:, 0] > 0.0).astype(np.intp)


def of_each_class(scores: FloatArray) -> FloatArray:
    """`linear_scores` with a column for each class, `(n, n_classes)`: of two the first has 0."""
    if scores.shape[1] > 1:
        return scores
    return np.column_stack([np.zeros(len(scores)), scores])


def one_vs_rest(counts: NDArray[np.intp], *, balanced: bool) -> FloatArray:
    """What a row of class c is to the problem "class j or not": its sign times its weight.

    `(n_classes, n_problems)`; two classes make one problem, "the second or not". Balanced, the
    rows of a class weigh `n / (n_classes * count)`; as in liblinear and scikit-learn, with more
    than two classes the rest of the rows weigh 1.
    """
    k = len(counts)
    weight = counts.sum() / (k * counts) if balanced else np.ones(k)
    if k == 2:
        return np.array([[-weight[0]], [weight[1]]])
    signs = np.full((k, k), -1.0)
    np.fill_diagonal(signs, weight)
    return signs
