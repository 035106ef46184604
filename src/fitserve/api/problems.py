"""The one place where an exception becomes an answer: RFC 9457 problem+json, or what
the Open Inference Protocol has in its place."""

from collections.abc import Iterator
from http import HTTPStatus
from typing import Any

from flask import Flask, Response, current_app, request
from pydantic_core import to_json
from werkzeug.exceptions import HTTPException, MethodNotAllowed, RequestEntityTooLarge
from werkzeug.routing import MapAdapter, Rule

from fitserve.api.keys import PAGES
from fitserve.api.observed import request_id
from fitserve.api.paths import in_protocol, no_route, wrong_method
from fitserve.errors import (
    FAULT,
    FitserveError,
    Overloaded,
    TooLarge,
    UnknownModelType,
    problem,
    told,
)


def init_app(app: Flask) -> None:
    app.register_error_handler(FitserveError, _ours)
    app.register_error_handler(HTTPException, of_framework)
    app.register_error_handler(MemoryError, _exhausted)


def _ours(error: FitserveError) -> Response:
    told = error.problem()
    if isinstance(error, UnknownModelType):
        told["detail"] += in_protocol(request.path)
    answer = _answer(told)
    answer.headers.update(error.headers)
    return answer


def _exhausted(_: MemoryError) -> Response:
    return _ours(Overloaded.of_memory())


def of_framework(error: HTTPException) -> Response:
    """What Flask and Werkzeug refuse by themselves, and faults of our own (500)."""
    if isinstance(error, RequestEntityTooLarge):
        return _ours(TooLarge(current_app.config["MAX_CONTENT_LENGTH"]))
    status = HTTPStatus(error.code or 500)
    name = status.phrase.lower().replace(" ", "-")
    detail = error.description or status.phrase
    if status == HTTPStatus.NOT_FOUND:
        detail = no_route(request.method, request.path, _adapter(), _rules())
    elif status == HTTPStatus.INTERNAL_SERVER_ERROR:
        name = FitserveError.name
        detail = FAULT
    allowed: str | None = None
    if isinstance(error, MethodNotAllowed) and error.valid_methods:
        allowed = ", ".join(sorted(error.valid_methods))
        of_ours = sorted(set(error.valid_methods) - {"HEAD", "OPTIONS"})
        detail = wrong_method(request.method, request.path, of_ours)
    answer = _answer(problem(status, name, status.phrase, detail))
    if allowed is not None:
        answer.headers["Allow"] = allowed
    return answer


def _answer(problem: dict[str, Any]) -> Response:
    answer = told(problem | {"request_id": request_id()}, request.path)
    return Response(to_json(answer.members) + b"\n", answer.status, mimetype=answer.media_type)


def _rules() -> Iterator[Rule]:
    """Those that look like what was asked for: of one of the two protocols."""
    protocol = request.path.startswith("/v2")
    return (
        rule
        for rule in current_app.url_map.iter_rules()
        if rule.rule.startswith("/v2") == protocol
        and (rule.rule == "/" or not rule.endpoint.startswith(f"{PAGES}."))
    )


def _adapter() -> MapAdapter:
    adapter = current_app.create_url_adapter(request)
    assert adapter is not None, "a request has a URL"
    return adapter
