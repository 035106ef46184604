"""The document at /openapi.json: all routes, and nothing else; examples that work; and no answer
that is not as it says."""

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from pydantic import TypeAdapter
from werkzeug.test import TestResponse

from fitserve import create_app
from fitserve.api.answers import ProtocolError
from fitserve.api.keys import Access, declared
from fitserve.api.openapi import path_of
from fitserve.api.operations import OPERATIONS
from fitserve.config import Settings
from fitserve.errors import FitserveError
from fitserve.models import catalog
from fitserve.serving import refusals
from tests.api.generated import requests

Document = dict[str, Any]
QUIET = {"HEAD", "OPTIONS"}  # what Flask adds by itself


@pytest.fixture(scope="module")
def served() -> Iterator[Flask]:
    app = create_app(Settings(store="memory", training_seconds=2))
    yield app
    app.extensions["fitserve"].close()


@pytest.fixture
def client(served: Flask) -> FlaskClient:
    return served.test_client()


@pytest.fixture(scope="module")
def document(served: Flask) -> Document:
    told: Document = served.test_client().get("/openapi.json").get_json()
    return told


def operations(document: Document) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Method, path and operation of each."""
    for path, item in document["paths"].items():
        for method, operation in item.items():
            yield method.upper(), path, operation


# ---- what there is --------------------------------------------------------------------------


def test_every_route_is_described_and_no_other(served: Flask, document: Document) -> None:
    routed = {
        f"{method} {path_of(rule.rule)}"
        for rule in served.url_map.iter_rules()
        for method in (rule.methods or set()) - QUIET
        if rule.rule == "/" or not rule.endpoint.startswith("pages.")
    }
    assert set(OPERATIONS) - routed == set(), "described in operations.py, and not routed"
    assert routed - set(OPERATIONS) == set(), "describe them in operations.py"
    assert {f"{method} {path}" for method, path, _ in operations(document)} == routed


def test_every_operation_has_a_name_of_its_own(document: Document) -> None:
    names = [operation["operationId"] for _, _, operation in operations(document)]
    assert sorted(names) == sorted(set(names))
    linked = {
        link["operationId"]
        for _, _, operation in operations(document)
        for answer in operation["responses"].values()
        for link in answer.get("links", {}).values()
    }
    assert linked
    assert linked <= set(names)


def test_every_reference_leads_somewhere_and_every_schema_is_used(document: Document) -> None:
    named = {f"#/components/schemas/{name}" for name in document["components"]["schemas"]}
    used = set(re.findall(r'"(#/[^"]+)"', json.dumps(document)))
    assert used == named


def kinds(cls: type[FitserveError]) -> Iterator[type[FitserveError]]:
    yield cls
    for kind in cls.__subclasses__():
        yield from kinds(kind)


def test_every_problem_is_told_somewhere(document: Document) -> None:
    assert refusals.RequestTimeout in kinds(FitserveError)
    told = {
        (status, kind)
        for _, _, operation in operations(document)
        for status, answer in operation["responses"].items()
        for content in answer.get("content", {}).values()
        for kind in content["schema"].get("properties", {}).get("type", {}).get("enum", ())
    }
    wanted = {(str(int(kind.status)), f"/problems/{kind.name}") for kind in kinds(FitserveError)}
    wanted -= {("503", "/problems/training-lost")}  # told in descriptions alone
    assert wanted - told == {("401", "/problems/unauthorized"), ("403", "/problems/forbidden")}


def test_the_schemas_of_kwargs_are_those_that_types_tell(
    client: FlaskClient, document: Document
) -> None:
    for name in catalog():
        schema = document["components"]["schemas"][name]
        assert schema == client.get(f"/types/{name}").get_json()["kwargs"]


def test_the_keys_that_are_asked_for() -> None:
    for settings, needed in (
        (Settings(store="memory"), {Access.OPEN}),
        (Settings(store="memory", write_keys="k" * 20), {Access.OPEN, Access.WRITE}),
        (Settings(store="memory", write_keys="k" * 20, read_keys="r" * 20), set(Access)),
    ):
        app = create_app(settings)
        told: Document = app.test_client().get("/openapi.json").get_json()
        app.extensions["fitserve"].close()
        views = {
            f"{method} {path_of(rule.rule)}": app.view_functions[rule.endpoint]
            for rule in app.url_map.iter_rules()
            for method in rule.methods or ()
        }
        for method, path, operation in operations(told):
            access = declared(views[f"{method} {path}"])
            locked = access is not Access.OPEN and access in needed
            assert ("security" in operation) == locked, path
            assert ("401" in operation["responses"]) == locked, path
            assert ("403" in operation["responses"]) == locked, path
        schemes = told["components"].get("securitySchemes", {})
        assert (list(schemes) == ["key"]) == (len(needed) > 1)


# ---- answers are as it says ------------------------------------------------------------------


def judge(method: str, path: str, answer: TestResponse) -> None:
    """That the answer is one of those that are told of the operation."""
    operation = OPERATIONS[f"{method} {path}"]
    if answer.mimetype == "application/problem+json":
        return  # `test_problems` and others judge these
    if path.startswith("/v2") and answer.status_code >= 400:
        ProtocolError.model_validate_json(answer.data)
        return
    assert answer.status_code in operation.answers, (method, path, answer.text)
    model = operation.answers[answer.status_code]
    if answer.mimetype == "application/json" and model is not None:
        TypeAdapter(model).validate_json(answer.data)
    elif answer.data:
        assert answer.mimetype in operation.also


def examples(document: Document) -> Iterator[tuple[str, str, str, str]]:
    """Path, query, media type and body of each example."""
    for _, path, operation in operations(document):
        for media_type, body in operation.get("requestBody", {"content": {}})["content"].items():
            assert body["examples"], path
            for example in body["examples"].values():
                value = example["value"]
                text = value if isinstance(value, str) else json.dumps(value)
                yield path, example.get("summary", "").partition("?")[2], media_type, text


def test_the_examples_work_in_their_order(document: Document) -> None:
    app = create_app(Settings(store="memory"))
    client = app.test_client()
    seen = set()
    for path, query, media_type, body in examples(document):
        for accept in ("application/json", "text/csv"):
            if path == "/register" and accept == "text/csv":
                continue
            answer = client.post(
                path.format(model_type="knn", model_id=1),
                query_string=query,
                data=body,
                headers={"Content-Type": media_type, "Accept": accept},
            )
            assert answer.status_code in (200, 201), (path, query, answer.text)
            judge("POST", path, answer)
            seen.add((path, media_type))
    assert len(seen) == 10
    asked = sorted(operations(document), key=lambda one: one[0] == "DELETE")
    for method, path, operation in asked:
        if "requestBody" in operation:
            continue
        target = path.format(model_type="knn", model_id=1)
        answer = client.open(target, method=method)
        assert answer.status_code < 300, (target, answer.text)
        judge(method, path, answer)
    app.extensions["fitserve"].close()


def test_whatever_is_sent_the_answer_is_as_the_document_says(
    served: Flask, client: FlaskClient, document: Document
) -> None:
    matching = served.url_map.bind("localhost")
    judged = set()
    for ask in requests(3, 400):
        answer = client.open(ask.path, method=ask.method, data=ask.body, headers=ask.headers)
        if ask.path.startswith("//"):  # the test client takes what follows for a host
            continue
        if ask.method in QUIET or not matching.test(ask.path.partition("?")[0], ask.method):
            continue
        rule, _ = matching.match(ask.path.partition("?")[0], ask.method, return_rule=True)
        path = path_of(rule.rule)
        judge(ask.method, path, answer)
        told = document["paths"][path][ask.method.lower()]["responses"]
        assert str(answer.status_code) in told, (ask, answer.text)
        if answer.mimetype == "application/problem+json":
            schema = told[str(answer.status_code)]["content"][answer.mimetype]["schema"]
            assert answer.get_json()["type"] in schema["properties"]["type"]["enum"], ask
        judged.add((path, answer.status_code))
    assert len(judged) > 12


# ---- how it is served ------------------------------------------------------------------------


def test_what_a_client_has_already_is_not_sent_again(client: FlaskClient) -> None:
    for path in ("/openapi.json", "/docs"):
        whole = client.get(path)
        assert whole.status_code == 200
        assert whole.headers["Cache-Control"] == "no-cache"
        again = client.get(path, headers={"If-None-Match": whole.headers["ETag"]})
        assert (again.status_code, again.data) == (304, b"")
        other = client.get(path, headers={"If-None-Match": '"another"'})
        assert other.data == whole.data


def test_the_beginning_leads_on(client: FlaskClient) -> None:
    answer = client.get("/")
    for name in ("docs", "openapi", "health"):
        assert client.get(answer.get_json()[name]).status_code == 200
    links = dict(re.findall(r'<([^>]+)>; rel="([^"]+)"', answer.headers["Link"]))
    assert links == {"/openapi.json": "service-desc", "/docs": "service-doc"}
