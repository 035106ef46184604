"""perceptron against scikit-learn's, against its own rule written as loops, and what it keeps."""

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
from sklearn.linear_model import Perceptron as Theirs
from sklearn.model_selection import StratifiedKFold
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from fitserve.errors import InvalidRequest
from fitserve.models.perceptron import Perceptron
from tests.models.data import split_for

LOADERS = {
    "iris": load_iris,
    "wine": load_wine,
    "breast_cancer": load_breast_cancer,
    "digits": load_digits,
}


def inseparable(n_classes: int = 2, **more: Any) -> tuple[Any, Any]:
    X, y = make_classification(
        400, 6, n_informative=4, n_classes=n_classes, flip_y=0.1, random_state=3, **more
    )
    return X, y


def separable(seed: int, n: int, p: int, margin: float) -> tuple[Any, Any]:
    """Rows on both sides of a plane that misses the origin, none nearer than `margin`."""
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(n, p))
    normal = rng.normal(size=p)
    normal /= np.linalg.norm(normal)
    side = X @ normal - 0.3
    X += np.outer(np.sign(side) * margin, normal)
    y = (side > 0).astype(int)
    y[:2] = 0, 1
    X[:2] = np.outer([-1.0, 2.0], normal)
    return X, y


@pytest.mark.parametrize("name", LOADERS)
@pytest.mark.parametrize("hyperparameters", [{}, {"penalty": "l2", "class_weight": "balanced"}])
def test_its_accuracy_is_that_of_scikit_learn(name: str, hyperparameters: Any) -> None:
    X, y = LOADERS[name](return_X_y=True)
    ours: list[Any] = []
    theirs: list[Any] = []
    for a, b in StratifiedKFold(5, shuffle=True, random_state=0).split(X, y):
        scaler = StandardScaler().fit(X[a])
        model = Perceptron.from_kwargs(hyperparameters).fit(scaler.transform(X[a]), y[a])
        ours.append(model.score(scaler.transform(X[b]), y[b]))
        theirs.append(
            make_pipeline(StandardScaler(), Theirs(**hyperparameters))
            .fit(X[a], y[a])
            .score(X[b], y[b])
        )
    assert np.mean(ours) >= np.mean(theirs) - 0.02


@settings(derandomize=True, max_examples=40, deadline=None)
@given(
    seed=st.integers(0, 2**32 - 1),
    n=st.integers(4, 300),
    p=st.integers(1, 20),
    scale=st.sampled_from([1e-150, 1e-3, 1.0, 1e3, 1e150, 1e300]),
    offset=st.sampled_from([0.0, 3.0, -100.0]),
    shuffle=st.booleans(),
)
def test_it_separates_what_can_be_separated(
    seed: int, n: int, p: int, scale: float, offset: float, shuffle: bool
) -> None:
    X, y = separable(seed, n, p, margin=0.1)
    X = (X + offset) * scale
    model = Perceptron(tol=None, max_iter=20_000, shuffle=shuffle).fit(X, y)
    assert model.score(X, y) == 1.0
    assert model.converged_


def classes(X: Any, W: Any) -> Any:
    scores = X @ W.T
    return scores.argmax(axis=1) if len(W) > 1 else (scores[:, 0] > 0.0).astype(int)


def reference(
    X: Any, y: Any, signs: Any, weight: Any, size: int, model: Perceptron
) -> tuple[Any, list[float]]:
    """The documented rule over X in order, row by row; the plane in the pocket and the losses."""
    W = np.zeros((signs.shape[1], X.shape[1]))
    pocket, fewest = W, np.inf
    losses = []
    for _ in range(model.max_iter):
        loss, average = 0.0, np.zeros_like(W)
        for start in range(0, len(X), size):
            rows = range(start, min(start + size, len(X)))
            moved = W.copy()
            for _ in rows:
                if model.penalty == "l2":
                    moved *= 1.0 - model.eta0 * model.alpha
            for i in rows:
                for j in range(len(W)):
                    margin = signs[y[i], j] * (W[j] @ X[i])
                    if margin <= 0.0:
                        loss -= margin
                        moved[j] += model.eta0 * signs[y[i], j] * X[i]
            if model.penalty == "l1":
                shrunk = np.abs(moved) - model.eta0 * model.alpha * len(rows)
                moved = np.sign(moved) * np.maximum(shrunk, 0.0)
            W = moved
            average += W
        losses.append(loss / len(X))
        for plane in (W, average):
            mistakes = weight[y][classes(X, plane) != y].sum()
            if mistakes < fewest * (1.0 - 1e-12):
                pocket, fewest = plane, mistakes
    return pocket, losses


