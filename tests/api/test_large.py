"""A large body is read in a process of its own, and answered as a small one is."""

import gzip
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import numpy as np
import pytest
from flask import Flask
from werkzeug.test import TestResponse

from fitserve import create_app
from fitserve.api import apart, bodies, large
from fitserve.config import Settings
from fitserve.models.knn import Knn
from fitserve.processes.forking import ForkServer
from fitserve.processes.slots import Slots
from fitserve.storage.store import Key
from tests.api import wrong_tables
from tests.api.generated import Request, requests
from tests.api.test_fault_sites import ASKED, NAMED, X, Y
from tests.conftest import ROOT, Api, empty, needs_proc, start_server, until

Both = Callable[..., TestResponse]
TIMES = ("created", "started", "seconds", "request_id")  # which no two answers share

TABLE: dict[str, list[Any]] = {
    "age": [22, 38.5, None, 35] * 6,
    "sex": ["male", "female", "female", "male"] * 6,
    "about": ["free offer", "dinner tonight", "free dinner", "an offer"] * 6,
    "died": [True, False, False, True] * 6,
}
ROWS = [dict(zip(TABLE, cells, strict=True)) for cells in zip(*TABLE.values(), strict=True)]
LISTS = [list(row.values()) for row in ROWS]
OPTIONS = {"missing": "impute", "kinds": {"about": "text"}, "drop": []}


def comparable(value: Any) -> Any:
    """What is told, without what depends on the time."""
    if isinstance(value, dict):
        return {name: comparable(one) for name, one in value.items() if name not in TIMES}
    return [comparable(one) for one in value] if isinstance(value, list) else value


@pytest.fixture(scope="module")
def apps() -> Iterator[list[Api]]:
    made = [create_app(Settings(store="memory", training_seconds=5)) for _ in range(2)]
    yield [Api(one.test_client()) for one in made]
    for one in made:
        one.extensions["fitserve"].close()


