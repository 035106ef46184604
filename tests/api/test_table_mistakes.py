"""The mistakes that people make with tables, and what they are told."""

from typing import Any
from urllib.parse import urlencode

import pytest

from tests.api.words import judge_problem
from tests.conftest import Api

ROUTES = ("/register", "/predict", "/evaluate")
TABLE = "a,b,y\n1,2,0.5\n2,4,1.5\n3,7,2.5\n4,9,3.5\n"


def told(api: Api, route: str, body: str | bytes, **query: str) -> dict[str, Any]:
    asked = {"model_type": "decision_tree", "model_id": "1"} | query
    raw = body if isinstance(body, bytes) else body.encode()
    answer = api.client.post(f"{route}?{urlencode(asked)}", data=raw, content_type="text/csv")
    assert answer.status_code in (400, 422), answer.text
    problem: dict[str, Any] | None = answer.json
    assert problem is not None
    judge_problem(problem)
    return problem


def trained(api: Api, body: str = TABLE, **query: str) -> None:
    asked = {"model_type": "decision_tree", "model_id": "1", "target": "y"} | query
    answer = api.client.post(f"/register?{urlencode(asked)}", data=body, content_type="text/csv")
    assert answer.status_code == 201, answer.text


@pytest.mark.parametrize("route", ROUTES)
@pytest.mark.parametrize(
    ("body", "says"),
    [
        (b"examples/iris.csv", "the name of a file; send what the file holds"),
        (b"my data.csv", "--data-binary @FILE"),
        (b"@iris.csv", "--data-binary @FILE"),
        (b"C:\\data\\x.xlsx", "--data-binary @FILE"),
        (b'{"model_type": "knn"}', "'Content-Type: application/json'"),
        (b"\xef\xbb\xbf[[1, 2], [3, 4]]", "'Content-Type: application/json'"),
        (b'\n[{"a": 1}]', "'Content-Type: application/json'"),
        (b"PK\x03\x04\x14\x00\x06\x00", "a spreadsheet or a zip"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1", "exported as CSV"),
        (b"\x1f\x8b\x08\x00", "'Content-Encoding: gzip'"),
        (b"PAR1\x15\x04", "written as CSV"),
        (b"<!DOCTYPE html>", "is HTML"),
        (b"--f00\r\nContent-Disposition: form-data\r\n\r\na,b\r\n1,2\r\n", "not by -F"),
    ],
)
def test_a_body_that_is_no_table(api: Api, route: str, body: bytes, says: str) -> None:
    fault = told(api, route, body)["errors"][0]
    assert says in fault["msg"]
    assert fault["loc"] == ["line", 1]


@pytest.mark.parametrize("cell", ["data.csv", "[1", "{x", "<b>", "PK", "--"])
def test_a_table_that_looks_like_something_else(api: Api, cell: str) -> None:
    trained(api, f"{cell},y\n1,2.5\n2,3.5\n")


@pytest.mark.parametrize("route", ROUTES)
def test_a_table_that_was_declared_to_be_json(api: Api, route: str) -> None:
    answer = api.raw(route, TABLE.encode())
    assert answer.status_code == 400
    assert "it looks like CSV. Send it as such" in answer.text
    assert "'Content-Type: text/csv'" in answer.text
