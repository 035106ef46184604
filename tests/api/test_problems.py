"""Every error is problem+json of one shape, whatever raised it."""

import gzip
import json
import re
import zlib
from collections.abc import Callable
from io import BytesIO
from typing import Any
from urllib.parse import parse_qsl, urlencode

import pytest
from flask import Flask
from werkzeug.test import TestResponse

from fitserve import create_app
from fitserve.config import Settings
from tests.conftest import EXAMPLES, Api
from tests.data.test_packing import raw_deflate

GOOD = {
    "model_type": "gauss_naive_bayes",
    "model_id": 1,
    "kwargs": {"X": [[0.0], [1.0], [9.0], [10.0]], "y": [0, 0, 1, 1]},
}
BODY = json.dumps(GOOD).encode()


def problem(answer: TestResponse, status: int, name: str) -> dict[str, Any]:
    assert answer.status_code == status, answer.data
    assert answer.headers["Content-Type"] == "application/problem+json"
    told: dict[str, Any] | None = answer.json
    assert told is not None
    assert told["type"] == f"/problems/{name}"
    assert told["status"] == status
    assert told["title"]
    assert told["detail"].endswith(".")
    assert ("errors" in told) == (name == "invalid-request")
    for fault in told.get("errors", []):
        assert set(fault) == {"loc", "msg", "type"}
    assert "Traceback" not in answer.text
    return told


@pytest.mark.parametrize(
    ("body", "where"),
    [
        (b"", "line 1 column 0"),
        (b'{"model_type": "knn",\n "model_id": }', "line 2 column 14"),
        (BODY[:-1], "column"),
        (BODY + b"x", "column"),
        (b'{"model_type": "\xff\xfe"}', "line 1"),
        (BODY.decode().encode("utf-16"), "line 1"),
        (BODY.replace(b"9.0", b"NaN"), "column"),
        (BODY.replace(b"9.0", b"Infinity"), "column"),
        (BODY.replace(b"9.0", b"-Infinity"), "column"),
        (b'{"model_id": 1, ' + BODY[1:], "model_id"),
        (b"[" * 100_000, "column"),
        (BODY.replace(b"9.0", b"9" * 5000), "column"),
        (BODY.replace(b'"X"', b"'X'"), "column"),
        (b"model_type=knn&model_id=1", "line 1"),
        (b'"\x01"', "column"),
    ],
)
def test_what_is_not_json_is_400_with_line_and_column(api: Api, body: bytes, where: str) -> None:
    assert where in problem(api.raw("/register", body), 400, "malformed-json")["detail"]


@pytest.mark.parametrize(
    "body",
    [
        b"null",
        b"[]",
        b'"text"',
        b"1",
        b"{}",
        b'{"model_type": "gauss_naive_bayes"}',
        BODY.replace(b'"gauss_naive_bayes"', b"null"),
        BODY.replace(b'"gauss_naive_bayes"', b"7"),
        BODY.replace(b'"model_id": 1', b'"model_id": 1.5'),
        BODY.replace(b'"model_id": 1', b'"model_id": 1e2'),
        BODY.replace(b'"model_id": 1', b'"model_id": 99999999999999999999'),
        BODY.replace(b'"kwargs"', b'"kwarg"'),
        BODY.replace(b'"kwargs": {', b'"kwargs": [], "x": {'),
        BODY.replace(b"[9.0]", b"[]"),
        BODY.replace(b"[9.0]", b"9.0"),
        BODY.replace(b"[9.0]", b"[[9.0]]"),
        BODY.replace(b"[9.0]", b"[{}]"),
        BODY.replace(b"9.0", b"1e400"),
        BODY.replace(b"9.0", b"-1e999"),
        BODY.replace(b"9.0", b"9" * 400),
        BODY.replace(b"9.0", b'"9.0"'),
        BODY.replace(b"9.0", b"false"),
        BODY.replace(b'"y": [0', b'"y": [0.5'),
        BODY.replace(b'"y": [0', b'"y": [null'),
        BODY.replace(b'"y": [0', b'"y": [99999999999999999999'),
        BODY.replace(b'"y": [0', b'"y": [1e400'),
        BODY.replace(b'"y": [0, 0, 1, 1]', b'"y": ["a\\u0000", "b", "b", "b"]'),
        BODY.replace(b'"y": [0, 0, 1, 1]', b'"y": {"a": 1}'),
    ],
)
def test_json_of_the_wrong_shape_is_422_with_a_place(api: Api, body: bytes) -> None:
    told = problem(api.raw("/register", body), 422, "invalid-request")
    assert all(isinstance(fault["loc"], list) for fault in told["errors"])
    assert api.raw("/register", BODY).status_code == 201


