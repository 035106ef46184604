"""What the log is told of a request that reached the application, and its id."""

from collections.abc import Collection
from typing import TypeVar

from flask import Flask, Response, g, request
from werkzeug.exceptions import HTTPException
from werkzeug.routing import Rule

from fitserve.observing.metrics import UNMATCHED, Metrics
from fitserve.observing.requests import ENVIRON, Asked
from fitserve.observing.requests import request_id as chosen

A = TypeVar("A")

HEADER = "X-Request-ID"


def init_app(app: Flask, metrics: Metrics, model_types: Collection[str]) -> None:
    def tell(response: Response) -> Response:
        asked = request._get_current_object()  # type: ignore[attr-defined]  # asked five times
        rule = asked.url_rule
        route = UNMATCHED if rule is None else shown(rule)
        model_type, rows = g.get("predicted", (None, None))
        if rows is not None:
            metrics.predicted(model_type, rows)
        told = Asked(request_id(), route, _model(model_types), rows, g.get("key_name"))
        asked.environ[ENVIRON] = told
        response.headers[HEADER] = told.request_id
        return response

    app.after_request(tell)
    app.extensions["fitserve.route"] = lambda method, path: _route(app, method, path)


def shown(rule: Rule) -> str:
    """A rule as people read it: `/models/<model_type>/<model_id>`."""
    return rule.rule.replace("<id:", "<")


def request_id() -> str:
    """The id of the request in hand."""
    if "request_id" not in g:
        g.request_id = chosen(request.headers.get(HEADER))
    found: str = g.request_id
    return found


def about(ask: A) -> A:
    """What the request in hand asks for is this."""
    g.ask = ask
    return ask


def predicted(model_type: str, rows: int) -> None:
    """The answer to the request in hand has predictions of so many rows."""
    g.predicted = model_type, rows


def _model(model_types: Collection[str]) -> str | None:
    """The model that the request in hand is about, if there can be one."""
    ask, path = g.get("ask"), request.view_args or {}
    model_type, model_id = (
        getattr(ask, name, path.get(name)) for name in ("model_type", "model_id")
    )
    if model_type not in model_types:
        return None
    return str(model_type) if model_id is None else f"{model_type}/{model_id}"


def _route(app: Flask, method: str, path: str) -> str:
    """The rule of a request that has not reached the application."""
    try:
        rule, _ = app.url_map.bind("").match(path, method, return_rule=True)
    except HTTPException:
        return UNMATCHED
    return shown(rule)
