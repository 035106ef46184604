"""Groups: where they lie, which rows are between two, and what tells them apart."""

from typing import Any, Literal

import numpy as np
import pytest
from sklearn.mixture import GaussianMixture as Reference

from fitserve.data.columns import Columns
from fitserve.data.encoding import CategoryEncoder, NumberEncoder, TextEncoder
from fitserve.evaluation.pictures import group_differences, groups
from fitserve.evaluation.pictures.grouping import grouping
from fitserve.evaluation.pictures.planes import candidates
from fitserve.evaluation.pictures.subject import LeftOut
from fitserve.models.gmm import GaussianMixture
from fitserve.models.kmeans import KMeans
from fitserve.models.pca import PCA
from tests.evaluation.pictures.subjects import subject


def clouds(k: int = 3, p: int = 2, n: int = 300) -> Any:
    rng = np.random.default_rng(0)
    return rng.normal(size=(n, p)) + 6.0 * rng.normal(size=(k, p))[rng.integers(k, size=n)]


def test_of_two_columns_the_places_are_the_rows_themselves() -> None:
    X = clouds()
    model = KMeans(n_clusters=3).fit(X)
    found = groups.picture(subject(model, X))
    assert found is not None
    assert found["points"]["x"] == pytest.approx(X[:, 0], abs=1e-3)
    assert found["points"]["y"] == pytest.approx(X[:, 1], abs=1e-3)
    assert found["points"]["of"] == model.predict(X).tolist()
    assert np.array(found["centres"]) == pytest.approx(model.cluster_centers_, rel=1e-4)
    assert found["sizes"] == np.bincount(model.predict(X)).tolist()
    assert (found["share"], found["agreement"]) == (1.0, 1.0)
    assert found["covariances"] is found["sure"] is None


def test_rows_between_two_centres_are_those_whose_second_is_hardly_farther() -> None:
    X = clouds(k=5, p=4)
    for shift, size in ((0.0, 1.0), (1e6, 1.0), (0.0, 1e180)):
        rows = size * (X + shift)
        model = KMeans(n_clusters=5).fit(rows)
        distances = np.linalg.norm((X[:, None] - (model.cluster_centers_ / size - shift)), axis=2)
        first, second = np.sort(distances, axis=1)[:, :2].T
        found = grouping(subject(model, rows))
        assert found is not None
        sharp = np.abs(second - 1.1 * first) > 1e-6 * first  # the rest is rounding
        assert (found.between == (second <= 1.1 * first))[sharp].all()
        assert 0 < found.between.sum() < len(X)


def test_one_group_has_nothing_between() -> None:
    X = clouds()
    found = groups.picture(subject(KMeans(n_clusters=1).fit(X), X))
    assert found is not None
    assert found["between"] == []


@pytest.mark.parametrize("kind", ["full", "tied", "diag", "spherical"])
def test_normal_distributions_lie_on_the_plane_as_scikit_learns(
    kind: Literal["full", "tied", "diag", "spherical"],
) -> None:
    X = clouds(p=5) * [1.0, 2.0, 1.0, 3.0, 1.0]
    model = GaussianMixture(n_components=3, covariance_type=kind).fit(X)
    reference = Reference(3, covariance_type=kind, means_init=model.centre_ + model.shift_).fit(X)
    own = reference.covariances_

    def covariance(k: int) -> Any:
        if kind in ("full", "tied"):
            return own[k] if kind == "full" else own
        return np.diag(np.broadcast_to(own[k], 5))

    of = subject(model, X)
    planes = candidates(of, X)
    assert [plane.at_one_scale for plane in planes] == [False, True]
    for plane in planes:
        onto = plane.axes / plane.scale
        for k, ours in enumerate(groups.covariances_on(of, plane)):
            theirs = onto @ covariance(k) @ onto.T
            assert ours == pytest.approx(theirs, rel=0.05, abs=0.02 * np.abs(theirs).max())


def test_rows_of_a_mixture_are_between_where_it_is_less_than_80_per_cent_sure() -> None:
    X = np.random.default_rng(0).normal(size=(500, 2)) * [2.0, 1.0]
    model = GaussianMixture(n_components=2).fit(X)
    found = groups.picture(subject(model, X))
    assert found is not None
    most = model.predict_proba(X).max(axis=1)
    assert ((most > 0.8) & (most < 0.9)).any()
    assert found["between"] == np.flatnonzero(most < 0.8).tolist()
    assert found["sure"] == pytest.approx((most >= 0.8).mean(), abs=1e-4)


def test_one_column_is_an_axis_of_its_own() -> None:
    X = clouds(p=1)
    found = groups.picture(subject(GaussianMixture(n_components=2).fit(X), X))
    assert found is not None
    assert found["points"]["y"] is None
    assert np.array(found["covariances"]).shape == (2, 1, 1)


