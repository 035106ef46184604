"""What trainings cost those who only predict: latency at 8 connections, idle and beside two
trainings of 30 seconds, in turns; and what training apart costs a small and a long registration.

PYTHONPATH=src:. .venv/bin/python benchmarks/training.py [seconds of each measurement]
"""

import json
import selectors
import socket
import statistics
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np

from fitserve.models import catalog
from tests.conftest import Server, start_server

CONNECTIONS = 8
ROUNDS = 5
TRAINING = 30  # seconds, after which the limit ends it


class Clients:
    """Connections that each send a request when the one before is answered. They stay the same
    from state to state, since so does their share of the workers; and all are one thread, so
    that they do not wait for each other's turn."""

    def __init__(self, server: Server) -> None:
        body = json.dumps({"model_type": "knn", "model_id": 1, "features": [5.1, 3.5, 1.4, 0.2]})
        self.request = (
            f"POST /predict HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
            f"Content-Length: {len(body)}\r\n\r\n{body}"
        ).encode()
        self.connections = []
        for _ in range(CONNECTIONS):
            connection = socket.create_connection(("127.0.0.1", server.port))
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self.connections.append(connection)

    def load(self, seconds: float) -> tuple[list[float], int]:
        """Latencies in milliseconds, ascending, and how many answers were not 200."""
        times, errors = [], 0
        until = time.perf_counter() + seconds
        with selectors.DefaultSelector() as ready:
            for connection in self.connections:
                ready.register(connection, selectors.EVENT_READ, [time.perf_counter(), b""])
                connection.sendall(self.request)
            while ready.get_map():
                for key, _ in ready.select():
                    readable, said = key.fileobj, key.data
                    assert isinstance(readable, socket.socket)
                    said[1] += readable.recv(65536)
                    head, _, rest = said[1].partition(b"\r\n\r\n")
                    length = head.lower().partition(b"content-length:")[2].split(b"\r\n")[0]
                    if len(rest) != int(length or -1):
                        continue
                    now = time.perf_counter()
                    times.append(1e3 * (now - said[0]))
                    errors += not head.startswith(b"HTTP/1.1 200")
                    if now > until:
                        ready.unregister(readable)
                        continue
                    said[:] = time.perf_counter(), b""
                    readable.sendall(self.request)
        return sorted(times), errors

    def close(self) -> None:
        for connection in self.connections:
            connection.close()


def endless(model_id: int) -> dict[str, Any]:
    """Gradient descent over 5 MB of data, until its time is over."""
    rng = np.random.default_rng(model_id)
    X = rng.normal(size=(20_000, 30)).round(3)
    kwargs = {"learning_rate": 1e-9, "max_iter": 10**9, "tol": 0.0}
    kwargs |= {"X": X.tolist(), "y": X.sum(axis=1).tolist()}
    return {"model_type": "linear_regression", "model_id": model_id, "kwargs": kwargs}


def ask(server: Server, method: str, path: str, body: Any, **headers: str) -> Any:
    one = Server(server.port, server.process, server.log, server.headers | headers)
    status, told = one.ask(method, path, body)
    assert status < 300, told
    return told


def begin(server: Server, model_id: int) -> None:
    ask(server, "POST", "/register", endless(model_id), Prefer="respond-async")
    path = f"/models/linear_regression/{model_id}"
    while ask(server, "GET", path, None)["progress"] == 0.0:
        time.sleep(0.1)


def serving(server: Server, seconds: float) -> None:
    iris = json.loads(Path("examples/register-knn.json").read_text())
    ask(server, "POST", "/register", iris)
    found: dict[str, list[tuple[float, float, float]]] = {"idle": [], "two trainings": []}
    failed = 0
    print("| round | state | req/s | p50 ms | p99 ms | errors |")
    print("| --- | --- | --- | --- | --- | --- |")
    for number in range(ROUNDS):
        clients = Clients(server)
        clients.load(1.0)
        for state, rounds in found.items():
            if state != "idle":
                begin(server, 1)
                begin(server, 2)
            times, errors = clients.load(seconds)
            failed += errors
            if state != "idle":
                for model_id in (1, 2):
                    told = ask(server, "GET", f"/models/linear_regression/{model_id}", None)
                    assert told["status"] == "training", "it was over too early"
                    ask(server, "DELETE", f"/models/linear_regression/{model_id}", None)
                time.sleep(2.0)
            rate = len(times) / seconds
            p50, p99 = statistics.median(times), times[int(0.99 * len(times))]
            rounds.append((rate, p50, p99))
            print(f"| {number + 1} | {state} | {rate:,.0f} | {p50:.2f} | {p99:.2f} | {errors} |")
        clients.close()
    idle, busy = (np.array(rounds) for rounds in found.values())
    rate, p50, p99 = np.median(busy / idle, axis=0)
    print(f"| | median of ratios | {rate:.2f} | {p50:.2f} | {p99:.2f} | {failed} |\n")


def registering(server: Server) -> None:
    """The whole request beside the fit alone."""
    print("| registration | fit and score in place ms | POST /register ms | ratio |")
    print("| --- | --- | --- | --- |")
    rng = np.random.default_rng(0)
    digits = rng.normal(size=(2000, 64)).round(3)
    cases: list[tuple[str, Any, int]] = [
        ("knn", json.loads(Path("examples/register-knn.json").read_text())["kwargs"], 100),
        ("pca", {"X": digits.tolist()}, 20),
        ("kmeans", {"X": digits.tolist(), "n_clusters": 50}, 10),
        ("gmm", {"X": digits.tolist(), "n_components": 10}, 5),
    ]
    for name, kwargs, times in cases:
        alone, whole = [], []
        data = {key: value for key, value in kwargs.items() if key in ("X", "y")}
        more = {key: kwargs[key] for key in kwargs.keys() - data.keys() - {"feature_names"}}
        for model_id in range(100, 100 + times):
            started = time.perf_counter()
            model = catalog()[name].from_kwargs(more).fit(**data)
            model.score(**data)
            alone.append(time.perf_counter() - started)
            body = json.dumps({"model_type": name, "model_id": model_id, "kwargs": kwargs}).encode()
            started = time.perf_counter()
            ask(server, "POST", "/register", body)
            whole.append(time.perf_counter() - started)
        a, b = 1e3 * statistics.median(alone), 1e3 * statistics.median(whole)
        rows, columns = np.shape(kwargs["X"])
        print(f"| {name}, {rows} x {columns} | {a:.2f} | {b:.2f} | {b / a:.2f} |", flush=True)


def main() -> None:
    seconds = float(sys.argv[1]) if len(sys.argv) > 1 else 15.0
    with tempfile.TemporaryDirectory() as folder:
        server = start_server(
            Path(folder) / "log", WEB_CONCURRENCY="2", FITSERVE_TRAINING_SECONDS=str(TRAINING)
        )
        try:
            serving(server, seconds)
            registering(server)
        finally:
            server.process.terminate()
            server.process.wait()


if __name__ == "__main__":
    main()
