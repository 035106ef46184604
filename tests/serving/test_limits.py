"""What a client may keep a worker at, and for how long: time, connections, files, disk."""

import os
import resource
import signal
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest

from tests.conftest import Server, needs_proc, start_server, until
from tests.serving.raw import answers, connect, everything, post, sized, talk

ASK = b'{"model_type": "knn"}'
GET = b"GET /listtypes HTTP/1.1\r\nHost: localhost\r\n\r\n"
LAST = b"GET /listtypes HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
QUICK = "--worker-class tests.serving.quick.Worker"
Start = Callable[..., Server]


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    """A server, with little patience unless it is told otherwise."""
    running: list[Server] = []

    def started(arguments: str = QUICK, workers: int = 1) -> Server:
        server = start_server(
            tmp_path / "log", GUNICORN_CMD_ARGS=arguments, WEB_CONCURRENCY=str(workers)
        )
        running.append(server)
        return server

    yield started
    for server in running:
        server.process.terminate()
        assert server.process.wait(timeout=40) == 0


def children(server: Server) -> list[int]:
    master = server.process.pid
    return [int(pid) for pid in Path(f"/proc/{master}/task/{master}/children").read_text().split()]


def test_each_step_of_a_client_has_a_deadline(start: Start) -> None:
    server = start()
    late = {
        "header": GET[:30],
        "the body": post("/list", b"{", "Content-Length: 5"),
        "of the body": sized("/list", ASK) + post("/list", b"5\r\n{", "Transfer-Encoding: chunked"),
    }
    with ExitStack() as stack:
        opened = {what: stack.enter_context(connect(server)) for what in (*late, "", "idle")}
        for what, said in (late | {"idle": GET}).items():
            opened[what].sendall(said)
        for what in late:
            refused = answers(everything(opened[what]))[-1]
            assert refused.status == 408
            assert refused.headers["connection"] == "close"
            assert what in refused.problem()["detail"]
        assert everything(opened[""]) == b""
        assert [answer.status for answer in answers(everything(opened["idle"]))] == [200]


def ask_for_ever(connection: socket.socket) -> None:
    while True:
        connection.sendall(GET * 1000)


def test_a_client_that_does_not_read_is_left(start: Start) -> None:
    server = start()
    with socket.socket() as greedy:
        greedy.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2**12)
        greedy.settimeout(20)
        greedy.connect(("127.0.0.1", server.port))
        with pytest.raises(ConnectionError):
            ask_for_ever(greedy)
    assert talk(server, [LAST])[0].status == 200


def test_a_client_that_does_not_close_is_left(start: Start) -> None:
    server = start()
    with connect(server) as connection:
        connection.sendall(LAST)
        everything(connection)
        connection.settimeout(20)

        def closed() -> bool:
            try:
                connection.sendall(b"x")
            except ConnectionError:
                return True
            return False

        until(closed)


def test_at_the_limit_of_connections_the_idle_ones_go_first(start: Start) -> None:
    server = start("--worker-connections=10")
    with ExitStack() as stack:
        busy = stack.enter_context(connect(server))
        busy.sendall(sized("/list", ASK)[:-1])
        silent = [stack.enter_context(connect(server)) for _ in range(30)]
        assert talk(server, [LAST])[0].status == 200
        assert all(everything(one) == b"" for one in silent[:15])
        busy.sendall(ASK[-1:] + LAST)
        assert [answer.status for answer in answers(everything(busy))] == [200, 200]
    assert server.log.read_text().count("Limit: ") == 1


@needs_proc
def test_a_worker_lives_on_without_file_descriptors(start: Start) -> None:
    server = start()
    (worker,) = children(server)
    talk(server, [LAST])
    used = len(list(Path(f"/proc/{worker}/fd").iterdir()))
    few, most = resource.prlimit(worker, resource.RLIMIT_NOFILE)
    resource.prlimit(worker, resource.RLIMIT_NOFILE, (used + 5, most))
    with ExitStack() as stack:
        for _ in range(30):
            stack.enter_context(connect(server))
        assert talk(server, [LAST])[0].status == 200
        refused = talk(server, [sized("/list", ASK + b" " * 400_000)])[-1]
        assert refused.status in (200, 503)
    resource.prlimit(worker, resource.RLIMIT_NOFILE, (few, most))
    assert talk(server, [LAST])[0].status == 200
    assert children(server) == [worker]


