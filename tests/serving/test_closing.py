"""How a port closes: who comes late is left unanswered, and nobody is reset."""

import errno
import socket
from collections.abc import Iterator
from contextlib import suppress

import pytest

from fitserve.serving import closing
from fitserve.serving.closing import hear, shut, take_no_more


class Refusing:
    """A listener in a container that lets nobody filter, in neither way."""

    family = socket.AF_INET6

    def setsockopt(self, *_: object) -> None:
        raise PermissionError(errno.EPERM, "Operation not permitted")


def test_a_stop_goes_on_where_the_port_may_not_be_filtered() -> None:
    take_no_more(Refusing())


@pytest.fixture(params=["127.0.0.1", "::1"])
def listener(request: pytest.FixtureRequest) -> Iterator[socket.socket]:
    family = socket.AF_INET6 if ":" in request.param else socket.AF_INET
    with suppress(OSError), socket.create_server((request.param, 0), family=family) as listener:
        listener.setblocking(False)
        yield listener
        return
    pytest.skip("there is no such address here")


def connects(address: object) -> bool:
    try:
        socket.create_connection(address[:2], 0.2).close()  # type: ignore[index]
    except OSError:
        return False
    return True


@pytest.mark.parametrize("denied", ["_ATTACH_FILTER", "_MIN_TTL", None])
def test_who_comes_late_is_not_answered_and_who_was_there_is(
    listener: socket.socket, denied: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    if denied is not None:
        monkeypatch.setattr(closing, denied, 9999)
    if denied == "_MIN_TTL":
        monkeypatch.setattr(closing, "_MIN_HOP_COUNT", 9999)
    address = listener.getsockname()
    with socket.create_connection(address[:2], 1) as early:
        take_no_more(listener)
        assert not connects(address)
        accepted, _ = listener.accept()
        with accepted:
            hear(accepted)
            early.sendall(b"?")
            accepted.settimeout(5)
            assert accepted.recv(1) == b"?"
    shut(listener, lambda: False)
    assert listener.fileno() == -1


def test_nobody_gets_in_beside_ourselves_where_nothing_may_be_filtered(
    listener: socket.socket, monkeypatch: pytest.MonkeyPatch
) -> None:
    address = listener.getsockname()
    looked = closing._connected
    inside = []

    def look(own: socket.socket) -> bool:
        there = looked(own)
        if there:
            inside.append(connects(address))
        return there

    def take() -> bool:
        with suppress(BlockingIOError):
            listener.accept()[0].close()
            return True
        return False

    monkeypatch.setattr(closing, "_connected", look)
    waiting = [socket.create_connection(address[:2], 1) for _ in range(3)]
    shut(listener, take)
    assert inside == [False]
    for client in waiting:
        assert client.recv(1) == b"", "accepted, and told that it is over"
        client.close()
