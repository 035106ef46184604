"""The style sheet, the script and the icon. Their addresses hold their digests, so that browsers
keep them for good, and ask for the new ones when there are any."""

from functools import cache
from hashlib import sha256
from http import HTTPStatus
from importlib.resources import files

from flask import Blueprint, Response, abort

from fitserve.api.keys import open_to_all
from fitserve.api.routes.documents import File

TYPES = {"css": "text/css", "js": "text/javascript", "svg": "image/svg+xml"}
NAMES = ("style.css", "page.js", "icon.svg")
FOR_GOOD = {"Cache-Control": "public, max-age=31536000, immutable"}


def add(routes: Blueprint) -> None:
    @routes.get("/static/<digest>/<name>")
    @open_to_all
    def static_file(digest: str, name: str) -> Response:
        if name not in NAMES:
            abort(HTTPStatus.NOT_FOUND)
        return _file(name, is_current=digest == _digest(name)).answer()


def address(name: str) -> str:
    """Where the file of this name is."""
    return f"/static/{_digest(name)}/{name}"


@cache
def _file(name: str, *, is_current: bool) -> File:
    """What another version's page asks for is given as it is here, and not kept."""
    media_type = TYPES[name.rpartition(".")[2]]
    return File(_bytes(name), media_type, FOR_GOOD if is_current else None)


@cache
def _digest(name: str) -> str:
    return sha256(_bytes(name)).hexdigest()[:16]


@cache
def _bytes(name: str) -> bytes:
    return (files("fitserve.pages") / "static" / name).read_bytes()
