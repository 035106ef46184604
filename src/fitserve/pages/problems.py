"""What is refused, as a page: the same words and status as a program gets."""

from flask import Blueprint, Response, request

from fitserve.api.keys import COOKIE
from fitserve.errors import FitserveError, Unauthorized
from fitserve.pages.rendering import page
from fitserve.pages.told import Told


def init_pages(pages: Blueprint) -> None:
    pages.register_error_handler(FitserveError, _told)


def _told(error: FitserveError) -> Response:
    if isinstance(error, Unauthorized):
        wrong = COOKIE in request.cookies or bool(request.query_string)  # or there is none yet
        problem = Told(error.problem()) if wrong else None
        answer = page("key.html", error.status, here="key", problem=problem, next=_back())
    else:
        reads = request.method == "GET"
        answer = page(
            "problem.html",
            error.status,
            problem=Told(error.problem()),
            looks_again=reads,
            path=_back(),
        )
    answer.headers.update(error.headers)
    return answer


def _back() -> str:
    """Where to go on once there is a key: what was asked for, if asking does nothing; without
    the query, in which a key may stand."""
    return request.path if request.method == "GET" else "/"
