"""Where it is not fitserve that answers: what came is shown, and no command breaks off."""

from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

import pytest

from tests.cli.conftest import PENGUINS, Command


@pytest.fixture(params=[b"<html>welcome</html>", b"{}", b"[1]", b"null", b'"knn"'])
def elsewhere(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[bytes]:
    """A server that answers all by 200 and this, in the place of the one that there was."""
    content: bytes = request.param

    class Other(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["Content-Length"]))
            self.send_response(200)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_: object) -> None: ...

    with ThreadingHTTPServer(("127.0.0.1", 0), Other) as server:
        Thread(target=server.serve_forever).start()
        monkeypatch.setenv("FITSERVE_URL", f"http://127.0.0.1:{server.server_port}")
        yield content
        server.shutdown()


@pytest.mark.parametrize(
    "command", [["register", "--target", "species"], ["register", "--dry-run"], ["evaluate"]]
)
def test_what_came_is_shown(command: list[str], fitserve: Command, elsewhere: bytes) -> None:
    name, *options = command
    done = fitserve(name, "knn", 1, PENGUINS, *options)
    assert done.code == 1
    assert not done.out
    assert elsewhere.decode() in done.err
