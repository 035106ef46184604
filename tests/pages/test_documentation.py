"""The page at /docs: whole by itself, and true to the document."""

import re
from base64 import b64encode
from hashlib import sha256
from html.parser import HTMLParser
from typing import Any

import pytest

from tests.conftest import Api


class Page(HTMLParser):
    """What a page holds: its tags with their attributes, ids, and inline texts."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.inline: dict[str, str] = {}
        self._open: list[str] = []
        self.feed(text)
        self.close()
        assert not self._open, "tags that are not closed"

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in ("meta", "link", "input"):
            self._open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self._open.pop() == tag

    def handle_data(self, data: str) -> None:
        if self._open and self._open[-1] in ("style", "script"):
            self.inline[self._open[-1]] = self.inline.get(self._open[-1], "") + data


@pytest.fixture
def document(api: Api) -> dict[str, Any]:
    told: dict[str, Any] = api.client.get("/openapi.json").get_json()
    return told


def test_nothing_is_loaded_and_nothing_else_is_run(api: Api) -> None:
    answer = api.client.get("/docs")
    page = Page(answer.text)
    assert answer.mimetype == "text/html"
    policy = dict(
        part.strip().split(" ", 1) for part in answer.headers["Content-Security-Policy"].split(";")
    )
    assert policy["default-src"] == "'none'"
    assert "unsafe" not in str(policy)
    for name in ("style", "script"):
        digest = b64encode(sha256(page.inline[name].encode()).digest()).decode()
        assert policy[f"{name}-src"] == f"'sha256-{digest}'"
    for tag, attributes in page.tags:
        assert not any(name.startswith("on") or name == "style" for name in attributes), tag
        assert "src" not in attributes
        if "href" in attributes:
            assert re.match("#|/$|/openapi.json$|data:,$", attributes["href"] or ""), attributes


def test_every_operation_and_schema_has_its_place(api: Api, document: dict[str, Any]) -> None:
    page = Page(api.client.get("/docs").text)
    ids = [attributes["id"] for tag, attributes in page.tags if tag == "details"]
    operations = [one for item in document["paths"].values() for one in item.values()]
    wanted = [one["operationId"] for one in operations]
    assert sorted(map(str, ids)) == sorted([*wanted, *document["components"]["schemas"]])
    for _, attributes in page.tags:
        href = attributes.get("href") or ""
        assert not href.startswith("#") or href[1:] in ids, href


def test_text_is_text(api: Api) -> None:
    text = api.client.get("/docs").text
    assert "&lt;" not in text or "<script>" in text
    assert text.count("<script>") == 1
