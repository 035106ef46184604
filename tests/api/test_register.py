"""POST /register: trains before it answers, and what it refuses changes nothing."""

from typing import Any

import numpy as np
import pytest
from flask import Flask

from fitserve.models import catalog
from fitserve.storage.store import Key
from tests.conftest import Api

X = [[0.0, 1.0], [0.5, 1.5], [8.0, 9.0], [8.5, 9.5]]


def test_it_answers_201_with_the_description_and_its_place(api: Api) -> None:
    answer = api.register("gauss_naive_bayes", 7, X=X, y=["a", "a", "b", "b"])
    assert answer.status_code == 201
    assert answer.headers["Location"] == "/models/gauss_naive_bayes/7"
    told = answer.json
    assert told is not None
    assert told["status"] == "ready"
    assert told["created"].endswith("Z")
    assert (told["n_samples"], told["n_features"], told["feature_names"]) == (4, 2, None)
    assert told["classes"] == ["a", "b"]
    assert told["hyperparameters"]["var_smoothing"] == 1e-9
    training = told["training"]
    assert set(training) == {
        "seconds",
        "score",
        "metric",
        "n_iter",
        "converged",
        "loss_curve",
    }
    assert (training["score"], training["metric"], training["converged"]) == (1.0, "accuracy", True)
    assert api.client.get(answer.headers["Location"]).json == told


def test_a_taken_id_is_refused_and_the_model_stays_as_it_was(api: Api) -> None:
    first = api.register("gauss_naive_bayes", 1, X=X, y=[0, 0, 1, 1]).json
    again = api.register("gauss_naive_bayes", 1, X=X, y=["x", "x", "y", "y"])
    assert again.status_code == 409
    assert again.json is not None
    assert again.json["type"] == "/problems/model-exists"
    assert api.client.get("/models/gauss_naive_bayes/1").json == first


def test_the_same_id_of_another_type_is_another_model(api: Api) -> None:
    assert api.register("gauss_naive_bayes", 1, X=X, y=[0, 0, 1, 1]).status_code == 201
    assert api.register("knn", 1, X=X, y=[0, 0, 1, 1], k=1).status_code == 201


def test_a_registration_that_fails_frees_its_id(api: Api) -> None:
    assert api.register("gauss_naive_bayes", 1, X=X, y=[1, 1, 1, 1]).status_code == 422
    assert api.client.get("/models/gauss_naive_bayes/1").status_code == 404
    assert api.client.get("/models").json == {"models": [], "next": None}
    assert api.register("gauss_naive_bayes", 1, X=X, y=[0, 0, 1, 1]).status_code == 201


def test_an_unknown_type_is_told_the_known_ones(api: Api) -> None:
    answer = api.register("random_forest", 1, X=X, y=[0, 0, 1, 1])
    assert answer.status_code == 404
    assert answer.json is not None
    assert answer.json["type"] == "/problems/unknown-model-type"
    assert "gauss_naive_bayes" in answer.json["detail"]


@pytest.mark.parametrize("model_id", [-1, 2**53, 1.0, "1", True, None, [1]])
def test_an_id_is_an_int_that_json_keeps_exact(api: Api, model_id: Any) -> None:
    answer = api.register("gauss_naive_bayes", model_id, X=X, y=[0, 0, 1, 1])
    assert answer.status_code == 422
    assert answer.json is not None
    assert answer.json["errors"][0]["loc"] == ["model_id"]


@pytest.mark.parametrize("model_id", [0, 2**53 - 1])
def test_the_first_and_last_id(api: Api, model_id: int) -> None:
    assert api.register("gauss_naive_bayes", model_id, X=X, y=[0, 0, 1, 1]).status_code == 201
    answer = api.predict("gauss_naive_bayes", model_id, X[0])
    assert answer.json == {
        "model_type": "gauss_naive_bayes",
        "model_id": model_id,
        "prediction": 0,
    }


@pytest.mark.parametrize(
    ("kwargs", "loc", "says"),
    [
        ({"y": [0, 1]}, ["X"], "X is needed"),
        ({"X": X}, ["y"], "needs y"),
        ({"X": X, "y": [0, 1]}, ["y"], "2 values where X has 4 rows"),
        ({"X": [[1, 2], [3]], "y": [0, 1]}, ["X", 1], "1 value where row 0 has 2"),
        ({"X": [[1, 2], [3, None]], "y": [0, 1]}, ["X", 1, 1], "not null"),
        ({"X": [[1, 2], [True, 4]], "y": [0, 1]}, ["X", 1, 0], "not true"),
        (
            {"X": X, "y": [0, 0, 1, 1], "n": 1},
            ["n"],
            "known are: X, categories, cv, drop, feature_names, holdout, importance, kinds, ",
        ),
        ({"X": X, "y": [0, 0, 1, 1], "var_smoothing": -1}, ["var_smoothing"], "at least 0"),
        ({"X": X, "y": [0, 0, 1, "1"]}, ["y", 3], "this is the text '1'; write 1, without quotes"),
        (
            {"X": X, "y": [0, 0, 1, 1], "feature_names": ["a"]},
            ["feature_names"],
            "1 name for 2 columns",
        ),
        ({"X": X, "y": [0, 0, 1, 1], "feature_names": ["a", "a"]}, ["feature_names", 0], "twice"),
        ({"X": X, "y": [0, 0, 1, 1], "feature_names": "ab"}, ["feature_names"], "a list of text"),
    ],
)
def test_what_is_wrong_is_said_with_its_place(
    api: Api, kwargs: dict[str, Any], loc: list[Any], says: str
) -> None:
    answer = api.register("gauss_naive_bayes", 1, **kwargs)
    assert answer.status_code == 422
    assert answer.json is not None
    assert answer.json["errors"][0]["loc"] == ["kwargs", *loc]
    assert says in answer.json["errors"][0]["msg"]


