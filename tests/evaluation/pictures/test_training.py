"""How a training went, and what the axes of a projection are."""

from typing import Any

import numpy as np
import pytest
from sklearn import decomposition
from sklearn.cluster import KMeans as Reference

from fitserve.evaluation.pictures import axis_weights, loss, more_groups, variance_shares
from fitserve.evaluation.pictures.subject import LeftOut
from fitserve.models.kmeans import KMeans
from fitserve.models.logistic_regression import LogisticRegression
from fitserve.models.pca import PCA
from tests.evaluation.pictures.subjects import subject


def clouds(n: int = 300) -> Any:
    rng = np.random.default_rng(0)
    return rng.normal(size=(n, 4)) + 8.0 * np.eye(4)[rng.integers(4, size=n)]


def test_more_groups_explain_what_scikit_learns_do() -> None:
    X = clouds()
    model = KMeans(n_clusters=4, n_init=3).fit(X)
    found = more_groups.picture(subject(model, X))
    assert found is not None
    total = np.square(X - X.mean(axis=0)).sum()
    for k, share in enumerate(found["explained"], 1):
        reference = Reference(k, n_init=10, random_state=0).fit(X)
        assert share == pytest.approx(1.0 - reference.inertia_ / total, abs=0.02)
    assert len(found["explained"]) == 8
    assert found["n_groups"] == 4
    assert found["here"] == pytest.approx(1.0 - model.score(X) / total, abs=1e-4)


def test_there_are_no_more_groups_than_different_rows() -> None:
    X = np.repeat([[0.0], [1.0], [5.0]], 10, axis=0)
    found = more_groups.picture(subject(KMeans(n_clusters=2).fit(X), X))
    assert found is not None
    assert found["explained"][-1] == 1.0
    assert len(found["explained"]) == 3


def test_many_columns_are_grouped_by_fewer_rows() -> None:
    X = np.random.default_rng(0).normal(size=(1000, 200))
    found = more_groups.picture(subject(KMeans(n_clusters=2).fit(X), X))
    assert found is not None
    assert found["n_rows"] == 250


def test_a_budget_that_ends_leaves_fewer_points_or_none() -> None:
    X = clouds()
    model = KMeans(n_clusters=4).fit(X)
    found = more_groups.picture(subject(model, X, left=3e6))
    assert found is not None
    assert 3 <= len(found["explained"]) < 8
    with pytest.raises(LeftOut):
        more_groups.picture(subject(model, X, left=1e5))


def test_equal_rows_have_no_spread_to_explain() -> None:
    X = np.ones((5, 2))
    assert more_groups.picture(subject(KMeans(n_clusters=1).fit(X), X)) is None


def test_the_axes_are_scikit_learns() -> None:
    X = clouds() @ np.random.default_rng(1).normal(size=(4, 30))
    model, reference = PCA(n_components=15).fit(X), decomposition.PCA(15).fit(X)
    shares = variance_shares.picture(subject(model, X))
    assert shares is not None
    assert shares["shares"] == pytest.approx(reference.explained_variance_ratio_[:12], abs=1e-5)
    assert (shares["n_axes"], shares["total"]) == (15, pytest.approx(1.0))
    weights = axis_weights.picture(subject(model, X))
    assert weights is not None
    assert weights["n_columns"] == 30
    heaviest = np.abs(reference.components_[:4]).max(axis=0)
    kept = [int(row["column"][1:]) for row in weights["rows"]]
    assert kept == sorted(kept)
    assert set(kept) == set(np.argsort(-heaviest)[:16].tolist())
    for row, j in zip(weights["rows"], kept, strict=True):
        assert np.abs(row["weights"]) == pytest.approx(
            np.abs(reference.components_[:4, j]), abs=1e-4
        )


def test_a_long_curve_keeps_its_ends() -> None:
    X = clouds()
    y = (X[:, 0] > 4.0).astype(int)
    model = LogisticRegression(learning_rate=1e-3, max_iter=3000).fit(X, y)
    found = loss.picture(subject(model, X))
    assert found is not None
    assert model.loss_curve_ is not None
    assert len(found["losses"]) == len(found["iterations"]) <= 200
    assert found["iterations"][-1] == 3000 == model.n_iter_
    assert found["iterations"] == sorted(set(found["iterations"]))
    assert found["losses"][0] == pytest.approx(model.loss_curve_[0], rel=1e-4)
    assert found["losses"][-1] == pytest.approx(model.loss_curve_[-1], rel=1e-4)
    assert found["converged"] is False


def test_what_does_not_iterate_has_no_curve() -> None:
    X = clouds()
    assert loss.picture(subject(PCA().fit(X), X)) is None
    assert variance_shares.picture(subject(KMeans(n_clusters=2).fit(X), X)) is None
    assert axis_weights.picture(subject(KMeans(n_clusters=2).fit(X), X)) is None
    assert more_groups.picture(subject(PCA().fit(X), X)) is None
