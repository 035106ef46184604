"""A description stays short, however long the lists are that a model is made from."""

from typing import Any

import numpy as np
import pytest
from werkzeug.test import TestResponse

from tests.conftest import Api, until

CLASSES = [f"label {i:04}" for i in range(1200)]
X = np.random.default_rng(0).integers(1, 9, size=(1200, 3)).tolist()
NAMES = [f"column {j}" for j in range(150)]


def told(answer: TestResponse) -> dict[str, Any]:
    body: dict[str, Any] = answer.json or {}
    return body


def test_of_many_classes_the_first_are_told_and_the_rest_on_a_route_of_their_own(api: Api) -> None:
    made = told(api.register("knn", 1, X=X, y=CLASSES))
    description = told(api.client.get("/models/knn/1"))
    assert description == made
    assert description["classes"] == CLASSES[:100]
    assert description["shortened"] == {"classes": 1200}
    found: list[str] = []
    start: int | None = 0
    while start is not None:
        page = told(api.client.get(f"/models/knn/1/classes?start={start}&limit=500"))
        assert (page["model_type"], page["model_id"], page["n_classes"]) == ("knn", 1, 1200)
        found += page["classes"]
        start = page["next"]
    assert found == CLASSES
    assert len(told(api.client.get("/models/knn/1/classes"))["classes"]) == 1000
    assert told(api.predict("knn", 1, X[700]))["prediction"] in CLASSES


def test_what_is_short_is_told_whole(api: Api) -> None:
    description = told(api.register("knn", 1, X=X[:100], y=CLASSES[:100]))
    assert description["classes"] == CLASSES[:100]
    assert "shortened" not in description


def test_text_is_shortened_as_well(api: Api) -> None:
    labels = ["a" * 100_000, "b"]
    description = told(api.register("knn", 1, X=X[:50], y=labels * 25))
    assert [len(label) for label in description["classes"]] == [200, 1]
    assert description["shortened"] == {"classes": 2}
    assert told(api.client.get("/models/knn/1/classes"))["classes"] == labels


@pytest.mark.parametrize("queued", [False, True])
def test_long_hyperparameters_and_names_are_used_whole(api: Api, queued: bool) -> None:
    """Also by whoever takes the training from the queue, and after loading it again."""
    prior = [1.0] * 149 + [1e9]
    rows = np.random.default_rng(0).integers(1, 9, size=(300, 150)).tolist()
    kwargs = {
        "X": rows,
        "y": CLASSES[:150] * 2,
        "class_prior": prior,
        "feature_names": NAMES,
    }
    body = {"model_type": "multi_naive_bayes", "model_id": 1, "kwargs": kwargs}
    headers = {"Prefer": "respond-async"} if queued else {}
    assert api.client.post("/register", json=body, headers=headers).status_code in (201, 202)
    path = "/models/multi_naive_bayes/1"
    until(lambda: told(api.client.get(path))["status"] != "training")
    description = told(api.client.get(path))
    assert description["status"] == "ready"
    assert description["feature_names"] == NAMES[:100]
    assert description["hyperparameters"]["class_prior"] == prior[:100]
    assert description["shortened"] == {
        "feature_names": 150,
        "classes": 150,
        "hyperparameters.class_prior": 150,
    }
    row = dict(zip(NAMES, [1] * 150, strict=True))
    answer = told(api.predict("multi_naive_bayes", 1, row, probabilities=True))
    assert answer["prediction"] == CLASSES[149]
    assert answer["probabilities"][CLASSES[149]] > 0.99


@pytest.mark.parametrize("query", ["start=-1", "limit=0", "limit=10001", "start=a", "after=3"])
def test_a_page_that_cannot_be_is_refused(api: Api, query: str) -> None:
    api.register("knn", 1, X=X[:10], y=CLASSES[:10])
    assert api.client.get(f"/models/knn/1/classes?{query}").status_code == 422


def test_pages_end(api: Api) -> None:
    api.register("knn", 1, X=X[:10], y=CLASSES[:10])
    api.register("kmeans", 1, X=X[:20])
    beyond = told(api.client.get("/models/knn/1/classes?start=10"))
    assert (beyond["classes"], beyond["next"]) == ([], None)
    assert told(api.client.get("/models/kmeans/1/classes"))["classes"] == []
    assert api.client.get("/models/knn/2/classes").status_code == 404
