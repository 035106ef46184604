"""POST /predict: one row or a batch, by position or by name."""

from typing import Any

import pytest

from tests.conftest import Api

NAMES = ["sepal_length", "sepal_width", "petal_length", "petal_width"]
SETOSA = [5.1, 3.5, 1.4, 0.2]
VIRGINICA = [6.3, 3.3, 6.0, 2.5]


@pytest.fixture
def iris(api: Api) -> Api:
    assert api.example("gauss_naive_bayes").status_code == 201
    return api


def named(row: list[float]) -> dict[str, float]:
    return dict(zip(NAMES, row, strict=True))


def test_one_row(iris: Api) -> None:
    answer = iris.predict("gauss_naive_bayes", 1, SETOSA)
    assert answer.status_code == 200
    assert answer.json == {
        "model_type": "gauss_naive_bayes",
        "model_id": 1,
        "prediction": "setosa",
    }


def test_the_id_is_0_where_none_is_given(api: Api) -> None:
    api.register("gauss_naive_bayes", 0, X=[[0], [1], [9], [10]], y=[True, True, False, False])
    answer = api.client.post("/predict", json={"model_type": "gauss_naive_bayes", "features": [0]})
    assert answer.json is not None
    assert answer.json["model_id"] == 0
    assert answer.json["prediction"] is True


def test_a_batch_in_the_same_order(iris: Api) -> None:
    answer = iris.predict("gauss_naive_bayes", 1, [VIRGINICA, SETOSA, VIRGINICA])
    assert answer.json is not None
    assert answer.json["predictions"] == ["virginica", "setosa", "virginica"]
    assert "prediction" not in answer.json


def test_a_batch_of_one_is_a_batch(iris: Api) -> None:
    answer = iris.predict("gauss_naive_bayes", 1, [SETOSA])
    assert answer.json is not None
    assert answer.json["predictions"] == ["setosa"]


def test_rows_by_name_in_any_order(iris: Api) -> None:
    backwards = dict(reversed(named(VIRGINICA).items()))
    answer = iris.predict("gauss_naive_bayes", 1, backwards)
    assert answer.json is not None
    assert answer.json["prediction"] == "virginica"
    answer = iris.predict("gauss_naive_bayes", 1, [named(SETOSA), backwards])
    assert answer.json is not None
    assert answer.json["predictions"] == ["setosa", "virginica"]


def test_probabilities_by_label(iris: Api) -> None:
    one = iris.predict("gauss_naive_bayes", 1, SETOSA, probabilities=True).json
    many = iris.predict("gauss_naive_bayes", 1, [SETOSA, VIRGINICA], probabilities=True).json
    assert one is not None
    assert many is not None
    assert list(one["probabilities"]) == ["setosa", "versicolor", "virginica"]
    assert sum(one["probabilities"].values()) == pytest.approx(1.0)
    assert one["probabilities"]["setosa"] > 0.99
    assert many["probabilities"][0] == one["probabilities"]
    assert many["probabilities"][1]["virginica"] > 0.99


@pytest.mark.parametrize(("labels", "keys"), [([3, 10], ["3", "10"]), ([False, True], None)])
def test_the_keys_of_probabilities_are_text(api: Api, labels: Any, keys: Any) -> None:
    api.register("gauss_naive_bayes", 1, X=[[0], [1], [9], [10]], y=labels[:1] * 2 + labels[1:] * 2)
    answer = api.predict("gauss_naive_bayes", 1, [0], probabilities=True).json
    assert answer is not None
    assert list(answer["probabilities"]) == (keys or ["false", "true"])


def test_where_there_are_no_probabilities_it_says_so(api: Api) -> None:
    api.example("linear_regression")
    row = [83.0, 234289, 2356, 1590, 107608, 1947]
    answer = api.predict("linear_regression", 1, row, probabilities=True)
    assert answer.status_code == 422
    assert answer.json is not None
    assert answer.json["errors"][0]["loc"] == ["probabilities"]


