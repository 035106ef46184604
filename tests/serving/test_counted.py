"""Every request that several workers answer is counted, and in the log, once."""

import json
import os
import signal
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import EXAMPLES, Server, needs_proc, start_server, until
from tests.observing.test_metrics import read
from tests.serving.raw import sized, talk

ASK = {"model_type": "knn", "model_id": 1, "features": [5.1, 3.5, 1.4, 0.2]}
CSV = "sepal_length,sepal_width,petal_length,petal_width\n" + "5,3,1,0\n" * 20_000


@pytest.fixture
def four(tmp_path: Path) -> Iterator[Server]:
    running = start_server(tmp_path / "log", WEB_CONCURRENCY="4")
    body = (EXAMPLES / "register-knn.json").read_bytes()
    assert running.ask("POST", "/register", body)[0] == 201
    yield running
    running.process.terminate()
    running.process.wait(timeout=40)


def counted(server: Server) -> dict[str, float]:
    connection = HTTPConnection("127.0.0.1", server.port, timeout=20)
    connection.request("GET", "/metrics")
    text = connection.getresponse().read().decode()
    connection.close()
    return dict(read(text))


def lines(server: Server) -> list[dict[str, Any]]:
    told = [json.loads(line) for line in server.log.read_text().splitlines()]
    return [one for one in told if "route" in one]


@needs_proc
def test_totals_are_what_was_sent_though_a_worker_was_killed_and_replaced(four: Server) -> None:
    def ask(number: int) -> int:
        if number % 10 == 0:
            return four.ask("GET", f"/nosuch/{number}")[0]
        return four.ask("POST", "/predict", ASK if number % 10 < 8 else ASK | {"model_id": 7})[0]

    def send(several: int) -> Counter[int]:
        with ThreadPoolExecutor(8) as pool:
            return Counter(pool.map(ask, range(several)))

    def workers() -> list[int]:
        of = Path(f"/proc/{four.process.pid}/task/{four.process.pid}/children")
        return list(map(int, of.read_text().split()))

    sent = send(300)
    before = workers()
    os.kill(before[1], signal.SIGKILL)
    until(lambda: len(set(workers()) - set(before)) == 1 and len(workers()) == 4)
    sent += send(300)
    assert sent == {200: 420, 404: 180}

    found = counted(four)
    assert found["fitserve_requests_total POST /predict 200"] == 420
    assert found["fitserve_requests_total POST /predict 404"] == 120
    assert found["fitserve_requests_total GET unmatched 404"] == 60
    assert found["fitserve_request_seconds_count /predict"] == 540
    assert found["fitserve_predictions_total knn"] == found["fitserve_rows_total knn"] == 420
    asked = found["fitserve_cache_hits_total"] + found["fitserve_cache_misses_total"]
    assert asked == 540

    told = Counter((one["route"], one["status"]) for one in lines(four))
    assert told["/predict", 200] == 420
    assert told["/predict", 404] == 120
    assert told["unmatched", 404] == 60
    assert not any("nosuch" in json.dumps(one) for one in lines(four))


def test_an_inference_is_told_with_its_model_and_counted(server: Server) -> None:
    body = json.loads((EXAMPLES / "register-knn.json").read_bytes()) | {"model_id": 52}
    assert server.ask("POST", "/register", body)[0] in (201, 409)
    before = counted(server)
    tensor = {"name": "X", "datatype": "FP64", "shape": [2, 4], "data": [5.1, 3.5, 1.4, 0.2] * 2}
    for path in ("/v2/models/knn/infer", "/v2/models/knn/versions/52/infer"):
        assert server.ask("POST", path, {"inputs": [tensor]})[0] == 200
    assert server.ask("POST", path, {"inputs": [tensor | {"shape": [1, 4]}]})[0] == 400

    found = counted(server)
    for name, more in (("predictions", 2), ("rows", 4)):
        assert found[f"fitserve_{name}_total knn"] - before[f"fitserve_{name}_total knn"] == more
    told = [one for one in lines(server) if one["route"].endswith("/infer")][-3:]
    assert told[0]["model"].startswith("knn/")
    assert told[1]["model"] == told[2]["model"] == "knn/52"
    assert [one.get("rows") for one in told] == [2, 2, None]


def test_what_the_worker_refuses_is_told_as_well(server: Server) -> None:
    long = "X-Long: " + "x" * 9000
    named = "X-Request-ID: mine-7"
    refused = {
        "413": sized("/predict", b"x", named).replace(b"Length: 1", b"Length: 999999999"),
        "431": sized("/predict", b"", long),
        "417": sized("/models/knn/1", b"", "Expect: tea"),
        "400": b"hello\r\n\r\n",
        "414": b"GET /" + b"x" * 9000 + b" HTTP/1.1\r\n\r\n",
    }
    before = counted(server)
    for status, request in refused.items():
        (answer,) = talk(server, [request], half_close=True)
        assert str(answer.status) == status
        assert answer.problem()["request_id"] == answer.headers["x-request-id"]
        assert (answer.headers["x-request-id"] == "mine-7") == (status == "413")
        assert any(
            one["request_id"] == answer.headers["x-request-id"]
            and one["status"] == answer.status
            and one["bytes"] == len(answer.body)
            for one in lines(server)
        )
    after = counted(server)
    new = {name for name in after if name.startswith("fitserve_requests") and name not in before}
    assert {name for name in new if name.split()[-1] in refused} == {
        "fitserve_requests_total POST /predict 413",
        "fitserve_requests_total other unmatched 431",
        "fitserve_requests_total other unmatched 417",
        "fitserve_requests_total other unmatched 400",
        "fitserve_requests_total other unmatched 414",
    }


def test_a_streamed_answer_is_told_with_all_its_bytes(server: Server) -> None:
    server.ask("POST", "/register", (EXAMPLES / "register-knn.json").read_bytes())
    connection = HTTPConnection("127.0.0.1", server.port, timeout=60)
    headers = {"Content-Type": "text/csv", "Accept": "text/csv", "X-Request-ID": "streamed"}
    connection.request("POST", "/predict?model_type=knn&model_id=1", CSV, headers)
    answer = connection.getresponse()
    body = answer.read()
    connection.close()
    assert answer.headers["X-Request-ID"] == "streamed"
    assert len(body) > 2**18
    (told,) = until(lambda: [one for one in lines(server) if one["request_id"] == "streamed"])
    assert told["bytes"] == len(body)
    assert (told["model"], told["rows"]) == ("knn/1", 20_000)


def test_a_request_does_not_answer_for_the_time_of_the_one_before(server: Server) -> None:
    """A training, and behind it, sent in one go, what takes next to nothing."""
    slow = json.loads((EXAMPLES / "register-kmeans.json").read_bytes())
    slow["model_id"], slow["kwargs"]["n_init"] = 71, 50
    asked = [
        sized("/register", json.dumps(slow).encode(), "X-Request-ID: slow"),
        b"GET /listtypes HTTP/1.1\r\nHost: h\r\nX-Request-ID: quick\r\nConnection: close\r\n\r\n",
    ]
    assert [answer.status for answer in talk(server, [b"".join(asked)])] == [201, 200]
    took = {one["request_id"]: one["ms"] for one in lines(server)}
    assert took["quick"] < took["slow"]
