"""`Prefer: respond-async` on /register: told at once, trained later."""

import time
from typing import Any

import pytest
from werkzeug.test import TestResponse

from tests.conftest import Api

ENDLESS: dict[str, Any] = {"learning_rate": 1e-6, "max_iter": 10**9, "tol": 0.0}
X, Y = [[0.0], [1.0], [2.0]], [0, 1, 3]


def queue(api: Api, model_id: int, prefer: str = "respond-async", **kwargs: Any) -> TestResponse:
    body = {"model_type": "linear_regression", "model_id": model_id}
    body |= {"kwargs": {"X": X, "y": Y} | kwargs}
    return api.client.post("/register", json=body, headers={"Prefer": prefer})


def told(api: Api, model_id: int) -> Any:
    return api.client.get(f"/models/linear_regression/{model_id}").json


def ended(api: Api, model_id: int) -> Any:
    deadline = time.monotonic() + 20
    while (found := told(api, model_id))["status"] == "training":
        assert time.monotonic() < deadline
        time.sleep(0.02)
    return found


def test_it_is_accepted_and_becomes_ready(api: Api) -> None:
    answer = queue(api, 1, feature_names=["a"])
    assert answer.status_code == 202
    assert answer.headers["Location"] == "/models/linear_regression/1"
    assert int(answer.headers["Retry-After"]) >= 1
    assert answer.headers["Preference-Applied"] == "respond-async"
    assert answer.json is not None
    assert answer.json["status"] == "training"
    assert answer.json["started"] is None
    assert "progress" not in answer.json  # least squares do not iterate
    ready = ended(api, 1)
    assert ready["status"] == "ready"
    assert api.register("linear_regression", 2, X=X, y=Y, feature_names=["a"]).status_code == 201
    other = told(api, 2)
    varying = ("model_id", "created", "training")
    assert {k: v for k, v in ready.items() if k not in varying} == {
        k: v for k, v in other.items() if k not in varying
    }
    assert ready["training"].keys() == other["training"].keys()
    assert api.predict("linear_regression", 1, {"a": 3.0}).status_code == 200


@pytest.mark.parametrize(
    ("prefer", "status"),
    [
        ("respond-async", 202),
        ("Respond-Async", 202),
        ("return=minimal, respond-async; x=1 , wait=10", 202),
        ("return=minimal", 201),
        ('note="a, respond-async, b"', 201),
        ("respond-asynchronously", 201),
        ("", 201),
    ],
)
def test_the_header_is_read_as_rfc_7240_says(api: Api, prefer: str, status: int) -> None:
    assert queue(api, 1, prefer).status_code == status


def test_an_iterating_type_tells_its_progress(api: Api) -> None:
    assert queue(api, 1, **ENDLESS).json["progress"] == 0.0  # type: ignore[index]
    deadline = time.monotonic() + 20
    while not (now := told(api, 1))["progress"] > 0.0:
        assert time.monotonic() < deadline
        time.sleep(0.05)
    assert now["status"] == "training"
    assert now["progress"] <= 1.0
    assert now["started"] >= now["created"]
    assert api.client.get("/models/linear_regression/1").headers["Retry-After"] == "1"
    assert now["loss"] > 0.0
    busy = api.predict("linear_regression", 1, [1.0])
    assert busy.status_code == 409
    assert busy.json["type"] == "/problems/model-training"  # type: ignore[index]
    assert int(busy.headers["Retry-After"]) >= 1
    assert queue(api, 1).status_code == 409
    assert api.register("linear_regression", 1, X=X, y=Y).status_code == 409
    listed = api.client.post("/list", json={"model_type": "linear_regression"}).json
    assert listed == {"model_type": "linear_regression", "model_ids": []}
    assert api.client.get("/models").json["models"][0]["status"] == "training"  # type: ignore[index]
    assert api.client.delete("/models/linear_regression/1").status_code == 204
    assert told(api, 1)["status"] == 404
    assert api.client.delete("/models/linear_regression/1").status_code == 404
    assert queue(api, 1).status_code == 202
    assert ended(api, 1)["status"] == "ready"


def test_what_can_be_seen_to_be_wrong_is_refused_at_once(api: Api) -> None:
    for wrong in ({"y": [1]}, {"y": ["a", "b", "c"]}, {"X": [[1.0], [2.0, 3.0]]}, {"nix": 1}):
        answer = queue(api, 1, **wrong)
        assert answer.status_code == 422, wrong
        assert answer.json["errors"][0]["loc"][0] == "kwargs"  # type: ignore[index]
    assert told(api, 1)["status"] == 404


@pytest.mark.parametrize("prefer", ["respond-async", ""])
def test_what_cannot_fit_into_memory_is_refused_at_once(api: Api, prefer: str) -> None:
    kwargs = {"X": [[float(i)] * 3000 for i in range(20)], "n_components": 20}
    body = {"model_type": "gmm", "model_id": 1, "kwargs": kwargs}
    answer = api.client.post("/register", json=body, headers={"Prefer": prefer})
    assert answer.status_code == 422
    assert answer.json["type"] == "/problems/training-limit"  # type: ignore[index]
    assert "at least 2,747 MiB" in answer.json["detail"]  # type: ignore[index]
    assert api.client.get("/models/gmm/1").status_code == 404


def test_a_failure_has_the_problem_that_would_have_been_answered(api: Api) -> None:
    answer = api.register("linear_regression", 1, X=X, y=Y, learning_rate=1e3)
    assert answer.status_code == 422
    assert queue(api, 1, learning_rate=1e3).status_code == 202
    failed = ended(api, 1)
    assert failed["status"] == "failed"
    assert failed["problem"] | {"request_id": answer.json["request_id"]} == answer.json  # type: ignore[index]
    assert not failed.keys() & {"started", "progress", "loss"}
    asked = api.predict("linear_regression", 1, [1.0])
    assert asked.status_code == 404
    assert asked.json["type"] == "/problems/unknown-model"  # type: ignore[index]
    assert "failed" in asked.json["detail"]  # type: ignore[index]
    assert queue(api, 1).status_code == 202
    assert ended(api, 1)["status"] == "ready"
    assert queue(api, 2, learning_rate=1e3).status_code == 202
    assert ended(api, 2)["status"] == "failed"
    assert api.client.delete("/models/linear_regression/2").status_code == 204
    assert told(api, 2)["status"] == 404
