"""Where a filter on the port is not allowed, a server still stops."""

import errno
import socket

from fitserve.serving.closing import take_no_more


class Refusing:
    """A listener in a container that lets nobody filter."""

    family = socket.AF_INET

    def setsockopt(self, *_: object) -> None:
        raise PermissionError(errno.EPERM, "Operation not permitted")


def test_a_stop_goes_on_where_the_port_may_not_be_filtered() -> None:
    take_no_more(Refusing())
