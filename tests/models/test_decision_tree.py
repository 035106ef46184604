"""Decision tree: against scikit-learn's tree, and against every split tried plainly."""

import math
from collections import Counter
from fractions import Fraction
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn import datasets
from sklearn.model_selection import KFold
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor

from fitserve.data.arrays import FloatArray
from fitserve.errors import InvalidRequest
from fitserve.models.decision_tree import DecisionTree


def tree_of(X: Any, y: Any, **hyperparameters: Any) -> DecisionTree:
    return DecisionTree.from_kwargs(hyperparameters).fit(X, y)


def leaves(model: DecisionTree) -> int:
    return int((model.left_ == np.arange(len(model.left_))).sum())


def assert_same_tree(ours: DecisionTree, theirs: Any, X: FloatArray, y: Any) -> int:
    """The same splits, but where two gain the same; how many nodes were compared."""
    tree = theirs.tree_
    weight = np.ones(len(X))
    if getattr(theirs, "class_weight", None):
        weight = (len(y) / len(np.unique(y)) / np.bincount(y))[y]

    def disorder(rows: Any) -> float:
        if ours.task_ == "regression":
            return float(np.sum((y[rows] - y[rows].mean()) ** 2))
        share = np.bincount(y[rows], weight[rows])
        whole = share.sum()
        share = share[share > 0.0] / whole
        entropy = -np.sum(share * np.log2(share))
        return float(whole * (1 - np.sum(share**2) if theirs.criterion == "gini" else entropy))

    def after(rows: Any, column: int, threshold: float) -> float:
        low = X[rows, column] <= threshold
        return disorder(rows[low]) + disorder(rows[~low])

    def compared(a: int, b: int, rows: Any) -> int:
        assert (ours.left_[a] == a) == (tree.children_left[b] == -1)
        assert ours.node_samples_[a] == tree.n_node_samples[b] == len(rows)
        if ours.left_[a] == a:
            value = np.atleast_1d(ours.value_[a])
            np.testing.assert_allclose(value, tree.value[b].ravel(), atol=1e-9)
            return 1
        mine = int(ours.feature_[a]), float(ours.threshold_[a])
        other = int(tree.feature[b]), float(tree.threshold[b])
        if mine[0] != other[0] or not np.isclose(mine[1], other[1], rtol=1e-12):
            assert after(rows, *mine) == pytest.approx(after(rows, *other), abs=1e-9)
            return 0
        low = X[rows, mine[0]] <= mine[1]
        return (
            1
            + compared(int(ours.left_[a]), int(tree.children_left[b]), rows[low])
            + compared(int(ours.right_[a]), int(tree.children_right[b]), rows[~low])
        )

    return compared(0, 0, np.arange(len(X)))


def noisy(n: int = 600, d: int = 5, seed: int = 0) -> tuple[FloatArray, Any, FloatArray]:
    """X exact in float32, as scikit-learn needs it; classes and values that depend on it."""
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(n, d)).astype(np.float32).astype(np.float64)
    signal = X[:, 0] * X[:, 1] + np.sin(2 * X[:, 2]) + 0.3 * rng.normal(size=n)
    return X, np.digitize(signal, [-0.8, 0.9]), signal


# ------------------------------------------------------------------- against scikit-learn

GROWING: list[dict[str, Any]] = [
    {"max_depth": 4},
    {"min_samples_leaf": 20},
    {"min_samples_split": 90},
    {"min_impurity_decrease": 0.02},
    {"max_leaf_nodes": 9},
    {"max_leaf_nodes": 14, "min_samples_leaf": 11, "max_depth": 5},
]


