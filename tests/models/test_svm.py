"""svm against scikit-learn's LinearSVC, and its objective, whatever solves it."""

import tracemalloc
from collections.abc import Iterator
from fractions import Fraction
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.datasets import (
    load_breast_cancer,
    load_digits,
    load_iris,
    load_wine,
    make_classification,
)
from sklearn.model_selection import StratifiedKFold
from sklearn.preprocessing import StandardScaler
from sklearn.svm import LinearSVC

from fitserve.errors import InvalidRequest
from fitserve.models.svm import Svm
from tests.models.rational import least_objective

LOADERS = {
    "iris": load_iris,
    "wine": load_wine,
    "breast_cancer": load_breast_cancer,
    "digits": load_digits,
}
unfinished = pytest.mark.filterwarnings("ignore:Liblinear failed to converge")
both_losses = pytest.mark.parametrize("loss", ["squared_hinge", "hinge"])


def load(name: str) -> tuple[Any, Any]:
    X, y = LOADERS[name](return_X_y=True)
    X, y = X[:600], y[:600]
    return StandardScaler().fit_transform(X), y


def noisy(n_classes: int = 2, n: int = 300, **more: Any) -> tuple[Any, Any]:
    X, y = make_classification(
        n, 6, n_informative=4, n_classes=n_classes, flip_y=0.1, random_state=3, **more
    )
    return X, y


def objective(
    model: Any, X: Any, y: Any, loss: str = "squared_hinge", C: float = 1.0, scaling: float = 1.0
) -> float:
    """LinearSVC's, summed over its problems; class weights apart."""
    total = 0.0
    for j, (w, b) in enumerate(zip(model.coef_, model.intercept_, strict=True)):
        sign = np.where(y == (j if len(model.coef_) > 1 else 1), 1.0, -1.0)
        violation = np.maximum(1.0 - sign * (X @ w + b), 0.0)
        each = violation if loss == "hinge" else violation**2
        total += 0.5 * (w @ w + (b / scaling) ** 2) + C * each.sum()
    return float(total)


# ------------------------------------------------------------------------- scikit-learn


@pytest.mark.parametrize("name", LOADERS)
@both_losses
@unfinished
def test_its_accuracy_is_that_of_scikit_learn(name: str, loss: str) -> None:
    X, y = load(name)
    ours: list[Any] = []
    theirs: list[Any] = []
    for a, b in StratifiedKFold(5, shuffle=True, random_state=0).split(X, y):
        same = LinearSVC(loss=loss, C=0.05, dual=loss == "hinge", tol=1e-3)
        ours.append(Svm.from_kwargs({"loss": loss, "C": 0.05}).fit(X[a], y[a]).score(X[b], y[b]))
        theirs.append(same.fit(X[a], y[a]).score(X[b], y[b]))
    assert np.mean(ours) >= np.mean(theirs) - 0.005


@pytest.mark.parametrize("name", ["iris", "wine", "breast_cancer"])
@pytest.mark.parametrize(
    "hyperparameters",
    [
        {},
        {"C": 0.01},
        {"fit_intercept": False},
        {"intercept_scaling": 7.0},
        {"class_weight": "balanced"},
    ],
    ids=str,
)
def test_its_planes_are_those_of_scikit_learn(name: str, hyperparameters: Any) -> None:
    X, y = load(name)
    X += 0.5
    keep = np.flatnonzero((y != 1) | (np.arange(len(y)) % 3 > 0))  # classes of unequal size
    X, y = X[keep], y[keep]
    ours = Svm(tol=1e-9, **hyperparameters).fit(X, y)
    theirs = LinearSVC(tol=1e-10, max_iter=10_000, dual=False, **hyperparameters).fit(X, y)
    assert ours.coef_.shape == theirs.coef_.shape
    np.testing.assert_allclose(ours.coef_, theirs.coef_, rtol=1e-4, atol=1e-5)
    np.testing.assert_allclose(ours.intercept_, theirs.intercept_, rtol=1e-4, atol=1e-5)
    assert ours.predict(X).tolist() == theirs.predict(X).tolist()


