"""What is refused, as a page: the same words and status as a program gets."""

from typing import Any

from flask import Blueprint, Response, request

from fitserve.errors import FitserveError, Unauthorized
from fitserve.pages.rendering import page


def init_pages(pages: Blueprint) -> None:
    pages.register_error_handler(FitserveError, _told)


def _told(error: FitserveError) -> Response:
    if isinstance(error, Unauthorized):
        answer = page("key.html", error.status, here="key", problem=_problem(error), next=_back())
    else:
        reads = request.method == "GET"
        answer = page("problem.html", error.status, problem=_problem(error), looks_again=reads)
    answer.headers.update(error.headers)
    return answer


def _problem(error: FitserveError) -> dict[str, Any]:
    return error.problem()


def _back() -> str:
    """Where to go on once there is a key: what was asked for, if asking does nothing; without
    the query, in which a key may stand."""
    return request.path if request.method == "GET" else "/"
