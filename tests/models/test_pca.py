"""PCA against scikit-learn and its own promises."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.datasets import (
    load_breast_cancer,
    load_diabetes,
    load_digits,
    load_iris,
    load_wine,
)
from sklearn.decomposition import PCA as Reference  # noqa: N811
from sklearn.model_selection import KFold

from fitserve.data.arrays import FloatArray
from fitserve.errors import InvalidRequest
from fitserve.models.pca import PCA

LOADERS = {
    "iris": load_iris,
    "wine": load_wine,
    "cancer": load_breast_cancer,
    "digits": load_digits,
    "diabetes": load_diabetes,
}


def load(name: str) -> FloatArray:
    X: FloatArray = LOADERS[name]().data
    return X


def spectrum(n: int, sizes: Any, seed: int = 0) -> FloatArray:
    """Rows whose singular values around the mean are exactly `sizes`, in random directions."""
    rng = np.random.default_rng(seed)
    p = len(sizes)
    left = rng.normal(size=(n, p))
    left = np.linalg.qr(left - left.mean(axis=0))[0]
    return np.asarray(left * sizes @ np.linalg.qr(rng.normal(size=(p, p)))[0])


def error_of(model: Any, X: FloatArray) -> float:
    """Root of the mean squared distance of the rows to their reconstruction."""
    centred = X - model.mean_
    lost = centred - centred @ model.components_.T @ model.components_
    return float(np.sqrt((lost**2).mean()))


# ------------------------------------------------------------------------------ scikit-learn


@pytest.mark.parametrize("name", LOADERS)
@pytest.mark.parametrize("k", [1, 2, 4])
@pytest.mark.parametrize("whiten", [False, True])
def test_components_are_scikit_learns(name: str, k: int, whiten: bool) -> None:
    X = load(name)
    model = PCA(n_components=k, whiten=whiten).fit(X)
    other = Reference(n_components=k, whiten=whiten, svd_solver="full").fit(X)
    np.testing.assert_allclose(model.components_, other.components_, atol=1e-8)
    np.testing.assert_allclose(model.explained_variance_, other.explained_variance_, rtol=1e-9)
    np.testing.assert_allclose(
        model.explained_variance_ratio_, other.explained_variance_ratio_, rtol=1e-9
    )
    np.testing.assert_allclose(model.singular_values_, other.singular_values_, rtol=1e-9)
    np.testing.assert_allclose(model.mean_, other.mean_, rtol=1e-12, atol=1e-15)
    coordinates = model.predict(X)
    np.testing.assert_allclose(coordinates, other.transform(X), atol=1e-7 * np.abs(X).max())
    assert model.score(X) == pytest.approx(other.explained_variance_ratio_.sum(), rel=1e-12)
    if whiten:
        np.testing.assert_allclose(coordinates.std(axis=0, ddof=1), 1.0, rtol=1e-9)


@pytest.mark.parametrize("name", ["iris", "wine", "cancer", "diabetes"])
def test_all_components_are_scikit_learns(name: str) -> None:
    X = load(name)
    model, other = PCA().fit(X), Reference(svd_solver="full").fit(X)
    np.testing.assert_allclose(model.components_, other.components_, atol=1e-8)
    np.testing.assert_allclose(model.explained_variance_, other.explained_variance_, rtol=1e-7)
    assert model.score(X) == pytest.approx(1.0, abs=1e-12)


@pytest.mark.parametrize("name", LOADERS)
def test_held_out_rows_are_reconstructed_as_well(name: str) -> None:
    X = load(name)
    for train, test in KFold(5, shuffle=True, random_state=0).split(X):
        model = PCA(n_components=3).fit(X[train])
        other = Reference(n_components=3, svd_solver="full").fit(X[train])
        assert error_of(model, X[test]) == pytest.approx(error_of(other, X[test]), rel=1e-9)
        kept, total = (
            error_of(model, X[test]),
            float(np.sqrt(((X[test] - model.mean_) ** 2).mean())),
        )
        assert model.score(X[test]) == pytest.approx(1.0 - (kept / total) ** 2)


@pytest.mark.parametrize("share", [0.1, 0.5, 0.9, 0.99, 1.0 - 1e-12])
@pytest.mark.parametrize("name", LOADERS)
def test_a_share_of_the_variance_counts_as_in_scikit_learn(name: str, share: float) -> None:
    X = load(name)
    model = PCA(n_components=share).fit(X)
    other = Reference(n_components=share, svd_solver="full").fit(X)
    assert len(model.components_) == other.n_components_
    score = model.score(X)
    assert score is not None
    assert score > share - 1e-12


@pytest.mark.parametrize("k", [1, 5, 19, None])
def test_more_columns_than_rows(k: int | None) -> None:
    X = spectrum(4000, np.linspace(9.0, 1.0, 19), seed=1).T + 7.0  # 19 rows of 4000
    X = np.vstack([X, X.mean(axis=0) + 1.0])
    model, other = PCA(n_components=k).fit(X), Reference(n_components=k, svd_solver="full").fit(X)
    varying = 18 if k is None else min(k, 18)
    np.testing.assert_allclose(model.components_[:varying], other.components_[:varying], atol=1e-8)
    np.testing.assert_allclose(model.singular_values_, other.singular_values_, atol=1e-9)
    np.testing.assert_allclose(
        model.components_ @ model.components_.T, np.eye(len(model.components_)), atol=1e-10
    )


# -------------------------------------------------------------------------------- hard data


@pytest.mark.parametrize("least", [1e-1, 1e-3, 1e-5, 1e-7, 1e-10])
@pytest.mark.parametrize("k", [3, 6])
@pytest.mark.parametrize("transposed", [False, True])
def test_small_variances_are_not_lost_in_large_ones(least: float, k: int, transposed: bool) -> None:
    X = spectrum(300, np.geomspace(1.0, least, 6))
    if transposed:
        X = np.vstack([X.T, -X.T])  # centred whatever the rows
    model = PCA(n_components=k).fit(X)
    other = Reference(n_components=k, svd_solver="full").fit(X)
    expected = np.geomspace(1.0, least, 6)[:k] * (np.sqrt(2.0) if transposed else 1.0)
    np.testing.assert_allclose(model.singular_values_, expected, rtol=1e-14 / least + 1e-10)
    # Each of these is well apart from its neighbours, and singular values see them to eps.
    np.testing.assert_allclose(
        model.components_, other.components_, atol=max(1e-11, 1e-14 / expected[-1])
    )


@pytest.mark.parametrize("noise", [1e-3, 1e-6, 1e-9, 1e-12])
def test_nearly_degenerate_rows_are_reconstructed_as_by_singular_values(noise: float) -> None:
    rng = np.random.default_rng(2)
    X = rng.normal(size=(500, 3)) @ rng.normal(size=(3, 20)) + noise * rng.normal(size=(500, 20))
    for k in (2, 3, 4, 10):
        model = PCA(n_components=k).fit(X)
        other = Reference(n_components=k, svd_solver="full").fit(X)
        assert error_of(model, X) <= 1.005 * error_of(other, X)


@pytest.mark.parametrize("gap", [1e-3, 1e-6, 1e-9])
def test_variances_that_nearly_agree_are_told_apart_as_far_as_can_be(gap: float) -> None:
    X = spectrum(200, [3.0, 2.0 + gap, 2.0, 1.0])
    model = PCA().fit(X)
    other = Reference(svd_solver="full").fit(X)
    np.testing.assert_allclose(model.components_, other.components_, atol=1e-14 / gap + 1e-12)


@pytest.mark.parametrize("offset", [1e8, 1e12])
@pytest.mark.parametrize("k", [2, 4])
def test_far_from_the_origin_nothing_is_lost(offset: float, k: int) -> None:
    X = np.rint(load("iris") * 10.0) * 8.0
    near, far = PCA(n_components=k).fit(X), PCA(n_components=k).fit(X + offset)
    np.testing.assert_allclose(far.components_, near.components_, atol=1e-8)
    np.testing.assert_allclose(far.explained_variance_, near.explained_variance_, rtol=1e-8)
    batch = far.predict(X + offset)
    np.testing.assert_allclose(batch, near.predict(X), atol=1e-2 if offset > 1e10 else 1e-6)
    single = np.vstack([far.predict(row[None, :]) for row in X + offset])
    np.testing.assert_allclose(single, batch, rtol=1e-12, atol=1e-12 * np.abs(batch).max())


@pytest.mark.parametrize("n", [20, 2000])
def test_a_constant_column_takes_no_part(n: int) -> None:
    rng = np.random.default_rng(3)
    X = np.column_stack([rng.normal(size=n), np.full(n, 0.1), rng.normal(size=n), np.full(n, 1e9)])
    model = PCA(n_components=2).fit(X / [1.0, 1.0, 1.0, 7.0])
    assert not model.components_[:, [1, 3]].any()
    all_of_it = PCA().fit(X)
    assert all_of_it.singular_values_[2:].tolist() == [0.0, 0.0]


@pytest.mark.parametrize("scale", [1e-290, 1e-150, 1e140])
@pytest.mark.parametrize("k", [2, 4])
def test_the_unit_does_not_matter(scale: float, k: int) -> None:
    X = load("iris")
    plain, model = PCA(n_components=k).fit(X), PCA(n_components=k).fit(X * scale)
    np.testing.assert_allclose(model.components_, plain.components_, atol=1e-10)
    np.testing.assert_allclose(
        model.explained_variance_ratio_, plain.explained_variance_ratio_, rtol=1e-10
    )
    np.testing.assert_allclose(model.singular_values_, plain.singular_values_ * scale, rtol=1e-10)
    np.testing.assert_allclose(model.predict(X * scale), plain.predict(X) * scale, atol=scale / 1e9)
    assert model.score(X * scale) == pytest.approx(plain.score(X))
    white = PCA(n_components=k, whiten=True).fit(X * scale)
    np.testing.assert_allclose(white.predict(X * scale).std(axis=0, ddof=1), 1.0, rtol=1e-9)


def test_a_variance_that_no_float_can_hold_is_an_error() -> None:
    with pytest.raises(InvalidRequest, match="standardize"):
        PCA().fit(load("iris") * 1e200)


def test_the_sign_is_that_of_the_largest_entry_and_of_the_first_of_equals() -> None:
    line = np.arange(5.0)[:, None]
    assert PCA(n_components=1).fit(line * [1.0, -3.0]).components_[0, 1] > 0.0
    rng = np.random.default_rng(4)
    for _ in range(30):
        direction = np.append(1.0, rng.choice([-1.0, 1.0], size=6))
        X = rng.normal(size=(40, 1)) * direction
        first = PCA(n_components=1).fit(X).components_[0]
        np.testing.assert_allclose(first, direction / np.sqrt(7.0))


# ----------------------------------------------------------------------------- what it refuses


@pytest.mark.parametrize("value", [0, -1, 0.0, -0.5])
def test_components_are_counted_from_one(value: Any) -> None:
    with pytest.raises(InvalidRequest) as caught:
        PCA.from_kwargs({"n_components": value})
    assert caught.value.faults[0].loc[0] == "n_components"


@pytest.mark.parametrize("shape", [(5, 9), (9, 5)])
def test_no_more_components_than_rows_or_columns(shape: tuple[int, int]) -> None:
    X = np.random.default_rng(0).normal(size=shape)
    assert PCA(n_components=5).fit(X).components_.shape == (5, shape[1])
    with pytest.raises(InvalidRequest, match=r"at most 5 .* not 6") as caught:
        PCA(n_components=6).fit(X)
    assert caught.value.faults[0].loc == ("n_components",)


@pytest.mark.parametrize("value", [1.0, 2.0, 2.5])
def test_a_share_is_below_one(value: float) -> None:
    with pytest.raises(InvalidRequest, match="a number above 0 and below 1") as caught:
        PCA.from_kwargs({"n_components": value})
    assert caught.value.faults[0].loc == ("n_components",)


@pytest.mark.parametrize("n", [1, 2, 9])
@pytest.mark.parametrize("row", [[0.1, 7.0], [0.0], [1e300], [1e-300]])
def test_rows_that_do_not_vary_are_refused(n: int, row: list[float]) -> None:
    message = "one row has no variance" if n == 1 else "all rows are equal"
    for hyperparameters in ({}, {"n_components": 1}, {"n_components": 0.5}):
        with pytest.raises(InvalidRequest, match=message) as caught:
            PCA.from_kwargs(hyperparameters).fit([row] * n)
        assert caught.value.faults[0].loc == ("X",)


def test_whitening_names_the_directions_that_vary() -> None:
    X = load("iris")
    X = np.column_stack([X, X[:, 0] - X[:, 1], np.ones(len(X))])
    with pytest.raises(InvalidRequest, match="in 4 directions only") as caught:
        PCA(whiten=True).fit(X)
    assert caught.value.faults[0].loc == ("n_components",)
    white = PCA(n_components=4, whiten=True).fit(X).predict(X)
    np.testing.assert_allclose(np.cov(white.T), np.eye(4), atol=1e-9)


def test_rows_all_at_the_mean_have_no_score() -> None:
    model = PCA(n_components=1).fit([[0.0, 1.0], [2.0, 3.0]])
    assert model.score([[1.0, 2.0]]) is None


# ---------------------------------------------------------------------------------- at large


@settings(derandomize=True, max_examples=80, deadline=None)
@given(
    n=st.integers(2, 40),
    p=st.integers(1, 12),
    rank=st.integers(1, 12),
    scale=st.integers(-120, 120),
    k=st.one_of(st.none(), st.integers(1, 12), st.floats(0.01, 0.99)),
    seed=st.integers(0, 2**32 - 1),
)
def test_the_components_are_orthonormal_and_the_best(
    n: int, p: int, rank: int, scale: int, k: Any, seed: int
) -> None:
    rng = np.random.default_rng(seed)
    X = (rng.normal(size=(n, rank)) @ rng.normal(size=(rank, p)) + 1.0) * 10.0**scale
    k = min(k, n, p) if isinstance(k, int) else k
    model = PCA(n_components=k).fit(X)
    V = model.components_
    np.testing.assert_allclose(V @ V.T, np.eye(len(V)), atol=1e-9)
    unit = np.abs(X).max()
    squares = np.linalg.svd((X - X.mean(axis=0)) / unit, compute_uv=False) ** 2
    share = squares[: len(V)].sum() / squares.sum()
    assert model.score(X) == pytest.approx(share, abs=1e-9)
    assert model.explained_variance_ratio_.sum() == pytest.approx(share, abs=1e-9)
    np.testing.assert_allclose(
        model.singular_values_ / unit, np.sqrt(squares[: len(V)]), atol=1e-9 * n
    )
