"""Gaussian naive Bayes against scikit-learn's."""

import re
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.datasets import load_breast_cancer, load_digits, load_iris, load_wine
from sklearn.model_selection import StratifiedKFold
from sklearn.naive_bayes import GaussianNB as Reference

from fitserve.errors import InvalidRequest
from fitserve.models import gauss_naive_bayes
from fitserve.models.gauss_naive_bayes import GaussNaiveBayes, class_moments

DATA = {
    "iris": load_iris(return_X_y=True),
    "wine": load_wine(return_X_y=True),
    "breast_cancer": load_breast_cancer(return_X_y=True),
    "digits": load_digits(return_X_y=True),
}
every_set = pytest.mark.parametrize("name", DATA)


def relative(joint: Any) -> Any:
    """Log-probabilities less that of the likeliest class: what they are up to a constant."""
    return joint - joint.max(axis=1, keepdims=True)


@every_set
@pytest.mark.parametrize("var_smoothing", [1e-9, 1e-2, 10.0])
def test_log_probabilities_are_scikit_learns(name: str, var_smoothing: float) -> None:
    X, y = DATA[name]
    model = GaussNaiveBayes(var_smoothing=var_smoothing).fit(X, y)
    reference = Reference(var_smoothing=var_smoothing).fit(X, y)
    expected = relative(reference.predict_joint_log_proba(X))
    np.testing.assert_allclose(relative(model._joint(X)), expected, rtol=1e-9, atol=1e-9)
    np.testing.assert_allclose(model.predict_proba(X), reference.predict_proba(X), atol=1e-9)
    assert model.predict(X).tolist() == reference.predict(X).tolist()


@every_set
def test_what_is_learned_is_scikit_learns(name: str) -> None:
    X, y = DATA[name]
    model, reference = GaussNaiveBayes().fit(X, y), Reference().fit(X, y)
    np.testing.assert_allclose(model.class_prior_, reference.class_prior_, rtol=1e-12)
    np.testing.assert_allclose(model.centre_ + model.shift_, reference.theta_, atol=1e-11)
    np.testing.assert_allclose(model.precision_root_**-2.0, reference.var_, rtol=1e-9)


@every_set
def test_five_fold_scores_are_scikit_learns(name: str) -> None:
    X, y = DATA[name]
    ours: list[Any] = []
    theirs = []
    for train, test in StratifiedKFold(5, shuffle=True, random_state=0).split(X, y):
        ours.append(GaussNaiveBayes().fit(X[train], y[train]).score(X[test], y[test]))
        theirs.append(Reference().fit(X[train], y[train]).score(X[test], y[test]))
    assert np.mean(ours) >= np.mean(theirs) - 0.005


def test_priors_are_taken_as_given() -> None:
    X, y = DATA["iris"]
    priors = [0.7, 0.2, 0.1]
    model = GaussNaiveBayes(priors=priors).fit(X, y)
    reference = Reference(priors=priors).fit(X, y)
    np.testing.assert_allclose(model.predict_proba(X), reference.predict_proba(X), atol=1e-9)
    assert model.class_prior_.tolist() == priors
    never = GaussNaiveBayes(priors=[0.5, 0.0, 0.5]).fit(X, y)
    assert set(never.predict(X).tolist()) == {0, 2}
    assert (never.predict_proba(X)[:, 1] == 0.0).all()


@pytest.mark.parametrize(
    ("priors", "message"),
    [
        (
            [0.5, 0.5],
            r"2 priors for 3 classes; .* such as \[0.333333, 0.333333, 0.333333\], or leave",
        ),
        ([0.5, 0.4, 0.2], "sum to 1, not 1.1"),
        ([0.3, 0.3, 0.3], "sum to 1, not 0.9"),
    ],
)
def test_priors_that_do_not_fit_are_refused(priors: list[float], message: str) -> None:
    with pytest.raises(InvalidRequest, match=message) as caught:
        GaussNaiveBayes(priors=priors).fit(*DATA["iris"])
    assert caught.value.faults[0].loc == ("priors",)


@pytest.mark.parametrize("priors", [[-0.5, 1.5], [1.0], [], ["a", "b"], [None, 1.0], 0.5])
def test_priors_that_are_no_probabilities_are_refused(priors: Any) -> None:
    with pytest.raises(InvalidRequest) as caught:
        GaussNaiveBayes.from_kwargs({"priors": priors})
    assert caught.value.faults[0].loc[0] == "priors"
    if not isinstance(priors, list):
        said = "a list with one for each class, that sum to 1, .*, or leave it out"
        assert re.match(said, caught.value.faults[0].msg)


