"""Scores of tables against scikit-learn's pipelines: what is learned of columns never leaks."""

from typing import Any

import numpy as np
import pytest
from sklearn.compose import ColumnTransformer
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LinearRegression
from sklearn.model_selection import cross_val_score
from sklearn.naive_bayes import GaussianNB, MultinomialNB
from sklearn.neighbors import KNeighborsClassifier, KNeighborsRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

from fitserve.evaluation.folds import k_fold
from tests.conftest import Api

N = 90
RNG = np.random.default_rng(3)
SPECIES = np.array(["a", "b", "c"], dtype=object)[RNG.permutation(np.arange(N) % 3)]
SIZE = RNG.lognormal(mean=(SPECIES == "b") + 0.5, sigma=1.5)
GAPS = RNG.random(N) < 0.4
ISLAND = np.where(RNG.random(N) < 0.6, SPECIES, "d").astype(object)
# How often each word stands in all texts differs, so that the most frequent are the same ones.
VOCABULARY = [f"word{i}" for i in range(12)]
TEXTS = [
    " ".join(word for i, word in enumerate(VOCABULARY) if RNG.random() < (12 - i) / 13)
    + (" special" if species == "a" else " usual")
    for species in SPECIES
]
TABLE = {
    "size": [None if gap else float(size) for gap, size in zip(GAPS, SIZE, strict=True)],
    "island": ISLAND.tolist(),
    "weight": (1000.0 * RNG.normal(size=N) + 3000.0 * (SPECIES == "c")).tolist(),
}
CELLS = np.column_stack([np.where(GAPS, np.nan, SIZE), ISLAND, TABLE["weight"]]).astype(object)

NUMBERS = make_pipeline(SimpleImputer(strategy="median"), StandardScaler())
COLUMNS = ColumnTransformer(
    [
        ("size", NUMBERS, [0]),
        ("island", OneHotEncoder(handle_unknown="ignore", sparse_output=False), [1]),
        ("weight", StandardScaler(), [2]),
    ]
)


def scores(api: Api, model_type: str, **kwargs: Any) -> Any:
    answer = api.register(model_type, 1, cv=5, **kwargs)
    assert answer.status_code == 201, answer.json
    return answer.json["training"]["validation"]["scores"]  # type: ignore[index]


def folds(codes: Any) -> Any:
    return [(np.delete(np.arange(N), test), test) for test in k_fold(N, 5, 0, codes)]


@pytest.mark.parametrize(
    ("model_type", "estimator"),
    [("knn", KNeighborsClassifier()), ("gauss_naive_bayes", GaussianNB())],
)
def test_imputing_and_scaling_are_learned_in_each_fold(
    api: Api, model_type: str, estimator: Any
) -> None:
    ours = scores(api, model_type, X=TABLE, y=SPECIES.tolist(), missing="impute", standardize=True)
    parts = folds(np.searchsorted(["a", "b", "c"], SPECIES.astype(str)))
    expected = cross_val_score(make_pipeline(COLUMNS, estimator), CELLS, SPECIES.tolist(), cv=parts)
    np.testing.assert_allclose(ours, expected, rtol=1e-12)


def test_imputing_before_the_split_would_give_another_score(api: Api) -> None:
    y = np.where(GAPS, 0.0, SIZE) + RNG.normal(size=N)
    table = {"size": TABLE["size"], "weight": TABLE["weight"]}
    ours = scores(
        api, "linear_regression", X=table, y=y.tolist(), missing="impute", standardize=True
    )
    learned = ColumnTransformer([("size", NUMBERS, [0]), ("weight", StandardScaler(), [2])])
    whole = make_pipeline(learned, LinearRegression())
    np.testing.assert_allclose(ours, cross_val_score(whole, CELLS, y, cv=folds(None)), rtol=1e-9)
    leaked = cross_val_score(LinearRegression(), learned.fit_transform(CELLS), y, cv=folds(None))
    assert np.abs(leaked - ours).max() > 1e-3


def test_scaling_before_the_split_would_give_another_score(api: Api) -> None:
    y = SIZE + (SPECIES == "c")
    table = {"size": SIZE.tolist(), "weight": TABLE["weight"]}
    X = np.column_stack(list(table.values()))
    ours = scores(api, "knn", X=table, y=y.tolist(), standardize=True, task="regression")
    whole = make_pipeline(StandardScaler(), KNeighborsRegressor())
    np.testing.assert_allclose(ours, cross_val_score(whole, X, y, cv=folds(None)), rtol=1e-12)
    leaked = cross_val_score(
        KNeighborsRegressor(), StandardScaler().fit_transform(X), y, cv=folds(None)
    )
    assert np.abs(leaked - ours).max() > 1e-6


def test_counting_words_before_the_split_would_give_another_score(api: Api) -> None:
    table = {"body": TEXTS}
    words = {"kinds": {"body": "text"}, "max_words": 4, "alpha": 0.1}
    ours = scores(api, "multi_naive_bayes", X=table, y=SPECIES.tolist(), **words)
    parts = folds(np.searchsorted(["a", "b", "c"], SPECIES.astype(str)))
    whole = make_pipeline(CountVectorizer(max_features=4), MultinomialNB(alpha=0.1))
    y = SPECIES.tolist()
    np.testing.assert_allclose(ours, cross_val_score(whole, TEXTS, y, cv=parts), rtol=1e-12)
    leaked = CountVectorizer(max_features=4).fit_transform(TEXTS)
    assert cross_val_score(MultinomialNB(alpha=0.1), leaked, y, cv=parts).tolist() != ours


def test_a_column_of_categories_or_words_is_shuffled_whole(api: Api) -> None:
    """Importance is told of the table's columns, at /register and at /evaluate."""
    table = TABLE | {"body": TEXTS}
    asked = {"missing": "impute", "kinds": {"body": "text"}, "unknown": "ignore"}
    answer = api.register(
        "multi_naive_bayes", 1, X={"island": TABLE["island"], "body": TEXTS},
        y=SPECIES.tolist(), kinds={"body": "text"}, holdout=0.5, importance=True,
    )  # fmt: skip
    assert answer.status_code == 201, answer.json
    told = answer.json["training"]["importance"]  # type: ignore[index]
    assert [one["column"] for one in told] == ["island", "body"]
    assert api.register("knn", 2, X=table, y=SPECIES.tolist(), **asked).status_code == 201
    ask = {"model_type": "knn", "model_id": 2, "features": table, "y": SPECIES.tolist()}
    evaluated = api.client.post("/evaluate", json=ask | {"importance": True}).json
    assert [one["column"] for one in evaluated["importance"]] == list(table)  # type: ignore[index]
    assert max(evaluated["importance"], key=lambda one: one["mean"])["column"] == "weight"  # type: ignore[index]


def test_what_a_fold_cannot_learn_of_a_column_is_said_of_the_fold(api: Api) -> None:
    table = {"a": list(range(12)), "b": ["word here", *["z"] * 11]}
    kwargs = {"X": table, "y": ["a", "b"] * 6, "kinds": {"b": "text"}}
    answer = api.register("knn", 1, cv=3, n_neighbors=2, **kwargs)
    assert answer.status_code == 422
    assert "when validating on fold" in answer.json["detail"]  # type: ignore[index]
    assert api.register("knn", 1, n_neighbors=2, **kwargs).status_code == 201
