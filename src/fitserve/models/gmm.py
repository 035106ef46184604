"""Gaussian mixtures."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, ClassVar, Literal

import numpy as np
from pydantic import Field

from fitserve.data.arrays import FloatArray
from fitserve.errors import COUNTED, Advice, InvalidRequest, refuse
from fitserve.models.base import Codes, Model
from fitserve.models.hyperparameters import COUNT, Drowned, hyperparameters
from fitserve.models.kmeans import KMeans, count_distinct, one_each, too_many
from fitserve.models.numerics import EPS, thinned
from fitserve.models.overflow import too_far, too_large_beside_the_rest

Covariance = Literal["full", "tied", "diag", "spherical"]

WIDTH = 32  # rows of every matrix product
CELLS = 2**16  # numbers in a working array, about: they stay in the cache


@hyperparameters
class GaussianMixture(Model):
    """Clusters that are normal distributions, and for each row the probability of each of them.

    Expectation maximisation (Dempster, Laird, Rubin, Maximum likelihood from incomplete data via
    the EM algorithm, 1977; Bishop, Pattern Recognition and Machine Learning, 9.2.2) from the
    clusters of k-means. What is maximised, over `n_init` starts, is the likelihood; the loss is
    minus the mean log-likelihood of a row.
    """

    tasks = ("clustering",)
    copies = 8.0
    scale_matters = True
    iterating = True
    metric = "mean_log_likelihood"
    gives_probabilities = True

    needing: ClassVar = {one: {"n_components": None} for one in ("init_params", "n_init", "tol")}

    n_components: int = Field(
        default=1, ge=1, le=COUNT, description="Number of normal distributions."
    )
    covariance_type: Covariance = Field(
        default="full",
        description="Each component has its own covariance matrix (full), all share one (tied), "
        "each has its own variances of the columns (diag) or one variance (spherical).",
    )
    tol: float = Field(
        default=1e-3,
        ge=0.0,
        description="Done when the mean log-likelihood of a row changes by less.",
    )
    reg_covar: float = Field(
        default=1e-6, ge=0.0, description="Added to every variance, to keep it positive."
    )
    max_iter: int = Field(default=100, ge=1, le=COUNT, description="Most iterations of one start.")
    n_init: int = Field(
        default=1, ge=1, le=COUNT, description="Number of starts, of which the best is kept."
    )
    init_params: Literal["kmeans", "random"] = Field(
        default="kmeans", description="First responsibilities: clusters of k-means, or random."
    )

    def stretch(self) -> float:
        n, p = self.n_samples_, self.n_features_in_
        each = float(p) * (p if self.covariance_type in ("full", "tied") else 1)
        return self.n_components * (each + 20.0) * (n + p)  # 20 for a logarithm

    def least_memory(self) -> int:
        p = self.n_features_in_
        each = {"full": p * p * self.n_components, "tied": p * p}.get(self.covariance_type, 0)
        return super().least_memory() + 2 * 8 * each  # covariances and their factors

    def expected_memory(self) -> int:
        p = self.n_features_in_
        each = p * p if self.covariance_type in ("full", "tied") else p
        return super().expected_memory() + 8 * 7 * each * self.n_components

    def drowned(self, reach: float) -> Drowned | None:
        far_more = Drowned("reg_covar", "is far more than they vary")
        return far_more if reach * reach < 0.01 * self.reg_covar else None

    def _fit(self, X: FloatArray, y: None) -> None:
        self._refuse_too_few(X)
        Z, scale, centre = self._standardized(X)
        reg = (np.sqrt(self.reg_covar) * scale) ** 2  # scale**2 may overflow
        log_scale = float(np.log(scale).sum())
        rng = self._rng()
        most = -np.inf
        for start in range(self.n_init):
            mixture = self._first(X, Z, reg, rng)
            losses: list[float] = []
            converged = False
            while not converged and len(losses) < self.max_iter:
                moments = Moments(mixture)
                total = 0.0
                for rows, n in blocks(Z, mixture.weights.size):
                    deviation, joint = mixture.log_joint(rows)
                    log_likelihood, shares = responsibilities(joint)
                    forget_padding(shares, n)
                    moments.add(deviation, shares)
                    total += float(log_likelihood.reshape(-1)[:n].sum())
                likelihood = total / len(Z) + log_scale
                if not np.isfinite(likelihood):
                    raise too_large_beside_the_rest(X)
                converged = bool(losses) and abs(likelihood + losses[-1]) < self.tol
                mixture = self._maximized(moments, reg, X)
                losses.append(-likelihood)
                self._iterated(
                    start * self.max_iter + len(losses),
                    of=self.n_init * self.max_iter,
                    loss=losses[-1],
                )
            if likelihood > most:
                most, curve, best = likelihood, losses, mixture
                self.converged_ = converged
        self.n_iter_ = len(curve)
        self.loss_curve_ = thinned(curve)
        self.weights_ = best.weights
        # Apart, since their sum would round small distances off, far from 0.
        self.centre_, self.shift_ = centre / scale, best.means / scale
        self.precisions_cholesky_ = best.rescaled(scale)

    def _check(self, X: FloatArray, y: None) -> None:
        if len(X) < self.n_components:
            self._refuse_too_few(X)
        if len(X) == self.n_components > 1:
            self._advice.append(one_each(len(X), "component", "n_components"))

    def _refuse_too_few(self, X: FloatArray) -> None:
        distinct = count_distinct(X, enough=self.n_components)
        if distinct < self.n_components:
            have = f"{len(X)} rows" if distinct == len(X) else f"{distinct} different rows"
            said = f"{self.n_components} components need as many different rows, and X has {have}"
            raise too_many("n_components", said, "too_few_rows", distinct, len(X))

    def _standardized(self, X: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray]:
        """X with each column around 0 and within a range where squares neither overflow nor
        vanish; and the powers of two and the centre that brought it there."""
        largest = np.maximum(X.max(axis=0), -X.min(axis=0))
        exponent = np.frexp(largest)[1]
        if self.reg_covar > 0.0:  # it must not overflow in the units of tiny columns
            exponent = np.maximum(exponent, np.frexp(np.sqrt(self.reg_covar))[1])
        if self.covariance_type == "spherical":
            exponent[:] = exponent.max()
        scale = np.ldexp(1.0, np.clip(-exponent, -1022, 1000))
        Z = X * scale
        centre = Z.mean(axis=0)
        Z -= centre
        return Z, scale, centre

    def _first(
        self, X: FloatArray, Z: FloatArray, reg: FloatArray, rng: np.random.Generator
    ) -> "Mixture":
        """The mixture that k-means, or chance, proposes."""
        k = self.n_components
        means = np.zeros((k, Z.shape[1]))
        if self.init_params == "random":
            shares = rng.random((k, len(Z)))
            shares /= shares.sum(axis=0)
        else:
            labels = np.zeros(len(Z), dtype=np.intp)
            if k > 1:
                clusters = KMeans(n_clusters=k, n_init=3, random_state=int(rng.integers(2**32)))
                labels = clusters.fit(X).predict(X)
            shares = (labels == np.arange(k)[:, None]).astype(np.float64)
            means = shares @ Z / np.maximum(shares.sum(axis=1, keepdims=True), 1.0)
        moments = Moments(Mixture(self.covariance_type, np.ones(k), means, means))
        start = 0
        for rows, n in blocks(Z, k):
            padded = np.zeros((k, len(rows) * WIDTH))
            padded[:, :n] = shares[:, start : start + n]
            moments.add(rows - means[:, None, :, None], padded.reshape(k, len(rows), WIDTH))
            start += n
        return self._maximized(moments, reg, X)

    def _maximized(self, moments: "Moments", reg: FloatArray, X: FloatArray) -> "Mixture":
        try:
            return moments.mixture(reg)
        except np.linalg.LinAlgError:
            spread = np.abs(X - X.mean(axis=0)).max()
            larger = np.maximum(10.0 * self.reg_covar, 1e-6 * spread * spread) or 1e-6
            singular = (
                "the covariance of a component is singular, because its rows lie in fewer "
                "dimensions than there are columns"
            )
            if not np.isfinite(larger):
                raise too_large_beside_the_rest(X) from None
            remedies = [Advice(f"reg_covar is {larger:.0e}", {"reg_covar": float(f"{larger:.0e}")})]
            scaled = ""
            if self.reg_covar and spread * spread > 1.0:  # it adds too little to columns so wide
                scaled = "set standardize to true, or "
                remedies.insert(0, Advice("columns are standardized", {"standardize": True}))
            raise InvalidRequest.at(
                ("reg_covar",),
                f"{singular}; {scaled}give a larger reg_covar, such as {larger:.0e}, or fewer "
                "components",
                "singular",
                remedies=remedies,
            ) from None

    def _joint(self, X: FloatArray) -> Iterator[tuple[FloatArray, int]]:
        mixture = Mixture(
            self.covariance_type, self.weights_, self.shift_, self.precisions_cholesky_
        )
        start = 0
        for rows, n in blocks(X - self.centre_, len(self.weights_)):
            joint = mixture.log_joint(rows)[1]
            away = start + np.flatnonzero(~np.isfinite(joint.max(axis=0)).reshape(-1)[:n])
            refuse(too_far(X, row, self._farthest(X[row])) for row in away[:COUNTED].tolist())
            start += n
            yield joint, n

    def _farthest(self, row: FloatArray) -> int:
        """The column that is farthest from the centre, in the units of the narrowest component."""
        units = np.abs(self.precisions_cholesky_)
        if self.covariance_type in ("full", "tied"):
            units = units.max(axis=-1)
        elif self.covariance_type == "spherical":
            units = units[:, None]
        return int((np.abs(row / 2 - self.centre_ / 2) * units).max(axis=0).argmax())

    def _predict(self, X: FloatArray) -> Codes:
        parts = [joint.argmax(axis=0).reshape(-1)[:n] for joint, n in self._joint(X)]
        return np.concatenate(parts)

    def _predict_proba(self, X: FloatArray) -> FloatArray:
        parts = [
            responsibilities(joint)[1].reshape(len(joint), -1)[:, :n] for joint, n in self._joint(X)
        ]
        return np.ascontiguousarray(np.concatenate(parts, axis=1).T)

    def _score(self, X: FloatArray, y: Any) -> float:
        total = 0.0
        for joint, n in self._joint(X):
            total += float(responsibilities(joint)[0].reshape(-1)[:n].sum())
        return total / len(X)


@dataclass
class Mixture:
    """Weights, means, and factors P of the precisions P P': `(k, p, p)` if full, `(p, p)` if
    tied, `(k, p)` if diag, `(k,)` if spherical."""

    kind: Covariance
    weights: FloatArray
    means: FloatArray
    factors: FloatArray

    def log_joint(self, rows: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Of rows `(b, p, WIDTH)`: deviations from the means `(k, b, p, WIDTH)`, and logarithms
        of weight times density `(k, b, WIDTH)`."""
        p = self.means.shape[1]
        deviation = rows - self.means[:, None, :, None]
        if self.kind in ("full", "tied"):
            factors = self.factors[:, None] if self.kind == "full" else self.factors
            white = factors.swapaxes(-1, -2) @ deviation
            roots = np.diagonal(self.factors, axis1=-2, axis2=-1)
        else:
            roots = self.factors if self.kind == "diag" else self.factors[:, None]
            white = deviation * roots[:, None, :, None]
            roots = np.broadcast_to(roots, self.means.shape)
        np.multiply(white, white, out=white)
        constant = np.log(self.weights) + np.log(roots).sum(axis=-1) - 0.5 * p * np.log(2.0 * np.pi)
        return deviation, constant[:, None, None] - 0.5 * white.sum(axis=-2)

    def rescaled(self, scale: FloatArray) -> FloatArray:
        """The factors for rows in whose units `rows * scale` were those of these factors."""
        if self.kind in ("full", "tied"):
            return self.factors * scale[:, None]
        return self.factors * (scale if self.kind == "diag" else scale[0])