def test_many_errors_are_listed_up_to_twenty_and_counted(api: Api) -> None:
    answer = api.register("gauss_naive_bayes", 1, X=[[None, "a"]] * 50, y=[0] * 50)
    assert answer.json is not None
    assert len(answer.json["errors"]) == 20
    assert answer.json["more_errors"] == 80
    assert "100 things" in answer.json["detail"]


def test_the_original_names_are_taken(api: Api) -> None:
    answer = api.register("knn", 1, X=X, y=[0, 0, 1, 1], k=3)
    assert answer.json is not None
    assert answer.json["hyperparameters"]["n_neighbors"] == 3


def test_a_y_that_looks_like_a_quantity_is_told_in_the_advice(api: Api) -> None:
    many = {"X": [[float(i)] for i in range(60)], "y": [100 * (i // 2) for i in range(60)]}
    told = api.register("knn", 1, **many).json
    assert told is not None
    assert told["task"] == "regression"
    assert "classes" not in told
    assert told["advice"][0]["set"] == {"task": "classification"}
    assert "60 whole numbers have 30 values" in told["advice"][0]["words"]
    assert api.client.get("/models/knn/1").json == told
    labels = api.register("knn", 2, **many, task="classification").json
    assert labels is not None
    assert (labels["task"], len(labels["classes"])) == ("classification", 30)
    assert not [one for one in labels["advice"] if "quantity" in one["words"]]
    only = api.register("gauss_naive_bayes", 1, **many).json
    assert only is not None
    assert only["task"] == "classification"
    assert only["advice"][0]["set"] == {"model_type": "decision_tree"}
    numbers = api.register("linear_regression", 1, **many).json
    assert numbers is not None
    assert not [one for one in numbers["advice"] if "quantity" in one["words"]]


def test_what_a_matrix_tells_is_advised_too(api: Api) -> None:
    rows = [[i % 3, 1000 * (i % 4), 7] for i in range(12)]
    kwargs: dict[str, Any] = {"X": rows, "y": [0, 1] * 6, "feature_names": ["a", "b", "c"]}
    told = api.register("knn", 1, **kwargs).json
    assert told is not None
    assert [one["set"] for one in told["advice"]] == [{"drop": ["c"]}, {"standardize": True}]
    mended = api.register("knn", 2, drop=["c"], standardize=True, **kwargs).json
    assert mended is not None
    assert mended["advice"] == []


def test_a_model_stored_before_there_was_advice_has_none(app: Flask, api: Api) -> None:
    api.register("knn", 1, X=X, y=[0, 0, 1, 1], k=1)
    store = app.extensions["fitserve"]._store
    record, state = store.load(Key("knn", 1))
    before = {name: told for name, told in record.description.items() if name != "advice"}
    store.publish(store.reserve(Key("knn", 2), before), state)
    told = api.client.get("/models/knn/2").json
    assert told is not None
    assert told["advice"] == []
    assert api.predict("knn", 2, X[3]).json == {
        "model_type": "knn",
        "model_id": 2,
        "prediction": 1,
    }


@pytest.mark.parametrize("size", [1e155, 1e160, 1e200, 1e300, 1e307])
@pytest.mark.parametrize("far", [False, True])
@pytest.mark.parametrize(
    "cls", [cls for cls in catalog().values() if not cls.supervised()], ids=lambda c: c.model_type()
)
def test_what_has_no_score_says_why_and_how_it_has_one(
    cls: Any, far: bool, size: float, api: Api
) -> None:
    rows = np.random.default_rng(0).random((12, 2)).tolist()
    X = [*rows, [size, 1.0]] if far else [[size * cell for cell in row] for row in rows]
    kwargs: dict[str, Any] = {name: 2 for name in ("n_clusters",) if name in cls.names()}
    answer = api.register(cls.model_type(), 1, X=X, **kwargs)
    assert answer.json is not None
    if answer.status_code != 201 or answer.json["training"]["score"] is not None:
        return  # refused with its numbers, or computed
    (told,) = (one for one in answer.json["advice"] if "is null" in one["words"])
    assert f"{max(map(max, X)):g}" in told["words"]
    if far:
        assert "leave such rows out" in told["words"]
        X = rows
    else:
        assert told["set"] == {"standardize": True}
        kwargs |= told["set"]
    again = api.register(cls.model_type(), 2, X=X, **kwargs)
    assert again.json is not None
    assert again.json["training"]["score"] is not None
    assert not [one for one in again.json["advice"] if "is null" in one["words"]]
