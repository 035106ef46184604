"""What a body is instead of what it was declared, where that shows at its beginning."""

import re
from collections.abc import Callable

from fitserve.data import files
from fitserve.errors import InvalidRequest

_BOM = b"\xef\xbb\xbf"
_BINARY = (
    (
        re.compile(rb"\x1f\x8b").match,
        "packed by gzip; send the header 'Content-Encoding: gzip' with it",
    ),
    (
        re.compile(rb"PK\x03\x04|PK\x05\x06|\xd0\xcf\x11\xe0|7z\xbc\xaf|Rar!\x1a").match,
        "a spreadsheet or a zip, and no text; send what it holds, exported as CSV",
    ),
    (
        re.compile(
            rb"\x89PNG|\xff\xd8\xff|GIF8[79]a|II\*\0|MM\0\*|BM.{4}\0\0\0\0|RIFF.{4}WEBP", re.DOTALL
        ).match,
        "a picture, and no text; send what it shows as numbers, written as CSV",
    ),
    (
        re.compile(
            rb"PAR1|%PDF-|\x28\xb5\x2f\xfd|BZh\d|\xfd7zXZ|\x93NUMPY|\x80[\x02-\x05]|\x89HDF|Obj\x01|"
            rb"SQLite\x20format\x203\0|ARROW1\0|\x7fELF|RIFF.{4}(?:WAVE|AVI )|OggS\0",
            re.DOTALL,
        ).match,
        "no text; send what it holds, written as CSV",
    ),
)
_UNPRINTED = "send the bytes themselves, with requests data=body, or as text body.decode()"
_SUCH = '{"model_type": ..., "model_id": ..., "kwargs": {"X": [...]}}'
_AS_JSON = (
    "with the header 'Content-Type: application/json', or write its rows as CSV. In JSON they "
    "stand in a list: "
)
_TWICE = "the body is JSON inside of JSON, and was declared CSV"
_QUOTED = re.compile(rb""""\s*\[[-\d.eE+,\s\[\]]*(?:\]\s*"\s*)?\Z""").match
"""A list of numbers in quotes and nothing else: as a header it has no row below it."""
_QUOTED_ROWS = f"{_TWICE}; send one object, with no quotes around its rows, {_AS_JSON}"
_SIGNS = (
    (
        re.compile(rb"\{[^\n]*\}[ \t]*\r?\n\s*\{|\[[^\n]*\][ \t]*\r?\n\s*\[").match,
        f"each line of the body is JSON of its own; send one object of JSON, {_AS_JSON}",
    ),
    (
        re.compile(
            rb"""(?!.*"(?:model_type|kwargs|features)\\")(?:\[\s*"\s*[\[{]|"\s*[\[{][^"\n]*\\")""",
            re.DOTALL,
        ).match,
        _QUOTED_ROWS,
    ),
    (
        re.compile(rb"""\[?\s*"\s*\{\s*\\\"""").match,
        f"{_TWICE}; send the object alone, with the header 'Content-Type: application/json'",
    ),
    (
        re.compile(
            rb"""(?!.*"(?:model_type|kwargs|features)\\?")"""
            rb"""(?:\{\s*\\?"[^"\n]*"\s*:|\[\s*(?:\[\s*[-\d"n\[]|\{\s*"))""",
            re.DOTALL,
        ).match,
        f"the body is JSON, and was declared CSV; send it as one object, {_AS_JSON}",
    ),
    (
        re.compile(rb"""\{\s*\\?"[^"\n]*"\s*:|\[\s*(?:\[\s*[-\d"n\[]|\{\s*")""").match,
        "the body is JSON, and was declared CSV; send the header 'Content-Type: application/json'",
    ),
    (
        re.compile(rb"<(?:!doctype|html|\?xml)", re.IGNORECASE).match,
        "the body is HTML or XML; send its table as CSV",
    ),
    (
        re.compile(rb"--[^\n]+\r?\n[Cc]ontent-").match,
        "the body is a form in parts; send the CSV alone, with curl by --data-binary, not by -F",
    ),
    (
        re.compile(rb"version https://git-lfs\.").match,
        "the body is Git LFS's note of where a file is; fetch that by git lfs pull, and send it",
    ),
    (
        re.compile(rb"(?:%[^\n]*\n|\s)*@relation\s", re.IGNORECASE).match,
        "the body is ARFF; send its rows as CSV, below a line of their names",
    ),
    (
        re.compile(
            rb"[-+]?[\d.]+(?!(?: +\d?\d:\d\d)+ *\r?\n)(?: +\d+:[-+\d.eE]+){2,} *(?:#[^\n]*)?\r?\n"
        ).match,
        "the body is in the form of svmlight; send it as CSV, with a column for each number",
    ),
    (
        re.compile(
            rb"(?:import\s[\w.]+(?:\sas\s\w+)?|from\s[\w.]+\simport\s[^\n]+)\r?\n"
            rb"\s*(?:(?:import|from|def|class)\s|[@#]|\w+\s=\s)"
        ).match,
        "the body is a program in Python; send the table that it reads",
    ),
    (
        re.compile(rb"\|[^\n]+\|[ \t]*\r?\n\|[ \t]*:?-[-| \t:]*\r?\n").match,
        "the body is a table of Markdown; send it as CSV, with nothing but a comma between cells",
    ),
)


def printed_bytes(body: bytes) -> str | None:
    """That the body is what Python prints of bytes, and what to send instead."""
    ends = body[:2] in (b"b'", b'b"') and body[-200:].rstrip()[-1:] == body[1:2]
    lines = b"\n" in body[:2000].rstrip()
    return f"what Python prints of bytes; {_UNPRINTED}" if ends and not lines else None


def binary(text: bytes) -> str | None:
    """What is no text, and what to send instead; None of what may be text."""
    return next((said for looks, said in _BINARY if looks(text)), None)


def refuse_foreign(
    body: bytes, such: Callable[[], str] = lambda: _SUCH, *, headed: bool = True
) -> None:
    """Refuse a body that is surely no CSV, so that the answer can say what it is; in JSON, rows
    stand as in what `such` tells. One that is not `headed` may hold a single line."""
    of_file = files.instead(body.removeprefix(_BOM), "csv") if headed else None
    if of_file is not None:
        raise InvalidRequest.at(("line", 1), f"this is {of_file}", "file_name")
    unreadable = binary(body) or (printed_bytes(body) if headed else None)
    if unreadable is not None:
        raise InvalidRequest.at(("line", 1), f"the body is {unreadable}", "foreign")
    head = body[:2000].removeprefix(_BOM).lstrip()
    for looks, said in ((_QUOTED, _QUOTED_ROWS), *_SIGNS) if headed else _SIGNS:
        if looks(head):
            shown = such() if said.endswith(_AS_JSON) else ""
            raise InvalidRequest.at(("line", 1), said + shown, "foreign")