def test_an_unknown_route_tells_the_known_ones(api: Api) -> None:
    assert "POST /register" in problem(api.client.get("/nix"), 404, "not-found")["detail"]


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("GET", "/register", "POST"),
        ("PUT", "/predict", "POST"),
        ("POST", "/listtypes", "GET"),
        ("PATCH", "/models/knn/1", "DELETE"),
        ("DELETE", "/health", "GET"),
    ],
)
def test_another_method_is_told_the_allowed_ones(
    api: Api, method: str, path: str, allowed: str
) -> None:
    answer = api.client.open(path, method=method)
    problem(answer, 405, "method-not-allowed")
    assert allowed in answer.headers["Allow"]


def test_unknown_models_and_types(api: Api) -> None:
    told = problem(api.client.get("/models/knn/3"), 404, "unknown-model")
    assert "POST /list" in told["detail"]
    told = problem(api.client.get("/types/nix"), 404, "unknown-model-type")
    assert "gauss_naive_bayes" in told["detail"]
    api.raw("/register", BODY)
    problem(api.raw("/register", BODY), 409, "model-exists")


@pytest.mark.parametrize(
    "media_type",
    ["", "text/plain", "application/x-www-form-urlencoded", "application/json; charset=latin-1"],
)
def test_another_media_type_is_told_the_right_one(api: Api, media_type: str) -> None:
    answer = api.client.post("/register", data=BODY, headers={"Content-Type": media_type})
    told = problem(answer, 415, "unsupported-media-type")
    assert "Content-Type: application/json" in told["detail"]


@pytest.mark.parametrize("media_type", ["", "application/x-www-form-urlencoded"])
def test_a_body_without_its_header_is_told_all_that_is_wrong(api: Api, media_type: str) -> None:
    """What curl sends by -d alone: the header is missing, and what it sends is no JSON as well."""
    api.example("knn")
    for route, form in (
        ("/predict", "model_type=knn&model_id=1&features=1,2,3,4&probabilities=1"),
        ("/evaluate", "model_type=knn&model_id=1&features=1,2,3,4&y=setosa"),
        ("/register", "model_type=knn&model_id=2&X=1,2;3,4&y=0,1&k=1"),
        ("/list", "model_type=knn"),
    ):
        said = {}
        for body in ("rows.json", "my rows.csv", "", form, '{"a": 1}', "a,b\n1,2\n"):
            answer = api.client.post(route, data=body, headers={"Content-Type": media_type})
            said[body] = problem(answer, 415, "unsupported-media-type")["detail"]
            assert said[body].endswith(f"declared was {media_type or 'nothing'}.")
        assert "-H 'Content-Type: application/json' -d @rows.json, with the @;" in said["rows.json"]
        as_csv = (
            "-H 'Content-Type: text/csv' --data-binary '@my rows.csv', with the @, and ?model_type="
        )
        assert (as_csv in said["my rows.csv"]) == (route != "/list")
        assert ("&target=COLUMN in the URL;" in said["my rows.csv"]) == (route == "/register")
        for body in ("", form):
            (told,) = re.findall("json' -d '(.*)'", said[body].partition(", or a CSV")[0])
            told = told.replace("[[5.1, 3.5], [4.9, 3.0]]", "[[1, 2, 3, 4], [4, 3, 2, 1]]")
            told = told.replace('"cat", "dog"', '"setosa", "setosa"')
            told = told.replace('1, "kwargs', '3, "kwargs')
            answer = api.raw(route, told.encode())
            assert answer.status_code in (200, 201), (told, answer.text)
    for body in ("body.json", "", "a=1"):
        answer = api.client.post("/v2/models/knn/infer", data=body, content_type="text/plain")
        assert "-H 'Content-Type: application/json' -d " in answer.text


