"""Trainings that take long leave turns to those that do not."""

import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

import pytest
from flask import Flask

from fitserve import create_app
from fitserve.config import Settings
from fitserve.training import lanes
from fitserve.training.lanes import GivesWay, Lanes
from tests.conftest import Api, needs_proc, until

ENDLESS: dict[str, Any] = {"n_clusters": 2, "n_init": 10**9, "tol": 0.0}
X = [[float(i % 7), float(i % 5)] for i in range(200)]
LARGER = {
    "model_type": "pca",
    "kwargs": {"X": [[i % 7.0 for i in range(170)]] * 169 + [[1.0] * 170]},
}


@pytest.fixture
def shared() -> Lanes:
    return Lanes(1)


@pytest.fixture
def pool() -> Iterator[Callable[..., Future[None]]]:
    with ThreadPoolExecutor(4) as made:
        yield made.submit


def test_after_its_share_a_training_is_one_of_the_long(
    shared: Lanes, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = [0.0]
    monkeypatch.setattr(lanes, "monotonic", lambda: now[0])
    with shared.turn() as first:
        now[0] = lanes.SHARE - 1
        first.go_on()
        assert not shared._short.take_free()
        now[0] = lanes.SHARE
        first.go_on()
        with shared.turn() as second:
            now[0] = 10 * lanes.SHARE
            first.go_on()
            second.go_on()  # the long ones are taken, but nobody waits for this turn
    assert shared._short.take_free()
    assert shared._long.take_free()


def test_it_gives_way_where_others_wait(
    shared: Lanes, pool: Callable[..., Future[None]], monkeypatch: pytest.MonkeyPatch
) -> None:
    now = [0.0]
    monkeypatch.setattr(lanes, "monotonic", lambda: now[0])

    def short() -> None:
        with shared.turn():
            pass

    with shared.long_turn(), shared.turn() as turn:
        waiting = pool(short)
        until(lambda: shared._short.wanted)
        turn.go_on()
        now[0] = lanes.SHARE
        with pytest.raises(GivesWay):
            turn.go_on()
    waiting.result(10)


@pytest.fixture
def app(monkeypatch: pytest.MonkeyPatch) -> Iterator[Flask]:
    monkeypatch.setattr(lanes, "SHARE", 4.0)  # more than LARGER takes on a busy machine
    made = create_app(Settings(store="memory", client_trainings=4))
    directory = made.extensions["fitserve"]
    yield made
    directory.close()


def queue(api: Api, model_id: int, **more: Any) -> int:
    body = {"model_type": "kmeans", "model_id": model_id, "kwargs": {"X": X} | more}
    answer = api.client.post("/register", json=body, headers={"Prefer": "respond-async"})
    return answer.status_code


def told(api: Api, path: str) -> dict[str, Any]:
    found: dict[str, Any] = api.client.get(path).json or {}
    return found


@needs_proc
def test_endless_trainings_leave_turns_to_others(api: Api) -> None:
    """As many as one client may have; and what another asks for, and waits for, is trained."""
    slots = api.client.application.extensions["fitserve"]._trainer.slots
    endless = list(range(min(4, 2 * slots + 1)))
    for model_id in endless:
        assert queue(api, model_id, **ENDLESS) == 202
    if slots == 1:
        until(lambda: told(api, "/models/kmeans/0")["started"])
    time.sleep(lanes.SHARE + 0.5)
    body = LARGER | {"model_id": 1}
    other = {"REMOTE_ADDR": "10.0.0.2"}
    answer = api.client.post("/register", json=body, environ_overrides=other)
    assert answer.status_code == 201
    queued = api.client.post(
        "/register",
        json=LARGER | {"model_id": 2},
        headers={"Prefer": "respond-async"},
        environ_overrides=other,
    )
    assert queued.status_code == 202
    until(lambda: told(api, "/models/pca/2")["status"] == "ready", 60.0)
    assert all(told(api, f"/models/kmeans/{n}")["status"] == "training" for n in endless)


@needs_proc
def test_what_waits_is_told_its_place_and_a_client_how_much_it_may_have(api: Api) -> None:
    directory = api.client.application.extensions["fitserve"]
    with ThreadPoolExecutor(1):
        directory._trainer.wind_down()
        until(lambda: not directory.training)
        for model_id in range(4):
            assert queue(api, model_id) == 202
        assert [told(api, f"/models/kmeans/{n}")["place"] for n in range(4)] == [1, 2, 3, 4]
        answer = api.client.post(
            "/register",
            json={"model_type": "kmeans", "model_id": 9, "kwargs": {"X": X}},
            headers={"Prefer": "respond-async"},
        )
        assert answer.status_code == 429
        assert answer.headers["Retry-After"]
        body: dict[str, Any] = answer.json or {}
        assert body["type"] == "/problems/rate-limited"
        assert "FITSERVE_CLIENT_TRAININGS" in body["detail"]
        assert api.client.get("/models/kmeans/9").status_code == 404
        assert api.client.delete("/models/kmeans/0").status_code == 204
        assert queue(api, 9) == 202
