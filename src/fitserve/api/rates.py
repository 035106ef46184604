"""How many requests a minute a client may send, counted over all workers of a server.

A sliding window out of two counts: those of this minute, and of the last one as far as it still
reaches into the last sixty seconds. The counts are in memory that the workers share. Each writes
its own row only, so that none waits for another, and one that is killed leaves nothing locked; in
return as many requests too many may pass as are under way at that moment.
"""

import math
import mmap
import secrets
import time
from contextlib import suppress
from hashlib import blake2b
from ipaddress import IPv6Address
from threading import Lock
from typing import Any

from flask import Flask, g, request

from fitserve.api.keys import Access, caller, declared_now
from fitserve.errors import RateLimited

MINUTE = 60
CLIENTS = 4096  # that a row has places for
_PLACE = 4  # who, which minute, requests in it, requests in the one before


class Counts:
    """The rows: made once, before there are workers."""

    def __init__(self, rows: int = 1) -> None:
        self.rows = rows
        self.table: Any = memoryview(mmap.mmap(-1, 8 * _PLACE * CLIENTS * rows)).cast("Q")
        self.salt = secrets.token_bytes(16)  # nobody chooses with whom he shares a place


class Rates:
    """Counts the requests of one process, and knows of those of the others."""

    def __init__(self, most: int) -> None:
        self.most = most
        self._lock = Lock()
        self.join(Counts(), 0)

    def join(self, counts: Counts, row: int) -> None:
        """Count in this row of a table that others count in, too."""
        self._counts, self._row = counts, row

    def wait(self, client: str, *, count: bool, now: float | None = None) -> int | None:
        """Seconds after which the client may ask again, or None where it may now: and then one
        request more is counted, if `count` says so."""
        minute, since = divmod(time.time() if now is None else now, MINUTE)
        who, places = self._places(client)
        current, last = self._of_all(who, places, int(minute))
        if current + last * (1 - since / MINUTE) >= self.most:
            return self._until(current, last, since)
        if count:
            with self._lock:
                self._count(who, places, int(minute))
        return None

    def _until(self, current: int, last: int, since: float) -> int:
        if current >= self.most:  # when enough of this minute lies more than sixty seconds back
            return math.ceil(2 * MINUTE - since - MINUTE * self.most / current) + 1
        return max(1, math.ceil(MINUTE * (1 - (self.most - current) / last) - since) + 1)

    def _places(self, client: str) -> tuple[int, tuple[int, int]]:
        digest = blake2b(client.encode(), digest_size=16, key=self._counts.salt).digest()
        first, second = int.from_bytes(digest[8:12]), int.from_bytes(digest[12:])
        return int.from_bytes(digest[:8]) or 1, (first % CLIENTS, second % CLIENTS)

    def _of_all(self, who: int, places: tuple[int, int], minute: int) -> tuple[int, int]:
        """The client's requests of this minute and of the last, by all workers."""
        current = last = 0
        table, width = self._counts.table, CLIENTS * _PLACE
        for start in range(0, width * self._counts.rows, width):
            for place in places:
                at = start + place * _PLACE
                if table[at] == who:
                    _, then, now, before = table[at : at + _PLACE].tolist()
                    current += now if then == minute else 0
                    last += before if then == minute else now if then == minute - 1 else 0
                    break
        return current, last

    def _count(self, who: int, places: tuple[int, int], minute: int) -> None:
        table = self._counts.table
        ats = [(self._row * CLIENTS + place) * _PLACE for place in places]
        at = next((at for at in ats if table[at] == who), None)
        if at is None:  # the place of who was here longer ago, or has asked less
            at = min(ats, key=lambda at: (table[at + 1], table[at + 2]))
            table[at + 1] = table[at + 2] = table[at + 3] = 0
            table[at] = who
        if table[at + 1] != minute:
            table[at + 3] = table[at + 2] if table[at + 1] == minute - 1 else 0
            table[at + 2] = 0
            table[at + 1] = minute
        table[at + 2] += 1


def init_app(app: Flask, rates: Rates) -> None:
    """Count what is asked, by key or address; what is open to all is not counted."""
    views = app.view_functions

    def check() -> None:
        endpoint = request.endpoint
        if endpoint is not None and declared_now(views[endpoint]) is Access.OPEN:
            return
        # One that is only shown comes again, with its body.
        shown = getattr(request.environ["wsgi.input"], "only_shown", False)
        wait = rates.wait(client(), count=not shown)
        if wait is not None:
            raise RateLimited(rates.most, wait)

    app.before_request(check)
    app.extensions["fitserve.rates"] = rates


def client() -> str:
    """Who asks; of an IPv6 address the network, which has many."""
    if g.key_name is None and ":" in (request.remote_addr or ""):
        with suppress(ValueError):  # a proxy may write what it likes
            address = IPv6Address(request.remote_addr)
            return f"network {int(address) >> 64:x}"
    return caller()
