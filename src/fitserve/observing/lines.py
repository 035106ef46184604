"""Lines of the log: JSON for programs, words for whoever looks at a terminal."""

import json
import logging
import os
import time
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any, TextIO

from pydantic_core import to_json

FACTS = "facts"
"""What a message of `logging` tells besides, as `extra={FACTS: {...}}`: members of its line."""


def formatter(stream: TextIO) -> logging.Formatter:
    """How messages are written to the stream."""
    return TextFormatter() if stream.isatty() else JsonFormatter()


class JsonFormatter(logging.Formatter):
    """A message, with whatever it is about, in one line."""

    def format(self, record: logging.LogRecord) -> str:
        told: dict[str, Any] = {
            "time": moment(record.created),
            "level": record.levelname.lower(),
            "logger": record.name,
            "pid": record.process,
            "message": record.getMessage(),
        }
        told |= getattr(record, FACTS, {})
        if record.exc_info:
            told["exception"] = self.formatException(record.exc_info)
        return json.dumps(told)


class TextFormatter(logging.Formatter):
    """The same for people."""

    def __init__(self) -> None:
        super().__init__("%(asctime)s %(levelname)-7s %(message)s", "%H:%M:%S")

    def format(self, record: logging.LogRecord) -> str:
        first, *rest = super().format(record).split("\n")
        first = " ".join([first, *_words(getattr(record, FACTS, {}))])
        # What is not printable might command the terminal.
        return "\n".join(map(_printable, [first, *rest]))


class RequestLines:
    """A line for each request, written at once: what stays in memory is lost with a worker."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._write = self._words if stream.isatty() else self._json

    def write(self, facts: dict[str, Any]) -> None:
        """Write the line. A log that cannot be written does not keep anybody from an answer."""
        with suppress(OSError, ValueError):
            self._write(facts)

    def _json(self, facts: dict[str, Any]) -> None:
        told = {name: value for name, value in facts.items() if value is not None}
        line = to_json({"time": moment(time.time()), **told}) + b"\n"
        os.write(self._stream.fileno(), line)  # one call, so that those of workers do not mix

    def _words(self, facts: dict[str, Any]) -> None:
        first = (
            f"{datetime.now():%H:%M:%S} {facts.pop('method'):6} {facts.pop('route')} "
            f"{facts.pop('status')} {facts.pop('ms')} ms {facts.pop('bytes')} bytes"
        )
        os.write(self._stream.fileno(), " ".join([first, *_words(facts)]).encode() + b"\n")


def moment(seconds: float) -> str:
    """A time as RFC 3339 in UTC, to the millisecond."""
    told = datetime.fromtimestamp(seconds, UTC).isoformat(timespec="milliseconds")
    return told.replace("+00:00", "Z")


def _words(facts: dict[str, Any]) -> list[str]:
    return [f"{name}={value}" for name, value in facts.items() if value is not None]


def _printable(text: str) -> str:
    return "".join(c if c.isprintable() else repr(c)[1:-1] for c in text)