@pytest.mark.parametrize("penalty", [None, "l1", "l2"])
@pytest.mark.parametrize("balanced", [None, "balanced"])
@pytest.mark.parametrize("n_classes", [2, 3])
@pytest.mark.parametrize(("eta0", "epochs"), [(1.0, 1), (0.25, 1), (0.5, 8)])
def test_it_follows_the_documented_rule(
    penalty: Any, balanced: Any, n_classes: int, eta0: float, epochs: int
) -> None:
    X, y = inseparable(n_classes, weights=[0.6, 0.25][: n_classes - 1])
    X = X[:390] / np.sqrt(np.mean(X[:390] ** 2))
    y = y[:390]
    model = Perceptron(
        penalty=penalty,
        alpha=0.02,
        eta0=eta0,
        class_weight=balanced,
        fit_intercept=False,
        shuffle=False,
        max_iter=epochs,
        tol=None,
    ).fit(X, y)
    weight = len(y) / (n_classes * np.bincount(y)) if balanced else np.ones(n_classes)
    if n_classes == 2:
        signs = np.array([[-weight[0]], [weight[1]]])
    else:
        signs = np.where(np.eye(n_classes) > 0, weight, -1.0)
    W, losses = reference(X, y, signs, weight, 20, model)
    assert model.loss_curve_ == pytest.approx(losses)
    assert model.intercept_.tolist() == [0.0] * len(W)
    np.testing.assert_allclose(model.coef_ * eta0, W, rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("n_classes", [2, 3])
def test_the_pocket_keeps_the_best_plane(n_classes: int) -> None:
    X, y = inseparable(n_classes)
    scores = [
        Perceptron(max_iter=epochs, tol=None).fit(X, y).score(X, y) for epochs in range(1, 30)
    ]
    assert scores == sorted(scores)  # type: ignore[type-var]
    assert scores[-1] > scores[0]  # type: ignore[operator]


def test_balanced_counts_the_mistakes_of_each_class_alike() -> None:
    X, y = inseparable(weights=[0.95], class_sep=0.5)
    rare = y == 1
    plain, balanced = Perceptron().fit(X, y), Perceptron(class_weight="balanced").fit(X, y)
    assert np.mean(plain.predict(X)[rare]) < 0.5 < np.mean(balanced.predict(X)[rare])


def test_a_common_unit_changes_nothing() -> None:
    X, y = inseparable(3)
    model = Perceptron().fit(X, y)
    for scale in (2.0**-1000, 2.0**-5, 2.0**7, 2.0**1000):
        other = Perceptron().fit(X * scale, y)
        assert other.predict(X * scale).tolist() == model.predict(X).tolist()
        assert other.loss_curve_ == model.loss_curve_
    far = Perceptron().fit(X + 1e6, y)
    assert far.n_iter_ == model.n_iter_
    assert np.mean(far.predict(X + 1e6) == model.predict(X)) > 0.99


def test_without_an_intercept_the_plane_goes_through_the_origin() -> None:
    X, y = separable(0, 200, 3, margin=0.2)
    model = Perceptron(fit_intercept=False).fit(X, y)
    assert model.intercept_.tolist() == [0.0]
    assert model.score(X, y) != 1.0
    assert Perceptron(tol=None).fit(X, y).score(X, y) == 1.0
    assert (model.predict(X) != model.predict(-X)).all()


def test_penalties_shrink() -> None:
    X, y = inseparable()
    X = np.column_stack([X, np.random.default_rng(0).normal(scale=0.01, size=(len(X), 3))])
    # A faint column moves a weight by little, and l1 takes that away again.
    sparse = Perceptron(penalty="l1", alpha=0.01).fit(X, y).coef_
    assert (sparse == 0.0).any()
    assert not (sparse == 0.0).all()
    assert not (Perceptron(penalty="l2", alpha=0.01).fit(X, y).coef_ == 0.0).any()
    plain = Perceptron().fit(X, y).coef_
    assert np.array_equal(Perceptron(penalty="l2", alpha=0.0).fit(X, y).coef_, plain)
    assert np.array_equal(Perceptron(penalty="l1", alpha=0.0).fit(X, y).coef_, plain)
    assert np.isfinite(Perceptron(penalty="l2", alpha=5.0).fit(X, y).coef_).all()


def test_the_intercept_is_not_shrunk() -> None:
    """Rows of the first class are rare; only an intercept tells that the second is likelier."""
    X = np.random.default_rng(0).normal(size=(300, 1))
    y = np.arange(300) % 9 > 0
    for penalty in ("l1", "l2"):
        model = Perceptron.from_kwargs({"penalty": penalty, "alpha": 1.0}).fit(X, y)
        assert model.predict(X).mean() > 0.8


def test_it_stops_when_told() -> None:
    X, y = inseparable()
    for patience in (1, 5):
        stopping: dict[str, Any] = {"tol": 1e9, "n_iter_no_change": patience}
        model = Perceptron.from_kwargs(stopping).fit(X, y)
        assert model.n_iter_ == Theirs(**stopping).fit(X, y).n_iter_ == patience + 1
        assert model.converged_
    model = Perceptron(tol=None, max_iter=7).fit(X, y)
    assert (model.n_iter_, model.converged_) == (7, False)
    assert model.loss_curve_ is not None
    assert len(model.loss_curve_) == 7
    model = Perceptron(tol=None, max_iter=2500).fit(X[:30], np.arange(30) % 2)
    assert model.loss_curve_ is not None
    assert model.n_iter_ == 2500
    assert len(model.loss_curve_) <= 1000


def test_rows_are_shuffled_by_the_seed_or_not_at_all() -> None:
    X, y = inseparable()

    def coef(**hyperparameters: Any) -> Any:
        return Perceptron(**hyperparameters).fit(X, y).coef_.tolist()

    assert coef() == coef(random_state=0) != coef(random_state=1)
    assert coef(shuffle=False) == coef(shuffle=False, random_state=1) != coef()


@settings(derandomize=True, max_examples=40, deadline=None)
@given(
    seed=st.integers(0, 2**32 - 1),
    n=st.integers(1, 30),
    p=st.integers(1, 40),
    k=st.integers(2, 6),
    scale=st.sampled_from([1e-300, 1.0, 1e300]),
)
def test_rows_of_every_class_tie_to_the_smallest(
    seed: int, n: int, p: int, k: int, scale: float
) -> None:
    """One row of each label at each place: no plane favours any, the first label wins."""
    X = np.ones((1, p)) * np.random.default_rng(seed).normal(size=p) * scale
    model = Perceptron(max_iter=3).fit(np.repeat(X, k * n, axis=0), np.tile(np.arange(k), n))
    batch = model.predict(np.repeat(X, 9, axis=0))
    assert len(set(batch.tolist())) == 1
    assert model.predict(X)[0] == batch[0]


def test_a_row_that_overflows_is_refused() -> None:
    split = split_for("classification")
    model = Perceptron().fit(split.X * 1e-10, split.y)
    with pytest.raises(InvalidRequest, match="too large to compute with") as caught:
        model.predict(np.full((1, 6), 1e307) * [1, -1, 1, -1, 1, -1])
    assert caught.value.faults[0].loc == ("X", 0, 0)


@pytest.mark.parametrize(
    "wrong",
    [{"penalty": "l3"}, {"alpha": -1.0}, {"max_iter": 0}, {"tol": -1.0}, {"eta0": 0.0}],
    ids=str,
)
def test_hyperparameters_out_of_bounds_are_refused(wrong: Any) -> None:
    with pytest.raises(InvalidRequest) as caught:
        Perceptron.from_kwargs(wrong)
    assert caught.value.faults[0].loc[0] == next(iter(wrong))
