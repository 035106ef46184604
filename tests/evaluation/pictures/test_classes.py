"""What pictures tell of classes: who is taken for whom, how sure that was, where rows are wrong."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from sklearn.metrics import confusion_matrix as reference_matrix
from sklearn.metrics import r2_score
from sklearn.svm import LinearSVC

from fitserve.evaluation.pictures import calibration, confusion, lead, score_strip, wrong
from fitserve.evaluation.pictures.intervals import Z, wilson
from fitserve.evaluation.pictures.shown import shown
from fitserve.evaluation.pictures.subject import Subject
from fitserve.models.gauss_naive_bayes import GaussNaiveBayes
from fitserve.models.knn import Knn
from fitserve.models.svm import Svm
from tests.evaluation.pictures.subjects import subject

RNG = np.random.default_rng(0)


def classes(n_classes: int, n: int = 300, seed: int = 0) -> tuple[Any, Any]:
    rng = np.random.default_rng(seed)
    y = np.concatenate([np.arange(n_classes), rng.integers(n_classes, size=n - n_classes)])
    return rng.normal(size=(n, 3)) + y[:, None], y


def held_out(of: Subject, predicted: Any, **more: Any) -> Subject:
    """As if these had been predicted by models that had not seen the rows."""
    assert of.sample is not None
    return replace(of, sample=replace(of.sample, predicted=np.asarray(predicted), **more))


def told(score: float, **more: Any) -> dict[str, Any]:
    given = {"method": "cv", "folds": 2, "metric": "accuracy", "scores": [score, score]}
    return given | {"mean": score, "std": 0.0, "baseline": 0.5} | more


# ------------------------------------------------------------------------------ intervals


@pytest.mark.parametrize(("right", "of"), [(0, 5), (3, 7), (1, 1), (500, 1000), (44, 68)])
def test_wilsons_interval_is_where_the_score_test_does_not_reject(right: int, of: int) -> None:
    low, high = wilson(right, of)
    assert 0.0 <= low <= right / of <= high <= 1.0
    for end in (low, high):
        if 0.0 < end < 1.0:  # (p - share)^2 = z^2 p (1 - p) / n
            off = (right / of - end) ** 2 - Z * Z * end * (1.0 - end) / of
            assert off == pytest.approx(0.0, abs=1e-12)
    assert wilson(of - right, of) == pytest.approx((1.0 - high, 1.0 - low))


# ------------------------------------------------------------------------------ confusion


def test_the_matrix_is_scikit_learns() -> None:
    X, y = classes(4)
    guess = np.where(RNG.random(len(y)) < 0.7, y, RNG.integers(4, size=len(y)))
    found = confusion.picture(held_out(subject(GaussNaiveBayes().fit(X, y), X, y), guess))
    assert found is not None
    assert found["matrix"] == reference_matrix(y, guess).tolist()
    assert found["labels"] == [0, 1, 2, 3]
    assert (found["n_rows"], found["n_right"]) == (len(y), int((y == guess).sum()))


def test_a_class_is_taken_for_another_from_a_fifth_of_its_rows_on() -> None:
    X, y = classes(2, 40)
    y = np.array([0] * 20 + [1] * 20)
    of = subject(GaussNaiveBayes().fit(X, y), X, y)
    few, many = y.copy(), y.copy()
    few[20:24], many[20:25] = 0, 0
    found, more = confusion.picture(held_out(of, few)), confusion.picture(held_out(of, many))
    assert found is not None
    assert more is not None
    assert found["finding"] is None
    assert more["finding"] == {"is": 1, "taken_for": 0, "rows": 5, "of": 20}


def test_of_many_classes_the_worst_pairs_are_told() -> None:
    X, y = classes(30, 600)
    guess = np.where(y == 7, 8, y)
    guess[:5] = 29
    of = subject(GaussNaiveBayes().fit(X, y), X, y)
    found = confusion.picture(held_out(of, guess))
    assert found is not None
    assert "matrix" not in found
    assert found["n_classes"] == 30
    n = int((y == 7).sum())
    assert found["worst"][0] == {"is": 7, "taken_for": 8, "rows": n, "of": n}
    assert len(found["worst"]) == 6


def test_without_rows_held_out_there_is_nothing_to_tell() -> None:
    X, y = classes(2)
    of = subject(GaussNaiveBayes().fit(X, y), X, y)
    for one in (confusion, calibration, lead, wrong):
        assert one.picture(of) is None
        assert one.picture(replace(of, sample=None)) is None


# ---------------------------------------------------------------------------- calibration


def sure(right: Any, confidence: Any, n_classes: int = 2) -> Any:
    X, _ = classes(n_classes, len(right))
    y = np.arange(len(right)) % n_classes
    guess = np.where(right, y, (y + 1) % n_classes)
    rest = (1.0 - np.asarray(confidence)) / (n_classes - 1)
    table = np.repeat(rest[:, None], n_classes, axis=1)
    table[np.arange(len(y)), guess] = confidence
    of = subject(GaussNaiveBayes().fit(X, y), X, y)
    found = calibration.picture(held_out(of, guess, probabilities=table))
    assert found is not None
    return found


def test_few_confidences_are_groups_of_their_own() -> None:
    confidence = np.repeat([0.6, 0.8, 1.0], 20)
    right = np.arange(60) % 5 != 0
    found = sure(right, confidence)
    assert [group["confidence"] for group in found["groups"]] == [0.6, 0.8, 1.0]
    assert [group["of"] for group in found["groups"]] == [20, 20, 20]
    assert [group["right"] for group in found["groups"]] == [16, 16, 16]
    assert found["groups"][0]["interval"] == pytest.approx(wilson(16, 20), abs=1e-4)


def test_many_confidences_are_eight_groups_that_hold_each_row_once() -> None:
    confidence = np.sort(RNG.uniform(0.5, 1.0, 500))
    found = sure(RNG.random(500) < confidence, confidence)
    groups = found["groups"]
    assert len(groups) == 8
    assert sum(group["of"] for group in groups) == 500
    assert sum(group["right"] for group in groups) == found["right"]
    assert max(group["of"] for group in groups) - min(group["of"] for group in groups) <= 2
    assert found["verdict"] == "even"
    few = sure(np.ones(30, bool), np.linspace(0.6, 0.9, 30))
    assert [group["of"] for group in few["groups"]] == [30]


@pytest.mark.parametrize(
    ("share", "confidence", "verdict"),
    [(0.7, 0.9, "over"), (0.9, 0.7, "under"), (0.8, 0.8, "even"), (0.82, 0.8, "even"),
     (1.0, 1.0, "even"), (0.995, 1.0, "even"), (0.9, 1.0, "over")],
)  # fmt: skip
def test_it_promises_too_much_beyond_two_standard_errors(
    share: float, confidence: float, verdict: str
) -> None:
    right = np.arange(400) < share * 400
    assert sure(right, np.full(400, confidence))["verdict"] == verdict


# ------------------------------------------------------------------------------------ lead


@pytest.mark.parametrize("n_classes", [2, 3])
def test_the_lead_is_of_scikit_learns_scores_and_below_0_where_it_is_wrong(n_classes: int) -> None:
    X, y = classes(n_classes, 120)
    model = Svm(C=1.0).fit(X, y)
    scores = model.class_scores(X)
    theirs = LinearSVC(C=1.0, tol=1e-8, max_iter=10**6).fit(X, y).decision_function(X)
    ours = scores if n_classes > 2 else scores[:, 1]
    np.testing.assert_allclose(ours, theirs, atol=0.05)
    of = held_out(subject(model, X, y), model.predict(X), scores=scores)
    found = lead.picture(of)
    assert found is not None
    rows = np.arange(len(y))
    others = np.array([np.delete(scores[i], y[i]).max() for i in rows])
    np.testing.assert_allclose(found["lead"], scores[rows, y] - others, rtol=1e-3)
    assert found["n_wrong"] == sum(value < 0.0 for value in found["lead"]) > 0
    assert found["of"] == y.tolist()


# ----------------------------------------------------------------------------------- wrong


def test_the_surest_wrong_rows_come_first_with_the_columns_that_matter() -> None:
    X, y = classes(2, 60)
    X[:, 1] = 5.0  # tells nothing
    y = np.sort(y)
    X[:, 2] = y + 0.01 * X[:, 0]
    model = Knn(n_neighbors=3).fit(X, y)
    guess, table = y.copy(), np.zeros((60, 2))
    wrongly = [3, 50, 7]
    guess[wrongly] = 1 - y[wrongly]
    table[np.arange(60), guess] = 0.6
    table[50, guess[50]] = 0.9
    of = held_out(subject(model, X, y), guess, probabilities=table, rows=np.arange(60) + 2)
    found = wrong.picture(of)
    assert found is not None
    assert [row["row"] for row in found["rows"]] == [52, 5, 9]
    assert found["rows"][0]["is"] == int(y[50])
    assert found["rows"][0]["predicted"] == int(guess[50])
    assert found["rows"][0]["confidence"] == 0.9
    assert found["columns"][0] == "c2"
    assert found["rows"][0]["cells"][0] == pytest.approx(X[50, 2])
    assert found["n_wrong"] == 3
    worth = [{"column": f"c{j}", "mean": float(j == 1), "std": 0.0} for j in range(3)]
    known = replace(of, described={"training": {"importance": worth}})
    by_importance = wrong.picture(known)
    assert by_importance is not None
    assert by_importance["columns"][0] == "c1"


def test_of_values_those_farthest_off_come_first() -> None:
    X = RNG.normal(size=(30, 2))
    y = X[:, 0] * 100.0
    guess = y + np.linspace(0.0, 1.0, 30) * np.where(np.arange(30) % 2, -1.0, 1.0)
    of = held_out(subject(Knn(task="regression").fit(X, y), X, y), guess)
    found = wrong.picture(of)
    assert found is not None
    assert [row["row"] for row in found["rows"]] == [29, 28, 27, 26, 25, 24]
    assert found["rows"][0]["off"] == pytest.approx(-1.0)
    assert found["rows"][1]["off"] > 0.0
    assert found["n_wrong"] is None
    huge = held_out(of, np.where(np.arange(30) == 4, 1.7e308, -1.7e308))
    assert wrong.picture(huge) is not None


# ----------------------------------------------------------------------------- score strip


def test_the_strip_tells_the_validation_and_what_always_is() -> None:
    X, y = classes(3)
    y = np.where(y == 2, 1, y)
    guess = np.where(RNG.random(len(y)) < 0.8, y, 1 - y)
    of = held_out(subject(GaussNaiveBayes().fit(X, y), X, y), guess)
    validated = replace(of, described={"training": {"validation": told(0.8)}})
    found = score_strip.picture(validated)
    assert found is not None
    assert found["always"] == 1
    assert (found["right"], found["rows"]) == (int((y == guess).sum()), len(y))
    assert found["interval"] is None
    one = replace(of, described={"training": {"validation": told(0.8, method="holdout")}})
    interval = score_strip.picture(one)
    assert interval is not None
    assert interval["interval"] == pytest.approx(wilson(found["right"], found["rows"]), rel=1e-4)
    assert score_strip.picture(replace(of, described={"training": {}})) is None
    private = score_strip.picture(replace(validated, sample=None))
    assert private is not None
    assert private["mean"] == 0.8
    assert private["always"] is None


def test_the_interval_of_r2_is_bootstrapped_by_the_seed() -> None:
    y = RNG.normal(size=200)
    predicted = y + 0.3 * RNG.normal(size=200)
    found = score_strip.bootstrapped(y, predicted, 0)
    assert found is not None
    low, high = found
    assert low < r2_score(y, predicted) < high
    draws = np.random.default_rng(7).integers(200, size=(1000, 200))
    reference = np.quantile([r2_score(y[some], predicted[some]) for some in draws], [0.025, 0.975])
    assert high - low == pytest.approx(reference[1] - reference[0], rel=0.25)
    assert found == score_strip.bootstrapped(y, predicted, 0)
    assert found != score_strip.bootstrapped(y, predicted, 1)
    more = score_strip.bootstrapped(np.tile(y, 16), np.tile(predicted, 16), 0)
    assert more is not None
    assert (more[1] - more[0]) == pytest.approx((high - low) / 4.0, rel=0.35)
    assert score_strip.bootstrapped(np.ones(5), np.ones(5), 0) is None


# ------------------------------------------------------------------------------- many classes


def test_over_eight_classes_the_seven_largest_are_told_apart() -> None:
    sizes = [5, 30, 6, 31, 7, 32, 33, 8, 34, 35, 36]
    y = np.repeat(np.arange(len(sizes)), sizes)
    X = RNG.normal(size=(len(y), 2)) + y[:, None]
    of = shown(subject(GaussNaiveBayes().fit(X, y), X, y))
    assert of.labels == [1, 3, 5, 6, 8, 9, 10]
    assert of.others == 4
    assert of.n_groups == 8
    assert of.of.tolist() == [7, 0, 7, 1, 7, 2, 3, 7, 4, 5, 6]
    eight = shown(subject(GaussNaiveBayes().fit(X, y % 8), X, y % 8))
    assert (eight.labels, eight.others) == (list(range(8)), 0)
