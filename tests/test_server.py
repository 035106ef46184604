"""What only gunicorn itself can show: concurrency, stopping, starting."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

import pytest

from fitserve import config
from fitserve.app import open_keys, prepare_store
from fitserve.cli import main
from fitserve.config import SettingError, Settings
from tests.api.words import judge
from tests.conftest import ROOT, Server, free_port, start_server

X = [[0.0], [1.0], [9.0], [10.0]]


def registration(model_id: int, **kwargs: Any) -> dict[str, Any]:
    data = {"X": X, "y": [0, 0, 1, 1]} | kwargs
    return {"model_type": "gauss_naive_bayes", "model_id": model_id, "kwargs": data}


def test_of_64_registrations_of_one_id_one_wins(server: Server) -> None:
    with ThreadPoolExecutor(64) as pool:
        asked = [pool.submit(server.ask, "POST", "/register", registration(64)) for _ in range(64)]
        statuses = Counter(future.result()[0] for future in asked)
    assert statuses == {201: 1, 409: 63}


def test_threads_agree_on_what_is_registered(server: Server) -> None:
    assert server.ask("POST", "/register", registration(2))[0] == 201
    ask = {"model_type": "gauss_naive_bayes", "model_id": 2, "features": [[0.5], [9.5]]}
    with ThreadPoolExecutor(32) as pool:
        answers = list(pool.map(lambda _: server.ask("POST", "/predict", ask), range(200)))
    assert all(status == 200 and told["predictions"] == [0, 1] for status, told in answers)


def test_a_connection_is_kept_and_serves_after_errors(server: Server) -> None:
    connection = HTTPConnection("127.0.0.1", server.port, timeout=10)
    for body, expected in ((b"{", 400), (b'{"model_type": "nix"}', 404), (b"x" * 100_000, 400)):
        connection.request("POST", "/list", body, server.headers)
        answer = connection.getresponse()
        assert answer.status == expected
        assert answer.headers["Connection"] == "keep-alive"
        answer.read()
    connection.close()


def test_a_body_over_the_limit_gets_its_answer_while_it_is_sent(tmp_path: Path) -> None:
    running = start_server(tmp_path / "log", FITSERVE_MAX_CONTENT_LENGTH="100000")
    try:
        for path in ("/register", "/listtypes"):
            status, told = running.ask("POST", path, b"[" + b" " * 3_000_000)
            assert status in (413, 405)
            assert path == "/listtypes" or "FITSERVE_MAX_CONTENT_LENGTH" in told["detail"]
        running.headers["Connection"] = "close"
        assert running.ask("POST", "/register", b"[" + b" " * 30_000_000)[0] == 413
        assert running.ask("POST", "/nix", b"[" + b" " * 30_000_000)[0] == 404
        assert running.ask("GET", "/health")[0] == 200
    finally:
        running.process.terminate()
        assert running.process.wait(timeout=40) == 0


def test_a_graceful_stop_lets_requests_in_flight_finish(tmp_path: Path) -> None:
    running = start_server(tmp_path / "log")
    body = json.dumps(registration(1)).encode()
    connection = HTTPConnection("127.0.0.1", running.port, timeout=20)
    connection.putrequest("POST", "/register")
    connection.putheader("Content-Type", "application/json")
    connection.putheader("Content-Length", str(len(body)))
    connection.endheaders(body[:20])
    time.sleep(0.3)  # the server is reading the body by now
    running.process.send_signal(signal.SIGTERM)
    time.sleep(0.3)
    connection.send(body[20:])
    with connection.getresponse() as answer:
        assert answer.status == 201
    connection.close()
    assert running.process.wait(timeout=40) == 0


DEAF = """
import signal
from fitserve.serving import worker

class Worker(worker.Worker):
    def init_signals(self):
        super().init_signals()
        for number in (signal.SIGTERM, signal.SIGQUIT):
            signal.signal(number, signal.SIG_IGN)
