"""One connection over a pair of sockets, without a loop."""

import gc
import socket
import weakref
from collections.abc import Iterator
from types import SimpleNamespace

import pytest
from gunicorn.config import Config

from fitserve.serving import connection as module
from fitserve.serving.connection import PIECE, Connection, Terms
from fitserve.serving.worker import Worker
from tests.serving.raw import post


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    now = [1000.0]
    monkeypatch.setattr(module, "monotonic", lambda: now[0])
    return now


def connected() -> tuple[Connection, socket.socket]:
    ours, client = socket.socketpair()
    terms = Terms(Config(), 10**8, 10**9, lambda _more: None, idle=75.0)
    return Connection(ours, ("127.0.0.1", 1), ("127.0.0.1", 2), terms), client


@pytest.fixture
def pair(clock: list[float]) -> Iterator[tuple[Connection, socket.socket]]:
    connection, client = connected()
    yield connection, client
    connection.end()
    client.close()


def test_each_piece_of_a_body_has_its_time(
    pair: tuple[Connection, socket.socket], clock: list[float]
) -> None:
    connection, client = pair
    assert connection.deadline == 1075.0
    client.sendall(post("/list", b"", f"Content-Length: {3 * PIECE}"))
    assert connection.receive()
    assert connection.whole()  # so far as to be shown to the application, ...
    connection.wants_body()  # ... which wants the rest
    for _ in range(2):
        clock[0] += 9.0
        client.sendall(b" " * (PIECE // 2))
        connection.receive()
        connection.whole()
        assert connection.deadline < clock[0] + 9.0
        client.sendall(b" " * (PIECE // 2))
        connection.receive()
        connection.whole()
        assert connection.deadline == clock[0] + 10.0
    clock[0] += 9.0
    client.sendall(b" ")
    connection.receive()
    connection.whole()
    assert connection.deadline == clock[0] + 1.0


def test_who_sends_requests_ahead_is_known(pair: tuple[Connection, socket.socket]) -> None:
    connection, client = pair
    client.sendall(2 * post("/list", b"{}", "Content-Length: 2"))
    assert connection.receive()
    for ahead in (False, True):
        assert connection.whole()
        assert connection.ahead is ahead
        connection.next()
    assert not connection.ahead
    assert connection.receive()  # there is no more, and that is not waited for


@pytest.mark.parametrize(("lane", "rests"), [("tpool", 1), ("_large", 1), ("_ahead", 0)])
def test_who_sends_requests_ahead_leaves_time_to_others(
    monkeypatch: pytest.MonkeyPatch, lane: str, rests: int
) -> None:
    now, rested = [1000.0], list[float]()
    monkeypatch.setattr("fitserve.serving.worker.time.monotonic", lambda: now[0])
    monkeypatch.setattr("fitserve.serving.worker.time.sleep", rested.append)

    def work(_connection: Connection, _since: float) -> None:
        now[0] += takes.pop(0)

    worker = Worker.__new__(Worker)
    monkeypatch.setattr(worker, "_work", work)
    for name in ("tpool", "_ahead", "_large"):
        setattr(worker, name, SimpleNamespace(working=name == lane))
    takes = [0.001, 0.002, 9.0]
    while takes:
        worker._work_ahead(SimpleNamespace(), 0.0)  # type: ignore[arg-type]
    assert rested == pytest.approx([9 * 0.001, 9 * 0.002, 0.02][: 3 * rests])


@pytest.mark.parametrize(
    ("large", "ahead", "lane"),
    [(False, False, "tpool"), (False, True, "_ahead"), (True, False, "_large")],
)
def test_who_sends_requests_ahead_and_large_ones_have_their_own_threads(
    pair: tuple[Connection, socket.socket], large: bool, ahead: bool, lane: str
) -> None:
    connection, client = pair
    size = "Content-Encoding: gzip\r\nContent-Length: 2" if large else "Content-Length: 2"
    client.sendall((1 + ahead) * post("/list", b"{}", size))
    assert connection.receive()
    assert connection.whole()
    if ahead:
        connection.next()
        assert connection.whole()
    given: dict[str, list[Connection]] = {"tpool": [], "_ahead": [], "_large": []}
    worker = Worker.__new__(Worker)
    for name, jobs in given.items():
        setattr(worker, name, SimpleNamespace(give=jobs.append))
    worker._give(connection)
    assert {name: len(jobs) for name, jobs in given.items() if jobs} == {lane: 1}


def test_what_is_not_taken_is_kept_and_has_its_time(
    pair: tuple[Connection, socket.socket], clock: list[float]
) -> None:
    connection, client = pair
    answer = bytes(range(256)) * 8192
    connection.sendall(b"head")
    connection.sendall(answer)
    connection.push()
    assert connection.unsent
    assert connection.on_disk
    connection.send_slowly()
    taken = b""
    while len(taken) < 4 + len(answer):
        taken += client.recv(50_000)
        clock[0] += 1.0
        connection.flush()
        assert connection.deadline > clock[0]
    assert taken == b"head" + answer
    assert not connection.unsent
    assert not connection.on_disk


def test_a_client_that_hung_up_is_seen(pair: tuple[Connection, socket.socket]) -> None:
    connection, client = pair
    assert not connection.gone()
    client.close()
    assert connection.gone()


@pytest.mark.parametrize(
    "sent",
    [
        b"P",
        b"POST /list HT",
        post("/list", b"{", "Content-Length: 100"),
        post("/list", b"5\r\n{", "Transfer-Encoding: chunked"),
        post("/list", b"{}", "Content-Length: 2") + b"GET /health",
    ],
    ids=["a byte", "half a header", "half a body", "half a chunk", "one and a half"],
)
def test_what_ended_is_not_left_to_the_collector_of_garbage(sent: bytes) -> None:
    """In a flood that would stop all threads again and again."""
    connection, client = connected()
    with client:
        client.sendall(sent)
        connection.receive()
        connection.whole()
        connection.sendall(b"answer")
        connection.push()
        connection.linger()
        connection.end()
    ended = weakref.ref(connection)
    gc.disable()
    try:
        del connection
        assert ended() is None
    finally:
        gc.enable()
