"""k nearest neighbours: scikit-learn's labels exactly, whatever the data's place and scale."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.datasets import load_breast_cancer, load_diabetes, load_digits, load_iris, load_wine
from sklearn.model_selection import KFold, StratifiedKFold
from sklearn.neighbors import KNeighborsClassifier, KNeighborsRegressor

from fitserve.errors import InvalidRequest
from fitserve.models.knn import Knn

SETS = [load_iris, load_wine, load_breast_cancer, load_digits]


@pytest.mark.parametrize("load", SETS, ids=lambda load: load.__name__)
@pytest.mark.parametrize("weights", ["uniform", "distance"])
@pytest.mark.parametrize("k", [1, 5])
def test_the_labels_are_scikit_learns(load: Any, weights: Any, k: int) -> None:
    X, y = load(return_X_y=True)
    for train, test in StratifiedKFold(5, shuffle=True, random_state=0).split(X, y):
        ours = Knn(n_neighbors=k, weights=weights).fit(X[train], y[train])
        theirs = KNeighborsClassifier(k, weights=weights, algorithm="brute")
        theirs.fit(X[train], y[train])
        mine, other = ours.predict(X[test]), theirs.predict(X[test])
        # Where rows are equally far, scikit-learn's choice follows its rounding.
        assert np.mean(mine == other) >= 1.0 - 0.5 / len(test) or tied(ours, X[test], mine != other)
        assert np.mean(mine == y[test]) >= np.mean(other == y[test]) - 0.005


def tied(model: Knn, X: Any, where: Any) -> bool:
    """Whether at each of these rows the k-th and the next neighbour are equally far."""
    k = model.n_neighbors
    for row in X[where]:
        distance = np.sort(np.linalg.norm(2.0 * model.X_ - row, axis=1))
        if not np.isclose(distance[k - 1], distance[k], rtol=1e-9):
            return False
    return True


@pytest.mark.parametrize("weights", ["uniform", "distance"])
@pytest.mark.parametrize("p", [1.0, 1.5, 2.0, 3.0])
def test_regression_is_scikit_learns(weights: Any, p: float) -> None:
    X, y = load_diabetes(return_X_y=True)
    y = y + 0.5
    for train, test in KFold(5, shuffle=True, random_state=0).split(X):
        ours = Knn(weights=weights, p=p).fit(X[train], y[train])
        assert ours.task_ == "regression"
        theirs = KNeighborsRegressor(weights=weights, p=p, algorithm="brute")
        theirs.fit(X[train], y[train])
        np.testing.assert_allclose(ours.predict(X[test]), theirs.predict(X[test]), rtol=1e-9)


@pytest.mark.parametrize("weights", ["uniform", "distance"])
def test_probabilities_are_scikit_learns(weights: Any) -> None:
    rng = np.random.default_rng(0)
    X, y, new = rng.normal(size=(400, 5)), rng.integers(3, size=400), rng.normal(size=(50, 5))
    ours = Knn(n_neighbors=7, weights=weights).fit(X, y).predict_proba(new)
    theirs = KNeighborsClassifier(7, weights=weights, algorithm="brute").fit(X, y)
    np.testing.assert_allclose(ours, theirs.predict_proba(new), rtol=1e-9)


def naive(X: Any, y: Any, new: Any, k: int) -> Any:
    """By definition: nearest first, the earlier row of two at one distance, smallest label."""
    answer = []
    for row in new:
        order = np.argsort(((X - row) ** 2).sum(axis=1), kind="stable")[:k]
        answer.append(np.bincount(y[order]).argmax())
    return np.array(answer)


@given(
    seed=st.integers(0, 2**32 - 1),
    n=st.integers(1, 700),
    d=st.integers(1, 9),
    levels=st.integers(2, 6),
    share=st.floats(0.0, 1.0),
)
@settings(derandomize=True, max_examples=60, deadline=None)
def test_ties_are_broken_by_order_and_label(
    seed: int, n: int, d: int, levels: int, share: float
) -> None:
    rng = np.random.default_rng(seed)
    X = rng.integers(levels, size=(n + 1, d)).astype(np.float64)
    y = np.append(rng.integers(3, size=n), -1)
    y[0], y[-1] = 0, 1
    new = rng.integers(levels, size=(20, d)).astype(np.float64)
    k = 1 + int(share * min(n, 40))
    assert Knn(n_neighbors=k).fit(X, y).predict(new).tolist() == naive(X, y, new, k).tolist()


@pytest.mark.parametrize("offset", [0.0, 1e8, -1e12])
@pytest.mark.parametrize("exponent", [-990, -500, 0, 500, 960])
def test_place_and_scale_change_nothing(offset: float, exponent: int) -> None:
    rng = np.random.default_rng(1)
    X, new = rng.integers(1000, size=(600, 4)) + offset, rng.integers(1000, size=(30, 4)) + offset
    y = rng.integers(2, size=600)
    plain = naive(X - offset, y, new - offset, 5)
    scaled = Knn().fit(np.ldexp(X, exponent), y).predict(np.ldexp(new, exponent))
    assert scaled.tolist() == plain.tolist()


def test_near_ties_far_from_most_rows_are_settled_by_differences() -> None:
    rng = np.random.default_rng(5)
    near = rng.normal(size=(4000, 8))
    far = 2.0**20 + rng.integers(0, 8, size=(3000, 8)) / 8.0
    X, y = np.vstack([near, far]), rng.integers(2, size=7000)
    new = 2.0**20 + rng.integers(0, 8, size=(100, 8)) / 8.0
    for k in (1, 3):
        predicted = Knn(n_neighbors=k).fit(X, y).predict(new)
        assert predicted.tolist() == naive(X, y, new, k).tolist()


def test_an_exact_match_counts_alone_by_distance() -> None:
    X, y = [[0.0], [0.0], [1.0], [1.1], [1.2]], [1, 0, 2, 2, 2]
    model = Knn(n_neighbors=5, weights="distance").fit(X, y)
    assert model.predict_proba([[0.0]]).tolist() == [[0.5, 0.5, 0.0]]
    assert model.predict([[0.0]]).tolist() == [0]


def test_the_task_is_guessed_or_given() -> None:
    X = [[0.0], [1.0], [2.0]]
    assert Knn(n_neighbors=1).fit(X, [1, 2, 3]).task_ == "classification"
    assert Knn(n_neighbors=1).fit(X, [1.0, 2.5, 3.0]).task_ == "regression"
    regression = Knn(n_neighbors=2, task="regression").fit(X, [1, 2, 3])
    assert regression.predict([[0.4]]).tolist() == [1.5]
    with pytest.raises(InvalidRequest, match="whole number"):
        Knn(n_neighbors=1, task="classification").fit(X, [1.0, 2.5, 3.0])


def test_more_neighbours_than_rows_are_refused_with_both_numbers() -> None:
    with pytest.raises(InvalidRequest, match="6 neighbours are asked of 2 training rows"):
        Knn(n_neighbors=6).fit([[0.0], [1.0]], [0, 1])


def test_one_row_is_told_as_one() -> None:
    with pytest.raises(InvalidRequest, match="asked of 1 training row; give"):
        Knn().fit([[0.0]], [0.5])


def test_many_rows_are_scored_by_a_sample() -> None:
    rng = np.random.default_rng(2)
    X = rng.normal(size=(6000, 3))
    y = (X[:, 0] > 0).astype(int)
    some = np.linspace(0, 5999, 1000).astype(int)
    model = Knn().fit(X, y)
    assert model.score(X, y) == np.mean(model.predict(X[some]) == y[some])


@pytest.mark.parametrize("p", [1.0, 1.5, 2.0, 3.0, 1000.0])
@pytest.mark.parametrize("weights", ["uniform", "distance"])
@pytest.mark.parametrize("n", [2, 30, 100])
def test_equal_distances_are_equal_in_any_order_of_columns(p: float, weights: str, n: int) -> None:
    rng = np.random.default_rng(n)
    for d in (2, 3, 7):
        differences = rng.choice([0.1, 0.2, 0.3, 0.7, 1.1], size=d)
        X = np.array([rng.permutation(differences) for _ in range(n)])
        for k in (1, n // 2, n):
            given: Any = {"n_neighbors": k, "p": p, "weights": weights}
            first = Knn(task="regression", **given).fit(X, np.arange(n)).predict(np.zeros((1, d)))
            assert first[0] == pytest.approx((k - 1) / 2)  # the earlier rows are nearer
        y = ["b", "a"] * (n // 2)
        assert Knn(**(given | {"n_neighbors": 1})).fit(X, y).predict(np.zeros((2, d))).tolist() == [
            "b",
            "b",
        ]
        assert Knn(**(given | {"n_neighbors": n})).fit(X, y).predict(np.zeros((1, d))) == ["a"]


@pytest.mark.parametrize("p", [1.0, 1.5, 2.0])
@pytest.mark.parametrize("far", [1e120, 1e160, 1e308])
@pytest.mark.parametrize("n", [6, 100])
def test_rows_at_both_ends_of_float64_are_told_apart(far: float, p: float, n: int) -> None:
    X = np.array([[1.0], [2.0], [4.0], [6.0], [far / 2], [far], *([50.0 + i] for i in range(6, n))])
    model = Knn(n_neighbors=2, p=p, task="regression").fit(X, np.arange(n))
    assert model.predict(np.array([[3.9], [0.1], [far]])).tolist() == [1.5, 0.5, 4.5]


def test_a_row_whose_distance_does_not_fit_is_refused() -> None:
    model = Knn(n_neighbors=1).fit(np.array([[1.0], [2.0], [4.0]]), [0, 1, 1])
    with pytest.raises(InvalidRequest, match=r"X.0.0: the number .* is too large"):
        model.predict(np.array([[1e308]]))
