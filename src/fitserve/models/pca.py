"""Principal component analysis."""

from collections.abc import Callable
from typing import Annotated

import numpy as np
from pydantic import Field

from fitserve.data.arrays import FloatArray, Target
from fitserve.errors import Advice, InvalidRequest, clip
from fitserve.models.base import Model
from fitserve.models.hyperparameters import COUNT, Instead, hyperparameters
from fitserve.models.numerics import EPS, column_means, power_of_two

Count = Annotated[int, Field(ge=1, le=COUNT)]
Share = Annotated[float, Field(gt=0.0, lt=1.0)]

BLOCK = 60_000
"""Numbers in one block of rows, so few that they stay in cache."""
CLEAR = 1e-5
"""Share of the largest variance down to which a component may come from squares: they blur it by
the root of the inverse of that share more than singular values would."""


@hyperparameters
class PCA(Model):
    """The few directions in which the rows vary most, and the rows' coordinates along them.

    Minimises the squared distance of the rows to the plane through their mean that the components
    span (Hastie, Tibshirani, Friedman, The Elements of Statistical Learning, 2nd ed., 14.5.1).
    Where all components asked for stand out clearly, they are eigenvectors of the covariance
    matrix; else right singular vectors of the centred rows, which no squaring has blurred. The
    largest entry of each component is positive. The score is the share of the variance that the
    coordinates keep.
    """

    tasks = ("projection",)
    copies = 5.5
    scale_matters = True
    metric = "explained_variance_ratio"

    n_components: Count | Share | None = Field(
        default=None,
        description="How many components; below 1, the share of the variance that they must "
        "exceed; left out, as many as there are rows or columns, whichever is less.",
    )
    whiten: bool = Field(
        default=False, description="Whether to scale the coordinates to unit variance."
    )

    def expected_memory(self) -> int:
        least = min(self.n_samples_, self.n_features_in_)
        return super().expected_memory() + 8 * 4 * least * least

    @classmethod
    def _elsewhere(cls, name: str, value: object) -> Instead | None:
        if "variance" not in name.lower() or "covar" in name.lower():
            return super()._elsewhere(name, value)
        share = value if isinstance(value, (int, float)) and 0 < value < 1 else None
        here = f"there is no {clip(name, 40)!r}; write"
        if share is not None:
            said = f'{here} "n_components": {share:.15g}, the share that components must exceed'
            return said, "n_components"
        return (
            f'{here} a share of the variance as "n_components": 0.95, below 1, or leave {name} '
            "out for all of it; a whole number there counts components"
        ), "n_components"

    def _check(self, X: FloatArray, y: None) -> None:
        n, p = X.shape
        if n < 2:
            raise InvalidRequest.at(
                ("X",), "one row has no variance; give at least two rows", "too_few_rows"
            )
        if self.n_components is None or self.n_components < 1:
            return
        if self.n_components > min(n, p):
            raise InvalidRequest.at(
                ("n_components",),
                f"there are at most {min(n, p)} components in {n} rows of {p} columns, "
                f"not {self.n_components}; ask for at most {min(n, p)}",
                "less_than_equal",
                remedies=[Advice(f"n_components is {min(n, p)}", {"n_components": min(n, p)})],
            )

    def _fit(self, X: FloatArray, y: None) -> None:
        n, p = X.shape
        unit = 1.0
        mean = column_means(X)
        scatter = scatter_of(X, mean)
        if not 1e-200 < np.trace(scatter) < 1e200:  # squares do not fit
            unit = float(power_of_two(np.abs(X).max()))
            X = X / unit
            mean = column_means(X)
            scatter = scatter_of(X, mean)
        squares, components = principal_axes(X, mean, scatter, self._count)
        if not squares[0] > 0.0:
            apart = float((X.max(axis=0) - X.min(axis=0)).max() * unit)
            raise InvalidRequest.at(
                ("X",),
                f"rows differ by {apart:g} at most, too little to compute with; scale the "
                "columns, so that they differ by about 1"
                if apart
                else "all rows are equal, so that nothing varies; give rows that differ",
                "constant",
            )
        k = len(components)
        self.components_ = components
        self.mean_ = mean * unit
        self.singular_values_ = np.sqrt(squares[:k]) * unit
        self.explained_variance_ = self.singular_values_**2 / (n - 1)
        self.explained_variance_ratio_ = squares[:k] / squares.sum()
        if self.whiten:
            self._refuse_zero_variance(squares[:k], max(n, p))

    def _count(self, squares: FloatArray) -> int:
        """How many components to keep of those whose squared singular values are given."""
        if self.n_components is None:
            return len(squares)
        if isinstance(self.n_components, int):
            return self.n_components
        share = np.cumsum(squares) / squares.sum()
        return min(int(np.searchsorted(share, self.n_components, side="right")) + 1, len(share))

    def _refuse_zero_variance(self, squares: FloatArray, size: int) -> None:
        varying = int((np.sqrt(squares) > size * EPS * np.sqrt(squares[0])).sum())
        if varying < len(squares):
            raise InvalidRequest.at(
                ("n_components",),
                f"rows vary in {varying} directions only, and no more can be scaled to unit "
                f"variance; give n_components of at most {varying}, or whiten false",
                "singular",
            )

    def _predict(self, X: FloatArray) -> FloatArray:
        coordinates: FloatArray = (X - self.mean_) @ self.components_.T
        if self.whiten:
            coordinates *= self._whitening()
        return coordinates

    def reconstructed(self, coordinates: FloatArray) -> FloatArray:
        with np.errstate(all="ignore"):
            if self.whiten:
                coordinates = coordinates / self._whitening()
            rows: FloatArray = coordinates @ self.components_ + self.mean_
            return rows

    def _whitening(self) -> FloatArray:
        """What coordinates are multiplied by to have variance 1."""
        factors: FloatArray = np.sqrt(self.n_samples_ - 1) / self.singular_values_
        return factors

    def _score(self, X: FloatArray, y: Target | None) -> float | None:
        """Share of the variance around the mean of the training data that is kept."""
        centred = X - self.mean_
        centred /= power_of_two(np.abs(centred).max())  # squares of 1e200 do not fit
        total = float(np.square(centred).sum())
        kept = float(np.square(centred @ self.components_.T).sum())
        return min(kept / total, 1.0) if total > 0.0 else None


