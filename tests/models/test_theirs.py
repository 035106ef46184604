"""What scikit-learn's estimators are told by names that no type has here, and what to write."""

import inspect
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from sklearn.base import BaseEstimator
from sklearn.cluster import KMeans
from sklearn.decomposition import PCA
from sklearn.linear_model import (
    LinearRegression,
    LogisticRegression,
    Perceptron,
    Ridge,
    SGDClassifier,
    SGDRegressor,
)
from sklearn.mixture import GaussianMixture
from sklearn.naive_bayes import GaussianNB, MultinomialNB
from sklearn.neighbors import KNeighborsClassifier, KNeighborsRegressor
from sklearn.svm import SVC, LinearSVC
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor
from sklearn.utils._param_validation import Interval, StrOptions

from fitserve.errors import InvalidRequest
from fitserve.models import catalog, having

ESTIMATORS: dict[str, list[type[BaseEstimator]]] = {
    "decision_tree": [DecisionTreeClassifier, DecisionTreeRegressor],
    "gauss_naive_bayes": [GaussianNB],
    "gmm": [GaussianMixture],
    "kmeans": [KMeans],
    "knn": [KNeighborsClassifier, KNeighborsRegressor],
    "linear_regression": [LinearRegression, Ridge, SGDRegressor],
    "logistic_regression": [LogisticRegression, SGDClassifier],
    "multi_naive_bayes": [MultinomialNB],
    "pca": [PCA],
    "perceptron": [Perceptron, SGDClassifier],
    "svm": [LinearSVC, SVC],
}
CONVERTED = {"C", "alpha", "lam", "p"}
"""Hyperparameters that say a penalty, or a distance, otherwise than they do."""


def values(estimator: type[BaseEstimator], name: str) -> Iterator[Any]:
    """What the estimator's documentation says that a parameter takes; of numbers, one."""
    yield inspect.signature(estimator).parameters[name].default
    for one in estimator._parameter_constraints.get(name, []):
        if one == "boolean":
            yield from (True, False)
        elif one is None:
            yield None
        elif isinstance(one, StrOptions):
            yield from sorted(one.options)
        elif isinstance(one, Interval):
            least = one.left if one.left is not None and np.isfinite(one.left) else 0
            yield int(least) + 1 if one.type.__name__ == "Integral" else float(least) + 0.5


def sent() -> Iterator[tuple[str, str, Any]]:
    for model_type, estimators in ESTIMATORS.items():
        known = catalog()[model_type].names()
        for estimator in estimators:
            for name in inspect.signature(estimator).parameters:
                for value in values(estimator, name) if name not in known else ():
                    if value is None or isinstance(value, (bool, int, float, str)):
                        yield model_type, name, value


SENT = list({repr(one): one for one in sent()}.values())


@pytest.mark.parametrize("model_type", sorted(catalog()))
def test_what_is_advised_instead_is_what_was_sent_or_nothing(model_type: str) -> None:
    cls = catalog()[model_type]
    of_it = [(name, value) for one, name, value in SENT if one == model_type]
    for name, value in of_it:
        with pytest.raises(InvalidRequest) as found:
            cls.from_kwargs({name: value}, having=having())
        (fault,) = found.value.faults
        assert fault.remedies, (name, value, fault.msg)
        for remedy in fault.remedies:
            told = dict(remedy.set)
            assert told.pop(name, 1) is None, (name, value, told)
            for one, held in told.items():
                assert held == value or one in CONVERTED, (name, value, fault.msg)
            model = cls.from_kwargs({one: held for one, held in told.items() if held is not None})
            assert f"leave {name} out" in fault.msg or "leave it out" in fault.msg or told, (
                fault.msg
            )
            assert model.hyperparameters().items() >= told.items()


@pytest.mark.parametrize(
    ("model_type", "name", "value", "out"),
    [
        *(("gauss_naive_bayes", name, 1, True) for name in ("alpha", "laplace", "smoothing")),
        *(("gauss_naive_bayes", "alpha", value, True) for value in (1.0, 0.5, 0.01, [1, 1], "x")),
        ("gauss_naive_bayes", "alpha", 1e-9, False),
        ("gauss_naive_bayes", "reg_covar", 1e-6, False),
        ("multi_naive_bayes", "var_smoothing", 1e-9, True),
        *(("perceptron", "early_stopping", value, True) for value in (True, False)),
        ("perceptron", "early_stopping", 10, False),
        *(
            ("perceptron", "learning_rate", value, True)
            for value in ("constant", "optimal", "invscaling", "adaptive", True)
        ),
        ("perceptron", "learning_rate", 0.1, False),
        ("perceptron", "learning_rate", "0.1", False),
        ("svm", "eta0", "constant", True),
        ("knn", "metric", "infinity", True),
    ],
)
def test_what_says_nothing_here_is_left_out(
    model_type: str, name: str, value: Any, out: bool
) -> None:
    with pytest.raises(InvalidRequest) as found:
        catalog()[model_type].from_kwargs({name: value}, having=having())
    (fault,) = found.value.faults
    assert ("leave it out" in fault.msg or f"leave {name} out" in fault.msg) == out, fault.msg
    if out:
        assert [dict(one.set) for one in fault.remedies] == [{name: None}]
