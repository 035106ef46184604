"""Training under gunicorn: it does not hurt serving, and has its limits."""

import os
import signal
from collections import Counter
from collections.abc import Callable
from concurrent.futures import Future
from typing import Any

from tests.conftest import Server, needs_proc
from tests.training.asking import (
    asked_all_the_while,
    ended,
    endless,
    greedy,
    queue,
    registration,
    told,
    trainers,
    until,
)


@needs_proc
def test_limits_and_sudden_death_leave_serving_alone(
    serve: Callable[..., Server], background: Callable[..., Future[Any]]
) -> None:
    server = serve(FITSERVE_TRAINING_SECONDS="6", FITSERVE_TRAINING_MEMORY_MB="64")
    assert server.ask("POST", "/register", registration("knn", 1, k=1))[0] == 201
    with asked_all_the_while(server, pause=0.01) as answers:
        long = background(server.ask, "POST", "/register", endless(1))
        status, problem = server.ask("POST", "/register", greedy(1))
        assert status == 422
        assert problem["type"] == "/problems/training-limit"
        assert "FITSERVE_TRAINING_MEMORY_MB" in problem["detail"]
        status, problem = long.result()
        assert status == 422
        assert "FITSERVE_TRAINING_SECONDS" in problem["detail"]
        until(lambda: not trainers(server))
        killed = background(server.ask, "POST", "/register", endless(2))
        os.kill(until(lambda: trainers(server))[0], signal.SIGKILL)
        status, problem = killed.result()
        assert status == 422
        assert problem["type"] == "/problems/training-limit"
        until(lambda: not trainers(server))
        queue(server, endless(3))
        os.kill(until(lambda: trainers(server))[0], signal.SIGKILL)
        del problem["request_id"]
        assert ended(server, 3)["problem"] == problem
    assert answers.keys() == {200}
    for model_id in (1, 2, 3):
        body = registration("linear_regression", model_id)
        assert server.ask("POST", "/register", body)[0] == 201
    until(lambda: not trainers(server))


def test_requests_that_wait_leave_threads_to_serve(
    serve: Callable[..., Server], background: Callable[..., Future[Any]]
) -> None:
    server = serve(workers=1, FITSERVE_TRAINING_SECONDS="1", FITSERVE_STORE="memory")
    assert server.ask("POST", "/register", registration("knn", 1, k=1))[0] == 201
    waiting = [background(server.ask, "POST", "/register", endless(i)) for i in range(24)]
    with asked_all_the_while(server, pause=0.01) as answers:
        until(lambda: sum(one.done() for one in waiting) >= 16)
    assert answers.keys() == {200}
    names = Counter(one.result(60)[1]["type"] for one in waiting)
    assert names.total() == names["/problems/busy"] + names["/problems/training-limit"] == 24
    assert names["/problems/busy"] >= 12  # on a busy machine some come when others have ended


def test_requests_have_their_turn_before_what_was_queued_later(
    serve: Callable[..., Server], background: Callable[..., Future[Any]]
) -> None:
    server = serve(workers=1, FITSERVE_STORE="memory", FITSERVE_TRAINING_SECONDS="1")
    for model_id in range(16):
        queue(server, endless(model_id))
    assert server.ask("POST", "/register", endless(99))[0] == 422
    assert [told(server, i)["status"] for i in range(16)].count("training") >= 4
