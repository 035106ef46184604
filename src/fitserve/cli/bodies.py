"""What is in FILE, a CSV or JSON, and the requests that are made of it."""

import json
import re
import shlex
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

import click

from fitserve.cli.members import reading

TABLES = (".csv", ".tsv", ".txt")
_BOM = b"\xef\xbb\xbf"
_BEGIN = 4096  # bytes of a file that say what it is
_IN_BRACKETS = re.compile(
    rb"\s*[\[{]\s*(?!(nan|none|null|true|false|inf|infinity)\s*[\]}])"
    rb"[^]\[{}\"',:;\s\d.+-][^]\[{}\"',:;]*[\]}]",
    re.IGNORECASE,
)
"""How a CSV may begin whose first column is called so: JSON writes a word in quotes."""

ASKED = '{"features": [[5.1, 3.5], [4.9, 3.0]]}'
LEARNED = '{"X": [[5.1, 3.5], [4.9, 3.0]], "y": ["cat", "dog"]}'
"""How a file of JSON looks, of rows that are asked about, and to learn from."""


class Key(NamedTuple):
    """Which model."""

    model_type: str
    model_id: int


class Request(NamedTuple):
    """What is sent."""

    query: dict[str, Any]
    content: Path | bytes
    media_type: str


class CsvFile:
    """A table; what is asked of it stands in the query."""

    def __init__(self, content: Path | bytes) -> None:
        self._content = content

    def registering(
        self, key: Key, options: Mapping[str, Any], settings: Mapping[str, str]
    ) -> Request:
        return self.asking(key, {**options, **settings})

    def asking(self, key: Key, options: Mapping[str, Any], *, truth: bool = False) -> Request:
        """Ask about the rows; their `truth`, a column that was learned, is there or ignored."""
        return Request({**key._asdict(), **options}, self._content, "text/csv")


class JsonFile:
    """A body of the HTTP API, or what stands in one: kwargs, or the rows alone. Which model it is
    for, and what options say, counts before what the file says."""

    def __init__(self, value: Any) -> None:
        self._value = value
        self._members: dict[str, Any] = value if isinstance(value, dict) else {}

    def registering(
        self, key: Key, options: Mapping[str, Any], settings: Mapping[str, str]
    ) -> Request:
        members = {name: one for name, one in self._members.items() if name not in Key._fields}
        beside = {name: one for name, one in members.items() if name != "kwargs"}
        kwargs = members.get("kwargs")
        if "kwargs" in members and not isinstance(kwargs, (dict, list)):
            return _json({**members, **key._asdict()}, {})  # which is refused where it stands
        if not isinstance(kwargs, dict):
            kwargs, beside = self._kwargs(members), {}
        asked = {name: value for name, value in options.items() if name != "dry_run"}
        given = {name: reading(text) for name, text in settings.items()}
        query = {name: value for name, value in options.items() if name == "dry_run"}
        return _json({**beside, "kwargs": {**kwargs, **asked, **given}, **key._asdict()}, query)

    def _kwargs(self, members: dict[str, Any]) -> dict[str, Any]:
        """What the file holds, where that is no body: kwargs, or a table or rows alone."""
        rows = members.get("features")
        asked = isinstance(rows, list) and bool(rows) and isinstance(rows[0], (list, dict))
        if "X" in members or asked:
            return members
        return {"X": members.get("kwargs", self._value)}

    def asking(self, key: Key, options: Mapping[str, Any], *, truth: bool = False) -> Request:
        """Ask about the rows, of which y is the `truth`, where that is wanted."""
        rest = self._members if {"features", "X"} & self._members.keys() else {}
        ours = ("features", "X") if truth else ("features", "X", "y")
        given = {name: value for name, value in rest.items() if name not in ours}
        return _json({**given, **options, "features": self.rows, **key._asdict()}, {})

    @property
    def rows(self) -> Any:
        """Those that are asked about."""
        return self._members.get("features", self._members.get("X", self._value))


def opened(file: str, such: str = ASKED) -> CsvFile | JsonFile:
    """The file, or what comes by standard input for `-`. It is JSON where its name ends so, or
    where no name says what it is and it begins as JSON does; then it looks as `such`."""
    path = Path(file)
    content = b""
    if file == "-":
        content = sys.stdin.buffer.read()
        _refuse_name(content[:_BEGIN], file)
    else:
        with path.open("rb") as begun:
            begin = begun.read(_BEGIN)
        _refuse_name(begin, file)
        suffix = path.suffix.lower()
        if suffix in TABLES or (suffix != ".json" and not _looks_so(begin)):
            return CsvFile(path)
        content = path.read_bytes()
    if path.suffix.lower() != ".json" and not _looks_so(content[:_BEGIN]):
        return CsvFile(content)
    from fitserve.cli.problems import by_options
    from fitserve.data.json_text import parse_json
    from fitserve.errors import MalformedJson

    try:
        value = parse_json(content, such)
    except MalformedJson as error:
        if path.suffix.lower() != ".json" and _IN_BRACKETS.match(content.removeprefix(_BOM)):
            return CsvFile(content)
        why = error.detail.removesuffix(". Mend it and send it again.")
        raise click.BadParameter(by_options(why), param_hint="FILE") from None
    _refuse_bodies(value)
    return JsonFile(value)


def _refuse_bodies(value: Any) -> None:
    """Refuse a list of bodies: a row has no lists in it, where a body has its data."""
    first = value[0] if isinstance(value, list) and value else None
    if not isinstance(first, dict):
        return
    data = (first.get(name) for name in ("kwargs", "X", "features"))
    if any(isinstance(one, (dict, list)) for one in data):
        mend = "take the [ ] around it away"
        if len(value) > 1:
            mend = "send each by a command of its own"
        said = f"an object is needed, not a list of {len(value)}; {mend}"
        raise click.BadParameter(said, param_hint="FILE")


def _refuse_name(begin: bytes, file: str) -> None:
    """Refuse the name of the file that is meant, in place of what that holds."""
    from fitserve.data.files import exported, named

    found = named(begin)
    if found is None:
        return
    name, table = found.name, shlex.quote(exported(found.name))
    said = f"holds the name of a file, {name!r}, not what that holds; "
    if "://" in name:
        said = "holds a URL, not what is found there; "
        said, table = f"{said}fetch that, by curl -sLo FILE {shlex.quote(name)}, and ", "FILE"
    elif name == "-":
        said, table = "holds '-' alone; ", "the name of the file"
    elif exported(name) != name:
        said += "export it as CSV, and "
    here = "standard input" if file == "-" else file
    instead = f"write {table} in place of {shlex.quote(file)}"
    raise click.BadParameter(f"{here} {said}{instead}", param_hint="FILE")


def _looks_so(begin: bytes) -> bool:
    return begin.removeprefix(_BOM).lstrip()[:1] in (b"{", b"[")


def _json(body: dict[str, Any], query: dict[str, Any]) -> Request:
    return Request(query, json.dumps(body).encode(), "application/json")
