"""The file of SQLite: whether it is there or can be, how it is made, the room kept beside it."""

import logging
import os
import shlex
import sqlite3
from contextlib import closing, suppress
from itertools import islice
from pathlib import Path
from urllib.parse import quote

from fitserve.errors import StoreUnavailable, blanks_around
from fitserve.storage.address import elsewhere, file_of, from_root, parse_url

log = logging.getLogger(__name__)

RESERVE = 4 * 2**20
"""Bytes kept free for deletions on a full disk: they too write, into the log, before any room is
made. For a model of 900 MiB that is 1 MB."""
TO_BE_MADE = "name one that is to be made, as in sqlite:///new.sqlite3"
_MAGIC = b"SQLite format 3\0"


def refuse_place(url: str, else_: str = TO_BE_MADE) -> None:
    """Raise `ValueError` if SQLite's file can be no store where the URL has it; `else_` says what
    to do where it is something else. A folder that is not there is none of that: it may come, as
    one that is mounted."""
    file = file_of(parse_url(url))
    if file is None or not os.path.exists(file.parent):
        return
    name = shlex.quote(str(file))
    if not file.parent.is_dir():
        raise ValueError(f"{shlex.quote(str(file.parent))} is no folder; name a file in one")
    for place, rights in ((file.parent, os.W_OK | os.X_OK), (file, os.R_OK | os.W_OK)):
        if place.exists() and not os.access(place, rights):
            said = f"{shlex.quote(str(place))} may not be read and written by who runs this"
            raise ValueError(f"{said}; allow it, or name a file elsewhere")
    if file.is_dir():
        mend = else_ if else_.startswith("write") else f"name a file in it, as in sqlite:///{file}/"
        mend += "" if mend is else_ else "fitserve.sqlite3"
        raise ValueError(f"{name} is a folder; {mend}")
    if file.exists() and not file.is_file():
        raise ValueError(f"{name} is no file; {else_}")
    if file.exists():
        if _begins(file) not in (b"", _MAGIC):
            raise ValueError(f"{name} is another file than a database of SQLite; {else_}")


def refuse_no_folder(url: str, typed: str) -> None:
    """Raise `ValueError` if the folder of SQLite's file is not there; `typed` is what stood in the
    place of the URL."""
    file = file_of(parse_url(url))
    if file is not None and not file.parent.exists():
        named = shlex.quote(str(file.parent))
        mend = f"make it, mkdir -p {named}" + (f", and write {url}" if url != typed else "")
        there = elsewhere(url)
        raise ValueError(f"there is no folder {named}; {mend}" + (f", or {there}" if there else ""))


def refuse_source(url: str) -> None:
    """Raise `ValueError` where there is no store at this URL that could be copied. Nothing is
    written, as it would be by opening it as a store. Only SQLite's is looked at."""
    url = from_root(url)
    file = file_of(parse_url(url))
    if file is None:
        return
    alone = file.parent == Path("/") and not file.is_dir()  # whose stores are of others
    else_ = stores_beside(Path(file.name).absolute() if alone else file) or (
        "name the file of a store, usually fitserve.sqlite3: write sqlite:///fitserve.sqlite3 in "
        "the folder that its server was started in"
    )
    refuse_place(url, else_)
    name = shlex.quote(str(file))
    if not file.exists():
        blanks, there = blanks_around(file.name), elsewhere(url)
        mend = f"its name {blanks}; take it out, or {else_}" if blanks else there or else_
        raise ValueError(f"there is no file {name}; {mend}")
    if not file.stat().st_size:
        raise ValueError(f"{name} is empty; {else_}")
    try:
        if not _is_store(file):
            raise ValueError(f"{name} is a database of something else; {else_}")
    except sqlite3.Error as error:
        raise ValueError(f"{name} cannot be read, {error}; restore it from a backup") from None


def _is_store(file: Path) -> bool:
    """Whether a database of SQLite is a store; raises `sqlite3.Error` where it cannot be read."""
    with closing(sqlite3.connect(f"file:{quote(str(file))}?mode=ro", uri=True)) as connection:
        found = connection.execute("SELECT 1 FROM sqlite_master WHERE name = 'counters'")
        return found.fetchone() is not None


def stores_beside(file: Path) -> str:
    """What to write where one of the stores is meant that stand in this folder, or beside this
    file; '' where there is none."""
    folder = file if file.is_dir() else file.parent
    found: list[Path] = []
    with suppress(OSError):
        for one in islice(folder.iterdir(), 1000):
            with suppress(OSError, sqlite3.Error):
                if one.is_file() and one != file and _begins(one) == _MAGIC and _is_store(one):
                    found.append(one)
    urls = [shlex.quote(f"sqlite:///{one}") for one in sorted(found)[:3]]
    return f"write {' or '.join(urls)}" if urls else ""


def _begins(file: Path) -> bytes:
    with file.open("rb") as opened:
        return opened.read(len(_MAGIC))


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
