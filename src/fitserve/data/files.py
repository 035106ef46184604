"""The name of a file that was sent in place of what the file holds, and how that is sent."""

import re
import shlex
from typing import NamedTuple
from urllib.parse import unquote

from fitserve.errors import clip

LONGEST = 300  # characters of a file's name, and of what is around it
_PLAIN = r"""[^\n,;:\t"'{}\[\]()<>|=&*`]"""
_FILE = re.compile(
    rf"(?:[A-Za-z]:[\\/]|(?:~|\.{{1,2}})?[\\/])(?!/){_PLAIN}+|{_PLAIN}+\.[A-Za-z]\w{{0,7}}"
).fullmatch
_NAME = re.compile(rf"(?:[A-Za-z]:)?{_PLAIN}+").fullmatch
_URL = re.compile(r"file:(?://localhost(?=/)|//)?", re.IGNORECASE)
_READ = re.compile(r"<\s*|`?cat\s+")
_WEB = re.compile(r"(?:https?|ftp)://[\x21-\x7e]+", re.IGNORECASE).fullmatch

_TYPES = {"csv": "text/csv", "json": "application/json"}
_TABLES = ("csv", "tsv", "tab")
_TO_EXPORT = re.compile(
    "xls[xmb]?|ods|numbers|parquet|feather|arrow|orc|avro|pkl|pickle|joblib|np[yz]|h5|hdf5|mat|sav|"
    "dta|rds|rdata|sqlite3?|db|pdf|docx?|arff"
).fullmatch
_TO_UNPACK = re.compile("zip|bz2|xz|zst|7z|rar|tar|tgz").fullmatch
_OF_LINES = ("ndjson", "jsonl")
QUERY = "?model_type=knn&model_id=1"
TO_LEARN = f"{QUERY}&target=COLUMN"
"""What the URL says beside a CSV that is to be learned."""


NO_QUERY = "no query in the URL"


class Named(NamedTuple):
    """A file, or what stands in its place, and what was written around its name."""

    name: str
    """As a shell finds it; `-` is standard input."""
    at: bool
    quoted: bool


def named(text: bytes | str) -> Named | None:
    """The file, where its name, and no line of a table, is all that was sent."""
    if not text or len(text) > LONGEST:
        return None
    word = (text if isinstance(text, str) else text.decode(errors="replace")).strip()
    quoted = len(word) > 2 and word[0] == word[-1] and word[0] in "'\""
    word = word[1:-1].replace(r"\\", "\\").strip() if quoted else word
    at = word.startswith("@")
    word = word.removeprefix("@")
    if word == "-" or _WEB(word):
        return Named(word, at, quoted)
    if url := _URL.match(word):
        path = unquote(word[url.end() :])
        path = path[1:] if re.match(r"/[A-Za-z]:", path) else path
        return Named(path, at, quoted) if _NAME(path) else None
    read = _READ.match(word)
    word = word[read.end() :].rstrip("`") if read else word
    known = _NAME(word) if at and not read else _FILE(word)
    escaped = quoted and word.startswith("\\u")  # a character of JSON
    return Named(word, at, quoted) if known and not escaped else None


def instead(text: bytes | str, declared: str, query: str | None = QUERY) -> str | None:
    """What was sent, where that is a file's name, and how it is sent what the file holds, which was
    `declared` "csv", "json" or nothing; `query` is what the URL must say beside a CSV, None where
    no CSV is taken."""
    found = named(text)
    if found is None:
        return None
    ending = found.name.lower().rpartition(".")[2]
    shown = clip(found.name, 80)
    if _WEB(found.name):
        how = _how(found.name, declared, query).said("@-")
        fetched = f"curl -sL {shlex.quote(found.name)}"
        return f"a URL, not what is found there; fetch that and send it: {fetched} | curl {how}"
    if found.name == "-":
        how = _how("-", declared, query).said("@-")
        return f"'-' itself, where standard input is meant; with curl write {how}, with the @"
    what = f"the name of a file, {shown!r}, not what the file holds"
    if found.at:
        what = f"{'@' + shown!r} itself, as curl's --data-raw sends it, and a program"
    if ending in _OF_LINES:
        listed = f"make one list of its lines, as `jq -s . {shlex.quote(found.name)}` does, and"
        return f'{what}; {listed} write that into a body as X inside of kwargs, or as "features"'
    stem = found.name[: -len(ending) - 1]
    if _TO_EXPORT(ending) or _TO_UNPACK(ending):
        inside = stem if _TO_UNPACK(ending) and _FILE(stem) else f"{stem}.csv"
        mend = "export it as CSV" if _TO_EXPORT(ending) else "unpack it"
        how = _how(inside, declared, query).said(_at(inside))
        return f"{what}; {mend}, and with curl write {how}"
    sending = _how(found.name, declared, query)
    if found.at or found.quoted:
        python = sending.in_python(found, declared)
        return f"{what}; with curl write {sending.said(_at(found.name))}, or in Python {python}"
    return f"{what}; with curl write {sending.said(f'{_at(found.name)}, with the @')}"


