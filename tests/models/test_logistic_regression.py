"""Logistic regression against scikit-learn and its own promises."""

import warnings
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.datasets import load_breast_cancer, load_digits, load_iris, load_wine
from sklearn.linear_model import LogisticRegression as Reference
from sklearn.model_selection import StratifiedKFold

from fitserve.errors import InvalidRequest
from fitserve.models.logistic_regression import LogisticRegression, Problem

LOADERS = {"iris": load_iris, "wine": load_wine, "cancer": load_breast_cancer}


def standard(name: str) -> tuple[Any, Any]:
    X, y = LOADERS[name](return_X_y=True)
    return (X - X.mean(axis=0)) / X.std(axis=0), y


def reference(X: Any, y: Any, **kwargs: Any) -> Any:
    """scikit-learn's, run until nothing moves, which it warns of."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return Reference(tol=1e-12, max_iter=20_000, solver="newton-cg", **kwargs).fit(X, y)


def objective(model: Any, X: Any, y: Any, C: float, weight: Any = None) -> float:
    """Mean regularised log-loss of a model's coefficients, ours or scikit-learn's."""
    decision = X @ model.coef_.T + model.intercept_
    if decision.shape[1] == 1:
        decision = np.hstack([np.zeros_like(decision), decision])
    log_p = decision - np.logaddexp.reduce(decision, axis=1, keepdims=True)
    loss = -log_p[np.arange(len(y)), y]
    return float(np.average(loss, weights=weight) + (model.coef_**2).sum() / (2 * C * len(y)))


# ------------------------------------------------------------------------------ scikit-learn


@pytest.mark.parametrize("name", LOADERS)
@pytest.mark.parametrize("C", [0.01, 1.0, 100.0])
@pytest.mark.parametrize(
    "more", [{}, {"fit_intercept": False}, {"class_weight": "balanced"}], ids=str
)
def test_coefficients_are_scikit_learns(name: str, C: float, more: dict[str, Any]) -> None:
    X, y = standard(name)
    keep = np.r_[0 : len(y) - 20]  # so that the classes are not of one size
    X, y = X[keep], y[keep]
    model, other = LogisticRegression(C=C, **more).fit(X, y), reference(X, y, C=C, **more)
    assert model.converged_
    assert model.coef_.shape == other.coef_.shape
    scale = np.abs(other.coef_).max()
    np.testing.assert_allclose(model.coef_, other.coef_, atol=1e-5 * scale)
    np.testing.assert_allclose(model.intercept_, other.intercept_, atol=1e-5 * scale)
    np.testing.assert_allclose(model.predict_proba(X), other.predict_proba(X), atol=1e-6)
    assert model.predict(X).tolist() == other.predict(X).tolist()


def test_digits_come_out_as_in_scikit_learn() -> None:
    X, y = load_digits(return_X_y=True)
    X = X / 16.0
    model, other = LogisticRegression(C=0.1, tol=1e-8).fit(X, y), reference(X, y, C=0.1)
    np.testing.assert_allclose(model.coef_, other.coef_, atol=1e-6)
    np.testing.assert_allclose(model.intercept_, other.intercept_, atol=1e-6)


@pytest.mark.parametrize("name", LOADERS)
def test_columns_as_measured_converge_to_the_minimum(name: str) -> None:
    """scikit-learn's default solver stops long before it on these, and warns."""
    X, y = LOADERS[name](return_X_y=True)
    model = LogisticRegression(tol=1e-8).fit(X, y)
    assert model.converged_
    assert model.n_iter_ is not None
    assert model.n_iter_ < 20
    other = reference(X, y)
    assert objective(model, X, y, 1.0) <= objective(other, X, y, 1.0) + 1e-12
    np.testing.assert_allclose(model.predict_proba(X), other.predict_proba(X), atol=1e-3)


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
@pytest.mark.parametrize("name", [*LOADERS, "digits"])
def test_held_out_score_is_not_lower(name: str) -> None:
    X, y = {**LOADERS, "digits": load_digits}[name](return_X_y=True)
    ours, theirs = [], []
    for train, test in StratifiedKFold(5, shuffle=True, random_state=0).split(X, y):
        ours.append(LogisticRegression().fit(X[train], y[train]).score(X[test], y[test]))
        theirs.append(Reference().fit(X[train], y[train]).score(X[test], y[test]))
    assert np.mean(ours) >= np.mean(theirs) - 0.005  # type: ignore[arg-type]


