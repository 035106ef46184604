"""Servers, and requests to them in threads."""

import signal
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import Server, start_server


@pytest.fixture
def serve(tmp_path: Path) -> Iterator[Callable[..., Server]]:
    running: list[Server] = []

    def start(name: str = "log", workers: int = 2, **environment: str) -> Server:
        log = tmp_path / name
        environment["WEB_CONCURRENCY"] = str(workers)
        running.append(start_server(log, 0, True, **environment))
        return running[-1]

    yield start
    for server in running:
        if server.process.poll() is None:
            server.process.send_signal(signal.SIGINT)
            server.process.wait(timeout=30)


@pytest.fixture
def background() -> Iterator[Callable[..., Future[Any]]]:
    with ThreadPoolExecutor(32) as pool:
        yield pool.submit
