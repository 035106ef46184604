"""Training under gunicorn: it does not hurt serving, has its limits, and ends with the server."""

import json
import os
import signal
import sqlite3
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager, suppress
from functools import partial
from http.client import HTTPConnection, HTTPException
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from fitserve.storage.store import Key, Record
from fitserve.training.training import LOSSES, Ongoing
from tests import conftest
from tests.conftest import Server, needs_proc, start_server

X, Y = [[0.0], [1.0], [9.0], [10.0]], [0, 0, 1, 1]
ENDLESS: dict[str, Any] = {"learning_rate": 1e-6, "max_iter": 10**9, "tol": 0.0}
PREDICT = {"model_type": "knn", "model_id": 1, "features": [8.0]}
ASYNC = {"Prefer": "respond-async"}


def registration(model_type: str, model_id: int, **kwargs: Any) -> dict[str, Any]:
    return {"model_type": model_type, "model_id": model_id, "kwargs": {"X": X, "y": Y} | kwargs}


def endless(model_id: int) -> dict[str, Any]:
    return registration("linear_regression", model_id, **ENDLESS)


def some_seconds(model_id: int, n_iter: int = 100_000) -> dict[str, Any]:
    return endless(model_id) | {"kwargs": {"X": X, "y": Y} | ENDLESS | {"max_iter": n_iter}}


def greedy(model_id: int) -> dict[str, Any]:
    """Small to send, and more to learn than 64 MiB hold."""
    rows = [[(i * 7919) % 1000 / 1000, (i * 104729) % 997 / 997] for i in range(20_000)]
    labels = [i % 300 for i in range(20_000)]
    return registration("logistic_regression", model_id, X=rows, y=labels)


def queue(server: Server, body: dict[str, Any]) -> None:
    asynchronous = Server(server.port, server.process, server.log, server.headers | ASYNC)
    status, told = asynchronous.ask("POST", "/register", body)
    assert status == 202, told


def told(server: Server, model_id: int, model_type: str = "linear_regression") -> Any:
    return server.ask("GET", f"/models/{model_type}/{model_id}")[1]


until = partial(conftest.until, seconds=30.0)


def ended(server: Server, model_id: int, model_type: str = "linear_regression") -> Any:
    def at_its_end() -> Any:
        found = told(server, model_id, model_type)
        return found if found["status"] != "training" else None

    return until(at_its_end)


def descendants(pid: int) -> list[int]:
    below: list[str] = []
    for thread in Path(f"/proc/{pid}/task").glob("*/children"):
        with suppress(OSError):
            below += thread.read_text().split()
    return [one for child in map(int, below) for one in (child, *descendants(child))]


def trainers(server: Server) -> list[int]:
    """The processes that train, and not those that fork them."""
    found = []
    for pid in descendants(server.process.pid):
        try:
            command = Path(f"/proc/{pid}/cmdline").read_text()
            niceness = int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[16])
        except OSError:
            continue
        if "fitserve.api.apart" in command and niceness == 19:
            found.append(pid)
    return found


@pytest.fixture
def serve(tmp_path: Path) -> Iterator[Callable[..., Server]]:
    running: list[Server] = []

    def start(name: str = "log", workers: int = 2, **environment: str) -> Server:
        log = tmp_path / name
        environment["WEB_CONCURRENCY"] = str(workers)
        running.append(start_server(log, 0, True, **environment))
        return running[-1]

    yield start
    for server in running:
        if server.process.poll() is None:
            server.process.send_signal(signal.SIGINT)
            server.process.wait(timeout=30)


@contextmanager
def asked_all_the_while(server: Server, clients: int = 8) -> Iterator[Counter[Any]]:
    """Predictions and looks at /health, on kept and on new connections; what they came to."""
    answers: Counter[Any] = Counter()
    over, lock = threading.Event(), threading.Lock()

    def client(n: int) -> None:
        kept = n % 2 == 0
        seen: Counter[Any] = Counter()
        connection: HTTPConnection | None = None
        while not over.is_set():
            try:
                if connection is None:
                    connection = HTTPConnection("127.0.0.1", server.port, timeout=60)
                    connection.connect()
            except ConnectionRefusedError:
                seen["refused"] += 1  # nobody listens there any more
                break
            try:
                if n < 2:
                    connection.request("GET", "/health")
                else:
                    body = json.dumps(PREDICT)
                    connection.request("POST", "/predict", body, server.headers)
                answer = connection.getresponse()
                answer.read()
                seen[answer.status] += 1
                closing = answer.headers["Connection"] == "close"
            except (OSError, HTTPException) as error:
                seen[type(error).__name__] += 1
                closing = True
            if closing or not kept:
                connection.close()
                connection = None
        if connection is not None:
            connection.close()
        with lock:
            answers.update(seen)

    threads = [threading.Thread(target=client, args=(n,)) for n in range(clients)]
    for thread in threads:
        thread.start()
    try:
        yield answers
    finally:
        over.set()
        for thread in threads:
            thread.join()


