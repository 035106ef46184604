"""Pages over HTTP: who gets one, what it says, whose forms are taken, and what is refused."""

import ast
import html
import json
import re
import shlex
from collections.abc import Iterator
from html.parser import HTMLParser
from http.client import HTTPConnection
from io import BytesIO
from pathlib import Path
from shutil import copy
from typing import Any
from urllib.parse import unquote

import numpy as np
import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import EnvironBuilder, TestResponse

from fitserve import create_app
from fitserve.config import Settings
from fitserve.errors import StoreUnavailable
from fitserve.pages.listing import Listing, Search
from fitserve.pages.trying import Field
from fitserve.storage.store import Key, Latest
from tests.conftest import EXAMPLES, Api, Server, until

BROWSER = {"Accept": "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"}
PENGUINS = (EXAMPLES / "penguins.csv").read_bytes()
READ, WRITE = "read-key-0123456789", "write-key-0123456789"


def register(client: FlaskClient, query: str, body: bytes = PENGUINS, **headers: str) -> Any:
    asked = f"/register?missing=impute&{query}"
    answer = client.post(asked, data=body, content_type="text/csv", headers=headers)
    assert answer.status_code in (201, 202), answer.text
    return answer.get_json()


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    return app.test_client()


@pytest.fixture
def locked() -> Iterator[FlaskClient]:
    made = create_app(Settings(store="memory", read_keys=READ, write_keys=WRITE))
    yield made.test_client()
    made.extensions["fitserve"].close()


# ---- who gets a page ----------------------------------------------------------------------------


@pytest.mark.parametrize("accept", [None, "*/*", "application/json", "text/html;q=0.1, */*", ""])
def test_programs_are_told_what_they_were(client: FlaskClient, accept: str | None) -> None:
    headers = {} if accept is None else {"Accept": accept}
    answer = client.get("/", headers=headers)
    assert answer.get_json()["openapi"] == "/openapi.json"
    assert 'rel="service-desc"' in answer.headers["Link"]
    assert answer.headers["Vary"] == "Accept"
    assert client.get("/models/knn/1", headers=headers).mimetype == "application/problem+json"


def test_browsers_get_pages(api: Api, client: FlaskClient) -> None:
    assert client.get("/", headers=BROWSER).mimetype == "text/html"
    api.example("knn")
    answer = client.get("/models/knn/1", headers=BROWSER)
    assert (answer.status_code, answer.headers["Location"]) == (303, "/model/knn/1")
    assert answer.headers["Vary"] == "Accept"
    assert client.get("/nowhere", headers=BROWSER).mimetype == "text/html"
    assert client.get("/nowhere").mimetype == "application/problem+json"


def test_a_page_has_nothing_inline_and_loads_only_from_here(api: Api, client: FlaskClient) -> None:
    api.example("knn")
    for path in ("/", "/model/knn/1", "/model/knn/1/delete", "/model/knn/9", "/nowhere"):
        answer = client.get(path, headers=BROWSER)
        policy = answer.headers["Content-Security-Policy"]
        assert "default-src 'none'" in policy
        assert "unsafe" not in policy
        assert answer.headers["Referrer-Policy"] == "same-origin"
        assert answer.headers["Cache-Control"] == "no-store"
        assert not re.search(
            r"<style|\sstyle=|<script(?! type=\"module\" src=)|\son\w+=", answer.text
        )
        for address in re.findall(r'(?:src|href)="(/static/[^"]+)"', answer.text):
            kept = client.get(address)
            assert kept.status_code == 200
            assert "immutable" in kept.headers["Cache-Control"]


def test_the_script_stays_small(client: FlaskClient) -> None:
    address = re.findall(r'src="(/static/[^"]+)"', client.get("/", headers=BROWSER).text)[0]
    assert len(client.get(address).data) < 2**13


