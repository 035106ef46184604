"""What the log is told of a request that reached the application, and its id."""

from collections.abc import Collection, Mapping
from typing import Any, TypeVar

from flask import Flask, Response, g, request
from werkzeug.exceptions import HTTPException
from werkzeug.routing import Rule

from fitserve.observing.metrics import UNMATCHED, Metrics
from fitserve.observing.requests import ENVIRON, Asked
from fitserve.observing.requests import request_id as chosen

A = TypeVar("A")
P = TypeVar("P")

HEADER = "X-Request-ID"
_HEADER = "HTTP_X_REQUEST_ID"  # by WSGI's name


def init_app(app: Flask, metrics: Metrics, model_types: Collection[str]) -> None:
    def tell(response: Response) -> Response:
        asked, noted = behind(request), vars(behind(g))
        rule = asked.url_rule
        model_type, rows = noted.get("predicted", (None, None))
        if rows is not None:
            metrics.predicted(model_type, rows)
        asked.environ[ENVIRON] = told = Asked(
            noted.get("request_id") or chosen(asked.environ.get(_HEADER)),
            UNMATCHED if rule is None else shown(rule),
            _model(noted.get("ask"), asked.view_args or {}, model_types),
            rows,
            noted.get("key_name"),
        )
        response.headers.add(HEADER, told.request_id)
        return response

    app.after_request(tell)
    app.extensions["fitserve.route"] = lambda method, path: _route(app, method, path)


def shown(rule: Rule) -> str:
    """A rule as people read it: `/models/<model_type>/<model_id>`."""
    return rule.rule.replace("<id:", "<")


def request_id() -> str:
    """The id of the request in hand."""
    if "request_id" not in g:
        g.request_id = chosen(request.environ.get(_HEADER))
    found: str = g.request_id
    return found


def behind(proxy: P) -> P:
    """What one of Flask's proxies stands for now: each look through one takes a microsecond."""
    found: P = proxy._get_current_object()  # type: ignore[attr-defined]
    return found


def about(ask: A) -> A:
    """What the request in hand asks for is this."""
    g.ask = ask
    return ask


def predicted(model_type: str, rows: int) -> None:
    """The answer to the request in hand has predictions of so many rows."""
    g.predicted = model_type, rows


def _model(ask: Any, path: Mapping[str, Any], model_types: Collection[str]) -> str | None:
    """The model that a request is about, by its body or its path, if there can be one."""
    model_type = getattr(ask, "model_type", path.get("model_type"))
    if model_type not in model_types:
        return None
    model_id = getattr(ask, "model_id", path.get("model_id"))
    return str(model_type) if model_id is None else f"{model_type}/{model_id}"


def _route(app: Flask, method: str, path: str) -> str:
    """The rule of a request that has not reached the application."""
    try:
        rule, _ = app.url_map.bind("").match(path, method, return_rule=True)
    except HTTPException:
        return UNMATCHED
    return shown(rule)