@pytest.fixture
def background() -> Iterator[Callable[..., Future[Any]]]:
    with ThreadPoolExecutor(32) as pool:
        yield pool.submit


@needs_proc
def test_limits_and_sudden_death_leave_serving_alone(
    serve: Callable[..., Server], background: Callable[..., Future[Any]]
) -> None:
    server = serve(FITSERVE_TRAINING_SECONDS="10", FITSERVE_TRAINING_MEMORY_MB="64")
    assert server.ask("POST", "/register", registration("knn", 1, k=1))[0] == 201
    with asked_all_the_while(server) as answers:
        long = background(server.ask, "POST", "/register", endless(1))
        status, problem = server.ask("POST", "/register", greedy(1))
        assert status == 422
        assert problem["type"] == "/problems/training-limit"
        assert "FITSERVE_TRAINING_MEMORY_MB" in problem["detail"]
        status, problem = long.result()
        assert status == 422
        assert "FITSERVE_TRAINING_SECONDS" in problem["detail"]
        until(lambda: not trainers(server))
        killed = background(server.ask, "POST", "/register", endless(2))
        os.kill(until(lambda: trainers(server))[0], signal.SIGKILL)
        status, problem = killed.result()
        assert status == 422
        assert problem["type"] == "/problems/training-limit"
        until(lambda: not trainers(server))
        queue(server, endless(3))
        os.kill(until(lambda: trainers(server))[0], signal.SIGKILL)
        del problem["request_id"]
        assert ended(server, 3)["problem"] == problem
    assert answers.keys() == {200}
    for model_id in (1, 2, 3):
        body = registration("linear_regression", model_id)
        assert server.ask("POST", "/register", body)[0] == 201
    until(lambda: not trainers(server))


def test_requests_that_wait_leave_threads_to_serve(
    serve: Callable[..., Server], background: Callable[..., Future[Any]]
) -> None:
    server = serve(workers=1, FITSERVE_TRAINING_SECONDS="2", FITSERVE_STORE="memory")
    assert server.ask("POST", "/register", registration("knn", 1, k=1))[0] == 201
    waiting = [background(server.ask, "POST", "/register", endless(i)) for i in range(24)]
    with asked_all_the_while(server) as answers:
        until(lambda: sum(one.done() for one in waiting) >= 16)
    assert answers.keys() == {200}
    names = Counter(one.result(60)[1]["type"] for one in waiting)
    assert names == {"/problems/busy": 16, "/problems/training-limit": 8}


def test_requests_have_their_turn_before_what_was_queued_later(
    serve: Callable[..., Server], background: Callable[..., Future[Any]]
) -> None:
    server = serve(workers=1, FITSERVE_STORE="memory", FITSERVE_TRAINING_SECONDS="2")
    for model_id in range(10):
        queue(server, endless(model_id))
    assert server.ask("POST", "/register", endless(99))[0] == 422
    assert [told(server, i)["status"] for i in range(10)].count("training") >= 4


def test_a_client_that_hangs_up_does_not_stop_its_training(serve: Callable[..., Server]) -> None:
    server = serve()
    connection = HTTPConnection("127.0.0.1", server.port)
    connection.request("POST", "/register", json.dumps(some_seconds(1)), server.headers)
    until(lambda: told(server, 1)["status"] == "training")
    connection.close()
    assert ended(server, 1)["status"] == "ready"


def test_the_workers_timeout_does_not_end_a_training(serve: Callable[..., Server]) -> None:
    server = serve(FITSERVE_TRAINING_SECONDS="4", GUNICORN_CMD_ARGS="--timeout 2")
    queue(server, endless(1))
    status, problem = server.ask("POST", "/register", endless(2))
    assert status == 422
    assert problem["type"] == "/problems/training-limit"
    assert ended(server, 1)["problem"]["type"] == "/problems/training-limit"
    assert "TIMEOUT" not in server.log.read_text()


@pytest.mark.parametrize(("store", "number"), [("sqlite", 200), ("postgres", 80)])
def test_hundreds_of_trainings_at_once_all_become_ready(
    serve: Callable[..., Server],
    background: Callable[..., Future[Any]],
    store: str,
    number: int,
    request: pytest.FixtureRequest,
) -> None:
    url = {"FITSERVE_STORE": request.getfixturevalue("database")} if store == "postgres" else {}
    server = serve(**url)
    bodies = [registration("gauss_naive_bayes", i) for i in range(number - 10)]
    bodies += [some_seconds(number + i) for i in range(3)]
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


