"""How a database is reached: what a URL may name, the file of SQLite, a pool of connections."""

import logging
import os
import re
import shlex
import sqlite3
from contextlib import closing, suppress
from itertools import islice
from pathlib import Path
from typing import Any
from urllib.parse import quote

from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError, DisconnectionError, NoSuchModuleError
from sqlalchemy.pool import QueuePool

from fitserve.errors import StoreUnavailable, blanks_around, clip

log = logging.getLogger(__name__)

RESERVE = 4 * 2**20
"""Bytes kept free for deletions on a full disk: they too write, into the log, before any room is
made. For a model of 900 MiB that is 1 MB."""
_MAGIC = b"SQLite format 3\0"
_PORT = re.compile(r"[^/]*//(?:.*@)?+(?:\[[^]]*\]|[^/:]*):([^/]*)", re.DOTALL)
_PATH = re.compile(
    r"(?i:(?P<scheme>sqlite3?(?:\+\w+)?|file):(?P<slashes>///?(?=/?[^/]))?|(?=(?:~|\.\.?)?/)|(?=.*\.(?:sqlite3?|db)\Z))"
    r"(?P<path>[^:@?]+)"
).fullmatch
_PLAIN = re.compile(r"(?P<scheme>(?!))?(?P<slashes>(?!))?(?P<path>[^:@?]+)").fullmatch
_BEFORE = re.compile(r"(?i)(jdbc:|(?:export )?\w+\s*=\s*)(?=(?:sqlite|postgres\w*):)").match
_SLASHES = re.compile(r"(postgres(?:ql)?:)/?[^/]").match
_ADDRESS = re.compile(r"(?:[^/@\s]*@)?[\w.-]+(?::(\d+))(?:/[\w-]*)?").fullmatch
_SUCH = "sqlite:///fitserve.sqlite3 or postgresql://user:password@host/database"
OF_SERVER = (
    "this is the address of a server, and not of its store; write what the server's "
    "FITSERVE_STORE says, usually sqlite:///fitserve.sqlite3"
)
_WINDOWS = re.compile(r"(?i:\w*:///?)?(?:([A-Za-z]):[\\/](?!/)|\\\\)(.*)").fullmatch
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


def parse_url(url: str) -> URL:
    """The database that the URL names; `ValueError` says what is wrong, without the password."""
    if (foreign := _WINDOWS(url)) is not None:
        drive, path = f"mnt/{foreign[1].lower()}/" if foreign[1] else "", foreign[2]
        such = f"sqlite:////{drive}{path.replace(chr(92), '/')}"
        raise ValueError(f"this is a path of Windows; write one of this machine, such as {such}")
    try:
        parsed = make_url(url)
    except ArgumentError:
        if url.strip() and (blanks := blanks_around(url)):
            raise ValueError(f"the address {blanks}; take it out") from None
        mend = _of_path(url) or _of_address(url) or f", such as {_SUCH}"
        raise ValueError(f"a URL is needed{mend}") from None
    except ValueError:  # of a port
        raise ValueError(_of_port(url)) from None
    if parsed.port is not None and not 0 < parsed.port < 2**16:
        raise ValueError(_of_port(url))
    _refuse_host(parsed.host or "")
    if parsed.drivername == "postgresql":
        parsed = parsed.set(drivername="postgresql+psycopg")
    if parsed.drivername in ("http", "https"):
        raise ValueError(OF_SERVER)
    if parsed.drivername not in ("sqlite", "postgresql+psycopg"):
        said = f"; use sqlite or postgresql, as in {_SUCH}"
        if parsed.drivername.lower().startswith(("postgres", "psql", "pgsql")):
            said = f"; write postgresql:// in place of {parsed.drivername}://"
        raise ValueError(f"there is no store for {parsed.drivername}{_of_path(url) or said}")
    if parsed.drivername == "sqlite" and parsed.host and (meant := _of_path(url)):
        raise ValueError(f"three slashes stand before a path, four where it is absolute{meant}")
    if parsed.drivername == "sqlite" and (parsed.host or parsed.database in (None, "", ":memory:")):
        raise ValueError("name a file, as in sqlite:///fitserve.sqlite3")
    if parsed.drivername != "sqlite":
        try:
            parsed.get_dialect().import_dbapi()
        except (ImportError, NoSuchModuleError):
            raise ValueError("PostgreSQL needs psycopg: install psycopg[binary]") from None
    return parsed


