"""Requests as they may come: what is answered, and what becomes of the connection."""

import gzip
import json
from collections.abc import Iterator

import pytest

from tests.conftest import Server, start_server
from tests.serving.raw import answers, chunked, connect, everything, post, sized, talk

LIMIT = 300_000
ASK = b'{"model_type": "knn"}'
GET = b"GET /listtypes HTTP/1.1\r\nHost: localhost\r\n\r\n"
LAST = b"GET /listtypes HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
LEAVE = "Connection: close"
CHUNKS = b"a\r\n" + ASK[:10] + b"\r\nB;name=value\r\n" + ASK[10:] + b"\r\n0\r\n"
LARGE = ASK + b" " * (LIMIT - len(ASK))


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    log = tmp_path_factory.mktemp("server") / "log"
    running = start_server(log, WEB_CONCURRENCY="1", FITSERVE_MAX_CONTENT_LENGTH=str(LIMIT))
    yield running
    running.process.terminate()
    running.process.wait(timeout=40)


def single(data: bytes) -> list[bytes]:
    return [data[at : at + 1] for at in range(len(data))]


GOOD = {
    "one after another at once": ([GET * 200 + LAST], [200] * 201),
    "byte by byte": (single(sized("/list", ASK) + LAST), [200, 200]),
    "chunks byte by byte": (single(chunked("/list", CHUNKS + b"\r\n") + LAST), [200, 200]),
    "chunks with a trailer": ([chunked("/list", CHUNKS + b"Sum: 7\r\n\r\n") + LAST], [200, 200]),
    "a body of the limit": ([sized("/list", LARGE) + LAST], [200, 200]),
    "chunks of the limit": (
        [chunked("/list", b"%x\r\n%b\r\n0\r\n\r\n" % (LIMIT, LARGE)) + LAST],
        [200, 200],
    ),
    "chunks, packed": (
        [
            chunked(
                "/list",
                b"%x\r\n%b\r\n0\r\n\r\n" % (len(gzip.compress(ASK)), gzip.compress(ASK)),
                "Content-Encoding: gzip",
            )
            + LAST
        ],
        [200, 200],
    ),
    "a body that nobody reads": ([sized("/nosuch", ASK) + LAST], [404, 200]),
    "a large body that nobody reads, and that is not waited for": (
        [sized("/nosuch", LARGE) + LAST],
        [404],
    ),
    "a body with GET": ([GET[:-2] + b"Content-Length: 5\r\n\r\nabcde" + LAST], [200, 200]),
    "an empty line before": ([b"\r\n" + GET + LAST], [200, 200]),
    "a header that is dropped": ([GET.replace(b"Host:", b"A_b: c\r\nHost:") + LAST], [200, 200]),
    "HTTP/1.0": ([b"GET /listtypes HTTP/1.0\r\n\r\n"], [200]),
    "HTTP/1.0, kept": (
        [b"GET /listtypes HTTP/1.0\r\nConnection: keep-alive\r\n\r\n" + LAST],
        [200, 200],
    ),
    "CONNECT, behind which is no HTTP": (
        [b"CONNECT localhost:1 HTTP/1.1\r\nHost: localhost:1\r\n\r\n" + GET],
        [404],
    ),
    "a second body is no first": ([sized("/list", ASK) * 3 + LAST], [200, 200, 200, 200]),
}


@pytest.mark.parametrize("name", GOOD)
def test_what_is_well_formed_is_answered(server: Server, name: str) -> None:
    parts, expected = GOOD[name]
    assert [answer.status for answer in talk(server, parts)] == expected


