"""One client's connection. Nothing here ever waits: what a client sends is gathered until a
request is whole, what it is slow to take is kept, and how long it may be at either is known."""

import re
import select
import socket
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum, auto
from time import monotonic
from typing import Any

from gunicorn.http.errors import LimitRequestHeaders, NoMoreData
from gunicorn.http.message import Request
from gunicorn.http.unreader import IterUnreader

from fitserve.errors import FitserveError, MalformedRequest, TooLarge
from fitserve.serving.chunks import Chunks
from fitserve.serving.refusals import RequestTimeout
from fitserve.serving.spool import IN_MEMORY, Spool

HEAD_BYTES = 2**16
READ_BYTES = 2**16
PIECE = 2**16  # of a body or an answer, for each of which a client has its time
HELD_BYTES = 2**16

_HEAD_ENDS = re.compile(rb"\r\n\r\n|(?<!\r)\n")  # a bare LF is for gunicorn's parser to refuse


@dataclass
class Terms:
    """What holds for every connection of a worker."""

    cfg: Any  # gunicorn's
    limit: int  # bytes of a body
    spool: int  # bytes on disk for all workers
    spooled: Callable[[int], None]
    idle: float  # seconds between requests
    head: float = 10.0  # seconds for a header
    piece: float = 10.0  # seconds for each piece of a body or of an answer
    linger: float = 2.0  # seconds without a byte, after the last answer
    longest: float = 10.0  # seconds of that in all

    def hurry(self, seconds: float) -> None:
        self.idle = self.head = self.piece = seconds
        self.linger = self.longest = seconds / 2


class State(Enum):
    READING = auto()
    SENDING = auto()
    LINGERING = auto()  # the last answer is given; the client may still be sending


class BodyAsked(BaseException):
    """The application wants the body of a request that was only shown to it."""


class NotYet:
    """The body of a request that is only shown: who asks, and for what, is in the header."""

    only_shown = True

    def read(self, _size: int = -1) -> bytes:
        raise BodyAsked

    readline = readlines = __iter__ = read


