"""How a server that stops for good closes its port without resetting anybody."""

import ctypes
import select
import socket
import struct
import sys
from collections.abc import Callable
from contextlib import suppress
from typing import Any

_LOOKS = 3  # at a port that seems shut, before that is believed, ...
_LOOK_MS = 20  # ... each so long: on a busy machine even a connection to itself takes some time
_ATTACH_FILTER = 26  # SO_ATTACH_FILTER of Linux, which the socket module does not name, ...
_MIN_TTL, _MIN_HOP_COUNT = 21, 73  # ... nor IP_MINTTL and IPV6_MINHOPCOUNT

# Classic BPF over the TCP header: drop what asks for a new connection (SYN), take all else.
_NO_SYN = (
    (0x30, 0, 0, 13),  # load the byte of flags
    (0x45, 0, 1, 0x02),  # SYN?
    (0x06, 0, 0, 0),  # drop
    (0x06, 0, 0, 0xFFFFFFFF),  # take
)


def take_no_more(listener: Any) -> None:
    """Leave new connections unanswered, while those half made are completed and can be accepted.

    A client that is not answered asks again, a second later, and finds the port closed or the
    next server. One that is connected but not accepted when the port closes would be reset.
    """
    if sys.platform != "linux" or listener.family not in (socket.AF_INET, socket.AF_INET6):
        return
    # Not every container lets its processes filter; hardly anybody is heard who has to come
    # without having passed a router. Where neither is allowed, a stop goes on, and `shut` helps.
    code = ctypes.create_string_buffer(b"".join(struct.pack("HBBI", *step) for step in _NO_SYN))
    program = struct.pack("HL", len(_NO_SYN), ctypes.addressof(code))
    with suppress(OSError):
        listener.setsockopt(socket.SOL_SOCKET, _ATTACH_FILTER, program)
    _hear(listener, 255)


def hear(connection: socket.socket) -> None:
    """A connection that was half made is as hard of hearing as the port is by now."""
    _hear(connection, 0)


def _hear(sock: Any, least: int) -> None:
    """Have a socket heed no packet whose time to live is less; it begins at 64, or 128."""
    if sys.platform == "linux":
        with suppress(OSError):
            sock.setsockopt(socket.IPPROTO_IP, _MIN_TTL, least)
        if sock.family == socket.AF_INET6:
            with suppress(OSError):
                sock.setsockopt(socket.IPPROTO_IPV6, _MIN_HOP_COUNT, least)


def shut(listener: Any, take: Callable[[], bool]) -> None:
    """Close the port with nobody waiting behind it. `take` accepts a connection, if there is one.

    Where the filter works, nobody comes. Where it does not, who connects between the last look
    and the close would be reset, and the look is not short: other threads run meanwhile. So the
    queue is made to hold one connection, and that is our own when the port closes.
    """
    if listener.family in (socket.AF_INET, socket.AF_INET6):
        listener.listen(0)
        looks = 0
        while looks < _LOOKS:
            taken = False
            while take():
                taken = True
            with socket.socket(listener.family) as own:
                own.setblocking(False)
                own.connect_ex(listener.getsockname())
                if _connected(own):
                    listener.close()
                    return
            looks = 0 if taken else looks + 1
    listener.close()


def _connected(sock: socket.socket) -> bool:
    poll = select.poll()
    poll.register(sock, select.POLLOUT)
    return any(not event & (select.POLLERR | select.POLLHUP) for _, event in poll.poll(_LOOK_MS))