BAD = {
    "no HTTP at all": (b"hello\r\n\r\n", 400),
    "two empty lines before": (b"\r\n\r\n" + GET, 400),
    "HTTP/2 by prior knowledge": (b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 400),
    "TLS": (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\n", 400),
    "a method in small letters": (GET.replace(b"GET", b"get"), 400),
    "a target with a space": (GET.replace(b"/list", b"/ list"), 400),
    "a target not in ASCII": (GET.replace(b"/list", b"/\xc3\xbclist"), 400),
    "a header without a colon": (GET.replace(b"Host:", b"Host"), 400),
    "a header's name with a space": (GET.replace(b"Host:", b"Host :"), 400),
    "a header folded": (GET.replace(b"Host:", b"A: b\r\n c\r\nHost:"), 400),
    "Host twice": (GET.replace(b"Host:", b"Host: a\r\nHost:"), 400),
    "LF alone behind the first line": (GET.replace(b"1.1\r\n", b"1.1\n"), 400),
    "LF alone in a header": (GET.replace(b"Host: ", b"A: b\nHost: "), 400),
    "LF alone, all over": (GET.replace(b"\r\n", b"\n"), 400),
    "two lengths": (sized("/list", ASK, "Content-Length: 21"), 400),
    "a length and chunks": (chunked("/list", CHUNKS + b"\r\n", "Content-Length: 21"), 400),
    "a length with a sign": (post("/list", ASK, "Content-Length: +21"), 400),
    "a length below nothing": (post("/list", ASK, "Content-Length: -1"), 400),
    "a length in other digits": (post("/list", ASK, "Content-Length: \xb2"), 400),
    "chunks in HTTP/1.0": (chunked("/list", CHUNKS).replace(b"1.1", b"1.0"), 400),
    "chunked twice": (chunked("/list", CHUNKS, "Transfer-Encoding: chunked"), 400),
    "not chunked at last": (post("/list", ASK, "Transfer-Encoding: gzip"), 400),
    "an unknown coding": (post("/list", ASK, "Transfer-Encoding: zip"), 501),
    "an unknown expectation": (sized("/list", ASK, "Expect: a miracle"), 417),
    "a target too long": (GET.replace(b"/list", b"/" + b"l" * 9000), 414),
    "a header too long": (GET.replace(b"Host:", b"A: " + b"b" * 9000 + b"\r\nHost:"), 431),
    "too many headers": (GET.replace(b"Host:", b"A: b\r\n" * 101 + b"Host:"), 431),
    "headers too long together": (
        GET.replace(b"Host:", (b"A: " + b"b" * 8000 + b"\r\n") * 9 + b"Host:"),
        431,
    ),
    "a header without end": (GET.replace(b"Host:", b"A: b\r\n" * 20_000 + b"Host:"), 431),
    "chunks over the limit": (
        chunked("/list", b"%x\r\n%b\r\n5\r\nwrong\r\n0\r\n\r\n" % (LIMIT, LARGE)),
        413,
    ),
    "chunks over the limit by far": (chunked("/nosuch", b"fffffff\r\n"), 413),
    "too many small chunks": (chunked("/list", b"1\r\n \r\n" * 100_001 + b"0\r\n\r\n"), 400),
}
for size in (
    b"zz",
    b"-5",
    b"0x14",
    b"1_4",
    b"",
    b" 5",
    b"5 ",
    b"5\n",
    b"\xb2",
    b"5;a=\x00",
    b"0" * 17,
):
    BAD[f"a chunk of size {size!r}"] = (
        chunked("/list", size + b"\r\n" + ASK + b"\r\n0\r\n\r\n"),
        400,
    )
BAD["a chunk longer than its size"] = (chunked("/list", b"5\r\n" + ASK + b"\r\n0\r\n\r\n"), 400)
BAD["a chunk shorter than its size"] = (chunked("/list", b"16\r\n" + ASK + b"\r\n0\r\n\r\n"), 400)
BAD["a trailer that changes the length"] = (
    chunked("/list", CHUNKS + b"Content-Length: 5\r\n\r\n"),
    400,
)
BAD["a trailer with LF alone"] = (chunked("/list", CHUNKS + b"A: b\n\r\n"), 400)


@pytest.mark.parametrize("name", BAD)
def test_what_is_not_is_refused_as_a_problem_and_nothing_follows(server: Server, name: str) -> None:
    request, status = BAD[name]
    (refused,) = talk(server, [request + GET])
    assert refused.status == status
    assert refused.headers["connection"] == "close"
    refused.problem()


@pytest.mark.parametrize(
    "request_",
    [
        sized("/list", ASK)[:-1],
        sized("/list", LARGE)[:-1],
        chunked("/list", CHUNKS),
        chunked("/list", CHUNKS[:8]),
    ],
)
def test_what_ends_in_the_middle_is_not_taken_as_complete(server: Server, request_: bytes) -> None:
    (refused,) = talk(server, [request_], half_close=True)
    assert refused.status == 400
    assert "end" in refused.problem()["detail"]


@pytest.mark.parametrize(
    ("request_", "status"),
    [
        (chunked("/v2/models/knn/infer", b"zz\r\n"), 400),
        (chunked("/v2/models/knn/infer", b"fffffff\r\n"), 413),
        (sized("/v2/models/knn/infer", LARGE)[:-1], 400),
        (
            b"POST /v2/models/knn/infer HTTP/1.1\r\nHost: a\r\nContent-Length: 999999999\r\n\r\n",
            413,
        ),
    ],
)
def test_below_v2_it_is_refused_as_that_protocol_has_it(
    server: Server, request_: bytes, status: int
) -> None:
    (refused,) = talk(server, [request_], half_close=True)
    assert refused.status == status
    assert refused.headers["content-type"] == "application/json"
    assert list(json.loads(refused.body)) == ["error"]


def test_a_client_that_has_nothing_more_to_say_is_answered(server: Server) -> None:
    (answer,) = talk(server, [sized("/list", ASK)], half_close=True)
    assert answer.status == 200


def test_head_has_no_body(server: Server) -> None:
    with connect(server) as connection:
        connection.sendall(GET.replace(b"GET", b"HEAD"))
        connection.sendall(LAST.replace(b"GET", b"HEAD"))
        told = answers(everything(connection), bodiless=True)
    assert [answer.status for answer in told] == [200, 200]
    with connect(server) as connection:
        connection.sendall(chunked("/list", b"zz\r\n").replace(b"POST", b"HEAD"))
        (refused,) = answers(everything(connection), bodiless=True)
    assert refused.status == 400


EXPECT = "Expect: 100-continue"


def test_a_body_is_asked_for_where_it_is_wanted(server: Server) -> None:
    for head, body in (
        (sized("/list", ASK, EXPECT, "Connection: close")[: -len(ASK)], ASK),
        (chunked("/list", b"", EXPECT, "Connection: close"), CHUNKS + b"\r\n"),
    ):
        with connect(server) as connection:
            connection.sendall(head)
            assert connection.recv(100) == b"HTTP/1.1 100 Continue\r\n\r\n"
            connection.sendall(body)
            assert [answer.status for answer in answers(everything(connection))] == [200]


@pytest.mark.parametrize(
    ("request_", "status"),
    [
        (post("/list", b"", EXPECT, f"Content-Length: {LIMIT + 1}"), 413),
        (post("/nosuch", b"", EXPECT, "Content-Length: 5"), 404),
        (post("/nosuch", b"", EXPECT, "Transfer-Encoding: chunked"), 404),
        (post("/listtypes", b"", EXPECT, "Content-Length: 5"), 405),
        (post("/list", b"", EXPECT, "Content-Length: 5").replace(b"json", b"xml"), 415),
        (post("/list", b"", EXPECT, "Content-Length: 5", "Content-Encoding: br"), 415),
    ],
)
def test_a_body_is_not_asked_for_where_the_header_tells_enough(
    server: Server, request_: bytes, status: int
) -> None:
    (refused,) = talk(server, [request_])
    assert refused.status == status
    assert refused.headers["connection"] == "close"
    refused.problem()


def test_a_small_body_without_its_header_is_looked_at_where_it_is_there(server: Server) -> None:
    form = b"model_type=knn"
    for request_, says in (
        (post("/list", b"", LEAVE), "The body is empty"),
        (sized("/list", b"", LEAVE), "The body is empty"),
        (sized("/list", form, LEAVE), "The body is a form"),
        (sized("/list", form + b"x" * 4000, LEAVE), "The body must be JSON"),
        (chunked("/list", CHUNKS + b"\r\n", LEAVE), "The body is JSON. With curl add"),
        (
            sized("/list", b'{"model_type": "knn", "x": "' + b"x" * 4000, LEAVE),
            "The body is JSON. With curl add",
        ),
    ):
        (refused,) = talk(server, [request_.replace(b"application/json", b"text/plain")])
        assert refused.problem()["detail"].startswith(says)


def test_a_length_over_the_limit_is_refused_before_it_is_sent(server: Server) -> None:
    (refused,) = talk(server, [post("/list", b"", f"Content-Length: {10**15}")])
    assert refused.status == 413
    assert "FITSERVE_MAX_CONTENT_LENGTH" in refused.problem()["detail"]