class Connection:
    """Belongs to the loop, but while it is `working` to a thread.

    To gunicorn's `Response` it is the socket.
    """

    def __init__(self, sock: socket.socket, client: Any, server: Any, terms: Terms) -> None:
        self.real = sock  # never waited for: a flag tells each call so, which is one call fewer
        self.client = client
        self.server = server
        self.working = False
        self.watched = False
        """Whether the loop hears of it."""
        self.given = 0.0
        """When a thread got the request to work at, or could have."""
        self.keep = True
        """Whether another request may follow the answer."""
        self._terms = terms
        self._data = bytearray()
        self._searched = 0
        self._count = 0
        self._held = bytearray()
        self._out: Spool | None = None
        self._sent = 0
        self._body: Spool | None = None
        self.next()

    def next(self) -> None:
        """Be ready for another request."""
        self._drop_body()
        self.request: Request | None = None
        self.large = False
        self.ahead = bool(self._data)
        """Whether the client sends this request before it has the answer to the one before."""
        self._chunks: Chunks | None = None
        self._declared = self._missing = 0
        self._expects = self._wanted = False
        self.state = State.READING
        self._begin(self._terms.head if self._data else self._terms.idle)

    def _begin(self, seconds: float) -> None:
        """The client's time for something starts now."""
        self.since = monotonic()
        self._progress(seconds, 0)

    def _progress(self, seconds: float, at: int) -> None:
        self.deadline = monotonic() + seconds
        self._mark = at + PIECE

    # what comes in

    def receive(self) -> bool:
        """Take in what there is; False when the client has ended."""
        try:
            data = self.real.recv(READ_BYTES, socket.MSG_DONTWAIT)
        except (BlockingIOError, InterruptedError):
            return True
        if self.state is State.LINGERING:
            now = monotonic()
            self.deadline = min(now + self._terms.linger, self.since + self._terms.longest)
        elif data:
            if self.idle:
                self._begin(self._terms.head)
            self._data += data
        return bool(data)

    def whole(self) -> bool:
        """Whether a request is here, or enough of it to answer.

        Raises what gunicorn's parser does, FitserveError, and OSError where the disk is full.
        """
        if self.request is None:
            if not self._parse_head():
                return False
            if self._shown_first():
                return True
            self._begin(self._terms.piece)
        if self._body is None:
            self._body = Spool(self._terms.spooled)
        if not self._wanted and self._body.size + len(self._data) > IN_MEMORY:
            self._show()  # nothing goes to disk for those who may not ask
            return True
        if self._chunks is None:
            part = self._data[: self._missing]
            del self._data[: len(part)]
            self._body.write(part)
            self._missing -= len(part)
            ended = not self._missing
        else:
            ended = self._chunks.take(self._data, self._body.write)
        if ended:
            self._complete(self._body)
        elif self._body.size >= self._mark:
            self._progress(self._terms.piece, self._body.size)
        return ended

    def _parse_head(self) -> bool:
        found = _HEAD_ENDS.search(self._data, self._searched)
        if found is None and len(self._data) <= HEAD_BYTES:
            self._searched = max(0, len(self._data) - 3)
            return False
        end = found.end() if found else len(self._data)
        head = bytes(self._data[:end])
        del self._data[:end]
        self._searched = 0
        self._count += 1
        try:
            request = Request(self._terms.cfg, IterUnreader((head,)), self.client, self._count)
        except (NoMoreData, StopIteration):
            raise LimitRequestHeaders("the head is too long") from None
        if end > HEAD_BYTES:
            raise LimitRequestHeaders("the head is too long")
        fields = dict(request.headers)
        if "TRANSFER-ENCODING" in fields:
            self._chunks = Chunks(
                self._terms.limit, lambda lines: request.parse_headers(lines, from_trailer=True)
            )
        self._declared = self._missing = int(fields.get("CONTENT-LENGTH", 0))
        self.large = self._declared > IN_MEMORY or "CONTENT-ENCODING" in fields
        self.request = request
        return True

    def _shown_first(self) -> bool:
        """A body that is large, or that the client only sends when it is asked for, may not be
        wanted at all: the application is shown the header alone."""
        assert self.request is not None
        expects = self.request._expected_100_continue
        self.request._expected_100_continue = False  # or gunicorn would say it by itself
        self._expects = bool(expects and (self._missing or self._chunks) and not self._data)
        if not self._expects and self._declared <= min(IN_MEMORY, self._terms.limit):
            return False
        self._show()
        return True

    def _show(self) -> None:
        assert self.request is not None
        self.request.body = NotYet()
        self.request.force_close()

    @property
    def shown(self) -> bool:
        """Whether it is only shown to the application, which takes no time."""
        return self.request is not None and isinstance(self.request.body, NotYet)

    def wants_body(self) -> None:
        """The application did not answer by the header alone."""
        assert self.request is not None
        if self._declared > self._terms.limit:
            raise TooLarge(self._terms.limit)
        self.request.must_close = False
        self._wanted = True
        if self._expects:
            self.sendall(b"HTTP/1.1 100 Continue\r\n\r\n")
            self.push()
        self.state = State.READING
        self._begin(self._terms.piece)

    def _complete(self, body: Spool) -> None:
        assert self.request is not None
        body.file.seek(0)
        self.request.body = body.file
        self.large = self.large or body.on_disk
        if self._chunks is not None:  # to the application all bodies are alike
            self.request.headers = [
                ("CONTENT-LENGTH", str(body.size)) if name == "TRANSFER-ENCODING" else (name, value)
                for name, value in self.request.headers
            ]

    # what goes out, as gunicorn's Response sends it

    def sendall(self, data: bytes) -> None:
        """The head and a short body leave together, when the answer is complete."""
        if len(self._held) + len(data) <= HELD_BYTES:
            self._held += data
        else:
            self.push(data)

    def push(self, more: bytes = b"") -> None:
        """Send what is held, and keep what the client does not take now."""
        parts = [memoryview(part) for part in (bytes(self._held), more) if part]
        self._held.clear()
        if self._out is None and parts:
            if more:  # so that the loop hears of each piece that a slow client takes
                self._send_by_pieces()
            try:
                sent = self.real.sendmsg(parts, (), socket.MSG_DONTWAIT)
            except (BlockingIOError, InterruptedError):
                sent = 0
            while parts and sent >= len(parts[0]):
                sent -= len(parts.pop(0))
            if not parts:
                return
            parts[0] = parts[0][sent:]
            self._out = Spool(self._terms.spooled)
            self._sent = 0
        for part in parts:
            assert self._out is not None
            self._out.write(part)

    def _send_by_pieces(self) -> None:
        if self.real.family != socket.AF_UNIX and hasattr(socket, "TCP_NOTSENT_LOWAT"):
            self.real.setsockopt(socket.IPPROTO_TCP, socket.TCP_NOTSENT_LOWAT, PIECE)

    @property
    def unsent(self) -> bool:
        return self._out is not None

    def flush(self) -> bool:
        """Send more of what was kept; whether all of it is gone."""
        if self._out is None:
            return True
        try:
            piece = self._out.read(self._sent, READ_BYTES)
            self._sent += self.real.send(piece, socket.MSG_DONTWAIT)
        except (BlockingIOError, InterruptedError):
            return False
        if self._sent >= self._mark:
            self._progress(self._terms.piece, self._sent)
        if self._sent < self._out.size:
            return False
        self._drop_out()
        return True

    def send_slowly(self) -> None:
        self.state = State.SENDING
        self._begin(self._terms.piece)

    @property
    def sock(self) -> "Connection":
        """Not kept: a flood of circles would have the interpreter look for them, and all wait."""
        return self

    def gettimeout(self) -> float:
        return 0.0

    def shutdown(self, _how: int) -> None:
        raise OSError("it is for the loop to close")

    def close(self) -> None:
        """gunicorn would close what broke off; the loop does."""

    # whose turn it is

    @property
    def idle(self) -> bool:
        return self.state is State.READING and self.request is None and not self._data

    @property
    def pending(self) -> bool:
        """Whether bytes of a next request are here already."""
        return bool(self._data)

    @property
    def on_disk(self) -> bool:
        return any(spool is not None and spool.on_disk for spool in (self._body, self._out))

    @property
    def rank(self) -> int:
        """Who has to make room first, where there is too little."""
        if self.state is State.LINGERING or self.idle:
            return 0
        return 1 if self.state is State.READING else 2

    def late(self) -> FitserveError | None:
        """What to tell the client whose time is over, if anything."""
        if self.state is not State.READING or self.idle:
            return None
        if self.request is None:
            return RequestTimeout("header", self._terms.head)
        return RequestTimeout(f"next {PIECE // 1024} KiB of the body", self._terms.piece)

    def broken_off(self) -> FitserveError | None:
        """What to tell the client that ended in the middle of something."""
        if self.request is None:  # most such clients are gone; many may be
            return None
        sent = self._body.size if self._body else 0
        return MalformedRequest.incomplete(sent, None if self._chunks else self._declared)

    def readable(self, milliseconds: int) -> bool:
        """Whether there is something to receive within so short a time."""
        poll = select.poll()
        poll.register(self.real, select.POLLIN)
        return bool(poll.poll(milliseconds))

    def gone(self) -> bool:
        """Whether the client has ended, or half ended, its side."""
        poll = select.poll()
        poll.register(self.real, getattr(select, "POLLRDHUP", 0))
        return bool(poll.poll(0))

    def linger(self) -> None:
        """Say that the last answer is given, and listen until the client closes too: what it
        sends to a closed connection would reset it, and the answer might be lost with that."""
        self.state = State.LINGERING
        self._data.clear()
        self._drop_body()
        self._begin(self._terms.linger)
        self.real.shutdown(socket.SHUT_WR)

    def end(self) -> None:
        self._drop_body()
        self._drop_out()
        self.real.close()

    def _drop_body(self) -> None:
        body, self._body = self._body, None
        if body is not None:
            body.close()

    def _drop_out(self) -> None:
        out, self._out = self._out, None
        if out is not None:
            out.close()
