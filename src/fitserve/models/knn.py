"""k nearest neighbours."""

from collections.abc import Iterator
from functools import cached_property
from math import isqrt
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from fitserve.data.arrays import FloatArray, Target
from fitserve.errors import COUNTED, Advice, InvalidRequest, clip, counted, refuse
from fitserve.models.base import Codes, Model
from fitserve.models.hyperparameters import COUNT, Instead, hyperparameters
from fitserve.models.numerics import EPS
from fitserve.models.overflow import too_large

_ENOUGH = 64  # training rows from which on it pays not to compute every distance, ...
_FEW = 4000  # ... but of so few cells, for all queries
_GROUP = 32  # rows whose distances are reduced to one minimum
_CELLS = 1 << 19  # distances held at a time: 4 MB, so that they stay in the cache;
_QUERIES = 32  # but no fewer queries, since each block reads all training rows
_FAR = 1e100  # its square, and the square of a query's, fit
_SCORED_WHOLE, _SCORED = 5000, 1000
_ONE_BY_ONE = 200  # pairs that are looked at sooner without an array
_HUGE = float(np.finfo(np.float64).max)

Neighbours = tuple[slice, Codes, FloatArray]
"""Which queries; for each its k nearest training rows, nearest first; and how far they are."""
Pairs = tuple[slice, Codes, Codes, FloatArray]
"""Which queries; pairs of a query and a training row, in order of queries; how far they are."""


def _blocks(n: int, step: int) -> Iterator[slice]:
    return (slice(start, min(start + step, n)) for start in range(0, n, step))


_METRICS = {
    1: ("manhattan", "cityblock", "l1", "taxicab"),
    2: ("euclidean", "euclid", "l2"),
}
"""By the power of the distance, its names."""


