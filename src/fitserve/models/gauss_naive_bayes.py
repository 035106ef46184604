"""Gaussian naive Bayes."""

import re
from functools import partial
from typing import Annotated

import numpy as np
from pydantic import Field

from fitserve.data.arrays import FloatArray
from fitserve.errors import COUNTED, Advice, InvalidRequest, counted, refuse
from fitserve.models.base import Codes, Model
from fitserve.models.hyperparameters import Instead, hyperparameters
from fitserve.models.numerics import log_sum_exp, such_shares
from fitserve.models.overflow import too_far

CELLS = 2**15  # numbers in a working array, about: they stay in the cache
SMOOTHING = 1e-9
_MOST = 1e-3  # up to which a number by another name may be such a share

Share = Annotated[float, Field(ge=0.0, le=1.0)]


@hyperparameters
class GaussNaiveBayes(Model):
    """Bayes' rule over columns that are independent and normally distributed in each class.

    Learns the class priors, and the mean and variance of each column in each class
    (Hastie, Tibshirani, Friedman, The Elements of Statistical Learning, 2nd ed., 6.6.3).
    """

    tasks = ("classification",)
    copies = 3.0
    gives_probabilities = True
    levelling = {"var_smoothing": 1, "priors": 0}  # noqa: RUF012

    var_smoothing: float = Field(
        default=SMOOTHING,
        ge=0.0,
        description="Share of the largest column variance that is added to every variance.",
    )
    priors: (
        Annotated[
            list[Share],
            Field(min_length=2, fail_fast=True, description="one for each class, that sum to 1"),
        ]
        | None
    ) = Field(
        default=None,
        description="Probability of each class, in ascending order of the labels; "
        "by default its share of the rows.",
    )

    @classmethod
    def _elsewhere(cls, name: str, value: object) -> Instead | None:
        share = type(value) in (int, float) and 0.0 <= value <= _MOST  # type: ignore[operator]
        if share or not re.fullmatch("alphas?|laplace|smoothing", name.lower()):
            return super()._elsewhere(name, value)
        said = (
            f"{cls.model_type()} has no counts to add {name} to; leave {name} out: var_smoothing "
            f"is a share of the largest variance, {SMOOTHING:g} by default"
        )
        return said, "", Advice(f"{name} is left out", {name: None})

    @property
    def swamped(self) -> float:
        # The share that is added to each variance is then ten times what a narrow column has.
        return float(np.sqrt(10.0 / self.var_smoothing)) if self.var_smoothing else np.inf

    def _check(self, X: FloatArray, y: Codes) -> None:
        if self.priors is None:
            return
        n_classes = int(y.max()) + 1
        if len(self.priors) != n_classes:
            raise InvalidRequest.at(
                ("priors",),
                f"{counted(len(self.priors), 'prior')} for {n_classes} classes; "
                f"give one for each{such_shares(y)}, or leave priors out",
                "length",
            )
        whole = sum(self.priors)
        if not np.isclose(whole, 1.0):
            shares = [float(f"{one / whole:.6g}") for one in self.priors] if whole else []
            mend = f"write {shares}" if len(shares) <= 10 else f"divide them by {whole:.6g}"
            raise InvalidRequest.at(
                ("priors",),
                f"priors must sum to 1, not {whole:.6g}; "
                + (mend if whole else f"give shares{such_shares(y)}, or leave priors out"),
                "sum",
                remedies=[
                    Advice("shares of their sum", {"priors": shares})
                    if whole
                    else Advice("priors is left out", {"priors": None})
                ],
            )

    def _fit(self, X: FloatArray, y: Codes) -> None:
        counts = np.bincount(y)
        self.class_prior_ = np.array(self.priors) if self.priors else counts / len(y)
        scale = np.ones(X.shape[1])
        centre, shift, variance, widest = class_moments(X, y, counts)
        if not ((variance > 1e-280).all() and (variance < 1e100).all()):
            # Squares overflowed or vanished, or a column is constant: once more, with columns
            # that powers of two have brought near 1.
            largest = np.maximum(X.max(axis=0), -X.min(axis=0))
            largest[largest == 0.0] = largest.max()
            scale = np.ldexp(1.0, np.clip(-np.frexp(largest)[1], -1022, 1000))
            centre, shift, variance, widest = class_moments(X * scale, y, counts)
        with_share = partial(_smoothed, variance, widest, scale)
        smoothed = with_share(self.var_smoothing)
        if not (smoothed > 0.0).all():
            helps = bool((with_share(SMOOTHING) > 0.0).all())
            raise self._constant(int((smoothed > 0.0).all(axis=0).argmin()), helps=helps)
        # Apart, since their sum would round the difference between classes off, far from 0.
        self.centre_, self.shift_ = centre / scale, shift / scale
        self.precision_root_ = scale / np.sqrt(smoothed)  # 1 / standard deviation
        self.log_norm_ = -0.5 * np.log(2.0 * np.pi * smoothed).sum(axis=1)

    def _constant(self, column: int, *, helps: bool) -> InvalidRequest:
        """A column has no variance in a class, nor by smoothing; whether more of that helps."""
        constant = f"column {column} is the same in every row of a class"
        if helps:
            return InvalidRequest.at(
                ("var_smoothing",),
                f"{constant}, and var_smoothing is {self.var_smoothing:g}; give a larger one, such "
                f"as {SMOOTHING:g}",
                "singular",
                remedies=[Advice(f"var_smoothing is {SMOOTHING:g}", {"var_smoothing": SMOOTHING})],
            )
        return InvalidRequest.at(
            ("X",),
            f"{constant}, and no column varies enough to smooth it by; leave it out, or scale the "
            "columns, so that they vary by about 1",
            "singular",
        )

    def _joint(self, X: FloatArray) -> FloatArray:
        """Log of prior times likelihood, `(n_rows, n_classes)`, less what the classes share."""
        joint = np.empty((len(X), len(self.shift_)))
        size = max(1, CELLS // self.shift_.size)
        for start in range(0, len(X), size):
            z = (X[start : start + size] - self.centre_)[:, None, :] - self.shift_
            z *= self.precision_root_
            z *= z
            z.sum(axis=2, out=joint[start : start + size])
        joint *= -0.5
        joint += np.log(self.class_prior_) + self.log_norm_
        away = np.flatnonzero(~np.isfinite(joint.max(axis=1)))[:COUNTED]
        refuse(too_far(X, row, self._farthest(X[row])) for row in away.tolist())
        return joint

    def _farthest(self, row: FloatArray) -> int:
        deviation = np.abs(row / 2 - self.centre_ / 2 - self.shift_ / 2)
        return int((deviation * self.precision_root_).max(axis=0).argmax())

    def _predict(self, X: FloatArray) -> Codes:
        codes: Codes = self._joint(X).argmax(axis=1)
        return codes

    def _predict_proba(self, X: FloatArray) -> FloatArray:
        joint = self._joint(X)
        probabilities: FloatArray = np.exp(joint - log_sum_exp(joint))
        return probabilities


def _smoothed(
    variance: FloatArray, widest: FloatArray, scale: FloatArray, share: float
) -> FloatArray:
    """`variance` `(n_classes, n_features)` and a share of that of the widest column.

    In its own units, in the units of each; where that overflows, the column is as nothing beside
    the widest.
    """
    deviations = np.sqrt(share * widest) / scale
    smoothed: FloatArray = variance + np.minimum((deviations.max() * scale) ** 2, 1e200)
    return smoothed


def class_moments(
    X: FloatArray, y: Codes, counts: Codes
) -> tuple[FloatArray, FloatArray, FloatArray, FloatArray]:
    """A centre `(n_features,)`; mean less centre and variance `(n_classes, n_features)` of each
    class; and variance `(n_features,)` over all.

    Squares of deviations from the mean of the class: E[x^2] - E[x]^2 would lose all digits far
    from the origin. Sums are products with memberships, a block at a time.
    """
    n, p = X.shape
    k = len(counts)
    centre = np.ones(n) @ X / n
    size = max(256, 2 * CELLS // max(k, p))
    parts = [slice(start, start + size) for start in range(0, n, size)]

    def sums(part: slice, values: FloatArray) -> FloatArray:
        mine: FloatArray = (y[part] == np.arange(k)[:, None]).astype(np.float64) @ values
        return mine

    shift = np.zeros((k, p))
    for part in parts:
        shift += sums(part, X[part] - centre)
    shift /= counts[:, None]
    variance = np.zeros((k, p))
    for part in parts:
        within = X[part] - centre
        within -= shift[y[part]]
        within *= within
        variance += sums(part, within)
    variance /= counts[:, None]
    share = counts / n
    return centre, shift, variance, share @ (variance + shift**2)
