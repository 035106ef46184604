"""The command as somebody types it, in this process, against a server that runs."""

import csv
from collections.abc import Callable, Iterator
from typing import NamedTuple

import pytest

from fitserve.cli import main
from tests.conftest import EXAMPLES, Server, start_server

PENGUINS = str(EXAMPLES / "penguins.csv")
IRIS = str(EXAMPLES / "iris.csv")


class Done(NamedTuple):
    """What a command did."""

    code: int
    out: str
    err: str


Command = Callable[..., Done]


@pytest.fixture(scope="session")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """One server for the room: each of its tests has models of its own."""
    running = start_server(tmp_path_factory.mktemp("command") / "log", WEB_CONCURRENCY="1")
    yield running
    running.process.terminate()
    running.process.wait(timeout=40)


@pytest.fixture
def url(served: Server) -> str:
    return f"http://127.0.0.1:{served.port}"


@pytest.fixture
def fitserve(
    url: str, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> Iterator[Command]:
    monkeypatch.setenv("FITSERVE_URL", url)
    monkeypatch.delenv("FITSERVE_KEY", raising=False)

    def run(*arguments: object) -> Done:
        capfd.readouterr()
        code = main([str(one) for one in arguments])
        return Done(code, *capfd.readouterr())

    limit = csv.field_size_limit()
    yield run
    csv.field_size_limit(limit)  # which a command may raise: by itself it has a process of its own
