"""Linear regression against exact arithmetic, scikit-learn, and its own promises."""

from fractions import Fraction
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.datasets import load_diabetes
from sklearn.linear_model import LinearRegression as Reference
from sklearn.linear_model import Ridge
from sklearn.model_selection import KFold

from fitserve.errors import InvalidRequest
from fitserve.models.linear_regression import LinearRegression
from tests.models.nist import SETS

# ------------------------------------------------------------------ the reference data sets


def digits(found: Any, exact: list[Fraction]) -> float:
    """Correct significant digits of the worst one; 17 where all are right to the bit."""
    errors = [abs((Fraction(float(f)) - e) / e) for f, e in zip(found, exact, strict=True)]
    return float(-np.log10(max(float(max(errors)), 1e-17)))


def coefficients(model: Any) -> list[float]:
    return [model.intercept_, *model.coef_] if model.fit_intercept else [*model.coef_]


@pytest.mark.parametrize("name", SETS)
def test_nist_sets_come_out_as_well_as_by_householder_qr(name: str) -> None:
    data = SETS[name]()
    X, y = data.floats()
    design = np.column_stack([np.ones(len(X)), X]) if data.intercept else X
    certified = data.solution()
    rng = np.random.default_rng(0)
    found = []
    for _ in range(25):  # one order of the rows may round luckily, and does on some processors
        order = rng.permutation(len(X))
        Q, R = np.linalg.qr(design[order])
        found.append(digits(np.linalg.solve(R, Q.T @ y[order]), certified))
    # Who comes nearer than the exact solution of the rounded table is lucky too.
    fair = min(float(np.median(found)), digits(map(float, data.as_given()), certified))
    model = LinearRegression(fit_intercept=data.intercept).fit(X, y)
    assert digits(coefficients(model), certified) >= fair - 0.1


@pytest.mark.skipif(np.finfo(np.longdouble).nmant < 63, reason="no extended precision here")
@pytest.mark.parametrize(
    ("name", "least"),
    [
        ("Norris", 15),
        ("Pontius", 15),
        ("Longley", 15),
        ("NoInt1", 15),
        ("NoInt2", 15),
        ("Filip", 10),
        ("Wampler1", 12),
        ("Wampler2", 15),
        ("Wampler3", 12),
        ("Wampler4", 10.5),
        ("Wampler5", 9),
    ],
)
def test_refinement_gives_the_exact_solution_of_what_it_was_given(name: str, least: float) -> None:
    data = SETS[name]()
    X, y = data.floats()
    model = LinearRegression(fit_intercept=data.intercept).fit(X, y)
    assert digits(coefficients(model), data.as_given()) >= least


# ------------------------------------------------------------------------------ scikit-learn


@pytest.mark.parametrize("copies", [1, 20], ids=["carefully", "by normal equations"])
@pytest.mark.parametrize("alpha", [0.0, 1e-3, 1.0, 100.0])
@pytest.mark.parametrize("intercept", [True, False])
def test_diabetes_as_in_scikit_learn(copies: int, alpha: float, intercept: bool) -> None:
    X, y = load_diabetes(return_X_y=True)
    X, y = np.tile(X, (copies, 1)), np.tile(y, copies)
    model = LinearRegression(alpha=alpha, fit_intercept=intercept).fit(X, y)
    other: Any = Ridge(alpha=alpha, fit_intercept=intercept, solver="svd")
    if alpha == 0.0:
        other = Reference(fit_intercept=intercept, tol=1e-14)
    other.fit(X, y)
    np.testing.assert_allclose(model.coef_, other.coef_, rtol=1e-8)
    assert model.intercept_ == pytest.approx(other.intercept_, rel=1e-8)
    np.testing.assert_allclose(model.predict(X), other.predict(X), rtol=1e-10)
    assert model.score(X, y) == pytest.approx(other.score(X, y), rel=1e-10)


def test_held_out_score_on_diabetes_is_scikit_learns() -> None:
    X, y = load_diabetes(return_X_y=True)
    for train, test in KFold(5, shuffle=True, random_state=0).split(X):
        ours = LinearRegression().fit(X[train], y[train]).score(X[test], y[test])
        theirs = Reference(tol=1e-14).fit(X[train], y[train]).score(X[test], y[test])
        assert ours == pytest.approx(theirs, abs=1e-9)


