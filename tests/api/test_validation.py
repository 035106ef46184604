"""`cv` and `holdout` at /register: the same wherever a training runs, and ended like any other."""

import json
from typing import Any

import numpy as np
import pytest

from fitserve.models import catalog
from fitserve.training import trainer
from tests.conftest import Api, until
from tests.models.data import split_for

SUPERVISED = [
    (name, task) for name, cls in catalog().items() if cls.supervised() for task in cls.tasks
]
every_supervised = pytest.mark.parametrize(("model_type", "task"), SUPERVISED)


def kwargs_for(task: Any) -> dict[str, Any]:
    split = split_for(task)
    return {"X": split.X.tolist(), "y": split.y.tolist()}


def told(api: Api, model_type: str, model_id: int) -> Any:
    return api.client.get(f"/models/{model_type}/{model_id}").json


def queued(api: Api, model_type: str, model_id: int, **kwargs: Any) -> Any:
    body = {"model_type": model_type, "model_id": model_id, "kwargs": kwargs}
    headers = {"Prefer": "respond-async", "Content-Type": "application/json"}
    return api.client.post("/register", data=json.dumps(body), headers=headers)


@every_supervised
def test_it_is_the_same_in_place_apart_and_queued(
    api: Api, model_type: str, task: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = kwargs_for(task) | {"cv": 4, "importance": True}
    here = api.register(model_type, 1, **asked)
    assert here.status_code == 201, here.json
    accepted = queued(api, model_type, 2, **asked)
    assert accepted.status_code == 202
    assert accepted.json["progress"] == 0.0  # of the folds, though the type may not iterate
    monkeypatch.setattr(trainer, "SMALL", 0.0)
    apart = api.register(model_type, 3, **asked)
    assert apart.status_code == 201, apart.json
    until(lambda: told(api, model_type, 2)["status"] == "ready")
    found = [told(api, model_type, model_id) for model_id in (1, 2, 3)]
    for one in found[1:]:
        for name in ("validation", "importance", "score"):
            assert one["training"][name] == found[0]["training"][name]
        assert one["advice"] == found[0]["advice"]
    validation = found[0]["training"]["validation"]
    assert set(validation) == {"method", "folds", "metric", "scores", "mean", "std", "baseline"}
    assert validation["folds"] == len(validation["scores"]) == 4
    assert validation["mean"] > validation["baseline"]
    names = [one["column"] for one in found[0]["training"]["importance"]]
    assert names == [str(j) for j in range(len(asked["X"][0]))]


def test_it_is_cancelled_in_the_middle_of_fold_3(api: Api) -> None:
    rng = np.random.default_rng(0)
    X, y = rng.normal(size=(300, 5)).round(3).tolist(), rng.integers(2, size=300).tolist()
    steps = {"learning_rate": 1e-3, "tol": 0.0, "cv": 5}

    def now() -> Any:
        return told(api, "linear_regression", 1)

    def reached() -> float:  # of six: the model itself, and five folds
        found = now()
        return 6.0 * found["progress"] if found["status"] == "training" else 6.0

    for max_iter in (20_000, 80_000, 320_000):  # until it lasts longer than a look at it takes
        asked = steps | {"max_iter": max_iter}
        assert queued(api, "linear_regression", 1, X=X, y=y, **asked).status_code == 202
        until(lambda: reached() > 3.0, 60.0)
        if caught := now()["status"] == "training":
            break
        assert api.client.delete("/models/linear_regression/1").status_code == 204
    assert caught
    assert api.client.delete("/models/linear_regression/1").status_code == 204
    assert now()["status"] == 404
    # Nothing holds the turn that it had, nor comes of it later.
    assert queued(api, "gauss_naive_bayes", 1, **kwargs_for("classification")).status_code == 202
    until(lambda: told(api, "gauss_naive_bayes", 1)["status"] == "ready")
    assert now()["status"] == 404


def test_a_fold_that_cannot_be_learned_fails_the_registration(api: Api) -> None:
    asked = {"X": [[float(i)] for i in range(10)], "y": [0, 1] * 5, "n_neighbors": 6, "cv": 2}
    answer = api.register("knn", 1, **asked)
    assert answer.status_code == 422
    (fault,) = answer.json["errors"]  # type: ignore[index]
    assert fault["loc"] == ["kwargs", "n_neighbors"]
    assert "fold 1 of 2" in fault["msg"]
    assert queued(api, "knn", 1, **asked).status_code == 202
    failed = until(lambda: (now := told(api, "knn", 1))["status"] == "failed" and now)
    answered: Any = answer.json
    del answered["request_id"]
    assert failed["problem"] == answered


@pytest.mark.parametrize(
    ("model_type", "more", "loc", "msg"),
    [
        ("knn", {"cv": 1}, "cv", "from 2 to 20"),
        ("knn", {"cv": 21}, "cv", "not the number 21"),
        ("knn", {"cv": 2.0}, "cv", "write 2"),
        ("knn", {"cv": True}, "cv", "not true"),
        ("knn", {"holdout": 0.0}, "holdout", "above 0 and below 1"),
        ("knn", {"holdout": 1}, "holdout", "above 0 and below 1"),
        ("knn", {"holdout": 0.2, "cv": 5}, "holdout", "leave one out"),
        ("knn", {"holdout": 0.999}, "holdout", "none to train on"),
        ("knn", {"cv": 13}, "cv", "X has 12 rows, too few for 13 folds"),
        ("knn", {"cv": 2, "y": ["a"] * 11 + ["b"]}, "cv", "one class"),
        ("knn", {"importance": True}, "importance", 'write "cv": 5 beside it, or send'),
        ("knn", {"sample": 1001}, "sample", "from 0 to 1000"),
        ("kmeans", {"cv": 2}, "cv", "no y to compare"),
        ("kmeans", {"holdout": 0.5}, "holdout", "no y to compare"),
    ],
)
def test_what_cannot_be_asked_is_refused_before_training(
    api: Api, model_type: str, more: dict[str, Any], loc: str, msg: str
) -> None:
    data: dict[str, Any] = {"X": [[float(i)] for i in range(12)]}
    if model_type == "knn":
        data["y"] = ["a", "b"] * 6
    answer = queued(api, model_type, 1, **(data | more))
    assert answer.status_code == 422
    (fault,) = answer.json["errors"]
    assert fault["loc"] == ["kwargs", loc]
    assert msg in fault["msg"]
    assert told(api, model_type, 1)["status"] == 404


def test_types_tell_of_the_options(api: Api) -> None:
    knn = api.client.get("/types/knn").json["kwargs"]["properties"]  # type: ignore[index]
    assert knn["cv"]["anyOf"][0] == {"type": "integer", "minimum": 2, "maximum": 20}
    assert {"holdout", "importance", "sample"} < set(knn)
    kmeans = api.client.get("/types/kmeans").json["kwargs"]["properties"]  # type: ignore[index]
    assert "sample" in kmeans
    assert not {"cv", "holdout", "importance"} & set(kmeans)


@pytest.mark.parametrize("form", ["matrix", "named matrix", "table"])
@pytest.mark.parametrize("prefer", ["", "respond-async"])
def test_importance_is_told_of_every_column_however_many(api: Api, form: str, prefer: str) -> None:
    names = [f"column{j}" for j in range(120)]
    X = np.random.default_rng(0).normal(size=(24, len(names)))
    kwargs: dict[str, Any] = {"X": X.tolist(), "y": [0, 1] * 12, "cv": 2, "importance": True}
    if form == "named matrix":
        kwargs["feature_names"] = names
    if form == "table":
        kwargs["X"] = {name: X[:, j].tolist() for j, name in enumerate(names)}
    body = {"model_type": "gauss_naive_bayes", "model_id": 1, "kwargs": kwargs}
    answer = api.client.post("/register", json=body, headers={"Prefer": prefer})
    assert answer.status_code == (202 if prefer else 201)
    until(lambda: told(api, "gauss_naive_bayes", 1)["status"] == "ready")
    importance = told(api, "gauss_naive_bayes", 1)["training"]["importance"]
    columns = [str(j) for j in range(len(names))] if form == "matrix" else names
    assert [one["column"] for one in importance] == columns
    ask = {"model_type": "gauss_naive_bayes", "model_id": 1, "features": kwargs["X"]}
    answer = api.client.post("/evaluate", json=ask | {"y": kwargs["y"], "importance": True})
    assert [one["column"] for one in answer.get_json()["importance"]] == columns