@pytest.fixture
def all_large(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(large, "LARGE", 0)
    monkeypatch.setattr(bodies, "LARGE", 0)


@pytest.fixture
def both(apps: list[Api]) -> Iterator[Both]:
    """Ask as a small body and as a large one, and compare the answers."""

    def ask(path: str, value: Any, **headers: str) -> TestResponse:
        body = value if isinstance(value, bytes) else json.dumps(value).encode()
        small = apps[0].raw(path, body, **headers)
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(large, "LARGE", 0)
            patch.setattr(bodies, "LARGE", 0)
            answer = apps[1].raw(path, body, **headers)
        assert answer.status_code == small.status_code, (body[:200], small.text, answer.text)
        assert comparable(answer.json) == comparable(small.json), body[:200]
        return answer

    yield ask
    for one in apps:
        empty(one.client.application)


def registration(model_type: str, model_id: int, **kwargs: Any) -> dict[str, Any]:
    return {"model_type": model_type, "model_id": model_id, "kwargs": kwargs}


def test_matrices_and_their_faults(both: Both) -> None:
    for model_type, kwargs in ASKED:
        assert both("/register", registration(model_type, 1, **kwargs)).status_code == 422
    names = ["a", "b"]
    for answer in (
        both("/register", registration("knn", 2, X=X, y=Y, k=1, feature_names=names)),
        both("/register", registration("knn", 3, X=X, y=["é", "b", "é", "b"], k=1, cv=2)),
        both("/register", registration("pca", 2, X=X)),
        both("/register", registration("multi_naive_bayes", 2, X=X, y=[True, True, False, False])),
    ):
        assert answer.status_code == 201, answer.text
    rows: list[Any] = [X, X[0], [dict(zip(names, row, strict=True)) for row in X], {"b": 1, "a": 2}]
    rows += [*NAMED, [[-1, 0]], [-1, 0], [[1e308, 1e308]], [], [[]], [[1, None]]]
    for features in rows:
        for model_type in ("knn", "multi_naive_bayes"):
            ask = {"model_type": model_type, "model_id": 2, "features": features}
            both("/predict", ask | {"probabilities": True})
    for y in (None, Y, Y[:1], ["a", 1, 2, 3], [1.5, 2, 3, 4], [True, True, False, False]):
        for model_type, features in (("knn", X), ("knn", NAMED[0]), ("pca", X), ("nix", X)):
            both(
                "/evaluate", {"model_type": model_type, "model_id": 2, "features": features, "y": y}
            )
    both(
        "/evaluate", {"model_type": "knn", "model_id": 2, "features": X, "y": Y, "importance": True}
    )


@pytest.mark.parametrize("sent", [TABLE, ROWS, LISTS], ids=["columns", "rows", "lists"])
def test_tables_and_their_faults(both: Both, sent: Any) -> None:
    model_id = [TABLE, ROWS, LISTS].index(sent) + 10
    y = {"y": TABLE["died"]} if sent is LISTS else {"target": "died"}
    for wrong in ({}, {"missing": "drop"}, OPTIONS | {"nix": 1}, {"missing": "impute", "cv": 99}):
        both("/register", registration("knn", model_id, X=sent, **y, **wrong))
    named = {"feature_names": list(TABLE)} if sent is LISTS else {}
    for model_type in ("knn", "multi_naive_bayes"):
        kwargs = {"X": sent, **y, **named, **OPTIONS, "cv": 3}
        both("/register", registration(model_type, model_id, **kwargs))
    wrongs: list[Any] = [
        {"age": [1, [2]], "sex": ["x", {}], "about": ["", ""]},
        {"age": [-3.0] * 9, "sex": ["it"] * 9, "about": [None] * 9},
        [{"age": -3, "sex": "male", "about": "a"}] * 2,
        [{"age": "x\0"}],
        {"age": 3, "sex": "male", "about": "a", "died": True},
        [3, "male", "a"],
        [3, "male", "a", True],
        [[3, {}, "a", True]],
        [[1, 2]],
        [sent],
        "x",
    ]
    for features in [sent, *wrongs]:
        ask = {"model_type": "knn", "model_id": model_id, "features": features}
        both("/predict", ask | {"model_type": "multi_naive_bayes"})
        both("/evaluate", ask)
    both("/evaluate", ask | {"features": sent, "y": TABLE["died"]})


HUGE: dict[str, list[Any]] = {"a": [None, 1, 2, 3], "t": [0, 1, 5, 9], "b": [0, 0, 1e308, 1]}
BY_ROWS = [list(cells) for cells in zip(*HUGE.values(), strict=True)]
BY_NAME = [dict(zip(HUGE, cells, strict=True)) for cells in BY_ROWS]


@pytest.mark.parametrize(
    ("kwargs", "at"),
    [
        ({"X": HUGE, "drop": ["t"]}, ["X", "b", 2]),
        ({"X": BY_NAME, "drop": ["t"]}, ["X", 2, "b"]),
        ({"X": BY_ROWS, "drop": ["1"]}, ["X", 2, 2]),
        ({"X": BY_ROWS, "drop": ["t"], "feature_names": list(HUGE)}, ["X", 2, 2]),
        ({"X": HUGE, "target": "b"}, ["X", "b", 2]),
        ({"X": BY_NAME, "target": "b"}, ["X", 2, "b"]),
        ({"X": BY_ROWS, "target": "2"}, ["X", 2, 2]),
        ({"X": {"a": HUGE["a"]}, "y": HUGE["b"]}, ["y", 2]),
    ],
)
def test_a_fault_of_training_is_told_by_the_row_that_was_sent(
    both: Both, apps: list[Api], kwargs: dict[str, Any], at: list[Any]
) -> None:
    """Though rows before it were left out; to who does not wait for it, by rows."""
    model_type = "linear_regression" if {"y", "target"} & kwargs.keys() else "pca"
    ask = registration(model_type, 1, **kwargs, missing="drop")
    ask["kwargs"] |= {} if model_type == "pca" else {"learning_rate": 0.1}
    answer = both("/register", ask)
    assert answer.json is not None
    assert [error["loc"] for error in answer.json["errors"]] == [["kwargs", *at]]
    assert both("/register", ask, Prefer="respond-async").status_code == 202
    for api in apps:
        url = f"/models/{model_type}/1"
        until(lambda: api.client.get(url).get_json()["status"] == "failed")  # noqa: B023
        (error,) = api.client.get(url).get_json()["problem"]["errors"]
        assert 2 in error["loc"]


@pytest.mark.parametrize(
    "cell", ["NA", " ", None, 10**400, "1,5", "x"], ids=lambda one: str(one)[:9]
)
def test_a_cell_is_told_as_it_was_sent(
    both: Both, cell: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In whichever block it stands: nothing is there to fill gaps."""
    monkeypatch.setattr("fitserve.predictor.SHORT", 0.0)
    monkeypatch.setattr("fitserve.predictor.BLOCK", 1000.0)
    ask = {"model_type": "knn", "model_id": 31}
    table = {"a": [1, 2, 3, 4], "b": ["u", "v", "u", "v"]}
    both("/register", {**ask, "kwargs": {"X": table, "y": [0, 1, 0, 1], "n_neighbors": 1}})
    for name in table:
        columns: dict[str, list[Any]] = {"a": [1] * 90, "b": ["u"] * 90}
        columns[name][37] = cell
        rows = [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)]
        for features in (columns, rows):
            answer = both("/predict", ask | {"features": features})
            if isinstance(cell, str) and cell.strip():
                assert repr(cell) in answer.text


INFER = "/v2/models/knn/versions/{}/infer"
FLATTENED = [cell for row in X for cell in row]
FLOATS: dict[str, Any] = {"name": "X", "shape": [4, 2], "datatype": "FP64", "data": FLATTENED}


def columns_of(n: int = len(ROWS), **other: dict[str, Any]) -> list[dict[str, Any]]:
    """An input for each column of the table."""
    datatypes = {"age": "FP32", "sex": "BYTES", "about": "BYTES"}
    return [
        {"name": name, "shape": [n], "datatype": datatype, "data": TABLE[name][:n]}
        | other.get(name, {})
        for name, datatype in datatypes.items()
    ]


def test_tensors_and_their_faults(both: Both) -> None:
    both("/register", registration("knn", 41, X=X, y=["a", "b", "a", "b"], k=1))
    kwargs = {"X": TABLE, "target": "died", **OPTIONS}
    assert both("/register", registration("knn", 42, **kwargs)).status_code == 201
    both(INFER.format(41), {"inputs": [FLOATS], "id": "a", "outputs": [{"name": "predict"}]})
    for inputs in (
        [FLOATS],
        [FLOATS | {"data": X}],
        [FLOATS | {"data": [[1, "x"], [1, 2], [{}, 2], [None, 2]]}],
        [FLOATS | {"data": [[1, None]] * 4}],
        [FLOATS | {"data": [1e400]}],
        [FLOATS | {"datatype": "INT8", "data": [300] * 8}],
        [FLOATS | {"shape": [4, 3]}],
        [FLOATS | {"shape": "x"}],
        [FLOATS, FLOATS],
        [FLOATS, FLOATS | {"name": "other"}],
        ["x"],
        [],
        columns_of(),
        columns_of(9),
        columns_of(sex={"data": ["é", "", None, "\ud83d\ude00"] * 6}),
        columns_of(sex={"data": ["male"] * 23 + [3]}),
        columns_of(age={"data": [-3, 1e39] * 12}),
        columns_of(age={"shape": [3], "data": [1, 2, 3]}),
        columns_of(about={"name": "other"}),
        3,
    ):
        for model_id in (41, 42, 43):
            both(INFER.format(model_id), {"inputs": inputs})
            both(INFER.format(model_id), {"inputs": inputs, "outputs": [{"name": "probabilities"}]})
    both(INFER.format(41), {"inputs": [FLOATS], "outputs": [{"name": "predict"}] * 2})
    for body in (b"", b"{", b"[]", b'{"inputs": [3], "x": NaN}', b'{"inputs": ["\\ud800"]}'):
        both(INFER.format(41), body)
    lone = json.dumps({"inputs": columns_of(sex={"data": ["\ud800"] * 24})})
    both(INFER.format(42), lone.encode())
    answer = both(INFER.format(41), {"inputs": [FLOATS]})
    assert answer.json["outputs"][0]["data"] == ["a", "b", "a", "b"]  # type: ignore[index]


def test_tensors_behind_a_large_json(both: Both) -> None:
    both("/register", registration("knn", 45, X=X, y=["a", "b", "a", "b"], k=1))
    values = np.array(X, "<f8").tobytes()
    said = {**FLOATS, "parameters": {"binary_data_size": len(values)}}
    del said["data"]
    head = json.dumps({"inputs": [said]}).encode()
    for length in (len(head), len(head) - 1, "x", "1e2", len(head + values) + 1):
        headers = {"Inference_Header_Content_Length": str(length)}
        both(INFER.format(45), head + values, **headers)
        both(INFER.format(45), head + values[1:], **headers)


def test_random_requests(both: Both) -> None:
    asked: list[Request] = [one for one in requests(5, 200) if one.method == "POST"]
    statuses = {both(one.path, one.body, **_spelled(one.headers)).status_code for one in asked}
    assert statuses >= {200, 201, 400, 404, 422}


def _spelled(headers: dict[str, str]) -> dict[str, str]:
    return {name.replace("-", "_"): value for name, value in headers.items() if name != "Prefer"}


def test_blocks_of_a_table_are_predicted_as_the_whole(
    both: Both, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("fitserve.predictor.SHORT", 0.0)
    monkeypatch.setattr("fitserve.predictor.BLOCK", 3000.0)
    kwargs = {"X": ROWS, "target": "died", **OPTIONS}
    assert both("/register", registration("knn", 20, **kwargs)).status_code == 201
    rows = [{name: row[name] for name in ("about", "sex", "age")} for row in ROWS * 3]
    ask = {"model_type": "knn", "model_id": 20, "features": rows}
    assert len(both("/predict", ask).json["predictions"]) == 72  # type: ignore[index]


def test_packed_bodies(both: Both) -> None:
    body = json.dumps(registration("pca", 30, X=X)).encode()
    packed = gzip.compress(body)
    assert both("/register", packed, Content_Encoding="gzip").status_code == 201
    both("/register", packed[:-9], Content_Encoding="gzip")
    both("/register", body, Content_Encoding="deflate")


@pytest.fixture
def forked(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The tasks for which processes are made."""
    tasks: list[str] = []
    fork = ForkServer.fork

    def counted(self: ForkServer, task: str, patience: int) -> Any:
        tasks.append(task)
        return fork(self, task, patience)

    monkeypatch.setattr(ForkServer, "fork", counted)
    return tasks


def test_only_what_is_large_unpacked_takes_a_process(api: Api, forked: list[str]) -> None:
    small = json.dumps(registration("pca", 1, X=X)).encode()
    assert api.raw("/register", small).status_code == 201
    assert api.raw("/list", gzip.compress(b'{"model_type": "pca"}'), Content_Encoding="gzip").json
    assert not forked
    ask = json.dumps({"model_type": "pca", "model_id": 1, "features": X[0]})
    padded = ask.encode() + b" " * large.LARGE
    assert api.raw("/predict", padded).status_code == 200
    assert api.raw("/predict", gzip.compress(padded), Content_Encoding="gzip").status_code == 200
    assert forked == [apart.TASK] * 2
    tensor: dict[str, Any] = {"name": "x", "shape": [1, len(X[0])], "datatype": "FP64"}
    ask = json.dumps({"inputs": [tensor | {"data": X[0]}]})
    url = "/v2/models/pca/versions/1/infer"
    assert api.raw(url, ask.encode()).status_code == 200
    assert api.raw(url, gzip.compress(ask.encode()), Content_Encoding="gzip").status_code == 200
    rows = 2**17  # as bytes they are large, and read at once
    tensor |= {"shape": [rows, len(X[0])], "parameters": {"binary_data_size": 16 * rows}}
    head = json.dumps({"inputs": [tensor]}).encode()
    length = {"Inference_Header_Content_Length": str(len(head))}
    assert api.raw(url, head + bytes(16 * rows), **length).status_code == 200
    assert forked == [apart.TASK] * 2
    assert api.raw(url, ask.encode() + b" " * large.LARGE).status_code == 200
    assert forked == [apart.TASK] * 3


@pytest.mark.parametrize(
    ("row", "times", "apart_too"),
    [
        ("[0.123456789012345, 0.123456789012345]", 20_000, False),
        ("[7, 7]", 60_000, True),
        ('["7", "7"]', 30_000, True),
        ("[]", 60_000, True),
        ('{"a": 1}', 60_000, True),
        ("[" + "1," * 300_000 + "1]", 1, True),
        ("[[7, 7]]", 300, False),
    ],
    ids=lambda one: str(one)[:20],
)
def test_a_small_body_that_takes_long_to_read_takes_a_process_too(
    api: Api,
    monkeypatch: pytest.MonkeyPatch,
    forked: list[str],
    row: str,
    times: int,
    apart_too: bool,
) -> None:
    api.register("pca", 1, X=X)
    rows = ",".join([row] * times)
    body = f'{{"model_type": "pca", "model_id": 1, "features": [{rows}]}}'.encode()
    assert len(body) < large.LARGE
    answers = [
        api.raw("/predict", body),
        api.raw("/predict", gzip.compress(body), Content_Encoding="gzip"),
    ]
    assert len(forked) == 2 * apart_too
    monkeypatch.setattr(large, "HEAVY", 1e99)
    answers.append(api.raw("/predict", body))
    assert len({one.status_code for one in answers}) == 1
    assert comparable(answers[0].json) == comparable(answers[1].json) == comparable(answers[2].json)
    assert len(forked) == 2 * apart_too


def test_bytes_of_tensors_do_not_make_a_json_heavy(
    api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    api.register("knn", 45, X=X, y=Y, k=1)
    brackets = b"[" * 800_000  # are numbers here
    said = {**FLOATS, "shape": [50_000, 2], "parameters": {"binary_data_size": len(brackets)}}
    del said["data"]
    head = json.dumps({"inputs": [said]}).encode()
    length = {"Inference_Header_Content_Length": str(len(head))}
    monkeypatch.setattr(ForkServer, "fork", lambda *_: pytest.fail("it was read apart"))
    assert api.raw(INFER.format(45), head + brackets, **length).status_code == 200
    with pytest.raises(pytest.fail.Exception):
        api.raw(INFER.format(45), json.dumps({"inputs": [FLOATS] * 9000}).encode())


def test_the_limit_counts_unpacked_bytes() -> None:
    app = create_app(Settings(store="memory", max_content_length=2**21))
    bomb = gzip.compress(b"[" + b" " * 2**21)
    answer = Api(app.test_client()).raw("/predict", bomb, Content_Encoding="gzip")
    assert (answer.status_code, answer.json["type"]) == (413, "/problems/too-large")  # type: ignore[index]
    assert str(2**21) in answer.text
    app.extensions["fitserve"].close()


@needs_proc
def test_what_takes_too_much_memory_is_refused(
    api: Api, all_large: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(apart, "MEMORY_MB", 16)
    monkeypatch.setattr(large, "LOOK_EVERY", 0.005)
    body = b'{"model_type": "knn", "features": [' + b",".join([b"[0]"] * 2_000_000) + b"]}"
    answer = api.raw("/predict", body)
    assert (answer.status_code, answer.json["type"]) == (413, "/problems/too-large")  # type: ignore[index]
    assert "16 MiB" in answer.text
    assert api.raw("/list", b'{"model_type": "knn"}').status_code == 200


@needs_proc
def test_a_reader_that_is_killed_or_stopped_is_told(
    api: Api, all_large: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    fork = ForkServer.fork
    sent = signal.SIGKILL

    def hit(self: ForkServer, task: str, patience: int) -> Any:
        connection, pid = fork(self, task, patience)
        os.kill(pid, sent)
        until(lambda: sent == signal.SIGSTOP or not Path(f"/proc/{pid}").exists())
        return connection, pid

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(ForkServer, "fork", hit)
        patch.setattr(apart, "SECONDS", 1)
        for sent, word in ((signal.SIGKILL, "memory"), (signal.SIGSTOP, "1 seconds")):  # noqa: B007
            answer = api.raw("/list", b'{"model_type": "knn"}')
            assert (answer.status_code, answer.json["type"]) == (503, "/problems/busy")  # type: ignore[index]
            assert word in answer.json["detail"]  # type: ignore[index]
            assert answer.headers["Retry-After"]
    assert api.raw("/list", b'{"model_type": "knn"}').status_code == 200


HOLDS = """
import fcntl, sys
fcntl.lockf(int(sys.argv[1]), fcntl.LOCK_EX | fcntl.LOCK_NB, int(sys.argv[2]), 0)
print("held", flush=True)
sys.stdin.read()
"""


@contextmanager
def held(fd: int, number: int) -> Iterator[subprocess.Popen[str]]:
    """So many slots of this file are another process's."""
    command = [sys.executable, "-c", HOLDS, str(fd), str(number)]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, pass_fds=[fd], stdin=pipe, stdout=pipe, text=True) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "held\n"
        yield holder
        holder.kill()


@pytest.mark.own_app
def test_all_workers_together_read_a_few_at_a_time(
    app: Flask, api: Api, all_large: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(large, "LONGEST", 0.0)
    slots = Slots(2)
    app.extensions["fitserve.reader"].join(slots)
    fd = slots._file.fileno()
    ask = b'{"model_type": "knn"}'
    with held(fd, 1):
        assert api.raw("/list", ask).status_code == 200
    with held(fd, 2) as holder:
        for _ in range(2):
            answer = api.raw("/list", ask)
            assert (answer.status_code, answer.json["type"]) == (503, "/problems/busy")  # type: ignore[index]
            assert answer.headers["Retry-After"]
        monkeypatch.setattr(large, "LONGEST", 60.0)
        left = Client(3)
        monkeypatch.setattr(bodies, "WAITED", -1.0)
        assert asked_by(api, left, "/list", ask).status_code == 503
        assert left.looks < 0
        holder.send_signal(signal.SIGKILL)
        assert api.raw("/list", ask).status_code == 200
    with held(fd, 2):
        pass  # no slot was kept
    slots.close()


GREEDY = """
import os, sys, time
from fitserve.processes.slots import Slots

slots = Slots(1)
slots._file = os.fdopen(int(sys.argv[1]), "r+b", 0)
with slots.slot(bool):
    print("has it", flush=True)
while True:
    with slots.slot(bool):
        time.sleep(0.03)
"""


def test_who_waits_for_a_slot_comes_before_who_has_just_had_it() -> None:
    slots = Slots(1)
    fd = slots._file.fileno()
    with subprocess.Popen(
        [sys.executable, "-c", GREEDY, str(fd)],
        pass_fds=[fd],
        stdout=subprocess.PIPE,
        text=True,
        env=os.environ | {"PYTHONPATH": str(ROOT / "src")},
    ) as greedy:
        assert greedy.stdout is not None
        try:
            assert greedy.stdout.readline() == "has it\n"
            for _ in range(3):
                looks = iter(range(60))  # once would be enough, on a machine that does nothing else
                with slots.slot(lambda looks=looks: next(looks)):  # type: ignore[misc]
                    pass
        finally:
            greedy.kill()
    slots.close()


@needs_proc
def test_workers_share_the_slots(tmp_path: Path) -> None:
    server = start_server(tmp_path / "log", WEB_CONCURRENCY="1", FITSERVE_STORE="memory")
    try:
        body = b'{"model_type": "knn"}' + b" " * large.LARGE
        with ExitStack() as stack, ThreadPoolExecutor() as asking:
            for link in Path(f"/proc/{server.process.pid}/fd").iterdir():
                if str(link.readlink()).endswith("(deleted)"):
                    file = stack.enter_context(link.open("r+b"))
                    stack.enter_context(held(file.fileno(), 2))
            answer = asking.submit(server.ask, "POST", "/list", body)
            time.sleep(0.5)
            assert server.ask("POST", "/list", body[:100])[0] == 200
            assert not answer.done()
            stack.close()
            assert answer.result()[0] == 200
    finally:
        server.process.terminate()
        server.process.wait()


HEAD = "a,b,about,y\n"
CSVS: list[tuple[dict[str, Any], str]] = [  # rows by which a model can be trained, and asked
    ({}, "1,2,3,0\n4,5,6,1\n" * 20),
    ({"cv": 2, "importance": "true"}, "1,x,free offer,u\n4,y,an offer,v\n" * 20),
    ({"missing": "impute"}, "1,x,,no\n,y,7,yes\n\n3,,8,no\n" * 20),
    ({"missing": "drop", "cv": 2}, "1,x,,no\n,y,7,yes\n\n3,x,8,no\n4,y,8,yes\n" * 20),
    ({"kinds": "b:category"}, '1,007,"a\nb",0\n\n2,8,"c ""d""",1\n' * 20),
    ({"decimal": ",", "delimiter": ";", "standardize": "true"}, "1,5;2;3;0\n4,5;5;6;1\n" * 20),
    ({"header": "false", "target": 3}, "1,2,3,0\n4,5,6,1\n" * 20),
]


def test_csvs_and_their_faults(apps: list[Api], both: Both) -> None:
    def ask(path: str, query: dict[str, Any], file: str | bytes) -> TestResponse:
        known = {name: value for name, value in query.items() if value is not None}
        body = file.encode() if isinstance(file, str) else file
        url = f"/{path}?{urlencode(known, doseq=True)}"
        return both(url, body, Content_Type="text/csv")

    for query, file in wrong_tables.FILES:
        ask("register", wrong_tables.NAMED | query, file)
    for query, file in wrong_tables.TRAINED:
        assert ask("register", query, file).status_code == 201
    for route, query, file in wrong_tables.ASKED:
        ask(route, {"model_type": "knn", "model_id": 11} | query, file)
    for model_id, (query, rows) in enumerate(CSVS, 100):
        key = {"model_type": "knn", "model_id": model_id}
        parted = {name: query[name] for name in ("header", "decimal", "delimiter") if name in query}
        head = "" if "header" in query else HEAD.replace(",", query.get("delimiter", ","))
        answer = ask("register", {"target": "y"} | key | query | {"k": 3}, head + rows)
        assert answer.status_code == 201, answer.text
        ask("predict", key | parted | {"probabilities": "true"}, head + rows)
        for wrong in (rows.replace("1", "?", 1), rows.replace("0", "1e999"), rows + "1\n", "\n"):
            ask("predict", key | parted, head + wrong)
            ask("evaluate", key | parted, head + wrong)
        ask("evaluate", key | parted | {"importance": "true"}, head + rows)
        kept = []
        for api in apps:
            store = api.client.application.extensions["fitserve"]._store
            kept.append(store.sample(store.find(Key("knn", model_id)))["rows"].tolist())
        assert kept[0] == kept[1]


def test_a_csv_with_predictions_is_written_here(
    api: Api, forked: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    api.register("knn", 1, X=X, y=Y, k=1)
    file = b'0,1,"a note"\n' + b'1,2,"x\ny"\n\n5,6,z\n' * 4
    answers = []
    for least in (large.LARGE, 0):
        monkeypatch.setattr(bodies, "LARGE", least)
        answers.append(
            api.raw(
                "/predict?model_type=knn&model_id=1",
                file,
                Content_Type="text/csv",
                Accept="text/csv",
            ).data
        )
    assert answers[0] == answers[1]
    assert answers[0].splitlines()[:2] == [b'0,1,"a note",prediction', b'1,2,"x']
    assert forked == [apart.TASK]


@pytest.mark.parametrize(
    ("labels", "target", "times"),
    [("0101", "y", 1), ("uvuv", "y", 1), ("0101", "b", 2), ("uvuv", "b", 2)],
)
def test_a_large_csv_is_read_once_for_the_rows_and_what_is_true_of_them(
    api: Api, forked: list[str], all_large: None, labels: str, target: str, times: int
) -> None:
    """But where it is a column that the model knows, and may take otherwise."""
    lines = [f"{a},{label},{label}\n" for (a, _), label in zip(X, labels, strict=True)]
    file = "".join(["a,b,y\n", *lines]).encode()
    query = "?model_type=knn&model_id=1&target="
    api.raw(f"/register{query}y&k=1", file, Content_Type="text/csv")
    del forked[:]
    answer = api.raw(f"/evaluate{query}{target}", file, Content_Type="text/csv")
    assert answer.json is not None
    assert answer.json["metrics"]["accuracy"] == 1.0
    assert forked == [apart.TASK] * times


@pytest.mark.parametrize("path", ["/register", "/predict", "/evaluate"])
def test_one_large_csv_at_a_time_is_read(
    api: Api, app: Flask, monkeypatch: pytest.MonkeyPatch, path: str
) -> None:
    api.register("knn", 1, X=X, y=Y, k=1)
    monkeypatch.setattr(bodies, "LARGE", 0)
    under_way: list[str] = []
    fork, take = ForkServer.fork, large._Reading.take

    def forking(self: ForkServer, *given: Any) -> Any:
        assert not under_way
        under_way.append("one")
        time.sleep(0.02)
        return fork(self, *given)

    def taking(self: Any, **known: Any) -> Any:
        under_way.clear()
        return take(self, **known)

    monkeypatch.setattr(ForkServer, "fork", forking)
    monkeypatch.setattr(large._Reading, "take", taking)
    lines = "".join(f"{a},{b},{y}\n" for (a, b), y in zip(X, Y, strict=True))
    query = "?model_type=knn&model_id="
    query += "2&dry_run=true&k=1&target=y" if path == "/register" else "1"
    query += "&target=y" if path == "/evaluate" else ""

    def ask(_: int) -> int:
        answer = app.test_client().post(
            path + query, data=f"0,1,y\n{lines}", content_type="text/csv"
        )
        return answer.status_code

    with ThreadPoolExecutor(4) as asking:
        assert set(asking.map(ask, range(4))) == {200}


class Client:
    """A connection whose client is gone after it was looked at so many times."""

    def __init__(self, looks: int) -> None:
        self.looks = looks

    def gone(self) -> bool:
        self.looks -= 1
        return self.looks < 0


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bodies, "WAITED", -1.0)


def asked_by(api: Api, client: Client, path: str, body: bytes) -> TestResponse:
    environ: dict[str, Any] = {"gunicorn.socket": client}
    return api.client.post(
        path, data=body, content_type="application/json", environ_overrides=environ
    )


def test_what_nobody_waits_for_is_not_read(
    api: Api, all_large: None, impatient: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(ForkServer, "fork", lambda *_: pytest.fail("it was read"))
        answer = asked_by(api, Client(0), "/list", b'{"model_type": "knn"}')
    assert (answer.status_code, answer.json["type"]) == (503, "/problems/busy")  # type: ignore[index]
    assert asked_by(api, Client(99), "/list", b'{"model_type": "knn"}').status_code == 200
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(bodies, "WAITED", 3600.0)  # it may have half closed, and wait
        assert asked_by(api, Client(0), "/list", b'{"model_type": "knn"}').status_code == 200


def test_a_long_prediction_ends_when_nobody_waits_for_it(
    api: Api, impatient: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("fitserve.predictor.SHORT", 0.0)
    monkeypatch.setattr("fitserve.predictor.BLOCK", 1.0)
    api.register("knn", 1, X=X, y=Y, k=1)
    done: list[int] = []
    predict = Knn.predict

    def counted(self: Knn, rows: Any) -> Any:
        done.append(len(rows))
        return predict(self, rows)

    monkeypatch.setattr(Knn, "predict", counted)
    body = json.dumps({"model_type": "knn", "model_id": 1, "features": X * 10}).encode()
    assert asked_by(api, Client(3), "/predict", body).status_code == 503
    assert len(done) == 3
    assert asked_by(api, Client(999), "/predict", body).status_code == 200