def test_files_of_another_version_are_not_kept(client: FlaskClient) -> None:
    answer = client.get("/static/0123456789abcdef/style.css")
    assert (answer.status_code, answer.headers["Cache-Control"]) == (200, "no-cache")
    assert client.get("/static/0123456789abcdef/../app.py").status_code == 404
    assert client.get("/static/0123456789abcdef/page.css").status_code == 404


# ---- keys ---------------------------------------------------------------------------------------


def test_the_cookie_opens_pages_alone(locked: FlaskClient) -> None:
    locked.set_cookie("fitserve-key", WRITE)
    assert locked.get("/", headers=BROWSER).status_code == 200
    assert locked.get("/model/knn/1").status_code == 404
    for path in ("/models", "/models/knn/1", "/metrics", "/types/knn", "/v2/models/stats"):
        assert locked.get(path).status_code == 401, path
    assert locked.post("/predict", json={}).status_code == 401


def test_what_a_key_may(locked: FlaskClient) -> None:
    assert locked.get("/", headers=BROWSER).status_code == 401
    assert locked.get("/").status_code == 200, "programs are told where to read on"
    locked.set_cookie("fitserve-key", READ)
    assert locked.get("/", headers=BROWSER).status_code == 200
    refused = locked.post("/model/knn/1/delete")
    assert (refused.status_code, refused.mimetype) == (403, "text/html")
    locked.set_cookie("fitserve-key", "wrong-key-0123456789")
    assert "no key of this server" in locked.get("/", headers=BROWSER).text


def test_with_write_keys_alone_all_may_look() -> None:
    made = create_app(Settings(store="memory", write_keys=WRITE))
    client = made.test_client()
    text = client.get("/", headers=BROWSER).text
    assert "give a key" in text
    assert "/new" not in text
    assert client.get("/new").status_code == 401
    made.extensions["fitserve"].close()


@pytest.mark.parametrize(
    "to",
    [
        "//evil.example",
        "https://evil.example",
        "/\\evil.example",
        "/\t/evil.example",  # of which browsers, and URL libraries, skip the tab
        "/\n/evil.example",
        "/\r\nX-Evil: 1",
        "/" + 100_000 * "a",
        "",
    ],
)
def test_after_the_key_one_stays_here(locked: FlaskClient, to: str) -> None:
    answer = locked.post("/key", data={"key": WRITE, "next": to})
    assert (answer.status_code, answer.headers["Location"]) == (303, "/")
    assert locked.post("/key", data={"key": WRITE, "next": "/new"}).headers["Location"] == "/new"


@pytest.mark.parametrize(
    ("origin", "secure"), [("http://localhost", ""), ("https://localhost", "Secure")]
)
def test_the_cookie_is_kept_as_it_should(locked: FlaskClient, origin: str, secure: str) -> None:
    cookie = locked.post("/key", data={"key": WRITE}, headers={"Origin": origin}).headers[
        "Set-Cookie"
    ]
    said = {part.strip() for part in cookie.split(";")}
    assert {"HttpOnly", "SameSite=Strict", "Path=/"} <= said
    assert not any(part.startswith(("Expires", "Max-Age")) for part in said)
    assert ("Secure" in said) == bool(secure)


def test_without_keys_there_is_no_key_page(client: FlaskClient) -> None:
    assert client.get("/key").headers["Location"] == "/"
    answer = client.post("/key", data={"key": WRITE})
    assert (answer.status_code, "Set-Cookie" in answer.headers) == (303, False)