@pytest.mark.parametrize("growing", GROWING, ids=str)
@pytest.mark.parametrize("class_weight", [None, "balanced"])
@pytest.mark.parametrize("criterion", ["gini", "entropy", "log_loss"])
def test_the_tree_is_scikit_learns(
    growing: dict[str, Any], class_weight: Any, criterion: str
) -> None:
    X, y, _ = noisy()
    given = {"criterion": criterion, "class_weight": class_weight, **growing}
    theirs = DecisionTreeClassifier(random_state=0, **given).fit(X, y)
    ours = tree_of(X, y, **given)
    assert assert_same_tree(ours, theirs, X, y) > 0.6 * len(ours.left_)
    assert leaves(ours) == theirs.get_n_leaves()
    if assert_same_tree(ours, theirs, X, y) == len(ours.left_):
        new = noisy(seed=1)[0]
        assert ours.predict(new).tolist() == theirs.predict(new).tolist()
        np.testing.assert_allclose(ours.predict_proba(new), theirs.predict_proba(new), atol=1e-12)


@pytest.mark.parametrize("growing", GROWING, ids=str)
@pytest.mark.parametrize("offset", [0.0, -1e6])
def test_the_regression_tree_is_scikit_learns(growing: dict[str, Any], offset: float) -> None:
    X, _, y = noisy()
    theirs = DecisionTreeRegressor(random_state=0, **growing).fit(X, y)
    ours = tree_of(X, y + offset, task="regression", **growing)
    ours.value_ = ours.value_ - offset
    assert assert_same_tree(ours, theirs, X, y) > 0.6 * len(ours.left_)


@pytest.mark.parametrize("criterion", ["gini", "entropy"])
@pytest.mark.parametrize("name", ["iris", "wine", "breast_cancer", "digits"])
def test_classes_are_told_apart_as_well_as_by_scikit_learn(name: str, criterion: str) -> None:
    X, y = getattr(datasets, f"load_{name}")(return_X_y=True)
    ours, theirs = [], []
    for train, test in KFold(5, shuffle=True, random_state=0).split(X):
        model = tree_of(X[train], y[train], criterion=criterion)
        assert model.score(X[train], y[train]) == 1.0
        ours.append(model.score(X[test], y[test]))
        for seed in range(3):  # it draws lots between equal splits
            other = DecisionTreeClassifier(criterion=criterion, random_state=seed)
            theirs.append(other.fit(X[train], y[train]).score(X[test], y[test]))
    assert np.mean(np.asarray(ours, float)) >= np.mean(theirs) - 0.02


def test_values_are_predicted_as_well_as_by_scikit_learn() -> None:
    X, y = datasets.load_diabetes(return_X_y=True)
    ours, theirs = [], []
    for train, test in KFold(5, shuffle=True, random_state=0).split(X):
        model = tree_of(X[train], y[train], task="regression", min_samples_leaf=10)
        other = DecisionTreeRegressor(min_samples_leaf=10, random_state=0).fit(X[train], y[train])
        ours.append(model.score(X[test], y[test]))
        theirs.append(other.score(X[test], y[test]))
    assert np.mean(np.asarray(ours, float)) >= np.mean(theirs) - 0.02


def test_iris_is_asked_what_scikit_learn_asks() -> None:
    X, y = datasets.load_iris(return_X_y=True)
    ours = tree_of(X, y)
    theirs = DecisionTreeClassifier(random_state=0).fit(X, y)
    assert len(ours.left_) == theirs.tree_.node_count
    assert ours.depth_ == theirs.get_depth()
    assert (int(ours.feature_[0]), round(float(ours.threshold_[0]), 6)) == (2, 2.45)


# ------------------------------------------------------------------- against every split


def impurity(y: list[Any], criterion: str) -> Any:
    """Times the number of rows; exact but for the entropy."""
    if criterion == "squared_error":
        mean = Fraction(sum(y), len(y))
        return sum((value - mean) ** 2 for value in y)
    count = Counter(y).values()
    if criterion == "gini":
        return len(y) - Fraction(sum(c * c for c in count), len(y))
    return -sum(c * math.log2(c / len(y)) for c in count)