@pytest.mark.parametrize(
    "hyperparameters",
    [{}, {"fit_intercept": False}, {"intercept_scaling": 7.0}, {"class_weight": "balanced"}],
    ids=str,
)
@pytest.mark.parametrize("n_classes", [2, 3])
def test_its_hinge_is_that_of_scikit_learn(hyperparameters: Any, n_classes: int) -> None:
    X, y = noisy(n_classes, weights=[0.6, 0.2][: n_classes - 1])
    given = {"C": 0.05, "loss": "hinge", **hyperparameters}
    ours = Svm.from_kwargs({"tol": 1e-9, **given}).fit(X, y)
    theirs = LinearSVC(tol=1e-7, max_iter=200_000, dual=True, random_state=0, **given).fit(X, y)
    np.testing.assert_allclose(ours.coef_, theirs.coef_, rtol=0, atol=2e-4)
    np.testing.assert_allclose(ours.intercept_, theirs.intercept_, rtol=0, atol=1e-3)


@pytest.mark.parametrize("name", LOADERS)
@both_losses
@unfinished
def test_its_objective_is_as_low(name: str, loss: str) -> None:
    X, y = load(name)
    ours = Svm.from_kwargs({"loss": loss}).fit(X, y)
    theirs = LinearSVC(loss=loss, dual=loss == "hinge").fit(X, y)
    lowest = objective(Svm.from_kwargs({"loss": loss, "tol": 1e-9}).fit(X, y), X, y, loss)
    assert objective(ours, X, y, loss) <= objective(theirs, X, y, loss) * (1.0 + 1e-4)
    assert objective(ours, X, y, loss) <= lowest * (1.0 + 1e-4)
    assert ours.converged_
    assert ours.loss_curve_ is not None
    assert ours.loss_curve_[-1] == pytest.approx(objective(ours, X, y, loss) / len(X))
    assert len(ours.loss_curve_) == ours.n_iter_


# --------------------------------------------------------------------------- any data


@settings(derandomize=True, max_examples=80, deadline=None)
@given(
    seed=st.integers(0, 2**32 - 1),
    n=st.integers(2, 60),
    p=st.integers(1, 80),
    C=st.sampled_from([1e-6, 1e-2, 1.0, 1e2, 1e6]),
    loss=st.sampled_from(["squared_hinge", "hinge"]),
    offset=st.sampled_from([0.0, 10.0, 1e5]),
)
def test_no_small_step_lowers_its_objective(
    seed: int, n: int, p: int, C: float, loss: str, offset: float
) -> None:
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(n, p)) * 10.0 ** rng.integers(-2, 3, size=p)
    y = (X @ rng.normal(size=p) + rng.normal(size=n) > 0).astype(int)
    y[:2] = 0, 1
    X += offset
    model: Any = Svm.from_kwargs({"loss": loss, "C": C, "tol": 1e-8}).fit(X, y)
    drowned = C * np.abs(X).max() ** 2 > 0.1 / np.finfo(np.float64).eps / n  # the penalty
    assert model.converged_ or drowned
    best = objective(model, X, y, loss, C)
    w, b = model.coef_.copy(), model.intercept_.copy()
    for _ in range(20):
        step = rng.normal(size=p) * rng.choice([1e-6, 1e-3, 1.0])
        model.coef_ = w + step * np.abs(w).max() / (1.0 + offset)
        model.intercept_ = b + rng.normal() * 1e-3
        assert objective(model, X, y, loss, C) >= best * (1.0 - 1e-6)
    model.coef_, model.intercept_ = w * (1.0 - 1e-4), b * (1.0 - 1e-4)
    assert objective(model, X, y, loss, C) >= best * (1.0 - 1e-6)
    assert best <= C * n * (1.0 + 1e-12)  # which the plane 0 has