@pytest.mark.parametrize(
    ("headers", "taken"),
    [
        ({}, True),
        ({"Sec-Fetch-Site": "same-origin"}, True),
        ({"Sec-Fetch-Site": "none"}, True),
        ({"Sec-Fetch-Site": "cross-site"}, False),
        ({"Sec-Fetch-Site": "same-site"}, False),
        ({"Sec-Fetch-Site": "cross-site", "Origin": "http://localhost"}, False),
        ({"Origin": "http://localhost"}, True),
        ({"Origin": "http://evil.example"}, False),
        ({"Origin": "http://localhost:81"}, False),
        ({"Origin": "null"}, False),
        ({"Origin": "http://["}, False),
        ({"Origin": "http://localhost@evil.example"}, False),
        ({"Origin": "https://localhost"}, True),  # which ended at a proxy
    ],
)
def test_forms_of_other_pages_are_not_taken(
    app: Flask, api: Api, headers: dict[str, str], taken: bool
) -> None:
    api.example("knn")
    client, posts = app.test_client(), 0
    for rule in app.url_map.iter_rules():
        if rule.endpoint.startswith("pages.") and "POST" in (rule.methods or ()):
            path = re.sub(r"<id:\w+>", "1", rule.rule).replace("<model_type>", "svm")
            answer = client.post(path, headers=headers)
            refused = answer.status_code == 403 and "of another page" in answer.text
            assert refused is not taken, path
            posts += 1
    assert posts > 7
    assert client.post("/model/knn/1/delete", headers=headers).status_code == (
        303 if taken else 403
    )


def test_pages_count_as_requests() -> None:
    made = create_app(Settings(store="memory", requests_per_minute=3))
    client = made.test_client()
    answers = [client.get("/", headers=BROWSER) for _ in range(4)]
    assert [one.status_code for one in answers] == [200, 200, 200, 429]
    assert answers[-1].mimetype == "text/html"
    assert int(answers[-1].headers["Retry-After"]) > 0
    assert client.get("/").status_code == 200, "this is open to all, and not counted"
    made.extensions["fitserve"].close()


# ---- the list -----------------------------------------------------------------------------------


def test_fifty_on_a_page(api: Api, client: FlaskClient) -> None:
    for n in range(53):
        api.register("knn", n, X=[[0.0], [1.0]], y=[0, 1], n_neighbors=1)
    api.register("kmeans", 1, X=[[0.0], [1.0]], n_clusters=2)
    first = client.get("/", headers=BROWSER).text
    assert "54 models." in first
    assert len(re.findall(r'<th scope="row">', first)) == 50
    assert 'href="/?page=2" rel="next"' in first
    second = client.get("/?page=2", headers=BROWSER).text
    assert len(re.findall(r'<th scope="row">', second)) == 4
    assert 'rel="next"' not in second
    of_type = client.get("/?type=kmeans", headers=BROWSER).text
    assert "1 kmeans model." in of_type
    assert len(re.findall(r'<th scope="row">', of_type)) == 1
    for odd in (
        "?page=0",
        "?page=-1",
        "?page=x",
        "?page=" + "9" * 99,
        "?type=none",
        "?q=%00%F0%9F%98%80",
    ):
        assert client.get(f"/{odd}", headers=BROWSER).status_code == 200, odd


def test_a_list_says_where_older_ones_were_not_searched() -> None:
    found = Latest([], {("knn", "ready"): 1000}, whole=False)
    assert "older ones were not searched" in Listing(Search("label"), found).words
    assert "older" not in Listing(Search("label"), found._replace(whole=True)).words


def test_no_models_yet(client: FlaskClient) -> None:
    text = client.get("/", headers=BROWSER).text
    assert "No models yet" in text
    assert 'type="file"' in text
    assert "64 MiB" in text


# ---- a model ------------------------------------------------------------------------------------


def tried(client: FlaskClient, path: str, **fields: str) -> TestResponse:
    return client.post(f"/model/{path}/predict", data=fields)


def test_every_type_has_its_page(api: Api, client: FlaskClient) -> None:
    """Of matrices of numbers, without names, and of tables."""
    for example in sorted(EXAMPLES.glob("register-*.json")):
        told = api.example(example.stem.removeprefix("register-")).get_json()
        name = f"{told['model_type']}/{told['model_id']}"
        answer = client.get(f"/model/{name}")
        assert answer.status_code == 200
        assert f"<h1>{name}" in answer.text
        assert 'class="says"' in tried(client, name).text, name