def test_a_stop_answers_what_was_asked_and_ends_what_is_trained(
    serve: Callable[..., Server], background: Callable[..., Future[Any]]
) -> None:
    server = serve(FITSERVE_TRAINING_SECONDS="8")
    assert server.ask("POST", "/register", registration("knn", 1, k=1))[0] == 201
    queue(server, endless(1))
    long = background(server.ask, "POST", "/register", endless(2))
    short = background(server.ask, "POST", "/register", some_seconds(3, 40_000))
    until(lambda: told(server, 3)["status"] == "training")
    until(lambda: told(server, 2)["status"] == "training")
    queue(server, registration("knn", 4, k=1))
    with asked_all_the_while(server, clients=16) as answers:
        time.sleep(0.5)
        server.process.send_signal(signal.SIGTERM)
        assert server.process.wait(timeout=30) == 0
    with sqlite3.connect(server.log.parent / "store.sqlite3") as connection:
        query = "SELECT status FROM models WHERE model_type = 'linear_regression' AND model_id = 1"
        assert connection.execute(query).fetchone() == ("failed",)  # by the server that stopped
    connection.close()
    assert answers.keys() <= {200, "refused"}
    assert answers[200] > 0
    assert long.result()[1]["type"] in ("/problems/training-limit", "/problems/busy")
    status, problem = short.result()
    assert status == 201 or problem["type"] == "/problems/busy"
    again = serve(FITSERVE_TRAINING_SECONDS="4")
    assert ended(again, 1)["problem"]["type"] == "/problems/training-limit"
    assert ended(again, 4, "knn")["status"] == "ready"  # it had only waited
    assert told(again, 2)["status"] == 404


@needs_proc
def test_ctrl_c_does_not_wait_and_puts_what_was_queued_back(
    serve: Callable[..., Server], background: Callable[..., Future[Any]]
) -> None:
    server = serve()
    queue(server, some_seconds(1))
    asked = background(server.ask, "POST", "/register", endless(2))
    until(lambda: len(trainers(server)) == 2 or told(server, 2)["status"] == "training")
    server.process.send_signal(signal.SIGINT)
    assert server.process.wait(timeout=20) == 0
    assert "SIGKILL" not in server.log.read_text()
    assert asked.result()[0] == 503
    with sqlite3.connect(server.log.parent / "store.sqlite3") as connection:
        query = "SELECT model_id, expires, attempts FROM trainings"
        assert connection.execute(query).fetchall() == [(1, None, 0)]
    connection.close()
    again = serve()
    assert told(again, 2)["status"] == 404
    assert ended(again, 1)["status"] == "ready"


@needs_proc
def test_a_master_that_is_killed_leaves_nothing_behind(serve: Callable[..., Server]) -> None:
    server = serve()
    queue(server, some_seconds(1))
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
    again = serve()
    assert ended(again, 1)["status"] == "ready"
    assert told(again, 2)["status"] == 404


def test_a_stop_that_takes_too_long_is_not_held_against_a_training(
    serve: Callable[..., Server],
) -> None:
    server = serve(workers=1)
    queue(server, endless(1))
    for _ in range(3):
        until(lambda: (told(server, 1).get("progress") or 0.0) > 0.0)  # noqa: B023
        server.process.send_signal(signal.SIGTERM)
        time.sleep(2.5)
        os.killpg(server.process.pid, signal.SIGKILL)
        server.process.wait()
        with sqlite3.connect(server.log.parent / "store.sqlite3") as connection:
            connection.execute("UPDATE trainings SET expires = 0")  # as if 15 seconds had passed
        connection.close()
        server = serve(workers=1)
    until(lambda: (told(server, 1).get("progress") or 0.0) > 0.0)


def test_what_was_accepted_survives_sudden_death(serve: Callable[..., Server]) -> None:
    server = serve()
    for model_id in (1, 2):
        queue(server, some_seconds(model_id))
    for model_id in range(3, 20):
        queue(server, registration("linear_regression", model_id))
    os.killpg(server.process.pid, signal.SIGKILL)
    server.process.wait()
    again = serve()
    for model_id in range(1, 20):
        assert ended(again, model_id)["status"] == "ready"


def test_losses_are_told_few_and_evenly() -> None:
    of = Ongoing(Record(Key("svm", 1), "", "training", ""))
    assert "losses" not in of.now().description
    for step in range(10_000):
        of.watch(step / 10_000, 1.0 / (step + 1))
        told = of.now().description.get("losses", [])
        assert len(told) <= LOSSES
    of.watch(1.0, float("nan"))
    of.watch(1.0, None)
    places = [progress for progress, _ in of.now().description["losses"]]
    apart = [b - a for a, b in pairwise(places)]
    assert len(places) > LOSSES // 3
    assert places[0] == 0.0
    assert places[-1] > 0.9
    assert max(apart) < 4 * min(apart)