class Moments:
    """Sums over rows, weighted by responsibilities: of 1, of the deviation from the mean that
    the component had so far, and of its square. The mean moves little, and little is lost."""

    def __init__(self, mixture: Mixture) -> None:
        k, p = mixture.means.shape
        self.kind, self.means = mixture.kind, mixture.means
        self.matrices = self.kind in ("full", "tied")
        self.zeroth = np.full(k, 10.0 * EPS)  # a component that no row belongs to stays finite
        self.first = np.zeros((k, p))
        self.second = np.zeros((k, p, p) if self.matrices else (k, p))

    def add(self, deviation: FloatArray, shares: FloatArray) -> None:
        weighted = deviation * shares[:, :, None, :]
        self.zeroth += shares.sum(axis=(1, 2))
        self.first += weighted.sum(axis=(1, 3))
        if self.matrices:
            self.second += (weighted @ deviation.swapaxes(-1, -2)).sum(axis=1)
        else:
            weighted *= deviation
            self.second += weighted.sum(axis=(1, 3))

    def mixture(self, reg: FloatArray) -> Mixture:
        """The most likely mixture; LinAlgError if a covariance is singular."""
        n, p = self.zeroth, self.means.shape[1]
        weights = n / n.sum()
        shift = self.first / n[:, None]
        if self.matrices:
            covariance = self.second / n[:, None, None] - shift[:, :, None] * shift[:, None, :]
            if self.kind == "tied":
                covariance = np.tensordot(weights, covariance, axes=1)
            covariance[..., np.arange(p), np.arange(p)] += reg
            factors = whitening(covariance)
        else:
            variance = self.second / n[:, None] - shift**2 + reg
            if self.kind == "spherical":
                variance = variance.mean(axis=1)
            if not (variance > 0.0).all():
                raise np.linalg.LinAlgError
            factors = 1.0 / np.sqrt(variance)
        return Mixture(self.kind, weights, self.means + shift, factors)