def test_a_score_says_where_it_was_measured(client: FlaskClient) -> None:
    register(client, "model_type=knn&model_id=1&target=species&cv=3")
    register(client, "model_type=knn&model_id=2&target=species")
    checked, unchecked = (client.get(f"/model/knn/{n}").text for n in (1, 2))
    good = checked.partition('id="good"')[2].partition("</section>")[0]
    assert "held-out rows" in good
    assert "which flatters" in good
    assert "Always “Adelie”" in good
    assert "Nobody knows yet how good it is" in unchecked


def test_no_better_than_doing_without(client: FlaskClient) -> None:
    rows = b"x,y\n" + b"".join(
        b"%d,%s\n" % (i * 37 % 101, b"ab"[i % 2 : i % 2 + 1]) for i in range(60)
    )
    register(client, "model_type=gauss_naive_bayes&model_id=1&target=y&cv=3", rows)
    text = client.get("/model/gauss_naive_bayes/1").text
    assert ("No better than always answering" in text) != ("can be relied on" in text)


def shown_code(client: FlaskClient, path: str, begins: str) -> str:
    (code,) = re.findall(rf"<pre[^>]*>({begins}.*?)</pre>", client.get(path).text, re.S)
    return html.unescape(code)


def test_code_survives_a_shell(client: FlaskClient) -> None:
    rows = b"it's,b\n" + b"".join(b"%d,o'clock\n%d,noon\n" % (i, i + 9) for i in range(9))
    register(client, "model_type=knn&model_id=1&target=b", rows)
    command = shown_code(client, "/model/knn/1", "curl")
    body = json.loads(shlex.split(command)[-1])
    assert body["features"] == {"it's": 8.5}
    assert client.post("/predict", json=body).status_code == 200


def test_too_many_columns_for_a_form(api: Api, client: FlaskClient) -> None:
    X = [[float(i * j % 7) for j in range(201)] for i in range(20)]
    api.register("knn", 1, X=X, y=[i % 2 for i in range(20)])
    assert "too many for a form" in client.get("/model/knn/1").text
    X = [row[:200] for row in X]
    api.register("knn", 2, X=X, y=[i % 2 for i in range(20)])
    text = client.get("/model/knn/2").text
    assert "170 more columns" in text
    assert 'name="x199"' in text


def test_too_many_choices_are_written(client: FlaskClient) -> None:
    names = [f"c{j}" for j in range(40)]
    lines = [",".join(f"v{(i + j) % 60}" for j in range(40)) + f",{i % 2}" for i in range(90)]
    body = "\n".join([",".join([*names, "y"]), *lines]).encode()
    register(client, "model_type=knn&model_id=1&target=y", body)
    text = client.get("/model/knn/1").text
    assert text.count("<select") < 40
    assert len(text) < 200_000
    assert 'class="says"' in tried(client, "knn/1").text


def test_a_text_is_filled_in(client: FlaskClient) -> None:
    body = (EXAMPLES / "messages.csv").read_bytes()
    register(client, "model_type=multi_naive_bayes&model_id=1&target=label&kinds=body:text", body)
    assert re.search(
        r"<textarea[^>]*>[^<]+</textarea>", client.get("/model/multi_naive_bayes/1").text
    )
    assert 'class="says"' in tried(client, "multi_naive_bayes/1").text


def test_a_training_row_says_which_line_it_was(client: FlaskClient) -> None:
    rows = "\n".join(f"{i},{i % 2}" for i in range(300))
    asked = "/register?model_type=knn&model_id=1&target=y&sample=20"
    assert client.post(asked, data=f"x,y\n{rows}", content_type="text/csv").status_code == 201
    kept = client.get("/models/knn/1/pictures").get_json()["rows"]
    text = client.get("/model/knn/1?row=7").text
    assert f"number {kept[7]} (the line of the CSV" in text
    assert f'name="x0" inputmode="decimal" value="{kept[7] - 2}"' in text