@settings(derandomize=True, max_examples=80, deadline=None)
@given(
    seed=st.integers(0, 2**32 - 1),
    n=st.integers(2, 40),
    p=st.integers(1, 60),
    C=st.sampled_from([1e-100, 1.0, 1e100]),
    loss=st.sampled_from(["squared_hinge", "hinge"]),
    scales=st.lists(st.sampled_from([0.0, 1e-300, 1e-150, 1.0, 1e150, 1e300]), min_size=60),
    copies=st.booleans(),
)
def test_any_scale_is_learned_or_refused(
    seed: int, n: int, p: int, C: float, loss: str, scales: list[float], copies: bool
) -> None:
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(n, p)) * scales[:p]
    if copies:
        X = np.hstack([X, X])
    y = rng.integers(3, size=n)
    y[:2] = 0, 1
    try:
        model = Svm.from_kwargs({"loss": loss, "C": C, "max_iter": 200}).fit(X, y)
        assert model.predict(X).shape == (n,)
    except InvalidRequest as error:
        assert error.faults[0].type == "overflow"


def separable_sets(count: int) -> Iterator[tuple[Any, Any, float, bool]]:
    """Small sets of whole numbers that a plane tells apart: X, y, C, and whether it has an
    intercept."""
    rng = np.random.default_rng(0)
    for i in range(count):
        n, p, most = rng.integers(3, 11), rng.integers(1, 5), int(rng.choice([5, 20, 1000, 10000]))
        X = rng.integers(-most, most + 1, size=(n, p)).astype(float)
        normal = rng.normal(size=p)
        y = (X @ normal > np.median(X @ normal) * (i % 2)).astype(int)
        if len(set(y.tolist())) == 2:
            yield X, y, float(rng.choice([1e-3, 1.0, 100.0, 1e5])), i % 2 == 1


@both_losses
def test_converged_is_the_minimum_of_separable_sets_too(loss: str) -> None:
    squared = loss == "squared_hinge"
    for X, y, C, intercept in separable_sets(150):
        model: Any = Svm.from_kwargs({"loss": loss, "C": C, "fit_intercept": intercept}).fit(X, y)
        assert model.converged_
        columns = np.column_stack([X, np.ones(len(X))]) if intercept else X
        signed = columns * np.where(y == 1, 1.0, -1.0)[:, None]
        rows = [[Fraction(cell) for cell in row] for row in signed.tolist()]
        plane = [*model.coef_[0], *([model.intercept_[0]] if intercept else [])]
        w = [Fraction(float(weight)) for weight in plane]
        violations = [
            max(Fraction(0), 1 - sum(a * b for a, b in zip(row, w, strict=True))) for row in rows
        ]
        lost = sum(v * v if squared else v for v in violations)
        found = sum(v * v for v in w) / 2 + Fraction(C) * lost
        assert found <= Fraction(1001, 1000) * least_objective(rows, Fraction(C), squared=squared)


@pytest.mark.parametrize(
    ("X", "y", "C", "loss", "least"),
    [
        ([[2000, 1000], [-6000, -8000], [6000, 8000]], [0, 1, 0], 1.0, "squared_hinge", 1e-7),
        ([[-5], [-15], [5]], [0, 0, 1], 1.0, "hinge", 0.02),
        ([[16], [-4], [20], [4], [13]], [1, 0, 1, 1, 1], 1e4, "hinge", 0.03125),
        ([[6], [18], [-6]], [0, 0, 1], 1e5, "hinge", 1 / 72),
    ],
)
def test_sets_on_which_newton_and_mehrotra_lost_their_way(
    X: Any, y: Any, C: float, loss: str, least: float
) -> None:
    model = Svm.from_kwargs({"C": C, "loss": loss}).fit(X, y)
    assert model.converged_
    assert model.n_iter_ is not None
    assert model.n_iter_ < 30
    found = objective(model, np.array(X, dtype=float), np.array(y), loss, C)
    assert found == pytest.approx(least, rel=2e-4)


