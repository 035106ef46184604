"""Validation against scikit-learn's `cross_val_score` on the same folds, for every type."""

from typing import Any

import numpy as np
import pytest
from sklearn.base import BaseEstimator
from sklearn.dummy import DummyClassifier, DummyRegressor
from sklearn.linear_model import LinearRegression
from sklearn.model_selection import StratifiedKFold, cross_val_score
from sklearn.naive_bayes import GaussianNB, MultinomialNB
from sklearn.neighbors import KNeighborsClassifier, KNeighborsRegressor

from fitserve.data import arrays
from fitserve.data.arrays import FloatArray
from fitserve.errors import InvalidRequest
from fitserve.evaluation.findings import Matrix, find
from fitserve.evaluation.folds import Rows
from fitserve.evaluation.plan import Plan
from fitserve.evaluation.validation import Validation, truth_of, validate
from fitserve.models import catalog
from fitserve.models.base import Model, Task
from fitserve.models.knn import Knn
from tests.models.data import split_for

SUPERVISED = [(cls, task) for cls in catalog().values() if cls.supervised() for task in cls.tasks]
every_supervised = pytest.mark.parametrize(
    ("cls", "task"), SUPERVISED, ids=[f"{cls.__name__}-{task}" for cls, task in SUPERVISED]
)
SAME_ELSEWHERE: dict[tuple[str, str], Any] = {
    ("gauss_naive_bayes", "classification"): GaussianNB(),
    ("multi_naive_bayes", "classification"): MultinomialNB(),
    ("knn", "classification"): KNeighborsClassifier(),
    ("knn", "regression"): KNeighborsRegressor(),
    ("linear_regression", "regression"): LinearRegression(),
}
WORDS = np.array(["a", "b", "c"], dtype=object)


class Own(BaseEstimator):  # type: ignore[misc]
    """One of our models as scikit-learn sees one."""

    def __init__(self, model: Model) -> None:
        self.model = model

    def fit(self, X: Any, y: Any) -> "Own":
        self.fitted_ = type(self.model)(**self.model.hyperparameters()).fit(X, y)
        return self

    def score(self, X: Any, y: Any) -> Any:
        return self.fitted_.score(X, y)


def no_watch(progress: float, loss: float | None) -> None: ...


def validated(plan: Plan, model: Model, X: Any, y: Any, watch: Any = no_watch) -> Validation:
    y = arrays.target(y, ("y",))
    return validate(plan, model.fit(X, y), Matrix(X), y, watch)


def folds_of(plan: Plan, model: Model, y: Any) -> list[tuple[Rows, Rows]]:
    truth = truth_of(model, arrays.target(y, ("y",)))
    tests = plan.folds(model, None if model.classes_ is None else truth)
    return [(np.delete(np.arange(len(y)), test), test) for test in tests]


@every_supervised
@pytest.mark.parametrize("plan", [Plan(cv=5), Plan(cv=2), Plan(holdout=0.3)], ids=str)
def test_scores_are_cross_val_scores(cls: type[Model], task: Task, plan: Plan) -> None:
    split = split_for(task)
    y = split.y if task == "regression" else WORDS[split.y]
    told = {"task": task} if len(cls.tasks) > 1 else {}
    model = cls.from_kwargs(told | {"random_state": 3})
    ours = validated(plan, model, split.X, y)
    folds = folds_of(plan, model, y)
    np.testing.assert_allclose(
        np.array(ours.scores),
        cross_val_score(Own(model), split.X, y, cv=folds, scoring=None),
        rtol=1e-12,
    )
    theirs = SAME_ELSEWHERE.get((cls.model_type(), task))
    if theirs is not None:
        expected = cross_val_score(theirs, split.X, y, cv=folds)
        np.testing.assert_allclose(np.array(ours.scores), expected, rtol=1e-9)
    dummy = DummyRegressor() if task == "regression" else DummyClassifier()
    expected = cross_val_score(dummy, split.X, y, cv=folds)
    np.testing.assert_allclose(np.array(ours.baselines), expected, rtol=1e-12, atol=1e-12)
    summed = ours.description()
    scores = np.array(ours.scores, dtype=np.float64)
    assert summed["mean"] == pytest.approx(scores.mean(), rel=1e-12)
    assert summed["std"] == pytest.approx(scores.std(), rel=1e-12)
    assert summed["baseline"] == pytest.approx(expected.mean(), rel=1e-12, abs=1e-12)
    assert summed["metric"] == ("r2" if task == "regression" else "accuracy")
    assert summed["method"] == ("cv" if plan.cv else "holdout")
    assert summed["folds"] == (plan.cv or 1)


