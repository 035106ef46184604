"""What a store's URL may name, and what is written in its place."""

import os
import re
from pathlib import Path

from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError, NoSuchModuleError

from fitserve.errors import blanks_around, clip

_PORT = re.compile(r"[^/]*//(?:.*@)?+(?:\[[^]]*\]|[^/:]*):([^/]*)", re.DOTALL)
_PATH = re.compile(
    r"(?i:(?P<scheme>sqlite3?(?:\+\w+)?|file):(?P<slashes>///?(?=/?[^/]))?|(?=(?:~|\.\.?)?/)|(?=.*\.(?:sqlite3?|db)\Z))"
    r"(?P<path>[^:@?]+)"
).fullmatch
_PLAIN = re.compile(r"(?P<scheme>(?!))?(?P<slashes>(?!))?(?P<path>[^:@?]+)").fullmatch
_BEFORE = re.compile(r"(?i)(jdbc:|(?:export )?\w+\s*=\s*)(?=(?:sqlite|postgres\w*):)").match
_SLASHES = re.compile(r"(postgres(?:ql)?:)/?[^/]").match
_ADDRESS = re.compile(r"(?:[^/@\s]*@)?[\w.-]+(?::(\d+))(?:/[\w-]*)?").fullmatch
_HOST = re.compile(
    r"(?P<user>[^/@\s]*@(?=[\w.-]+/|\[))?"
    r"(?:(?P<sure>localhost|\d{1,3}(?:\.\d{1,3}){3}|\[[\da-fA-F:.]+\](?::\d+)?)"
    r"|(?(user)[\w.-]+|(?:[\w-]+\.)+[A-Za-z]{2,}))(?:/(?P<database>[\w-]+))?"
).fullmatch
_SUCH = "sqlite:///fitserve.sqlite3 or postgresql://user:password@host/database"
OF_SERVER = (
    "this is the address of a server, and not of its store; write what the server's "
    "FITSERVE_STORE says, usually sqlite:///fitserve.sqlite3"
)
_WINDOWS = re.compile(r"(?i:\w*:///?)?(?:([A-Za-z]):[\\/](?!/)|\\\\)(.*)").fullmatch


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
        if _of_path(url):  # else it may hold a password
            mend = f", not {clip(url, 80)!r}{mend}"
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
        said = f", which is not supported; SQLite and PostgreSQL are: write it as in {_SUCH}"
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
        return _of_host(url)
    if "@" in url:
        return "; write postgresql:// before it"
    if "/" in url or port[1] == "5432":
        return f"; write postgresql://{url}"
    return f": {OF_SERVER}"


def _of_host(url: str) -> str:
    """What to write of a host without a port; a folder may be called as hosts are."""
    found = _HOST(url)
    if found is None or not (found["sure"] or found["database"]):
        return ""
    if found["user"]:
        return "; write postgresql:// before it"
    if not found["database"]:
        return f"; write postgresql://{url}/DATABASE, if it is the host of PostgreSQL"
    also = "" if found["sure"] else f", or sqlite:///{url} if that is a file"
    return f"; write postgresql://{url}{also}"


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
        rooted |= found["scheme"] == "file" and found["slashes"] == "///"  # always from the root
        return f"sqlite:///{'/' if rooted else ''}{path}"
    return url


def elsewhere(url: str) -> str:
    """What to write where the folder, or the file, of a path that is not there is found by
    another reading of it: from the root, from here, with what a shell makes of ~ and $."""
    path = parse_url(url).database or ""
    spelled = os.path.expanduser(os.path.expandvars(path))
    if spelled != path:
        return f"write sqlite:///{spelled}, as a shell would"
    here = path.lstrip("/")
    if path != here:
        there = os.path.exists(here)
        return f"write sqlite:///{here} where that is meant" if there else ""
    return f"write sqlite:////{path} where that is meant" if _folder_from_root(path) else ""


def from_root(url: str) -> str:
    """The URL of a file of which only the folder from the root is there; else `url` as it is."""
    path = parse_url(url).database or ""
    here = os.path.exists(os.path.dirname(path) or ".")
    there = not here and _folder_from_root(path) and not os.path.exists(f"/{path}")
    return f"sqlite:////{path}" if there else url


def _folder_from_root(path: str) -> bool:
    folder = os.path.dirname(os.path.normpath(f"/{path}"))
    return not path.startswith((".", "/")) and folder != "/" and os.path.isdir(folder)


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
