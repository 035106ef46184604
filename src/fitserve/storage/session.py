"""A database, and what one transaction after another finds out about it."""

import logging
import os
import sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from sqlalchemy import (
    ColumnElement,
    Connection,
    Double,
    cast,
    func,
    literal,
    update,
)
from sqlalchemy.engine import make_url
from sqlalchemy.exc import (
    DataError,
    DBAPIError,
    IntegrityError,
    ProgrammingError,
)
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

from fitserve.errors import (
    StoreFull,
    StoreUnavailable,
)
from fitserve.storage.address import file_of, parse_url
from fitserve.storage.engine import is_full, is_unwritable, make_engine, why_away
from fitserve.storage.files import RESERVE, create_file, inode_of, keep_reserve, log_size
from fitserve.storage.migrations import migrate
from fitserve.storage.store import (
    RESERVED_FOR,
    Condition,
)
from fitserve.storage.tables import counters

log = logging.getLogger(__name__)

_OUR_OWN_FAULTS = (IntegrityError, ProgrammingError, DataError)


class Session:
    """An open database. What it can or cannot do is noticed where it is used."""

    def __init__(self, url: str) -> None:
        self._url, self._given = parse_url(url), make_url(url)
        self._file = file_of(self._url)
        self._engine = make_engine(self._url, self._file)
        self._trouble: Condition = "ok"
        self._said = ""

    def prepare(self, *, create: bool = True) -> None:
        if create and self._file is not None:
            create_file(self._file)
        with self._transaction(write=True) as connection:
            migrate(connection)
        if self._file is not None:
            keep_reserve(self._file)

    @property
    def address(self) -> str:
        """Its URL as it was given, the password left out."""
        return self._given.render_as_string(hide_password=True)

    def close(self) -> None:
        self._engine.dispose()

    def condition(self) -> Condition:
        if self._trouble != "ok":
            with suppress(StoreUnavailable), self._transaction(write=True) as connection:
                connection.execute(  # whether it can be written again is found out by writing
                    update(counters)
                    .where(counters.c.name == "epoch")
                    .values(value=counters.c.value)
                )
        if self._trouble == "ok" and self._file is not None and self._room() < RESERVE:
            return "full"
        return self._trouble

    def _room(self) -> int:
        """Bytes that SQLite can still store: on its disk, and of what was deleted inside its file
        as much as goes through the log."""
        assert self._file is not None
        try:
            disk = os.statvfs(self._file.parent)
            free = disk.f_bavail * disk.f_frsize
            if free < RESERVE:
                free += min(self._deleted(), log_size(self._file))
            elif free > 2 * RESERVE:
                keep_reserve(self._file)
        except (OSError, StoreUnavailable):
            return RESERVE  # that it is out of reach is told elsewhere
        return free

    def _deleted(self) -> int:
        """Bytes inside SQLite's file that hold nothing any more."""
        with self._transaction() as connection:
            pages: int = connection.exec_driver_sql("PRAGMA freelist_count").scalar_one()
            size: int = connection.exec_driver_sql("PRAGMA page_size").scalar_one()
        return pages * size

    def _reuse_log(self) -> None:
        """Write SQLite's log into its file, as far as readers let it, so that the room that the
        log has is there for what comes next."""
        with suppress(DBAPIError, sqlite3.Error), self._engine.connect() as connection:
            driver = connection.connection.driver_connection
            assert driver is not None
            driver.execute("PRAGMA wal_checkpoint(RESTART)")

    def _now(self) -> ColumnElement[float]:
        """Seconds since 1970 by the one clock that all who share the database share."""
        if self._file is not None:
            return literal(time.time())
        return cast(func.extract("epoch", func.clock_timestamp()), Double)

    def _until(self) -> ColumnElement[float]:
        """When a reservation that is made or renewed now ends."""
        return self._now() + RESERVED_FOR

    @contextmanager
    def _transaction(self, *, write: bool = False) -> Iterator[Connection]:
        try:
            with self._engine.connect() as connection:
                connection.execution_options(fitserve_write=write)
                with connection.begin():
                    yield connection
                    if write and self._file is not None:
                        self._refuse_ghost(connection)
            if write:
                self._trouble, self._said = "ok", ""
        except _OUR_OWN_FAULTS:
            raise
        except (DBAPIError, PoolTimeoutError, OSError) as error:
            self._say(why_away(error))
            origin = getattr(error, "orig", None)
            if is_full(origin):
                self._trouble = "full"
                raise StoreFull from error
            if write and is_unwritable(origin):
                self._trouble = "unwritable"
            raise StoreUnavailable from error

    def _say(self, what: str) -> None:
        """Log why the store does not do what it should; once, as long as it stays the same."""
        if what != self._said:
            self._said = what
            log.warning("The store is unavailable: %s", what)

    def _refuse_ghost(self, connection: Connection) -> None:
        """Do not commit into a file that was removed or replaced while it was open."""
        assert self._file is not None
        if connection.connection.info.get("inode") != inode_of(self._file):
            raise OSError(f"the file {self._file.name} was removed or replaced while it was open")
