"""HTTP: connections that are kept, bodies that tell how far they are, what may be tried again."""

import os
import selectors
import socket
import time
import weakref
from collections.abc import Callable, Iterator, Mapping
from http import HTTPStatus
from http.client import HTTPConnection, HTTPException, HTTPMessage, HTTPResponse, HTTPSConnection
from io import SEEK_END, BufferedReader
from pathlib import Path
from ssl import SSLError, SSLSocket
from threading import RLock
from typing import Any, BinaryIO, NamedTuple, TextIO

from fitserve.client.address import taken_apart

Upload = Callable[[int, int], object]
"""Told of a body, while it is sent: how many bytes of how many."""
Source = str | os.PathLike[str] | bytes | BinaryIO | TextIO
"""A file's name, its content, or the file, open."""

BLOCK = 128 * 1024  # bytes that are sent at a time; up to that many go with the header
PAUSE = 0.1  # seconds, at least, before what the server was too busy for is tried again

_NO_TLS = ("WRONG_VERSION_NUMBER", "HTTP_REQUEST", "RECORD_LAYER_FAILURE")
"""What OpenSSL's versions call an answer in plain HTTP."""
_GONE = (BrokenPipeError, ConnectionResetError, ConnectionAbortedError)
_GZIP = b"\x1f\x8b"
_BUSY = (HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.SERVICE_UNAVAILABLE)


class NoAnswer(Exception):
    """None came; why, in words."""


class Answer(NamedTuple):
    """What a server said."""

    status: int
    reason: str
    headers: HTTPMessage
    content: bytes


class Body:
    """Bytes to send, as often as need be."""

    def __init__(self, source: Source) -> None:
        self._file: BinaryIO | None = None
        if isinstance(source, str) and "\n" in source:
            raise ValueError("the name of a file is needed, or its content as bytes: text.encode()")
        self._opened = isinstance(source, (str, os.PathLike))
        if isinstance(source, (str, os.PathLike)):
            source = Path(source).open("rb")  # noqa: SIM115
        if isinstance(source, (bytes, bytearray, memoryview)):
            self._content = bytes(source)
        elif isinstance(source, BufferedReader) and source.seekable():
            self._file = source
        elif not callable(getattr(source, "read", None)):
            raise TypeError(
                "a CSV is needed: a file's name, the file, open, or its content as bytes, not "
                f"{type(source).__name__}; rows go by the method without _csv"
            )
        else:
            text = source.read()
            self._content = text.encode() if isinstance(text, str) else text
        if self._file is None:
            self._start, self.size = 0, len(self._content)
        else:
            self._start = self._file.tell()
            self.size = self._file.seek(0, SEEK_END) - self._start

    @property
    def small(self) -> bytes | None:
        """All of it, where that is little."""
        return self._content if self._file is None and self.size <= BLOCK else None

    @property
    def packed(self) -> bool:
        """Whether it is packed by gzip, as a file whose name ends in .gz."""
        if self._file is None:
            return self._content[:2] == _GZIP
        self._file.seek(self._start)
        return self._file.read(2) == _GZIP

    def blocks(self) -> Iterator[bytes | memoryview]:
        """All of it, from the start."""
        if self._file is None:
            whole = memoryview(self._content)
            yield from (whole[at : at + BLOCK] for at in range(0, self.size, BLOCK))
            return
        self._file.seek(self._start)
        left = self.size
        while left and (block := self._file.read(min(BLOCK, left))):
            yield block
            left -= len(block)
        if left:
            raise OSError(f"the file became {left} bytes shorter while it was sent")

    def close(self) -> None:
        if self._opened and self._file is not None:
            self._file.close()


NOTHING = Body(b"")


