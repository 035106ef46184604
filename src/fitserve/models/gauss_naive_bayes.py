"""Gaussian naive Bayes."""

import numpy as np
from pydantic import Field

from fitserve.errors import InvalidRequest
from fitserve.models.base import Codes, Model, hyperparameters
from fitserve.models.numerics import log_sum_exp
from fitserve.validation import FloatArray


@hyperparameters
class GaussNaiveBayes(Model):
    """Bayes' rule over columns that are independent and normally distributed in each class.

    Learns the class priors, and the mean and variance of each column in each class
    (Hastie, Tibshirani, Friedman, The Elements of Statistical Learning, 2nd ed., 6.6.3).
    """

    tasks = ("classification",)
    gives_probabilities = True

    var_smoothing: float = Field(
        default=1e-9,
        ge=0.0,
        description="Share of the largest column variance that is added to every variance.",
    )

    def _fit(self, X: FloatArray, y: Codes) -> None:
        counts = np.bincount(y)
        one_hot = np.zeros((len(counts), len(y)))
        one_hot[y, np.arange(len(y))] = 1.0
        # Squares of deviations from the overall mean first: differences between the classes are
        # small beside a large offset, and E[x^2] - E[x]^2 would lose them.
        centre = X.mean(axis=0)
        deviation = X - centre
        shift = one_hot @ deviation / counts[:, None]
        within = deviation - shift[y]
        variance = one_hot @ within**2 / counts[:, None]
        self.theta_ = shift + centre
        self.var_ = variance + self.var_smoothing * (deviation**2).mean(axis=0).max()
        if not (self.var_ > 0.0).all():
            raise InvalidRequest.at(
                ("var_smoothing",),
                "a column is constant within a class; give a var_smoothing above 0",
                "singular",
            )
        self.log_prior_ = np.log(counts / len(y))
        self.log_norm_ = self.log_prior_ - 0.5 * np.log(2.0 * np.pi * self.var_).sum(axis=1)

    def _joint(self, X: FloatArray) -> FloatArray:
        """Log of prior times likelihood, `(n_rows, n_classes)`."""
        distance = ((X[:, None, :] - self.theta_) ** 2 / self.var_).sum(axis=2)
        joint: FloatArray = self.log_norm_ - 0.5 * distance
        return joint

    def _predict(self, X: FloatArray) -> Codes:
        codes: Codes = self._joint(X).argmax(axis=1)
        return codes

    def _predict_proba(self, X: FloatArray) -> FloatArray:
        joint = self._joint(X)
        probabilities: FloatArray = np.exp(joint - log_sum_exp(joint))
        return probabilities
