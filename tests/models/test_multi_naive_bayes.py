"""multi_naive_bayes against scikit-learn's MultinomialNB, and what it refuses."""

import re
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.datasets import load_breast_cancer, load_digits, load_iris, load_wine
from sklearn.model_selection import StratifiedKFold, cross_val_score
from sklearn.naive_bayes import MultinomialNB

from fitserve.errors import InvalidRequest
from fitserve.models.multi_naive_bayes import MultiNaiveBayes
from tests.models.data import split_for

LOADERS = {
    "iris": load_iris,
    "wine": load_wine,
    "breast_cancer": load_breast_cancer,
    "digits": load_digits,
}
datasets = pytest.mark.parametrize("name", LOADERS)


def load(name: str) -> tuple[Any, Any]:
    X, y = LOADERS[name](return_X_y=True)
    return X, y


def assert_as_scikit_learn(X: Any, y: Any, X_new: Any, **hyperparameters: Any) -> None:
    ours = MultiNaiveBayes.from_kwargs(hyperparameters).fit(X, y)
    theirs = MultinomialNB(**hyperparameters).fit(X, y)
    np.testing.assert_allclose(ours.feature_log_prob_, theirs.feature_log_prob_, rtol=0, atol=1e-9)
    np.testing.assert_allclose(ours.class_log_prior_, theirs.class_log_prior_, rtol=0, atol=1e-9)
    np.testing.assert_allclose(
        ours.predict_proba(X_new), theirs.predict_proba(X_new), rtol=0, atol=1e-9
    )
    assert ours.predict(X_new).tolist() == theirs.predict(X_new).tolist()


@datasets
@pytest.mark.parametrize(
    "hyperparameters",
    [{}, {"alpha": 0.01}, {"alpha": 50.0}, {"fit_prior": False}],
    ids=str,
)
def test_it_learns_what_scikit_learn_learns(name: str, hyperparameters: Any) -> None:
    X, y = load(name)
    assert_as_scikit_learn(X[::2], y[::2], X[1::2], **hyperparameters)


def test_priors_and_smoothing_may_be_given_one_by_one() -> None:
    X, y = load("iris")
    assert_as_scikit_learn(X, y, X, class_prior=[0.5, 0.2, 0.3], alpha=[0.0, 1.0, 20.0, 3.0])
    assert_as_scikit_learn(X, y, X, class_prior=[0.5, 0.2, 0.3], fit_prior=False)


@datasets
def test_its_accuracy_is_that_of_scikit_learn(name: str) -> None:
    X, y = load(name)
    folds = StratifiedKFold(5, shuffle=True, random_state=0)
    theirs = cross_val_score(MultinomialNB(), X, y, cv=folds).mean()
    ours = np.mean(
        [MultiNaiveBayes().fit(X[a], y[a]).score(X[b], y[b]) for a, b in folds.split(X, y)]
    )
    assert ours >= theirs - 0.005


@settings(derandomize=True, max_examples=60, deadline=None)
@given(
    seed=st.integers(0, 2**32 - 1),
    n=st.integers(3, 60),
    p=st.integers(1, 20),
    k=st.integers(2, 5),
    scale=st.sampled_from([1e-3, 1.0, 1e3]),
    alpha=st.sampled_from([1e-6, 0.5, 1.0, 30.0]),
)
def test_it_agrees_on_any_counts(
    seed: int, n: int, p: int, k: int, scale: float, alpha: float
) -> None:
    rng = np.random.default_rng(seed)
    X = rng.poisson(2.0, size=(n, p)) * scale
    y = np.concatenate([[0, 1], rng.integers(k, size=n - 2)])
    ours = MultiNaiveBayes(alpha=alpha).fit(X, y)
    theirs = MultinomialNB(alpha=alpha).fit(X, y)
    np.testing.assert_allclose(ours.feature_log_prob_, theirs.feature_log_prob_, rtol=0, atol=1e-9)
    np.testing.assert_allclose(ours.predict_proba(X), theirs.predict_proba(X), rtol=0, atol=1e-9)


def test_many_rows_and_classes_are_summed_in_blocks() -> None:
    rng = np.random.default_rng(0)
    y = np.concatenate([np.arange(300), rng.integers(300, size=700)])
    X = rng.poisson(3.0, size=(1000, 60)).astype(np.float64)
    assert_as_scikit_learn(X, y, X)


@settings(derandomize=True, max_examples=60, deadline=None)
@given(
    seed=st.integers(0, 2**32 - 1),
    n=st.integers(1, 40),
    p=st.integers(1, 70),
    k=st.integers(2, 9),
)
def test_classes_that_are_alike_tie_to_the_smallest(seed: int, n: int, p: int, k: int) -> None:
    X = np.random.default_rng(seed).uniform(0.0, 9.0, size=(n, p))
    model = MultiNaiveBayes().fit(np.repeat(X, k, axis=0), np.tile(np.arange(k), n))
    assert set(model.predict(X).tolist()) == {0}
    assert {int(model.predict(row[None])[0]) for row in X} == {0}
    assert set(model.predict_proba(X).argmax(axis=1).tolist()) == {0}