def whitening(covariance: FloatArray) -> FloatArray:
    """Upper triangular P with P P' the inverse; LinAlgError if rounding is all that is left of
    a variance when those of the columns before it are known."""
    lower = np.linalg.cholesky(covariance)
    left = np.diagonal(lower, axis1=-2, axis2=-1) ** 2
    whole = np.diagonal(covariance, axis1=-2, axis2=-1)
    p = covariance.shape[-1]
    if not (left > p * EPS * whole).all():
        raise np.linalg.LinAlgError
    inverse = np.tril(np.linalg.solve(lower, np.eye(p)))
    return np.ascontiguousarray(inverse.swapaxes(-1, -2))


def responsibilities(joint: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Log-likelihood of each row, and the share `(k, ...)` that each component has in it."""
    top = joint.max(axis=0)
    shares = np.exp(joint - top)
    total = shares.sum(axis=0)
    shares /= total
    return np.log(total) + top, shares


def blocks(X: FloatArray, k: int) -> Iterator[tuple[FloatArray, int]]:
    """Rows as columns `(b, p, WIDTH)`, filled up by copies of a row, and how many there are.

    Every product of matrices has WIDTH columns, however few rows there are to predict: what
    a row gets then does not depend on the others in its batch.
    """
    n, p = X.shape
    size = WIDTH * max(1, CELLS // (k * p * WIDTH))
    for start in range(0, n, size):
        part = X[start : start + size]
        b = -(-len(part) // WIDTH)
        rows = np.empty((b * WIDTH, p))
        rows[: len(part)] = part
        rows[len(part) :] = part[0]
        yield np.ascontiguousarray(rows.reshape(b, WIDTH, p).swapaxes(1, 2)), len(part)


def forget_padding(shares: FloatArray, n: int) -> None:
    shares.reshape(len(shares), -1)[:, n:] = 0.0