def grown(X: list[list[int]], y: list[int], criterion: str, least: int = 1) -> Any:
    """The tree by its definition: a column, a threshold and two trees, or how many rows."""
    best: Any = None
    if len(set(y)) > 1:
        for j in range(len(X[0])):
            cells = sorted({row[j] for row in X})
            for a, b in pairwise(cells):
                low = [k for row, k in zip(X, y, strict=True) if row[j] <= a]
                high = [k for row, k in zip(X, y, strict=True) if row[j] > a]
                after = impurity(low, criterion) + impurity(high, criterion)
                if min(len(low), len(high)) >= least:
                    if best is None or after < best[0] - (1e-9 if criterion == "entropy" else 0):
                        best = after, j, (a + b) / 2
    if best is None:
        return len(y)
    _, j, threshold = best
    parts = []
    for above in (False, True):
        some = [i for i, row in enumerate(X) if (row[j] > threshold) == above]
        parts.append(grown([X[i] for i in some], [y[i] for i in some], criterion, least))
    return j, threshold, *parts


def asked(model: DecisionTree, X: FloatArray, node: int = 0) -> Any:
    if model.left_[node] == node:
        return len(X)
    j, threshold = int(model.feature_[node]), float(model.threshold_[node])
    above = X[:, j] > threshold
    low, high = int(model.left_[node]), int(model.right_[node])
    return j, threshold, asked(model, X[~above], low), asked(model, X[above], high)


@settings(derandomize=True, max_examples=120, deadline=None)
@given(
    n=st.integers(2, 30),
    d=st.integers(1, 4),
    cells=st.integers(1, 6),
    n_classes=st.integers(2, 4),
    least=st.integers(1, 3),
    criterion=st.sampled_from(["gini", "entropy", "squared_error"]),
    best_first=st.booleans(),
    seed=st.integers(0, 10**6),
)
def test_each_split_is_the_best_and_of_equals_the_first(
    n: int,
    d: int,
    cells: int,
    n_classes: int,
    least: int,
    criterion: str,
    best_first: bool,
    seed: int,
) -> None:
    rng = np.random.default_rng(seed)
    X = rng.integers(-cells, cells + 1, size=(n, d))
    y = rng.integers(n_classes, size=n)
    y[:2] = [0, 1]
    task = "regression" if criterion == "squared_error" else "classification"
    limits = {"max_leaf_nodes": 1000} if best_first else {}
    model = tree_of(
        X.astype(float), y, criterion=criterion, task=task, min_samples_leaf=least, **limits
    )
    codes = [int(k) for k in y]
    assert asked(model, X.astype(float)) == grown(X.tolist(), codes, criterion, least)


@settings(derandomize=True, max_examples=60, deadline=None)
@given(
    n=st.integers(2, 60),
    d=st.integers(1, 5),
    scale=st.sampled_from([1.0, 1e150, 1e-150, 1e300, 1e-300, 1e8]),
    offset=st.sampled_from([0.0, 1e8, -1e300]),
    size=st.sampled_from([1.0, 1e200, 1e-200]),
    seed=st.integers(0, 10**6),
)
def test_distinct_rows_are_learned_by_heart_at_any_scale(
    n: int, d: int, scale: float, offset: float, size: float, seed: int
) -> None:
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(n, d)) * scale + offset
    y = rng.normal(size=n) * size
    model = tree_of(X, y, task="regression")
    mean = [y[(row == X).all(axis=1)].mean() for row in X]
    np.testing.assert_allclose(model.predict(X), mean, rtol=1e-12)
    assert model.loss_curve_ is None or np.isfinite(model.loss_curve_).all()


def test_neighbouring_floats_are_told_apart() -> None:
    """Between them there is no midpoint: the threshold is the lower one."""
    x = 1.0 + np.finfo(float).eps * np.arange(3)
    model = tree_of(x[:, None], [0, 1, 0])
    assert model.predict(x[:, None]).tolist() == [0, 1, 0]
    huge = np.array([[-1.7e308], [1.7e308]])
    assert tree_of(huge, [0, 1]).threshold_[0] == 0.0


def test_small_differences_beside_a_great_one_are_learned() -> None:
    """Sums of squares that hold an outlier's would drown the others."""
    rng = np.random.default_rng(0)
    X = np.arange(200.0)[:, None]
    y = np.append(rng.normal(size=199), 1e12)
    np.testing.assert_allclose(tree_of(X, y).predict(X), y, rtol=1e-12)
    shifted = 1e9 + rng.normal(size=200) * 1e-3
    np.testing.assert_allclose(tree_of(X, shifted).predict(X), shifted, rtol=1e-15)


