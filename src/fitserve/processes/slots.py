"""Slots that all workers of a server share, for what takes much memory."""

import fcntl
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from tempfile import TemporaryFile
from time import sleep

LOOK_EVERY = 0.05  # seconds between looks whether one is free


class Slots:
    """So many, made once, before there are workers.

    A slot is a byte of a file, and locked by the process that has it: the kernel gives it back
    however that process ends. So within one process one thread at a time may ask.
    """

    def __init__(self, number: int) -> None:
        self._number = number
        self._file = TemporaryFile()  # noqa: SIM115, it stays open: closing it unlocks

    @contextmanager
    def slot(self, go_on: Callable[[], None]) -> Iterator[None]:
        """Wait for a slot and have it; `go_on` is asked now and then, and may raise."""
        while (taken := self._free()) is None:
            go_on()
            sleep(LOOK_EVERY)
        try:
            yield
        finally:
            fcntl.lockf(self._file, fcntl.LOCK_UN, 1, taken)

    def _free(self) -> int | None:
        for at in range(self._number):
            with suppress(BlockingIOError, PermissionError):  # which of them, POSIX leaves open
                fcntl.lockf(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB, 1, at)
                return at
        return None

    def close(self) -> None:
        self._file.close()
