"""K-means against scikit-learn's, and against arithmetic that can be done by hand."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.cluster import KMeans as Reference
from sklearn.datasets import load_digits, load_iris, load_wine

from fitserve.errors import InvalidRequest
from fitserve.models.kmeans import KMeans, Rows, count_distinct, greedy_seeds, improved
from fitserve.models.numerics import thinned

DATA = {"iris": load_iris().data, "wine": load_wine().data, "digits": load_digits().data}


@pytest.mark.parametrize("far", [1e20, 1e100, 1e160, 1e308])
def test_an_inertia_that_rounding_drowns_is_not_told(far: float) -> None:
    X = np.array([[1.0], [2.0], [4.0], [far]])
    assert KMeans(n_clusters=2).fit(X).score(X) is None
    alike = np.array([[1.0], [1.0], [1.0], [far]])
    assert KMeans(n_clusters=2).fit(alike).score(alike) == 0.0
    near = np.array([[1.0], [2.0], [4.0], [1e6]])
    assert KMeans(n_clusters=2).fit(near).score(near) == pytest.approx(14.0 / 3.0)


def inertia(X: Any, centres: Any) -> float:
    return float(((X[:, None, :] - centres) ** 2).sum(axis=2).min(axis=1).sum())


def blobs(seed: int = 0, n: int = 300, p: int = 3, k: int = 4) -> Any:
    rng = np.random.default_rng(seed)
    return rng.normal(scale=5.0, size=(k, p))[rng.integers(k, size=n)] + rng.normal(size=(n, p))


@pytest.mark.parametrize("name", DATA)
@pytest.mark.parametrize("k", [3, 8])
def test_inertia_is_no_worse_than_scikit_learns(name: str, k: int) -> None:
    X = DATA[name]
    ours: list[Any] = []
    theirs = []
    for seed in range(3):
        model = KMeans(n_clusters=k, n_init=10, random_state=seed).fit(X)
        ours.append(model.score(X))
        theirs.append(Reference(k, n_init=10, random_state=seed).fit(X).inertia_)
    assert np.median(ours) <= 1.01 * np.median(theirs)


def test_single_starts_are_as_good_as_scikit_learns() -> None:
    X = blobs(k=8, n=500)
    ours: list[Any] = [KMeans(n_clusters=8, random_state=s).fit(X).score(X) for s in range(60)]
    theirs = [Reference(8, n_init=1, random_state=s).fit(X).inertia_ for s in range(60)]
    assert np.mean(ours) <= 1.05 * np.mean(theirs)


def test_lloyds_iterations_are_scikit_learns() -> None:
    X = blobs(n=5000, k=6)
    start = X[:6].copy()
    rows, centres = Rows(X, 6), start
    for n_iter in range(1, 6):
        centres, loss, _ = improved(rows, centres)
        reference = Reference(6, init=start, n_init=1, max_iter=n_iter, tol=0.0)
        with np.errstate(all="ignore"):
            reference.fit(X)
        np.testing.assert_allclose(centres, reference.cluster_centers_, rtol=1e-9)
        assert reference.inertia_ == pytest.approx(rows.inertia(centres), rel=1e-12)
        assert loss >= rows.inertia(centres) / len(X)


def test_greedy_seeds_are_better_than_random_rows() -> None:
    X = blobs(n=400, k=10, p=2)
    rng = np.random.default_rng(0)
    rows = Rows(X, 10)
    greedy = np.mean([inertia(X, greedy_seeds(rows, 10, rng)) for _ in range(20)])
    plain = np.mean([inertia(X, X[rng.choice(400, 10, replace=False)]) for _ in range(20)])
    assert greedy < 0.7 * plain


def test_seeds_are_drawn_by_squared_distance() -> None:
    """One draw (k < 3 leaves 2 + log 2 = 2 draws; the better one wins) hardly ever stays near."""
    X = np.concatenate([np.zeros((50, 1)), np.ones((50, 1)), np.full((1, 1), 1000.0)])
    rows = Rows(X, 2)
    for seed in range(20):
        seeds = greedy_seeds(rows, 2, np.random.default_rng(seed))
        assert 1000.0 in seeds


def test_the_centres_are_the_means_of_their_rows() -> None:
    X = blobs()
    model = KMeans(n_clusters=4, tol=0.0).fit(X)
    labels = model.predict(X)
    means = np.array([X[labels == c].mean(axis=0) for c in range(4)])
    np.testing.assert_allclose(model.cluster_centers_, means, rtol=1e-12)
    assert model.score(X) == pytest.approx(inertia(X, means), rel=1e-12)
    assert model.converged_


def test_the_loss_falls_to_the_mean_squared_distance() -> None:
    X = DATA["digits"]
    model = KMeans(n_clusters=10, tol=0.0).fit(X)
    curve = model.loss_curve_
    assert curve is not None
    assert len(curve) == model.n_iter_
    assert len(curve) > 3
    assert (np.diff(curve) <= 1e-12 * curve[0]).all()
    score = model.score(X)
    assert score is not None
    assert curve[-1] == pytest.approx(score / len(X), rel=1e-10)


def test_the_curve_is_of_the_start_that_won() -> None:
    X = blobs(k=9, n=200)
    model = KMeans(n_clusters=9, n_init=15, tol=0.0).fit(X)
    score = model.score(X)
    assert score is not None
    assert model.loss_curve_ is not None
    assert model.loss_curve_[-1] == pytest.approx(score / len(X), rel=1e-10)
    assert model.n_iter_ == len(model.loss_curve_)
    singles = [KMeans(n_clusters=9, tol=0.0, random_state=s).fit(X).score(X) for s in range(15)]
    assert score <= np.median([s for s in singles if s is not None])


def test_hyperparameters_do_what_they_say() -> None:
    X = blobs(n=2000, k=5)
    assert not KMeans(n_clusters=8, max_iter=1).fit(X).converged_
    assert KMeans(n_clusters=8, max_iter=1).fit(X).n_iter_ == 1
    loose = KMeans(n_clusters=8, tol=0.1).fit(X).n_iter_
    strict = KMeans(n_clusters=8, tol=0.0).fit(X).n_iter_
    assert loose is not None
    assert strict is not None
    assert loose < strict
    assert len(KMeans(n_clusters=7).fit(X).cluster_centers_) == 7
    seen: list[float] = []
    KMeans(n_clusters=8, init="random", max_iter=2).fit(X, watch=lambda p, _: seen.append(p))
    assert len(seen) == 20  # auto: ten starts
    assert seen == sorted(seen)
    assert seen[-1] == 1.0
    seen.clear()
    KMeans(n_clusters=8, max_iter=2).fit(X, watch=lambda p, _: seen.append(p))
    assert len(seen) == 2


def test_it_stops_when_the_centres_move_less_than_tol() -> None:
    X = np.random.default_rng(0).normal(size=(1000, 3))
    bound = 0.005 * X.var(axis=0).mean()
    n_iter = KMeans(tol=0.005).fit(X).n_iter_
    assert n_iter is not None
    assert n_iter > 2
    centres = [
        KMeans(tol=0.0, max_iter=n).fit(X).cluster_centers_ for n in range(n_iter - 2, n_iter + 1)
    ]
    assert ((centres[1] - centres[0]) ** 2).sum() > bound
    assert ((centres[2] - centres[1]) ** 2).sum() <= bound
    assert KMeans(tol=0.005).fit(X * 1024.0).n_iter_ == n_iter


def test_as_many_clusters_as_different_rows() -> None:
    X = np.repeat(np.arange(6.0).reshape(3, 2), 5, axis=0)
    model = KMeans(n_clusters=3).fit(X)
    assert model.score(X) == 0.0
    assert sorted(set(model.predict(X).tolist())) == [0, 1, 2]


@pytest.mark.parametrize("init", ["k-means++", "random"])
def test_empty_clusters_are_filled(init: str) -> None:
    """Random rows of many duplicates coincide, and leave clusters without rows."""
    X = np.repeat(np.arange(8.0)[:, None] ** 2, 50, axis=0)
    for seed in range(5):
        model = KMeans.from_kwargs(
            {"n_clusters": 8, "init": init, "n_init": 1, "random_state": seed}
        ).fit(X)
        assert model.score(X) == 0.0
        assert len(np.unique(model.predict(X))) == 8


def test_an_empty_cluster_goes_to_the_farthest_row() -> None:
    X = np.array([[0.0], [1.0], [2.0], [10.0]])
    moved, _, settled = improved(Rows(X, 2), np.array([[1.0], [500.0]]))
    assert moved.tolist() == [[3.25], [10.0]]
    assert not settled


@pytest.mark.parametrize("n", [1, 2, 5, 300, 5000])
def test_ties_go_to_the_lowest_index(n: int) -> None:
    model = KMeans(n_clusters=2).fit([[0.1], [0.3]])
    middle = np.full((n, 1), model.cluster_centers_.mean())
    assert set(model.predict(middle).tolist()) == {0}
    model.cluster_centers_ = model.cluster_centers_[[0, 0]]
    assert set(model.predict(np.full((n, 1), 0.7)).tolist()) == {0}


def test_a_batch_is_its_rows_even_amid_ties() -> None:
    """Whole numbers half way between centres: rounding must not choose."""
    rng = np.random.default_rng(0)
    X = rng.integers(-3, 4, size=(9000, 5)).astype(np.float64)  # more than one block
    model = KMeans(n_clusters=6).fit(X)
    model.cluster_centers_ = rng.integers(-2, 3, size=(6, 5)).astype(np.float64)
    model.centre_ = np.full(5, 0.1)
    distances = ((X[:, None, :] - model.cluster_centers_) ** 2).sum(axis=2)
    batch = model.predict(X)
    assert batch.tolist() == distances.argmin(axis=1).tolist()
    single = [model.predict(row[None, :])[0] for row in X[:400]]
    assert single == batch[:400].tolist()


def test_far_rows_half_way_go_to_the_lowest_index() -> None:
    model = KMeans(n_clusters=2).fit([[0.0, 0.0], [1.0, 1.0]])
    model.cluster_centers_ = np.array([[-1.0, 0.3], [1.0, 0.3]])
    model.centre_ = np.array([0.1, 0.7])
    X = np.column_stack([np.zeros(2000), np.random.default_rng(0).normal(scale=1e9, size=2000)])
    assert set(model.predict(X).tolist()) == {0}


def test_a_row_far_away_still_knows_its_side() -> None:
    model = KMeans(n_clusters=2).fit([[-1.0, 0.0], [1.0, 0.0], [1.0, 0.1], [-1.0, 0.1]])
    left, right = model.predict([[-1.0, 0.0], [1.0, 0.0]])
    for far in (1e6, 1e12, 1e20, 1e100):
        assert model.predict([[-far, far], [far, far]]).tolist() == [left, right]
    tiny = KMeans(n_clusters=2).fit([[1e-300], [2e-300]])
    with pytest.raises(InvalidRequest, match=r"number 1e\+300 is too large"):
        tiny.predict([[1e300]])


def test_close_clusters_beside_a_far_one_are_told_apart() -> None:
    """Expanded squares have no digits left here."""
    rng = np.random.default_rng(0)
    X = np.concatenate([rng.normal(size=(40, 2)), rng.normal(size=(40, 2)) + 20.0])
    X = np.concatenate([X, [[1e12, 1e12]]])
    model = KMeans(n_clusters=3, n_init=3, tol=0.0).fit(X)
    labels = model.predict(X)
    assert len(set(labels[:40])) == len(set(labels[40:80])) == 1
    assert len(set(labels)) == 3
    score = model.score(X)
    assert score == pytest.approx(inertia(X, model.cluster_centers_), rel=1e-3)
    assert score is not None
    assert model.loss_curve_ is not None
    assert model.loss_curve_[-1] == pytest.approx(score / len(X), rel=1e-2)


def test_seeds_beside_a_far_row_are_still_far_apart() -> None:
    rng = np.random.default_rng(0)
    X = np.concatenate([rng.normal(size=50) + middle for middle in (0.0, 1e3, 2e3)] + [[1e15]])
    X = (X - X.mean())[:, None]
    rows = Rows(X, 4)
    for seed in range(10):
        seeds = greedy_seeds(rows, 4, np.random.default_rng(seed))
        assert inertia(X, seeds) < 1e4


@pytest.mark.parametrize("scale", [1e-300, 1e-150, 1e-3, 1e150, 1e300])
def test_scale_changes_nothing(scale: float) -> None:
    X = blobs()
    factor = float(2.0 ** np.round(np.log2(scale)))
    plain = KMeans(n_clusters=4).fit(X)
    model = KMeans(n_clusters=4).fit(X * factor)
    assert model.predict(X * factor).tolist() == plain.predict(X).tolist()
    assert (model.cluster_centers_ / factor == plain.cluster_centers_).all()
    score = plain.score(X)
    assert score is not None
    expected = score * factor * factor
    assert model.score(X * factor) == (pytest.approx(expected) if expected < np.inf else None)
    assert (model.loss_curve_ is None) == (expected == np.inf)


def test_an_offset_costs_no_digits() -> None:
    X = np.rint(blobs() * 64) / 64
    plain, far = KMeans(n_clusters=4).fit(X), KMeans(n_clusters=4).fit(X + 1e8)
    assert far.predict(X + 1e8).tolist() == plain.predict(X).tolist()
    assert far.score(X + 1e8) == pytest.approx(plain.score(X), rel=1e-9)


def test_too_few_rows_are_refused() -> None:
    with pytest.raises(InvalidRequest, match=r"8 clusters .* 3;.* at most 3") as caught:
        KMeans().fit([[0.0], [1.0], [2.0]])
    assert caught.value.faults[0].loc == ("n_clusters",)
    X = [[0.0, 1.0], [-0.0, 1.0], [2.0, 1.0]] * 4
    with pytest.raises(
        InvalidRequest, match=r"3 clusters .* different rows, and X has 2"
    ) as caught:
        KMeans(n_clusters=3).fit(X)
    assert caught.value.faults[0].loc == ("n_clusters",)
    assert KMeans(n_clusters=2).fit(X).score(X) == 0.0


def test_n_init_is_a_number_or_auto() -> None:
    for value in (0, "all", 1.5):
        with pytest.raises(InvalidRequest) as caught:
            KMeans.from_kwargs({"n_init": value})
        assert caught.value.faults[0].loc[0] == "n_init"
    assert KMeans.from_kwargs({"n_init": 3, "k": 2}).hyperparameters()["n_clusters"] == 2


def test_helpers() -> None:
    rows = np.array([[0.0], [-0.0], [1.0], [2.0]])
    assert count_distinct(rows, enough=10) == 3
    assert count_distinct(rows, enough=2) == 2
    assert thinned([1.0, 2.0]) == [1.0, 2.0]
    assert thinned([]) == []
    curve = thinned([float(i) for i in range(12345)])
    assert 900 < len(curve) <= 1000
    assert curve[-1] == 12344.0
    assert curve == sorted(curve)


@settings(max_examples=40, deadline=None, derandomize=True)
@given(
    n=st.integers(1, 60),
    p=st.integers(1, 6),
    k=st.integers(1, 8),
    exponent=st.integers(-280, 280),
    whole=st.booleans(),
    seed=st.integers(0, 2**16),
)
def test_every_row_goes_to_its_nearest_centre(
    n: int, p: int, k: int, exponent: int, whole: bool, seed: int
) -> None:
    rng = np.random.default_rng(seed)
    base = rng.integers(0, 4, size=(n, p)).astype(np.float64) if whole else rng.normal(size=(n, p))
    X = base * 2.0**exponent
    if len(np.unique(X, axis=0)) < k:
        with pytest.raises(InvalidRequest, match="clusters need as many"):
            KMeans(n_clusters=k).fit(X)
        return
    model = KMeans(n_clusters=k).fit(X)
    centres = model.cluster_centers_ / 2.0**exponent
    distances = ((base[:, None, :] - centres) ** 2).sum(axis=2)
    labels = model.predict(X)
    chosen = distances[np.arange(n), labels]
    assert (chosen <= distances.min(axis=1) + 1e-12).all()
    assert len(set(labels.tolist())) == k
    assert [model.predict(row[None, :])[0] for row in X] == labels.tolist()
