"""Reading a request's body: its media type, its packing, its size, then its schema."""

import json
from collections.abc import Callable, Collection
from contextlib import suppress
from functools import partial, wraps
from time import monotonic
from typing import Any, TypeVar

from flask import Request as Sent
from flask import current_app, request
from werkzeug.datastructures import MultiDict

from fitserve.api import beside_json, undeclared
from fitserve.api.inference_requests import HEADER, SUCH, asked, json_size
from fitserve.api.large import LARGE, Reader, is_light
from fitserve.api.observed import about, behind
from fitserve.api.registrations import CsvRegistration
from fitserve.api.request import Request, parse
from fitserve.data import files
from fitserve.data.csv import CsvFile, Opened
from fitserve.data.foreign import refuse_foreign
from fitserve.data.json_text import parse_json, refuse_other
from fitserve.data.packing import PACKINGS, unpacked
from fitserve.errors import (
    Gathered,
    InvalidRequest,
    MalformedJson,
    MalformedRequest,
    TooLarge,
    UnsupportedMediaType,
    clip,
)
from fitserve.models import catalog

R = TypeVar("R", bound=Request)
B = TypeVar("B")

_TABLES = ("text/csv", "text/tab-separated-values")
_SPREADSHEET = "application/vnd."
"""What browsers may call a .csv, too, where a spreadsheet opens it."""
_IN_PARTS = "multipart/form-data"
WAITED = 1.0
"""Seconds after which the client may be gone."""


def takes(
    schema: type[R],
    csv: Callable[["MultiDict[str, str]", bytes, Opened], Any] | None = None,
    query: Collection[str] = (),
) -> Callable[[Callable[[Any], Any]], Callable[[], Any]]:
    """The route takes a JSON body of this schema as its argument, or what `csv` makes of the
    query, a body that is CSV, and what opens that. Beside JSON a query may hold the parameters
    `query` alone."""

    def decorate(route: Callable[[Any], Any]) -> Callable[[], Any]:
        @wraps(route)
        def reading() -> Any:
            sent = behind(request)
            if csv is not None and sent.mimetype in _TABLES:
                _require_utf8(sent, sent.mimetype)
                body = _unpacked(sent)
                such = partial(_as_body, schema, sent, "[...]")
                try:
                    refuse_foreign(body, such, headed="header" not in sent.args)
                except InvalidRequest as error:
                    raise _with_query(error, csv, sent.args) from None
                if len(body) <= LARGE:
                    return route(about(csv(sent.args, body, CsvFile)))
                with _reader().csv(client_gone()) as opened:
                    return route(about(csv(sent.args, body, opened)))
            _require_json(
                sent, csv is not None, partial(_undeclared, schema, sent, csv is not None)
            )
            _ask_for_body(sent)
            if sent.query_string:
                try:
                    beside_json.refuse_query(sent.args, query, schema.written, schema.elsewhere)
                except InvalidRequest:
                    if csv is not None:
                        _refuse_misplaced(schema, sent)
                    raise
            received = partial(_received, sent)
            if _is_small(sent):
                body = received()
                if is_light(body):
                    ask = parse(schema, body)
                    with ask.told_as_query():
                        return route(about(ask))
                received = partial(bytes, body)
            with _reader().read(schema, received, _packing(sent), _limit(), client_gone()) as ask:
                return route(about(ask))

        return reading

    return decorate


def takes_tensors(route: Callable[..., Any]) -> Callable[..., Any]:
    """The route takes as its first argument the `Inference` that the body asks for, which is JSON
    or JSON and bytes behind it. (Clients of this protocol need not declare either.)"""

    @wraps(route)
    def reading(**names: Any) -> Any:
        sent = behind(request)
        _allow_undeclared(sent, SUCH)
        length = sent.headers.get(HEADER)
        received = partial(_unpacked, sent)
        if _is_small(sent):
            body = received()
            if is_light(body, json_size(length, len(body))):
                return route(asked(body, length), **names)
            received = partial(bytes, body)
        return route(_reader().whole(received, length, client_gone()), **names)

    return reading


