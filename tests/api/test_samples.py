"""Rows that are kept with a model, so that pictures can be drawn of it: `sample`."""

from typing import Any

import numpy as np
import pytest
from flask import Flask

from fitserve.storage.store import Key
from tests.api.test_tables import post, told, written
from tests.conftest import Api, until

N = 30
TABLE: dict[str, list[Any]] = {
    "note": ["one\nmore line" if i % 10 == 4 else "a" for i in range(N)],
    "size": [None if i % 7 == 3 else float(i) for i in range(N)],
    "kind": ["x" if i < 15 else "y" for i in range(N)],
}
WHOLE = [i for i in range(N) if i % 7 != 3]


@pytest.fixture
def kept(app: Flask) -> Any:
    """The rows that are kept with the model knn/1."""

    def of(model_type: str = "knn") -> Any:
        store = app.extensions["fitserve"]._store
        return store.sample(store.find(Key(model_type, 1)))

    return of


@pytest.mark.parametrize("prefer", ["", "respond-async"])
def test_rows_of_a_csv_are_kept_by_their_lines(api: Api, kept: Any, prefer: str) -> None:
    query = "model_type=knn&model_id=1&target=kind&missing=drop&cv=3"
    headers = {"Content-Type": "text/csv", "Prefer": prefer}
    answer = api.client.post(f"/register?{query}", data=written(TABLE), headers=headers)
    assert answer.status_code == (202 if prefer else 201)
    until(lambda: told(api.client.get("/models/knn/1"))["status"] == "ready")
    breaks = [sum(TABLE["note"][j] != "a" for j in range(i)) for i in WHOLE]
    assert kept()["rows"].tolist() == [2 + i + b for i, b in zip(WHOLE, breaks, strict=True)]
    assert kept()["X"].shape == (len(WHOLE), 3)
    assert kept()["y"].tolist() == [int(i >= 15) for i in WHOLE]
    assert kept()["predicted"].shape == (len(WHOLE),)
    assert kept()["probabilities"].shape == (len(WHOLE), 2)


def test_rows_of_json_are_kept_by_their_numbers(api: Api, kept: Any) -> None:
    kwargs = {"X": TABLE, "target": "kind", "missing": "drop"}
    told(api.register("knn", 1, sample=10, **kwargs), 201)
    rows = kept()["rows"].tolist()
    assert len(rows) == 10
    assert set(rows) < set(WHOLE)
    assert kept()["y"].tolist() == [int(i >= 15) for i in rows]
    assert sum(i >= 15 for i in rows) in (5, 6)
    assert set(kept()) == {"rows", "X", "y"}


def test_a_matrix_and_a_type_without_y_keep_rows_too(api: Api, kept: Any) -> None:
    X = np.arange(24.0).reshape(12, 2)
    told(api.register("kmeans", 1, X=X.tolist(), n_clusters=2, sample=5), 201)
    assert set(kept("kmeans")) == {"rows", "X"}
    np.testing.assert_array_equal(kept("kmeans")["X"], X[kept("kmeans")["rows"]])


def test_private_rows_are_not_kept(api: Api, kept: Any) -> None:
    told(api.register("knn", 1, X=[[0.0], [1.0]] * 6, y=[0, 1] * 6, cv=2, sample=0), 201)
    assert kept() is None


def test_what_is_kept_goes_with_the_model(api: Api, app: Flask, kept: Any) -> None:
    told(post(api, "/register", written(TABLE), model_type="knn", model_id=1,
              target="kind", missing="impute"), 201)  # fmt: skip
    store = app.extensions["fitserve"]._store
    record = store.find(Key("knn", 1))
    assert store.sample(record) is not None
    assert api.client.delete("/models/knn/1").status_code == 204
    assert store.sample(record) is None