def test_of_many_solutions_it_takes_scikit_learns_the_shortest() -> None:
    rng = np.random.default_rng(0)
    kind = rng.integers(3, size=200)
    one_hot = np.eye(3)[kind] * [1.0, 5.0, 0.2]  # their sum is all but constant
    one_hot[:, 1] /= 5.0
    one_hot[:, 2] /= 0.2
    X = np.column_stack([one_hot, rng.normal(size=(200, 2)), np.full(200, 0.1)])
    X = np.column_stack([X, X[:, 3] * 10.0])
    y = rng.normal(size=200) + kind
    model, other = LinearRegression().fit(X, y), Reference(tol=1e-12).fit(X, y)
    np.testing.assert_allclose(model.coef_, other.coef_, rtol=1e-8, atol=1e-10)
    np.testing.assert_allclose(model.predict(X), other.predict(X), rtol=1e-9)


@pytest.mark.parametrize("alpha", [0.0, 1e-6, 0.1, 10.0])
@pytest.mark.parametrize("shape", [(20, 50), (60, 800)])
@pytest.mark.parametrize("intercept", [True, False])
def test_more_columns_than_rows(alpha: float, shape: tuple[int, int], intercept: bool) -> None:
    rng = np.random.default_rng(1)
    X, y = rng.normal(size=shape) + 3.0, rng.normal(size=shape[0])
    model = LinearRegression(alpha=alpha, fit_intercept=intercept).fit(X, y)
    other: Any = Ridge(alpha=alpha, fit_intercept=intercept, solver="svd")
    if alpha == 0.0:
        other = Reference(fit_intercept=intercept, tol=1e-13)
    other.fit(X, y)
    np.testing.assert_allclose(model.coef_, other.coef_, rtol=1e-8, atol=1e-11)
    assert model.intercept_ == pytest.approx(other.intercept_, rel=1e-8, abs=1e-11)
    if alpha > 0.0:  # the condition for the minimum, which is stricter
        residual = y - model.predict(X)
        centred = X - X.mean(axis=0) if intercept else X
        np.testing.assert_allclose(
            residual @ centred, alpha * model.coef_, atol=1e-12 * np.abs(centred.T @ y).max()
        )


@pytest.mark.parametrize(("apart", "alpha"), [(1e-3, 1e-3), (1e-5, 1e-8), (1e-6, 1e-11)])
def test_rows_that_nearly_agree_cost_a_ridge_no_digits(apart: float, alpha: float) -> None:
    rng = np.random.default_rng(2)
    X, y = rng.normal(size=(60, 800)), rng.normal(size=60)
    X[1] = X[0] + apart * rng.normal(size=800)
    model = LinearRegression(alpha=alpha).fit(X, y)
    other = Ridge(alpha=alpha, solver="svd").fit(X, y)
    limit = 1e-14 / apart * np.abs(other.coef_).max()
    np.testing.assert_allclose(model.coef_, other.coef_, rtol=0.0, atol=limit)
    huge = LinearRegression(alpha=alpha).fit(X * 1e150, y)
    free = LinearRegression().fit(X, y)
    np.testing.assert_allclose(huge.coef_ * 1e150, free.coef_, atol=10.0 * limit)
    least_norm = np.linalg.lstsq(X - X.mean(axis=0), y - y.mean(), rcond=1e-13)[0]
    np.testing.assert_allclose(free.coef_, least_norm, atol=10.0 * limit)


# -------------------------------------------------------------------------------- hard data


@pytest.mark.parametrize("closeness", [1e-2, 1e-3, 1e-5, 1e-8])
def test_columns_that_nearly_agree_cost_no_more_digits_than_they_must(closeness: float) -> None:
    """Below about 1e-3 the normal equations would lose what they may not."""
    rng = np.random.default_rng(7)
    X = rng.normal(size=(3000, 3)).round(6)
    X[:, 1] = X[:, 0] + np.ldexp(np.rint(X[:, 1] * 1000.0), round(np.log2(closeness)) - 10)
    exact = np.array([3.0, 5.0, -7.0])
    model = LinearRegression().fit(X, X @ exact)  # consistent, so that X alone sets the error
    np.testing.assert_allclose(model.coef_, exact, rtol=1e-15 * 10 / closeness)


@pytest.mark.parametrize("n", [50, 4000], ids=["carefully", "by normal equations"])
@pytest.mark.parametrize("offset", [1e8, 1e12])
def test_far_from_the_origin_nothing_is_lost(n: int, offset: float) -> None:
    rng = np.random.default_rng(2)
    X = np.rint(rng.normal(size=(n, 3)) * 1000.0)  # whole, so that adding the offset is exact
    y = X @ [1.0, -2.0, 3.0] + rng.normal(size=n)
    near, far = LinearRegression().fit(X, y), LinearRegression().fit(X + offset, y)
    np.testing.assert_allclose(far.coef_, near.coef_, rtol=1e-12)
    np.testing.assert_allclose(far.predict(X + offset), near.predict(X), rtol=1e-9, atol=1e-9)
    batch = far.predict(X + offset)
    single = [far.predict(row[None, :])[0] for row in X[:20] + offset]
    assert single == batch[:20].tolist()


