"""Permutation importance against scikit-learn's."""

from typing import Any

import numpy as np
from sklearn.inspection import permutation_importance as reference
from sklearn.linear_model import LinearRegression

from fitserve.evaluation.importance import permutation_importance, summary


def problem(n: int = 400) -> tuple[Any, Any]:
    """The first column decides, the second says a little, the third is noise."""
    rng = np.random.default_rng(0)
    X = rng.normal(size=(n, 3))
    return X, 3.0 * X[:, 0] + 0.5 * X[:, 1] + 0.1 * rng.normal(size=n)


EACH = [slice(0, 1), slice(1, 2), slice(2, 3)]


def test_it_is_scikit_learns_within_the_spread_of_its_seeds() -> None:
    X, y = problem()
    model = LinearRegression().fit(X, y)
    theirs = np.array(
        [reference(model, X, y, random_state=seed).importances_mean for seed in range(20)]
    )
    centre, spread = theirs.mean(axis=0), theirs.std(axis=0)
    for seed in range(5):
        ours = summary(
            permutation_importance(
                lambda rows: float(model.score(rows, y)), X, EACH, random_state=seed
            )
        )
        assert ours is not None
        means = np.array([importance.mean for importance in ours])
        assert (np.abs(means - centre) < 4.0 * spread).all()
        assert means.argmax() == 0
        assert abs(means[2]) < 0.01
        assert all(importance.std is not None for importance in ours)


def test_a_column_is_shuffled_whole() -> None:
    """One-hot blocks stay one-hot, and nothing else moves."""
    rng = np.random.default_rng(1)
    X = np.column_stack([rng.normal(size=50), np.eye(4)[rng.integers(4, size=50)]])
    before = X.copy()
    seen: list[Any] = []

    def score(rows: Any) -> float:
        seen.append(rows.copy())
        return 0.0

    permutation_importance(score, X, [slice(0, 1), slice(1, 5)], repeats=2)
    assert (before == X).all()
    assert len(seen) == 1 + 2 * 2
    for rows in seen[1::2]:
        assert (rows[:, 1:] == X[:, 1:]).all()
        assert sorted(rows[:, 0]) == sorted(X[:, 0])
    for rows in seen[2::2]:
        assert (rows[:, 0] == X[:, 0]).all()
        assert (rows[:, 1:].sum(axis=1) == 1.0).all()
        assert (rows[:, 1:].sum(axis=0) == X[:, 1:].sum(axis=0)).all()
    assert (seen[1] != seen[3]).any()


def test_mean_and_deviation_are_over_the_repeats() -> None:
    X, _ = problem(10)
    scores = iter([1.0, 0.5, 0.9, 0.3, 1.0])
    ours = summary(permutation_importance(lambda _: next(scores), X, EACH[:2], repeats=2))
    np.testing.assert_allclose(np.array(ours), np.array([(0.6, 0.1), (0.05, 0.05)]), rtol=1e-12)


def test_what_is_not_done_in_time_is_left_out_by_rounds() -> None:
    X, y = problem(50)
    model = LinearRegression().fit(X, y)

    def after(steps: int) -> Any:
        left = iter([True] * steps + [False])
        return permutation_importance(
            lambda rows: float(model.score(rows, y)), X, EACH, go_on=lambda: next(left)
        )

    assert summary(after(2)) is None
    assert len(after(3)) == len(after(5)) == 1
    assert len(after(6)) == 2


def test_an_undefined_score_has_no_importance() -> None:
    X, _ = problem(5)
    assert summary(permutation_importance(lambda _: None, X, EACH[:1])) == [(None, None)]
