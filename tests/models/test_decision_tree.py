"""CART: the splits that lower the impurity most, and scikit-learn's scores."""

from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.datasets import load_breast_cancer, load_diabetes, load_digits, load_iris, load_wine
from sklearn.model_selection import KFold, StratifiedKFold
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor

from fitserve.errors import InvalidRequest
from fitserve.models.decision_tree import DecisionTree

SETS = [load_iris, load_wine, load_breast_cancer, load_digits]


def leaves(model: DecisionTree) -> int:
    return int((model.left_ == np.arange(len(model.left_))).sum())


@pytest.mark.parametrize("load", SETS, ids=lambda load: load.__name__)
@pytest.mark.parametrize("criterion", ["gini", "entropy"])
def test_scores_are_scikit_learns(load: Any, criterion: Any) -> None:
    X, y = load(return_X_y=True)
    ours, theirs = [], []
    for seed in range(2):
        folds = StratifiedKFold(5, shuffle=True, random_state=seed)
        for train, test in folds.split(X, y):
            model = DecisionTree(criterion=criterion).fit(X[train], y[train])
            assert model.score(X[train], y[train]) == 1.0
            ours.append(np.mean(model.predict(X[test]) == y[test]))
            # Ties are broken at random there: the mean of a few trees is what it can do.
            theirs += [
                DecisionTreeClassifier(criterion=criterion, random_state=state)
                .fit(X[train], y[train])
                .score(X[test], y[test])
                for state in range(3)
            ]
    assert np.mean(ours) >= np.mean(theirs) - 0.02


def test_regression_scores_are_scikit_learns() -> None:
    X, y = load_diabetes(return_X_y=True)
    ours, theirs = [], []
    for train, test in KFold(5, shuffle=True, random_state=0).split(X):
        limits: dict[str, Any] = {"max_depth": 4, "min_samples_leaf": 5}
        model = DecisionTree(task="regression", **limits).fit(X[train], y[train])
        other = DecisionTreeRegressor(random_state=0, **limits).fit(X[train], y[train])
        ours.append(np.mean((model.predict(X[test]) - y[test]) ** 2))
        theirs.append(np.mean((other.predict(X[test]) - y[test]) ** 2))
    assert np.mean(ours) == pytest.approx(np.mean(theirs), rel=1e-6)


def test_the_tree_of_iris_is_scikit_learns_up_to_ties() -> None:
    X, y = load_iris(return_X_y=True)
    model = DecisionTree().fit(X, y)
    theirs = DecisionTreeClassifier(random_state=0).fit(X, y)
    assert len(model.feature_) == theirs.tree_.node_count
    assert model.depth_ == theirs.get_depth()
    assert (model.feature_[0], model.threshold_[0]) == (2, pytest.approx(2.45))
    sizes = sorted(np.bincount(model._leaves(X))[model.left_ == np.arange(len(model.left_))])
    assert sizes == sorted(theirs.tree_.n_node_samples[theirs.tree_.feature < 0])


@pytest.mark.parametrize("criterion", ["gini", "entropy"])
@pytest.mark.parametrize("balanced", [False, True])
@pytest.mark.parametrize(
    "limits",
    [
        {"max_depth": 3},
        {"min_samples_leaf": 20},
        {"min_samples_split": 50},
        {"max_leaf_nodes": 7},
        {"min_impurity_decrease": 0.01},
        {"max_leaf_nodes": 9, "max_depth": 3, "min_samples_leaf": 5},
    ],
    ids=str,
)
def test_without_ties_the_tree_is_scikit_learns(
    criterion: Any, balanced: bool, limits: dict[str, Any]
) -> None:
    rng = np.random.default_rng(3)
    X = rng.normal(size=(500, 4))
    y = (X[:, 0] + X[:, 1] ** 2 + rng.normal(scale=0.7, size=500) > 1.2).astype(int)
    settings: dict[str, Any] = limits | {
        "criterion": criterion,
        "class_weight": "balanced" if balanced else None,
    }
    ours = DecisionTree(**settings).fit(X, y)
    theirs = DecisionTreeClassifier(random_state=0, **settings).fit(X, y)
    assert leaves(ours) == theirs.get_n_leaves()
    new = rng.normal(size=(2000, 4))
    # Thresholds are halves of float32 there, so that a row may fall on the other side.
    np.testing.assert_allclose(
        ours.predict_proba(new).mean(axis=0), theirs.predict_proba(new).mean(axis=0), atol=2e-3
    )
    assert np.mean(ours.predict(new) == theirs.predict(new)) > 0.995