@pytest.mark.parametrize(("rows", "said"), [(1, "undefined"), (60, "and 3 more")])
def test_importance_by_a_file_is_told_as_far_as_there_is_one(
    client: FlaskClient, rows: int, said: str
) -> None:
    rng = np.random.default_rng(0)
    names = ",".join(f"c{j}" for j in range(33))
    lines = (",".join(str(rng.random()) for _ in range(34)) for _ in range(60))
    table = "\n".join([f"{names},y", *lines])
    asked = "/register?model_type=linear_regression&model_id=1&target=y"
    assert client.post(asked, data=table, content_type="text/csv").status_code == 201
    some = "\n".join(table.splitlines()[: rows + 1])
    form = {"file": (BytesIO(some.encode()), "some.csv"), "importance": "true"}
    answer = client.post("/model/linear_regression/1/evaluate", data=form)
    assert answer.status_code == 200
    assert said in answer.text


@pytest.mark.parametrize(
    ("size", "standardize"), [(1e-320, "true"), (1e-310, "true"), (1.7e308, "false")]
)
def test_models_of_numbers_at_the_ends_of_float64_have_pages(
    client: FlaskClient, size: float, standardize: str
) -> None:
    lines = [f"{(i % 7 - 3) / 3 * size!r},{i % 5},{'ab'[i % 7 > 3]}" for i in range(40)]
    for name in ("logistic_regression", "gauss_naive_bayes"):
        for model_id, more in enumerate(("&cv=3", "&sample=0")):
            asked = f"/register?model_type={name}&model_id={model_id}&target=y"
            query = f"{asked}&standardize={standardize}{more}"
            answer = client.post(query, data="\n".join(["u,v,y", *lines]), content_type="text/csv")
            assert answer.status_code in (201, 422), answer.text
            if answer.status_code == 201:
                assert client.get(f"/model/{name}/{model_id}").status_code == 200, (name, more)


def test_ranges_are_told_apart() -> None:
    field = Field("t", "number", "1700000600", low=1.7e9, high=1.7e9 + 500.0)
    assert field.hint == "1700000000 to 1700000500"
    said = field.outside()
    assert said is not None
    assert said.startswith("t: 1700000600 lies outside 1700000000 to 1700000500: ")


def test_fields_are_read_as_the_api_reads_them(client: FlaskClient) -> None:
    register(client, "model_type=knn&model_id=1&target=species")
    gap = tried(client, "knn/1", x0="", x1="")
    assert gap.status_code == 200
    assert "island&#34;: null" in gap.text
    wrong = tried(client, "knn/1", x0="Iceland", x1="4,5", x2="1e999")
    assert wrong.status_code == 422
    assert "&#39;Iceland&#39; was not there when the model was trained" in wrong.text
    assert wrong.text.count('aria-invalid="true"') == 3
    assert re.search(r"<title>\s*Problem:", wrong.text)


@pytest.mark.parametrize("form", ["predict-file", "evaluate"])
@pytest.mark.own_app
def test_what_is_no_file_for_it(app: Flask, client: FlaskClient, form: str) -> None:
    register(client, "model_type=knn&model_id=1&target=species")
    address = f"/model/knn/1/{form}"

    def sent(body: bytes, name: str = "rows.csv") -> TestResponse:
        return client.post(address, data={"file": (BytesIO(body), name)})

    assert "choose a CSV" in client.post(address).text
    for body, status in ((b"", 422), (b"PK\x03\x04" + bytes(99), 415), (b"a;b\n1;2\n", 422)):
        assert sent(body).status_code in (status, 422), body
        assert sent(body).mimetype == "text/html"
    app.config["MAX_CONTENT_LENGTH"] = 2000
    refused = sent(PENGUINS)
    assert (refused.status_code, refused.mimetype) == (413, "text/html")
    assert "FITSERVE_MAX_CONTENT_LENGTH" in refused.text