def test_folds_are_as_stratified_k_fold_promises() -> None:
    y = np.repeat([0, 1, 2], [70, 25, 8])
    X = np.random.default_rng(0).normal(size=(len(y), 2))
    model = catalog()["gauss_naive_bayes"]().fit(X, y)
    reference = StratifiedKFold(5, shuffle=True, random_state=0).split(X, y)
    ours = [np.bincount(y[test]).tolist() for _, test in folds_of(Plan(cv=5), model, y)]
    assert ours == [np.bincount(y[test]).tolist() for _, test in reference]


@every_supervised
def test_shuffled_labels_score_the_baseline(cls: type[Model], task: Task) -> None:
    """Whatever a model knew of the rows it is asked about would show."""
    rng = np.random.default_rng(5)
    X = np.abs(rng.normal(size=(300, 3)))
    y = rng.permutation(np.arange(300) % 2) if task == "classification" else rng.normal(size=300)
    told = cls.from_kwargs({"task": task} if len(cls.tasks) > 1 else {})
    ours = validated(Plan(cv=5), told, X, y).description()
    if task == "classification":
        assert abs(ours["mean"] - 0.5) < 4.0 * 0.5 / np.sqrt(300)
    else:
        assert ours["mean"] < 0.05
    assert ours["baseline"] < 0.55


def test_each_fold_learns_of_its_own_rows_alone() -> None:
    """Columns are learned anew: what is learned comes from `parted`, asked for each fold."""

    class Standardized:
        def __init__(self, X: FloatArray) -> None:
            self.X = X
            self.asked: list[tuple[Rows, Rows]] = []

        def parted(self, train: Rows, test: Rows) -> Any:
            self.asked.append((train, test))
            mean = self.X[train].mean(axis=0)
            return self.X[train] - mean, self.X[test] - mean, [slice(0, 2)]

    rng = np.random.default_rng(0)
    X, y = rng.normal(size=(40, 2)), np.arange(40) % 2
    model = Knn().fit(X, y)
    source = Standardized(X)
    validate(Plan(cv=4), model, source, y, no_watch)
    assert [test.tolist() for _, test in source.asked] == [
        test.tolist() for _, test in folds_of(Plan(cv=4), model, y)
    ]
    for train, test in source.asked:
        assert sorted([*train.tolist(), *test.tolist()]) == list(range(40))


def test_a_fold_keeps_the_task_of_the_whole() -> None:
    """One row alone makes y a quantity; without it, a fold must not see labels."""
    X = np.arange(12.0)[:, None]
    y = np.array([*range(11), 0.5])
    ours = validated(Plan(cv=3), Knn(n_neighbors=2), X, y)
    assert ours.metric == "r2"
    assert ours.held_out.predicted.dtype == np.float64


def test_progress_is_one_over_all_folds_and_tells_the_loss() -> None:
    split = split_for("classification")
    seen: list[tuple[float, float | None]] = []
    model = catalog()["logistic_regression"]()
    validated(Plan(cv=4), model, split.X, split.y, lambda *now: seen.append(now))
    progress = [now for now, _ in seen]
    assert progress == sorted(progress)
    assert [now for now, loss in seen if loss is None] == [0.25, 0.5, 0.75, 1.0]
    assert any(0.5 < now < 0.75 and loss is not None for now, loss in seen)


@every_supervised
def test_it_ends_where_whoever_watches_ends_it(cls: type[Model], task: Task) -> None:
    class Cancelled(Exception):
        pass

    seen = []

    def watch(progress: float, loss: float | None) -> None:
        seen.append(progress)
        if progress > 0.4:
            raise Cancelled

    split = split_for(task)
    with pytest.raises(Cancelled):
        validated(Plan(cv=5), cls(), split.X, split.y, watch)
    assert seen[-1] <= 0.6