@pytest.mark.parametrize("name", ["breast_cancer", "small"])
def test_hinge_never_answers_worse_than_it_was(name: str) -> None:
    X, y = (
        (np.array([[16.0], [-4.0], [20.0], [4.0], [13.0]]), np.array([1, 0, 1, 1, 1]))
        if name == "small"
        else load(name)
    )
    for C in (1e-2, 1.0, 1e4):
        losses = [objective(Svm(loss="hinge", C=C, max_iter=1).fit(X, y), X, y, "hinge", C)]
        for most in range(2, 12):
            model = Svm(loss="hinge", C=C, max_iter=most).fit(X, y)
            losses.append(objective(model, X, y, "hinge", C))
        assert all(b <= a * (1.0 + 1e-12) for a, b in pairwise(losses))


def test_a_penalty_below_rounding_is_not_called_converged() -> None:
    X = np.array([[-1.0, -3.0], [-2.0, 1.0], [4.0, 7.0], [9.0, -5.0]])
    y = np.array([0, 0, 1, 1])
    for loss in ("squared_hinge", "hinge"):
        separable = Svm.from_kwargs({"loss": loss, "fit_intercept": False})
        assert separable.fit(X, y).converged_
        assert not separable.fit(X * 1e12, y).converged_


@both_losses
@pytest.mark.parametrize("scale", [1e-150, 1e-3, 1e3, 1e150])
def test_a_change_of_unit_is_a_change_of_c(loss: str, scale: float) -> None:
    X, y = noisy(3)
    fixed: dict[str, Any] = {"loss": loss, "fit_intercept": False, "tol": 1e-8}
    model = Svm(C=1e-2, **fixed).fit(X, y)
    if 1e-10 < scale < 1e10:
        other = Svm(C=1e-2 / scale**2, **fixed).fit(X * scale, y)
        np.testing.assert_allclose(other.coef_ * scale, model.coef_, rtol=1e-3, atol=1e-6)
    else:  # beside such numbers the penalty is nothing, or everything
        other = Svm(C=1e-2, **fixed).fit(X * scale, y)
        assert other.predict(X * scale).shape == y.shape
        if scale > 1.0:
            free = Svm(C=1e8, **fixed).fit(X, y)
            assert np.mean(other.predict(X * scale) == free.predict(X)) > 0.99


@both_losses
def test_far_from_the_origin_the_objective_holds(loss: str) -> None:
    """At an offset m of 1e8 the penalty forbids planes that are not parallel to m, and along m a
    tiny weight serves as an intercept that costs nothing."""
    X, y = noisy()
    model = Svm.from_kwargs({"loss": loss, "tol": 1e-8}).fit(X + 1e8, y)
    m = (X + 1e8).mean(axis=0)
    m /= np.linalg.norm(m)
    centred = X - X.mean(axis=0)
    flat = centred - np.outer(centred @ m, m)
    same = Svm.from_kwargs({"loss": loss, "tol": 1e-8, "intercept_scaling": 1e8}).fit(flat, y)
    assert model.loss_curve_ is not None
    assert same.loss_curve_ is not None
    assert model.loss_curve_[-1] == pytest.approx(same.loss_curve_[-1], rel=1e-6)
    np.testing.assert_allclose(model.coef_, same.coef_, rtol=0, atol=1e-6)
    assert np.mean(model.predict(X + 1e8) == same.predict(flat)) > 0.99


def test_more_columns_than_rows_are_solved_among_the_rows() -> None:
    X, y = noisy(3, n=40)
    wide = np.hstack([X, np.random.default_rng(0).normal(size=(40, 400))])
    for loss in ("squared_hinge", "hinge"):
        model = Svm.from_kwargs({"loss": loss, "tol": 1e-9, "C": 1e-2}).fit(wide, y)
        theirs = LinearSVC(loss=loss, dual=True, tol=1e-9, max_iter=100_000, C=1e-2).fit(wide, y)
        np.testing.assert_allclose(model.coef_, theirs.coef_, rtol=0, atol=1e-6)


def test_many_columns_take_no_more_memory_than_the_rows() -> None:
    X = np.random.default_rng(0).normal(size=(10, 3000))
    tracemalloc.start()
    Svm().fit(X, np.arange(10) % 2)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 10 * X.nbytes


