"""Requests as bytes, and the answers as they come."""

import json
import socket
from collections.abc import Iterable
from typing import Any, NamedTuple

from tests.conftest import Server


class Answer(NamedTuple):
    status: int
    headers: dict[str, str]
    body: bytes

    def problem(self) -> Any:
        assert self.headers["content-type"] == "application/problem+json"
        told = json.loads(self.body)
        assert told["status"] == self.status
        assert told["type"].startswith("/problems/")
        assert told["title"]
        assert told["detail"].endswith(".")
        return told


def connect(server: Server) -> socket.socket:
    return socket.create_connection(("127.0.0.1", server.port), timeout=20)


def talk(server: Server, parts: Iterable[bytes], *, half_close: bool = False) -> list[Answer]:
    """Send the parts one by one, and read until the server closes."""
    with connect(server) as connection:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for part in parts:
            connection.sendall(part)
        if half_close:
            connection.shutdown(socket.SHUT_WR)
        return answers(everything(connection))


def everything(connection: socket.socket) -> bytes:
    said = b""
    while part := connection.recv(65536):
        said += part
    return said


def answers(said: bytes, bodiless: bool = False) -> list[Answer]:
    found = []
    while said:
        head, end, said = said.partition(b"\r\n\r\n")
        assert end, f"half an answer: {head!r}"
        first, *lines = head.decode("latin-1").split("\r\n")
        headers = {name.lower(): value for name, value in (line.split(": ", 1) for line in lines)}
        length = 0 if bodiless else int(headers.get("content-length", 0))
        assert len(said) >= length, "half a body"
        found.append(Answer(int(first.split(" ")[1]), headers, said[:length]))
        said = said[length:]
    return found


def post(path: str, body: bytes, *fields: str) -> bytes:
    lines = [f"POST {path} HTTP/1.1", "Host: localhost", "Content-Type: application/json", *fields]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


def sized(path: str, body: bytes, *fields: str) -> bytes:
    return post(path, body, f"Content-Length: {len(body)}", *fields)


def chunked(path: str, body: bytes, *fields: str) -> bytes:
    return post(path, body, "Transfer-Encoding: chunked", *fields)
