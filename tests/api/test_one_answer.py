"""A model that answers the same whatever it is asked says so, and what to send instead helps."""

import re
from typing import Any

import numpy as np
import pytest

from fitserve.models import catalog
from tests.conftest import Api

SUPERVISED = {name: cls for name, cls in catalog().items() if cls.supervised()}
LEVEL: dict[str, Any] = {
    "perceptron": [{"penalty": "l1", "alpha": 1e9}],
    "svm": [{"C": 1e-20}, {"lam": 1e20}, {"lam": 1e20, "loss": "hinge"}],
    "logistic_regression": [{"C": 1e-20}],
    "linear_regression": [{"alpha": 1e9}, {"alpha": 1e20}],
    "gauss_naive_bayes": [{"var_smoothing": 1e20}, {"priors": [1.0, 1e-300, 1e-300]}],
    "multi_naive_bayes": [{"alpha": 1e20}, {"class_prior": [1.0, 1e-300, 1e-300]}],
    "knn": [{"k": 9}, {"n_neighbors": 9}],
    "decision_tree": [
        *({"min_samples_leaf": least} for least in (5, 100)),
        *({"min_samples_split": least} for least in (10, 1000)),
        {"min_samples_split": 100, "min_samples_leaf": 100},
        {"min_impurity_decrease": 500.0},
    ],
}
CASES = [(name, given) for name, all_given in LEVEL.items() for given in all_given]
X = [[1, 2], [2, 1], [1, 1], [5, 5], [6, 5], [5, 6], [9, 1], [9, 2], [8, 1]]
LABELS, NUMBERS = list("aaabbbccc"), [a + b / 2 for a, b in X]


def same(advice: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [one for one in advice if re.search("[Ee]very answer|lets the columns", one["words"])]


def test_each_supervised_type_is_here() -> None:
    assert LEVEL.keys() == SUPERVISED.keys()


@pytest.mark.parametrize(("name", "given"), CASES, ids=map(str, CASES))
def test_what_makes_all_answers_the_same_is_named_and_mended(
    name: str, given: dict[str, Any], api: Api
) -> None:
    tasks = SUPERVISED[name].tasks
    for task in tasks:
        y = LABELS if task == "classification" else NUMBERS
        body = {"X": X, "y": y, **given}
        trained = api.register(name, 1, **body).json
        assert trained is not None
        (advice,) = same(trained["advice"])
        assert advice["set"].keys() & given.keys()
        assert all(one in advice["words"] for one in advice["set"])
        obeyed = {**body, **advice["set"]}
        api.client.delete(f"/models/{name}/1")
        mended = api.register(name, 1, **{k: v for k, v in obeyed.items() if v is not None}).json
        assert mended is not None
        assert not same(mended["advice"])
        assert mended["training"]["score"] > trained["training"]["score"] + 0.1
        api.client.delete(f"/models/{name}/1")


@pytest.mark.parametrize("name", sorted(SUPERVISED))
def test_rows_that_are_told_apart_are_not_advised_of(name: str, api: Api) -> None:
    y = LABELS if SUPERVISED[name].tasks[0] == "classification" else NUMBERS
    k = {"n_neighbors": 3} if name == "knn" else {}
    answer = api.register(name, 1, X=X, y=y, **k)
    assert answer.status_code == 201
    assert answer.json is not None
    assert not same(answer.json["advice"])


def test_columns_that_tell_nothing_are_named_where_no_hyperparameter_is_it(api: Api) -> None:
    rng = np.random.default_rng(0)
    rows = rng.integers(0, 2, size=(400, 1)).tolist()
    y = ["a" if i % 3 else "b" for i in range(400)]
    answer = api.register("logistic_regression", 1, X=rows, y=y)
    assert answer.json is not None
    (advice,) = same(answer.json["advice"])
    assert "X tells logistic_regression nothing of y" in advice["words"]
    assert advice["set"] is None or not advice["set"]


def test_a_sample_of_many_rows_is_not_taken_for_all(api: Api) -> None:
    rows = [[i] for i in range(2500)]
    y = ["b" if i == 1 else "a" for i in range(2500)]
    answer = api.register("decision_tree", 1, X=rows, y=y)
    assert answer.json is not None
    assert not same(answer.json["advice"])


@pytest.mark.parametrize("scale", [1e-300, 1e-8, 1e200, 1e300])
@pytest.mark.parametrize("column", [0, 1])
def test_a_column_that_is_all_that_is_counted_is_brought_to_the_scale_of_the_others(
    column: int, scale: float, api: Api
) -> None:
    rows = [[5.0, 1.0], [6.0, 1.0], [5.0, 2.0], [1.0, 6.0], [2.0, 6.0], [1.0, 5.0]]
    wide = [[cell * scale if j == column else cell for j, cell in enumerate(row)] for row in rows]
    answer = api.register("multi_naive_bayes", 1, X=wide, y=list("aaabbb"))
    assert answer.json is not None
    (words,) = (one["words"] for one in answer.json["advice"] if "very answer" in one["words"])
    found = re.search(r"(divide it|multiply the others) by (\S+)\.$", words)
    assert found is not None
    large = column if scale > 1.0 else 1 - column
    divide, by = found[1] == "divide it", float(found[2])
    mended = [
        [
            cell / by if divide and j == large else cell * by if not divide and j != large else cell
            for j, cell in enumerate(row)
        ]
        for row in wide
    ]
    again = api.register("multi_naive_bayes", 2, X=mended, y=list("aaabbb"))
    assert again.json is not None
    assert again.json["training"]["score"] == 1.0
