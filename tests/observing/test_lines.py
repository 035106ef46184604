"""Lines for programs, and for people."""

import json
import logging
import os
import pty
from collections.abc import Iterator
from typing import TextIO

import pytest

from fitserve.observing.lines import FACTS, RequestLines, formatter

REQUEST = {
    "method": "POST",
    "route": "/predict",
    "status": 200,
    "ms": 1.5,
    "bytes": 57,
    "request_id": "abc",
    "model": "knn/1",
    "key": None,
}


@pytest.fixture
def terminal() -> Iterator[tuple[TextIO, int]]:
    master, slave = pty.openpty()
    with os.fdopen(slave, "w") as stream:
        yield stream, master
    os.close(master)


def record(message: str, **facts: object) -> logging.LogRecord:
    made = logging.LogRecord("fitserve.there", logging.WARNING, "", 0, message, (), None)
    vars(made)[FACTS] = facts
    return made


def test_a_request_is_one_line_of_json() -> None:
    source, sink = os.pipe()
    with os.fdopen(sink, "w") as stream:
        RequestLines(stream).write(dict(REQUEST))
    with os.fdopen(source) as said:
        (line,) = said.read().splitlines()
    told = json.loads(line)
    assert told.pop("time").endswith("Z")
    assert told == {name: value for name, value in REQUEST.items() if value is not None}


def test_in_a_terminal_it_is_words(terminal: tuple[TextIO, int]) -> None:
    stream, master = terminal
    RequestLines(stream).write(dict(REQUEST))
    said = os.read(master, 1000).decode()
    assert said.endswith("POST   /predict 200 1.5 ms 57 bytes request_id=abc model=knn/1\r\n")


def test_a_log_that_cannot_be_written_is_no_reason_to_fail() -> None:
    source, sink = os.pipe()
    os.close(source)
    with os.fdopen(sink, "w") as stream:
        lines = RequestLines(stream)
        lines.write(dict(REQUEST))  # nobody reads
    lines.write(dict(REQUEST))  # closed


def test_a_message_is_one_line_of_json_whatever_is_in_it() -> None:
    made = record("no\nline\x1b[2J", cause='a "word"')
    made.exc_info = (ValueError, ValueError("of\ntwo"), None)
    with open(os.devnull, "w") as stream:
        line = formatter(stream).format(made)
    assert "\n" not in line
    assert "\x1b" not in line
    told = json.loads(line)
    assert (told["message"], told["cause"]) == ("no\nline\x1b[2J", 'a "word"')
    assert told["level"] == "warning"
    assert "ValueError" in told["exception"]


def test_in_a_terminal_a_message_commands_nothing(terminal: tuple[TextIO, int]) -> None:
    stream, _ = terminal
    line = formatter(stream).format(record("cleared \x1b[2J", model="knn/1"))
    assert line.endswith("WARNING cleared \\x1b[2J model=knn/1")
