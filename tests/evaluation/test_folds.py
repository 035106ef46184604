"""Folds and samples: seeded, whole, and each class within one row of its share."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.model_selection import StratifiedKFold

from fitserve.evaluation.folds import draw, holdout, k_fold
from fitserve.evaluation.sample import sample_rows

labels = st.lists(st.integers(0, 6), min_size=2, max_size=120).map(np.array)


def within_one(part: np.ndarray, y: np.ndarray) -> bool:
    ideal = np.bincount(y, minlength=7) * len(part) / len(y)
    return bool((np.abs(np.bincount(y[part], minlength=7) - ideal) < 1.0).all())


@settings(max_examples=60, deadline=None)
@given(labels, st.integers(2, 20), st.integers(0, 5))
def test_folds_hold_each_row_once_and_each_classes_share(
    y: np.ndarray, n_folds: int, seed: int
) -> None:
    n_folds = min(n_folds, len(y))
    for classes in (y, None):
        folds = k_fold(len(y), n_folds, seed, classes)
        assert sorted(np.concatenate(folds).tolist()) == list(range(len(y)))
        assert {len(fold) - len(y) // n_folds for fold in folds} <= {0, 1}
        assert all((np.diff(fold) > 0).all() for fold in folds)
    ideal = np.bincount(y, minlength=7) / n_folds
    for fold in k_fold(len(y), n_folds, seed, y):
        assert (np.abs(np.bincount(y[fold], minlength=7) - ideal) < 1.0).all()


@settings(max_examples=60, deadline=None)
@given(labels, st.floats(0.01, 0.99), st.integers(0, 5))
def test_a_holdout_has_its_size_and_each_classes_share(
    y: np.ndarray, share: float, seed: int
) -> None:
    fold = holdout(len(y), share, seed, y)
    assert len(fold) == len(set(fold.tolist())) == math.ceil(share * len(y))
    assert within_one(fold, y)
    assert len(holdout(len(y), share, seed)) == len(fold)


def test_folds_have_the_class_counts_of_stratified_k_fold() -> None:
    y = np.sort(np.random.default_rng(1).choice(4, size=203, p=[0.4, 0.3, 0.15, 0.15]))
    for n_folds in (2, 5, 20):
        ours = [np.bincount(y[fold]).tolist() for fold in k_fold(len(y), n_folds, 3, y)]
        reference = StratifiedKFold(n_folds, shuffle=True, random_state=3)
        assert ours == [np.bincount(y[test]).tolist() for _, test in reference.split(y, y)]


def test_the_seed_decides() -> None:
    def first(seed: int) -> list[int]:
        y = np.arange(90) % 3
        return [*k_fold(90, 5, seed, y)[0].tolist(), *holdout(90, 0.2, seed, y).tolist()]

    assert first(1) == first(1)
    assert first(1) != first(2)


def test_neighbours_do_not_share_a_fold() -> None:
    """Rows often come sorted by something that is not in them."""
    folds = k_fold(1000, 5, 0)
    assert all(np.abs(np.diff(fold)).max() < 100 for fold in folds)
    assert all((np.diff(fold) == 1).any() and (np.diff(fold) > 5).any() for fold in folds)


@pytest.mark.parametrize("most", [0, 1, 60, 99, 100, 101])
def test_a_sample_is_stratified_and_at_most_so_many(most: int) -> None:
    y = np.repeat([0, 1, 2], [90, 8, 2])
    rows = sample_rows(100, most, 0, y)
    assert len(rows) == min(most, 100)
    assert (np.diff(rows) > 0).all()
    assert within_one(rows, y) if most else True
    assert len(sample_rows(100, most, 0)) == len(rows)


def test_rare_rows_are_as_likely_as_others() -> None:
    y = np.repeat([0, 1], [19, 1])
    times = sum(19 in draw(20, 5, seed, y) for seed in range(400))
    assert 70 < times < 130  # a quarter of 400, within 3.5 standard deviations
