"""Multinomial naive Bayes."""

from typing import Annotated

import numpy as np
from pydantic import Field

from fitserve.data.arrays import FloatArray
from fitserve.errors import COUNTED, Advice, Fault, InvalidRequest, refuse
from fitserve.models.base import Codes, Model
from fitserve.models.hyperparameters import Drowned, hyperparameters
from fitserve.models.numerics import EPS, log_sum_exp, settle_ties, such_shares, too_weak

_BLOCK = 2**16  # numbers of the one-hot matrix that are held at a time
_HUGE = 1e290
_SHRUNK = 2.0**-60  # brings the largest float to where its product with any log stays finite

Smoothing = Annotated[float, Field(ge=0.0)]
Weight = Annotated[float, Field(gt=0.0)]


@hyperparameters
class MultiNaiveBayes(Model):
    """Bayes' rule over columns of counts, such as words in texts, drawn at each class's rates.

    Learns the class priors and, for each class, the share that each column has of all that was
    counted, smoothed by `alpha` (Manning, Raghavan, Schütze, Introduction to Information
    Retrieval, 13.2). Fractions, such as tf-idf weights, serve as counts too.
    """

    tasks = ("classification",)
    copies = 3.0
    gives_probabilities = True
    counting = True
    levelling = {"alpha": 1, "class_prior": 0}  # noqa: RUF012

    alpha: (
        Smoothing
        | Annotated[
            list[Smoothing],
            Field(min_length=2, fail_fast=True, description="one for each column"),
        ]
    ) = Field(
        default=1.0,
        description="Added to every count (Laplace, Lidstone); one number, or one a column.",
    )
    fit_prior: bool = Field(
        default=True,
        description="Learn the class priors; otherwise all classes are as likely. class_prior "
        "takes the place of either.",
    )
    class_prior: (
        Annotated[
            list[Weight],
            Field(min_length=2, fail_fast=True, description="one for each class"),
        ]
        | None
    ) = Field(
        default=None,
        description="The priors, one a class in ascending order of labels, in place of learned.",
    )

    def _check(self, X: FloatArray, y: Codes) -> None:
        _refuse_negative(X, ", or take gauss_naive_bayes, to which any number is right")
        if isinstance(self.alpha, list) and len(self.alpha) != X.shape[1]:
            raise InvalidRequest.at(
                ("alpha",),
                f"alpha has {len(self.alpha)} values where X has {X.shape[1]} "
                "columns; give one for each, or one number for all",
                "length",
            )
        if self.class_prior is None:
            return
        n_classes, whole = int(y.max()) + 1, sum(self.class_prior)
        if len(self.class_prior) != n_classes:
            raise InvalidRequest.at(
                ("class_prior",),
                f"class_prior has {len(self.class_prior)} values where y has "
                f"{n_classes} classes; give one for each{such_shares(y)}, or leave it out",
                "length",
            )
        if not np.isclose(whole, 1.0):
            self._advice.append(
                Advice(f"class_prior sums to {whole:.3g}, not to 1; its shares of that are taken.")
            )

    def drowned(self, reach: float) -> Drowned | None:
        most = float(np.max(self.alpha))
        return too_weak(reach, {"alpha": self.n_samples_ / most if most else np.inf})

    def _fit(self, X: FloatArray, y: Codes) -> None:
        self.class_count_ = np.bincount(y).astype(np.float64)
        self.class_log_prior_ = self._log_prior(self.class_count_)
        alpha = np.asarray(self.alpha, dtype=np.float64)
        # The shares do not change when counts and alpha shrink alike, and then sums stay finite.
        shrink = _SHRUNK if max(X.max(), alpha.max()) > _HUGE else 1.0
        smoothed = _class_sums(X, y, shrink) + alpha * shrink
        if not (smoothed > 0.0).all():
            column = int(np.argwhere(smoothed == 0.0)[0, 1])
            says = (
                f"alpha is 0 where column {column} is never counted in a class, and the logarithm "
                "of 0 has no value; give an alpha above 0"
            )
            raise InvalidRequest([Fault(("alpha",), says, "log_of_zero", column=column)])
        self.feature_log_prob_ = np.log(smoothed) - np.log(smoothed.sum(axis=1, keepdims=True))

    def _log_prior(self, counts: FloatArray) -> FloatArray:
        if self.class_prior is not None:
            return np.log(self.class_prior)
        if self.fit_prior:
            learned: FloatArray = np.log(counts) - np.log(counts.sum())
            return learned
        return np.full(len(counts), -np.log(len(counts)))

    def refuse_rows(self, X: FloatArray) -> None:
        _refuse_negative(X)

    def _joint(self, X: FloatArray) -> tuple[FloatArray, float]:
        """Log of prior times likelihood, `(n_rows, n_classes)`, and what it was shrunk by."""
        _refuse_negative(X)
        shrink = 1.0
        joint = (self.feature_log_prob_ @ X.T).T  # by classes in memory, where maxima are fast
        if not np.isfinite(joint).all():
            shrink = _SHRUNK
            joint = (self.feature_log_prob_ @ (X * shrink).T).T
        joint += self.class_log_prior_ * shrink
        rounding = EPS * (X.shape[1] + 4)
        return settle_ties(joint, rounding * np.abs(joint).min(axis=1, keepdims=True)), shrink

    def _predict(self, X: FloatArray) -> Codes:
        codes: Codes = self._joint(X)[0].argmax(axis=1)
        return codes

    def _predict_proba(self, X: FloatArray) -> FloatArray:
        joint, shrink = self._joint(X)
        joint = (joint - joint.max(axis=1, keepdims=True)) / shrink
        probabilities: FloatArray = np.exp(joint - log_sum_exp(joint))
        return probabilities


def _class_sums(X: FloatArray, y: Codes, scale: float) -> FloatArray:
    """Column sums of each class times `scale`, `(n_classes, n_columns)`, as matrix products."""
    n_classes = int(y.max()) + 1
    rows = max(1, _BLOCK // n_classes)
    sums = np.zeros((n_classes, X.shape[1]))
    for start in range(0, len(X), rows):
        codes = y[start : start + rows]
        one_hot = np.zeros((n_classes, len(codes)))
        one_hot[codes, np.arange(len(codes))] = scale
        sums += one_hot @ X[start : start + rows]
    return sums


def _refuse_negative(X: FloatArray, instead: str = "") -> None:
    if X.min() >= 0.0:
        return
    cells = np.flatnonzero(X.ravel() < 0.0)[:COUNTED]
    places = (divmod(at, X.shape[1]) for at in cells.tolist())
    refuse(
        Fault(
            ("X", i, j),
            f"a count is needed, 0 or more, not the negative {X[i, j]:.6g}; write one{instead}",
            "negative_count",
            column=j,
        )
        for i, j in places
    )
