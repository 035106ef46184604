"""How far something is, in one line of the terminal that is written anew; where standard error
goes elsewhere, nothing."""

import shutil
import sys
import time
from collections.abc import Callable, Mapping
from types import TracebackType
from typing import Any, Self

BAR = 30
AT_FIRST = 0.3  # seconds in which nothing is said: what is quick needs no line
BETWEEN = 0.1
FORESEEN = 0.05  # share of a training from which on the rest is foreseen


class Line:
    """The line. It is gone at the end of the block."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._live = sys.stderr.isatty()
        self._clock = clock
        self._begun = clock()
        self._next = self._begun + AT_FIRST
        self._trains: float | None = None
        self._written = False

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, _: type[BaseException] | None, __: BaseException | None, ___: TracebackType | None
    ) -> None:
        self.clear()

    def uploading(self, sent: int, total: int) -> None:
        """Of a body, so many bytes are sent."""
        if sent < total:
            self._say(f"sending  {_bar(sent / total)}  {_size(sent)} of {_size(total)}")
        else:
            self._say("the server reads it", now=self._written)

    def training(self, description: Mapping[str, Any]) -> None:
        """A training is as far as its description says."""
        share, loss = description.get("progress"), description.get("loss")
        place = description.get("place")
        if description.get("started") is None:
            waits = "waits for its turn" + (f", place {place} in the queue" if place else "")
            self._say(f"{waits}  {_seconds(self._clock() - self._begun)}")
            return
        self._trains = self._clock() if self._trains is None else self._trains
        parts = ["training", _bar(share) if share is not None else ""]
        parts.append(_seconds(self._clock() - self._begun))
        if share is not None and share >= FORESEEN:
            left = (self._clock() - self._trains) * (1.0 - share) / share
            parts.append(f"{_seconds(left)} left at most")  # it may converge before
        if loss is not None:
            parts.append(f"loss {loss:.6g}")
        self._say("  ".join(filter(None, parts)))

    def clear(self) -> None:
        """Take the line away, for what is to be said instead."""
        if self._written:
            sys.stderr.write("\r\x1b[K")
            sys.stderr.flush()
            self._written = False

    def _say(self, text: str, now: bool = False) -> None:
        if not self._live or (self._clock() < self._next and not now):
            return
        self._next = self._clock() + BETWEEN
        self._written = True  # now, since Ctrl-C may come before the next line
        room = shutil.get_terminal_size().columns - 1
        sys.stderr.write(f"\r{text[:room]}\x1b[K")
        sys.stderr.flush()


def _bar(share: float) -> str:
    full = round(BAR * share)
    return f"[{'#' * full}{'.' * (BAR - full)}] {share:4.0%}"


def _size(n: int) -> str:
    return f"{n / 2**20:.1f} MiB"


def _seconds(seconds: float) -> str:
    minutes, rest = divmod(int(seconds), 60)
    return f"{minutes}:{rest:02d}"