def test_the_plane_is_that_which_keeps_the_groups() -> None:
    """Where columns spread much and tell nothing, all are brought to one scale."""
    rng = np.random.default_rng(1)
    of = rng.integers(2, size=400)
    X = rng.normal(size=(400, 4)) + 8.0 * of[:, None]
    X[:, 0] = 9.0 * rng.normal(size=400)
    X[:, 1] = 9.0 * rng.normal(size=400)
    model = KMeans(n_clusters=2).fit(X * [0.0, 0.0, 1.0, 1.0])
    found = groups.picture(subject(model, X))
    assert found is not None
    assert found["at_one_scale"]
    assert found["agreement"] > 0.95


def test_of_many_groups_the_largest_are_told_apart() -> None:
    X = np.repeat(np.arange(12.0), np.arange(10, 22))[:, None] @ np.ones((1, 3))
    X += 0.01 * np.random.default_rng(0).normal(size=X.shape)
    model = KMeans(n_clusters=12, n_init=10).fit(X)
    found = groups.picture(subject(model, X))
    assert found is not None
    assert found["others"] == 5
    largest = sorted(range(12), key=lambda k: -found["sizes"][k])[:7]
    assert found["labels"] == sorted(largest)
    assert all(found["marks"][k] == found["labels"].index(k) for k in largest)
    assert set(found["points"]["of"]) == set(range(8))
    different = group_differences.picture(subject(model, X))
    assert different is not None
    assert different["n_groups"] == 12
    assert len(different["groups"]) == 8
    assert set(largest) <= set(different["groups"])


def test_no_time_leaves_the_picture_out() -> None:
    X = clouds(p=40)
    with pytest.raises(LeftOut):
        groups.picture(subject(KMeans(n_clusters=3).fit(X), X, left=1e5))


def test_what_has_no_groups_has_no_picture_of_them() -> None:
    X = clouds()
    assert groups.picture(subject(PCA().fit(X), X)) is None
    assert group_differences.picture(subject(PCA().fit(X), X)) is None


def test_means_are_in_the_units_of_the_table() -> None:
    rng = np.random.default_rng(2)
    weight, sex = rng.normal(size=200), rng.integers(2, size=200)
    words = rng.poisson(2.0, size=200) + 30.0 * (weight > 0)
    columns = Columns(
        [
            NumberEncoder("weight", mean=50.0, scale=10.0),
            CategoryEncoder("sex", ["female", "male"]),
            TextEncoder("body", ["offer"]),
        ]
    )
    X = np.column_stack([weight, sex == 0, sex == 1, words]).astype(float)
    model = KMeans(n_clusters=2).fit(X)
    found = group_differences.picture(subject(model, X, columns=columns))
    assert found is not None
    of = model.predict(X)
    own = X * [10.0, 1.0, 1.0, 1.0] + [50.0, 0.0, 0.0, 0.0]
    for j, told in enumerate(found["columns"]):
        assert told["means"] == pytest.approx([own[of == k, j].mean() for k in (0, 1)], rel=1e-4)
        assert told["all"] == pytest.approx(own[:, j].mean(), rel=1e-4)
        away = [(own[of == k, j].mean() - own[:, j].mean()) / own[:, j].std() for k in (0, 1)]
        assert told["apart"] == pytest.approx(away, rel=1e-3)
    assert [told["column"] for told in found["columns"]] == columns.encoded_names
    assert [told["kind"] for told in found["columns"]] == ["number", "category", "category", "word"]
    assert found["sizes"] == np.bincount(of).tolist()


def test_of_many_columns_those_are_told_that_differ_most() -> None:
    rng = np.random.default_rng(3)
    X = rng.normal(size=(300, 40))
    X[:150, 30] += 20.0
    X[:150, 7] += 12.0
    found = group_differences.picture(subject(KMeans(n_clusters=2).fit(X), X))
    assert found is not None
    assert [told["column"] for told in found["columns"]][:2] == ["c30", "c7"]
    assert (len(found["columns"]), found["n_columns"]) == (12, 40)


def test_a_constant_column_and_an_empty_group_are_told() -> None:
    X = np.column_stack([np.repeat([0.0, 1.0, 5.0], 10), np.ones(30)])
    model = KMeans(n_clusters=3).fit(X)
    kept = X[X[:, 0] < 5.0]
    found = group_differences.picture(subject(model, kept))
    assert found is not None
    empty = found["sizes"].index(0)
    assert found["columns"][0]["means"][empty] is None
    assert found["columns"][1]["apart"].count(0.0) == 2


def test_as_many_columns_as_are_kept_are_drawn_in_the_time_there_is() -> None:
    X = np.random.default_rng(0).normal(size=(1000, 500))  # 4 MiB
    found = groups.picture(subject(KMeans(n_clusters=8, max_iter=3).fit(X), X))
    assert found is not None
    assert found["share"] < 0.1
