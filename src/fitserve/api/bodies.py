"""Reading a request's body: its media type, its packing, its size, then its schema."""

import zlib
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager, nullcontext
from functools import wraps
from threading import BoundedSemaphore, Semaphore
from typing import Any, TypeVar

from flask import current_app, request
from werkzeug.datastructures import Headers, MultiDict

from fitserve.api import queries
from fitserve.api.observed import about
from fitserve.api.schemas import Request, parse
from fitserve.errors import (
    MalformedJson,
    MalformedRequest,
    Overloaded,
    TooLarge,
    UnsupportedMediaType,
    clip,
)

R = TypeVar("R", bound=Request)
B = TypeVar("B")

_LARGE = 2**20
PATIENCE = 0.2
"""Seconds to wait for room to wait in."""
_large = BoundedSemaphore(2)  # a large body takes ten times its size while it is read

_PACKINGS = {"gzip": 31, "x-gzip": 31, "deflate": 47}  # zlib's window bits; 47: zlib or gzip


def takes(
    schema: type[R],
    csv: Callable[["MultiDict[str, str]", bytes], Any] | None = None,
    query: Collection[str] = (),
) -> Callable[[Callable[[Any], Any]], Callable[[], Any]]:
    """The route takes a JSON body of this schema as its argument, or what `csv` makes of the
    query and a body that is CSV. Beside JSON a query may hold the parameters `query` alone."""

    def decorate(route: Callable[[Any], Any]) -> Callable[[], Any]:
        @wraps(route)
        def reading() -> Any:
            if csv is not None and request.mimetype == "text/csv":
                _require_utf8("text/csv")
                return route(about(csv(request.args, _unpacked())))
            _require_json(csv is not None)
            _ask_for_body()
            if request.query_string:
                queries.refuse_beside_json(request.args, query)
            with _large_in_turn() if _is_large() else nullcontext():
                body = parse(schema, _unpacked())
            return route(about(body))

        return reading

    return decorate


def takes_bytes(
    read: Callable[[bytes, Headers], B],
) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """The route takes as its first argument what `read` makes of the body, which is JSON or JSON
    and bytes behind it, and of the header. (Clients of this protocol need not declare either.)"""

    def decorate(route: Callable[..., Any]) -> Callable[..., Any]:
        @wraps(route)
        def reading(**names: Any) -> Any:
            if request.mimetype not in ("", "application/octet-stream"):
                _require_json(or_csv=False)
            _ask_for_body()
            with _large_in_turn() if _is_large() else nullcontext():
                ask = read(_unpacked(), request.headers)
            return route(ask, **names)

        return reading

    return decorate


def _ask_for_body() -> None:
    """Where only the header was shown, have the body sent now, before anything waits for it."""
    _packing()
    request.environ["wsgi.input"].read(0)


def _require_json(or_csv: bool) -> None:
    media_type = request.mimetype
    is_json = media_type == "application/json" or (
        media_type.startswith("application/") and media_type.endswith("+json")
    )
    if not is_json:
        given = clip(request.content_type) if request.content_type else "nothing"
        csv = ", or CSV, by 'Content-Type: text/csv' and --data-binary @FILE" if or_csv else ""
        raise UnsupportedMediaType(
            "The body must be JSON in UTF-8, declared by the header "
            f"'Content-Type: application/json'{csv}; declared was {given}."
        )
    _require_utf8("application/json")


def _require_utf8(media_type: str) -> None:
    charset = request.mimetype_params.get("charset", "utf-8")
    if charset.lower() not in ("utf-8", "utf8", "us-ascii"):
        raise UnsupportedMediaType(
            f"The body must be in UTF-8, not {clip(charset, 40)!r}; convert it, and declare it by "
            f"'Content-Type: {media_type}'."
        )


@contextmanager
def _large_in_turn() -> Iterator[None]:
    """Read a large body when those before it are read; only so many threads may wait for that."""
    room: Semaphore = current_app.extensions["fitserve.waiting"]
    if not room.acquire(timeout=PATIENCE):
        raise Overloaded.by_bodies()
    try:
        with _large:
            yield
    finally:
        room.release()


def _is_large() -> bool:
    length = request.content_length
    return length is None or length > _LARGE or "Content-Encoding" in request.headers


def _unpacked() -> bytes:
    """The body without its Content-Encoding; the size limit counts unpacked bytes."""
    encoding = _packing()
    packed = _received()
    if encoding not in _PACKINGS:
        return packed
    try:
        return _inflate(packed, encoding, current_app.config["MAX_CONTENT_LENGTH"])
    except zlib.error:
        raise MalformedJson(
            f"The body is not {encoding}, or not all of it, as the header Content-Encoding says. "
            "Send it packed so, or leave that header out."
        ) from None


def _packing() -> str:
    encoding = request.headers.get("Content-Encoding", "").strip().lower()
    if encoding not in ("", "identity", *_PACKINGS):
        raise UnsupportedMediaType(
            f"The Content-Encoding {clip(encoding)!r} is not supported; send gzip, deflate or none."
        )
    return encoding


def _received() -> bytes:
    """The body as it was sent: all of it, and never more than the limit."""
    limit: int = current_app.config["MAX_CONTENT_LENGTH"]
    declared = request.content_length
    if declared is not None and declared > limit:
        raise TooLarge(limit)
    expected = declared
    if expected is None:  # chunked, or nothing
        expected = limit + 1 if request.environ.get("wsgi.input_terminated") else 0
    body: bytes = request.environ["wsgi.input"].read(expected) if expected else b""
    if len(body) > limit:
        raise TooLarge(limit)
    if declared is not None and len(body) < declared:
        raise MalformedRequest.incomplete(len(body), declared)
    return body


def _inflate(packed: bytes, encoding: str, limit: int) -> bytes:
    """Unpack, but never more than `limit` bytes, however small a bomb is."""
    wbits = _PACKINGS[encoding]
    if encoding == "deflate" and int.from_bytes(packed[:2]) % 31:
        wbits = -15  # without zlib's header, as some clients understand "deflate"
    parts: list[bytes] = []
    room = limit
    at = 0
    while at < len(packed):  # gzip may hold several members
        unpacker = zlib.decompressobj(wbits)
        while not unpacker.eof:
            # In pieces: what a member leaves over is copied, and a body may be all members.
            piece = packed[at : at + 2**14]
            if not piece:
                raise zlib.error("it ends in the middle")
            part = unpacker.decompress(piece, room + 1)
            if len(part) > room:
                raise TooLarge(limit)
            parts.append(part)
            room -= len(part)
            at += len(piece) - len(unpacker.unused_data)
    return b"".join(parts)