class Transport:
    """Requests to one server, from any thread and after a fork.

    A connection is kept while nobody uses it, one for each thread that asks at the same time.
    """

    def __init__(self, url: str, key: str | None, timeout: float, patience: float) -> None:
        parts = taken_apart(url)
        if key is not None and not (key.isascii() and key.isprintable()):
            raise ValueError("key: a key of printable ASCII signs is needed, and this has others")
        self.url = url.rstrip("/")
        self._kind = HTTPSConnection if parts.scheme == "https" else HTTPConnection
        self._host, self._port = str(parts.hostname), parts.port
        self._prefix = parts.path.rstrip("/")
        self._headers = {} if key is None else {"Authorization": f"Bearer {key}"}
        self._timeout, self._patience = timeout, patience
        self._idle: list[HTTPConnection] = []
        self._lock = RLock()  # a collection in the middle may end a model, which asks in between
        self._pid = os.getpid()
        weakref.finalize(self, _close, self._idle)

    def close(self) -> None:
        """Close the connections that are kept; the next request opens another."""
        with self._lock:
            _close(self._idle)

    def ask(
        self,
        method: str,
        target: str,
        body: Body = NOTHING,
        headers: Mapping[str, str] | None = None,
        *,
        repeatable: bool = True,
        upload: Upload | None = None,
    ) -> Answer:
        """The answer, whatever it is; raises `NoAnswer`.

        What the server says it was too busy for has changed nothing, and is tried again as long
        as patience lasts. What may have arrived is sent again only where it is `repeatable`.
        """
        deadline = time.monotonic() + self._patience
        while True:
            answer = self._once(method, target, body, headers or {}, repeatable, upload)
            pause = _pause(answer)
            if pause is None or time.monotonic() + pause > deadline:
                return answer
            time.sleep(pause)

    def _once(
        self,
        method: str,
        target: str,
        body: Body,
        headers: Mapping[str, str],
        repeatable: bool,
        upload: Upload | None,
    ) -> Answer:
        connection = self._take()
        try:
            while True:
                kept = connection.sock is not None
                try:
                    return self._exchange(connection, method, target, body, headers, upload)
                except _GONE:
                    connection.close()
                    if not (kept and repeatable):
                        raise
        except (OSError, HTTPException) as error:
            connection.close()
            raise NoAnswer(self._why(error, repeatable)) from error
        except BaseException:  # such as Ctrl-C, in the middle of an answer
            connection.close()
            raise

    def _exchange(
        self,
        connection: HTTPConnection,
        method: str,
        target: str,
        body: Body,
        headers: Mapping[str, str],
        upload: Upload | None,
    ) -> Answer:
        connection.putrequest(method, self._prefix + target, skip_accept_encoding=True)
        for name, value in (self._headers | dict(headers)).items():
            connection.putheader(name, value)
        if body.size or method == "POST":
            connection.putheader("Content-Length", str(body.size))
        whole = True
        if body.small is not None:
            connection.endheaders(body.small)
            if upload is not None:
                upload(body.size, body.size)
        else:
            connection.endheaders()
            whole = _sent(connection.sock, body, upload)
        response: HTTPResponse = connection.getresponse()
        answer = Answer(response.status, response.reason, response.headers, response.read())
        if whole and connection.sock is not None:
            self._give_back(connection)
        else:
            connection.close()
        return answer

    # -------------------------------------------------------------------------- connections

    def _take(self) -> HTTPConnection:
        """A connection that is kept, and that the server has not closed; or a new one."""
        with self._lock:
            if self._pid != os.getpid():  # those are the parent's, who goes on with them
                _close(self._idle)
                self._pid = os.getpid()
            while self._idle:
                connection = self._idle.pop()
                if not _readable(connection.sock):
                    return connection
                connection.close()
        return self._kind(self._host, self._port, timeout=self._timeout)

    def _give_back(self, connection: HTTPConnection) -> None:
        with self._lock:
            self._idle.append(connection)

    def _why(self, error: Exception, repeatable: bool) -> str:
        if isinstance(error, ConnectionRefusedError):
            return (
                f"Nothing answers at {self.url}. Start the server there (fitserve serve), or say "
                "where it is, by url or FITSERVE_URL."
            )
        if isinstance(error, socket.gaierror):
            return f"There is no host {self._host}. Mend url or FITSERVE_URL, which is {self.url}."
        if isinstance(error, SSLError) and error.reason in _NO_TLS:
            plain = self.url.replace("https", "http", 1)
            return (
                f"What answers at {self.url} speaks no TLS: write {plain} as url or FITSERVE_URL."
            )
        why = (
            f"{self.url} has not answered in {self._timeout:g} seconds."
            if isinstance(error, TimeoutError)
            else f"{self.url} gave no answer ({type(error).__name__}: {error})."
        )
        if repeatable:
            return why
        return (
            f"{why} It may have been done: look before you repeat it (`fitserve show TYPE ID`, or "
            "describe in Python)."
        )


def _sent(sock: socket.socket, body: Body, upload: Upload | None) -> bool:
    """Send the body; False where the server has answered, or gone, before it had all of it."""
    sent = 0
    telling = not isinstance(sock, SSLSocket)  # whose own messages can be read at any time
    for block in body.blocks():
        if telling and _readable(sock):  # a body that is not wanted is refused by its header
            return False
        try:
            sock.sendall(block)
        except _GONE:
            return False
        except TimeoutError:
            if telling and _readable(sock):  # it was answered meanwhile, and read no further
                return False
            raise
        sent += len(block)
        if upload is not None:
            upload(sent, body.size)
    return True


def _readable(sock: Any) -> bool:
    """Whether there is something to read, the end being such a thing too."""
    with selectors.DefaultSelector() as selector:
        selector.register(sock, selectors.EVENT_READ)
        return bool(selector.select(0))


def _pause(answer: Answer) -> float | None:
    """After how many seconds to try again; None where that is no use."""
    after = answer.headers.get("Retry-After", "")
    if answer.status not in _BUSY or not after.isdecimal():
        return None
    return max(PAUSE, float(after))


def _close(idle: list[HTTPConnection]) -> None:
    while idle:
        idle.pop().close()
