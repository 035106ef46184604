"""The form of a new model, filled in and sent as a browser without a script would."""

import io
from dataclasses import dataclass
from typing import Any

import pytest
from flask.testing import FlaskClient
from werkzeug.datastructures import MultiDict
from werkzeug.test import TestResponse

from tests.conftest import Api
from tests.pages.forms import Page

HTML = {"Accept": "text/html"}


@dataclass
class Visit:
    """Where a visitor is: the page that was answered last, and its form."""

    client: FlaskClient
    answer: TestResponse

    @property
    def page(self) -> Page:
        page = Page(self.answer.text)
        for link in page.links:
            assert not link.startswith("#") or link[1:] in page.ids, f"{link} leads nowhere"
        assert page.described <= page.ids, page.described - page.ids
        return page

    def send(
        self,
        file: bytes | str | None,
        press: str = "Look again",
        /,
        file_name: str = "t.csv",
        **changed: Any,
    ) -> "Visit":
        """Send the form as it stands with some fields changed; None takes one away."""
        page = self.page
        fields: MultiDict[str, Any] = MultiDict(page.fields)
        for field, value in changed.items():
            fields.setlist(
                field, [] if value is None else value if isinstance(value, list) else [value]
            )
        if press in page.buttons:
            fields.add(*page.buttons[press])
        else:
            raise AssertionError(f"there is no button {press!r}, but {list(page.buttons)}")
        if file is not None:
            body = file.encode() if isinstance(file, str) else file
            fields.add("file", (io.BytesIO(body), file_name))
        answer = self.client.post("/new", data=fields, headers=HTML)
        answer.request.environ["wsgi.input"].close()
        assert answer.status_code < 500, answer.text
        return Visit(self.client, answer)


@pytest.fixture
def visit(api: Api) -> Visit:
    return Visit(api.client, api.client.get("/new", headers=HTML))
