"""What becomes of trainings when their server stops, is stopped in a hurry, or killed."""

import json
import os
import signal
import sqlite3
import time
from collections.abc import Callable
from concurrent.futures import Future
from contextlib import closing
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

from tests.conftest import Server, needs_proc
from tests.training.asking import (
    asked_all_the_while,
    descendants,
    ended,
    endless,
    longer,
    queue,
    registration,
    told,
    trainers,
    until,
)


def in_store(server: Server, statement: str) -> list[Any]:
    with closing(sqlite3.connect(server.log.parent / "store.sqlite3")) as connection, connection:
        return connection.execute(statement).fetchall()


def forget_who_trained(server: Server) -> None:
    """As if the 15 seconds had passed after which what a dead server trained is another's."""
    in_store(server, "UPDATE trainings SET expires = 0")


def came_to_its_limit(server: Server, model_id: int) -> bool:
    """Whether a training that nothing else ends was gone on with until then."""
    return bool(ended(server, model_id)["problem"]["type"] == "/problems/training-limit")


def test_a_stop_answers_what_was_asked_and_ends_what_is_trained(
    serve: Callable[..., Server], background: Callable[..., Future[Any]]
) -> None:
    server = serve(FITSERVE_TRAINING_SECONDS="8")
    assert server.ask("POST", "/register", registration("knn", 1, k=1))[0] == 201
    queue(server, endless(1))
    long = background(server.ask, "POST", "/register", endless(2))
    short = background(server.ask, "POST", "/register", longer(3))
    until(lambda: told(server, 3)["status"] in ("training", "ready"))
    until(lambda: told(server, 2)["status"] == "training")
    queue(server, registration("knn", 4, k=1))
    with asked_all_the_while(server, clients=16) as answers:
        time.sleep(0.5)
        server.process.send_signal(signal.SIGTERM)
        assert server.process.wait(timeout=30) == 0
    query = "SELECT status FROM models WHERE model_type = 'linear_regression' AND model_id = 1"
    assert in_store(server, query) == [("failed",)]  # by the server that stopped
    assert answers.keys() <= {200, "refused"}
    assert answers[200] > 0
    assert long.result()[1]["type"] in ("/problems/training-limit", "/problems/busy")
    status, problem = short.result()
    assert status == 201 or problem["type"] == "/problems/busy"
    again = serve()
    assert came_to_its_limit(again, 1)
    assert ended(again, 4, "knn")["status"] == "ready"  # it had only waited
    assert told(again, 2)["status"] == 404


@needs_proc
def test_ctrl_c_does_not_wait_and_puts_what_was_queued_back(
    serve: Callable[..., Server], background: Callable[..., Future[Any]]
) -> None:
    server = serve()
    queue(server, endless(1))
    asked = background(server.ask, "POST", "/register", endless(2))
    until(lambda: len(trainers(server)) == 2 or told(server, 2)["status"] == "training")
    server.process.send_signal(signal.SIGINT)
    assert server.process.wait(timeout=20) == 0
    assert "SIGKILL" not in server.log.read_text()
    assert asked.result()[0] == 503
    query = "SELECT model_id, expires, attempts FROM trainings"
    assert in_store(server, query) == [(1, None, 0)]
    again = serve(FITSERVE_TRAINING_SECONDS="1")
    assert told(again, 2)["status"] == 404
    assert came_to_its_limit(again, 1)


@needs_proc
def test_a_master_that_is_killed_leaves_nothing_behind(serve: Callable[..., Server]) -> None:
    server = serve()
    queue(server, endless(1))
    until(lambda: trainers(server))
    connection = HTTPConnection("127.0.0.1", server.port, timeout=60)
    connection.request("POST", "/register", json.dumps(endless(2)), server.headers)
    until(lambda: told(server, 2)["status"] == "training")
    left = descendants(server.process.pid)
    assert len(left) >= 4
    server.process.kill()
    server.process.wait()
    until(lambda: not any(Path(f"/proc/{pid}").exists() for pid in left))
    connection.close()
    again = serve(FITSERVE_TRAINING_SECONDS="1")
    assert came_to_its_limit(again, 1)
    assert told(again, 2)["status"] == 404


def test_a_stop_that_takes_too_long_is_not_held_against_a_training(
    serve: Callable[..., Server],
) -> None:
    server = serve(workers=1)
    queue(server, endless(1))
    for _ in range(3):
        until(lambda: (told(server, 1).get("progress") or 0.0) > 0.0)  # noqa: B023
        server.process.send_signal(signal.SIGTERM)
        until(lambda: in_store(server, "SELECT attempts FROM trainings") == [(0,)])  # noqa: B023
        os.killpg(server.process.pid, signal.SIGKILL)
        server.process.wait()
        forget_who_trained(server)
        server = serve(workers=1)
    until(lambda: (told(server, 1).get("progress") or 0.0) > 0.0)


def test_what_was_accepted_survives_sudden_death(serve: Callable[..., Server]) -> None:
    server = serve()
    for model_id in (1, 2):
        queue(server, endless(model_id))
    for model_id in range(3, 20):
        queue(server, registration("linear_regression", model_id))
    os.killpg(server.process.pid, signal.SIGKILL)
    server.process.wait()
    forget_who_trained(server)
    again = serve(FITSERVE_TRAINING_SECONDS="2")
    assert all(ended(again, model_id)["status"] == "ready" for model_id in range(3, 20))
    assert all(came_to_its_limit(again, model_id) for model_id in (1, 2))