# -------------------------------------------------------------------------------- the curve


@pytest.mark.parametrize("weights", [None, "balanced"])
def test_the_loss_curve_is_the_mean_regularised_log_loss(weights: Any) -> None:
    X, y = standard("wine")
    X, y = X[:150], y[:150]
    model = LogisticRegression(C=0.5, class_weight=weights, tol=1e-8).fit(X, y)
    curve = model.loss_curve_
    assert curve is not None
    assert len(curve) == model.n_iter_
    assert all(b <= a + 1e-12 for a, b in pairwise(curve))
    weight = None if weights is None else (1.0 / np.bincount(y))[y]
    assert curve[-1] == pytest.approx(objective(model, X, y, 0.5, weight), rel=1e-12)


def test_max_iter_too_small_is_told() -> None:
    X, y = standard("cancer")
    model = LogisticRegression(max_iter=2).fit(X, y)
    assert (model.n_iter_, model.converged_) == (2, False)
    strict = LogisticRegression(tol=1e-9).fit(X, y)
    loose = LogisticRegression(tol=1e-2).fit(X, y)
    assert loose.converged_
    assert strict.converged_
    assert (loose.n_iter_ or 0) < (strict.n_iter_ or 0)


def test_balanced_weights_find_more_of_the_rare_class() -> None:
    rng = np.random.default_rng(0)
    y = (rng.random(600) < 0.05).astype(int)
    X = rng.normal(size=(600, 2)) + y[:, None]
    plain = LogisticRegression().fit(X, y).predict(X)
    balanced = LogisticRegression(class_weight="balanced").fit(X, y).predict(X)
    assert balanced[y == 1].mean() > plain[y == 1].mean() + 0.3


# -------------------------------------------------------------------------------- hard data


@pytest.mark.parametrize("C", [1e-10, 1e10, 1e300])
@pytest.mark.parametrize("classes", [2, 3])
def test_separable_classes_and_any_penalty(C: float, classes: int) -> None:
    X = np.arange(30.0)[:, None]
    y = np.arange(30) * classes // 30
    model = LogisticRegression(C=C).fit(X, y)
    assert np.isfinite(model.coef_).all()
    assert model.converged_
    if C > 1.0:
        assert model.score(X, y) == 1.0
        early = LogisticRegression(C=C, max_iter=5).fit(X, y)
        assert not early.converged_


def test_a_strong_penalty_leaves_the_shares_of_the_classes() -> None:
    X, y = standard("cancer")
    model = LogisticRegression(C=1e-12).fit(X, y)
    np.testing.assert_allclose(model.predict_proba(X)[:, 1], y.mean(), rtol=1e-6)
    model = LogisticRegression().fit(X * 1e-290, y)
    assert np.abs(model.coef_).max() < 1e-100
    model = LogisticRegression(C=1e-300).fit(X * 1e-90, y)
    np.testing.assert_allclose(model.predict_proba(X * 1e-90)[:, 1], y.mean(), rtol=1e-6)


@pytest.mark.parametrize("offset", [1e8, 1e12])
@pytest.mark.parametrize("name", ["wine", "cancer"])
def test_far_from_the_origin_nothing_is_lost(name: str, offset: float) -> None:
    X, y = standard(name)
    X = np.rint(X * 2**10) / 2**10 if offset < 1e10 else np.rint(X * 8.0) / 8.0
    near, far = LogisticRegression().fit(X, y), LogisticRegression().fit(X + offset, y)
    assert ((X + offset) - offset == X).all()
    np.testing.assert_allclose(far.coef_, near.coef_, atol=1e-6)
    np.testing.assert_allclose(far.predict_proba(X + offset), near.predict_proba(X), atol=1e-6)


@pytest.mark.parametrize("scale", [1e-290, 1e-150, 1e150, 1e290])
def test_a_column_of_extreme_scale_counts_as_the_penalty_says(scale: float) -> None:
    X, y = standard("cancer")
    X = X[:, :3]
    model = LogisticRegression().fit(X * [scale, 1.0, 1.0], y)
    if scale < 1.0:  # no coefficient is worth its penalty
        without = LogisticRegression().fit(X[:, 1:], y)
        np.testing.assert_allclose(model.coef_[0, 1:], without.coef_[0], rtol=1e-4)
        assert abs(model.coef_[0, 0]) < 1e-100
    else:  # the coefficient is tiny and free
        free = LogisticRegression().fit(X * [1e6, 1.0, 1.0], y)
        np.testing.assert_allclose(model.coef_[0, 1:], free.coef_[0, 1:], rtol=1e-4)
        assert model.coef_[0, 0] * scale == pytest.approx(free.coef_[0, 0] * 1e6, rel=1e-4)