@pytest.mark.parametrize(
    ("features", "loc", "says"),
    [
        ([5.1, 3.5, 1.4], [], "3 values where the model was trained on 4 (sepal_length, "),
        ([], [], "0 values"),
        ([[5.1, 3.5, 1.4]], [], "3 values"),
        ([SETOSA, SETOSA[:3]], [1], "3 values where the model was trained on 4"),
        ([5.1, 3.5, None, 0.2], [2], "not null"),
        ([SETOSA, [5.1, "3.5", 1.4, 0.2]], [1, 1], "not the text '3.5'"),
        ([SETOSA, 5.1], [1], "each row must be a list"),
        ([SETOSA, named(SETOSA)], [1], "each row must be a list"),
        ([named(SETOSA), SETOSA], [1], "each row must be an object"),
        ("setosa", [], "a row"),
        (5.1, [], "a row"),
        (None, [], "a row"),
        ({}, ["sepal_length"], "missing"),
        (named(SETOSA) | {"sepal_width": True}, ["sepal_width"], "not true"),
        (named(SETOSA) | {"petal": 1}, ["petal"], "no feature 'petal'; known are: sepal_length"),
        ([5.1, 3.5, 10**400, 0.2], [2], "finite"),
    ],
)
def test_bad_features_are_said_with_their_place(
    iris: Api, features: Any, loc: list[Any], says: str
) -> None:
    answer = iris.predict("gauss_naive_bayes", 1, features)
    assert answer.status_code == 422
    assert answer.json is not None
    assert answer.json["errors"][0]["loc"] == ["features", *loc]
    assert says in answer.json["errors"][0]["msg"]


def test_names_need_a_model_that_knows_them(api: Api) -> None:
    api.register("gauss_naive_bayes", 1, X=[[0], [1], [9], [10]], y=[0, 0, 1, 1])
    answer = api.predict("gauss_naive_bayes", 1, {"a": 1})
    assert answer.status_code == 422
    assert answer.json is not None
    assert "registered without feature_names" in answer.json["detail"]


def test_the_models_own_refusals_are_placed_in_features(api: Api) -> None:
    api.example("multi_naive_bayes")
    row = [1.0] * 20
    row[3] = -1.0
    one = api.predict("multi_naive_bayes", 1, row).json
    many = api.predict("multi_naive_bayes", 1, [[1.0] * 20, row]).json
    assert one is not None
    assert many is not None
    assert one["errors"][0]["loc"] == ["features", 3]
    assert many["errors"][0]["loc"] == ["features", 1, 3]


def test_numbers_that_overflow_are_refused(iris: Api) -> None:
    answer = iris.predict("gauss_naive_bayes", 1, [1e308] * 4, probabilities=True)
    assert answer.status_code in (200, 422)
    assert b"NaN" not in answer.data
    assert b"Infinity" not in answer.data


@pytest.mark.parametrize(
    ("ask", "status", "name"),
    [
        ({"model_type": "gauss_naive_bayes", "model_id": 2}, 404, "unknown-model"),
        ({"model_type": "nix", "model_id": 1}, 404, "unknown-model-type"),
        ({"model_type": 1}, 422, "invalid-request"),
        ({"model_type": "gauss_naive_bayes", "model_id": True}, 422, "invalid-request"),
        ({"model_type": "gauss_naive_bayes", "probabilities": 1}, 422, "invalid-request"),
        ({"model_type": "gauss_naive_bayes", "rows": []}, 422, "invalid-request"),
    ],
)
def test_what_else_can_be_wrong(iris: Api, ask: dict[str, Any], status: int, name: str) -> None:
    answer = iris.client.post("/predict", json={"features": SETOSA} | ask)
    assert answer.status_code == status
    assert answer.json is not None
    assert answer.json["type"] == f"/problems/{name}"


@pytest.mark.parametrize("model_type", ["knn", "gauss_naive_bayes", "gmm"])
def test_every_row_that_is_too_large_is_told(api: Api, model_type: str) -> None:
    X = [[1, 2], [2, 1], [8, 9], [9, 8], [1, 1], [9, 9]]
    y = {"n_components": 2} if model_type == "gmm" else {"y": [0, 0, 1, 1, 0, 1]}
    assert api.register(model_type, 1, X=X, **y).status_code == 201
    rows = [[1, 2], [2, 1e308], [1e308, 2]]
    answer = api.predict(model_type, 1, rows, probabilities=True)
    assert answer.json is not None
    assert [one["loc"] for one in answer.json["errors"]] == [
        ["features", 1, 1],
        ["features", 2, 0],
    ]
    assert all("leave its row out" in one["msg"] for one in answer.json["errors"])
    assert api.predict(model_type, 1, rows[:1], probabilities=True).status_code == 200
