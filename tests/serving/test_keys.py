"""Keys are asked for before a body is: nobody without one has the server take in much."""

import json
from collections.abc import Iterator

import pytest

from tests.conftest import Server, start_server, until
from tests.serving.raw import answers, chunked, connect, everything, post, sized, talk

READ, WRITE = "read-key-0123456789", "write-key-0123456789"
ASK = b'{"model_type": "knn"}'
LARGE = ASK + b" " * 500_000
EXPECT = "Expect: 100-continue"


@pytest.fixture(scope="module")
def locked(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    running = start_server(
        tmp_path_factory.mktemp("locked") / "log",
        WEB_CONCURRENCY="1",
        FITSERVE_READ_KEYS=READ,
        FITSERVE_WRITE_KEYS=f"trainer:{WRITE}",
    )
    yield running
    running.process.terminate()
    running.process.wait(timeout=40)


def bearer(key: str) -> str:
    return f"Authorization: Bearer {key}"


def in_chunks(body: bytes) -> bytes:
    return b"%x\r\n%s\r\n0\r\n\r\n" % (len(body), body)


HEADS = {
    "a body that waits to be asked for": post("/list", b"", EXPECT, "Content-Length: 21"),
    "chunks that wait to be asked for": post("/list", b"", EXPECT, "Transfer-Encoding: chunked"),
    "a large body that does not come": post("/list", b"", "Content-Length: 500000"),
    "a large body of which a part comes": post("/list", LARGE[:150_000], "Content-Length: 500000"),
    "chunks of which many come": chunked("/list", in_chunks(LARGE)[:200_000]),
}


@pytest.mark.parametrize("name", HEADS)
@pytest.mark.parametrize("key", [None, "no-key-0123456789"])
def test_without_a_key_no_body_is_asked_for(locked: Server, name: str, key: str | None) -> None:
    head = HEADS[name]
    if key is not None:
        head = head.replace(b"Host:", bearer(key).encode() + b"\r\nHost:")
    (refused,) = talk(locked, [head])
    assert refused.status == 401
    assert refused.headers["www-authenticate"].startswith("Bearer ")
    assert refused.headers["connection"] == "close"
    assert key is None or key not in refused.problem()["detail"]


def test_a_read_key_has_no_large_body_taken_in_to_register(locked: Server) -> None:
    (refused,) = talk(locked, [post("/register", b"", bearer(READ), "Content-Length: 500000")])
    assert (refused.status, refused.problem()["type"]) == (403, "/problems/forbidden")


def test_with_a_key_bodies_of_all_sizes_are_taken_one_after_another(locked: Server) -> None:
    sent = [
        sized("/list", LARGE, bearer(READ)),
        sized("/list", ASK, bearer(READ)),
        chunked("/list", in_chunks(LARGE), bearer(WRITE)),
        chunked("/list", in_chunks(ASK), bearer(READ)),
        sized("/list", LARGE, bearer(READ), "Connection: close"),
    ]
    assert [answer.status for answer in talk(locked, [b"".join(sent)])] == [200] * 5
    assert [answer.status for answer in talk(locked, sent)] == [200] * 5
    in_pieces = [sent[-1][at : at + 60_000] for at in range(0, len(sent[-1]), 60_000)]
    assert [answer.status for answer in talk(locked, in_pieces)] == [200]


def test_with_a_key_a_body_that_waits_is_asked_for(locked: Server) -> None:
    with connect(locked) as connection:
        head = post(
            "/list", b"", EXPECT, bearer(READ), f"Content-Length: {len(LARGE)}", "Connection: close"
        )
        connection.sendall(head)
        assert connection.recv(100) == b"HTTP/1.1 100 Continue\r\n\r\n"
        connection.sendall(LARGE)
        (answer,) = answers(everything(connection))
    assert json.loads(answer.body) == {"model_type": "knn", "model_ids": []}


def test_two_authorizations_are_none(locked: Server) -> None:
    (refused,) = talk(
        locked, [sized("/list", ASK, bearer(READ), bearer(WRITE), "Connection: close")]
    )
    assert refused.status == 401


def test_no_key_is_in_the_log(locked: Server) -> None:
    locked.headers["Authorization"] = f"Bearer {WRITE}"
    assert locked.ask("GET", "/models?limit=1")[0] == 200
    locked.headers["Authorization"] = "Bearer another-0123456789"
    assert locked.ask("GET", "/models?limit=1")[0] == 401
    assert locked.ask("GET", f"/models?api_key={WRITE}")[0] == 401
    assert locked.ask("GET", f"/models?{READ}")[0] == 401
    assert locked.ask("GET", f"/{READ}")[0] == 404
    until(lambda: "404" in locked.log.read_text())
    said = locked.log.read_text()
    for key in (READ, WRITE, "another-0123456789"):
        assert key not in said


def test_a_server_that_is_reached_from_elsewhere_says_once_that_it_is_open(
    locked: Server, tmp_path_factory: pytest.TempPathFactory
) -> None:
    assert "No keys are set" not in locked.log.read_text()
    running = start_server(tmp_path_factory.mktemp("open") / "log", HOST="0.0.0.0")  # noqa: S104
    running.process.terminate()
    running.process.wait(timeout=40)
    assert running.log.read_text().count("No keys are set") == 1