@pytest.mark.parametrize("intercept", [True, False])
def test_constant_and_repeated_columns(intercept: bool) -> None:
    X, y = standard("cancer")
    X = X[:, :4]
    plain = LogisticRegression(fit_intercept=intercept).fit(X, y)
    more = np.column_stack([X, np.zeros(len(X)), X[:, 0]])
    model = LogisticRegression(fit_intercept=intercept, C=1.0).fit(more, y)
    assert model.coef_[0, 4] == 0.0
    assert model.coef_[0, 0] == pytest.approx(model.coef_[0, 5], rel=1e-6)
    if intercept:
        with_constant = np.column_stack([X, np.full(len(X), 0.1)])
        assert LogisticRegression().fit(with_constant, y).coef_[0, 4] == 0.0
        with_constant[::7, 4] += 1.4e-17  # the same number but for its last bit
        assert LogisticRegression(C=1e40).fit(with_constant, y).coef_[0, 4] == 0.0
        np.testing.assert_allclose(
            LogisticRegression().fit(with_constant, y).coef_[0, :4], plain.coef_[0], rtol=1e-9
        )
    huge = LogisticRegression(fit_intercept=intercept, C=1e12).fit(more, y)
    assert huge.converged_


@pytest.mark.parametrize("seed", range(18, 26))
def test_a_strong_penalty_and_balanced_classes_leave_equal_shares(seed: int) -> None:
    rng = np.random.default_rng(seed)
    X, y = rng.normal(size=(39, 25)), np.minimum(rng.integers(7, size=39), 3)
    model = LogisticRegression(C=1e-90, class_weight="balanced").fit(X, y)
    assert model.converged_
    np.testing.assert_allclose(model.predict_proba(X), 1.0 / len(set(y)), rtol=1e-9)


@pytest.mark.parametrize("C", [1e-80, 1.0, 1e40])
@pytest.mark.parametrize("classes", [2, 3])
@pytest.mark.parametrize("intercept", [True, False])
@pytest.mark.parametrize("seed", range(5))
def test_where_nothing_tells_the_classes_apart_rounding_does_not(
    C: float, classes: int, intercept: bool, seed: int
) -> None:
    rng = np.random.default_rng(seed)
    same_rows = np.repeat(rng.normal(size=(1, 23)), 12, axis=0)
    same_columns = np.repeat([[1.0], [-1.0]], 6, axis=0) * np.ones(26)
    for X in (same_rows, same_columns):
        for y in (np.arange(12) % classes, np.minimum(np.arange(12) % 5, classes - 1)):
            model = LogisticRegression(C=C, fit_intercept=intercept).fit(X, y)
            assert model.converged_
            shares = np.bincount(y) / 12
            P = model.predict_proba(X)
            assert np.abs(model.coef_).max() < 10.0
            assert -np.log(P[np.arange(12), y]).mean() <= np.log(classes) + 1e-12
            if X is same_rows and intercept:
                np.testing.assert_allclose(P, np.tile(shares, (12, 1)), rtol=1e-6)


@pytest.mark.parametrize("classes", [2, 3])
@pytest.mark.parametrize("intercept", [True, False])
def test_more_columns_than_newtons_blocks_are_made_for(classes: int, intercept: bool) -> None:
    rng = np.random.default_rng(1)
    X = rng.normal(size=(120, 600))
    y = (X[:, :classes] @ np.eye(classes)).argmax(axis=1)
    X *= 10.0 ** rng.uniform(-3.0, 1.0, size=600)
    model = LogisticRegression(tol=1e-8, fit_intercept=intercept).fit(X, y)
    other = reference(X, y, fit_intercept=intercept)
    assert model.converged_
    assert (model.n_iter_ or 0) < 15
    np.testing.assert_allclose(model.coef_, other.coef_, atol=1e-7)