@pytest.mark.parametrize("text", ["a;b;c\n1;x;A\n2;y;B\n3;x;A\n", "a,b,c\n1,x,A\n2,y,B\n3,x,A\n"])
def test_rows_are_shown_as_the_file_is_written(client: FlaskClient, text: str) -> None:
    register(client, "model_type=knn&model_id=1&target=c&n_neighbors=1", text.encode())
    long = text + text.splitlines()[1].replace("x", "y").replace("A", "é" * 100_000) + "\n"
    form: dict[str, Any] = {"file": (BytesIO(long.encode()), 'a"ü.csv'), "as": "table"}
    shown = client.post("/model/knn/1/predict-file", data=form).text
    table = shown.partition('<table class="plain tight"><caption')[2].partition("</table>")[0]
    assert re.findall(r"<th[^>]*>([^<]*)</th>", table) == ["a", "b", "c", "prediction"]
    cells = re.findall(r"<td>([^<]*)</td>", table)
    assert cells[:8] == ["1", "x", "A", "A", "2", "y", "B", "B"]
    assert len(cells) == 16
    form = {"file": (BytesIO(text.encode()), 'a"ü\n.csv')}
    answer = client.post("/model/knn/1/predict-file", data=form)
    assert answer.mimetype == "text/csv"
    assert "-predicted.csv" in answer.headers["Content-Disposition"]


@pytest.mark.parametrize("name", ["rows.csv", "数据", "a\u202eb.csv", "ü" * 300, 'a"b;c', "b\xe9"])
def test_a_file_of_any_name_is_answered(server: Server, name: str) -> None:
    """By a server: Flask's own client takes headers that no server sends."""
    kwargs = {"X": [[0.0, 1.0], [1.0, 0.0]] * 5, "y": ["a", "b"] * 5, "n_neighbors": 1}
    body = {"model_type": "knn", "model_id": 1, "kwargs": kwargs}
    assert server.ask("POST", "/register", body)[0] in (201, 409)
    data = {"file": (BytesIO(b"0,1\n"), name), "header": "false", "as": "csv"}
    form = EnvironBuilder(method="POST", data=data).get_request()
    connection = HTTPConnection("127.0.0.1", server.port, timeout=60)
    told_of = BROWSER | {"Content-Type": form.content_type or ""}
    connection.request("POST", "/model/knn/1/predict-file", form.get_data(), told_of)
    answer = connection.getresponse()
    told = answer.read()
    connection.close()
    assert (answer.status, told.split()) == (200, [b"0,1,a"])
    called = answer.headers["Content-Disposition"].partition("UTF-8''")[2]
    assert unquote(called).endswith("-predicted.csv")


def test_a_file_without_names(api: Api, client: FlaskClient) -> None:
    api.register("knn", 1, X=[[0.0, 1.0], [1.0, 0.0]] * 5, y=["a", "b"] * 5, n_neighbors=1)
    assert "no line of names" in client.get("/model/knn/1").text
    form: dict[str, Any] = {"file": (BytesIO(b"0,1\n1,0\n"), "rows.csv"), "header": "false"}
    answer = client.post("/model/knn/1/predict-file", data=form | {"as": "csv"})
    assert answer.data.split() == [b"0,1,a", b"1,0,b"]
    form["file"] = (BytesIO(b"0,1,a\n1,0,b\n"), "known.csv")
    answer = client.post("/model/knn/1/evaluate", data=form | {"target": "2"})
    assert "On 2 rows" in answer.text
    form["file"] = (BytesIO(b"0,1\n1,0\n"), "rows.csv")
    shown = client.post("/model/knn/1/predict-file", data=form | {"as": "table"}).text
    assert re.findall(r"<td>([^<]*)</td>", shown)[:6] == ["0", "1", "a", "1", "0", "b"]