@pytest.mark.parametrize("plan", [Plan(cv=5, sample=40), Plan(holdout=0.3, sample=40)], ids=str)
def test_what_is_kept_was_predicted_by_models_that_had_not_seen_it(plan: Plan) -> None:
    split = split_for("classification")
    y = WORDS[split.y]
    model = catalog()["gauss_naive_bayes"]().fit(split.X, y)
    found = find(plan, model, split.X, y, Matrix(split.X), 1.0, no_watch)
    kept = found.sample
    rows = kept["rows"]
    assert set(kept) == {"rows", "X", "y", "predicted", "probabilities"}
    assert len(rows) == (40 if plan.cv else 27)
    assert (np.diff(rows) > 0).all()
    np.testing.assert_array_equal(kept["X"], split.X[rows])
    assert WORDS[kept["y"]].tolist() == y[rows].tolist()
    for train, test in folds_of(plan, model, y):
        other = GaussianNB().fit(split.X[train], y[train])
        mine = np.isin(rows, test)
        expected = other.predict_proba(split.X[rows[mine]])
        np.testing.assert_allclose(kept["probabilities"][mine], expected, atol=1e-9)
        assert (
            WORDS[kept["predicted"][mine]].tolist() == other.predict(split.X[rows[mine]]).tolist()
        )


def test_a_class_that_a_fold_has_not_seen_has_probability_0_there() -> None:
    y = np.array(["a"] * 9 + ["b"] * 9 + ["rare"], dtype=object)
    X = np.random.default_rng(0).normal(size=(19, 2))
    model = catalog()["gauss_naive_bayes"]().fit(X, y)
    kept = find(Plan(cv=3), model, X, y, Matrix(X), 1.0, no_watch).sample
    assert kept["probabilities"].shape == (19, 3)
    assert kept["probabilities"][18, 2] == 0.0
    np.testing.assert_allclose(kept["probabilities"].sum(axis=1), 1.0)


def test_what_is_kept_is_bounded() -> None:
    X = np.random.default_rng(0).normal(size=(300, 9000))
    y = np.arange(300) % 2
    model = catalog()["gauss_naive_bayes"]().fit(X, y)

    def kept(plan: Plan) -> Any:
        return find(plan, model, X, y, Matrix(X), 1.0, no_watch).sample

    assert sum(array.nbytes for array in kept(Plan()).values()) <= 2**22
    assert 50 < len(kept(Plan())["rows"]) < 60
    assert kept(Plan(sample=0)) == {}
    clusters = catalog()["kmeans"].from_kwargs({"k": 2}).fit(X[:, :3])
    some = find(Plan(sample=7), clusters, X[:, :3], None, Matrix(X[:, :3]), 1.0, no_watch).sample
    assert set(some) == {"rows", "X"}
    assert some["X"].shape == (7, 3)


def test_what_a_fold_cannot_learn_is_said_of_the_fold() -> None:
    X, y = np.arange(10.0)[:, None], np.arange(10) % 2
    with pytest.raises(InvalidRequest, match=r"fold 1 of 2, with 5 rows.*n_neighbors") as caught:
        validated(Plan(cv=2), Knn(n_neighbors=6), X, y)
    assert caught.value.faults[0].loc == ("n_neighbors",)


def test_importance_is_pooled_over_the_folds() -> None:
    rng = np.random.default_rng(0)
    X = rng.normal(size=(200, 3))
    y = (X[:, 1] > 0.0).astype(int)
    for plan in (Plan(cv=5, importance=True), Plan(holdout=0.5, importance=True)):
        ours = validated(plan, catalog()["decision_tree"](), X, y).importance
        assert ours is not None
        means = [importance.mean for importance in ours]
        assert means[1] is not None
        assert means[1] > 0.3
        assert all(mean is not None and abs(mean) < 0.05 for mean in means[::2])


def advice_of(plan: Plan, model: Model, X: Any, y: Any) -> list[tuple[str, Any]]:
    model = model.fit(X, y)
    y = arrays.target(y, ("y",))
    found = find(plan, model, np.asarray(X), y, Matrix(X), model.score(X, y), no_watch)
    return [(advice["words"], advice["set"]) for advice in found.told["advice"]]


@pytest.mark.parametrize(("n", "simpler"), [(6, None), (12, None), (60, {"n_neighbors": 11})])
def test_what_is_to_be_simpler_is_what_each_fold_allows(
    n: int, simpler: dict[str, int] | None
) -> None:
    X = np.arange(n, dtype=np.float64)[:, np.newaxis]
    y = (np.arange(n) % 2).tolist()
    knn = catalog()["knn"].from_kwargs({"weights": "distance", "n_neighbors": 5})
    sets = [set_ for words, set_ in advice_of(Plan(cv=6), knn, X, y) if "over-fitted" in words]
    assert sets == [simpler]


