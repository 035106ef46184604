"""gunicorn's logger, which tells each request once, however it was answered: in a line of the log
and in the metrics. Everything that this server says is JSON, or words in a terminal."""

import logging
import sys
from collections.abc import Callable
from time import monotonic
from typing import Any
from urllib.parse import unquote

from gunicorn import glogging

from fitserve.errors import FitserveError
from fitserve.observing.lines import RequestLines, formatter
from fitserve.observing.metrics import METHODS, OTHER, UNMATCHED, Metrics
from fitserve.observing.requests import ENVIRON, Asked, request_id
from fitserve.serving.connection import Connection


class Log(glogging.Logger):  # type: ignore[misc]
    """One for the process that starts the workers and, from its fork on, one for each worker."""

    def setup(self, cfg: Any) -> None:
        super().setup(cfg)
        for handler in self.error_log.handlers:
            if isinstance(handler, logging.StreamHandler):
                handler.setFormatter(formatter(handler.stream))
        ours = logging.StreamHandler(sys.stdout)
        ours.setFormatter(formatter(sys.stdout))
        logging.getLogger().handlers = [ours]
        logging.getLogger("fitserve").setLevel(self.loglevel)
        self._lines = RequestLines(sys.stdout)

    def begin(self, metrics: Metrics, route_of: Callable[[str, str], str]) -> None:
        """The application is there: count in `metrics` from now on. `route_of` finds the rule for
        a method and a path."""
        self._metrics, self._route_of = metrics, route_of

    def access(self, resp: Any, req: Any, environ: dict[str, Any], request_time: Any) -> None:
        """The application has answered; gunicorn's worker says so."""
        broken = sys.exception()
        if broken is not None and not resp.headers_sent and not isinstance(broken, OSError):
            return  # it has not, after all, and will be refused
        asked, method, status = environ[ENVIRON], _bounded(req.method), resp.status_code
        seconds = monotonic() - resp.sock.given
        self._metrics.answered(method, asked.route, status, seconds)
        self._tell(asked, method, status, seconds, resp.sent, broken=broken is not None)

    def refused(
        self, connection: Connection, told: FitserveError, size: int, request_id: str
    ) -> None:
        """The worker has answered by itself."""
        request = connection.request
        method, route = OTHER, UNMATCHED
        if request is not None:
            method = _bounded(request.method)
            route = self._route_of(method, unquote(request.path))
        seconds = monotonic() - connection.since
        status = told.status.value
        self._metrics.answered(method, route, status, None)
        self._tell(Asked(request_id, route), method, status, seconds, size, broken=False)

    def _tell(
        self, asked: Asked, method: str, status: int, seconds: float, size: int, *, broken: bool
    ) -> None:
        facts: dict[str, Any] = {
            "method": method,
            "route": asked.route,
            "status": status,
            "ms": round(seconds * 1000, 3),
            "bytes": size,
            "request_id": asked.request_id,
            "model": asked.model,
            "rows": asked.rows,
            "key": asked.key,
            "broken": broken or None,
        }
        self._lines.write(facts)


def name_of_request(connection: Connection) -> str:
    """The id of a request that the worker refuses."""
    request = connection.request
    fields = {} if request is None else dict(request.headers)
    return request_id(fields.get("X-REQUEST-ID"))


def _bounded(method: str) -> str:
    return method if method in METHODS else OTHER