def gini_gain(x: Any, y: Any, threshold: float) -> float:
    def impurity(part: Any) -> float:
        return float(len(part) * (1.0 - ((np.bincount(part) / len(part)) ** 2).sum()))

    return impurity(y) - impurity(y[x <= threshold]) - impurity(y[x > threshold])


@given(seed=st.integers(0, 2**32 - 1), n=st.integers(4, 60), exponent=st.integers(-900, 900))
@settings(derandomize=True, max_examples=60, deadline=None)
def test_the_root_is_the_best_split_of_all(seed: int, n: int, exponent: int) -> None:
    rng = np.random.default_rng(seed)
    X = np.ldexp(rng.integers(-4, 5, size=(n, 3)).astype(np.float64), exponent)
    y = np.append(rng.integers(3, size=n - 2), [0, 1])
    model = DecisionTree(max_depth=1).fit(X, y)
    gains = [
        gini_gain(X[:, j], y, 0.5 * a + 0.5 * b)
        for j in range(3)
        for a, b in pairwise(np.unique(X[:, j]))
    ]
    if len(model.feature_) == 1:
        assert not gains
    else:
        chosen = gini_gain(X[:, model.feature_[0]], y, model.threshold_[0])
        assert chosen == pytest.approx(max(gains), abs=1e-9)


def test_of_equal_splits_the_first_column_and_lowest_threshold_count() -> None:
    model = DecisionTree().fit([[5.0, 0.0], [5.0, 0.0], [6.0, 1.0]], [0, 0, 1])
    assert (model.feature_[0], model.threshold_[0]) == (0, 5.5)
    model = DecisionTree(max_depth=1).fit([[0.0], [1.0], [2.0], [3.0]], [0, 1, 1, 0])
    assert model.threshold_[0] == 0.5


def test_rows_that_cannot_be_told_apart_share_a_leaf() -> None:
    model = DecisionTree().fit([[1.0], [1.0], [1.0]], ["a", "b", "b"])
    assert model.predict_proba([[1.0]]).tolist() == [[1 / 3, 2 / 3]]
    assert model.predict([[9.0]]).tolist() == ["b"]
    tie = DecisionTree().fit([[1.0], [1.0]], ["b", "a"])
    assert tie.predict([[1.0]]).tolist() == ["a"]


def test_thresholds_of_huge_and_neighbouring_values() -> None:
    top = float(np.finfo(np.float64).max)
    model = DecisionTree().fit([[-top], [top], [top], [-top]], [0, 1, 1, 0])
    assert model.predict([[-top], [top], [0.0]]).tolist() == [0, 1, 0]
    a = 1.0
    for _ in range(4):  # half of them have a midpoint that rounds up
        b = float(np.nextafter(a, 2.0))
        model = DecisionTree().fit([[a], [b]], [0, 1])
        assert model.predict([[a], [b]]).tolist() == [0, 1]
        a = b


@pytest.mark.parametrize("scale", [1e-300, 1.0, 1e300])
def test_regression_of_any_scale_and_place(scale: float) -> None:
    y = np.array([1.0, 1.5, 8.0, 8.5]) * scale
    model = DecisionTree(task="regression").fit([[0.0], [1.0], [2.0], [3.0]], y)
    np.testing.assert_allclose(model.predict([[0.0], [1.0], [2.0], [3.0]]), y, rtol=1e-12)
    far = DecisionTree().fit([[0.0], [1.0], [2.0]], [1e12 + 0.25, 1e12 + 0.5, 1e12 + 1.0])
    assert far.predict([[0.0], [1.0], [2.0]]).tolist() == [1e12 + 0.25, 1e12 + 0.5, 1e12 + 1.0]


def test_one_row_and_constant_values_are_one_leaf() -> None:
    assert DecisionTree(task="regression").fit([[1.0]], [2.5]).predict([[7.0]]).tolist() == [2.5]
    model = DecisionTree(task="regression").fit([[1.0], [2.0]], [3, 3])
    assert len(model.feature_) == 1
    assert model.score([[1.0], [2.0]], [3, 3]) is None


@pytest.mark.parametrize(
    ("given", "y", "name"),
    [
        ({"criterion": "gini"}, [0.5, 1.5], "criterion"),
        ({"criterion": "squared_error"}, [0, 1], "criterion"),
        ({"class_weight": "balanced"}, [0.5, 1.5], "class_weight"),
        ({"task": "classification"}, [0.5, 1.5], "y"),
    ],
)
def test_what_does_not_fit_the_task_is_refused(given: Any, y: Any, name: str) -> None:
    with pytest.raises(InvalidRequest) as caught:
        DecisionTree(**given).fit([[0.0], [1.0]], y)
    assert caught.value.faults[0].loc[0] == name
