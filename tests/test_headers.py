"""Every answer has the headers that keep browsers from making something else of it."""

import pytest
from flask import Flask, Response

from fitserve.headers import SECURITY
from tests.conftest import Api, Server
from tests.serving.raw import talk


def test_every_answer_has_them(app: Flask) -> None:
    client = app.test_client()
    for rule in app.url_map.iter_rules():
        for method in rule.methods or ():
            answer = client.open(rule.rule, method=method)
            page = answer.mimetype == "text/html"
            for name in SECURITY:
                if not (page and name == "Content-Security-Policy"):
                    assert name in answer.headers, f"{method} {rule.rule}"
    for path in ("/nowhere", "//", "/models/knn/1/", "/v2/nowhere"):
        assert client.get(path).headers["X-Content-Type-Options"] == "nosniff"


def test_so_has_what_is_made(api: Api) -> None:
    answers = [api.example("knn"), api.predict("knn", 1, [5.1, 3.5, 1.4, 0.2])]
    for answer in answers:
        assert answer.status_code < 300
        assert SECURITY.items() <= dict(answer.headers).items()


@pytest.mark.parametrize("page", [True, False])
@pytest.mark.own_app
def test_a_page_has_a_policy_of_its_own(app: Flask, page: bool) -> None:
    app.add_url_rule(
        "/page",
        view_func=lambda: Response(
            "", mimetype="text/html" if page else "text/css", headers={"Cache-Control": "max-age=9"}
        ),
    )
    answer = app.test_client().get("/page")
    assert ("Content-Security-Policy" in answer.headers) is not page
    assert answer.headers.getlist("Cache-Control") == ["max-age=9"]


def test_so_has_what_the_server_refuses_by_itself(server: Server) -> None:
    for sent in (b"hello\r\n\r\n", b"GET /health HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n"):
        (refused,) = talk(server, [sent])
        for name, value in SECURITY.items():
            assert refused.headers[name.lower()] == value