def takes_little(
    read: Callable[[bytes], B], most: int = 2**16
) -> Callable[[Callable[[B], Any]], Callable[[], Any]]:
    """The route takes what `read` makes of the body, which may be empty and is at most so many
    bytes. (Here, too, clients of that protocol need not declare it.)"""

    def decorate(route: Callable[[B], Any]) -> Callable[[], Any]:
        @wraps(route)
        def reading() -> Any:
            sent = behind(request)
            _allow_undeclared(sent, "{}")
            try:
                body = _unpacked(sent, most)
            except TooLarge:
                raise TooLarge(most, "or none") from None
            return route(read(body))

        return reading

    return decorate


def _with_query(
    error: InvalidRequest,
    csv: Callable[["MultiDict[str, str]", bytes, Opened], Any],
    query: "MultiDict[str, str]",
) -> InvalidRequest:
    """The same of a body that is a file's name, with what is wrong with the query beside it."""
    named = [one for one in error.faults if one.type == "file_name"]
    if not named or files.NO_QUERY in named[0].msg:
        return error
    told = Gathered()
    with told.part():
        ask = csv(query, b"", CsvFile)
        if isinstance(ask, CsvRegistration):
            ask.check()
    of_query = [one for one in told.faults if one.loc[:1] == ("query",)]
    return InvalidRequest([*named, *of_query])


def _refuse_misplaced(schema: type[Request], sent: Sent) -> None:
    """Refuse a body that makes plain why a query stands beside it: it is CSV, or rows alone."""
    body = _unpacked(sent)
    lacking = _lacking(schema, sent) if "model_type" in sent.args else None
    refuse_other(body, schema.such(), lacking)
    rows = "[...]" if body.lstrip()[:1] == b"[" else ""
    if len(body) < 10_000:
        with suppress(MalformedJson):
            sent_rows = parse_json(body)
            if schema.has_requests(sent_rows):
                return
            if len(body) < 200 and (isinstance(sent_rows, list) or _is_row(schema, sent_rows)):
                rows = json.dumps(sent_rows, ensure_ascii=False)
    if rows:
        such = _as_body(schema, sent, rows)
        said = f"a query is read beside a CSV; beside rows of JSON, send {clip(such, 400)}"
        raise InvalidRequest.at((), said, "model_type")


def _as_body(schema: type[Request], sent: Sent, rows: str) -> str:
    """The JSON that says what the query does, beside these rows."""
    return beside_json.as_body(sent.args.to_dict(), rows, schema.written)


def _is_row(schema: type[Request], value: object) -> bool:
    """Whether it is an object, and nothing that the body has stands in it."""
    return isinstance(value, dict) and bool(value) and not any(map(schema.written, value))


def _lacking(schema: type[Request], sent: Sent) -> str:
    """What the URL lacks beside a CSV."""
    if "model_type" not in sent.args:
        return schema.of_csv
    cls = catalog().get(sent.args["model_type"])
    learns = cls is not None and cls.supervised() and schema.of_csv == files.TO_LEARN
    return "&target=COLUMN" if learns and "target" not in sent.args else ""


def _undeclared(schema: type[Request], sent: Sent, or_csv: bool, body: bytes | None) -> str | None:
    """How a body is sent that is no JSON by its header, if it shows."""
    url = _lacking(schema, sent)

    def as_body(form: dict[str, str]) -> str:
        return beside_json.as_body(form, "[...]", schema.written)

    return _instead(sent, body, schema.such(), as_body, url if or_csv else None)


def _instead(
    sent: Sent,
    body: bytes | None,
    such: str,
    as_body: Callable[[dict[str, str]], str] | None,
    query: str | None,
) -> str | None:
    if body is not None:
        return undeclared.instead(body, such, as_body, query)
    return undeclared.in_parts(query) if sent.mimetype == _IN_PARTS else None


def _shown(sent: Sent) -> bytes | None:
    """The body, or how it begins, where it is there and not packed."""
    shown = getattr(sent.environ["wsgi.input"], "only_shown", False)
    length = sent.content_length or 0
    unknown = not {"Content-Encoding", "Transfer-Encoding"}.isdisjoint(sent.headers.keys())
    if shown or unknown or length > _limit():
        return None
    if length > undeclared.MOST:
        begun: bytes = sent.environ["wsgi.input"].read(undeclared.MOST)
        return begun
    return _received(sent) if length else b""


