"""A row whose columns are of other SQL types than ours is one unreadable model, and no fault."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from fitserve import create_app
from fitserve.config import Settings
from fitserve.storage.tables import models
from tests.conftest import Api

WRONG = {
    "integer": "7",
    "huge": "999999999999",
    "text": "'x'",
    "bytes": "x'00ff'",
    "null": "NULL",
}


@pytest.mark.parametrize("column", [column.name for column in models.c])
def test_each_column_of_each_type(tmp_path: Path, column: str) -> None:
    file = tmp_path / "store.sqlite3"
    settings = Settings(store=f"sqlite:///{file}")
    first = create_app(settings)
    assert Api(first.test_client()).example("knn").status_code == 201
    first.extensions["fitserve"].close()
    with closing(sqlite3.connect(file, isolation_level=None)) as connection:
        whole = connection.execute("SELECT * FROM models").fetchone()
    asked = 0
    for value in WRONG.values():
        with closing(sqlite3.connect(file, isolation_level=None)) as connection:
            connection.execute("DELETE FROM models")
            marks = ", ".join("?" * len(whole))
            connection.execute(f"INSERT INTO models VALUES ({marks})", whole)  # noqa: S608
            try:
                connection.execute(f'UPDATE models SET "{column}" = {value}')  # noqa: S608
            except sqlite3.IntegrityError:
                continue  # the table itself refuses it
        app = create_app(settings)
        client = app.test_client()
        for answer in (
            client.get("/models/knn/1"),
            client.post("/predict", json={"model_type": "knn", "model_id": 1, "features": [1] * 4}),
        ):
            assert answer.status_code in (200, 404, 409) or (
                answer.json is not None and answer.json["type"] == "/problems/model-unreadable"
            ), (value, answer.text)
        for route in ("/models", "/models?fields=training,classes"):
            listed = client.get(route)
            assert listed.status_code == 200, (value, listed.text)
        assert client.post("/list", json={"model_type": "knn"}).status_code == 200
        assert client.delete("/models/knn/1").status_code in (204, 404)
        app.extensions["fitserve"].close()
        asked += 1
    assert asked >= 4
