"""The chunked transfer coding of RFC 9112, section 7.1, taken apart as it comes."""

import re
from collections.abc import Callable

from gunicorn.http.body import CHUNK_EXT_RE

from fitserve.errors import MalformedRequest, TooLarge, clip

LINE = 2**13
TRAILER = 2**16
MANY = 100_000  # chunks, beyond which they have to have ...
LEAST = 16  # ... bytes on average: each costs the loop about a microsecond

_SIZE = re.compile(rb"([0-9a-fA-F]{1,16})(?:[ \t]*(;.*))?", re.DOTALL)


class Chunks:
    """Of one body, which may have `limit` bytes."""

    def __init__(self, limit: int, check_trailer: Callable[[bytes], object]) -> None:
        self.size = 0
        self.number = 0
        self._limit = limit
        self._check_trailer = check_trailer
        self._left = 0  # of a chunk
        self._open = False  # a chunk's line end is to come
        self._trailer: bytearray | None = None

    def take(self, data: bytearray, write: Callable[[bytearray], None]) -> bool:
        """Take what is there from `data` and write what is the body's; whether it has ended."""
        body = bytearray()
        at = 0
        ended = False
        while not ended:
            if self._left:
                part = data[at : at + self._left]
                body += part
                at += len(part)
                self._left -= len(part)
                if self._left:
                    break
                self._open = True
            if self._open:
                end = bytes(data[at : at + 2])
                if not b"\r\n".startswith(end):
                    raise MalformedRequest(
                        "A chunk of the body is longer than its size says: behind so many bytes "
                        "there must be CR LF."
                    )
                if len(end) < 2:
                    break
                at += 2
                self._open = False
            line = self._line(data, at)
            if line is None:
                break
            at += len(line) + 2
            ended = self._read(line)
        del data[:at]
        if body:
            write(body)
        return ended

    def _line(self, data: bytearray, at: int) -> bytes | None:
        end = data.find(b"\r\n", at)
        if end < 0:
            if data.find(b"\n", at) >= 0:
                raise MalformedRequest("A line of the chunked body ends in LF alone; send CR LF.")
            if len(data) - at > LINE:
                raise MalformedRequest(f"A line of the chunked body has more than {LINE} bytes.")
            return None
        return bytes(data[at:end])

    def _read(self, line: bytes) -> bool:
        """A chunk's size, or a line of the trailer; whether it is the last of all."""
        if self._trailer is not None:
            if line:
                self._trailer += line + b"\r\n"
                if len(self._trailer) > TRAILER:
                    raise MalformedRequest(f"The body's trailer has more than {TRAILER} bytes.")
                return False
            if self._trailer:
                self._check_trailer(bytes(self._trailer[:-2]))
            return True
        found = _SIZE.fullmatch(line)
        if found is None or not CHUNK_EXT_RE.fullmatch(found[2] or b""):
            raise MalformedRequest(
                f"{clip(line.decode('latin-1'), 40)!r} is not the size of a chunk: it is written "
                "in hexadecimal digits, before each chunk, on a line of its own."
            )
        size = int(found[1], 16)
        if not size:
            self._trailer = bytearray()
            return False
        self.size += size
        self.number += 1
        self._left = size
        if self.size > self._limit:
            raise TooLarge(self._limit)
        if self.number > MANY and self.size < LEAST * self.number:
            raise MalformedRequest(
                f"The body comes in {self.number:,} chunks of less than {LEAST} bytes on average; "
                "send larger ones."
            )
        return False
