"""How the service bears many stored models: latency of a hot one, start, memory, paging.

PYTHONPATH=src:. .venv/bin/python benchmarks/store.py [URL of the store]
"""

import json
import statistics
import sys
import tempfile
import time
from http.client import HTTPConnection
from pathlib import Path

from fitserve.models import catalog
from fitserve.storage.database import SqlStore
from fitserve.storage.store import Key
from tests.conftest import Server, start_server

STEPS = (10, 1_000, 10_000)
ASK = {"model_type": "gauss_naive_bayes", "model_id": 0, "features": [0.5]}


def fill(store: SqlStore, start: int, end: int) -> None:
    """Models as a registration leaves them, without the way through HTTP."""
    model = catalog()["gauss_naive_bayes"].from_kwargs({})
    model.fit([[0.0], [1.0], [9.0], [10.0]], [0, 0, 1, 1])
    description = {"feature_names": None, "hyperparameters": model.hyperparameters()}
    for model_id in range(start, end):
        reserved = store.reserve(Key("gauss_naive_bayes", model_id), description)
        store.publish(reserved, model.state())


def latency(server: Server, asks: int = 2000) -> tuple[float, float]:
    """Median and 99th percentile of one connection's requests, in milliseconds."""
    connection = HTTPConnection("127.0.0.1", server.port)
    body = json.dumps(ASK).encode()
    times = []
    for _ in range(asks):
        started = time.perf_counter()
        connection.request("POST", "/predict", body, server.headers)
        answer = connection.getresponse()
        answer.read()
        assert answer.status == 200
        times.append(1e3 * (time.perf_counter() - started))
    connection.close()
    times.sort()
    return statistics.median(times), times[int(0.99 * asks)]


def memory(server: Server) -> float:
    """MiB that belong to the workers alone."""
    total = 0
    for worker in children(server.process.pid):
        for line in Path(f"/proc/{worker}/smaps_rollup").read_text().splitlines():
            if line.startswith("Private_"):
                total += int(line.split()[1])
    return total / 1024


def children(pid: int) -> list[int]:
    return [int(p) for p in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def pages(server: Server) -> tuple[int, float]:
    """Models that GET /models pages through, and the seconds that all pages took."""
    started, seen, after = time.perf_counter(), 0, ""
    while after is not None:
        query = f"&after={after}" if after else ""
        _, told = server.ask("GET", f"/models?limit=1000{query}")
        seen += len(told["models"])
        after = told["next"]
    return seen, time.perf_counter() - started


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        url = sys.argv[1] if len(sys.argv) > 1 else f"sqlite:///{folder}/store.sqlite3"
        store = SqlStore(url)
        store.prepare()
        print("| models | start s | memory MiB | predict p50 ms | p99 ms | paged | seconds |")
        print("| --- | --- | --- | --- | --- | --- | --- |")
        there = 0
        for step in (1, *STEPS):
            fill(store, there, step)
            there = step
            started = time.perf_counter()
            server = start_server(Path(folder) / "log", FITSERVE_STORE=url, WEB_CONCURRENCY="1")
            took, used = time.perf_counter() - started, memory(server)
            p50, p99 = latency(server)
            seen, paging = pages(server)
            print(
                f"| {step:,} | {took:.2f} | {used:.1f} | {p50:.3f} | {p99:.3f} | {seen:,} "
                f"| {paging:.2f} |",
                flush=True,
            )
            server.process.terminate()
            server.process.wait()
        store.close()


if __name__ == "__main__":
    main()
