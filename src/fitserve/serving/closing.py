"""How a server that stops for good closes its port without resetting anybody."""

import ctypes
import socket
import struct
import sys
from contextlib import suppress
from typing import Any

_ATTACH_FILTER = 26  # SO_ATTACH_FILTER of Linux, which the socket module does not name

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
    code = ctypes.create_string_buffer(b"".join(struct.pack("HBBI", *step) for step in _NO_SYN))
    program = struct.pack("HL", len(_NO_SYN), ctypes.addressof(code))
    # Not every container lets its processes filter. A stop goes on without, and resets a few.
    with suppress(OSError):
        listener.setsockopt(socket.SOL_SOCKET, _ATTACH_FILTER, program)