def test_advice_where_a_model_is_over_fitted_or_no_better_than_guessing() -> None:
    rng = np.random.default_rng(0)
    X, y = rng.normal(size=(200, 2)), rng.integers(2, size=200)
    tree = catalog()["decision_tree"]
    (first, simpler), (second, nothing) = advice_of(Plan(cv=5), tree(), X, y)
    assert "over-fitted" in first
    assert simpler == {"min_samples_leaf": 5}
    assert "most frequent class" in second
    assert nothing is None
    assert advice_of(Plan(), tree(), X, y) == []
    good = (X[:, 0] > 0.0).astype(int)
    assert advice_of(Plan(cv=5), tree(), X, good) == []
    line = catalog()["linear_regression"]
    (words, _), *rest = advice_of(Plan(cv=5), line(), X, rng.normal(size=200))
    assert "the mean of y" in words
    assert not rest
    assert advice_of(Plan(cv=5), line(), X, X @ [1.0, 2.0]) == []


def test_advice_where_accuracy_says_nothing() -> None:
    rng = np.random.default_rng(0)
    X, y = rng.normal(size=(400, 2)), np.arange(400) % 20 == 0
    model = catalog()["logistic_regression"]
    (words, change), *_ = advice_of(Plan(cv=5), model(), X, y)
    assert "95.0% of the rows are false" in words
    assert "balanced_accuracy" in words
    assert "on the rows held out it is 0.500" in words
    assert change == {"class_weight": "balanced"}
    (words, change), *rest = advice_of(
        Plan(), model.from_kwargs({"class_weight": "balanced"}), X, y
    )
    assert "balanced_accuracy" in words
    assert change is None
    assert not rest


def test_advice_where_the_score_is_undefined() -> None:
    X, y = np.arange(6.0)[:, None], np.arange(6.0)
    model = catalog()["linear_regression"]()
    ((words, _),) = advice_of(Plan(cv=6), model, X, y)
    assert "r2 is undefined" in words
    told = validated(Plan(cv=6), model, X, y).description()
    assert told["scores"] == [None] * 6
    assert (told["mean"], told["std"], told["baseline"]) == (None, None, None)


@pytest.mark.parametrize("number", [1e12, -1e12, 1e200, 1.7e308])
@pytest.mark.parametrize("model_type", ["decision_tree", "knn", "linear_regression"])
@pytest.mark.parametrize("plan", [Plan(cv=5), Plan(cv=2), Plan(holdout=0.3)])
def test_advice_where_one_y_decides_the_score(plan: Plan, model_type: str, number: float) -> None:
    X = np.random.default_rng(3).normal(size=(60, 2))
    y = X @ [1.0, 2.0]
    model = catalog()[model_type]
    assert not advice_of(plan, model(), X, y) or model_type != "linear_regression"
    y[11] = number
    told = validated(plan, model(), X, y).description()
    words = [said for said, _ in advice_of(plan, model(), X, y)]
    assert not [said for said in words if "undefined" in said]
    alone = [said for said in words if f"the y of {number:g}, " in said]
    if plan.cv is not None or told["mean"] is None or told["mean"] < -1e6:
        (said,) = alone
        assert not [one for one in words if "over-fitted" in one]
        assert ("r2 is null" in said) == (told["mean"] is None)
        assert said.endswith("mend the row, or leave it out.")


def test_advice_where_one_prediction_decides_the_score() -> None:
    X = np.random.default_rng(3).normal(size=(60, 2))
    y = X @ [1.0, 2.0] + np.random.default_rng(4).normal(size=60)
    for number in (1e12, 1e140):
        X[11, 0] = number
        ((said, _),) = advice_of(Plan(cv=5), catalog()["linear_regression"](), X, y)
        assert "the prediction of" in said


def test_advice_where_float64_holds_no_score() -> None:
    X = np.random.default_rng(3).normal(size=(40, 1))
    y = np.repeat([1e-200, 1e200], 20) * np.tile(np.linspace(1.0, 2.0, 20), 2)
    words = " ".join(
        said for said, _ in advice_of(Plan(cv=20), catalog()["linear_regression"](), X, y)
    )
    assert "y is of size 1e-200 to 2e+200" in words
    assert "undefined" not in words
