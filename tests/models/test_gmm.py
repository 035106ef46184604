"""Gaussian mixtures against scikit-learn's, and against densities that can be done by hand."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.datasets import load_breast_cancer, load_digits, load_iris, load_wine
from sklearn.mixture import GaussianMixture as Reference

from fitserve.errors import InvalidRequest
from fitserve.models.gmm import (
    GaussianMixture,
    Mixture,
    Moments,
    blocks,
    responsibilities,
    whitening,
)

KINDS = ("full", "tied", "diag", "spherical")
DATA = {
    "iris": (load_iris().data, 3, 1e-6),
    "wine": (load_wine().data, 3, 1e-6),
    "breast_cancer": (load_breast_cancer().data, 2, 1e-6),
    "digits": (load_digits().data, 10, 0.1),
}
every_kind = pytest.mark.parametrize("kind", KINDS)


def fitted(X: Any, k: int, kind: str = "full", **hyperparameters: Any) -> GaussianMixture:
    kwargs = {"n_components": k, "covariance_type": kind} | hyperparameters
    return GaussianMixture.from_kwargs(kwargs).fit(X)


def blobs(seed: int = 0, n: int = 400, p: int = 3, k: int = 3, apart: float = 2.0) -> Any:
    rng = np.random.default_rng(seed)
    shapes = rng.normal(size=(k, p, p)) + 2.0 * np.eye(p)
    part = rng.integers(k, size=n)
    middles = rng.normal(scale=apart, size=(k, p))
    return middles[part] + np.einsum("npq,nq->np", shapes[part], rng.normal(size=(n, p)))


def precisions(model: GaussianMixture) -> Any:
    factors = model.precisions_cholesky_
    return (
        factors**2
        if factors.ndim < 2 or model.covariance_type == "diag"
        else (factors @ factors.swapaxes(-1, -2))
    )


def as_reference(model: GaussianMixture) -> Reference:
    """scikit-learn's mixture with the parameters of ours."""
    reference = Reference(len(model.weights_), covariance_type=model.covariance_type)
    reference.weights_ = model.weights_
    reference.means_ = model.shift_ + model.centre_
    reference.precisions_cholesky_ = model.precisions_cholesky_
    return reference


@every_kind
@pytest.mark.parametrize("name", DATA)
def test_the_likelihood_is_no_worse_than_scikit_learns(name: str, kind: str) -> None:
    X, k, reg = DATA[name]
    n_init = 1 if name == "digits" else 3
    seeds = range(1) if name == "digits" else range(3)
    ours: list[Any] = []
    theirs = []
    for seed in seeds:
        settings = {"n_init": n_init, "reg_covar": reg, "random_state": seed}
        ours.append(fitted(X, k, kind, **settings).score(X))
        theirs.append(Reference(k, covariance_type=kind, **settings).fit(X).score(X))
    assert np.median(ours) >= np.median(theirs) - 0.01 * abs(np.median(theirs))


@every_kind
@pytest.mark.parametrize("name", ["iris", "breast_cancer"])
def test_densities_are_scikit_learns(name: str, kind: str) -> None:
    X, k, reg = DATA[name]
    model = fitted(X, k, kind, reg_covar=reg)
    reference = as_reference(model)
    assert model.score(X) == pytest.approx(reference.score(X), rel=1e-9)
    np.testing.assert_allclose(model.predict_proba(X), reference.predict_proba(X), atol=1e-9)
    assert model.predict(X).tolist() == reference.predict(X).tolist()


@every_kind
def test_one_iteration_is_scikit_learns(kind: str) -> None:
    X = blobs(apart=1.0)
    for n in (2, 6):
        before = fitted(X, 3, kind, max_iter=n, tol=0.0)
        after = fitted(X, 3, kind, max_iter=n + 1, tol=0.0)
        reference = Reference(
            3,
            covariance_type=kind,
            max_iter=1,
            tol=0.0,
            weights_init=before.weights_,
            means_init=before.shift_ + before.centre_,
            precisions_init=precisions(before),
        )
        with pytest.warns(match="did not converge"):
            reference.fit(X)
        np.testing.assert_allclose(after.weights_, reference.weights_, rtol=1e-8)
        np.testing.assert_allclose(after.shift_ + after.centre_, reference.means_, rtol=1e-7)
        np.testing.assert_allclose(precisions(after), reference.precisions_, rtol=1e-6, atol=1e-9)


