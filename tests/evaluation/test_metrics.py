"""Every figure against scikit-learn's, to 1e-12, where it is defined and where it is not."""

import warnings
from typing import Any

import numpy as np
import pytest
from sklearn import metrics as reference

from fitserve.evaluation import metrics
from fitserve.evaluation.report import classification_report, regression_report

KINDS: dict[str, Any] = {
    "text": lambda codes: np.array([f"class {c:02}" for c in codes], dtype=object),
    "int": lambda codes: np.asarray(codes, dtype=np.int64) * 7 - 3,
    "bool": lambda codes: np.asarray(codes, dtype=np.bool_),
}


def shares(rng: np.random.Generator, n: int, k: int) -> Any:
    """Probabilities with ties, with zeros and ones among them."""
    p = rng.dirichlet(np.ones(k), n).round(1)
    p[p.sum(axis=1) == 0.0] = 1.0 / k
    p /= p.sum(axis=1, keepdims=True)
    p[:2] = np.eye(k)[:2]
    return p


def cases() -> dict[str, tuple[str, int, list[int], list[int]]]:
    """Kind of label, classes that the model knows, codes of y, codes predicted."""
    rng = np.random.default_rng(0)
    made = {}
    for kind, k in [("text", 2), ("int", 2), ("bool", 2), ("text", 3), ("int", 3), ("int", 10)]:
        for n in (400, 23, 1):
            y = rng.integers(k, size=n)
            guess = np.where(rng.random(n) < 0.6, y, rng.integers(k, size=n))
            made[f"{k} {kind} {n}"] = (kind, k, y.tolist(), guess.tolist())
        y = np.arange(60) % k
        made[f"{k} {kind} never predicted"] = (kind, k, y.tolist(), (y * (y < k - 1)).tolist())
        made[f"{k} {kind} missing"] = (kind, k, (y * (y > 0) + (y == 0)).tolist(), y.tolist())
        made[f"{k} {kind} constant"] = (kind, k, [1] * 60, y.tolist())
        made[f"{k} {kind} neither"] = (kind, k, [0, 0, 1, 0], [0, 1, 0, 1])
    return made


@pytest.mark.parametrize("case", cases().values(), ids=cases())
def test_classification_is_scikit_learns(case: tuple[str, int, list[int], list[int]]) -> None:
    kind, k, y_codes, predicted_codes = case
    classes = KINDS[kind](range(k))
    y, predicted = KINDS[kind](y_codes), KINDS[kind](predicted_codes)
    p = shares(np.random.default_rng(len(y)), len(y), k) if len(y) > 1 else np.eye(k)[:1]

    ours = classification_report(y, predicted, classes, p)

    with warnings.catch_warnings():  # it warns where ours is None
        warnings.simplefilter("ignore")
        each = reference.precision_recall_fscore_support(
            y.tolist(), predicted.tolist(), labels=classes.tolist(), zero_division=np.nan
        )
        whole = {
            "accuracy": reference.accuracy_score(y.tolist(), predicted.tolist()),
            "balanced_accuracy": reference.balanced_accuracy_score(y.tolist(), predicted.tolist()),
            "log_loss": reference.log_loss(y.tolist(), p, labels=classes.tolist()),
            "roc_auc": auc_of(y, p, classes),
        }
    assert ours.labels == classes.tolist()
    for mine, theirs in zip(
        (ours.precision, ours.recall, ours.f1, ours.support), each, strict=True
    ):
        same(mine, theirs)
    same(list(ours.metrics.values()), list(whole.values()))
    assert list(ours.metrics) == list(whole)
    matrix = reference.confusion_matrix(y.tolist(), predicted.tolist(), labels=classes.tolist())
    assert ours.confusion_matrix is not None
    assert ours.confusion_matrix.tolist() == matrix.tolist()


def auc_of(y: Any, p: Any, classes: Any) -> float:
    if len(classes) == 2:
        return float(reference.roc_auc_score(y.tolist(), p[:, 1]))
    if len(set(y.tolist())) < len(classes):
        return float("nan")
    return float(reference.roc_auc_score(y.tolist(), p, multi_class="ovr", labels=classes.tolist()))


def same(ours: Any, theirs: Any) -> None:
    """Equal to 1e-12, None where theirs is NaN, and no other kind of nothing."""
    assert not any(isinstance(value, float) and np.isnan(value) for value in ours)
    as_floats = [np.nan if value is None else value for value in ours]
    np.testing.assert_allclose(as_floats, np.asarray(theirs, dtype=np.float64), rtol=1e-12)


