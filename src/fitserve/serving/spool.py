"""Bytes that wait for a client or for a thread: a few in memory, many in a file without a name."""

import io
import tempfile
from collections.abc import Callable
from typing import IO

IN_MEMORY = 2**17


class Spool:
    """Raises OSError where the disk is full, or has no more room for files."""

    def __init__(self, spooled: Callable[[int], None]) -> None:
        self.size = 0
        self.on_disk = False
        self.file: IO[bytes] = io.BytesIO()
        self._spooled = spooled
        """Is told how many bytes more, or fewer, are on disk."""

    def write(self, data: bytes | bytearray | memoryview) -> None:
        if not self.on_disk and self.size + len(data) > IN_MEMORY:
            file = tempfile.TemporaryFile(buffering=0)  # noqa: SIM115  # `close` closes it
            held, self.file = self.read(0, self.size), file
            self.on_disk = True
            self._spooled(self.size)
            self._append(held)
        self._append(data)
        self.size += len(data)
        if self.on_disk:
            self._spooled(len(data))

    def _append(self, data: bytes | bytearray | memoryview) -> None:
        left = memoryview(data)
        while left:
            left = left[self.file.write(left) :]

    def read(self, at: int, size: int) -> bytes:
        self.file.seek(at)
        return self.file.read(size)

    def close(self) -> None:
        self.file.close()
        if self.on_disk:
            self._spooled(-self.size)