def test_one_component_is_the_mean_and_the_covariance() -> None:
    X = blobs()
    model = fitted(X, 1)
    np.testing.assert_allclose(model.shift_ + model.centre_, [X.mean(axis=0)], atol=1e-12)
    covariance = np.cov(X.T, bias=True) + 1e-6 * np.eye(3)
    np.testing.assert_allclose(precisions(model)[0], np.linalg.inv(covariance), rtol=1e-10)
    logdet = np.linalg.slogdet(2.0 * np.pi * covariance)[1]
    inside = np.mean(
        np.sum((X - X.mean(axis=0)) @ np.linalg.inv(covariance) * (X - X.mean(axis=0)), axis=1)
    )
    assert model.score(X) == pytest.approx(-0.5 * (logdet + inside), rel=1e-12)
    assert model.predict_proba(X).tolist() == [[1.0]] * len(X)
    assert model.n_iter_ == 2


@every_kind
@pytest.mark.parametrize("init", ["kmeans", "random"])
def test_the_loss_never_rises(kind: str, init: str) -> None:
    X = blobs(apart=1.0, p=2)
    model = fitted(X, 4, kind, tol=0.0, max_iter=60, reg_covar=1e-12, init_params=init)
    curve = model.loss_curve_
    assert curve is not None
    assert len(curve) == model.n_iter_
    assert len(curve) > 10
    assert (np.diff(curve) <= 1e-10).all()
    score = model.score(X)
    assert score is not None
    assert -score <= curve[-1] + 1e-10
    assert -score == pytest.approx(curve[-1], abs=0.01)


def test_hyperparameters_do_what_they_say() -> None:
    X = blobs(apart=1.0)
    short = fitted(X, 3, max_iter=2, tol=1e-12)
    assert not short.converged_
    assert short.n_iter_ == 2
    loose, strict = fitted(X, 3, tol=0.1), fitted(X, 3, tol=1e-7, max_iter=1000)
    assert loose.converged_
    assert strict.converged_
    assert loose.n_iter_ is not None
    assert strict.n_iter_ is not None
    assert loose.n_iter_ < strict.n_iter_
    single = [fitted(X, 3, init_params="random", random_state=s).score(X) for s in range(8)]
    many = fitted(X, 3, init_params="random", n_init=8)
    best = many.score(X)
    assert best is not None
    assert best >= np.median([s for s in single if s is not None])
    assert many.loss_curve_ is not None
    assert many.loss_curve_[-1] == pytest.approx(-best, abs=0.01)
    shapes = [fitted(X, 2, kind).precisions_cholesky_.shape for kind in KINDS]
    assert shapes == [(2, 3, 3), (3, 3), (2, 3), (2,)]
    wide = fitted(X, 1, reg_covar=1e4)
    np.testing.assert_allclose(precisions(wide)[0], np.eye(3) / 1e4, atol=1e-6)
    seen: list[float] = []
    GaussianMixture(n_init=3, max_iter=2, tol=0.0).fit(X, watch=lambda p, _: seen.append(p))
    assert seen == sorted(seen)
    assert len(seen) == 6
    assert seen[-1] == 1.0


@every_kind
def test_an_offset_costs_no_digits(kind: str) -> None:
    X = np.rint(blobs() * 64) / 64
    plain, far = fitted(X, 3, kind), fitted(X + 1e8, 3, kind)
    assert far.n_iter_ == plain.n_iter_
    assert far.score(X + 1e8) == pytest.approx(plain.score(X), rel=1e-9)
    np.testing.assert_allclose(far.predict_proba(X + 1e8), plain.predict_proba(X), atol=1e-8)


