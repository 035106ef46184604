"""The line that says how far a training is, and Ctrl-C, in a terminal."""

import os
import pty
import re
import select
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from http.client import HTTPConnection
from pathlib import Path

import pytest

from fitserve.cli import progress
from tests.conftest import ROOT, Server

ENDLESS = ["--set", "learning_rate=1e-9", "--set", "max_iter=100000000", "--set", "tol=1e-300"]


def _heed_ctrl_c() -> None:
    """As a terminal's commands do, also where these tests run behind another."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


class Terminal:
    """A command in a terminal of its own."""

    def __init__(self, port: int, *words: str, stdin: bool = True) -> None:
        self.screen = ""
        self._end, there = pty.openpty()
        self.process = subprocess.Popen(
            [sys.executable, "-m", "fitserve", *words],
            env=os.environ
            | {"PYTHONPATH": str(ROOT / "src"), "FITSERVE_URL": f"http://127.0.0.1:{port}"},
            stdin=there if stdin else subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=there,
            start_new_session=True,
            preexec_fn=_heed_ctrl_c,
        )
        os.close(there)

    def until(self, pattern: str) -> str:
        """What is on the screen as soon as it has this."""
        deadline = time.monotonic() + 30
        while not re.search(pattern, self.screen):
            assert time.monotonic() < deadline, self.screen
            self._read(0.1)
        return self.screen

    def _read(self, seconds: float) -> None:
        if select.select([self._end], [], [], seconds)[0]:
            self.screen += os.read(self._end, 65536).decode()

    def type(self, text: str) -> None:
        self.screen = ""
        os.write(self._end, text.encode())

    def interrupt(self) -> None:
        """Ctrl-C, again until something comes of it: one between two system calls is lost."""
        self.screen = ""
        while not self.screen and self.process.poll() is None:
            self.process.send_signal(signal.SIGINT)
            self._read(2.0)

    def end(self) -> int:
        """The exit code."""
        code = self.process.wait(timeout=30)
        if self._end >= 0:
            os.close(self._end)
            self._end = -1
        return code


Start = Callable[..., Terminal]


@pytest.fixture
def table(tmp_path: Path) -> str:
    file = tmp_path / "rows.csv"
    file.write_text("a,b,y\n" + "1,2,0.5\n3,4,1\n5,7,3\n" * 20)
    return str(file)


@pytest.fixture
def endless(served: Server) -> Iterator[None]:
    """What is trained without an end ends with the test."""
    yield
    connection = HTTPConnection("127.0.0.1", served.port, timeout=30)
    for model_id in (400, 401):
        connection.request("DELETE", f"/models/linear_regression/{model_id}")
        connection.getresponse().read()
    connection.close()


@pytest.fixture
def start(served: Server, table: str) -> Iterator[Start]:
    """Begin a training in a terminal; at the end of the test it is gone."""
    begun: list[Terminal] = []

    def begin(model_id: int, stdin: bool = True) -> Terminal:
        words = ["register", "linear_regression", str(model_id), table, "--target", "y", *ENDLESS]
        begun.append(Terminal(served.port, *words, stdin=stdin))
        return begun[-1]

    yield begin
    for terminal in begun:
        terminal.process.kill()
        terminal.end()


@pytest.mark.usefixtures("endless")
def test_ctrl_c_asks_what_becomes_of_the_training(served: Server, start: Start) -> None:
    terminal = start(400)
    terminal.until(r"training  \[\.{30}\]   0%  0:0\d  loss [\d.]+")
    terminal.interrupt()
    screen = terminal.until(r"Cancel the training, leave it to the server, or wait on\? .*: ")
    assert "\r\x1b[K" in screen  # the line is gone
    terminal.type("n\n")
    terminal.until("'n' is none of these: type c or cancel, l or leave, w or wait")
    terminal.type("w\n")
    terminal.until(r"training  \[")
    terminal.interrupt()
    terminal.until(r"wait on\?")
    terminal.type("Cancel\n")
    terminal.until("The training of linear_regression 400 is cancelled; the id is free again.")
    assert terminal.end() == 130
    assert served.ask("GET", "/models/linear_regression/400")[0] == 404


@pytest.mark.usefixtures("endless")
@pytest.mark.parametrize("stdin", [True, False])
def test_ctrl_c_may_leave_the_training_to_the_server(
    stdin: bool, served: Server, start: Start
) -> None:
    terminal = start(401, stdin)
    terminal.until(r"training  \[")
    terminal.interrupt()
    if stdin:
        terminal.until(r"wait on\?")
        terminal.interrupt()
    terminal.until("`fitserve show linear_regression 401` tells how far it is")
    assert terminal.end() == 130
    assert served.ask("GET", "/models/linear_regression/401")[1]["status"] == "training"


def test_what_is_no_terminal_gets_no_line(capsys: pytest.CaptureFixture[str]) -> None:
    now = [100.0]
    with progress.Line(lambda: now[0]) as line:
        now[0] += 10
        line.uploading(3, 12)
        now[0] += 10
        line.training({"status": "training", "started": "now", "progress": 0.5})
    assert capsys.readouterr().err == ""


def test_the_line(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    now = [100.0]
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True, raising=False)
    monkeypatch.setenv("COLUMNS", "80")

    def shown() -> str:
        return capsys.readouterr().err.replace("\x1b[K", "").replace("\r", "\n").strip()

    with progress.Line(lambda: now[0]) as line:
        line.uploading(1, 10)
        assert shown() == ""  # at first it waits whether it is quick
        now[0] += 1
        line.uploading(3 * 2**20, 12 * 2**20)
        line.uploading(4 * 2**20, 12 * 2**20)
        assert shown() == "sending  [########......................]  25%  3.0 MiB of 12.0 MiB"
        line.uploading(12 * 2**20, 12 * 2**20)
        assert shown() == "the server reads it"
        now[0] += 1
        line.training({"status": "training", "started": None, "place": 3})
        assert shown() == "waits for its turn, place 3 in the queue  0:02"
        now[0] += 1
        line.training({"status": "training", "started": "now", "progress": 0.01, "loss": 0.5})
        assert shown() == "training  [..............................]   1%  0:03  loss 0.5"
        now[0] += 60
        line.training({"status": "training", "started": "now", "progress": 0.5})
        assert shown() == "training  [###############...............]  50%  1:03  1:00 left at most"
        now[0] += 1
        line.training({"status": "training", "started": "now", "progress": None, "loss": None})
        assert shown() == "training  1:04"
        monkeypatch.setenv("COLUMNS", "12")
        now[0] += 1
        line.training({"status": "training", "started": "now", "progress": 0.5})
        assert shown() == "training  ["
    assert capsys.readouterr().err == "\r\x1b[K"
