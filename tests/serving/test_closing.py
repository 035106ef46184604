"""Where a filter on the port is not allowed, a server still stops."""

import errno
import socket
from threading import Thread
from typing import Any

from fitserve.serving.closing import shut, take_no_more


class Refusing:
    """A listener in a container that lets nobody filter."""

    family = socket.AF_INET

    def setsockopt(self, *_: object) -> None:
        raise PermissionError(errno.EPERM, "Operation not permitted")


def test_a_stop_goes_on_where_the_port_may_not_be_filtered() -> None:
    take_no_more(Refusing())


def test_nobody_is_reset_by_a_port_that_closes_without_a_filter() -> None:
    """Clients that ask again at once, on new connections, while the port closes."""
    for _ in range(10):
        listener = socket.create_server(("127.0.0.1", 0), backlog=64)
        address = listener.getsockname()
        listener.setblocking(False)
        lost: list[OSError] = []
        answered = [0] * 8

        def ask(
            number: int,
            address: Any = address,
            lost: list[OSError] = lost,
            answered: list[int] = answered,
        ) -> None:
            while True:
                try:
                    client = socket.create_connection(address, 0.3)
                except OSError:
                    return  # refused or not heard, as is right
                with client:
                    try:
                        client.sendall(b"?")
                        assert client.recv(1) == b"!"
                    except OSError as error:
                        lost.append(error)
                    answered[number] += 1

        def take(listener: socket.socket = listener) -> bool:
            try:
                accepted, _ = listener.accept()
            except BlockingIOError:
                return False
            Thread(target=serve, args=(accepted,)).start()
            return True

        def serve(accepted: socket.socket) -> None:
            with accepted:
                accepted.setblocking(True)
                if accepted.recv(1):
                    accepted.sendall(b"!")

        clients = [Thread(target=ask, args=(n,)) for n in range(8)]
        for client in clients:
            client.start()
        while sum(answered) < 50:
            take()
        shut(listener, take)
        for client in clients:
            client.join()
        assert not lost


def test_a_port_that_is_filtered_closes_as_well() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.setblocking(False)
        take_no_more(listener)
        shut(listener, lambda: False)
        assert listener.fileno() == -1
