"""What becomes of requests when connections end, servers are busy, and answers are strange."""

import io
import json
import os
import pickle
import re
import socket
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from fitserve import create_app
from fitserve.client import (
    Client,
    Forbidden,
    Invalid,
    Problem,
    TooLarge,
    TooManyRequests,
    Unauthorized,
    Unavailable,
    Unreachable,
    transport,
)
from fitserve.client import client as verbs
from fitserve.client.requests import ROUTES
from fitserve.config import Settings
from tests.conftest import EXAMPLES, Server, free_port, start_server

PENGUINS = EXAMPLES / "penguins.csv"
ROWS = [[1.0], [2.0], [8.0], [9.0]]
LABELS = ["low", "low", "high", "high"]
OK = '{"status": "ok"}'
REGISTERED = '{"model_type": "knn", "model_id": 1, "status": "ready"}'


def answer(status: str, body: str = OK, *headers: str, kind: str = "application/json") -> bytes:
    lines = [f"HTTP/1.1 {status}", f"Content-Type: {kind}", f"Content-Length: {len(body)}"]
    return "\r\n".join([*lines, *headers, "", body]).encode()


class Scripted:
    """A server that does with each request what is next in its script: answer bytes, be silent
    (none), or hang up (`None`). Behind an answer that ends in `CLOSE` it closes the connection; one
    that ends in `EARLY` it gives before the body came, which it never reads."""

    CLOSE = b"<close>"
    EARLY = b"<early>"

    def __init__(self, *script: bytes | None) -> None:
        self.script = list(script)
        self.seen: list[bytes] = []
        self.connections = 0
        self.waits = 0.0
        """Seconds before an early answer."""
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listening.getsockname()[1]
        self.closed = threading.Event()
        self._left: list[socket.socket] = []
        self._thread = threading.Thread(target=self._serve)
        self._thread.start()

    def _serve(self) -> None:
        while True:
            connection, _ = self._listening.accept()
            self._left.append(connection)
            if not self.script:
                return
            self.connections += 1
            if not self._answer(connection):
                connection.close()
                self.closed.set()

    def _answer(self, connection: socket.socket) -> bool:
        """Whether the connection is left as it is."""
        while self.script:
            with connection.makefile("rb") as reading:
                head = []
                while (line := reading.readline()) != b"\r\n":
                    if not line:
                        return False
                    head.append(line)
                if (self.script[0] or b"").endswith(self.EARLY):
                    time.sleep(self.waits)
                    connection.sendall((self.script.pop(0) or b"").removesuffix(self.EARLY))
                    return True
                sizes = [line for line in head if line.startswith(b"Content-Length: ")]
                reading.read(int(sizes[0][16:]) if sizes else 0)
            self.seen.append(head[0].rpartition(b" ")[0])
            said = self.script.pop(0)
            if said is None:
                return False
            connection.sendall(said.removesuffix(self.CLOSE))
            if not said:
                connection.recv(1)
            if said.endswith(self.CLOSE):
                return False
        return False

    def stop(self) -> None:
        self.script.clear()
        socket.create_connection(("127.0.0.1", self.port)).close()
        self._thread.join(10)
        for one in [*self._left, self._listening]:
            one.close()


@pytest.fixture
def scripted() -> Iterator[Callable[..., tuple[Scripted, Client]]]:
    made: list[tuple[Scripted, Client]] = []

    def make(*script: bytes | None, **options: Any) -> tuple[Scripted, Client]:
        running = Scripted(*script)
        made.append((running, Client(f"http://127.0.0.1:{running.port}", **options)))
        return made[-1]

    yield make
    for running, client in made:
        client.close()
        running.stop()


# -------------------------------------------------------------------------- connections


def test_a_connection_is_kept(scripted: Any) -> None:
    server, client = scripted(answer("200 OK"), answer("200 OK"))
    assert client.health() == client.health() == {"status": "ok"}
    assert server.connections == 1


