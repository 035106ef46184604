"""Errors of a regression: what is said of them, and the range in which the truth may lie."""

from typing import Any

import numpy as np
import pytest
from scipy import stats

from fitserve.evaluation.pictures.residuals import bends, residuals, running_means, widening
from fitserve.evaluation.pictures.spread import likely_range
from fitserve.evaluation.pictures.student import two_sided
from fitserve.evaluation.pictures.true_predicted import true_against_predicted


@pytest.mark.parametrize("df", [1, 2, 3, 4, 5, 17, 18, 341, 997, 998])
def test_students_t_is_scipys(df: int) -> None:
    for t in (0.0, 0.1, 1.0, -2.0, 2.6, 5.0, 40.0):
        assert two_sided(t, df) == pytest.approx(2.0 * stats.t.sf(abs(t), df), abs=1e-13)


def p_of_the_last(design: Any, y: Any) -> float:
    """By the textbook: coefficient over standard error."""
    df = len(y) - design.shape[1]
    inverse = np.linalg.inv(design.T @ design)
    coefficients = inverse @ design.T @ y
    rest = y - design @ coefficients
    error = np.sqrt(inverse[-1, -1] * (rest @ rest) / df)
    return float(2.0 * stats.t.sf(abs(coefficients[-1]) / error, df))


def test_errors_bend_where_a_squared_term_is_significant() -> None:
    rng = np.random.default_rng(0)
    said = []
    for seed in range(60):
        x = np.sort(rng.normal(size=80))
        e = rng.normal(size=80) + 0.004 * seed * x**2
        p = p_of_the_last(np.column_stack([np.ones(80), x, x**2]), e)
        assert bends(x, e) is (p < 0.01)
        assert bends(1e6 + 1e3 * x, 1e-5 * e) is (p < 0.01)  # in whatever units
        said.append(bends(x, e))
    assert True in said
    assert False in said


def test_errors_widen_where_their_size_goes_along() -> None:
    rng = np.random.default_rng(1)
    x = np.sort(rng.uniform(1.0, 10.0, size=600))
    e = rng.normal(size=600)
    assert widening(x, e) is None
    grown = widening(x, x * e)
    assert grown is not None
    low, high = np.abs(x * e)[:200], np.abs(x * e)[400:]
    assert grown == pytest.approx([np.median(low), np.median(high)], rel=1e-4)
    shrunk = widening(x, e / x)
    assert shrunk is not None
    assert shrunk[0] > shrunk[1]


def test_too_few_or_equal_predictions_say_nothing() -> None:
    x = np.arange(19.0)
    assert bends(x, x**2) is None
    assert widening(x, x) is None
    assert bends(np.repeat([1.0, 2.0], 20), np.arange(40.0)) is None
    assert widening(np.ones(40), np.arange(40.0)) is None
    assert residuals(np.array([]), np.array([])) is None


def test_exact_answers_bend_nothing() -> None:
    x = np.arange(40.0)
    for rounding in (0.0, 1e-14):
        found = residuals(x, x + rounding * x**2)
        assert found is not None
        assert found["bends"] is False
        assert found["widening"] is None
        assert sum(found["counts"]) == 40


def test_the_histogram_counts_every_error_around_0() -> None:
    found = residuals(np.zeros(5), np.array([-2.0, -0.1, 0.1, 0.2, 1.0]))
    assert found is not None
    assert found["edges"][0] == -2.0
    assert found["edges"][-1] == 2.0
    assert found["counts"] == np.histogram([-2.0, -0.1, 0.1, 0.2, 1.0], found["edges"])[0].tolist()


def test_a_running_mean_is_of_60_neighbours() -> None:
    rng = np.random.default_rng(2)
    x, e = np.sort(rng.normal(size=100)), rng.normal(size=100)
    points = running_means(x, e)
    assert points[0] == pytest.approx([x[:60].mean(), e[:60].mean()], abs=1e-4)
    assert points[-1] == pytest.approx([x[-60:].mean(), e[-60:].mean()], abs=1e-4)
    assert running_means(x[:59], e[:59]) == []


def test_what_overflows_is_not_drawn() -> None:
    far = np.array([1.7e308, -1.7e308])
    assert residuals(-far, far) is None
    assert true_against_predicted(-far, far) is None
    assert residuals(far / 2, far) is not None
    assert likely_range(0.0, np.repeat(-far, 20), np.repeat(far, 20)) is None


def test_half_and_nine_of_ten_are_quantiles() -> None:
    rng = np.random.default_rng(3)
    predicted, true = rng.normal(size=(2, 400))
    found = true_against_predicted(predicted, true)
    assert found is not None
    apart = np.abs(true - predicted)
    assert (apart < found["half"]).mean() == pytest.approx(0.5, abs=0.01)
    assert (apart < found["nine_of_ten"]).mean() == pytest.approx(0.9, abs=0.01)


def coverage(n: int, low: float, high: float, seed: int) -> float:
    """How many of new rows lie in the range of their answer, where errors widen with it and the
    answers are between `low` and `high`."""
    rng = np.random.default_rng(seed)
    predicted = rng.uniform(0.0, 10.0, size=n)
    true = predicted + predicted * rng.normal(size=n)
    hits = []
    for answer in rng.uniform(low, high, size=150):
        found = likely_range(float(answer), predicted, true)
        assert found is not None
        new = answer + answer * rng.normal(size=50)
        hits.append(((new >= found.least) & (new <= found.greatest)).mean())
    return float(np.mean(hits))


def test_eight_of_ten_lie_within_where_errors_are_small_and_where_they_are_large() -> None:
    """One range for all answers would hold nearly all of the small ones and half of the large."""
    for low, high in ((1.0, 3.0), (4.0, 6.0), (7.0, 9.0)):
        share = np.mean([coverage(900, low, high, seed) for seed in range(3)])
        assert 0.76 < share < 0.9


def test_of_few_rows_the_range_is_as_wide_as_it_takes() -> None:
    predicted = np.zeros(9)
    true = np.array([3.0, 1.0, -4.0, 0.0, 2.0, 5.0, -1.0, -2.0, 4.0])
    found = likely_range(10.0, predicted, true)
    assert found is not None  # of one more row, 8 of 10 lie between the least and the greatest
    assert (found.least, found.greatest, found.n_rows) == (6.0, 15.0, 9)
    assert likely_range(10.0, predicted[1:], true[1:]) is None
    assert likely_range(10.0, predicted[:0], true[:0]) is None


def test_rows_with_equal_predictions_count_alike_in_any_order() -> None:
    """As a tree answers: with few different values, for very many rows each."""
    rng = np.random.default_rng(4)
    predicted = np.repeat([1.0, 2.0], 300)
    true = np.concatenate([np.arange(300.0), np.arange(300.0, 600.0)])
    order = rng.permutation(600)
    found = likely_range(1.0, predicted, true)
    assert found is not None
    assert found == likely_range(1.0, predicted[order], true[order])
    assert found.n_rows == 300
