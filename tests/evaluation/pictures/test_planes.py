"""The plane on which rows are shown, and what the model answers on it."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from sklearn.decomposition import PCA
from sklearn.preprocessing import StandardScaler

from fitserve.evaluation.pictures import pictures, regions
from fitserve.evaluation.pictures.ground import AROUND, ragged, runs, smoothed
from fitserve.evaluation.pictures.planes import candidates, principal
from fitserve.evaluation.pictures.subject import LeftOut
from fitserve.models.gauss_naive_bayes import GaussNaiveBayes
from fitserve.models.knn import Knn
from fitserve.models.multi_naive_bayes import MultiNaiveBayes
from fitserve.models.svm import Svm
from tests.evaluation.pictures.subjects import subject

RNG = np.random.default_rng(1)


def rows(n: int = 80, p: int = 5) -> Any:
    return RNG.normal(size=(n, p)) @ RNG.normal(size=(p, p)) * 10.0 ** np.arange(p) + 100.0


# ---------------------------------------------------------------------------------- planes


@pytest.mark.parametrize("shape", [(80, 5), (6, 40), (30, 30)])
@pytest.mark.parametrize("at_one_scale", [False, True])
def test_the_axes_are_the_principal_ones(shape: tuple[int, int], at_one_scale: bool) -> None:
    X = rows(*shape) if shape[1] < 10 else RNG.normal(size=shape)
    plane = principal(X, at_one_scale=at_one_scale)
    assert plane is not None
    Z = StandardScaler().fit_transform(X) if at_one_scale else X
    reference = PCA(n_components=2, svd_solver="full").fit(Z)
    assert plane.share == pytest.approx(reference.explained_variance_ratio_.sum(), abs=1e-9)
    np.testing.assert_allclose(
        np.abs(plane.places(X)), np.abs(reference.transform(Z)), rtol=1e-5, atol=1e-6
    )
    heaviest = np.abs(plane.axes).argmax(axis=1)
    assert (plane.axes[[0, 1], heaviest] > 0.0).all()


def test_rows_on_the_plane_are_where_they_were() -> None:
    X = rows()
    plane = principal(X, at_one_scale=True)
    assert plane is not None
    places = plane.places(X)
    np.testing.assert_allclose(plane.places(plane.rows(places)), places, atol=1e-8)


ALIKE, APART = np.ones((5, 3)), np.array([[1.5e308] * 3, [1.6e308] * 3, [-1.7e308] * 3])


@pytest.mark.parametrize("X", [ALIKE, ALIKE[:1], APART])
def test_rows_that_cannot_be_told_apart_have_no_plane(X: Any) -> None:
    assert principal(X, at_one_scale=False) is None


def test_two_columns_are_their_own_plane() -> None:
    X = rows(p=2)
    [plane] = candidates(subject(GaussNaiveBayes().fit(X, X[:, 0] > 100.0), X), X)
    np.testing.assert_allclose(plane.places(X), X)
    assert [axis["columns"] for axis in plane.named(["a", "b"])] == [["a"], ["b"]]
    [line] = candidates(subject(GaussNaiveBayes().fit(X, X[:, 0] > 100.0), X), X[:, :1])
    np.testing.assert_allclose(line.rows(line.places(X[:, :1])), X[:, :1])


def test_an_axis_is_named_by_its_heaviest_columns() -> None:
    X = np.column_stack([RNG.normal(size=200), RNG.normal(size=200) * 50.0, RNG.normal(size=200)])
    X[:, 2] = X[:, 0] * -0.9
    plane = principal(X, at_one_scale=True)
    assert plane is not None
    first, second = plane.named(["a", "b", "c"])
    assert sorted(first["columns"]) == ["a", "c"]
    assert first["weights"][0] * first["weights"][1] < 0.0
    assert second["columns"] == ["b"]


# ---------------------------------------------------------------------------------- ground


def cells(kind: str) -> Any:
    if kind == "noise":
        return RNG.integers(3, size=(20, 30))
    return np.add.outer(np.zeros(20, dtype=int), (np.arange(30) > 12).astype(int))


def decoded(lines: list[list[int]]) -> Any:
    return np.array([np.repeat(line[::2], line[1::2]) for line in lines])


@pytest.mark.parametrize("kind", ["noise", "halves"])
def test_runs_hold_every_cell(kind: str) -> None:
    one = cells(kind)
    np.testing.assert_array_equal(decoded(runs(one)), one)


def test_smoothing_answers_what_is_most_often_around() -> None:
    one = cells("noise")
    found = smoothed(one, 3)
    reach = AROUND // 2
    for i in range(one.shape[0]):
        for j in range(one.shape[1]):
            around = one[max(i - reach, 0) : i + reach + 1, max(j - reach, 0) : j + reach + 1]
            counts = np.bincount(around.ravel(), minlength=3)
            assert counts[found[i, j]] == counts.max()
            if counts[one[i, j]] == counts.max():
                assert found[i, j] == one[i, j]
    assert ragged(one)
    halves = cells("halves")
    assert not ragged(halves)
    np.testing.assert_array_equal(smoothed(halves, 2), halves)


# --------------------------------------------------------------------------------- regions


def blobs(p: int, n: int = 150) -> tuple[Any, Any]:
    y = np.arange(n) % 3
    return RNG.normal(size=(n, p)) + 6.0 * np.eye(3, p)[y], np.array(["a", "b", "c"])[y]


def test_the_ground_is_what_the_model_answers_there() -> None:
    X, y = blobs(2)
    model = GaussNaiveBayes().fit(X, y)
    found = regions.picture(subject(model, X, y))
    assert found is not None
    left, right, bottom, top = found["extent"]
    ground = found["ground"]
    assert (ground["columns"], ground["rows"], ground["smoothed"]) == (112, 84, False)
    x = left + (right - left) * (np.arange(112) + 0.5) / 112
    up = bottom + (top - bottom) * (np.arange(84) + 0.5) / 84
    for row in (0, 40, 83):
        answers = model.predict(np.column_stack([x, np.full(112, up[row])]))
        told = np.array(found["labels"])[decoded([ground["runs"][row]])[0]]
        assert np.mean(told == answers) > 0.98  # the extent is told to five digits
    assert found["agreement"] == found["share"] == 1.0
    np.testing.assert_allclose(found["points"]["x"], X[:, 0], atol=1e-3)
    np.testing.assert_allclose(found["points"]["y"], X[:, 1], atol=1e-3)
    assert [found["labels"][k] for k in found["points"]["of"]] == y.tolist()
    assert found["wrong"] is None


def test_agreement_is_the_share_of_shadows_that_are_answered_alike() -> None:
    X, y = blobs(6)
    X[:, 3] *= 40.0
    model = GaussNaiveBayes().fit(X, y)
    found = regions.picture(subject(model, X, y))
    assert found is not None
    shares = []
    for scaled in (False, True):
        plane = principal(X, at_one_scale=scaled)
        assert plane is not None
        shadows = plane.rows(plane.places(X))
        shares.append(float(np.mean(model.predict(shadows) == model.predict(X))))
    assert found["agreement"] == pytest.approx(max(shares), abs=1e-4)
    assert found["at_one_scale"] == (shares[1] > shares[0])
    assert min(shares) < max(shares)


def test_a_plane_that_misleads_has_no_ground() -> None:
    X = RNG.normal(size=(200, 9))
    y = X[:, 8] > 0.0
    X[:, :8] *= 10.0
    found = regions.picture(subject(Svm().fit(X, y), X, y))
    assert found is not None
    assert found["agreement"] < regions.HONEST
    assert found["ground"] is None
    assert len(found["points"]["x"]) == 200


def test_the_rows_that_were_wrong_are_told() -> None:
    X, y = blobs(2)
    of = subject(GaussNaiveBayes().fit(X, y), X, y)
    assert of.sample is not None
    guess = of.sample.y.copy()  # type: ignore[union-attr]
    guess[[3, 17]] = (guess[[3, 17]] + 1) % 3
    found = regions.picture(replace(of, sample=replace(of.sample, predicted=guess)))
    assert found is not None
    assert found["wrong"] == [3, 17]


def test_one_column_is_a_line() -> None:
    X, y = blobs(3)
    of = subject(GaussNaiveBayes().fit(X[:, :1], y), X[:, :1], y)
    found = regions.picture(of)
    assert found is not None
    assert found["points"]["y"] is None
    assert len(found["axes"]) == 1
    assert found["ground"]["rows"] == 1


def test_a_type_that_cannot_be_asked_below_0_is_asked_at_0() -> None:
    rng = np.random.default_rng(2)
    y = np.arange(150) % 3
    X = rng.poisson(1.0 + 9.0 * np.eye(3, 6)[y]).astype(float)
    of = subject(MultiNaiveBayes().fit(X, y), X, y)
    found = regions.picture(of)
    assert found is not None
    assert found["ground"] is not None


def test_the_ground_is_coarser_or_absent_where_the_budget_is_small() -> None:
    X, y = blobs(2)
    model = Knn().fit(X, y)
    columns = {}
    for most in (1e8, 3e6, 8e5):
        found = regions.picture(subject(model, X, y, left=most))
        assert found is not None
        columns[most] = found["ground"]["columns"]
    assert list(columns.values()) == [112, 56, 28]
    of = subject(model, X, y, left=1e4)
    with pytest.raises(LeftOut, match="too large"):
        regions.picture(of)


def test_a_picture_that_is_left_out_is_named_with_the_reason() -> None:
    X, y = blobs(2)
    of = subject(Knn().fit(X, y), X, y)
    assert "regions" in pictures(of)["pictures"]
    huge = replace(of, budget=replace(of.budget, row_cost=1e12))
    found = pictures(huge)
    assert "regions" not in found["pictures"]
    assert "too large" in found["left_out"]["regions"]
    assert found["reason"] is None
    without = pictures(replace(of, sample=None))
    assert without["pictures"] == {}
    assert "sample" in without["reason"]
