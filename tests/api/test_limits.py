"""Limits that an operator sets: each answered by a problem that names its setting."""

from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient

from fitserve import create_app
from fitserve.api.rates import MINUTE, Counts, Rates
from fitserve.config import Settings
from tests.conftest import Api, start_server

X = [[float(i), float(i * i % 7)] for i in range(20)]
Y = [i % 2 for i in range(20)]
Make = Callable[..., Api]


@pytest.fixture
def make(tmp_path: Path) -> Iterator[Make]:
    apps = []

    def making(**settings: Any) -> Api:
        apps.append(create_app(Settings(**({"store": "memory"} | settings))))
        return Api(apps[-1].test_client())

    yield making
    for app in apps:
        app.extensions["fitserve"].close()


def refused(answer: Any, status: int, name: str, setting: str) -> None:
    told = answer.get_json()
    assert (answer.status_code, told["type"]) == (status, f"/problems/{name}")
    assert setting in told["detail"]


# ---- cells, rows, models ------------------------------------------------------------------------


def test_cells_of_a_training(make: Make) -> None:
    api = make(max_cells=40)
    assert api.register("knn", 1, X=X, y=Y).status_code == 201
    more = {"X": [*X, X[0]], "y": [*Y, 0]}
    refused(api.register("knn", 2, **more), 413, "too-large", "FITSERVE_MAX_CELLS")
    by_name = {"a": ["x", "y", "z"] * 7, "b": [1.0] * 21}
    answer = api.register("knn", 2, X=by_name, y=[*Y, 0])  # 21 rows of 4 columns, encoded
    refused(answer, 413, "too-large", "FITSERVE_MAX_CELLS")
    assert "84 cells" in answer.get_json()["detail"]
    csv = "a,b,y\n" + "".join(f"{i},{i},{i % 2}\n" for i in range(21))
    answer = api.raw(
        "/register?model_type=knn&model_id=2&target=y", csv.encode(), Content_Type="text/csv"
    )
    refused(answer, 413, "too-large", "FITSERVE_MAX_CELLS")
    queued = api.client.post(
        "/register",
        json={"model_type": "knn", "model_id": 2, "kwargs": more},
        headers={"Prefer": "respond-async"},
    )
    refused(queued, 413, "too-large", "FITSERVE_MAX_CELLS")
    assert api.client.get("/types/knn").get_json()["limits"]["cells"] == 40


def test_rows_of_a_prediction(make: Make) -> None:
    api = make(max_batch_rows=3)
    assert api.register("knn", 1, X=X, y=Y, feature_names=["a", "b"]).status_code == 201
    assert api.predict("knn", 1, X[:3]).status_code == 200
    refused(api.predict("knn", 1, X[:4]), 413, "too-large", "FITSERVE_MAX_BATCH_ROWS")
    ask = {"model_type": "knn", "model_id": 1, "features": X[:4], "y": Y[:4]}
    answer = api.client.post("/evaluate", json=ask)
    refused(answer, 413, "too-large", "FITSERVE_MAX_BATCH_ROWS")
    for rows, status in ((3, 200), (4, 413)):
        tensor = {"name": "x", "shape": [rows, 2], "datatype": "FP64", "data": [1.0, 2.0] * rows}
        answer = api.client.post("/v2/models/knn/infer", json={"inputs": [tensor]})
        assert answer.status_code == status
        assert status == 200 or "FITSERVE_MAX_BATCH_ROWS" in answer.get_json()["error"]
        csv = "a,b\n" + "1,2\n" * rows
        answer = api.raw(
            "/predict?model_type=knn&model_id=1", csv.encode(), Content_Type="text/csv"
        )
        assert answer.status_code == status


@pytest.mark.parametrize("kind", ["memory", "sqlite"])
def test_models_of_a_store(make: Make, tmp_path: Path, kind: str) -> None:
    store = "memory" if kind == "memory" else f"sqlite:///{tmp_path / 'store.sqlite3'}"
    api = make(max_models=2, store=store)
    for model_id in (1, 2):
        assert api.register("knn", model_id, X=X, y=Y).status_code == 201
    for prefer in ("", "respond-async"):
        answer = api.client.post(
            "/register",
            json={"model_type": "pca", "model_id": 1, "kwargs": {"X": X}},
            headers={"Prefer": prefer},
        )
        refused(answer, 503, "busy", "FITSERVE_MAX_MODELS")
        assert answer.headers["Retry-After"]
    assert api.client.get("/models/pca/1").status_code == 404
    assert api.register("knn", 2, X=X, y=Y).status_code == 409
    assert api.client.delete("/models/knn/2").status_code == 204
    assert api.register("pca", 1, X=X).status_code == 201


# ---- requests a minute --------------------------------------------------------------------------


def many(client: FlaskClient, number: int, key: str | None = None, address: str = "") -> list[int]:
    headers = {} if key is None else {"Authorization": f"Bearer {key}"}
    base = {"REMOTE_ADDR": address} if address else {}
    return [
        client.get("/listtypes", headers=headers, environ_base=base).status_code
        for _ in range(number)
    ]