def test_a_great_node_leaves_no_noise_in_a_small_one_beside_it() -> None:
    x = np.arange(200.0)
    noise = 1e8 * (2.0 + np.random.default_rng(0).normal(size=200))
    y = np.where(x < 100, noise, np.where(x < 150, 1e-9, 3e-9))
    model = tree_of(x[:, None], y)
    assert len(np.unique(model._leaves(x[100:, None]))) == 2
    assert model.predict(x[:, None]).tolist() == y.tolist()


def test_equal_values_are_predicted_exactly() -> None:
    y = np.repeat([0.1, 0.7, 1e23 / 7], 3)
    X = np.repeat([[1.0], [2.0], [3.0]], 3, axis=0)
    assert tree_of(X, y).predict(X).tolist() == y.tolist()


def test_a_split_that_gains_nothing_is_made_where_y_differs() -> None:
    X = [[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]]
    assert tree_of(X, [0, 1, 1, 0]).predict(X).tolist() == [0, 1, 1, 0]
    assert leaves(tree_of(X, [0, 1, 1, 0], min_impurity_decrease=1e-6)) == 1
    assert leaves(tree_of(X, [0, 1, 1, 1], min_impurity_decrease=0.125)) == 3
    assert leaves(tree_of(X, [0, 1, 1, 1], min_impurity_decrease=0.126)) == 1


def test_of_copied_columns_the_first_is_asked() -> None:
    X, y, signal = noisy(400)
    twice = np.column_stack([X[:, 3], X, X[::-1], X])
    for model in (tree_of(twice, y), tree_of(twice, signal), tree_of(twice, y, max_leaf_nodes=40)):
        assert not (model.feature_ >= 1 + 2 * X.shape[1]).any()
        assert not (model.feature_ == 4).any()


# -------------------------------------------------------------------------- predictions


def test_equal_shares_go_to_the_smallest_label() -> None:
    model = tree_of([[1.0], [1.0], [1.0]], ["c", "b", "a"])
    assert model.predict([[1.0]]).tolist() == ["a"]
    np.testing.assert_allclose(model.predict_proba([[1.0]]), [[1 / 3] * 3])


def test_a_row_on_the_threshold_goes_left() -> None:
    model = tree_of([[0.0], [2.0]], [0, 1])
    assert model.threshold_[0] == 1.0
    assert model.predict([[1.0], [1.0 + 2.0**-52]]).tolist() == [0, 1]
    assert model.predict([[1.0]]).tolist() == [0]


@pytest.mark.parametrize("n", [2, 300])
def test_a_batch_is_its_rows_to_the_bit(n: int) -> None:
    X, y, signal = noisy(2000)
    new = noisy(n, seed=3)[0]
    new[0] = np.finfo(float).max
    for target in (y, signal):
        model = tree_of(X, target)
        assert model.depth_ > 16
        assert model.predict(new).tolist() == [model.predict(row[None])[0] for row in new]


def test_fit_again_forgets_the_tree_of_before() -> None:
    X, y, _ = noisy(100)
    model = tree_of(X, y)
    model.predict(X), model.predict(X[:1])
    again = model.fit(-X, 2 - y)
    fresh = tree_of(-X, 2 - y)
    assert again.predict(X).tolist() == fresh.predict(X).tolist()
    assert [int(again.predict(row[None])[0]) for row in X] == fresh.predict(X).tolist()


# ------------------------------------------------------------------------- hyperparameters


def test_balanced_gives_a_rare_class_its_say() -> None:
    X, y = [[0.0]] * 9 + [[0.0], [1.0]], [0] * 9 + [1, 1]
    assert tree_of(X, y).predict([[0.0]]).tolist() == [0]
    rare = [[0.0]] * 3 + [[1.0]], [0, 0, 1, 0]
    plain, balanced = tree_of(*rare), tree_of(*rare, class_weight="balanced")
    assert plain.predict([[0.0]]).tolist() == [0]
    assert balanced.predict([[0.0]]).tolist() == [1]


