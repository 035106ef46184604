"""`fitserve copy`: every ready model from one store into another."""

import logging
import re
import socket
import sys
from collections.abc import Sequence
from pathlib import Path

import click

from fitserve.errors import FitserveError, ModelExists, ModelUnreadable, StoreUnavailable
from fitserve.storage import session
from fitserve.storage.address import parse_url, path_as_url, same_place
from fitserve.storage.database import SqlStore
from fitserve.storage.engine import why_away
from fitserve.storage.files import (
    TO_BE_MADE,
    refuse_no_folder,
    refuse_place,
    refuse_source,
    stores_beside,
)
from fitserve.storage.store import Key

PAGE = 500
_SERVER = "postgresql://user:password@HOST:5432/database"
_MENDS = {
    "there is no host": f"write the name or address of your PostgreSQL server, as in {_SERVER}",
    "what listens": "write the host and port of your PostgreSQL server, usually port 5432, as in "
    f"{_SERVER}",
    "the server does not answer": "see that PostgreSQL is what listens there, else write its host "
    f"and port, usually port 5432, as in {_SERVER}",
    "nothing listens": f"start the server, or write the host and port of yours, as in {_SERVER}",
    "the server says: database": "make it with createdb, or name another",
    "the server says: password": f"write the user's name and password, as in {_SERVER}",
    "the server says: role": f"write the name and password of a user it has, as in {_SERVER}",
    "the server says: no password": f"write the user's password, as in {_SERVER}",
    "database disk": TO_BE_MADE,
    "": "see that you may read and write it, and run the command again",
}
"""By how it begins why a store is away, what to do."""
_in_memory = re.compile(r"(?i):?memory:?(//)?|sqlite:(///?)?(:memory:)?").fullmatch
_a_word = re.compile(r"[\w.-]+").fullmatch
_KEPT = {
    "SOURCE": "serve with FITSERVE_STORE=sqlite:///fitserve.sqlite3, and register its models anew",
    "DESTINATION": "name a database, such as sqlite:///fitserve.sqlite3",
}
"""Of the store that is in memory, what to do."""


class Unreachable(FitserveError):
    """Stores that the command was given are not there: which, their addresses, and why."""

    def __init__(self, away: Sequence[tuple[str, str, str]]) -> None:
        self.away = away
        told = (f"The {which} {address}: {why}; {_mend(why)}" for which, address, why in away)
        super().__init__(f"{'. '.join(told)}; nothing was copied.")


def _mend(why: str) -> str:
    return next(mend for begins, mend in _MENDS.items() if why.startswith(begins))


def copy(source: SqlStore, destination: SqlStore) -> int:
    """Copy the models that `destination` does not have; may be run again after it was stopped.

    Each model is whole in `destination` or not there at all. What is there already stays as it
    is. Answers 0, or 1 where a model could not be read.
    """
    try:
        _prepare(source, "source", create=False)
    except Unreachable as error:
        raise Unreachable([*error.away, *_away(destination)]) from None
    _prepare(destination, "destination", create=True)
    copied = there = unreadable = 0
    after: Key | None = None
    while records := source.page(None, after, PAGE):
        after = records[-1].key
        for record in records:
            try:
                stored = source.load(record.key)
                if stored is not None:
                    destination.put(*stored, source.sample(stored[0]))
                    copied += 1
            except ModelExists:
                there += 1
            except ModelUnreadable:
                unreadable += 1
    sys.stdout.write(f"{copied} copied, {there} there already, {unreadable} unreadable\n")
    return 1 if unreadable else 0


def _prepare(store: SqlStore, which: str, *, create: bool) -> None:
    session.log.setLevel(logging.ERROR)  # what it would say of a store that is away is said here
    try:
        store.prepare(create=create)
    except StoreUnavailable as error:
        why = why_away(error.__cause__ or error)
        if why == "the server does not answer":
            why = _of_http(store.address) or why
        raise Unreachable([(which, store.address, why)]) from None
    finally:
        session.log.setLevel(logging.NOTSET)


def _away(destination: SqlStore) -> Sequence[tuple[str, str, str]]:
    """Why the destination is away too, if it is a server's; a file would be made."""
    if parse_url(destination.address).drivername == "sqlite":
        return ()
    try:
        _prepare(destination, "destination", create=False)
    except Unreachable as error:
        return error.away
    return ()


def _of_http(address: str) -> str:
    """That what listens there speaks HTTP, or ''; that waits for a request, and says nothing."""
    url = parse_url(address)
    place = (url.host or "127.0.0.1", url.port or 5432)
    try:
        with socket.create_connection(place, 2) as asked:
            asked.sendall(b"GET / HTTP/1.0\r\n\r\n")
            answer = asked.recv(5)
    except OSError:
        return ""
    port = f"{place[0]}:{place[1]}"
    return f"what listens at {port} speaks HTTP and is no PostgreSQL" if answer == b"HTTP/" else ""


def opened(source: str, destination: str) -> tuple[SqlStore, SqlStore]:
    """The stores at these URLs; each is opened when it is used."""
    stores: list[SqlStore] = []
    wrong: list[click.BadParameter] = []
    for url, which in ((source, "SOURCE"), (destination, "DESTINATION")):
        try:
            stores.append(_opened(url, which))
        except click.BadParameter as error:
            wrong.append(error)
    if wrong:
        raise click.UsageError("\n       ".join(error.format_message() for error in wrong))
    if same_place(source, destination):
        said = "it is the store that is copied; name another, such as sqlite:///copy.sqlite3"
        raise click.BadParameter(said, param_hint="DESTINATION")
    return stores[0], stores[1]


def _opened(url: str, which: str) -> SqlStore:
    if _in_memory(url):
        said = f"a store in memory lives in its server alone, and ends with it; {_KEPT[which]}"
        raise click.BadParameter(said, param_hint=which)
    try:
        place = path_as_url(url)
        if which == "SOURCE":
            refuse_source(place)
        else:
            refuse_place(place)
            refuse_no_folder(place, url)
        return SqlStore(url)
    except ValueError as error:
        said = str(error)
        if _a_word(url) and said.endswith("/database"):
            there = stores_beside(Path(url).absolute()) if which == "SOURCE" else ""
            there = there.replace("write", "here there is")
            made = f"for a file write sqlite:///{url}" if which == "DESTINATION" else ""
            said = "; ".join(filter(None, (said, there, made)))
        raise click.BadParameter(said, param_hint=which) from None