def test_a_collection_in_the_middle_may_use_the_client_too(
    scripted: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As of a trained model of `fitserve.sklearn`, which is deleted when nobody has it any more."""
    _, client = scripted(answer("200 OK"), answer("200 OK"))
    client.health()

    def collected(sock: socket.socket) -> bool:
        client.close()
        return True  # so that another connection is opened

    monkeypatch.setattr(transport, "_readable", collected)
    asking = threading.Thread(target=client.health, daemon=True)
    asking.start()
    asking.join(20)
    assert not asking.is_alive()


def test_one_that_was_closed_meanwhile_is_not_used_again(scripted: Any) -> None:
    server, client = scripted(answer("200 OK") + Scripted.CLOSE, answer("201 CREATED", REGISTERED))
    client.health()
    assert server.closed.wait(10)
    assert client.register("knn", 1, ROWS, LABELS) == json.loads(REGISTERED)
    assert server.connections == 2


def test_what_changes_nothing_is_asked_again_once_where_the_connection_ends(scripted: Any) -> None:
    server, client = scripted(answer("200 OK"), None, answer("200 OK"), None, None)
    client.health()
    assert client.health() == {"status": "ok"}
    assert server.connections == 2
    with pytest.raises(Unreachable, match=r"gave no answer \(RemoteDisconnected"):
        client.health()


def test_a_registration_is_not(scripted: Any) -> None:
    server, client = scripted(answer("200 OK"), None, answer("201 CREATED", REGISTERED))
    client.health()
    with pytest.raises(Unreachable, match="may have been done: look before you repeat it"):
        client.register("knn", 1, ROWS, LABELS)
    assert server.seen == [b"GET /health", b"POST /register"]


def test_nobody_there_is_said_in_a_sentence() -> None:
    refused = Client(f"http://127.0.0.1:{free_port()}")
    with pytest.raises(Unreachable, match=r"Nothing answers at http://127\.0"):
        refused.health()
    with pytest.raises(Unreachable, match=r"There is no host nowhere\.invalid"):
        Client("http://nowhere.invalid").health()
    for wrong in ("127.0.0.1:8000", "ftp://host", "http://", "http://me@host", "http://host/?a=b"):
        with pytest.raises(ValueError, match="a URL "):
            Client(wrong)
    for wrong in ("two\nlines", "ключ"):
        with pytest.raises(ValueError, match="key: a key of printable ASCII signs is needed"):
            Client(key=wrong)


@pytest.mark.parametrize(
    ("wrong", "right"),
    [
        ("127.0.0.1:8000", "http://127.0.0.1:8000"),
        ("localhost", "http://localhost:8000"),
        ("localhost:9000/models", "http://localhost:9000"),
        ("9000", "http://127.0.0.1:9000"),
        ("example.com", "http://example.com"),
        ("https:/example.com", "https://example.com"),
        ("ftp://example.com:21", "http://example.com:21"),
        ("http://127.0.0.1:8000/?a=b", "http://127.0.0.1:8000/"),
    ],
)
def test_a_url_that_is_none_is_told_how_it_is_written(wrong: str, right: str) -> None:
    with pytest.raises(ValueError, match=f"^url: .*; write {re.escape(right)}$"):
        Client(wrong)
    assert Client(right).url == right


NO_SECONDS: list[Any] = ["5", None, True, [5], float("nan"), -1]
WRONG: list[dict[str, Any]] = [
    *({name: value} for name in ("timeout", "patience") for value in NO_SECONDS),
    *({name: value} for name in ("url", "key") for value in (0, 5, b"http://host", ["a"])),
    {"timeout": 0},
    {"timeout": float("inf")},
]


@pytest.mark.parametrize("wrong", WRONG, ids=str)
def test_a_setting_of_the_wrong_kind_is_named_when_the_client_is_made(wrong: Any) -> None:
    (name,) = wrong
    with pytest.raises((TypeError, ValueError), match=f"^{name}: a (text|number of seconds)"):
        Client(**wrong)


def test_seconds_may_be_any_number() -> None:
    assert Client(timeout=5, patience=0).timeout == 5
    assert Client(timeout=np.float64(0.5), patience=float("inf")).timeout == 0.5


def test_one_that_does_not_answer_is_left(scripted: Any) -> None:
    _, client = scripted(b"", timeout=0.1)
    with pytest.raises(Unreachable, match=r"has not answered in 0\.1 seconds") as raised:
        client.health()
    assert raised.value.status == 0


def test_one_that_trains_for_longer_than_an_answer_is_waited_for_is_asked_after(
    scripted: Any,
) -> None:
    ready = '{"status": "ready", "model_type": "knn", "model_id": 1}'
    server, client = scripted(b"", answer("200 OK", ready), timeout=0.2)
    assert client.register("knn", 1, ROWS, LABELS)["status"] == "ready"
    assert server.seen == [b"POST /register", b"GET /models/knn/1"]


def test_a_path_before_the_routes_and_the_environment_are_heeded(
    scripted: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    server, _ = scripted(answer("200 OK"))
    monkeypatch.setenv("FITSERVE_URL", f"http://127.0.0.1:{server.port}/behind/")
    monkeypatch.setenv("FITSERVE_KEY", "secret")
    with Client() as client:
        client.health()
        assert client.key == "secret"
        assert "secret" not in repr(client)
    assert server.seen == [b"GET /behind/health"]


@pytest.mark.parametrize("waits", [0.0, 0.5], ids=["at once", "while it is sent"])
def test_a_body_that_is_answered_before_it_was_sent_is_not_sent_on(
    scripted: Any, waits: float
) -> None:
    early = answer("413 TOO LARGE", '{"title": "t", "status": 413}') + Scripted.EARLY
    server, client = scripted(early, answer("200 OK"), timeout=2)
    server.waits = waits
    with pytest.raises(TooLarge):
        client.register_csv("knn", 1, bytes(30_000_000), "y")
    assert client.health() == {"status": "ok"}
    assert server.connections == 2


# ------------------------------------------------------------------------- what is busy


def busy(status: str, *headers: str) -> bytes:
    return answer(status, '{"title": "Busy", "status": 503, "detail": "Later."}', *headers)


def test_what_was_too_busy_is_tried_again(scripted: Any) -> None:
    again = "Retry-After: 0"
    server, client = scripted(
        busy("503 UNAVAILABLE", again),
        busy("429 TOO MANY", again),
        answer("201 CREATED", REGISTERED),
    )
    assert client.register("knn", 1, ROWS, LABELS) == json.loads(REGISTERED)
    assert len(server.seen) == 3


def test_but_not_for_longer_than_patience_lasts(scripted: Any) -> None:
    server, client = scripted(*[busy("503 UNAVAILABLE", "Retry-After: 60")] * 2)
    with pytest.raises(Unavailable, match="Later"):
        client.health()
    assert len(server.seen) == 1
    server, client = scripted(busy("503 UNAVAILABLE"))
    with pytest.raises(Unavailable):
        client.health()
    server, client = scripted(
        answer("429 TOO MANY", '{"title": "t", "status": 429}', "Retry-After: 1"), patience=0
    )
    with pytest.raises(TooManyRequests):
        client.health()


def test_a_training_is_asked_after_while_the_server_is_started_anew(scripted: Any) -> None:
    training = answer("200 OK", '{"status": "training"}')
    server, client = scripted(training, None, None, answer("200 OK", '{"status": "ready"}'))
    assert client.wait("knn", 1)["status"] == "ready"
    assert len(server.seen) == 4
    server, client = scripted(training, None, None, patience=0)
    with pytest.raises(Unreachable, match=r"of knn 1 goes on: .* `fitserve show knn 1` or, in"):
        client.wait("knn", 1)


@pytest.mark.parametrize("status", ["queued", "", None, 1, {}])
def test_a_training_is_not_waited_for_whose_status_nobody_knows(scripted: Any, status: Any) -> None:
    told = json.dumps({"status": status})
    _, client = scripted(answer("200 OK", told))
    with pytest.raises(Invalid, match="200 OK, and no") as raised:
        client.wait("knn", 1)
    assert told in str(raised.value)


def test_who_interrupts_leaves_the_training_and_the_client_as_they_are(scripted: Any) -> None:
    training = answer("202 ACCEPTED", '{"status": "training"}')
    server, client = scripted(training, training, answer("200 OK"))

    def interrupt(_: object) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        client.register("knn", 1, ROWS, LABELS, progress=interrupt)
    assert client.health() == {"status": "ok"}
    assert server.seen == [b"POST /register", b"GET /models/knn/1", b"GET /health"]


# ------------------------------------------------------------------------------- answers


def test_an_answer_that_is_not_fitserves_is_shown(scripted: Any) -> None:
    page = "<html>Bad gateway</html>"
    _, client = scripted(
        answer("502 Bad Gateway", page, kind="text/html"), answer("200 OK", page, kind="text/html")
    )
    with pytest.raises(Unavailable, match="502 Bad Gateway, and no problem of fitserve's: <html>"):
        client.health()
    with pytest.raises(Invalid, match="200 OK, and no answer of fitserve's: <html>"):
        client.health()


@pytest.mark.parametrize(
    "members",
    [
        {"errors": {"X": ["The X field is required."]}},  # as other frameworks have them
        {"errors": "X"},
        {"errors": [{"message": "X"}]},
        {"remedies": [{"words": 1}]},
        {"detail": ["X"]},
        {"status": "400"},
        {"status": None},
        {"title": None},
        {"request_id": 1},
    ],
)
def test_a_problem_that_is_not_fitserves_is_shown(scripted: Any, members: dict[str, Any]) -> None:
    told = json.dumps({"title": "Not valid"} | members)
    _, client = scripted(answer("400 Bad Request", told, kind="application/problem+json"))
    with pytest.raises(Invalid) as refused:
        client.health()
    assert str(refused.value) == f"400 Bad Request, and no problem of fitserve's: {told}"


@pytest.mark.parametrize(
    "ask",
    [
        lambda client: client.types(),
        lambda client: client.type("knn"),
        lambda client: client.ids("knn"),
        lambda client: list(client.models()),
        lambda client: list(client.classes("knn", 1)),
        lambda client: client.wait("knn", 1),
        lambda client: client.predict("knn", 1, np.zeros((2, 2))),
    ],
)
def test_a_success_without_what_was_asked_for_is_shown(
    scripted: Any, ask: Callable[[Client], Any]
) -> None:
    _, client = scripted(answer("200 OK", "{}"))
    with pytest.raises(Invalid, match=r"200 OK, and no answer of fitserve's: \{\}"):
        ask(client)


def test_all_pages_are_gone_through(scripted: Any) -> None:
    first = '{"models": [{"id": 1}, {"id": 2}], "next": "knn/2"}'
    last = '{"models": [{"id": 3}], "next": null}'
    server, client = scripted(answer("200 OK", first), answer("200 OK", last))
    assert [one["id"] for one in client.models("knn", fields=["training"])] == [1, 2, 3]
    assert server.seen == [
        b"GET /models?limit=1000&model_type=knn&fields=training",
        b"GET /models?limit=1000&model_type=knn&fields=training&after=knn%2F2",
    ]
    assert verbs.PAGE == 1000


# ------------------------------------------------------------------- against a real server


@pytest.fixture(scope="module")
def locked(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    running = start_server(
        tmp_path_factory.mktemp("locked") / "log",
        FITSERVE_WRITE_KEYS="w" * 32,
        FITSERVE_READ_KEYS="r" * 32,
        FITSERVE_MAX_CONTENT_LENGTH="4000000",
    )
    yield running
    running.process.terminate()
    running.process.wait(timeout=40)


def client_of(server: Server, key: str | None) -> Client:
    return Client(f"http://127.0.0.1:{server.port}", key)


def test_a_large_body_that_is_refused_is_refused_by_its_problem(locked: Server) -> None:
    body = b"x,y\n" + b"1,2\n" * 700_000
    with client_of(locked, None) as client, pytest.raises(Unauthorized, match="by key or FITSERVE"):
        client.register_csv("knn", 1, body, "y")
    with client_of(locked, "z" * 32) as client, pytest.raises(Unauthorized) as other:
        client.register_csv("knn", 1, body, "y")
    assert not other.value.hint
    with client_of(locked, "r" * 32) as client, pytest.raises(Forbidden) as raised:
        client.register_csv("knn", 1, body, "y")
    assert raised.value.request_id
    with client_of(locked, "w" * 32) as client, pytest.raises(TooLarge):
        client.register_csv("knn", 1, body * 2, "y")
    with client_of(locked, "w" * 32) as client:
        assert client.types()


def test_tls_to_a_server_without_is_told(locked: Server) -> None:
    plain = f"127.0.0.1:{locked.port}"
    with pytest.raises(Unreachable, match=f"speaks no TLS: write http://{plain} as url"):
        Client(f"https://{plain}").health()


def test_the_routes_that_a_url_may_end_in_are_those_of_the_server() -> None:
    app = create_app(Settings(store="memory"))
    begins = {rule.rule.split("/")[1] for rule in app.url_map.iter_rules()}
    app.extensions["fitserve"].close()
    assert begins - {"", "static"} == ROUTES


@pytest.mark.parametrize("route", sorted(ROUTES))
def test_a_url_with_a_route_in_it_is_told(locked: Server, route: str) -> None:
    base = f"http://127.0.0.1:{locked.port}"
    for path in (f"/{route}", f"/{route}/knn/1"):
        client = Client(base + path, "w" * 32)
        for ask in (client.types, lambda: client.describe("knn", 1), lambda: [*client.models()]):  # noqa: B023
            with pytest.raises(Problem, match=f"{path}: write {base} as url") as raised:
                ask()
            copied = pickle.loads(pickle.dumps(raised.value))  # noqa: S301
            assert str(copied) == str(raised.value)


def test_a_file_comes_in_many_ways_and_tells_how_far_it_is(locked: Server, tmp_path: Path) -> None:
    large = tmp_path / "large.csv"
    head, *lines = PENGUINS.read_bytes().splitlines()
    large.write_bytes(b"\n".join([head, *lines * 40]))
    told: list[tuple[int, int]] = []
    given: Any = {"missing": "drop", "dry_run": True, "upload": lambda *sent: told.append(sent)}
    with client_of(locked, "w" * 32) as client:
        client.register_csv("knn", 1, large, "species", **given)
        assert told[-1] == (large.stat().st_size,) * 2
        assert [one for one, _ in told] == sorted({one for one, _ in told})
        assert len(told) > 3
        with large.open("rb") as binary, large.open() as text:
            binary.readline()
            client.register_csv("knn", 1, binary, "0", **given, header=False)
            client.register_csv("knn", 1, text, "species", **given)
        reading, writing = os.pipe()
        os.write(writing, b"x,y\n1,a\n2,b\n")
        os.close(writing)
        with open(reading, "rb") as pipe:
            client.register_csv("knn", 1, pipe, "y", **given, n_neighbors=1)
        client.register_csv("knn", 1, io.StringIO("x,y\n1,a\n2,b\n"), "y", **given, n_neighbors=1)
    with pytest.raises(FileNotFoundError):
        client.register_csv("knn", 1, tmp_path / "none.csv", "y")


INHERITED: list[Client] = []


def ask(row: float) -> Any:
    return INHERITED[0].predict("knn", 1, [[row], [10 - row]])


def test_it_serves_threads_goes_through_forks_and_may_be_pickled(locked: Server) -> None:
    rows = [1.0, 9.0] * 100
    answers = [["low", "high"], ["high", "low"]] * 100
    with client_of(locked, "w" * 32) as client:
        client.register("knn", 1, ROWS, LABELS, n_neighbors=1)
        INHERITED[:] = [client]
        with ThreadPoolExecutor(8) as threads:
            assert list(threads.map(ask, rows)) == answers
        with get_context("fork").Pool(2) as processes:
            assert processes.map(ask, rows, chunksize=25) == answers
        assert ask(1.0) == answers[0]
        INHERITED[:] = [pickle.loads(pickle.dumps(client))]  # noqa: S301
        assert ask(1.0) == answers[0]
        client.delete("knn", 1)