def test_a_file_with_the_other_decimal_sign(client: FlaskClient) -> None:
    points = "".join(f"{i}.5;{2 * i}.25\n" for i in range(9))
    register(client, "model_type=linear_regression&model_id=1&target=y", f"a;y\n{points}".encode())
    for form in ("predict-file", "evaluate"):
        for sign, status in (("", 422), (",", 200)):
            body = BytesIO(f"a;y\n{points}".replace(".", ",").encode())
            sent: dict[str, Any] = {"file": (body, "rows.csv"), "decimal": sign, "as": "table"}
            answer = client.post(f"/model/linear_regression/1/{form}", data=sent)
            assert answer.status_code == status
            assert answer.text.count('name="decimal"') == 2


def test_no_range_is_told_of_an_answer_that_no_held_out_row_had(client: FlaskClient) -> None:
    lines = "".join(f"{i},{2 * i + i % 3}\n" for i in range(60))
    query = "model_type=linear_regression&model_id=1&target=y&cv=3"
    register(client, query, f"a,y\n{lines}".encode())
    for value, there in (("30", True), ("0", True), ("-500", False), ("900", False)):
        assert ("Eight of ten" in tried(client, "linear_regression/1", x0=value).text) == there


def test_a_deleted_one_says_what_there_is(client: FlaskClient) -> None:
    for n in (1, 2):
        register(client, f"model_type=knn&model_id={n}&target=species")
    asked = client.get("/model/knn/1/delete").text
    assert "This cannot be undone" in asked
    after = client.post("/model/knn/1/delete").headers["Location"]
    assert "knn/1 is gone" in client.get(after, headers=BROWSER).text
    assert "is gone" not in client.get("/?gone=<b>/1", headers=BROWSER).text
    gone = client.get("/model/knn/1")
    assert gone.status_code == 404
    assert 'href="/model/knn/2"' in gone.text
    assert client.get("/model/none/1").status_code == 404