def test_cases_hold_what_is_undefined() -> None:
    """Or the comparison above would not show that it is None."""
    empty = metrics.tally(np.array([0, 0]), np.array([2, 0]), 4)
    assert metrics.precision(empty) == [1.0, None, 0.0, None]
    assert metrics.recall(empty) == [0.5, None, None, None]
    assert metrics.f1(empty) == [2 / 3, None, 0.0, None]


@pytest.mark.parametrize("levels", [2, 3, 10**6])
def test_roc_auc_counts_a_tie_half(levels: int) -> None:
    rng = np.random.default_rng(levels)
    y = rng.integers(2, size=5000)
    score = rng.integers(levels, size=5000) / levels
    area = metrics.roc_auc(y, np.column_stack([1 - score, score]))
    same([area], [reference.roc_auc_score(y, score)])


def test_log_loss_of_certainty() -> None:
    y, p = np.array([0, 1, 1]), np.array([[1.0, 0.0], [1.0, 0.0], [0.0, 1.0]])
    same([metrics.log_loss(y, p)], [reference.log_loss(y, p)])
    assert metrics.log_loss(y, p) > 12.0


def test_labels_that_the_model_does_not_know_are_wrong() -> None:
    y = np.array(["b", "x", "a"], dtype=object)
    guess, classes = np.array(["b", "b", "a"], dtype=object), np.array(["a", "b"], dtype=object)
    report = classification_report(y, guess, classes, np.full((3, 2), 0.5))
    assert report.labels == ["a", "b", "x"]
    assert report.metrics == {
        "accuracy": 2 / 3,
        "balanced_accuracy": 2 / 3,
        "log_loss": None,
        "roc_auc": None,
    }
    assert report.precision == [1.0, 0.5, None]
    assert report.confusion_matrix is not None
    assert report.confusion_matrix.tolist() == [[1, 0, 0], [0, 1, 0], [0, 1, 0]]


def test_there_is_no_confusion_matrix_of_very_many_classes() -> None:
    y = np.arange(1001)
    report = classification_report(y, y, y)
    assert report.confusion_matrix is None
    assert report.f1 == [1.0] * 1001


@pytest.mark.parametrize("scale", [1.0, 1e-160, 1e150, 1e300])
@pytest.mark.parametrize("n", [2, 500])
def test_regression_is_scikit_learns(n: int, scale: float) -> None:
    rng = np.random.default_rng(n)
    y = rng.normal(size=n) + 5.0
    predicted = y + 0.3 * rng.normal(size=n)
    ours = regression_report(y * scale, predicted * scale)
    theirs = [  # whose squares overflow at 1e300
        reference.r2_score(y, predicted),
        reference.root_mean_squared_error(y, predicted) * scale,
        reference.mean_absolute_error(y, predicted) * scale,
    ]
    assert list(ours) == ["r2", "rmse", "mae"]
    same(list(ours.values()), theirs)


def test_regression_where_it_is_undefined() -> None:
    for y in ([3.0], [0.1] * 7, [0.0] * 3, [5e-324] * 2):
        for wrong in (0.0, 1.0):
            ours = regression_report(np.array(y), np.array(y) + wrong)
            assert ours == {"r2": None, "rmse": wrong, "mae": wrong}
    far = np.array([1.7e308, -1.7e308])
    assert regression_report(far, -far) == {"r2": None, "rmse": None, "mae": None}


def test_reconstruction_error_is_a_mean_squared_error() -> None:
    X = np.random.default_rng(0).normal(size=(9, 4))
    Z = X.round(1)
    same([metrics.reconstruction_error(X, Z)], [reference.mean_squared_error(X, Z)])
    assert metrics.reconstruction_error(X * 1e200, Z) is None


def test_mean_and_std_of_folds() -> None:
    scores = [0.5, 0.7, 0.9]
    assert metrics.mean_and_std(scores) == (float(np.mean(scores)), float(np.std(scores)))
    assert metrics.mean_and_std([-1e300, -3e300]) == pytest.approx((-2e300, 1e300))
    assert metrics.mean_and_std([1e-310, 3e-310]) == pytest.approx((2e-310, 1e-310), abs=0.0)
    assert metrics.mean_and_std([0.0, 0.0]) == (0.0, 0.0)
    assert metrics.mean_and_std([0.5, None]) == (None, None)
    assert metrics.mean_and_std([]) == (None, None)
