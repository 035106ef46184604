"""`dry_run=true` at /register: all is checked, nothing is trained, nothing kept."""

from typing import Any

import pytest

from tests.api.test_tables import COLUMNS, N, post, told, written
from tests.conftest import Api

JSON: dict[str, Any] = {"X": COLUMNS, "target": "survived", "missing": "impute"}


def rehearsed(api: Api, status: int = 200, query: str = "dry_run=true", **kwargs: Any) -> Any:
    body = {"model_type": "knn", "model_id": 1, "kwargs": kwargs}
    return told(api.client.post(f"/register?{query}", json=body), status)


def test_it_tells_what_registration_will_tell(api: Api) -> None:
    dry = rehearsed(api, **JSON)
    by_csv = post(
        api, "/register", written(COLUMNS), model_type="knn", model_id=1,
        target="survived", missing="impute", dry_run="true",
    )  # fmt: skip
    assert told(by_csv) == dry
    assert api.client.get("/models").json == {"models": [], "next": None}
    real = told(api.register("knn", 1, **JSON), 201)
    estimate = dry.pop("estimate")
    assert dry == {name: real[name] for name in dry}
    assert set(real) - set(dry) == {"status", "created", "training"}
    assert (estimate["rows"], estimate["cells"]) == (N, N * real["n_encoded"])
    assert 1 <= estimate["memory_mb"] < 100


def test_it_refuses_what_registration_would(api: Api) -> None:
    assert "add" not in rehearsed(api, 422, X=COLUMNS, target="nix")
    assert rehearsed(api, 422, **JSON, cv=1)["errors"][0]["loc"] == ["kwargs", "cv"]
    wide = {"X": [[float(i)] * 3000 for i in range(20)], "n_components": 20}
    body = {"model_type": "gmm", "model_id": 1, "kwargs": wide}
    answer = api.client.post("/register?dry_run=true", json=body)
    assert told(answer, 422)["type"] == "/problems/training-limit"
    told(api.register("knn", 1, **JSON), 201)
    assert rehearsed(api, 409, **JSON)["type"] == "/problems/model-exists"
    assert told(api.client.get("/models/knn/1"))["status"] == "ready"


@pytest.mark.parametrize(
    ("query", "status"), [("dry_run=false", 201), ("", 201), ("dry_run=1", 422)]
)
def test_it_is_asked_for_by_true_alone(api: Api, query: str, status: int) -> None:
    answer = rehearsed(api, status, query, **JSON)
    if status == 422:
        assert answer["errors"][0]["loc"] == ["query", "dry_run"]


@pytest.mark.parametrize(
    ("model_type", "wrong"),
    [
        ("knn", {"k": 99}),
        ("kmeans", {"n_clusters": 99}),
        ("gmm", {"n_components": 99}),
        ("pca", {"n_components": 99}),
        ("decision_tree", {"criterion": "squared_error"}),
        ("decision_tree", {"task": "regression", "class_weight": "balanced"}),
        ("gauss_naive_bayes", {"priors": [0.3, 0.3]}),
        ("gauss_naive_bayes", {"priors": [0.2, 0.3, 0.5]}),
        ("multi_naive_bayes", {"alpha": [1, 1, 1]}),
        ("multi_naive_bayes", {"class_prior": [0.2, 0.3, 0.5]}),
        ("multi_naive_bayes", {"X": {"age": [-1, 2, 3, 4], "w": [1, 2, 3, 5]}}),
        ("svm", {"C": 2, "lam": 1}),
    ],
)
def test_a_hyperparameter_that_does_not_fit_is_refused_as_in_training(
    api: Api, model_type: str, wrong: dict[str, Any]
) -> None:
    """Of a matrix, of a table, of a CSV: in the caller's words, before anything is trained."""
    table = {"age": [1, 2, 3, 4], "w": [2, 1, 4, 5]}
    rows = [list(row) for row in zip(*table.values(), strict=True)]
    y = {} if model_type in ("kmeans", "gmm", "pca") else {"y": [0, 1, 0, 1]}
    for X in (table, rows):
        body = {"model_type": model_type, "model_id": 1, "kwargs": {"X": X, **y, **wrong}}
        dry = told(api.client.post("/register?dry_run=true", json=body), 422)
        assert dry["errors"] == told(api.client.post("/register", json=body), 422)["errors"]
        if "X" not in wrong:
            assert dry["errors"][0]["loc"][1] in wrong
        else:
            assert "'age'" in dry["detail"] or "age" in dry["errors"][0]["loc"]