@hyperparameters
class Knn(Model):
    """Lets the k nearest training rows vote (classification) or averages them (regression).

    Fix and Hodges, Discriminatory Analysis (1951); Hastie, Tibshirani, Friedman, The Elements of
    Statistical Learning, 2nd ed., 13.3. Of rows at the same distance the earlier one is nearer;
    votes tie to the smallest label. Neighbours are exact: a matrix product only proposes those
    whose distances are then computed from differences, so a near tie, or data far from the
    origin, cannot mislead it. The score of more than 5,000 rows is that of 1,000 of them,
    evenly spaced.
    """

    tasks = ("classification", "regression")
    copies = 12.0
    scale_matters = True
    gives_probabilities = True
    aliases = {"k": "n_neighbors"}  # noqa: RUF012
    needing = {"weights": {"n_neighbors": None}}  # noqa: RUF012
    called = {"p": {name: p for p, names in _METRICS.items() for name in names}}  # noqa: RUF012

    n_neighbors: int = Field(
        default=5, ge=1, le=COUNT, description="How many of the nearest rows count."
    )
    weights: Literal["uniform", "distance"] = Field(
        default="uniform",
        description="Whether each neighbour counts alike, or by one over its distance (rows at "
        "distance 0, where there are any, then count alone).",
    )
    p: float = Field(
        default=2.0,
        ge=1.0,
        le=1000.0,
        description="Power of the Minkowski distance: 1 is Manhattan, 2 Euclidean.",
    )
    task: Literal["classification", "regression"] | None = Field(
        default=None,
        description="What y is; left out, regression when y holds a number that is not whole, or "
        "whole ones of more than 20 values with fewer than ten rows each.",
    )

    @classmethod
    def _elsewhere(cls, name: str, value: object) -> Instead | None:
        if name.lower() not in ("metric", "distance") or not isinstance(value, str):
            return super()._elsewhere(name, value)
        for p, named in _METRICS.items():
            if value.lower() in named:
                said = f'there is no {name!r}; write "p": {p}, which is {clip(value)}'
                return said, "p", Advice(f"p is {p}", {name: None, "p": p})
        said = (
            f"there is no {name!r}; leave it out: the distance is Minkowski's, of which p says the "
            'power, "p": 2 (euclidean) or "p": 1 (manhattan)'
        )
        return said, "", Advice("a euclidean distance", {name: None})

    @property
    def least_rows(self) -> int:
        return self.n_neighbors

    def stretch(self) -> float:
        n = self.n_samples_
        scored = n if n <= _SCORED_WHOLE else _SCORED
        return scored * (n * self.n_features_in_ / 16.0 + 50.0 * self.n_neighbors)

    def _check(self, X: FloatArray, y: NDArray[Any]) -> None:
        alike = self.weights == "uniform"  # then all rows answer the same whatever is asked
        fewer = self._fewer if alike else len(X)
        if self.n_neighbors > len(X):
            most = f"at most {len(X)}"
            give = f"of {most}" if fewer == len(X) else f"{fewer}, {most}"
            raise InvalidRequest.at(
                ("n_neighbors",),
                f"{self.n_neighbors} neighbours are asked of {counted(len(X), 'training row')}; "
                f"give n_neighbors {give}, or more rows",
                "too_few_rows",
                remedies=[Advice(f"n_neighbors is {fewer}", {"n_neighbors": fewer})],
            )
        if len(X) == self.n_neighbors > 1 and alike:
            said = f"All {len(X)} rows count for every answer, which is always the same"
            self._advice.append(
                Advice(f"{said}; give n_neighbors {fewer}.", {"n_neighbors": fewer})
            )

    @property
    def _fewer(self) -> int:
        return (isqrt(self.n_samples_) - 1) | 1  # odd: of two classes none has as many votes

    def levelled(self) -> tuple[str, dict[str, Any]]:
        if self.n_neighbors <= self._fewer or self._advice:
            return "", {}
        said = f"{self.n_neighbors} of {self.n_samples_} rows count for each"
        return f"{said}; give n_neighbors {self._fewer}", {"n_neighbors": self._fewer}

    def _fit(self, X: FloatArray, y: NDArray[Any]) -> None:
        for derived in ("_columns", "_wide"):
            vars(self).pop(derived, None)
        # Half of each row, which is exact: differences of halves cannot overflow.
        self.X_ = 0.5 * X
        self.y_ = y
        # Squares are taken of differences that a power of two, exact as well, brings near 1.
        self.centre_ = np.partition(self.X_, len(X) // 2, axis=0)[len(X) // 2]
        radius = np.abs(self.X_ - self.centre_).max(axis=1)
        typical = np.median(radius[radius > 0.0]) if radius.any() else 1.0
        fits = 1022 - X.shape[1].bit_length() - np.frexp(radius.max())[1]  # the sum of a distance
        self.scale_ = float(2.0 ** np.clip(min(-np.frexp(typical)[1], fits), -1022, 1022))

    def _predict(self, X: FloatArray) -> NDArray[Any]:
        if self.task_ == "classification":
            codes = np.empty(len(X), dtype=np.intp)
            for queries, nearest, distance in self._neighbours(X):
                codes[queries] = self._votes(nearest, distance).argmax(axis=1)
            return codes
        answer = np.empty(len(X))
        for queries, nearest, distance in self._neighbours(X):
            weight, y = self._weight(distance), self.y_[nearest]
            means = (weight * y).sum(axis=1) / weight.sum(axis=1)
            if not np.isfinite(means).all():  # by shares, whose sum is no larger than the largest
                share = weight / weight.sum(axis=1, keepdims=True)
                large = np.clip((share * y).sum(axis=1), y.min(axis=1), y.max(axis=1))
                means = np.where(np.isfinite(means), means, large)
            answer[queries] = means
        return answer

    def _predict_proba(self, X: FloatArray) -> FloatArray:
        assert self.classes_ is not None
        answer = np.empty((len(X), len(self.classes_)))
        for queries, nearest, distance in self._neighbours(X):
            votes = self._votes(nearest, distance)
            answer[queries] = votes / votes.sum(axis=1, keepdims=True)
        return answer

    def _score(self, X: FloatArray, y: Target | None) -> float | None:
        if len(X) > _SCORED_WHOLE:
            some = np.linspace(0, len(X) - 1, _SCORED).astype(np.intp)
            X, y = X[some], None if y is None else y[some]
        return super()._score(X, y)

    # ------------------------------------------------------------------------- neighbours

    def row_cost(self) -> float:
        n, cells = len(self.X_), float(self.X_.size)
        if self._proposes:
            each = cells / 16.0
        elif self.p in (1.0, 2.0):
            each = cells
        else:
            each = 10.0 * cells  # for a power
        return each + 2.0 * n + 50.0 * self.n_neighbors

    @property
    def _proposes(self) -> bool:
        return self._squared and len(self.X_) >= _ENOUGH

    @property
    def _squared(self) -> bool:
        """Whether distances are ordered by their squares."""
        return self.p == 2.0 and not self._wide

    @cached_property
    def _wide(self) -> bool:
        """Whether its rows are so far apart that squares would not fit."""
        above, below = self.X_.max(axis=0) - self.centre_, self.centre_ - self.X_.min(axis=0)
        return bool(np.maximum(above, below).max() * self.scale_ > _FAR)

    def _neighbours(self, X: FloatArray) -> Iterator[Neighbours]:
        """The k nearest of each query, a block of queries at a time."""
        few = len(X) * self.X_.size <= _FEW
        pairs = self._proposed if self._proposes and not few else self._all
        for queries, rows, columns, power in pairs(X):
            order = np.lexsort((columns, power, rows))
            first = np.searchsorted(rows, np.arange(queries.stop - queries.start))
            order = self._settled(X[queries], rows, columns, power, order, first)
            best = order[first[:, None] + np.arange(self.n_neighbors)]
            nearest = power[best]
            beyond = queries.start + np.flatnonzero(nearest.max(axis=1) >= _HUGE)[:COUNTED]
            refuse(too_large(X, beyond.tolist()))
            yield queries, columns[best], nearest

    def _settled(
        self,
        X: FloatArray,
        rows: Codes,
        columns: Codes,
        power: FloatArray,
        order: Codes,
        first: Codes,
    ) -> Codes:
        """The order of the pairs once `power` is settled between those that are nearly equal.

        Equal differences in other columns add up to a sum that rounds otherwise. Where that could
        decide, they are added by their size, so that the order of columns decides nothing.
        `first` is where the pairs of each query begin.
        """
        pairs = self._doubtful(rows, power[order], order, first)
        if not len(pairs):
            return order
        for some in _blocks(len(pairs), max(1, 4 * _CELLS // X.shape[1])):
            few = pairs[some]
            difference = np.abs(self.X_[columns[few]] - 0.5 * X[rows[few]])
            difference.sort(axis=1)
            power[few] = self._power(difference)
        return np.lexsort((columns, power, rows))

    def _doubtful(self, rows: Codes, ascending: FloatArray, order: Codes, first: Codes) -> Codes:
        """The pairs that rounding might have put in another order than they have, where that
        matters."""
        nobody = order[:0]
        if self.weights == "uniform":  # all that counts is who is among the k
            if len(first) == 1 and len(ascending) <= _ONE_BY_ONE:  # as most are asked
                return order[self._parted(ascending.tolist())]
            following = first + self.n_neighbors
            there = following[following < np.append(first[1:], len(ascending))]
            if not self._near(ascending[there], ascending[there - 1]).any():
                return nobody
        larger, smaller = ascending[1:], ascending[:-1]
        near = self._near(larger, smaller)
        unequal = near & (larger > smaller)
        if not unequal.any():
            return nobody
        run = np.append(0, np.cumsum(~near | (np.diff(rows[order]) > 0)))
        doubtful = np.zeros(run[-1] + 1, dtype=np.bool_)
        doubtful[run[1:][unequal]] = True
        if self.weights == "uniform":
            inside, outside = run[first + self.n_neighbors - 1], np.append(run, -1)
            parted = np.zeros_like(doubtful)
            parted[inside[inside == outside[first + self.n_neighbors]]] = True
            doubtful &= parted
        pairs: Codes = order[doubtful[run]]
        return pairs

    def _parted(self, ascending: list[float]) -> slice:
        """The same of one query: those among which the k-th is, if they are nearly equal, but not
        quite, and not all among the k."""
        start, end = self.n_neighbors - 1, self.n_neighbors
        while end < len(ascending) and self._near(ascending[end], ascending[end - 1]):
            end += 1
        if end == self.n_neighbors:
            return slice(0)
        while start > 0 and self._near(ascending[start], ascending[start - 1]):
            start -= 1
        return slice(start, end if ascending[start] < ascending[end - 1] else start)

    def _near(self, larger: Any, smaller: Any) -> Any:
        """Whether two may be equal, but for rounding."""
        return larger * (1.0 - self._rounding) <= smaller

    @property
    def _rounding(self) -> float:
        """The share by which two distances that are equal may differ when they are computed."""
        return float(4.0 * (self.X_.shape[1] + 4) * EPS)

    def _power(self, difference: FloatArray) -> FloatArray:
        """What orders distances: their squares if `_squared`, or themselves; `(m, d) -> (m,)`."""
        difference *= self.scale_
        np.abs(difference, out=difference)
        power: FloatArray
        if self._squared:
            difference *= difference
            power = difference.sum(axis=1)
        elif self.p == 1.0:
            power = difference.sum(axis=1)
        else:
            exponent = np.frexp(difference.max(axis=1))[1]
            sums = (np.ldexp(difference, -exponent[:, None]) ** self.p).sum(axis=1)
            power = np.ldexp(sums ** (1.0 / self.p), exponent)
        return np.minimum(power, _HUGE, out=power)

    def _all(self, X: FloatArray) -> Iterator[Pairs]:
        """Each query's k nearest and what ties with the k-th, from all the distances."""
        n, k = len(self.X_), self.n_neighbors
        for queries in _blocks(len(X), max(1, _CELLS // self.X_.size)):
            Q = 0.5 * X[queries, None]
            power = np.empty((len(Q), n))
            for some in _blocks(n, max(1, _CELLS // Q.size)):
                difference = self.X_[some] - Q
                power[:, some] = self._power(difference.reshape(-1, X.shape[1])).reshape(len(Q), -1)
            bound = np.partition(power, k - 1, axis=1)[:, k - 1 : k] * (1.0 + self._rounding)
            rows, columns = np.nonzero(power <= bound)
            yield queries, rows, columns, power[rows, columns]

    @cached_property
    def _columns(self) -> FloatArray:
        """Centred training rows as columns, and below them their squared norms."""
        centred = np.clip((self.X_ - self.centre_) * self.scale_, -_FAR, _FAR)
        columns = np.vstack([centred.T, (centred**2).sum(axis=1)])
        return np.ascontiguousarray(columns)  # a product with long rows reads them faster

    def _proposed(self, X: FloatArray) -> Iterator[Pairs]:
        """Few pairs, and each query's k nearest among them.

        |x - q|^2 - |q|^2 = |x|^2 - 2 x.q is one matrix product. The k-th smallest of the minima
        over groups of rows is an upper bound on the k-th smallest of all, and few rows are below.
        """
        n, k = len(self.X_), self.n_neighbors
        size = max(1, min(_GROUP, n // (4 * k)))
        groups = -(-n // size)
        step = min(len(X), max(_QUERIES, _CELLS // n))
        # Written anew for each block: fresh memory would cost more than the arithmetic.
        products = np.full((step, size * groups), np.inf)
        factors = np.ones((step, X.shape[1] + 1))
        # Rounding moves |x|^2 - 2 x.q by less than (d + 4) eps (|x| + |q|)^2, where |x| of a
        # row that matters is at most |q| plus its distance; twice over, with room to spare.
        doubt = 8.0 * (X.shape[1] + 9) * EPS
        for queries in _blocks(len(X), step):
            Q = 0.5 * X[queries]
            q = factors[: len(Q), :-1]
            np.clip((Q - self.centre_) * self.scale_, -_FAR, _FAR, out=q)
            norm = (q * q).sum(axis=1, keepdims=True)
            q *= -2.0
            np.matmul(factors[: len(Q)], self._columns, out=products[: len(Q), :n])
            members = products[: len(Q)].reshape(len(Q), size, groups)
            least = members.min(axis=1)
            bound = np.partition(least, k - 1, axis=1)[:, k - 1 : k]
            bound += doubt * (5.0 * norm + bound) + 1e-290
            rows, group = np.nonzero(least <= bound)
            pair, member = np.nonzero(members[rows, :, group] <= bound[rows])
            rows, found = rows[pair], member * groups + group[pair]
            power = np.empty(len(rows))
            for some in _blocks(len(rows), max(1, 4 * _CELLS // X.shape[1])):
                power[some] = self._power(self.X_[found[some]] - Q[rows[some]])
            yield queries, rows, found, power

    # ------------------------------------------------------------------------------ votes

    def _weight(self, power: FloatArray) -> FloatArray:
        """What each neighbour counts, `(n, k)`; the nearest, and all where uniform, count 1."""
        if self.weights == "uniform":
            return np.ones_like(power)
        least = power[:, :1]
        ratio = np.where(power > least, least / power, 1.0)
        return np.sqrt(ratio) if self._squared else ratio

    def _votes(self, nearest: Codes, power: FloatArray) -> FloatArray:
        """Weight of each class, `(n, n_classes)`."""
        assert self.classes_ is not None
        n, classes = len(nearest), len(self.classes_)
        cells = self.y_[nearest] + classes * np.arange(n)[:, None]
        weight = None if self.weights == "uniform" else self._weight(power).ravel()
        votes = np.bincount(cells.ravel(), weight, minlength=n * classes)
        return votes.reshape(n, classes).astype(np.float64, copy=False)
