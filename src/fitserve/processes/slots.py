"""Slots that all workers of a server share, for what takes much memory."""

import fcntl
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from tempfile import TemporaryFile
from time import sleep

LOOK_EVERY = 0.02  # seconds between looks whether one is free


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
        """Wait for a slot and have it; `go_on` is asked now and then, and may raise.

        One process waits for a slot, the others for that one's place: who gives a slot back and
        wants the next would else take it before anybody looks.
        """
        self._take([self._number], go_on)
        try:
            taken = self._take(range(self._number), go_on)
        finally:
            self._give_back(self._number)
        try:
            yield
        finally:
            self._give_back(taken)

    def _take(self, of: Sequence[int], go_on: Callable[[], None]) -> int:
        while True:
            for at in of:
                with suppress(BlockingIOError, PermissionError):  # which of them, POSIX leaves open
                    fcntl.lockf(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB, 1, at)
                    return at
            go_on()
            sleep(LOOK_EVERY)

    def _give_back(self, at: int) -> None:
        fcntl.lockf(self._file, fcntl.LOCK_UN, 1, at)

    def close(self) -> None:
        self._file.close()
