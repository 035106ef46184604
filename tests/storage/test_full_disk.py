"""A disk that is full, as a client of the API meets it: it is told, and can make room."""

import subprocess
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import numpy as np
import pytest
from flask import Flask

from fitserve import create_app
from fitserve.config import Settings
from tests.conftest import Api, until

X = np.random.default_rng(0).normal(size=(6000, 8)).tolist()


@pytest.fixture
def small(tmp_path: Path) -> Iterator[Path]:
    """A disk of 10 MiB."""
    command = ["mount", "-t", "tmpfs", "-o", "size=10m", "tmpfs", str(tmp_path)]
    try:
        mounted = subprocess.run(command, capture_output=True).returncode == 0
    except FileNotFoundError:
        mounted = False
    if not mounted:
        pytest.skip("only root may mount a small disk")
    yield tmp_path
    subprocess.run(["umount", "-l", str(tmp_path)], check=True)


@pytest.fixture
def app(small: Path) -> Iterator[Flask]:
    made = create_app(Settings(store=f"sqlite:///{small / 'store.sqlite3'}"))
    yield made
    made.extensions["fitserve"].close()
    made.extensions["fitserve"]._store.close()


def store_of(api: Api) -> str:
    told = api.client.get("/health").json
    assert told is not None
    assert told["status"] == "ok"
    found: str = told["store"]
    return found


def test_a_full_disk_is_told_and_deleting_makes_room(api: Api, small: Path) -> None:
    assert store_of(api) == "ok"
    registered = 0
    while (answer := api.register("knn", registered, X=X, y=[0, 1] * 3000)).status_code == 201:
        registered += 1
        assert registered < 100
    assert answer.json is not None
    assert (answer.status_code, answer.json["type"]) == (503, "/problems/busy")
    assert "DELETE" in answer.json["detail"]
    with suppress(OSError), (small / "filler").open("ab", buffering=0) as filler:
        while filler.write(b"0" * 4096):  # nor is there room for a byte of a log
            pass
    until(lambda: store_of(api) == "full")
    assert api.predict("knn", 0, X[0]).status_code == 200
    for model_id in range(registered):
        assert api.client.delete(f"/models/knn/{model_id}").status_code == 204
    assert api.register("knn", 99, X=X, y=[0, 1] * 3000).status_code == 201
    until(lambda: store_of(api) == "ok")