def test_for_two_classes_the_step_is_newtons() -> None:
    rng = np.random.default_rng(3)
    A, y = rng.normal(size=(9, 20_000)), rng.integers(2, size=20_000)
    penalty = np.full(9, 0.1)
    problem = Problem(A, y, np.full(20_000, 1 / 20_000), penalty)
    theta = rng.normal(size=(1, 9))
    _, P = problem.loss(theta @ A, theta)
    gradient = problem.gradient(P, theta)
    step, change = problem.newton_step(P, gradient)
    hessian = (A * P * (1 - P)) @ A.T / 20_000 + np.diag(penalty)
    np.testing.assert_allclose(step[0], np.linalg.solve(hessian, -gradient[0]), rtol=1e-8)
    np.testing.assert_allclose(change, step @ A, atol=1e-12)


@pytest.mark.parametrize("seed", [1963, 2729, 2488, 3977, *range(20)])
def test_where_a_full_step_goes_too_far_it_is_cut(seed: int) -> None:
    rng = np.random.default_rng(seed)
    n = rng.integers(4, 14)
    X = np.round(rng.standard_t(1, size=(n, rng.integers(1, 3))) * 3)
    y = (rng.random(n) < 0.3).astype(int)
    y[:2] = [0, 1] if len(set(y)) < 2 else y[:2]
    model = LogisticRegression(C=1e6, fit_intercept=bool(seed % 2)).fit(X, y)
    curve = model.loss_curve_ or []
    assert model.converged_
    assert all(b <= a * (1.0 + 1e-9) for a, b in pairwise([np.log(2.0), *curve]))
    assert curve[-1] == pytest.approx(objective(model, X, y, 1e6), rel=1e-6, abs=1e-12)


def test_a_batch_on_the_border_is_its_rows_one_by_one() -> None:
    """A row midway between the classes is a tie, whatever batch it comes in."""
    rng = np.random.default_rng(2)
    half = rng.normal(size=(50, 7))
    for y in (np.r_[np.zeros(50), np.ones(50)], np.r_[np.zeros(50), np.full(49, 2), 1]):
        X = np.vstack([half + 0.3, -half - 0.3])
        model = LogisticRegression().fit(X, y)
        rows = rng.normal(size=(300, 7))
        w = model.coef_[-1] - (model.coef_[0] if len(model.coef_) > 1 else 0.0)
        gap = model.level_[-1] - (model.level_[0] if len(model.coef_) > 1 else 0.0)
        rows -= np.outer(((rows - model.mean_) @ w + gap) / (w @ w), w)  # onto the border
        batch = model.predict(rows).tolist()
        assert batch == [model.predict(row[None, :])[0] for row in rows]
        assert model.predict_proba(rows).argmax(axis=1).tolist() == batch


# ------------------------------------------------------------------------- gradient descent


@pytest.mark.parametrize("name", ["iris", "cancer"])
def test_gradient_descent_comes_to_the_same_minimum(name: str) -> None:
    X, y = standard(name)
    X = X[:, :4]
    exact = LogisticRegression(tol=1e-9).fit(X, y)
    model = LogisticRegression(learning_rate=1.5, max_iter=50_000, tol=1e-10).fit(X, y)
    assert model.converged_
    np.testing.assert_allclose(model.coef_, exact.coef_, atol=1e-3)
    np.testing.assert_allclose(model.intercept_, exact.intercept_, atol=1e-3)
    curve = model.loss_curve_
    assert curve is not None
    assert len(curve) <= 1001
    assert curve[-1] == pytest.approx(objective(exact, X, y, 1.0), abs=1e-6)


@pytest.mark.parametrize("classes", [2, 3])
@pytest.mark.parametrize("intercept", [True, False])
def test_gradient_descent_that_says_it_converged_is_near_the_minimum(
    classes: int, intercept: bool
) -> None:
    """Separable data and not, strong penalties and weak, columns far from zero: a small gradient
    alone says little of any but the first."""
    rng, converged = np.random.default_rng(5), 0
    for case in range(40):
        y = np.arange(12) % classes
        X = rng.normal(size=(12, 2)) + 3.0 * (case % 2) * y[:, None]
        X = X * 10.0 ** rng.integers(-2, 2) + rng.choice([0.0, 3.0])
        C, tol = 10.0 ** rng.integers(-3, 4), 10.0 ** -rng.integers(1, 4)
        design = np.column_stack([X, np.full(12, float(intercept))])
        rate = 1.0 / (0.5 * np.linalg.eigvalsh(design.T @ design / 12)[-1] + 1.0 / 12 / C)
        given: dict[str, Any] = {"C": C, "fit_intercept": intercept}
        model = LogisticRegression(
            learning_rate=float(rate), max_iter=1500, tol=float(tol), **given
        ).fit(X, y)
        exact = LogisticRegression(max_iter=1000, tol=1e-9, **given).fit(X, y)
        assert model.loss_curve_ is not None
        assert exact.loss_curve_ is not None
        if model.converged_:
            converged += 1
            assert model.loss_curve_[-1] <= exact.loss_curve_[-1] * (1.0 + tol) + 1e-12
    assert converged > 5


