"""Makes the store file that the tests keep of a released schema:
`PYTHONPATH=src python -m tests.storage.keep_store SRC`.

SRC is the `src` of the release. By HTTP it gets one small model of every type, one that failed
and one that waits to be trained; beside the file stands what that release answered.
"""

import json
import os
import shutil
import signal
import sqlite3
import sys
import tempfile
from pathlib import Path
from typing import Any

from tests.conftest import start_server, until

STORES = Path(__file__).parent / "stores"
X = [[1.0, 0.0], [2.0, 1.0], [1.5, 0.5], [8.0, 9.0], [9.0, 8.0], [8.5, 9.5]]
LABELS = ["a", "b", "a", "b", "c", "c"]
NUMBERS = [1.0, 3.0, 2.0, 17.0, 17.5, 18.0]
ROWS = [[1.2, 0.1], [8.1, 9.0], [4.0, 5.0]]
QUEUED = {
    "model_type": "linear_regression",
    "model_id": 2,
    "kwargs": {"X": [[0.0], [1.0], [2.0]], "y": [1.0, 3.0, 5.0]},
}


def registrations(types: list[str]) -> list[dict[str, Any]]:
    unsupervised = {"kmeans": {"n_clusters": 2}, "gmm": {"n_components": 1}, "pca": {}}
    made = []
    for name in types:
        if name in unsupervised:
            kwargs: dict[str, Any] = {"X": X} | unsupervised[name]
        else:
            kwargs = {"X": X, "y": NUMBERS if name == "linear_regression" else LABELS}
        made.append({"model_type": name, "model_id": 1, "kwargs": kwargs})
    return made


def main(src: str) -> None:
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "store.sqlite3"
        running = start_server(Path(folder) / "log", PYTHONPATH=src, WEB_CONCURRENCY="1")
        types = running.ask("GET", "/listtypes")[1]["model_types"]
        asked = []
        for body in registrations(types):
            assert running.ask("POST", "/register", body)[0] == 201, body
            ask = {"model_type": body["model_type"], "model_id": 1, "features": ROWS}
            asked.append({"ask": ask, "answer": running.ask("POST", "/predict", ask)[1]})
        running.headers["Prefer"] = "respond-async"
        # It diverges: that is only known in training, and so it fails.
        bad = {"X": [[1e3], [2e3]], "y": [1.0, 2.0], "learning_rate": 1e9}
        failing = {"model_type": "linear_regression", "model_id": 9, "kwargs": bad}
        assert running.ask("POST", "/register", failing)[0] == 202
        path = "/models/linear_regression/9"
        until(lambda: running.ask("GET", path)[1]["status"] == "failed")
        # Trainings that keep every trainer busy, so that the next one waits.
        rows = [[float(i % 97), float(i % 89)] for i in range(60_000)]
        busy = {"X": rows, "y": [float(i % 7) for i in range(60_000)], "learning_rate": 1e-6}
        long = busy | {"max_iter": 100_000, "tol": 0.0}
        for number in range(50, 54):
            long_one = {"model_type": "linear_regression", "model_id": number, "kwargs": long}
            assert running.ask("POST", "/register", long_one)[0] == 202
        assert running.ask("POST", "/register", QUEUED)[0] == 202
        os.killpg(running.process.pid, signal.SIGKILL)
        running.process.wait()
        with sqlite3.connect(file) as database:
            for table in ("models", "trainings"):
                database.execute(f"DELETE FROM {table} WHERE model_id >= 50")  # noqa: S608
            counted = dict(database.execute("SELECT name, value FROM counters"))
        database.execute("PRAGMA journal_mode = DELETE")
        database.execute("VACUUM")
        database.close()
        STORES.mkdir(exist_ok=True)
        kept = STORES / f"schema-{counted.get('steps', counted['schema'])}.sqlite3"
        shutil.copyfile(file, kept)
        kept.with_suffix(".jsonl").write_text("".join(json.dumps(one) + "\n" for one in asked))
        sys.stdout.write(f"kept {kept}, {kept.stat().st_size} bytes\n")


if __name__ == "__main__":
    main(sys.argv[1])