@pytest.mark.parametrize("n", [50, 4000])
def test_a_constant_column_gets_no_share(n: int) -> None:
    rng = np.random.default_rng(3)
    X = np.column_stack([rng.normal(size=n), rng.normal(size=n), np.full(n, 0.1)])
    X[::7, 2] = 0.1 + 1.4e-17  # the same number but for its last bit
    y = 2.0 * X[:, 0] + rng.normal(size=n)
    for columns in (X, np.column_stack([X, np.zeros(n), np.full(n, 1e9 / 7.0)])):
        model = LinearRegression().fit(columns, y)
        assert not model.coef_[2:].any()
        np.testing.assert_allclose(
            model.coef_[:2], LinearRegression().fit(X[:, :2], y).coef_, rtol=1e-12
        )


@pytest.mark.parametrize("n", [30, 3000])
@pytest.mark.parametrize("scale", [1e-290, 1e-150, 1e150, 1e290])
@pytest.mark.parametrize("where", ["X", "y", "one"])
def test_scales_change_the_coefficients_and_nothing_else(n: int, scale: float, where: str) -> None:
    rng = np.random.default_rng(4)
    X, y = rng.normal(size=(n, 3)), rng.normal(size=n)
    plain = LinearRegression().fit(X, y)
    by = np.array([scale, 1.0, 1.0]) if where == "one" else np.full(3, scale)
    if where == "y":
        model = LinearRegression().fit(X, y * scale)
        np.testing.assert_allclose(model.coef_, plain.coef_ * scale, rtol=1e-12)
        return
    model = LinearRegression().fit(X * by, y)
    np.testing.assert_allclose(model.coef_ * by, plain.coef_, rtol=1e-12)
    np.testing.assert_allclose(model.predict(X * by), plain.predict(X), rtol=1e-9)


def test_a_ridge_penalty_silences_tiny_columns_and_ignores_huge_ones() -> None:
    rng = np.random.default_rng(5)
    X, y = rng.normal(size=(30, 2)), rng.normal(size=30)
    model = LinearRegression(alpha=1.0).fit(X * [1e-200, 1e200], y)
    assert model.coef_[0] == pytest.approx(0.0, abs=1e-190)
    alone = LinearRegression().fit(X[:, 1:], y)
    assert model.coef_[1] * 1e200 == pytest.approx(alone.coef_[0], rel=1e-9)


def test_one_row_and_constant_y_have_no_score() -> None:
    one = LinearRegression().fit([[1.0, 2.0]], [5.0])
    assert one.predict([[1.0, 2.0], [9.0, 9.0]]).tolist() == [5.0, 5.0]
    assert one.score([[1.0, 2.0]], [5.0]) is None
    flat = LinearRegression().fit([[1.0], [2.0], [4.0]], [3.0, 3.0, 3.0])
    assert flat.coef_.tolist() == [0.0]
    assert flat.score([[1.0], [2.0], [4.0]], [3.0, 3.0, 3.0]) is None


def test_coefficients_that_no_float_can_hold_are_an_error() -> None:
    with pytest.raises(InvalidRequest, match="standardize"):
        LinearRegression().fit([[0.0], [1e-200]], [0.0, 1e200])


def test_the_shortest_solution_fits_as_well_whatever_the_units() -> None:
    rng = np.random.default_rng(8)
    base = rng.normal(size=(20, 3))
    X = np.column_stack([base, base @ rng.normal(size=(3, 3))])
    y = base @ [1.0, 2.0, 3.0] + rng.normal(size=20)
    X = X * [1.0, 1e200, 1e-200, 1e100, 1e-100, 1.0]
    best = LinearRegression().fit(base, y)
    np.testing.assert_allclose(LinearRegression().fit(X, y).predict(X), best.predict(base))


# ------------------------------------------------------------------------- gradient descent


def descending(curve: list[float]) -> bool:
    return all(b <= a * (1.0 + 1e-12) for a, b in pairwise(curve))


def standard_diabetes() -> tuple[Any, Any]:
    X, y = load_diabetes(return_X_y=True)
    return (X - X.mean(axis=0)) / X.std(axis=0), y