def _allow_undeclared(sent: Sent, such: str) -> None:
    if sent.mimetype not in ("", "application/octet-stream"):
        _require_json(sent, False, lambda body: _instead(sent, body, such, None, None))
    _ask_for_body(sent)


def _ask_for_body(sent: Sent) -> None:
    """Where only the header was shown, have the body sent now, before anything waits for it."""
    _packing(sent)
    sent.environ["wsgi.input"].read(0)


def _require_json(sent: Sent, or_csv: bool, instead: Callable[[bytes | None], str | None]) -> None:
    media_type = sent.mimetype
    is_json = media_type == "application/json" or (
        media_type.startswith("application/") and media_type.endswith("+json")
    )
    if not is_json:
        declared = (sent.content_type or "nothing").partition("; boundary=")[0]
        given, said = clip(declared), instead(_shown(sent))
        if said is not None:
            raise UnsupportedMediaType(f"{said}; declared was {given}.")
        csv = ", or CSV, by 'Content-Type: text/csv' and --data-binary @FILE" if or_csv else ""
        if csv and media_type.startswith(_SPREADSHEET):
            csv += " (a workbook is exported as CSV before)"
        raise UnsupportedMediaType(
            "The body must be JSON in UTF-8, declared by the header "
            f"'Content-Type: application/json'{csv}; declared was {given}."
        )
    _require_utf8(sent, "application/json")


def _require_utf8(sent: Sent, media_type: str) -> None:
    charset = sent.mimetype_params.get("charset", "utf-8")
    if charset.lower() not in ("utf-8", "utf8", "us-ascii"):
        raise UnsupportedMediaType(
            f"The body must be in UTF-8, not {clip(charset, 40)!r}; convert it, and declare it by "
            f"'Content-Type: {media_type}'."
        )


def _reader() -> Reader:
    reader: Reader = current_app.extensions["fitserve.reader"]
    return reader


def _is_small(sent: Sent) -> bool:
    """Whether it surely is, as it comes; what is packed may be anything."""
    length = sent.content_length
    return length is not None and length <= LARGE and "Content-Encoding" not in sent.headers


def client_gone() -> Callable[[], bool]:
    """Tells of this request whether its client, having waited for a while, has ended its side."""
    gone: Callable[[], bool] | None = getattr(request.environ.get("gunicorn.socket"), "gone", None)
    if gone is None:  # another server's connection
        return bool
    since = monotonic()
    return lambda: monotonic() > since + WAITED and gone()


def _unpacked(sent: Sent, most: int | None = None) -> bytes:
    """The body without its Content-Encoding; the size limit counts unpacked bytes."""
    limit = _limit() if most is None else min(most, _limit())
    return unpacked(_received(sent, limit), _packing(sent), limit)


def _limit() -> int:
    limit: int = current_app.config["MAX_CONTENT_LENGTH"]
    return limit


def _packing(sent: Sent) -> str:
    encoding = sent.headers.get("Content-Encoding", "").strip().lower()
    if encoding not in ("", "identity", *PACKINGS):
        raise UnsupportedMediaType(
            f"The Content-Encoding {clip(encoding)!r} is not supported; send gzip, deflate or none."
        )
    return encoding


def _received(sent: Sent, limit: int | None = None) -> bytes:
    """The body as it was sent: all of it, and never more than the limit."""
    limit = _limit() if limit is None else limit
    declared = sent.content_length
    if declared is not None and declared > limit:
        raise TooLarge(limit)
    expected = declared
    if expected is None:  # chunked, or nothing
        expected = limit + 1 if sent.environ.get("wsgi.input_terminated") else 0
    body: bytes = sent.environ["wsgi.input"].read(expected) if expected else b""
    if len(body) > limit:
        raise TooLarge(limit)
    if declared is not None and len(body) < declared:
        raise MalformedRequest.incomplete(len(body), declared)
    return body