@pytest.fixture
def still(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("fitserve.api.rates.time.time", lambda: 600.0)


@pytest.mark.usefixtures("still")
def test_an_address_may_send_so_many(make: Make) -> None:
    client = make(requests_per_minute=3).client
    assert many(client, 5, address="192.0.2.1") == [200, 200, 200, 429, 429]
    assert many(client, 4, address="192.0.2.2") == [200, 200, 200, 429]
    assert many(client, 2, address="2001:db8::1") == [200, 200]
    assert many(client, 2, address="2001:db8::2:1") == [200, 429], "one network is one client"
    for odd in ("[2001:db8::3]:99", "fe80::1%eth0", ":", "x:y", ""):
        assert many(client, 1, address=odd)[0] == 200, odd
    answer = client.post("/register", environ_base={"REMOTE_ADDR": "192.0.2.1"})
    refused(answer, 429, "rate-limited", "FITSERVE_REQUESTS_PER_MINUTE")
    assert int(answer.headers["Retry-After"]) > MINUTE
    assert client.get("/health", environ_base={"REMOTE_ADDR": "192.0.2.1"}).status_code == 200


@pytest.mark.usefixtures("still")
@pytest.mark.parametrize(
    ("proxies", "counted"), [(0, "10.0.0.9"), (1, "192.0.2.7"), (2, "192.0.2.1")]
)
def test_behind_proxies_a_client_is_whom_they_served(
    make: Make, proxies: int, counted: str
) -> None:
    """Each adds whom it served to the right; what is left of these is what the client made up."""
    client = make(requests_per_minute=1, proxies=proxies).client
    sent = {"X-Forwarded-For": "203.0.113.5, 192.0.2.1, 192.0.2.7"}
    base = {"REMOTE_ADDR": "10.0.0.9"}
    assert client.get("/listtypes", headers=sent, environ_base=base).status_code == 200
    others = {"10.0.0.9", "192.0.2.7", "192.0.2.1", "203.0.113.5"} - {counted}
    again = sent | {"X-Forwarded-For": "198.51.100.1, 192.0.2.1, 192.0.2.7"}
    assert client.get("/listtypes", headers=again, environ_base=base).status_code == 429
    for other in others:
        base = {"REMOTE_ADDR": other if proxies == 0 else "10.0.0.9"}
        named = [other, "192.0.2.7"] if proxies == 2 else [other]
        heads = {"X-Forwarded-For": ", ".join(named)} if proxies else sent
        assert client.get("/listtypes", headers=heads, environ_base=base).status_code == 200


@pytest.mark.usefixtures("still")
def test_a_key_may_send_so_many_from_wherever(make: Make) -> None:
    client = make(requests_per_minute=3, read_keys="a:one,b:two,a:three").client
    assert many(client, 2, "one", "192.0.2.1") + many(client, 2, "three") == [200, 200, 200, 429]
    assert many(client, 4, "two") == [200, 200, 200, 429]
    assert many(client, 5, "guess") == [401, 401, 401, 429, 429], "who tries keys is slowed down"


def test_whoever_waits_as_told_may_ask_again_and_nobody_exceeds_the_limit() -> None:
    rates = Rates(7)
    passed: list[float] = []
    now = 12_345.6
    for step in range(400):
        wait = rates.wait("me", count=True, now=now)
        if wait is None:
            passed.append(now)
            now += (0.0, 0.4, 3.1, 20.0)[step // 7 % 4]
        else:
            assert 0 < wait <= 2 * MINUTE
            now += wait
            assert rates.wait("me", count=False, now=now) is None
    by_minute = Counter(int(at // MINUTE) for at in passed)
    assert max(by_minute.values()) <= 7
    assert len(passed) > 200


def test_a_minute_that_begins_forgives_nothing_yet() -> None:
    rates = Rates(6)
    for _ in range(6):
        assert rates.wait("me", count=True, now=659.0) is None
    assert rates.wait("me", count=True, now=660.0) == MINUTE - 59
    assert rates.wait("me", count=True, now=690.0) is None, "half of them are forgiven"
    assert rates.wait("me", count=True, now=780.0) is None
    assert rates.wait("me", count=True, now=10_000.0) is None


@pytest.mark.usefixtures("still")
def test_a_request_that_is_only_shown_is_not_counted(make: Make) -> None:
    class Shown(BytesIO):
        only_shown = True

    client = make(requests_per_minute=2).client
    for _ in range(5):
        answer = client.post("/list", environ_overrides={"wsgi.input": Shown()})
        assert answer.status_code == 415
    assert many(client, 3) == [200, 200, 429]
    answer = client.post("/list", environ_overrides={"wsgi.input": Shown()})
    assert answer.status_code == 429


def test_workers_count_together() -> None:
    counts = Counts(rows=3)
    workers = [Rates(6), Rates(6), Rates(6)]
    for row, worker in enumerate(workers):
        worker.join(counts, row)
    passed = [workers[i % 3].wait("me", count=True, now=600.0) is None for i in range(9)]
    assert passed == [True] * 6 + [False] * 3
    assert workers[0].wait("another", count=True, now=600.0) is None
    again = Rates(6)  # a worker in the place of one that died
    again.join(counts, 1)
    assert again.wait("me", count=True, now=600.0) is not None


def test_more_clients_than_there_are_places_are_served() -> None:
    rates = Rates(2)
    for number in range(20_000):
        assert rates.wait(f"client {number}", count=True, now=600.0) is None


def test_all_workers_of_a_server_keep_one_limit(tmp_path: Path) -> None:
    running = start_server(tmp_path / "log", WEB_CONCURRENCY="2", FITSERVE_REQUESTS_PER_MINUTE="40")
    try:
        with ThreadPoolExecutor(4) as pool:
            asked = [pool.submit(running.ask, "GET", "/listtypes") for _ in range(70)]
            told = [one.result()[0] for one in asked]
        large = b'{"model_type": "knn"}' + b" " * 200_000
        assert running.ask("POST", "/list", large)[0] == 429
    finally:
        running.process.terminate()
        running.process.wait(timeout=40)
    # Those under way at the same moment may pass together, and while it takes more become free.
    assert 40 <= told.count(200) <= 50
    assert set(told) == {200, 429}