@pytest.mark.parametrize(("loss", "most"), [("squared_hinge", 5), ("hinge", 13)])
def test_second_order_takes_few_iterations(loss: str, most: int) -> None:
    for n_classes in (2, 3):
        model = Svm.from_kwargs({"loss": loss, "tol": 1e-9}).fit(*noisy(n_classes))
        assert model.n_iter_ is not None
        assert model.n_iter_ <= most


def test_classes_that_are_alike_tie_to_the_smallest() -> None:
    X = np.random.default_rng(0).normal(size=(50, 7))
    model = Svm().fit(np.repeat(X, 3, axis=0), np.tile([0, 1, 2], 50))
    assert set(model.predict(X).tolist()) == {0}
    assert [model.predict(row[None])[0] for row in X] == [0] * 50


def test_a_row_that_overflows_is_refused() -> None:
    X, y = noisy()
    model = Svm(C=1e30).fit(X * 1e-10, y)
    with pytest.raises(InvalidRequest, match="too large to compute with") as caught:
        model.predict(np.full((1, 6), 1e308) * [1, -1, 1, -1, 1, -1])
    assert caught.value.faults[0].loc == ("X", 0, 0)


# ----------------------------------------------------------------------- hyperparameters


def test_lam_takes_the_place_of_c() -> None:
    X, y = noisy(3)
    model = Svm(lam=0.01, tol=1e-9).fit(X, y)
    same = Svm(C=1.0 / (2 * 0.01 * len(X)), tol=1e-9).fit(X, y)
    np.testing.assert_allclose(model.coef_, same.coef_, rtol=1e-9)
    scores = X @ model.coef_.T + model.intercept_
    sign = np.where(np.eye(3)[y] > 0, 1.0, -1.0)
    size = (model.coef_**2).sum() + (model.intercept_**2).sum()
    loss = 0.01 * size + (np.maximum(1.0 - sign * scores, 0.0) ** 2).sum() / len(X)
    assert model.loss_curve_ is not None
    assert model.loss_curve_[-1] == pytest.approx(loss)


def test_balanced_gives_a_rare_class_its_due() -> None:
    X, y = noisy(weights=[0.95], class_sep=0.5)
    for loss in ("squared_hinge", "hinge"):
        plain = Svm.from_kwargs({"loss": loss}).fit(X, y)
        balanced = Svm.from_kwargs({"loss": loss, "class_weight": "balanced"}).fit(X, y)
        found = [np.mean(model.predict(X)[y == 1]) for model in (plain, balanced)]
        assert found[0] < 0.2 < 0.4 < found[1]


@both_losses
def test_it_says_when_it_did_not_converge(loss: str) -> None:
    X, y = noisy()
    model = Svm.from_kwargs({"loss": loss, "max_iter": 2}).fit(X, y)
    assert (model.n_iter_, model.converged_) == (2, False)
    assert model.loss_curve_ is not None
    assert len(model.loss_curve_) == 2
    X3, y3 = load("iris")  # whose problems take different numbers of iterations
    whole = Svm.from_kwargs({"loss": loss}).fit(X3, y3)
    assert whole.converged_
    assert whole.n_iter_ is not None
    assert not Svm.from_kwargs({"loss": loss, "max_iter": whole.n_iter_ - 1}).fit(X3, y3).converged_
    rough = Svm.from_kwargs({"loss": loss, "tol": 0.1}).fit(X, y)
    fine = Svm.from_kwargs({"loss": loss, "tol": 1e-8}).fit(X, y)
    assert rough.converged_
    assert fine.converged_
    assert rough.n_iter_ < fine.n_iter_  # type: ignore[operator]