def test_limits_are_kept() -> None:
    X, y, _ = noisy()
    assert tree_of(X, y, max_depth=3).depth_ == 3
    assert tree_of(X, y, max_depth=2, max_leaf_nodes=50).depth_ == 2
    assert leaves(tree_of(X, y, max_leaf_nodes=7)) == 7
    counts = np.unique(tree_of(X, y, min_samples_leaf=25)._leaves(X), return_counts=True)[1]
    assert counts.min() >= 25


@pytest.mark.parametrize("limit", [{}, {"max_leaf_nodes": 40}, {"max_leaf_nodes": 5000}], ids=str)
def test_the_loss_is_the_mean_impurity(limit: dict[str, Any]) -> None:
    X, y, signal = noisy(1500)
    signal = 1e3 * signal
    model = tree_of(X, signal, task="regression", **limit)
    assert model.loss_curve_ is not None
    assert 0 < len(model.loss_curve_) <= 1000
    assert (np.diff(model.loss_curve_) <= 1e-12).all()
    stump = tree_of(X, signal, task="regression", max_depth=1)
    error = np.mean((stump.predict(X) - signal) ** 2)
    np.testing.assert_allclose(stump.loss_curve_ or [], [error])
    if limit == {"max_leaf_nodes": 5000}:
        assert model.n_iter_ is not None
        assert len(model.loss_curve_) == model.n_iter_ // 6  # up to the end, if not each one
    if limit == {"max_leaf_nodes": 40}:
        assert model.n_iter_ == 39
        loss = np.mean((model.predict(X) - signal) ** 2)
        assert model.loss_curve_[-1] == pytest.approx(loss)
    shares = tree_of(X, y, max_depth=1).predict_proba(X)
    gini = 1.0 - (shares**2).sum(axis=1).mean()
    np.testing.assert_allclose(tree_of(X, y, max_depth=1).loss_curve_ or [], [gini])


def test_min_impurity_decrease_is_in_the_units_of_y() -> None:
    X, _, signal = noisy(300)
    for size in (1.0, 2.0**300):
        model = tree_of(X, signal * size, task="regression", min_impurity_decrease=0.02 * size**2)
        expected = tree_of(X, signal, task="regression", min_impurity_decrease=0.02)
        assert 2 < leaves(model) == leaves(expected) < 20


@pytest.mark.parametrize(
    ("task", "wrong", "where"),
    [
        ("classification", {"criterion": "squared_error"}, "criterion"),
        ("regression", {"criterion": "gini"}, "criterion"),
        ("regression", {"criterion": "entropy"}, "criterion"),
        ("regression", {"class_weight": "balanced"}, "class_weight"),
    ],
)
def test_what_is_not_for_the_task_is_refused(task: str, wrong: Any, where: str) -> None:
    with pytest.raises(InvalidRequest, match="leave it out") as caught:
        tree_of([[0.0], [1.0]], [0, 1], task=task, **wrong)
    assert caught.value.faults[0].loc == (where,)


@pytest.mark.parametrize(
    "wrong",
    [
        {"max_depth": 0},
        {"min_samples_split": 1},
        {"min_samples_leaf": 0},
        {"max_leaf_nodes": 1},
        {"min_impurity_decrease": -0.1},
        {"criterion": "friedman_mse"},
    ],
    ids=str,
)
def test_what_is_out_of_bounds_is_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(InvalidRequest):
        DecisionTree.from_kwargs(wrong)


def test_the_order_of_the_columns_blocks_does_not_matter() -> None:
    """More rows than fit in one block of columns: the tree is that of each column by itself."""
    rng = np.random.default_rng(4)
    X = rng.normal(size=(40_000, 3)).astype(np.float32).astype(np.float64)
    y = (X[:, 2] + 0.3 * rng.normal(size=40_000) > 0.2).astype(int)
    theirs = DecisionTreeClassifier(max_depth=4, random_state=0).fit(X, y)
    ours = tree_of(X, y, max_depth=4)
    assert assert_same_tree(ours, theirs, X, y) == len(ours.left_)
