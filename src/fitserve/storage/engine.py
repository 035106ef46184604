"""How a database is reached: what a URL may name, the file of SQLite, a pool of connections."""

import logging
import os
import sqlite3
from contextlib import suppress
from pathlib import Path
from typing import Any
from urllib.parse import quote

from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError, DisconnectionError, NoSuchModuleError
from sqlalchemy.pool import QueuePool

from fitserve.errors import StoreUnavailable

log = logging.getLogger(__name__)

RESERVE = 4 * 2**20
"""Bytes kept free for deletions on a full disk: they too write, into the log, before any room is
made. For a model of 900 MiB that is 1 MB."""
_MAGIC = b"SQLite format 3\0"
BUSY_SECONDS = 10  # how long a write waits for the writer before it


def parse_url(url: str) -> URL:
    """The database that the URL names; `ValueError` says what is wrong, without the password."""
    try:
        parsed = make_url(url)
    except ArgumentError:
        raise ValueError(
            "a URL is needed, such as sqlite:///fitserve.sqlite3 or "
            "postgresql://user:password@host/database"
        ) from None
    if parsed.drivername == "postgresql":
        parsed = parsed.set(drivername="postgresql+psycopg")
    if parsed.drivername not in ("sqlite", "postgresql+psycopg"):
        raise ValueError(f"there is no store for {parsed.drivername}; use sqlite or postgresql")
    if parsed.drivername == "sqlite" and parsed.database in (None, "", ":memory:"):
        raise ValueError("name a file, as in sqlite:///fitserve.sqlite3")
    if parsed.drivername != "sqlite":
        try:
            parsed.get_dialect().import_dbapi()
        except (ImportError, NoSuchModuleError):
            raise ValueError("PostgreSQL needs psycopg: install psycopg[binary]") from None
    return parsed


def file_of(url: URL) -> Path | None:
    return Path(url.database or "").absolute() if url.drivername == "sqlite" else None


def refuse_place(url: str) -> None:
    """Raise `ValueError` if SQLite's file can be no store where the URL has it. A folder that is
    not there is none of that: it may come, as one that is mounted."""
    file = file_of(parse_url(url))
    if file is None or not os.path.exists(file.parent):
        return
    if not file.parent.is_dir():
        raise ValueError(f"{file.parent} is no folder; name a file in one")
    for place, rights in ((file.parent, os.W_OK | os.X_OK), (file, os.R_OK | os.W_OK)):
        if place.exists() and not os.access(place, rights):
            said = f"{place} may not be read and written by who runs this; allow it"
            raise ValueError(f"{said}, or name a file elsewhere")
    if file.is_dir():
        named = str(file / "fitserve.sqlite3").removeprefix("/")
        raise ValueError(f"{file} is a folder; name a file in it, as in sqlite:////{named}")
    if file.exists() and not file.is_file():
        raise ValueError(f"{file} is no file; name one, or one that is to be made")
    if file.exists():
        with file.open("rb") as opened:
            begin = opened.read(len(_MAGIC))
        if begin not in (b"", _MAGIC):
            said = f"{file} is another file than a database of SQLite; name one that is to be made"
            raise ValueError(said)


def create_file(file: Path) -> None:
    """The file, readable by its owner alone: it holds what was learned from people's data."""
    try:
        os.close(os.open(file, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600))
        log.info("Created the store %s", file)
    except FileExistsError:
        pass
    except OSError as error:
        if file.parent.exists():
            log.warning("The store %s cannot be created: %s", file, error.strerror)
        else:
            log.warning(
                "The store waits for its folder %s, which is not there; make it", file.parent
            )
        raise StoreUnavailable from error


def keep_reserve(file: Path) -> None:
    """Keep room on the disk, by a file of nothing beside the store, as long as there is some."""
    try:
        with suppress(FileExistsError):
            reserve = os.open(_reserve(file), os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600)
            try:
                os.posix_fallocate(reserve, 0, RESERVE)
            except BaseException:
                _reserve(file).unlink()
                raise
            finally:
                os.close(reserve)
    except OSError as error:
        log.warning("No room is kept beside the store: %s", error)


def give_reserve(file: Path) -> bool:
    """Let the room go that was kept; whether there was some."""
    try:
        _reserve(file).unlink()
    except OSError:
        return False
    return True


def log_size(file: Path) -> int:
    """Bytes of the disk that SQLite's write-ahead log has."""
    log_file = file.with_name(f"{file.name}-wal")
    return log_file.stat().st_size if log_file.exists() else 0


def _reserve(file: Path) -> Path:
    return file.with_name(f"{file.name}-reserve")


def inode_of(file: Path) -> int | None:
    try:
        return file.stat().st_ino
    except OSError:
        return None


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
        connection.execute("PRAGMA journal_mode = WAL")
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