def test_huge_counts_are_learned_like_small_ones() -> None:
    split = split_for("classification")
    small = MultiNaiveBayes(alpha=1e-3).fit(split.X, split.y)
    for scale in (2.0**1000, 2.0**1018):  # sums of the latter do not fit
        huge = MultiNaiveBayes(alpha=1e-3 * scale).fit(split.X * scale, split.y)
        np.testing.assert_allclose(huge.feature_log_prob_, small.feature_log_prob_, atol=1e-12)
        assert huge.predict(split.X_new).tolist() == small.predict(split.X_new).tolist()
        # Rows of counts so large that their likelihoods do not fit; the prior means nothing.
        answer = huge.predict(split.X_new * scale)
        assert np.mean(answer == split.y_new) > 0.95
        p = huge.predict_proba(split.X_new * scale)
        assert p.argmax(axis=1).tolist() == answer.tolist()
        assert set(p.ravel().tolist()) == {0.0, 1.0}
        # A huge row does not change the answer for the row beside it.
        both = np.vstack([split.X_new[:1] * scale, split.X_new[1:2]])
        np.testing.assert_allclose(
            huge.predict_proba(both)[1:], huge.predict_proba(both[1:]), rtol=1e-12
        )


def test_negative_counts_are_located() -> None:
    split = split_for("classification")
    X = split.X.copy()
    X[3, 1], X[3, 4], X[5, 0] = -1.0, -0.5, -2.0
    with pytest.raises(InvalidRequest, match="negative -1") as caught:
        MultiNaiveBayes().fit(X, split.y)
    assert [fault.loc for fault in caught.value.faults] == [("X", 3, 1), ("X", 3, 4), ("X", 5, 0)]
    with pytest.raises(InvalidRequest) as caught:
        MultiNaiveBayes().fit(-1.0 - X, split.y)
    assert (len(caught.value.faults), caught.value.total) == (20, X.size - 3 + 1)
    model = MultiNaiveBayes().fit(split.X, split.y)
    for ask in (model.predict, model.predict_proba):
        with pytest.raises(InvalidRequest) as caught:
            ask(X)
        assert caught.value.faults[0].loc == ("X", 3, 1)
    assert model.predict(np.zeros((1, 6))).shape == (1,)


def test_alpha_0_is_refused_only_where_it_means_log_0() -> None:
    X = np.array([[1.0, 2.0], [3.0, 1.0], [2.0, 2.0], [5.0, 1.0]])
    y = [0, 1, 0, 1]
    model = MultiNaiveBayes(alpha=0.0).fit(X, y)
    np.testing.assert_allclose(np.exp(model.feature_log_prob_), [[3 / 7, 4 / 7], [0.8, 0.2]])
    X[[0, 2], 1] = 0.0
    for alpha in (0.0, [1.0, 0.0]):
        with pytest.raises(InvalidRequest, match=r"column 1 .* above 0") as caught:
            MultiNaiveBayes(alpha=alpha).fit(X, y)
        assert caught.value.faults[0].loc == ("alpha",)
    MultiNaiveBayes(alpha=[0.0, 1.0]).fit(X, y)


@pytest.mark.parametrize(
    ("hyperparameters", "located", "says"),
    [
        ({"alpha": -1.0}, "alpha", "one for each column"),
        ({"alpha": "abc"}, "alpha", "a number of at least 0, or a list with one for each column,"),
        ({"alpha": [1.0, -1.0]}, "alpha", "at least 0"),
        ({"alpha": [1.0, 1.0]}, "alpha", "give one for each, or one number for all"),
        ({"class_prior": 0.5}, "class_prior", "one for each class, .*, or leave it out"),
        ({"class_prior": [0.5, 0.5]}, "class_prior", r"each, such as \[0\..*, 0\..*\], or leave"),
        ({"class_prior": [0.5, 0.5, 0.0]}, "class_prior", "above 0"),
        ({"fit_prior": 1}, "fit_prior", "true"),
    ],
    ids=str,
)
def test_hyperparameters_that_do_not_fit_are_refused(
    hyperparameters: Any, located: str, says: str
) -> None:
    split = split_for("classification")
    with pytest.raises(InvalidRequest) as caught:
        MultiNaiveBayes.from_kwargs(hyperparameters).fit(split.X, split.y)
    assert caught.value.faults[0].loc[0] == located
    assert re.search(says, caught.value.faults[0].msg)