def scatter_of(X: FloatArray, mean: FloatArray) -> FloatArray:
    """Of the centred rows C the product C'C, or CC' if that is smaller."""
    n, p = X.shape
    scatter = np.zeros((min(n, p), min(n, p)))
    size = -(-BLOCK // min(n, p))
    for start in range(0, max(n, p), size):
        part = slice(start, start + size)
        if n >= p:
            rows = X[part] - mean
            scatter += rows.T @ rows
        else:
            columns = X[:, part] - mean[part]
            scatter += columns @ columns.T
    return scatter


def principal_axes(
    X: FloatArray, mean: FloatArray, scatter: FloatArray, count: Callable[[FloatArray], int]
) -> tuple[FloatArray, FloatArray]:
    """All squared singular values of the centred rows, descending, and the right vectors of the
    first `count(squares)` of them."""
    squares, vectors = np.linalg.eigh(scatter)
    squares, vectors = np.maximum(squares[::-1], 0.0), vectors.T[::-1]
    k = count(squares)
    if squares[k - 1] > CLEAR * squares[0]:
        if len(X) >= X.shape[1]:
            return squares, upright(vectors[:k])
        return squares, upright(vectors[:k] @ (X - mean) / np.sqrt(squares[:k, None]))
    centred = X - mean
    if len(X) > X.shape[1]:  # the triangle of QR has the same singular values and is smaller
        centred = np.asarray(np.linalg.qr(centred, mode="r"))
    singular, vectors = np.linalg.svd(centred, full_matrices=False)[1:]
    squares = singular**2
    return squares, upright(vectors[: count(squares)])


def upright(vectors: FloatArray) -> FloatArray:
    """Rows with the sign that makes the largest entry positive; of equal ones, the first."""
    size = np.abs(vectors)
    largest = (size >= (1.0 - 1e-9) * size.max(axis=1, keepdims=True)).argmax(axis=1)
    signs = np.sign(vectors[np.arange(len(vectors)), largest])
    result: FloatArray = vectors * signs[:, None]
    return result