@every_kind
@pytest.mark.parametrize("exponent", [-990, -500, 20, 500, 995])
def test_scale_shifts_the_likelihood_and_nothing_else(kind: str, exponent: int) -> None:
    X = blobs()
    plain = fitted(X, 3, kind, reg_covar=0.0)
    model = fitted(X * 2.0**exponent, 3, kind, reg_covar=0.0)
    score = plain.score(X)
    assert score is not None
    moved = score - 3 * exponent * np.log(2.0)
    assert model.score(X * 2.0**exponent) == pytest.approx(moved, rel=1e-10)
    np.testing.assert_allclose(
        model.predict_proba(X * 2.0**exponent), plain.predict_proba(X), atol=1e-10
    )


@pytest.mark.parametrize("kind", ["full", "tied", "diag"])
def test_a_column_may_have_a_scale_of_its_own(kind: str) -> None:
    X = blobs(apart=8.0)
    uneven = X * np.array([1.0, 2.0**-900, 2.0**900])
    start = {"init_params": "random", "random_state": 1, "reg_covar": 0.0}
    plain, model = fitted(X, 2, kind, **start), fitted(uneven, 2, kind, **start)
    assert model.predict(uneven).tolist() == plain.predict(X).tolist()
    assert model.n_iter_ == plain.n_iter_


@every_kind
def test_reg_covar_rules_over_tiny_data(kind: str) -> None:
    X = blobs(n=50) * 1e-150
    model = fitted(X, 2, kind)
    np.testing.assert_allclose(model.precisions_cholesky_.max(), 1e3)
    assert model.score(X) == pytest.approx(-1.5 * np.log(2.0 * np.pi * 1e-6), rel=1e-6)


@pytest.mark.parametrize(("kind", "scale"), [("full", 1.0), ("tied", 1e150), ("full", 1e-150)])
def test_a_singular_covariance_is_refused_with_a_way_out(kind: str, scale: float) -> None:
    X = blobs(n=60)
    X = np.column_stack([X, X[:, 0] + X[:, 1]]) * scale
    for reg in (0.0, 1e-320):
        with pytest.raises(InvalidRequest, match="larger reg_covar, such as") as caught:
            fitted(X, 2, kind, reg_covar=reg)
        assert caught.value.faults[0].loc == ("reg_covar",)
    advice = float(str(caught.value).split("such as ")[1].split(",")[0])
    assert np.isfinite(fitted(X, 2, kind, reg_covar=advice or 1e-6).score(X) or 0.0)


@every_kind
def test_clusters_of_equal_rows_need_reg_covar(kind: str) -> None:
    X = np.repeat([[0.0, 1.0], [5.0, 1.0]], 10, axis=0)
    with pytest.raises(InvalidRequest) as caught:
        fitted(X, 2, kind, reg_covar=0.0)
    assert caught.value.faults[0].loc == ("reg_covar",)
    assert sorted(fitted(X, 2, kind).weights_.tolist()) == pytest.approx([0.5, 0.5])


def test_one_row_is_a_mixture_of_one() -> None:
    model = fitted([[3.0, 4.0]], 1)
    assert model.predict([[3.0, 4.0]]).tolist() == [0]
    assert model.score([[3.0, 4.0]]) == pytest.approx(-np.log(2.0 * np.pi * 1e-6))


def test_too_few_rows_are_refused() -> None:
    with pytest.raises(InvalidRequest, match=r"5 components .* 3 rows; .* at most 3") as caught:
        fitted([[0.0], [1.0], [2.0]], 5)
    assert caught.value.faults[0].loc == ("n_components",)
    with pytest.raises(InvalidRequest, match=r"3 components .* 2 different rows") as caught:
        fitted([[0.0], [1.0]] * 5, 3)
    assert caught.value.faults[0].loc == ("n_components",)


@every_kind
def test_a_row_out_of_reach_is_refused(kind: str) -> None:
    model = fitted(blobs(), 2, kind)
    for ask in (model.predict, model.predict_proba, model.score):
        with pytest.raises(InvalidRequest, match="far from what the model was"):
            ask(np.full((1, 3), 1e200))


@every_kind
def test_probabilities_of_far_rows_stay_probabilities(kind: str) -> None:
    model = fitted(blobs(), 3, kind)
    p = model.predict_proba(np.full((5, 3), 1e9))
    np.testing.assert_allclose(p.sum(axis=1), 1.0)


