"""Many workers, many servers, and sudden death: what was acknowledged is there, everywhere.

TEST_ROUNDS sets how often a server is killed (3 by default).
"""

import os
import random
import signal
import subprocess
import threading
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from http.client import HTTPException
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import Server, start_server

ROUNDS = int(os.environ.get("TEST_ROUNDS", "3"))
ROWS = [[0.1, 0.7], [0.9, 0.2], [0.45, 0.55]]


def registration(model_id: int, seed: int = 0) -> dict[str, Any]:
    """A model whose probabilities tell it from any other."""
    rng = random.Random(f"{model_id}/{seed}")  # noqa: S311
    X = [[rng.random(), rng.random()] for _ in range(20)]
    kwargs = {"X": X, "y": [int(a > b) for a, b in X[:-2]] + [0, 1]}
    return {"model_type": "gauss_naive_bayes", "model_id": model_id, "kwargs": kwargs}


def answer(server: Server, model_id: int) -> tuple[int, Any]:
    ask = {"model_type": "gauss_naive_bayes", "model_id": model_id, "features": ROWS}
    status, told = server.ask("POST", "/predict", ask | {"probabilities": True})
    return status, told.get("probabilities")


def stop(server: Server) -> None:
    server.process.terminate()
    assert server.process.wait(timeout=40) == 0


