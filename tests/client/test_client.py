"""`Client` against a live server: what goes in by Python comes back by Python."""

import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import pytest

import fitserve
from fitserve.client import (
    Client,
    Invalid,
    NotFound,
    Problem,
)
from tests.conftest import EXAMPLES, ROOT, Server

X = [[1.0, 10.0], [2.0, 10.5], [8.0, 1.0], [9.0, 1.5]]
Y = ["low", "low", "high", "high"]
PENGUINS = EXAMPLES / "penguins.csv"


@pytest.fixture
def client(server: Server) -> Iterator[Client]:
    with Client(f"http://127.0.0.1:{server.port}") as made:
        yield made
        for model in list(made.models()):
            made.delete(model["model_type"], model["model_id"])


def test_the_package_has_it_and_loads_nothing_of_the_server() -> None:
    assert fitserve.Client is Client
    assert fitserve.Problem is Problem
    assert "Client" in dir(fitserve)
    with pytest.raises(AttributeError, match="no attribute 'Cleint'"):
        fitserve.Cleint  # noqa: B018
    heavy = "flask numpy pydantic sqlalchemy jiter prometheus_client click fitserve.config"
    code = (
        "import sys, fitserve; assert 'fitserve.client' not in sys.modules; fitserve.Client();"
        f"print(sorted(set({heavy.split()!r}) & set(sys.modules)))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], env={"PYTHONPATH": str(ROOT / "src")}, capture_output=True
    )
    assert done.stdout == b"[]\n", done.stderr


def test_from_lists_to_predictions(client: Client) -> None:
    assert "knn" in client.types()
    assert client.type("knn")["needs"]["y"] == "labels or numbers"
    described = client.register("knn", 1, X, Y, n_neighbors=1)
    assert described["status"] == "ready"
    assert described["hyperparameters"]["n_neighbors"] == 1
    assert client.describe("knn", 1) == described
    assert client.predict("knn", 1, [[1, 10], [9, 2]]) == ["low", "high"]
    assert client.predict("knn", 1, [1, 10]) == "low"
    assert client.predict("knn", 1, [[1, 10]], probabilities=True) == (
        ["low"],
        [{"high": 0.0, "low": 1.0}],
    )
    assert client.evaluate("knn", 1, X, Y, importance=True)["metrics"]["accuracy"] == 1.0
    client.delete("knn", 1)
    with pytest.raises(NotFound):
        client.describe("knn", 1)


def test_what_waits_tells_its_progress(client: Client) -> None:
    told: list[dict[str, Any]] = []
    done = client.register("kmeans", 1, X, n_clusters=2, progress=told.append)
    assert told[-1] == done
    assert done["status"] == "ready"
    queued = client.register("kmeans", 2, X, n_clusters=2, wait=False)
    assert queued["status"] == "training"
    assert client.wait("kmeans", 2)["status"] == "ready"
    with pytest.raises(Invalid, match="2 clusters need as many different rows"):
        client.register("kmeans", 3, [[1], [1]], n_clusters=2, progress=told.append)
    assert told[-1]["status"] == "failed"
    with pytest.raises(Invalid, match="2 clusters need as many different rows"):
        client.register("kmeans", 4, [[1], [1]], n_clusters=2)


def test_a_dry_run_keeps_nothing(client: Client) -> None:
    assert "estimate" in client.register("knn", 1, X, Y, dry_run=True)
    assert "estimate" in client.register_csv(
        "knn", 1, PENGUINS, "species", missing="impute", dry_run=True
    )
    assert client.ids("knn") == []