@pytest.mark.parametrize("alpha", [0.0, 50.0])
@pytest.mark.parametrize("intercept", [True, False])
def test_gradient_descent_comes_to_the_exact_solution(alpha: float, intercept: bool) -> None:
    X, y = standard_diabetes()
    exact = LinearRegression(alpha=alpha, fit_intercept=intercept).fit(X, y)
    model = LinearRegression(
        alpha=alpha, fit_intercept=intercept, learning_rate=0.4, max_iter=20_000, tol=1e-9
    ).fit(X, y)
    assert model.converged_
    np.testing.assert_allclose(model.coef_, exact.coef_, rtol=1e-4)
    assert model.intercept_ == pytest.approx(exact.intercept_, rel=1e-8, abs=1e-12)
    assert model.n_iter_ is not None
    assert model.n_iter_ < 20_000
    curve = model.loss_curve_
    assert curve is not None
    assert len(curve) <= 1001
    assert descending(curve)
    residual = y - model.predict(X)
    least = (residual @ residual + alpha * model.coef_ @ model.coef_) / (2 * len(y))
    assert curve[-1] == pytest.approx(least)


def test_one_step_of_gradient_descent_is_the_one_in_the_books() -> None:
    X, y = np.array([[1.0], [2.0], [6.0]]), np.array([1.0, 3.0, 8.0])
    model = LinearRegression(learning_rate=0.01, max_iter=1).fit(X, y)
    assert model.coef_[0] == pytest.approx(0.01 * (X[:, 0] @ y) / 3)
    assert model.intercept_ == pytest.approx(0.01 * y.mean())
    assert not model.converged_
    assert model.n_iter_ == 1
    assert len(model.loss_curve_ or []) == 1


def test_original_names_mean_gradient_descent() -> None:
    X, y = standard_diabetes()
    model = LinearRegression.from_kwargs({"ALPHA": 0.01, "N_ITER": 7}).fit(X, y)
    assert (model.n_iter_, model.converged_) == (7, False)


@pytest.mark.parametrize("factor", [1.02, 10.0, 1e6])
def test_a_diverging_rate_is_refused_and_the_limit_named(factor: float) -> None:
    X, y = standard_diabetes()
    largest = np.linalg.eigvalsh(X.T @ X / len(X))[-1]
    with pytest.raises(InvalidRequest, match=f"below {2 / largest:.3g}") as caught:
        LinearRegression(learning_rate=factor * 2 / largest, max_iter=5000).fit(X, y)
    assert caught.value.faults[0].loc == ("learning_rate",)
    below = LinearRegression(learning_rate=0.99 * 2 / largest, max_iter=5000).fit(X, y)
    assert descending(below.loss_curve_ or [])


@pytest.mark.parametrize("scale", [1e-200, 1e160, 1e300])
def test_gradient_descent_on_huge_numbers_says_to_scale(scale: float) -> None:
    X, y = standard_diabetes()
    try:
        model = LinearRegression(learning_rate=0.1).fit(X * scale, y)
    except InvalidRequest as error:
        assert scale > 1.0
        assert "set standardize to true" in error.detail
    else:
        assert scale < 1.0
        assert np.isfinite(model.predict(X)).all()


# ---------------------------------------------------------------------------------- at large


@settings(derandomize=True, max_examples=60, deadline=None)
@given(
    n=st.integers(1, 40),
    p=st.integers(1, 12),
    scale=st.integers(-100, 100),
    rank=st.integers(1, 12),
    alpha=st.sampled_from([0.0, 0.0, 1.0]),
    seed=st.integers(0, 2**32 - 1),
)
def test_the_residual_is_orthogonal_to_every_column(
    n: int, p: int, scale: int, rank: int, alpha: float, seed: int
) -> None:
    rng = np.random.default_rng(seed)
    X = (rng.normal(size=(n, rank)) @ rng.normal(size=(rank, p)) + 5.0) * 10.0**scale
    y = rng.normal(size=n)
    model = LinearRegression(alpha=alpha).fit(X, y)
    residual = y - model.predict(X)
    centred = X - X.mean(axis=0)
    slope = centred.T @ residual - alpha * model.coef_
    rounding = 1e-13 * (np.abs(X) @ np.abs(model.coef_)).max() + 1e-12 * np.linalg.norm(y)
    size = np.linalg.norm(centred, axis=0) + 1e-15 * np.linalg.norm(X, axis=0)
    assert (np.abs(slope) <= n * rounding * size + 1e-12 * alpha * np.abs(model.coef_)).all()
    assert abs(residual.sum()) <= n * rounding


def test_a_column_that_repeats_others_but_for_rounding_is_no_new_one() -> None:
    rng = np.random.default_rng(6)
    celsius = rng.uniform(10.0, 30.0, size=20)
    X = np.column_stack([celsius, celsius * 1.8 + 100_000.0])
    y = celsius + rng.normal(size=20)
    model = LinearRegression().fit(X, y)
    assert np.abs(model.coef_).max() < 1.0
    np.testing.assert_allclose(
        model.predict(X), LinearRegression().fit(X[:, :1], y).predict(X[:, :1]), rtol=1e-9
    )
