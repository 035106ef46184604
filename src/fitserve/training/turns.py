"""Turns at what few may do at a time."""

from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Condition

LOOK_EVERY = 0.2  # seconds between looks whether to go on waiting


class Turns:
    """A semaphore for `slots` at a time, in the order in which they came: threading's own lets
    whoever gives a slot back take it again before those that wait."""

    def __init__(self, slots: int) -> None:
        self._free = slots
        self._line: deque[object] = deque()
        self._changed = Condition()

    @property
    def wanted(self) -> bool:
        """Whether somebody waits for a turn."""
        return bool(self._line)

    @contextmanager
    def turn(self, go_on: Callable[[], None] = lambda: None) -> Iterator[None]:
        """Wait for a turn and have it; `go_on` is asked now and then, and may raise."""
        self.take(go_on)
        try:
            yield
        finally:
            self.give()

    def take(self, go_on: Callable[[], None] = lambda: None) -> None:
        ticket = object()
        with self._changed:
            self._line.append(ticket)
            try:
                go_on()
                while not self._free or self._line[0] is not ticket:
                    self._changed.wait(LOOK_EVERY)
                    go_on()
                self._free -= 1
            finally:
                self._line.remove(ticket)
                self._changed.notify_all()

    def take_free(self) -> bool:
        """Take a turn that nobody has and nobody waits for, if there is one."""
        with self._changed:
            if not self._free or self._line:
                return False
            self._free -= 1
            return True

    def give(self) -> None:
        with self._changed:
            self._free += 1
            self._changed.notify_all()