def test_a_column_that_is_constant_in_a_class_needs_smoothing() -> None:
    X, y = [[0.0, 1.0], [0.0, 2.0], [1.0, 3.0], [2.0, 4.0]], ["a", "a", "b", "b"]
    with pytest.raises(InvalidRequest, match="var_smoothing is 0; give a larger one") as caught:
        GaussNaiveBayes(var_smoothing=0.0).fit(X, y)
    assert caught.value.faults[0].loc == ("var_smoothing",)
    assert GaussNaiveBayes().fit(X, y).score(X, y) == 1.0


def test_a_row_out_of_reach_is_refused() -> None:
    model = GaussNaiveBayes().fit(*DATA["iris"])
    for ask in (model.predict, model.predict_proba):
        with pytest.raises(InvalidRequest, match="far from what the model was"):
            ask(np.full((1, 4), 1e200))


@every_set
def test_an_offset_costs_no_digits(name: str) -> None:
    X, y = DATA[name]
    X = np.rint(X * 64) / 64
    plain, far = GaussNaiveBayes().fit(X, y), GaussNaiveBayes().fit(X + 1e8, y)
    np.testing.assert_allclose(
        relative(far._joint(X + 1e8)), relative(plain._joint(X)), rtol=1e-9, atol=1e-9
    )


@every_set
@pytest.mark.parametrize("exponent", [-990, -500, 330, 500, 1000])
def test_scale_changes_nothing(name: str, exponent: int) -> None:
    X, y = DATA[name]
    scaled = X * 2.0**exponent
    plain, model = GaussNaiveBayes().fit(X, y), GaussNaiveBayes().fit(scaled, y)
    np.testing.assert_allclose(
        relative(model._joint(scaled)), relative(plain._joint(X)), rtol=1e-9, atol=1e-9
    )


def test_a_column_may_have_a_scale_of_its_own() -> None:
    X, y = DATA["iris"]
    uneven = X * np.array([1.0, 2.0**-700, 2.0**700, 2.0**300])
    plain = GaussNaiveBayes(var_smoothing=0.0).fit(X, y)
    model = GaussNaiveBayes(var_smoothing=0.0).fit(uneven, y)
    np.testing.assert_allclose(model.predict_proba(uneven), plain.predict_proba(X), atol=1e-12)
    smooth = GaussNaiveBayes().fit(uneven, y)  # smoothing leaves the widest column alone
    alone = GaussNaiveBayes().fit(X[:, 2:3], y)
    assert smooth.predict(uneven).tolist() == alone.predict(X[:, 2:3]).tolist()


def test_ties_go_to_the_smallest_label() -> None:
    model = GaussNaiveBayes().fit([[-3.0], [-1.0], [1.0], [3.0]], [7, 7, 4, 4])
    assert model.predict([[0.0]]).tolist() == [4]


def test_rows_in_many_blocks_are_the_same_rows(monkeypatch: pytest.MonkeyPatch) -> None:
    X, y = DATA["digits"]
    model = GaussNaiveBayes().fit(X, y)
    whole = model._joint(X)
    monkeypatch.setattr(gauss_naive_bayes, "CELLS", 1000)
    assert np.array_equal(model._joint(X), whole)
    again = GaussNaiveBayes().fit(X, y)
    np.testing.assert_allclose(again.precision_root_, model.precision_root_, rtol=1e-10)
    assert np.array_equal(np.concatenate([model._joint(row[None, :]) for row in X]), whole)


@settings(max_examples=50, deadline=None, derandomize=True)
@given(
    n=st.integers(4, 400),
    p=st.integers(1, 6),
    k=st.integers(2, 5),
    offset=st.sampled_from([0.0, 1.0, 1e6]),
    seed=st.integers(0, 2**16),
)
def test_moments_are_those_of_the_classes(n: int, p: int, k: int, offset: float, seed: int) -> None:
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(n, p)) * rng.uniform(0.1, 10.0, size=p) + offset
    y = np.unique(rng.integers(k, size=n), return_inverse=True)[1]
    centre, shift, variance, widest = class_moments(X, y, np.bincount(y))
    for code in range(y.max() + 1):
        np.testing.assert_allclose(centre + shift[code], X[y == code].mean(axis=0), atol=1e-8)
        np.testing.assert_allclose(variance[code], X[y == code].var(axis=0), rtol=1e-8, atol=1e-16)
    np.testing.assert_allclose(widest, X.var(axis=0), rtol=1e-8)