TABLE = b"a,b,y\n1,2,u\n2,1,u\n8,9,v\n9,8,v\n"
ASK = {"model_type": "knn", "model_id": 1, "features": [[1, 2], [9, 9]]}
OF = {"model_type": "knn", "model_id": "7", "target": "y"}


@pytest.mark.parametrize(("query", "members"), [(OF, {}), ({}, {}), ({}, OF)])
@pytest.mark.parametrize(
    ("route", "name", "held"),
    [
        *(
            (route, name, TABLE)
            for route in ("/register", "/predict", "/evaluate")
            for name in ("a b.csv", "data", "t.tsv", "", "t.csv.gz", "long.csv")
        ),
        ("/predict", "ask.json", json.dumps(ASK).encode()),
        ("/evaluate", "ask", json.dumps(ASK | {"y": ["u", "v"]}).encode()),
    ],
)
def test_a_form_in_parts_is_told_how_its_file_is_sent(
    api: Api, route: str, name: str, held: bytes, query: dict[str, str], members: dict[str, str]
) -> None:
    """As curl's -F sends it: with the name of a file, or of what stands behind < none."""
    for model_id in (1, 7) if route != "/register" else ():
        asked = OF | {"model_id": model_id, "k": 1}
        learn = api.client.post(
            "/register", query_string=asked, data=TABLE, content_type="text/csv"
        )
        assert learn.status_code == 201
        query, members = (
            {n: v for n, v in one.items() if n != "target"} for one in (query, members)
        )
    held = gzip.compress(held) if name.endswith(".gz") else held
    sent = held * 1000 if name == "long.csv" else held
    parts: dict[str, Any] = {**members, "file": (BytesIO(sent), name) if name else sent.decode()}
    answer = api.client.post(
        route, query_string=query, data=parts, content_type="multipart/form-data"
    )
    detail = problem(answer, 415, "unsupported-media-type")["detail"]
    assert detail.endswith(", not -F; declared was multipart/form-data.")
    told = re.search(r".*(?:send|by) ((?:-H '\S+ \S+' )+)(-d|--data-binary) (\S.*), not -F", detail)
    assert told is not None
    file, _, url = told[3].partition(", and ")
    assert file in (f"@{name or 'FILE'}", f"'@{name}'")
    if url.startswith("no query"):
        query = {}
    elif url:
        assert not query
        query = dict(
            parse_qsl(url.partition(" in the URL")[0].removeprefix("?").replace("COLUMN", "y"))
        )
        assert not members or query == members
    headers = dict(one.split(": ") for one in re.findall("-H '(.*?)'", told[1]))
    headers = {header.replace("-", "_"): value for header, value in headers.items()}
    query = query | ({"k": "1"} if route == "/register" else {})
    answer = api.raw(f"{route}?{urlencode(query)}".rstrip("?"), held, **headers)
    assert answer.status_code in (200, 201), answer.text


def test_a_form_in_parts_without_a_file_is_told_its_object(api: Api) -> None:
    for route in ("/list", "/v2/models/knn/infer"):
        for held in (b"a,b\n", b"a,b\n" * 1000):
            parts: dict[str, Any] = {"file": (BytesIO(held), "t.csv")}
            told = api.client.post(route, data=parts).text
            assert "-H 'Content-Type: application/json' -d @" in told
            assert "text/csv" not in told
    told = api.client.post(
        "/list", data={"model_type": "knn"}, content_type="multipart/form-data"
    ).text
    assert json.loads(told)["detail"].endswith(
        '-d \'{"model_type": "knn"}\', not -F; declared was multipart/form-data.'
    )