@needs_proc
def test_a_full_disk_is_told_and_survived(start: Start) -> None:
    server = start()
    (worker,) = children(server)
    resource.prlimit(worker, resource.RLIMIT_FSIZE, (200_000, 200_000))
    (refused,) = talk(server, [sized("/list", ASK + b" " * 400_000)])
    assert refused.status == 503
    assert refused.problem()["type"] == "/problems/busy"
    assert int(refused.headers["retry-after"]) > 0
    assert talk(server, [sized("/list", ASK) + LAST])[0].status == 200
    assert children(server) == [worker]


def test_of_what_is_too_much_on_disk_the_oldest_goes(start: Start) -> None:
    server = start()
    whole = sized("/list", ASK + b" " * 400_000, "Connection: close")
    with connect(server) as first, connect(server) as other:
        first.sendall(whole[:-1])
        time.sleep(0.2)  # it is the older one by now
        other.sendall(whole[:-1])
        (refused,) = answers(everything(first))
        assert refused.status == 503
        refused.problem()
        other.sendall(whole[-1:])
        assert answers(everything(other))[0].status == 200


@needs_proc
def test_workers_share_kept_connections(start: Start) -> None:
    """Who has more leaves those that come to the other: each in turn takes eight alone, while the
    other is frozen, which then takes the next eight."""
    server = start(workers=2)
    workers = until(lambda: len(found := children(server)) == 2 and found)

    def files() -> list[int]:
        return [len(list(Path(f"/proc/{pid}/fd").iterdir())) for pid in workers]

    for pid in workers:  # each has answered, and so has opened what it needs
        with frozen(pid):
            talk(server, [LAST])
    before = files()

    def apart() -> int:
        one, other = (now - then for now, then in zip(files(), before, strict=True))
        return abs(one - other)

    with ExitStack() as stack:
        for pid in workers:
            with frozen(pid):
                keep(server, stack, 8)
            for _ in range(3):  # on a busy machine it may be thawed later than others wait for it
                time.sleep(0.5)  # for a sign of life
                with ExitStack() as more:
                    keep(server, more, 8)
                    if apart() <= 5:
                        stack.push(more.pop_all())
                        break
            assert apart() <= 5


def keep(server: Server, stack: ExitStack, number: int) -> None:
    for _ in range(number):
        one = stack.enter_context(connect(server))
        one.sendall(GET)
        assert one.recv(100)


@contextmanager
def frozen(pid: int) -> Iterator[None]:
    os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        os.kill(pid, signal.SIGCONT)


@needs_proc
def test_a_frozen_worker_keeps_nobody_from_the_other(start: Start) -> None:
    server = start(workers=2)
    one = until(lambda: len(found := children(server)) == 2 and found)[0]
    talk(server, [LAST])
    with frozen(one):
        for _ in range(50):
            assert talk(server, [LAST])[0].status == 200


def test_a_stop_waits_for_no_client_that_stalls(start: Start) -> None:
    server = start()
    stalled = [b"", GET[:20], sized("/list", ASK)[:-1], GET, LAST]
    with ExitStack() as stack:
        opened = [stack.enter_context(connect(server)) for _ in stalled]
        for one, said in zip(opened, stalled, strict=True):
            one.sendall(said)
        opened[2].shutdown(socket.SHUT_WR)
        server.process.terminate()
        assert server.process.wait(timeout=20) == 0


@pytest.mark.parametrize("argument", ["--certfile=LICENSE", "--proxy-protocol=v1"])
def test_what_the_worker_does_not_speak_stops_the_start(tmp_path: Path, argument: str) -> None:
    with pytest.raises(AssertionError, match="fitserve: gunicorn's setting"):
        start_server(tmp_path / "log", GUNICORN_CMD_ARGS=argument)
