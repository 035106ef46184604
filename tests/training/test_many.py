"""Many trainings, many servers, and clients that leave."""

import json
from collections.abc import Callable
from concurrent.futures import Future
from http.client import HTTPConnection
from typing import Any

import pytest

from tests.conftest import Server, needs_proc
from tests.training.asking import (
    ended,
    endless,
    longer,
    queue,
    registration,
    told,
    trainers,
    until,
)


@pytest.mark.parametrize(("store", "number"), [("sqlite", 100), ("postgres", 40)])
def test_many_trainings_at_once_all_become_ready(
    serve: Callable[..., Server],
    background: Callable[..., Future[Any]],
    store: str,
    number: int,
    request: pytest.FixtureRequest,
) -> None:
    url = {"FITSERVE_STORE": request.getfixturevalue("database")} if store == "postgres" else {}
    server = serve(**url)
    bodies = [registration("gauss_naive_bayes", i) for i in range(number - 10)]
    bodies += [longer(number + i) for i in range(3)]
    bodies += [registration("kmeans", i, y=None, n_clusters=2) for i in range(7)]
    for body in bodies[-7:]:
        del body["kwargs"]["y"]
    for asked in [background(queue, server, body) for body in bodies]:
        asked.result()
    for body in bodies:
        name, model_id = body["model_type"], body["model_id"]
        seen = [ended(server, model_id, name) for _ in range(2)]  # whichever worker answers
        assert [one["status"] for one in seen] == ["ready", "ready"], seen
        ask = {"model_type": name, "model_id": model_id, "features": [1.0]}
        assert server.ask("POST", "/predict", ask)[0] == 200


@needs_proc
def test_what_one_server_trains_another_cancels(
    serve: Callable[..., Server], database: str
) -> None:
    servers = [serve(name, FITSERVE_STORE=database) for name in ("one", "other")]
    for model_id in range(3):
        queue(servers[0], endless(model_id))
    until(lambda: sum(len(trainers(server)) for server in servers) == 3)
    until(lambda: all(told(servers[1], i)["progress"] > 0.0 for i in range(3)))
    for model_id in range(3):
        assert servers[1].ask("DELETE", f"/models/linear_regression/{model_id}")[0] == 204
    until(lambda: not any(trainers(server) for server in servers))
    assert {server.ask("GET", "/models")[1]["models"] == [] for server in servers} == {True}


def test_a_client_that_hangs_up_does_not_stop_its_training(serve: Callable[..., Server]) -> None:
    server = serve()
    connection = HTTPConnection("127.0.0.1", server.port)
    connection.request("POST", "/register", json.dumps(longer(1)), server.headers)
    until(lambda: told(server, 1)["status"] == "training")
    connection.close()
    assert told(server, 1)["status"] == "training"  # and still is when nobody waits any more
    assert ended(server, 1)["status"] == "ready"


def test_the_workers_timeout_does_not_end_a_training(serve: Callable[..., Server]) -> None:
    server = serve(FITSERVE_TRAINING_SECONDS="4", GUNICORN_CMD_ARGS="--timeout 2")
    queue(server, endless(1))
    status, problem = server.ask("POST", "/register", endless(2))
    assert status == 422
    assert problem["type"] == "/problems/training-limit"
    assert ended(server, 1)["problem"]["type"] == "/problems/training-limit"
    assert "TIMEOUT" not in server.log.read_text()