IRIS = (EXAMPLES / "iris.csv").read_bytes()
FORM = b'--x\r\nContent-Disposition: form-data; name="file"; filename="%s"\r\n'
FORM += b"Content-Type: application/octet-stream\r\n\r\n%s\r\n--x--\r\n"


@pytest.mark.parametrize(
    "query", ["", "?model_type=knn&model_id=7", "?model_type=kmeans&model_id=7"]
)
@pytest.mark.parametrize("route", ["/register", "/predict", "/evaluate", "/list"])
def test_a_body_without_its_header_is_told_the_one_that_it_needs(
    api: Api, route: str, query: str
) -> None:
    api.example("knn")
    for body, is_csv in (
        (IRIS, True),
        (IRIS[:300], True),
        (b"\xef\xbb\xbf" + IRIS.replace(b",", b";"), True),
        (IRIS.replace(b"\n", b""), True),
        (FORM % (b"iris.csv", IRIS), True),
        (FORM % (b"body.json", BODY), False),
        (BODY, False),
        (b"[[1, 2], [3, 4]]", False),
        (b"1, 2, 3, 4", False),
    ):
        answer = api.client.post(route + query, data=body, content_type="multipart/form-data")
        said = problem(answer, 415, "unsupported-media-type")["detail"]
        if is_csv and route == "/list":
            assert "text/csv" not in said
            continue
        right, wrong = ("text/csv", "application/json")[:: 1 if is_csv else -1]
        assert f"-H 'Content-Type: {right}'" in said
        assert wrong not in said
        lacks = "&target=COLUMN" if route == "/register" and "kmeans" not in query else ""
        lacks = lacks if query else f"?model_type=knn&model_id=1{lacks}"
        assert (f", and {lacks} in the URL" in said) == (is_csv and bool(lacks))
        assert ("-d takes line breaks away" in said) == (is_csv and b"\n" not in body)
        file = "iris.csv" if is_csv else "body.json"
        assert (f" @{file}" in said and "not -F" in said) == (b"form-data" in body)
    asked = {"/predict": "", "/evaluate": "&target=species"}
    if route in asked:
        url = f"{route}?model_type=knn&model_id=1{asked[route]}"
        assert api.raw(url, IRIS, Content_Type="text/csv").status_code == 200


def test_a_form_of_csv_that_was_declared_json(api: Api) -> None:
    for route, lacks in (("/register", "&target=COLUMN"), ("/predict", "")):
        said = api.raw(f"{route}?model_type=knn&model_id=1", FORM % (b"iris.csv", IRIS)).text
        assert f"--data-binary @iris.csv{f', and {lacks} in the URL' * bool(lacks)}, not -F" in said
        assert "-d @FILE" in api.raw(route, FORM % (b"body.json", BODY)).text


@pytest.mark.parametrize("route", ["/register", "/predict", "/evaluate"])
def test_a_file_that_is_not_there_sends_nothing(api: Api, route: str) -> None:
    query = f"{route}?model_type=knn&model_id={2 if route == '/register' else 1}"
    api.example("knn")
    for path, media, says in (
        (query, "text/csv", "from a file that is there: of another it sends nothing"),
        (route, "application/json", "with the @, and nothing where that is not there"),
        (route, "application/x-www-form-urlencoded", "of a file that is not there curl sends noth"),
    ):
        assert says in api.client.post(path, data=b"", content_type=media).text
    answer = api.client.post(query, data=b"\n", content_type="text/csv")
    assert "there: of" not in answer.text


@pytest.mark.parametrize(
    "media_type",
    ["application/json", "application/json; charset=UTF-8", "application/vnd.fit+json"],
)
def test_json_by_its_names(api: Api, media_type: str) -> None:
    assert api.raw("/register", BODY, Content_Type=media_type).status_code == 201


