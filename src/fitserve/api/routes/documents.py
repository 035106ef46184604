"""Where to read on: `/`, and the OpenAPI document."""

from collections.abc import Mapping
from functools import cached_property
from hashlib import sha256
from typing import Any

from flask import Blueprint, Flask, Response, request
from pydantic_core import to_json

from fitserve.api.keys import Keys, open_to_all
from fitserve.api.openapi import document
from fitserve.models.base import Model


class Document:
    """The document of an application, made once, when it is first asked for."""

    def __init__(self, app: Flask, catalog: Mapping[str, type[Model]], keys: Keys) -> None:
        self._of = app, catalog, keys

    @cached_property
    def told(self) -> dict[str, Any]:
        return document(*self._of)

    @cached_property
    def file(self) -> "File":
        return File(to_json(self.told) + b"\n", "application/json")


class File:
    """An answer that stays the same as long as the server runs."""

    def __init__(self, body: bytes, mimetype: str, headers: Mapping[str, str] | None = None):
        self._body, self._mimetype = body, mimetype
        self._headers = {"Cache-Control": "no-cache", **(headers or {})}  # ask, by the ETag
        self._tag = sha256(body).hexdigest()[:32]

    def answer(self) -> Response:
        """All of it, or 304 to who has it already."""
        found = Response(self._body, mimetype=self._mimetype, headers=self._headers)
        found.set_etag(self._tag)
        found.make_conditional(request)
        return found


def directions() -> Any:
    """What a program is told at `/`."""
    told = {"docs": "/docs", "openapi": "/openapi.json", "health": "/health"}
    links = '</openapi.json>; rel="service-desc", </docs>; rel="service-doc"'  # RFC 8631
    return {"name": "fitserve"} | told, {"Link": links, "Vary": "Accept"}


def blueprint(document: Document) -> Blueprint:
    routes = Blueprint("documents", __name__)

    @routes.get("/openapi.json")
    @open_to_all
    def openapi() -> Response:
        return document.file.answer()

    return routes
