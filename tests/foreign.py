"""A server that is not fitserve, though its answers are nearly the same."""

from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

OTHERS: tuple[Any, ...] = (None, True, 1, -0.5, "x", [], {}, [None], [[]], {"x": None})
"""What stands in the place of each member in turn, or of the first entry of a list."""


class Foreign:
    """It answers all by 200 and what is set."""

    def __init__(self) -> None:
        self.url = ""
        self.content = b""
        self.kind = "application/json"
        self.headers: dict[str, str] = {}


@contextmanager
def foreign() -> Iterator[Foreign]:
    """One that serves until the end of the block."""
    told = Foreign()

    class Answering(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True

        def do_GET(self) -> None:
            self.rfile.read(int(self.headers.get("Content-Length", 0)))
            self.send_response(200)
            self.send_header("Content-Type", told.kind)
            self.send_header("Content-Length", str(len(told.content)))
            for name, value in told.headers.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(told.content)

        do_POST = do_GET  # noqa: N815

        def log_message(self, *_: object) -> None: ...

    with ThreadingHTTPServer(("127.0.0.1", 0), Answering) as server:
        server.daemon_threads = True
        Thread(target=server.serve_forever, args=(0.01,)).start()
        told.url = f"http://127.0.0.1:{server.server_port}"
        try:
            yield told
        finally:
            server.shutdown()


def others(value: Any) -> Iterator[Any]:
    """The value with one thing in it otherwise, or left out: each in turn."""
    yield from OTHERS
    if isinstance(value, dict):
        for name in value:
            yield {other: value[other] for other in value if other != name}
            for one in others(value[name]):
                yield {**value, name: one}
    elif isinstance(value, list) and value:
        for one in others(value[0]):
            yield [one, *value[1:]]