def test_one_step_of_gradient_descent_is_the_one_in_the_books() -> None:
    X, y = np.array([[1.0], [2.0], [6.0]]), [0, 0, 1]
    model = LogisticRegression.from_kwargs({"alpha": 0.3, "max_iterations": 1}).fit(X, y)
    assert model.coef_[0, 0] == pytest.approx(0.3 * (0.5 * 6.0 - 0.5 * 3.0) / 3)
    assert model.intercept_[0] == pytest.approx(0.3 * (0.5 - 1.0) / 3)
    assert not model.converged_
    none = LogisticRegression(learning_rate=0.3, max_iter=3, fit_intercept=False).fit(X, y)
    assert none.intercept_.tolist() == [0.0]


@pytest.mark.parametrize("name", LOADERS)
def test_a_diverging_rate_is_refused_and_a_good_one_proposed(name: str) -> None:
    X, y = LOADERS[name](return_X_y=True)
    design = np.column_stack([X, np.ones(len(X))])
    share = 0.25 if name == "cancer" else 0.5
    largest = share * np.linalg.eigvalsh(design.T @ design / len(X))[-1] + 1.0 / len(X)
    with pytest.raises(InvalidRequest, match=f"below {2 / largest:.3g}") as caught:
        LogisticRegression(learning_rate=1000.0 / largest).fit(X, y)
    assert caught.value.faults[0].loc == ("learning_rate",)
    proposed = float(caught.value.faults[0].msg.rpartition(" ")[2])
    assert proposed == pytest.approx(1.0 / largest, rel=0.06)
    model = LogisticRegression(learning_rate=proposed).fit(X, y)
    assert all(b < a for a, b in pairwise(model.loss_curve_ or []))


def test_gradient_descent_on_huge_numbers_says_to_scale() -> None:
    X, y = standard("iris")
    with pytest.raises(InvalidRequest, match="set standardize to true"):
        LogisticRegression(learning_rate=0.1).fit(X * 1e200, y)


# ---------------------------------------------------------------------------------- at large


@settings(derandomize=True, max_examples=60, deadline=None)
@given(
    n=st.integers(4, 60),
    p=st.integers(1, 8),
    classes=st.integers(2, 4),
    scale=st.integers(-3, 3),
    C=st.sampled_from([1e-3, 1.0, 1e3]),
    intercept=st.booleans(),
    seed=st.integers(0, 2**32 - 1),
)
def test_the_gradient_vanishes(
    n: int, p: int, classes: int, scale: int, C: float, intercept: bool, seed: int
) -> None:
    rng = np.random.default_rng(seed)
    X = (rng.normal(size=(n, p)) + 1.0) * 10.0**scale
    y = np.arange(n) % classes
    model = LogisticRegression(C=C, tol=1e-6, fit_intercept=intercept).fit(X, y)
    P = model.predict_proba(X)
    error = P - np.eye(classes)[y]
    error = error[:, 1:] if classes == 2 else error
    down = error.T @ X + model.coef_ / C
    size = np.abs(X).sum(axis=0)
    assert model.converged_
    assert (np.abs(down) <= 1e-6 * size).all()
    if intercept:
        assert np.abs(error.sum(axis=0)).max() <= 1e-6 * n
    np.testing.assert_allclose(P.sum(axis=1), 1.0, rtol=1e-12)


@pytest.mark.parametrize("C", [1.0, 1e5, 1e9])
@pytest.mark.parametrize("scale", [1.0, 1e4])
def test_converged_is_the_minimum_of_separable_data_too(C: float, scale: float) -> None:
    rng = np.random.default_rng(0)
    for _ in range(10):
        X = rng.integers(-20, 21, size=(8, 2)) * scale
        along = X @ [3.0, -2.0]
        y = (along > along.mean()).astype(int)
        found = LogisticRegression(C=C, max_iter=1000).fit(X, y)
        least = LogisticRegression(C=C, max_iter=1000, tol=1e-9).fit(X, y)
        assert found.loss_curve_ is not None
        assert least.loss_curve_ is not None
        assert not found.converged_ or found.loss_curve_[-1] <= 1.001 * min(least.loss_curve_)
