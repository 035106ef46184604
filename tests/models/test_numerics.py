"""The numerics that types share, where their own tests would not see a fault."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from fitserve.models.numerics import class_of, column_means, linear_scores

seeds = st.integers(0, 2**32 - 1)
shapes = settings(derandomize=True, max_examples=80, deadline=None)


@shapes
@given(seed=seeds, n=st.integers(1, 40), p=st.integers(1, 70), k=st.integers(2, 9))
def test_equal_planes_tie_to_the_first_of_them(seed: int, n: int, p: int, k: int) -> None:
    rng = np.random.default_rng(seed)
    X, coef = rng.normal(size=(n, p)), rng.normal(size=(1, p))
    equal = np.repeat(coef, k, axis=0)
    assert set(class_of(linear_scores(X, equal, np.zeros(k))).tolist()) == {0}
    first_is_worse = (np.arange(k) > 0).astype(np.float64)
    assert set(class_of(linear_scores(X, equal, first_is_worse)).tolist()) == {1}


@shapes
@given(seed=seeds, n=st.integers(1, 40), p=st.integers(1, 30))
def test_a_row_on_the_plane_is_of_the_first_class(seed: int, n: int, p: int) -> None:
    """Each column stands beside its opposite, in another order: the sum is 0 but for rounding."""
    rng = np.random.default_rng(seed)
    half = rng.normal(size=(n, p))
    order = rng.permutation(2 * p)
    X = np.hstack([half, -half])[:, order]
    coef = np.tile(rng.normal(size=p), 2)[order][None, :]
    scores = linear_scores(X, coef, np.zeros(1))
    assert set(scores.ravel().tolist()) == {0.0}
    assert set(class_of(scores).tolist()) == {0}
    tilted = coef * (1.0 + 1e-9 * (np.arange(2 * p) == 0))
    assert class_of(linear_scores(X, tilted, np.zeros(1))).tolist() == [
        int(x * c > 0.0) for x, c in zip(X[:, 0], coef[0, :1].repeat(n), strict=True)
    ]


def test_what_overflows_is_not_a_tie() -> None:
    with np.errstate(all="ignore"):
        for k in (1, 3):
            coef = np.linspace(1.0, 2.0, k)[:, None] * [1e3, 1.0]
            scores = linear_scores(np.array([[1e307, 0.0], [1.0, 0.0]]), coef, np.zeros(k))
            assert np.isnan(scores[0]).all()
            assert np.isfinite(scores[1]).all()


def test_the_mean_of_a_constant_column_is_its_value() -> None:
    X = np.column_stack([np.full(1000, 0.1), np.arange(1000.0), np.full(1000, -1e-300 / 3)])
    assert (column_means(X)[[0, 2]] == X[0, [0, 2]]).all()
    np.testing.assert_allclose(column_means(X)[1], 499.5, rtol=1e-15)