def _of_address(url: str) -> str:
    """What to write of what lacks the scheme of a database, or has something before it. What a
    URL holds is not shown: it may be a password."""
    if url[:1] in ("'", '"') and url[-1:] == url[:1]:
        return "; leave the quotes in it out"
    if before := _BEFORE(url):
        return f"; leave {before[1]} out"
    if slashes := _SLASHES(url):
        return f"; two slashes stand behind {slashes[1]}, write {slashes[1]}// before the rest"
    if (port := _ADDRESS(url)) is None:
        return ""
    if "@" in url or "/" in url or port[1] == "5432":
        return "; write postgresql:// before it"
    return f": {OF_SERVER}"


def _path_of(url: str) -> re.Match[str] | None:
    """What is a path of SQLite's file, as it looks or as it is there."""
    there = 0 < len(url) < 1000 and "\0" not in url and os.path.exists(url)
    return _PATH(url) or (_PLAIN(url) if there else None)


def _of_path(url: str) -> str:
    """What to write of what is the path of SQLite's file, or has too few slashes before it."""
    found = _path_of(url)
    if found is None:
        return ""
    path = os.path.expanduser(found["path"])
    if found["scheme"] == "file" and found["slashes"] == "///":  # always from the root
        path = f"/{path.removeprefix('/')}"
    if os.path.isdir(path):
        path = os.path.join(path, "fitserve.sqlite3")
    unsure = found["slashes"] and not path.startswith((".", "/"))
    return f"; write sqlite:///{path}" + (f", or sqlite:////{path} from the root" if unsure else "")


def path_as_url(url: str) -> str:
    """The URL of the file that is named by its path in place of a URL; else `url` as it is."""
    found = _path_of(url)
    try:
        parse_url(url)
    except ValueError:
        if found is None:
            return url
        path = os.path.expanduser(found["path"])
        rooted = not os.path.exists(path) and os.path.exists(f"/{path}")
        return f"sqlite:///{'/' if rooted else ''}{path}"
    return url


def _elsewhere(url: str) -> str:
    """What to write where the folder, or the file, of a path that is not there is found by
    another reading of it: from the root, from here, with what a shell makes of ~ and $."""
    path = parse_url(url).database or ""
    spelled = os.path.expanduser(os.path.expandvars(path))
    if spelled != path:
        return f", or write sqlite:///{spelled}, as a shell would"
    here = path.lstrip("/")
    if path != here:
        there = os.path.exists(here)
        return f", or write sqlite:///{here} where that is meant" if there else ""
    folder = os.path.dirname(os.path.normpath(f"/{path}"))
    there = not path.startswith(".") and folder != "/" and os.path.isdir(folder)
    return f", or write sqlite:////{path} where that is meant" if there else ""


def _of_port(url: str) -> str:
    needed = "the port is a number from 1 to 65535, as in postgresql://127.0.0.1:5432/x"
    found = _PORT.match(url)
    if found is None:  # what was taken for one may be of a password
        return f"{needed}; in a user's name or password write @ as %40"
    return f"{needed}, not {found[1]!r}"


def _refuse_host(host: str) -> None:
    if "@" in host:  # what stands before it is of a password
        raise ValueError("in a user's name or password write @ as %40")
    try:
        host.encode("idna")
    except UnicodeError:
        such = "postgresql://db.example.com/database"
        raise ValueError(
            f"{clip(host, 80)!r} is no name of a host; write one as in {such}"
        ) from None


def file_of(url: URL) -> Path | None:
    if url.drivername != "sqlite":
        return None
    # Two slashes at the beginning stay two in a path, and SQLite takes what follows for a host.
    return Path(re.sub("^//+", "/", url.database or "")).absolute()


def refuse_place(url: str, else_: str = "name one that is to be made") -> None:
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
        raise ValueError(f"there is no folder {named}; {mend}{_elsewhere(url)}")


def refuse_source(url: str) -> None:
    """Raise `ValueError` where there is no store at this URL that could be copied. Nothing is
    written, as it would be by opening it as a store. Only SQLite's is looked at."""
    file = file_of(parse_url(url))
    if file is None:
        return
    else_ = stores_beside(file) or (
        "name the file of a store, usually fitserve.sqlite3, in the folder that its server was "
        "started in"
    )
    refuse_place(url, else_)
    name = shlex.quote(str(file))
    if not file.exists():
        blanks = blanks_around(file.name)
        mend = f"its name {blanks}; take it out, or {else_}" if blanks else else_
        raise ValueError(f"there is no file {name}; {mend}{_elsewhere(url)}")
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


def same_place(one: str, other: str) -> bool:
    """Whether both URLs name one database."""
    urls = [parse_url(one), parse_url(other)]
    files = [file for file in map(file_of, urls) if file is not None]
    if len(files) == len(urls):
        return files[0].resolve() == files[1].resolve() or (
            files[1].exists() and files[0].samefile(files[1])
        )
    places = [(url.host, url.port or 5432, url.database, url.query) for url in urls]
    return not files and places[0] == places[1]


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
