"""The one place where an exception becomes an answer: RFC 9457 problem+json, or what
the Open Inference Protocol has in its place."""

from http import HTTPStatus
from typing import Any

from flask import Flask, Response, current_app, request
from pydantic_core import to_json
from werkzeug.exceptions import HTTPException, MethodNotAllowed, RequestEntityTooLarge

from fitserve.api.observed import request_id, shown
from fitserve.errors import FAULT, FitserveError, Overloaded, TooLarge, clip, problem, told


def init_app(app: Flask) -> None:
    app.register_error_handler(FitserveError, _ours)
    app.register_error_handler(HTTPException, _http)
    app.register_error_handler(MemoryError, _exhausted)


def _ours(error: FitserveError) -> Response:
    answer = _answer(error.problem())
    answer.headers.update(error.headers)
    return answer


def _exhausted(_: MemoryError) -> Response:
    return _ours(Overloaded.of_memory())


def _http(error: HTTPException) -> Response:
    """What Flask and Werkzeug refuse by themselves, and faults of our own (500)."""
    if isinstance(error, RequestEntityTooLarge):
        return _ours(TooLarge(current_app.config["MAX_CONTENT_LENGTH"]))
    status = HTTPStatus(error.code or 500)
    name = status.phrase.lower().replace(" ", "-")
    detail = error.description or status.phrase
    if status == HTTPStatus.NOT_FOUND:
        detail = (
            f"There is no route {clip(request.path)!r}. The routes are: {_routes()}. "
            "A model's id is a whole number in plain digits, without zeros in front."
        )
    elif status == HTTPStatus.INTERNAL_SERVER_ERROR:
        name = FitserveError.name
        detail = FAULT
    allowed: str | None = None
    if isinstance(error, MethodNotAllowed) and error.valid_methods:
        allowed = ", ".join(sorted(error.valid_methods))
        detail = f"{request.method} is not allowed here; use one of {allowed}."
    answer = _answer(problem(status, name, status.phrase, detail))
    if allowed is not None:
        answer.headers["Allow"] = allowed
    return answer


def _answer(problem: dict[str, Any]) -> Response:
    answer = told(problem | {"request_id": request_id()}, request.path)
    return Response(to_json(answer.members) + b"\n", answer.status, mimetype=answer.media_type)


def _routes() -> str:
    """Those that look like what was asked for: of one of the two protocols."""
    protocol = request.path.startswith("/v2")
    found = (r for r in current_app.url_map.iter_rules() if r.rule.startswith("/v2") == protocol)
    rules = sorted(found, key=lambda rule: rule.rule)
    return ", ".join(
        f"{method} {shown(rule)}"
        for rule in rules
        for method in sorted((rule.methods or set()) - {"HEAD", "OPTIONS"})
    )