@pytest.mark.parametrize(
    ("encoding", "packed"),
    [
        ("gzip", gzip.compress(BODY)),
        ("GZIP", gzip.compress(BODY[:50]) + gzip.compress(BODY[50:])),
        ("deflate", zlib.compress(BODY)),
        ("deflate", raw_deflate(BODY)),
        ("identity", BODY),
    ],
    ids=["gzip", "two members", "deflate", "raw deflate", "identity"],
)
def test_packed_bodies_are_unpacked(api: Api, encoding: str, packed: bytes) -> None:
    assert api.raw("/register", packed, Content_Encoding=encoding).status_code == 201


@pytest.mark.parametrize("encoding", ["br", "zstd", "gzip, gzip", "nix"])
def test_other_packings_are_refused(api: Api, encoding: str) -> None:
    answer = api.raw("/register", BODY, Content_Encoding=encoding)
    assert "gzip" in problem(answer, 415, "unsupported-media-type")["detail"]


@pytest.mark.parametrize("encoding", ["gzip", "deflate"])
@pytest.mark.parametrize(
    "packed",
    [BODY, gzip.compress(BODY)[:-9], zlib.compress(BODY)[:-5]],
    ids=["plain", "gzip cut", "deflate cut"],
)
def test_a_body_that_is_not_packed_as_it_says(api: Api, encoding: str, packed: bytes) -> None:
    problem(api.raw("/register", packed, Content_Encoding=encoding), 400, "malformed-json")


@pytest.fixture
def small() -> Api:
    return Api(create_app(Settings(store="memory", max_content_length=1000)).test_client())


@pytest.mark.parametrize("encoding", ["identity", "gzip", "deflate"])
def test_the_limit_counts_unpacked_bytes(small: Api, encoding: str) -> None:
    packings: dict[str, Callable[[bytes], bytes]] = {
        "identity": bytes,
        "gzip": gzip.compress,
        "deflate": zlib.compress,
    }
    pack = packings[encoding]
    fits = BODY + b" " * (1000 - len(BODY))
    assert small.raw("/register", pack(fits), Content_Encoding=encoding).status_code == 201
    answer = small.raw("/predict", pack(fits + b" "), Content_Encoding=encoding)
    told = problem(answer, 413, "too-large")
    assert "1000 bytes" in told["detail"]
    assert "FITSERVE_MAX_CONTENT_LENGTH" in told["detail"]


def test_a_bomb_is_not_unpacked(small: Api) -> None:
    bomb = gzip.compress(b"[" + b" " * 30_000_000)
    problem(small.raw("/register", bomb[:900], Content_Encoding="gzip"), 413, "too-large")


@pytest.mark.own_app
def test_a_fault_of_our_own_is_a_problem_too(app: Flask) -> None:
    @app.get("/broken")
    def broken() -> str:
        raise RuntimeError("secret of the house")

    answer = app.test_client().get("/broken")
    problem(answer, 500, "internal-error")
    assert "secret" not in answer.text


def test_long_values_are_clipped(api: Api) -> None:
    answer = api.register("gauss_naive_bayes", 1, X=[[0]], y=[0], **{"n" * 100_000: 1})
    assert len(answer.data) < 1000
    assert len(api.register("t" * 100_000, 1).data) < 1000
    assert len(api.client.get("/" + "u" * 5000).data) < 1000


@pytest.mark.own_app
def test_a_body_of_no_declared_length_is_read_to_its_end_or_refused(app: Flask) -> None:
    """As from a server that takes chunks apart itself."""
    app.config["MAX_CONTENT_LENGTH"] = 30
    client = app.test_client()

    def ask(body: bytes, **environ: Any) -> TestResponse:
        environ |= {"wsgi.input_terminated": True, "CONTENT_TYPE": "application/json"}
        return client.post("/list", input_stream=BytesIO(body), environ_overrides=environ)

    whole = b'{"model_type": "knn"}'
    assert ask(whole).status_code == 200
    assert ask(whole.ljust(30)).status_code == 200
    assert ask(whole.ljust(31)).status_code == 413
    assert ask(whole.ljust(30) + b"and what is no JSON").status_code == 413
    short = ask(whole, CONTENT_LENGTH="25")
    assert (short.status_code, short.get_json()["type"]) == (400, "/problems/malformed-request")
