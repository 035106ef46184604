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
    wide = {"X": [[1.0] * 3000, [2.0] * 3000], "n_components": 20}
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