"""


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_worker_that_does_not_hear_the_signal_stops_too(
    tmp_path: Path, number: signal.Signals
) -> None:
    """One that was started just now, say."""
    (tmp_path / "deaf.py").write_text(DEAF)
    server = start_server(
        tmp_path / "log",
        GUNICORN_CMD_ARGS="--worker-class=deaf.Worker",
        PYTHONPATH=f"{ROOT / 'src'}:{tmp_path}",
    )
    server.process.send_signal(number)
    assert server.process.wait(timeout=20) == 0
    assert "SIGKILL" not in server.log.read_text()


def test_a_worker_leaves_ctrl_c_to_the_master(tmp_path: Path) -> None:
    running = start_server(tmp_path / "log", WEB_CONCURRENCY="1")
    master = running.process.pid
    children = Path(f"/proc/{master}/task/{master}/children")
    if not children.exists():
        running.process.kill()
        pytest.skip("the worker's process is found by /proc")
    worker = int(children.read_text())
    os.kill(worker, signal.SIGINT)
    assert running.ask("GET", "/health")[0] == 200
    assert int(children.read_text()) == worker
    os.killpg(master, signal.SIGINT)
    assert running.process.wait(timeout=20) == 0
    assert "SIGKILL" not in running.log.read_text()


@pytest.mark.parametrize(
    ("name", "value", "says"),
    [
        ("FITSERVE_MAX_CONTENT_LENGTH", "many", "not the text 'many'; or leave it unset"),
        ("FITSERVE_MAX_CONTENT_LENGTH", "0", "at least 1 is needed, not the number 0"),
        ("FITSERVE_MAX_CONTENT_LENGHT", "1000", "there is no such setting"),
        ("PORT", "http", "from 0 to 65535 is needed, not the text 'http'"),
        ("PORT", "70000", "from 0 to 65535 is needed"),
        ("WEB_CONCURRENCY", "0", "a whole number from 1 to 256 is needed, not the text '0'; or"),
        ("WEB_CONCURRENCY", "two", "from 1 to 256 is needed, not the text 'two'; or leave it un"),
        ("WEB_CONCURRENCY", "1.5", "from 1 to 256 is needed"),
        ("WEB_CONCURRENCY", "", "from 1 to 256 is needed"),
        ("HOST", "", "leave it unset"),
        ("HOST", "nowhere.invalid", "there is no address 'nowhere.invalid'"),
        ("HOST", "192.0.2.1", "192.0.2.1 is no address of this machine"),
        ("FITSERVE_READ_KEYS", "", ""),
        ("FITSERVE_WRITE_KEYS", "sha256:0", ""),
        (
            "FITSERVE_STORE",
            "/data/models.db",
            "a URL is needed, not '/data/models.db'; write sqlite:////data/models.db",
        ),
        (
            "FITSERVE_STORE",
            "sqlite://",
            "fitserve.sqlite3; or write memory",
        ),
        ("FITSERVE_STORE", "mysql://localhost/models", "there is no store for mysql"),
        ("FITSERVE_CACHE_MB", "-1", "at least 1 is needed"),
    ],
)
def test_a_wrong_setting_stops_the_start(
    name: str, value: str, says: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PORT", str(free_port()))
    monkeypatch.setenv(name, value)
    with pytest.raises(SettingError) as caught:
        look_as_a_start_does()
    line = str(caught.value)
    assert line.startswith(f"fitserve: the setting {name} is wrong: ")
    assert says in line
    assert "\n" not in line


def look_as_a_start_does() -> None:
    config.Server.load(dict(os.environ)).refuse_elsewhere()
    settings = Settings.load()
    open_keys(settings)
    prepare_store(settings)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("FITSERVE_MAX_CONTENT_LENGTH", "many"),
        ("FITSERVE_READ_KEYS", ""),
        ("FITSERVE_STORE", "/data/models.db"),
        ("HOST", "nowhere.invalid"),
        ("PORT", "http"),
        ("WEB_CONCURRENCY", "two"),
    ],
)
def test_a_start_that_stops_writes_one_line(name: str, value: str) -> None:
    line = start_refused(**{"PORT": str(free_port()), name: value})
    assert line.startswith(f"fitserve: the setting {name} is wrong: ")


@pytest.mark.parametrize(
    ("place", "says"),
    [
        (".", "is a folder; name a file in it, as in sqlite:////"),
        ("text", "is another file than a database of SQLite; name one that is to be made"),
        ("text/x.sqlite3", "is no folder; name a file in one"),
        ("pipe", "is no file; name one that is to be made"),
    ],
)
def test_a_place_where_no_store_can_be_stops_the_start(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], place: str, says: str
) -> None:
    (tmp_path / "text").write_text("no database\n")
    os.mkfifo(tmp_path / "pipe")
    url = f"sqlite:///{tmp_path / place}"
    if place == ".":
        line = start_refused(PORT=str(free_port()), FITSERVE_STORE=url)
        assert line.startswith("fitserve: the setting FITSERVE_STORE is wrong: ")
        assert says in line
    with pytest.raises(SettingError) as caught:
        prepare_store(Settings(store=url))
    assert f"FITSERVE_STORE is wrong: {tmp_path}" in str(caught.value)
    assert says in str(caught.value)
    judge(str(caught.value))
    assert main(["copy", url, "sqlite:///new"]) == 2
    assert says.partition(";")[0] in capsys.readouterr().err
    assert not (tmp_path / "new").exists()


def test_a_store_that_may_not_be_written_stops_the_start(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "access", lambda place, _: place != tmp_path)
    with pytest.raises(SettingError, match="may not be read and written by who runs this; allow"):
        prepare_store(Settings(store=f"sqlite:///{tmp_path / 'store'}"))


def test_a_store_may_be_an_empty_file_or_none_yet(tmp_path: Path) -> None:
    (tmp_path / "empty").touch()
    for place in ("empty", "empty", "new", "not/there/yet"):
        prepare_store(Settings(store=f"sqlite:///{tmp_path / place}"))
    assert (tmp_path / "empty").stat().st_size > 0
    assert (tmp_path / "new").stat().st_size > 0


def test_a_port_that_is_taken_stops_the_start_with_one_line() -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = str(other.getsockname()[1])
        assert f"PORT is wrong: {port} is taken" in start_refused(PORT=port)


def start_refused(**environment: str) -> str:
    """The one line of a start that ends at once."""
    settings = {
        "PYTHONPATH": str(ROOT / "src"),
        "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
    }
    done = subprocess.run(
        [sys.executable, "-m", "fitserve", "serve"],
        env=os.environ | settings | environment,
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )
    assert done.returncode != 0
    lines = (done.stdout + done.stderr).strip().splitlines()
    assert len(lines) == 1, lines
    return lines[0]
