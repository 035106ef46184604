"""What is refused, as a page: the same words and status as a program gets."""

from contextlib import suppress
from typing import Any

from flask import Blueprint, Response, current_app, request
from werkzeug.exceptions import HTTPException, InternalServerError, NotFound, RequestEntityTooLarge

from fitserve.api import problems
from fitserve.api.accepting import prefers_page
from fitserve.api.keys import COOKIE
from fitserve.directory import ModelDirectory
from fitserve.errors import (
    FAULT,
    FitserveError,
    StoreUnavailable,
    TooLarge,
    Unauthorized,
    UnknownModel,
)
from fitserve.pages.rendering import page
from fitserve.pages.told import Told

LISTED = 50
"""Ids that are told where another was asked for."""


def init_pages(pages: Blueprint, directory: ModelDirectory) -> None:
    def refused(error: FitserveError) -> Response:
        if isinstance(error, Unauthorized):
            return _asked_for_key(error)
        return _told(error, _others(directory) if isinstance(error, UnknownModel) else [])

    pages.register_error_handler(FitserveError, refused)
    pages.register_error_handler(RequestEntityTooLarge, _too_large)
    pages.register_error_handler(InternalServerError, _fault)
    pages.app_errorhandler(NotFound)(_not_found)


def _told(error: FitserveError, others: list[str]) -> Response:
    shown = {"problem": Told(error.problem()), "path": _back(), "others": others}
    looks_again = request.method == "GET" and error.retry_after is not None
    answer = page("problem.html", error.status, looks_again=looks_again, **shown)
    answer.headers.update(error.headers)
    return answer


def _asked_for_key(error: Unauthorized) -> Response:
    was_given = COOKIE in request.cookies or bool(request.query_string)
    problem = Told(error.problem()) if was_given else None
    answer = page("key.html", error.status, here="key", problem=problem, next=_back())
    answer.headers.update(error.headers)
    return answer


def _too_large(_: HTTPException) -> Response:
    return _told(TooLarge(current_app.config["MAX_CONTENT_LENGTH"]), [])


def _fault(_: HTTPException) -> Response:
    return _told(FitserveError(FAULT), [])


def _not_found(error: HTTPException) -> Response:
    """Of an address that there is not, whoever asks for it."""
    if not prefers_page():
        return problems.of_framework(error)
    return page("lost.html", error.code or 404)


def _others(directory: ModelDirectory) -> list[str]:
    """The models of the type that was asked for, the newest last."""
    asked: dict[str, Any] = request.view_args or {}
    model_type = asked.get("model_type")
    if model_type is None:
        return []
    with suppress(StoreUnavailable):
        return [f"{model_type}/{one}" for one in directory.ids(model_type)[-LISTED:]]
    return []


def _back() -> str:
    """Where to go on once there is a key: what was asked for, if asking does nothing; without
    the query, in which a key may stand."""
    return request.path if request.method == "GET" else "/"