def in_url(query: str | None) -> bool:
    """Whether a query stands in the URL already, which may lack what begins with &."""
    return query is not None and not query.startswith("?")


def exported(name: str) -> str:
    """The name of a file, or of the CSV that it is to be exported as."""
    stem, _, ending = name.rpartition(".")
    return f"{stem}.csv" if _TO_EXPORT(ending.lower()) else name


def how_sent(name: str, query: str | None, kind: str) -> str:
    """How curl sends a file of this name, which holds a table ("csv") or "json" unless its name
    says what it is; `query` is what the URL must say beside a CSV."""
    ending = name.rpartition(".")[2].lower()
    if (table := exported(name)) != name and query is not None:
        how = _how(table, "", query).said(_at(table))
        return f"the CSV that {clip(name, 80)!r} is exported as, {how}"
    known = ending in (*_TABLES, "json", "gz")
    return _how(name, "", query, "" if known else kind).said(_at(name))


class _How(NamedTuple):
    """How curl sends what a file holds."""

    kind: str
    headers: list[str]
    """That are needed beside what was declared."""
    also: str

    def said(self, at: str) -> str:
        packed = any("Encoding" in one for one in self.headers)
        option = "-d" if self.kind == "json" and not packed else "--data-binary"
        return " ".join([*(f"-H '{one}'" for one in self.headers), option, at]) + self.also

    def in_python(self, found: Named, declared: str) -> str:
        name = repr(clip(found.name, 80))
        name = f"os.path.expanduser({name})" if found.name.startswith("~") else name
        if (self.kind, declared) == ("json", "json") and found.quoted and not self.headers:
            return f"json=json.load(open({name}))"
        told = ", ".join("'{}': '{}'".format(*one.split(": ")) for one in self.headers)
        return f"data=open({name}, 'rb')" + (f", headers={{{told}}}" if told else "")


def _how(name: str, declared: str, query: str | None, held: str = "") -> _How:
    """How a file is sent of this name, or that is known to have `held` "csv" or "json"."""
    packed = name.lower().endswith(".gz")
    ending = (name[:-3] if packed else name).lower().rpartition(".")[2]
    as_table = ending in _TABLES or (ending == "txt" and not declared)
    kind = "json" if ending == "json" else declared or "json"
    kind = held or ("csv" if as_table and query is not None else kind)
    headers = [f"Content-Type: {_TYPES[kind]}"] * (kind != declared)
    headers += ["Content-Encoding: gzip"] * packed
    also = ""
    if kind == "csv" and declared != "csv" and query:
        anywhere = bool(declared) and query == QUERY
        also = f", and {query} in the URL{' of /register, /predict or /evaluate' * anywhere}"
    elif kind == "json" and (declared == "csv" or in_url(query)):
        also = f", and {NO_QUERY}"
    return _How(kind, headers, also)


def _at(name: str) -> str:
    """The name with its @, as a shell leaves it: in quotes it knows no ~."""
    if name.startswith("~/"):
        inside = re.sub(r'([$`\\"])', r"\\\1", name[2:])
        return f'@"$HOME/{inside}"'
    return shlex.quote(f"@{name}")
