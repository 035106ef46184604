"""A pool of connections to a database, and why it does not do what it should."""

import re
import sqlite3
import time
from pathlib import Path
from typing import Any
from urllib.parse import quote

from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.engine import URL
from sqlalchemy.exc import DisconnectionError
from sqlalchemy.pool import QueuePool

from fitserve.storage.files import inode_of

_AWAY = (
    (r"resolve host '([^']*)': \[Errno -3]", r"the host \1 cannot be looked up at the moment"),
    (r"resolve host '([^']*)'", r"there is no host \1"),
    (r'socket "([^"]*)" failed: (?:No such|Connection refused)', r"nothing listens at \1"),
    (r'at "([^"]*:[^"]*)", port (\d+) failed: Connection refused', r"nothing listens at [\1]:\2"),
    (r'server at "([^"]*)".*?, port (\d+) failed: Connection refused', r"nothing listens at \1:\2"),
    (
        r'server at "([^"]*)".*?, port (\d+) failed: received invalid response',
        r"what listens at \1:\2 is no PostgreSQL",
    ),
    (
        r'server at "([^"]*)".*?, port (\d+) failed: (?:server closed|SSL error: unexpected eof)',
        r"what listens at \1:\2 closed the connection",
    ),
    (r"timeout expired|timed out", "the server does not answer"),
    (r"FATAL: +(.*)", r"the server says: \1"),
)
"""By a pattern of what the driver says, how that is said shortly."""
BUSY_SECONDS = 10  # how long a write waits for the writer before it


def make_engine(url: URL, file: Path | None) -> Engine:
    pool = {"pool_size": 4, "max_overflow": 28, "pool_timeout": BUSY_SECONDS}
    if file is None:
        return create_engine(url, pool_pre_ping=True, connect_args={"connect_timeout": 5}, **pool)

    def connect() -> sqlite3.Connection:
        # mode=rw: a file that was removed is not quietly made anew, empty.
        uri = f"file:{quote(str(file))}?mode=rw"
        connection = sqlite3.connect(
            uri, uri=True, timeout=BUSY_SECONDS, check_same_thread=False, isolation_level=None
        )
        _keep_log(connection)
        connection.execute("PRAGMA synchronous = FULL")
        return connection

    engine = create_engine("sqlite://", creator=connect, poolclass=QueuePool, **pool)

    @event.listens_for(engine, "connect")
    def remember(_: sqlite3.Connection, record: Any) -> None:
        record.info["inode"] = inode_of(file)

    @event.listens_for(engine, "checkout")
    def same_file(_: sqlite3.Connection, record: Any, __: Any) -> None:
        if record.info.get("inode") != inode_of(file):
            raise DisconnectionError  # the pool throws it away and connects anew

    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        # A write takes its lock at once: upgrading a read lock can fail however long one waits.
        write = connection.get_execution_options().get("fitserve_write")
        connection.exec_driver_sql("BEGIN IMMEDIATE" if write else "BEGIN")

    return engine


def _keep_log(connection: sqlite3.Connection) -> None:
    """Where several processes open a new file at once, SQLite has this fail instead of wait."""
    until = time.monotonic() + BUSY_SECONDS
    while True:
        try:
            connection.execute("PRAGMA journal_mode = WAL")
            return
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY or time.monotonic() > until:
                raise
        time.sleep(0.01)


def why_away(error: BaseException) -> str:
    """Why a database does not do what it should, in a line: `there is no host db`."""
    origin = getattr(error, "orig", None) or error
    said = str(getattr(origin, "strerror", None) or origin).strip().partition("\n")[0]
    found = ((re.search(pattern, said), why) for pattern, why in _AWAY)
    return next((match.expand(why) for match, why in found if match), said)


def is_full(error: BaseException | None) -> bool:
    """Whether a database had no room for what it was to write."""
    sqlite_code = getattr(error, "sqlite_errorcode", 0)
    return sqlite_code & 0xFF == sqlite3.SQLITE_FULL or getattr(error, "sqlstate", "") == "53100"


def is_unwritable(error: BaseException | None) -> bool:
    """Whether a database can be read, and not written."""
    sqlite_code = getattr(error, "sqlite_errorcode", 0)
    return sqlite_code & 0xFF in (sqlite3.SQLITE_READONLY, sqlite3.SQLITE_IOERR) or (
        getattr(error, "sqlstate", "") == "25006"
    )
