"""What pictures tell of columns: coefficients, importance, normal curves, words; and of cells."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from sklearn.linear_model import LinearRegression as Reference
from sklearn.naive_bayes import GaussianNB

from fitserve.data.columns import Columns
from fitserve.data.encoding import CategoryEncoder, NumberEncoder, TextEncoder
from fitserve.evaluation.pictures import coefficients, curves, importance, words
from fitserve.evaluation.pictures.cells import ranked, table_columns
from fitserve.evaluation.pictures.subject import LeftOut
from fitserve.models.gauss_naive_bayes import GaussNaiveBayes
from fitserve.models.linear_regression import LinearRegression
from fitserve.models.logistic_regression import LogisticRegression
from fitserve.models.multi_naive_bayes import MultiNaiveBayes
from tests.evaluation.pictures.subjects import subject

RNG = np.random.default_rng(3)
SEXES = ["female", "male"]
COLUMNS = Columns(
    [
        NumberEncoder("mass", mean=4000.0, scale=800.0),
        CategoryEncoder("sex", SEXES),
        TextEncoder("note", ["large", "small"]),
        NumberEncoder("old", truths=True),
    ]
)


def table(n: int = 60) -> tuple[Any, Any]:
    """The matrix, and the column `mass` in its own units."""
    mass = RNG.normal(4000.0, 800.0, size=n)
    sex, notes = np.arange(n) % 2, RNG.poisson(1.0, size=(n, 2))
    X = np.column_stack(
        [(mass - 4000.0) / 800.0, sex == 0, sex == 1, notes, RNG.integers(2, size=n)]
    )
    return X.astype(float), mass


def blobs(n_classes: int, p: int = 4, n: int = 240) -> tuple[Any, Any]:
    y = np.arange(n) % n_classes
    return RNG.normal(size=(n, p)) * [1, 10, 1, 1] + 2.0 * np.eye(n_classes, p)[y], y


# ------------------------------------------------------------------------------------ cells


def test_cells_are_told_as_they_were_sent() -> None:
    X, mass = table()
    of = subject(LinearRegression().fit(X, mass), X, mass, columns=COLUMNS)
    by_name = {column.name: column for column in table_columns(of)}
    np.testing.assert_allclose(by_name["mass"].cells(X), mass, rtol=1e-11)
    assert by_name["sex"].cells(X[:3]) == ["female", "male", "female"]
    assert by_name["sex"].cells(np.zeros((1, 6))) == [None]
    assert by_name["note"].cells(X[:2]) == [None, None]
    assert by_name["old"].cells(np.eye(6)[[5, 0]]) == [True, False]


def test_columns_rank_by_importance_or_by_what_they_part() -> None:
    X, mass = table()
    of = subject(LinearRegression().fit(X, mass), X, mass, columns=COLUMNS)
    assert ranked(of)[0].name == "mass"
    found = [{"column": name, "mean": float(name == "note"), "std": 0.0} for name in COLUMNS.names]
    assert ranked(replace(of, described={"training": {"importance": found}}))[0].name == "note"
    assert [one.name for one in ranked(replace(of, sample=None))] == COLUMNS.names


# ----------------------------------------------------------------------------- coefficients


def test_coefficients_are_per_deviation_and_in_the_tables_units() -> None:
    X, mass = table()
    y = 3.0 * mass + 50.0 * X[:, 2] + 7.0 * X[:, 5] + RNG.normal(size=len(mass))
    model = LinearRegression().fit(X, y)
    found = coefficients.picture(subject(model, X, y, columns=COLUMNS))
    assert found is not None
    reference = Reference().fit(np.column_stack([mass, X[:, 1:]]), y).coef_
    by_name = {one["column"]: one for one in found["columns"]}
    assert set(by_name) == {"mass", "sex=female", "sex=male", "old"}  # no words
    assert by_name["mass"]["own"][0] == pytest.approx(reference[0], rel=1e-4)
    assert by_name["mass"]["per_deviation"][0] == pytest.approx(reference[0] * mass.std(), rel=1e-3)
    male, female = by_name["sex=male"]["own"][0], by_name["sex=female"]["own"][0]
    assert male - female == pytest.approx(50.0, abs=1.0)
    assert by_name["sex=male"]["kind"] == "category"
    assert found["columns"][0]["column"] == "mass"
    assert found["measured"]
    assert found["classes"] is None


def test_without_rows_coefficients_are_in_own_units_alone() -> None:
    X, y = blobs(2)
    of = replace(subject(LogisticRegression().fit(X, y), X, y), sample=None)
    found = coefficients.picture(of)
    assert found is not None
    assert not found["measured"]
    assert found["columns"][0]["per_deviation"] is None


@pytest.mark.parametrize("n_classes", [2, 3, 10])
def test_of_classes_there_is_a_coefficient_each_but_of_two(n_classes: int) -> None:
    X, y = blobs(n_classes)
    model = LogisticRegression().fit(X, y)
    found = coefficients.picture(subject(model, X, y))
    assert found is not None
    each = {2: 1, 3: 3, 10: 7}[n_classes]
    assert all(len(one["own"]) == each for one in found["columns"])
    assert len(found["classes"]) == max(each, 2)
    first = next(one for one in found["columns"] if one["column"] == "c0")
    coef = model.state()["coef_"]
    rows = [0] if n_classes == 2 else found["classes"]
    np.testing.assert_allclose(first["own"], coef[rows, 0], rtol=1e-4)


def test_the_twelve_that_do_most_are_told() -> None:
    X = RNG.normal(size=(80, 20))
    y = X @ np.arange(20.0)
    found = coefficients.picture(subject(LinearRegression().fit(X, y), X, y))
    assert found is not None
    assert len(found["columns"]) == 12
    assert found["n_columns"] == 20
    assert {one["column"] for one in found["columns"]} <= {f"c{j}" for j in range(5, 20)}
    assert coefficients.picture(subject(GaussNaiveBayes().fit(*blobs(2)), *blobs(2))) is None


# ------------------------------------------------------------------------------- importance


def test_importance_is_told_by_size_and_thirty_at_most() -> None:
    X, y = blobs(2)
    of = subject(GaussNaiveBayes().fit(X, y), X, y)
    assert importance.picture(of) is None
    many = [{"column": f"c{j}", "mean": float(j % 40), "std": 0.1} for j in range(50)]
    told = {"training": {"metric": "accuracy", "importance": many}}
    found = importance.picture(replace(of, described=told))
    assert found is not None
    means = [one["mean"] for one in found["columns"]]
    assert means == sorted(means, reverse=True)
    assert (len(means), found["n_columns"]) == (30, 50)
    in_vain = {"training": {"metric": "accuracy", "importance": None}}
    with pytest.raises(LeftOut, match="no time"):
        importance.picture(replace(of, described=in_vain))
    undefined = [{"column": "c0", "mean": None, "std": None}]
    nothing = {"training": {"metric": "r2", "importance": undefined}}
    assert importance.picture(replace(of, described=nothing)) is None


# ----------------------------------------------------------------------------------- curves


def test_curves_are_scikit_learns_means_and_deviations_in_the_tables_units() -> None:
    X, _ = table()
    y = np.arange(len(X)) % 3
    model = GaussNaiveBayes().fit(X, y)
    found = curves.picture(subject(model, X, y, columns=COLUMNS))
    assert found is not None
    reference = GaussianNB().fit(X, y)
    by_name = {one["column"]: one for one in found["columns"]}
    assert set(by_name) == {"mass", "old"}
    mean, deviation = reference.theta_[:, 0], np.sqrt(reference.var_[:, 0])
    np.testing.assert_allclose(by_name["mass"]["mean"], 4000.0 + 800.0 * mean, rtol=1e-4)
    np.testing.assert_allclose(by_name["mass"]["deviation"], 800.0 * deviation, rtol=1e-4)
    assert found["labels"] == [0, 1, 2]


def test_the_curves_that_part_the_classes_come_first_and_twelve_at_most() -> None:
    X, y = RNG.normal(size=(200, 15)), np.arange(200) % 2
    X[:, 9] += 4.0 * y
    of = subject(GaussNaiveBayes().fit(X, y), X, y)
    for one in (of, replace(of, sample=None, described={"training": {}})):
        found = curves.picture(one)
        assert found is not None
        assert found["columns"][0]["column"] == "c9"
        assert (len(found["columns"]), found["n_columns"]) == (12, 15)
    X, y = RNG.normal(size=(200, 2)), np.arange(200) % 10
    many = curves.picture(subject(GaussNaiveBayes().fit(X, y), X, y))
    assert many is not None
    assert len(many["columns"][0]["mean"]) == len(many["labels"]) == 7


# ------------------------------------------------------------------------------------ words


def texts(n: int = 90) -> tuple[Any, Any]:
    y = np.arange(n) % 3
    X = RNG.poisson(0.5 + 4.0 * np.eye(3, 6)[y]).astype(float)
    X[:, 5] = 0.0
    X[:2, 5] = 2.0  # 4 times in all
    return X, y


WORDS = Columns([TextEncoder("body", ["a", "b", "c", "d", "e", "rare"])])


def test_words_are_as_many_times_as_often_as_in_the_other_classes() -> None:
    X, y = texts()
    found = words.picture(subject(MultiNaiveBayes().fit(X, y), X, y, columns=WORDS))
    assert found is not None
    assert found["measure"] == "ratio"
    for k in range(3):
        counts = np.array([X[y == c].sum(axis=0) + 1.0 for c in range(3)])
        shares = counts / counts.sum(axis=1, keepdims=True)
        others = np.delete(shares, k, axis=0).mean(axis=0)  # the classes are as large
        best = found["classes"][k][0]
        assert best["word"] == "abc"[k]
        assert best["value"] == pytest.approx((shares[k] / others)[k], rel=1e-4)
        values = [one["value"] for one in found["classes"][k]]
        assert values == sorted(values, reverse=True)
        assert min(values) > 1.0


@pytest.mark.parametrize("n", [90, 3000])
def test_words_that_are_rare_are_left_out_where_there_are_others(n: int) -> None:
    X, y = texts(n)
    wide = np.column_stack([X[:, :5]] * 3 + [X[:, 5]])
    names = [f"{word}{k}" for k in range(3) for word in "abcde"] + ["rare"]
    columns = Columns([TextEncoder("body", names)])
    found = words.picture(subject(MultiNaiveBayes().fit(wide, y), wide, y, columns=columns))
    assert found is not None
    assert found["rare"] == words.RARE
    assert "rare" not in {one["word"] for k in found["classes"] for one in k}
    few = words.picture(subject(MultiNaiveBayes().fit(X, y), X, y, columns=WORDS))
    assert few is not None
    assert few["rare"] is None


@pytest.mark.parametrize("n_classes", [2, 3])
def test_linear_types_tell_the_weights_of_words(n_classes: int) -> None:
    X, y = texts()
    y = y % n_classes
    model = LogisticRegression().fit(X, y)
    found = words.picture(subject(model, X, y, columns=WORDS))
    assert found is not None
    coef = model.state()["coef_"]
    weights = np.vstack([-coef, coef]) if n_classes == 2 else coef
    for k, told in enumerate(found["classes"]):
        assert told[0]["value"] == pytest.approx(weights[k].max(), rel=1e-4)
    assert found["measure"] == "weight"
    assert words.picture(subject(model, X, y)) is None  # no text
    assert words.picture(subject(MultiNaiveBayes().fit(X, y), X, y)) is not None