@pytest.fixture(params=["sqlite", "postgres"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'store.sqlite3'}"
    url: str = request.getfixturevalue("database")
    return url


@pytest.fixture
def four_workers(store: str, tmp_path: Path) -> Iterator[Server]:
    running = start_server(tmp_path / "log", FITSERVE_STORE=store, WEB_CONCURRENCY="4")
    yield running
    stop(running)


def every_answer(servers: list[Server], model_id: int, times: int = 100) -> Counter[str]:
    """Answers on so many new connections, spread over the servers and so over their workers."""
    with ThreadPoolExecutor(8) as pool:
        asked = pool.map(lambda i: answer(servers[i % len(servers)], model_id), range(times))
        return Counter(str(told) for told in asked)


def gone_within_a_second(servers: list[Server], model_id: int) -> None:
    time.sleep(1.0)
    answers = every_answer(servers, model_id, 60)
    assert answers == {"(404, None)": 60}


def test_all_workers_agree(four_workers: Server) -> None:
    assert four_workers.ask("POST", "/register", registration(1))[0] == 201
    first = every_answer([four_workers], 1)
    assert len(first) == 1
    assert "200" in next(iter(first))
    assert four_workers.ask("DELETE", "/models/gauss_naive_bayes/1")[0] == 204
    gone_within_a_second([four_workers], 1)
    assert four_workers.ask("POST", "/register", registration(1, seed=2))[0] == 201
    again = every_answer([four_workers], 1)
    assert len(again) == 1
    assert again != first


def test_two_servers_agree_over_one_database(database: str, tmp_path: Path) -> None:
    servers = [
        start_server(tmp_path / name, FITSERVE_STORE=database, WEB_CONCURRENCY="2")
        for name in ("one", "other")
    ]
    try:
        assert servers[0].ask("POST", "/register", registration(1))[0] == 201
        assert len(every_answer(servers, 1)) == 1
        assert servers[1].ask("DELETE", "/models/gauss_naive_bayes/1")[0] == 204
        gone_within_a_second(servers, 1)
        with ThreadPoolExecutor(64) as pool:
            asked = [
                pool.submit(servers[i % 2].ask, "POST", "/register", registration(2, seed=i))
                for i in range(64)
            ]
            statuses = Counter(future.result()[0] for future in asked)
        assert statuses == {201: 1, 409: 63}
        assert len(every_answer(servers, 2)) == 1
    finally:
        for server in servers:
            stop(server)


def test_nothing_acknowledged_is_lost_when_all_is_killed(store: str, tmp_path: Path) -> None:
    """kill -9 of the whole process group at a random moment while 8 clients register."""
    rng = random.Random(8)  # noqa: S311
    acknowledged: dict[int, Any] = {}
    running = start_server(tmp_path / "log", FITSERVE_STORE=store, WEB_CONCURRENCY="2")
    for round_ in range(ROUNDS):
        over = threading.Event()

        def client(n: int, running: Server = running, over: threading.Event = over) -> None:
            model_id = 1_000_000 * n + round_ * 10_000  # noqa: B023
            while not over.is_set():
                model_id += 1
                try:
                    status, _ = running.ask("POST", "/register", registration(model_id))
                    if status == 201:
                        acknowledged[model_id] = None
                        status, told = answer(running, model_id)
                        acknowledged[model_id] = told if status == 200 else None
                except (OSError, HTTPException):
                    return

        clients = [threading.Thread(target=client, args=(n,)) for n in range(8)]
        for thread in clients:
            thread.start()
        time.sleep(rng.uniform(0.05, 0.6))
        os.killpg(running.process.pid, signal.SIGKILL)
        running.process.wait()
        over.set()
        for thread in clients:
            thread.join()
        running = start_server(tmp_path / "log", FITSERVE_STORE=store, WEB_CONCURRENCY="2")
        with ThreadPoolExecutor(8) as pool:
            now = dict(zip(acknowledged, pool.map(lambda i: answer(running, i), acknowledged)))  # noqa: B023, B905
        for model_id, told in acknowledged.items():
            assert now[model_id][0] == 200, f"round {round_}: {model_id} was lost"
            assert told is None or now[model_id][1] == told, f"round {round_}: {model_id} changed"
        listed = running.ask("POST", "/list", {"model_type": "gauss_naive_bayes"})[1]["model_ids"]
        with ThreadPoolExecutor(8) as pool:
            assert {s for s, _ in pool.map(lambda i: answer(running, i), listed[-50:])} <= {200}  # noqa: B023
    assert acknowledged
    stop(running)
    print(f"{ROUNDS} rounds, {len(acknowledged)} acknowledged, none lost")  # noqa: T201


def test_a_store_that_is_lost_is_waited_for(tmp_path: Path) -> None:
    """The file is moved away and back: models in memory answer, registrations wait, no restart."""
    file = tmp_path / "store.sqlite3"
    running = start_server(tmp_path / "log", WEB_CONCURRENCY="1")
    assert running.ask("POST", "/register", registration(1))[0] == 201
    expected = answer(running, 1)
    assert expected[0] == 200
    subprocess.run(["mv", file, tmp_path / "aside"], check=True)
    time.sleep(1.0)
    assert answer(running, 1) == expected
    status, told = running.ask("POST", "/register", registration(2))
    assert (status, told["type"]) == (503, "/problems/busy")
    assert running.ask("GET", "/health") == (200, {"status": "ok", "store": "unreachable"})
    assert running.ask("GET", "/v2/health/ready")[0] == 503
    assert running.ask("GET", "/v2/health/live")[0] == 200
    subprocess.run(["mv", tmp_path / "aside", file], check=True)
    deadline = time.monotonic() + 20
    while running.ask("GET", "/v2/health/ready")[0] != 200:
        assert time.monotonic() < deadline
        time.sleep(0.1)
    assert running.ask("POST", "/register", registration(2))[0] == 201
    assert answer(running, 1) == expected
    stop(running)


def test_a_server_waits_for_a_store_that_is_not_there_yet(tmp_path: Path) -> None:
    folder = tmp_path / "later"
    url = f"sqlite:///{folder / 'store.sqlite3'}"
    running = start_server(tmp_path / "log", ready=False, FITSERVE_STORE=url, WEB_CONCURRENCY="1")
    status, told = running.ask("GET", "/health")
    assert (status, told["type"]) == (503, "/problems/busy")
    assert running.ask("POST", "/register", registration(1))[0] == 503
    assert running.ask("GET", "/v2/health/ready")[0] == 503
    folder.mkdir()
    deadline = time.monotonic() + 20
    while running.ask("GET", "/health")[0] != 200:
        assert time.monotonic() < deadline
        time.sleep(0.1)
    assert running.ask("POST", "/register", registration(1))[0] == 201
    stop(running)
