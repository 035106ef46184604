"""A stop in the middle of work: `stop.py http://127.0.0.1:PORT PID SIGNAL`, PID being the server's.

Eight clients predict, a ninth registers and waits for a training of many seconds, a tenth has
queued one like it. The signal comes. Every request that was sent must be answered; prints what
counts there are. What was queued is for whoever starts the server again to ask for.
"""

import json
import os
import signal
import sys
import threading
import time
from collections import Counter
from http.client import HTTPConnection, HTTPException
from typing import Any
from urllib.parse import urlsplit

ROWS = 60_000


def main(url: str, pid: str, stop: str) -> int:
    address = urlsplit(url).netloc
    answered: Counter[str] = Counter()
    stopping = threading.Event()

    def ask(connection: HTTPConnection, path: str, body: Any, **headers: str) -> int:
        given = {"Content-Type": "application/json"} | headers
        connection.request("POST", path, json.dumps(body), given)
        answer = connection.getresponse()
        told = answer.read()
        if answer.status >= 400:
            sys.stdout.write(f"{path}: {told.decode()}\n")
        return answer.status

    def predict() -> None:
        features = [[1.0, 2.0]] * 50
        connection = HTTPConnection(address, timeout=60)
        while True:
            try:
                connection.connect()
            except OSError:
                answered["not connected any more"] += 1
                return
            try:
                while True:
                    body = {"model_type": "knn", "model_id": 901, "features": features}
                    answered[f"predict {ask(connection, '/predict', body)}"] += 1
                    if connection.sock is None:  # it was told that this was the last
                        break
            except (OSError, HTTPException) as error:
                answered[f"LOST: {type(error).__name__}"] += 1
                connection.close()

    few = {"X": [[0.0, 0.0], [1.0, 1.0], [2.0, 2.0], [3.0, 3.0], [4.0, 5.0]], "y": [0, 0, 1, 1, 1]}
    first = HTTPConnection(address, timeout=60)
    assert ask(first, "/register", {"model_type": "knn", "model_id": 901, "kwargs": few}) == 201
    rows = [[float(i % 97) / 97, float(i % 89) / 89] for i in range(ROWS)]
    long = {"X": rows, "y": [float(i % 7) for i in range(ROWS)], "learning_rate": 1e-3}
    long |= {"max_iter": 60_000, "tol": 0.0}

    def progress(connection: HTTPConnection) -> float:
        connection.request("GET", "/models/linear_regression/901")
        told: dict[str, Any] = json.load(connection.getresponse())
        return float(told.get("progress", 0))

    def register() -> None:
        body = {"model_type": "linear_regression", "model_id": 901, "kwargs": long}
        status = ask(HTTPConnection(address, timeout=400), "/register", body)
        answered[f"register {status}{' after the stop' if stopping.is_set() else ''}"] += 1

    registering = threading.Thread(target=register)
    registering.start()
    while progress(first) == 0:  # and so the next goes to the other worker
        time.sleep(0.2)
    queued = {"model_type": "linear_regression", "model_id": 902, "kwargs": long}
    assert ask(first, "/register", queued, Prefer="respond-async") == 202
    first.close()
    clients = [threading.Thread(target=predict) for _ in range(8)]
    for client in clients:
        client.start()
    time.sleep(1)
    stopping.set()
    os.kill(int(pid), getattr(signal, stop))
    for client in [*clients, registering]:
        client.join()
    sys.stdout.write(f"{dict(answered)}\n")
    fine = any("register 201 after" in what for what in answered)
    return not fine or any("LOST" in what for what in answered)


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