@every_kind
def test_a_batch_is_its_rows(kind: str) -> None:
    X = load_breast_cancer().data  # ill conditioned
    model = fitted(X, 3, kind)
    batch = model.predict_proba(X)
    for n in (1, 7, 33):
        parts = [model.predict_proba(X[i : i + n]) for i in range(0, 300, n)]
        np.testing.assert_allclose(np.concatenate(parts)[:300], batch[:300], rtol=1e-12, atol=1e-12)
    single = [model.predict(row[None, :])[0] for row in X]
    assert single == model.predict(X).tolist() == batch.argmax(axis=1).tolist()


@every_kind
def test_ties_go_to_the_lowest_index(kind: str) -> None:
    model = fitted(blobs(), 2, kind)
    model.weights_ = np.array([0.5, 0.5])
    model.shift_ = model.shift_[[0, 0]]
    if kind != "tied":
        model.precisions_cholesky_ = model.precisions_cholesky_[[0, 0]]
    assert set(model.predict(blobs(1)).tolist()) == {0}


def test_whitening_and_blocks() -> None:
    covariance = np.cov(blobs().T)
    P = whitening(covariance)
    np.testing.assert_allclose(P @ P.T @ covariance, np.eye(3), atol=1e-12)
    assert np.array_equal(P, np.triu(P))
    with pytest.raises(np.linalg.LinAlgError):
        whitening(np.array([[1.0, 1.0], [1.0, 1.0 + 2e-16]]))
    X = np.arange(70.0 * 2).reshape(70, 2)
    [(rows, n)] = blocks(X, 1)
    assert n == 70
    assert rows.shape[1] == 2
    assert np.array_equal(rows.swapaxes(1, 2).reshape(-1, 2)[:70], X)


def test_rows_in_many_blocks_are_the_same_rows(monkeypatch: pytest.MonkeyPatch) -> None:
    X = blobs(n=333)
    whole = fitted(X, 3)
    monkeypatch.setattr("fitserve.models.gmm.CELLS", 1)
    apart = fitted(X, 3)
    assert apart.n_iter_ == whole.n_iter_
    assert apart.score(X) == pytest.approx(whole.score(X), rel=1e-12)
    np.testing.assert_allclose(apart.predict_proba(X), whole.predict_proba(X), atol=1e-9)


def test_a_component_that_no_row_belongs_to_stays_finite() -> None:
    mixture = fitted(blobs(), 2)
    moments = Moments(mixture_of(mixture))
    rows, _ = next(iter(blocks(blobs(), 2)))
    deviation, joint = mixture_of(mixture).log_joint(rows)
    shares = responsibilities(joint)[1]
    shares[0], shares[1] = 0.0, 1.0
    moments.add(deviation, shares)
    result = moments.mixture(np.full(3, 1e-6))
    assert np.isfinite(result.means).all()
    assert np.isfinite(result.factors).all()


def mixture_of(model: GaussianMixture) -> Any:
    return Mixture(
        model.covariance_type,
        model.weights_,
        model.shift_ + model.centre_,
        model.precisions_cholesky_,
    )


@settings(max_examples=40, deadline=None, derandomize=True)
@given(
    kind=st.sampled_from(KINDS),
    n=st.integers(1, 60),
    p=st.integers(1, 6),
    k=st.integers(1, 5),
    exponent=st.integers(-300, 300),
    seed=st.integers(0, 2**16),
)
def test_any_data_gives_probabilities_or_a_typed_error(
    kind: str, n: int, p: int, k: int, exponent: int, seed: int
) -> None:
    X = np.random.default_rng(seed).normal(size=(n, p)) * 10.0**exponent
    try:
        model = fitted(X, k, kind)
    except InvalidRequest as error:
        assert error.faults[0].loc[0] in ("n_components", "reg_covar", "X")
        return
    shares = model.predict_proba(X)
    assert shares.shape == (n, k)
    np.testing.assert_allclose(shares.sum(axis=1), 1.0, rtol=1e-12)
    np.testing.assert_allclose(
        np.concatenate([model.predict_proba(row[None, :]) for row in X]), shares, atol=1e-12
    )
    score = model.score(X)
    assert score is not None
    assert np.isfinite(score)
    assert model.weights_.sum() == pytest.approx(1.0)