@pytest.mark.own_app
def test_while_the_store_is_away(
    app: Flask, client: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    register(client, "model_type=knn&model_id=1&target=species")
    directory = app.extensions["fitserve"]

    def away(*_: Any) -> Any:
        raise StoreUnavailable

    for name in ("epoch", "find", "latest", "sample", "load"):
        monkeypatch.setattr(directory._store, name, away)
    until(lambda: not directory.reachable)
    listed = client.get("/", headers=BROWSER)
    assert (listed.status_code, listed.mimetype) == (503, "text/html")
    assert 'http-equiv="refresh" content="10"' in listed.text
    shown = client.get("/model/knn/1")
    assert shown.status_code == 200
    assert "<b>The store of models cannot be reached.</b>" in shown.text
    assert 'class="says"' in tried(client, "knn/1").text


def test_a_fault_of_the_server_is_a_page(
    app: Flask, client: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(app.extensions["fitserve"], "record", lambda *_: 1 / 0)
    answer = client.get("/model/knn/1")
    assert (answer.status_code, answer.mimetype) == (500, "text/html")
    assert "the server's log" in answer.text.replace("&#39;", "'")
    assert "ZeroDivision" not in answer.text


def test_how_a_training_goes_on(app: Flask, client: FlaskClient) -> None:
    directory = app.extensions["fitserve"]
    store = directory._store
    told = {"target": "species", "n_samples": 344, "n_features": 7, "progress": 0.0, "loss": None}
    waiting = store.reserve(Key("svm", 1), told | {"started": None})
    text = client.get("/model/svm/1").text
    assert "Waits for its turn" in text
    started = told | {"started": waiting.created, "progress": 0.625, "loss": 0.25}
    started["losses"] = [[0.0, 2.0], [0.3, 0.5], [0.625, 0.25]]
    store.reserve(Key("svm", 2), started)
    text = client.get("/model/svm/2").text
    assert re.search(r"<title>\s*Training 62 %", text)
    assert '<progress max="100" value="62"' in text
    assert '<noscript><meta http-equiv="refresh"' in text
    assert "/model/svm/2/cancel" in text
    assert "The loss so far: from 2 to 0.25" in text
    listed = client.get("/", headers=BROWSER).text
    assert "Training 62 %" in listed
    assert "2 of them in training" in listed
    assert ">Waits<" in listed


def test_models_of_versions_before_have_pages(tmp_path: Path) -> None:
    kept = Path(__file__).parent.parent / "storage" / "stores" / "schema-2.sqlite3"
    copied = copy(kept, tmp_path / "store.sqlite3")
    made = create_app(Settings(store=f"sqlite:///{copied}"))
    client = made.test_client()
    names = re.findall(
        r'<th scope="row"><a href="/model/([^"]+)"', client.get("/", headers=BROWSER).text
    )
    assert len(names) > 5
    for name in names:
        text = client.get(f"/model/{name}").text
        assert f"<h1>{name}" in text
        if "/predict#try" in text:
            assert 'class="says"' in tried(client, name).text, name
    made.extensions["fitserve"].close()


def test_python_is_python(client: FlaskClient) -> None:
    rows = [b"%d,%s" % (i, b"xyz"[i % 3 : i % 3 + 1]) for i in range(9)]
    body = b"\n".join([b'"a ""b""",c', *rows])
    register(client, "model_type=kmeans&model_id=1&n_clusters=2", body)
    code = shown_code(client, "/model/kmeans/1", "from fitserve")
    asked = ast.parse(code).body[-1]
    assert isinstance(asked, ast.Expr)
    assert isinstance(asked.value, ast.Call)
    assert ast.literal_eval(asked.value.args[2]) == {'a "b"': 4, "c": "x"}


class Tags(HTMLParser):
    """What is open, which ids there are, and what they are asked for by."""

    VOID = ("meta", "link", "input", "br", "hr", "img", "path", "rect", "circle", "line")

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.ids: list[str] = []
        self.asked: set[str] = set()
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag not in self.VOID:
            self.open.append(tag)
        for name, value in attrs:
            if name == "id" and value:
                self.ids.append(value)
            if name in ("for", "aria-labelledby", "aria-describedby") and value:
                self.asked.update(value.split())
            if name == "href" and value and value.startswith("#"):
                self.asked.add(value[1:])

    def handle_endtag(self, tag: str) -> None:
        if tag not in self.VOID:
            assert self.open.pop() == tag, f"{tag} ends within another"


def test_pages_are_well_formed(client: FlaskClient) -> None:
    register(client, "model_type=knn&model_id=1&target=species&cv=3&importance=true")
    register(client, "model_type=kmeans&model_id=1&n_clusters=3&standardize=true")
    register(client, "model_type=linear_regression&model_id=1&target=year&cv=3")
    register(client, "model_type=decision_tree&model_id=1&target=species")
    pages = [
        "/",
        "/?q=none",
        "/nowhere",
        "/model/knn/9",
        "/model/knn/1/delete",
        "/new?sample=penguins",
    ]
    pages += [
        f"/model/{name}/1" for name in ("knn", "kmeans", "linear_regression", "decision_tree")
    ]
    texts = [client.get(path, headers=BROWSER).text for path in pages]
    texts.append(tried(client, "knn/1", x1="wrong").text)
    texts.append(
        client.post("/model/knn/1/evaluate", data={"file": (BytesIO(PENGUINS), "p.csv")}).text
    )
    for text in texts:
        tags = Tags(text)
        assert not tags.open
        assert len(tags.ids) == len(set(tags.ids)), [i for i in tags.ids if tags.ids.count(i) > 1]
        assert tags.asked <= set(tags.ids), tags.asked - set(tags.ids)
