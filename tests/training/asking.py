"""What tests of training under gunicorn ask for, and see."""

import json
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from typing import Any

from tests import conftest
from tests.conftest import Server

X, Y = [[0.0], [1.0], [9.0], [10.0]], [0, 0, 1, 1]
ENDLESS: dict[str, Any] = {"learning_rate": 1e-6, "max_iter": 10**9, "tol": 0.0}
PREDICT = {"model_type": "knn", "model_id": 1, "features": [8.0]}
ASYNC = {"Prefer": "respond-async"}


def registration(model_type: str, model_id: int, **kwargs: Any) -> dict[str, Any]:
    return {"model_type": model_type, "model_id": model_id, "kwargs": {"X": X, "y": Y} | kwargs}


def endless(model_id: int) -> dict[str, Any]:
    return registration("linear_regression", model_id, **ENDLESS)


def longer(model_id: int, n_iter: int = 20_000) -> dict[str, Any]:
    """Some tenths of a second for who has a core; who trains has what others leave."""
    return endless(model_id) | {"kwargs": {"X": X, "y": Y} | ENDLESS | {"max_iter": n_iter}}


def greedy(model_id: int) -> dict[str, Any]:
    """Small to send, and more to learn than 64 MiB hold."""
    rows = [[(i * 7919) % 1000 / 1000, (i * 104729) % 997 / 997] for i in range(20_000)]
    labels = [i % 1000 for i in range(20_000)]  # whose first scores are 160 MB
    return registration("logistic_regression", model_id, X=rows, y=labels)


def queue(server: Server, body: dict[str, Any]) -> None:
    asynchronous = Server(server.port, server.process, server.log, server.headers | ASYNC)
    status, told = asynchronous.ask("POST", "/register", body)
    assert status == 202, told


def told(server: Server, model_id: int, model_type: str = "linear_regression") -> Any:
    return server.ask("GET", f"/models/{model_type}/{model_id}")[1]


until = conftest.until


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


@contextmanager
def asked_all_the_while(
    server: Server, clients: int = 8, pause: float = 0.0
) -> Iterator[Counter[Any]]:
    """Predictions and looks at /health, on kept and on new connections; what they came to."""
    answers: Counter[Any] = Counter()
    over, lock = threading.Event(), threading.Lock()

    def client(n: int) -> None:
        kept = n % 2 == 0
        seen: Counter[Any] = Counter()
        connection: HTTPConnection | None = None
        while not over.wait(pause):
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