@both_losses
@pytest.mark.parametrize("n_classes", [2, 3])
@pytest.mark.parametrize("more", [{}, {"class_weight": "balanced"}, {"fit_intercept": False}])
def test_gradient_descent_goes_to_the_same_minimum(loss: str, n_classes: int, more: Any) -> None:
    X, y = noisy(n_classes, weights=[0.7, 0.2][: n_classes - 1])
    given = {"loss": loss, "lam": 0.1, "intercept_scaling": 2.0, **more}
    exact = Svm.from_kwargs({**given, "tol": 1e-12}).fit(X, y)
    model = Svm.from_kwargs({**given, "lr": 0.01, "num_iters": 3000, "tol": 1e-12}).fit(X, y)
    assert model.loss_curve_ is not None
    assert exact.loss_curve_ is not None
    close = 1e-6 if loss == "squared_hinge" else 2e-3
    assert model.loss_curve_[-1] == pytest.approx(exact.loss_curve_[-1], rel=close)
    np.testing.assert_allclose(model.coef_, exact.coef_, rtol=0, atol=10 * close)
    np.testing.assert_allclose(model.intercept_, exact.intercept_, rtol=0, atol=20 * close)
    assert len(model.loss_curve_) <= 1000
    assert not (loss == "hinge" and model.converged_)


def test_gradient_descent_converges_or_says_so() -> None:
    X, y = noisy()
    model = Svm(learning_rate=0.05, lam=0.1, max_iter=5000).fit(X, y)
    assert model.converged_
    assert model.n_iter_ is not None
    assert model.n_iter_ < 5000
    assert not Svm(learning_rate=0.05, lam=0.1, max_iter=3).fit(X, y).converged_


@both_losses
def test_gradient_descent_that_says_it_converged_is_near_the_minimum(loss: Any) -> None:
    rng, converged = np.random.default_rng(5), 0
    for case in range(60):
        y = np.arange(12) % 2
        X = (rng.normal(size=(12, 2)) + 3.0 * (case % 2) * y[:, None]) * 10.0 ** rng.integers(-1, 2)
        lam, tol = 10.0 ** rng.integers(-4, 2), 10.0 ** -rng.integers(1, 4)
        rows = np.column_stack([X, np.ones(12)])
        rate = 1.0 / (2.0 * np.linalg.eigvalsh(rows.T @ rows / 12)[-1] + 2.0 * lam)
        given = {"loss": loss, "lam": float(lam)}
        exact = Svm(tol=1e-8, **given).fit(X, y)
        model = Svm(learning_rate=float(rate), max_iter=2000, tol=float(tol), **given).fit(X, y)
        assert model.loss_curve_ is not None
        assert exact.loss_curve_ is not None
        if model.converged_:
            converged += 1
            assert model.loss_curve_[-1] <= exact.loss_curve_[-1] * (1.0 + tol) + 1e-12
    assert converged > (10 if loss == "squared_hinge" else 0)


@both_losses
def test_gradient_descent_that_diverges_proposes_a_rate(loss: str) -> None:
    X, y = noisy(3)
    X *= 100.0
    with pytest.raises(InvalidRequest, match="try") as caught:
        Svm.from_kwargs({"loss": loss, "learning_rate": 10.0}).fit(X, y)
    assert caught.value.faults[0].loc == ("learning_rate",)
    proposed = float(caught.value.faults[0].msg.split()[-1])
    Svm.from_kwargs({"loss": loss, "learning_rate": proposed}).fit(X, y)
    with pytest.raises(InvalidRequest, match="standardize") as caught:
        Svm.from_kwargs({"loss": loss, "learning_rate": 0.1}).fit(X * 1e160, y)
    assert caught.value.faults[0].loc == ("learning_rate",)


@pytest.mark.parametrize(
    "wrong",
    [{"loss": "log"}, {"C": 0.0}, {"lam": 0.0}, {"lr": 0.0}, {"tol": 0.0}, {"num_iters": 0}],
    ids=str,
)
def test_hyperparameters_out_of_bounds_are_refused(wrong: Any) -> None:
    with pytest.raises(InvalidRequest) as caught:
        Svm.from_kwargs(wrong)
    assert caught.value.faults[0].loc[0] == next(iter(wrong))
