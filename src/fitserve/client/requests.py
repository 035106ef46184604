"""Requests to a server whose answers are JSON, and whose problems are raised."""

import json
import math
import os
from collections.abc import Mapping
from http import HTTPStatus
from numbers import Real
from types import TracebackType
from typing import Any, Self
from urllib.parse import urlencode, urlsplit

from fitserve.client import bodies
from fitserve.client.mistakes import Unknown, explained
from fitserve.client.problems import Unreachable, refusal
from fitserve.client.shapes import Shape, fits
from fitserve.client.transport import NOTHING, Answer, Body, NoAnswer, Transport, Upload

URL = "http://127.0.0.1:8000"
ROUTES = {
    *("docs", "evaluate", "health", "key", "list", "listtypes", "metrics", "model", "models"),
    *("new", "openapi.json", "predict", "register", "types", "v2"),
}
"""How the paths of the server's routes begin."""
_MISSED = (HTTPStatus.NOT_FOUND, HTTPStatus.METHOD_NOT_ALLOWED, HTTPStatus.UNPROCESSABLE_ENTITY)


@explained
class Requests(Unknown):
    """One server, and the key that it is asked with."""

    def __init__(
        self,
        url: str | None = None,
        key: str | None = None,
        *,
        timeout: float = 60.0,
        patience: float = 30.0,
    ) -> None:
        """`url` and `key` are FITSERVE_URL and FITSERVE_KEY unless given.

        `timeout` is how many seconds to wait for an answer, and `patience` for how many in all a
        request is tried again that the server was too busy for (429, 503), or a training asked
        after while no server is there.
        """
        _refuse(url, key, timeout, patience)
        self.url = url or os.environ.get("FITSERVE_URL") or URL
        self.key = key or os.environ.get("FITSERVE_KEY") or None
        self.timeout, self.patience = timeout, patience
        self._transport = Transport(self.url, self.key, timeout, patience)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.url!r})"

    def __getstate__(self) -> dict[str, Any]:
        return {name: value for name, value in vars(self).items() if name != "_transport"}

    def __setstate__(self, state: dict[str, Any]) -> None:
        vars(self).update(state)
        self._transport = Transport(self.url, self.key, self.timeout, self.patience)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        at: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the connections that are kept. The client may be used again."""
        self._transport.close()

    def request(
        self,
        method: str,
        path: str,
        query: Mapping[str, Any] | None = None,
        body: Body = NOTHING,
        headers: Mapping[str, str] | None = None,
        *,
        repeatable: bool = True,
        upload: Upload | None = None,
    ) -> Answer:
        """Any request; raises the problem unless it succeeds.

        Values of the query that are not text are written as JSON. One that is not `repeatable`
        is never sent again once it may have arrived.
        """
        written = {name: _written(value) for name, value in (query or {}).items()}
        target = f"{path}?{urlencode(written)}" if written else path
        if body.packed:
            headers = {**(headers or {}), "Content-Encoding": "gzip"}
        try:
            answer = self._transport.ask(
                method, target, body, headers, repeatable=repeatable, upload=upload
            )
        except NoAnswer as error:
            raise Unreachable(str(error)) from error.__cause__
        if answer.status >= HTTPStatus.MULTIPLE_CHOICES:
            raise refusal(answer, self._hint(answer.status))
        return answer

    def _hint(self, status: int) -> str:
        """What about this client may be why a request is refused with this status."""
        if status == HTTPStatus.UNAUTHORIZED and self.key is None:
            return "This client has no key: give it one by key or FITSERVE_KEY."
        path = urlsplit(self.url).path
        parts = path.split("/")
        route = next((i for i, part in enumerate(parts) if part in ROUTES), None)
        if status not in _MISSED or route is None:
            return ""
        right = self.url.removesuffix(path) + "/".join(parts[:route])
        return (
            f"The url of this client has a route in it, {path}: write {right} as url or "
            "FITSERVE_URL."
        )

    def _get(
        self, path: str, wanted: Shape = dict, query: Mapping[str, Any] | None = None
    ) -> dict[str, Any]:
        return members_of(self.request("GET", path, query), wanted)

    def _post(self, path: str, asked: dict[str, Any], wanted: Shape) -> dict[str, Any]:
        body = Body(bodies.encoded(asked))
        return members_of(
            self.request("POST", path, None, body, {"Content-Type": "application/json"}), wanted
        )


def members_of(answer: Answer, wanted: Shape) -> dict[str, Any]:
    """What a success tells, of the shape that is wanted; raises what it is, if it is not fitserve
    that answers there."""
    try:
        members = json.loads(answer.content)
    except (ValueError, RecursionError):
        members = None
    if not isinstance(members, dict) or not fits(members, wanted):
        raise refusal(answer)
    return members


def text_of(answer: Answer) -> str:
    """The CSV that a success is; the same of one that is none."""
    if answer.headers.get_content_type() != "text/csv":
        raise refusal(answer)
    try:
        return answer.content.decode()
    except UnicodeDecodeError:
        raise refusal(answer) from None


def _refuse(url: Any, key: Any, timeout: Any, patience: Any) -> None:
    """What is given by a name, and is none of its kind."""
    for name, value in (("url", url), ("key", key)):
        if value is not None and not isinstance(value, str):
            raise TypeError(f"{name}: a text is needed, not {type(value).__name__}")
    for name, value in (("timeout", timeout), ("patience", patience)):
        if isinstance(value, bool) or not isinstance(value, Real):
            raise TypeError(
                f"{name}: a number of seconds is needed, as in {name}=30, not {value!r}"
            )
    if not (timeout > 0 and math.isfinite(timeout)):
        raise ValueError(f"timeout: a number of seconds over 0 is needed, not {timeout!r}")
    if not patience >= 0:
        raise ValueError(f"patience: a number of seconds from 0 is needed, not {patience!r}")


def _written(value: Any) -> str:
    return value if isinstance(value, str) else bodies.encoded(value).decode()
