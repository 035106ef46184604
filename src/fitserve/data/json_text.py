"""Reading JSON, and saying in plain words why a text is none."""

import re
from collections.abc import Callable, Mapping
from typing import Any

import jiter

from fitserve.data import files, json_behind, json_words
from fitserve.data.foreign import binary, printed_bytes
from fitserve.data.looks import like_csv
from fitserve.data.parts import parts
from fitserve.data.records import wide
from fitserve.data.shell import unexpanded
from fitserve.data.unseen import marked
from fitserve.errors import MalformedJson, clip

SUCH = '{"model_type": "knn"}'
"""How a body looks, of most routes."""
_ANYWHERE = f"{files.QUERY} in the URL of /register, /predict or /evaluate"
_NO_TARGET = re.compile(rf"{re.escape(files.QUERY)}(?!&target)")
_ROW = re.compile(r'in JSON, "features": (\[[^\]]*\])')
_ON_WINDOWS = SUCH.replace('"', '\\"')
_BOM = b"\xef\xbb\xbf"
_STRIDE = 2**16
_PLACE = re.compile(r"(.*) at line (\d+) column (\d+)$", re.DOTALL)
_NEXT_LINE = re.compile(rb"\n[\[{]")
_NUMBERS = re.compile(rb"\s*-?\d+(?:\.\d+)?(?:\s*[,;\t]\s*-?\d+(?:\.\d+)?)+\s*").fullmatch
_AS_PRINTED = re.compile(rb"\[\s*[-+]?[\d.][\d.e+-]*\s+[-+]?[\d.ni]").match
_PERHAPS_A_FILE = re.compile(rb"[A-Za-z_][\w./-]*").fullmatch
_WORD = re.compile(rb"[+-]?[A-Za-z_.][\w.]*|[+-]?\d[\w.+-]*")
_VARIABLE = re.compile(rb"\$(?:\w{1,80}|\{\w{1,80}\}|\([^)\n]{1,80}\))")
_STRANGE = re.compile(rb"[^\s,\]}\"]+")
_MEMBER_OF = re.compile(rb'"([^"\n]{1,80})"\s*:\s*\Z')

_QUOTED = (
    "text and the names of members stand in double quotes, not in single ones; in Python write "
    "the body by json.dumps(body)"
)
_UNQUOTED = (
    "text and the names of members stand in double quotes. On a command line put the whole body "
    f"in single quotes, or the shell takes the double ones away: -d '{SUCH}'. On Windows write "
    f'-d "{_ON_WINDOWS}" or -d @FILE'
)
_ESCAPED = (
    rf"\" stands where a plain double quote is meant; take the backslashes away, as in {SUCH}, or "
    "send it by -d @FILE"
)
_NO_TEXT = (
    "if '{name}' is a file, curl sends what it holds by -d @{name}, with the @. Else "
    f"{_UNQUOTED}"
)
_COMMENT = "JSON has no comments; take this one out"
_NUMBER = (
    "a number is written as in 12, -0.5 or 1e-3: digits on both sides of the point, no zeros in "
    "front, no separators"
)
_LEFT_OUT = "... stands for what was left out where this was printed; send all of it"
_VALUE = (
    "a value is needed here: a number, text in double quotes, true, false, null, a list or an "
    "object"
)
_LINES = (
    "each line is JSON of its own: make one list of them, with commas between, as `jq -s . FILE` "
    'does; in a body it stands as "features": [...], or at /register as "kwargs": {"X": [...]}'
)
_TO_ONE_MODEL = ' or, to one model, all rows in one, as "features": [...]'
_BODIES = f"each line is a body of its own: send one request for each{_TO_ONE_MODEL}"
_PRINTED = (
    "a comma is missing between two values of a list, where a number has digits on both sides of "
    "its point, [1.0, 2.0]; of what NumPy prints send x.tolist()"
)
_SURROGATE = "half of a surrogate pair stands here; write both halves, or the character in UTF-8"

_QUOTE = 'write the straight quote " instead of {mark}'
_DASH = "write the minus sign of the keyboard, -, instead of {mark}"
_MARKS = {
    **dict.fromkeys(json_behind.DOUBLE + json_behind.SINGLE, _QUOTE),
    **dict.fromkeys(json_behind.DASHES, _DASH),
    "(": "a list stands in [ ], not in ( )",
    ";": "values and members are parted by commas, not by ;",
    "=": "a colon stands between the name of a member and its value, not =",
}
_UNCLOSED = {
    "}": "a list is not closed; write ] before this }",
    "]": "no list is open that this ] could close; take it out",
}

_ELSE = {
    "trailing comma": "a comma stands before the closing bracket; take it out",
    "trailing characters": "the JSON has ended before this; send one object and nothing behind it",
    "invalid escape": 'after a backslash in text comes one of " \\ / b f n r t or u and four '
    "hexadecimal digits; a backslash itself is written \\\\",
    "unexpected end of hex escape": _SURROGATE,
    "lone leading surrogate in hex escape": _SURROGATE,
    "invalid unicode code point": "this byte is not UTF-8; save or encode the body as UTF-8",
    "recursion limit exceeded": "more than 200 lists and objects lie inside each other here; send "
    "rows as a list of lists of numbers",
    "number out of range": "this number has more than 4,300 digits; no float64 is that large",
    "expected `:`": "a colon is missing after the name of a member",
    "expected `,` or `]`": "a comma is missing between two values of a list, or ] at its end",
    "expected `,` or `}`": "a comma is missing between two members of an object, or } at its end",
    "control character": "a line break, tab or other control character stands in a text; write "
    "it as \\n, \\t or \\u and four hexadecimal digits",
    "EOF": "the body ends here, before its JSON does: a text, list or object was opened and is "
    "not closed. Send all of it",
    "invalid number": _NUMBER,
    "": _VALUE,
}  # by how the parser's own words begin


def parse_json(body: bytes, such: str = SUCH) -> Any:
    """The value that the JSON text holds; strict: no NaN, no member twice, bounded nesting. What is
    needed looks as `such`.

    A byte order mark before it is skipped (RFC 8259, 8.1, lets a reader do so). Raises
    `MalformedJson` with line, column (counted in bytes) and what to write instead.
    """
    text = body.removeprefix(_BOM)
    try:
        return jiter.from_json(text, allow_inf_nan=False, catch_duplicate_keys=True)
    except ValueError as error:
        found = _PLACE.match(str(error))
        said, line, column = found.groups() if found else (str(error), "1", "0")
        reason = _whole(text) or _duplicate(said)
        at = max(_start(text, int(line)) + int(column) - 1, 0)
        reason = reason or _at(text, at, said, '"features"' in such)
        raise MalformedJson(
            f"The body is not JSON at line {line} column {column}: {_such(reason, such)}. "
            "Mend it and send it again."
        ) from None


def _such(reason: str, such: str) -> str:
    """The reason, where what is needed looks as `such`."""
    if '"kwargs"' in such:
        reason = reason.replace(_ANYWHERE, f"{files.TO_LEARN} in the URL")
        reason = _ROW.sub(r'in JSON, "kwargs": {"X": [\1], ...}', reason)
        reason = _NO_TARGET.sub(f"{files.TO_LEARN} (target where the type learns one)", reason)
    if '"features"' not in such:
        reason = reason.replace(_TO_ONE_MODEL, "")
    return reason.replace(SUCH, such).replace(_ON_WINDOWS, such.replace('"', '\\"'))


def _start(body: bytes, line: int) -> int:
    """Where the line begins, counted from 1; lines may be very many."""
    start, left = 0, line - 1
    while (passed := body.count(b"\n", start, start + _STRIDE)) < left:
        start += _STRIDE
        left -= passed
    for _ in range(left):
        start = body.index(b"\n", start) + 1
    return start


# ----------------------------------------------------------------- what the whole body is


def refuse_other(body: bytes, such: str, lacking: str | None) -> None:
    """Refuse a body that is something else than JSON as a whole, which looks as `such`, where that
    shows at once; `lacking` is what the URL does not say yet of what one beside a CSV does, None
    where it says nothing of it."""
    reason = _whole(body) if body else None
    head = body[:2000].strip()
    if reason is None and b"\n" in head and head[:1] not in (b"{", b"[", b'"'):
        reason = _CSV  # of one column, or not of as many in each line
    if reason is not None:
        if lacking is not None:
            also = f", and {lacking} in the URL" if lacking else ""
            for one in (f", and {_ANYWHERE}", _IN_QUERY, f", and {files.QUERY} in the URL"):
                reason = reason.replace(one, also)
        reason = _such(reason, such)
        raise MalformedJson(f"The body is not JSON: {reason}. Mend it and send it again.")


def _whole(body: bytes) -> str | None:
    """What the body is instead of JSON, where that shows at its beginning."""
    unreadable = binary(body) or printed_bytes(body.strip())
    if unreadable is not None:
        return f"it is {unreadable}"
    head = body[:2000].strip()
    first, more, _ = head.partition(b"\n")
    if _NUMBERS(first) and like_csv(head):
        marks = [mark for mark in ",;\t" if mark.encode() in first]
        row = ", ".join(map(str.strip, first.decode().split(marks[0])))
        as_json = f'it is a row of CSV; in JSON, "features": [{clip(row, 100)}]. {_AS_CSV}'
        return f"{_CSV}. {_NAMELESS}" if more or len(marks) > 1 else as_json
    if (code := wide(body)) is not None:
        return f"it is text in {code}. Save it as UTF-8, or convert it: iconv -f {code} -t UTF-8"
    if any(one.is_file and like_csv(one.held) for one in parts(head)):
        file = next(one.file for one in parts(head) if one.is_file)
        how = files.how_sent(file or "FILE", files.QUERY, "csv")
        return f"it is a form in parts, which holds CSV. With curl send {how}, not -F"
    if mark := marked(head[:10].decode(errors="ignore")):
        return f"{mark} stands before it; take it out"
    if (of_file := files.instead(head, "json")) is not None:
        return f"it is {of_file}"
    return next((words for words, looks in _OTHERS.items() if looks(head)), None)


_LIKE_CSV = (
    "it looks like CSV. /register, /predict and /evaluate take it, with the header 'Content-Type: "
    "text/csv' and, of curl, --data-binary @FILE"
)
_IN_QUERY = f"; what else is to be said stands in the query, as in {files.QUERY}"
_CSV = f"{_LIKE_CSV}{_IN_QUERY}"
_NAMELESS = "Write names above its rows or, where the model has none, add header=false to the query"
_AS_CSV = (
    "As CSV it needs the header 'Content-Type: text/csv', ?model_type=knn&model_id=1, and names in "
    "a line above it or, where the model has none, &header=false"
)
_OTHERS: Mapping[str, Callable[[bytes], object]] = {
    f"it is empty. Send an object such as {SUCH}; curl sends a file by -d @FILE, with the @, "
    "and nothing where that is not there": (lambda head: not head),
    f"it is a form (name=value). Send an object such as {SUCH}; Python's requests does so by "
    "json=, not by data=": re.compile(rb"[\w.%+-]+=[^{}\n&]*(&[\w.%+-]+=[^{}\n&]*)*$").match,
    "it is a form in parts. Send the JSON alone; curl does so by -d @FILE, not by -F": re.compile(
        rb"--[^\n]+\r?\n[Cc]ontent-"
    ).match,
    "it stands as a whole in single quotes, and the double ones are gone in which names and text "
    f"stand. Write -d '{SUCH}', on Windows -d \"{_ON_WINDOWS}\", or -d @FILE": re.compile(
        rb"'\s*[{\[](?=[^\"]*$)[^a-zA-Z]*[a-zA-Z]"
    ).match,
    "it stands as a whole in single quotes. Take them away; on Windows, where they are left, write "
    f'-d "{_ON_WINDOWS}" or -d @FILE': re.compile(rb"'\s*[{\[]").match,
    f"it is HTML or XML. Send an object such as {SUCH}": lambda head: head.startswith(b"<"),
    _CSV: like_csv,
}


# -------------------------------------------------------------------- what is at the place


def _duplicate(said: str) -> str | None:
    found = re.match(r'Detected duplicate key "(.*)"', said, re.DOTALL)
    if found is None:
        return None
    return f"the member {clip(found[1], 40)!r} stands twice in one object; send it once"


def _at(body: bytes, at: int, said: str, asked: bool) -> str:
    """What is wrong at this byte, where the parser found what it said; rows are `asked` about, or
    to learn from."""
    if (variable := _VARIABLE.match(body, at)) is not None:
        return _unexpanded(body, variable)
    first = body[at : at + 4].decode(errors="ignore")[:1]
    if said.startswith(("expected", "key must", "invalid number")):
        strange = _strange(first)
        if strange is not None:
            return strange + json_behind.also(body, at, first)
    if body[at : at + 2] == b'\\"':
        return _ESCAPED
    if said.startswith("key must be a string"):
        if first == ",":
            return "a comma too many stands here; take it out"
        quoted = _QUOTED + json_behind.words(body, at)
        return quoted if first == "'" else _COMMENT if first in ("#", "/") else _UNQUOTED
    opened = body.rfind(b"[", max(at - 60, 0), at)
    if opened >= 0 and said.startswith(("expected", "invalid")) and _AS_PRINTED(body, opened):
        return _PRINTED
    cut = said.startswith("EOF")
    if cut or (said.startswith("expected `") and first.isalpha()):
        curled = json_behind.not_closed(body, len(body) if cut else at)
        if curled:
            return curled
    if said.startswith("expected `,`"):
        if re.match(rb"\d[\w.]", body[max(at - 1, 0) : at + 1]):
            said = "invalid number"  # 0x10, 1_000
        elif first in _UNCLOSED:
            return _UNCLOSED[first]
        elif first.isalpha() and body[:at].rstrip().endswith(b'"'):
            return "a quote is missing before this, or a comma after the text that ends here"
    if said.startswith("trailing characters") and _NEXT_LINE.match(body, max(at - 1, 0)):
        return _BODIES if b'"model_type"' in body[at : at + 2000].partition(b"\n")[0] else _LINES
    if said.startswith(("expected value", "expected ident", "invalid number")):
        at = _word_start(body, at) if not said.startswith("expected value") else at
        wrong = _value(body, at, asked)
        if wrong is not None:
            return wrong
    return next(words for begins, words in _ELSE.items() if said.startswith(begins))


def _strange(first: str) -> str | None:
    """What to write instead of a character that JSON does not have."""
    if (sign := json_behind.shown(first)) != first:
        return f"an invisible character, {sign}, stands here; take it out"
    return _MARKS[first].replace("{mark}", first) if first in _MARKS else None


def _value(body: bytes, at: int, asked: bool) -> str | None:
    """What is wrong with what stands where a value should."""
    instead = json_words.instead(body, at, asked)
    first, word = body[at : at + 1], _WORD.match(body, at)
    text = word[0].decode(errors="replace") if word else ""
    if instead is not None and not body[:at].strip():
        return f"an object is needed, not {clip(text, 20)}; send one such as {SUCH}"
    if instead is not None:
        return instead
    if first == b"'":
        return _QUOTED + json_behind.words(body, at)
    if first and first in b"#/":
        return _COMMENT
    if first == b",":
        return "a value is missing before this comma; write it, or take the comma out"
    if text[:3] == "...":
        return _LEFT_OUT
    if text[:1].isalpha() or text[:1] == "_":
        alone = _PERHAPS_A_FILE(body.strip()) if len(body) < 100 else None
        if alone is not None:
            return _NO_TEXT.replace("{name}", alone[0].decode())
        return f"{clip(text, 20)!r} stands without quotes; {_UNQUOTED}"
    if text:
        return f"{clip(text, 20)!r} is no number; {_plainly(text)}{_NUMBER}"
    strange = _STRANGE.match(body, at)
    return f"{_VALUE}, not {clip(strange[0].decode(errors='replace'), 20)!r}" if strange else None


def _unexpanded(body: bytes, found: re.Match[bytes]) -> str:
    """What to do where a shell's variable stands."""
    word = found[0].decode(errors="replace")
    if body.strip() == found[0]:
        return f'{word} is a shell\'s variable; write it in double quotes, -d "{word}"'
    named = _MEMBER_OF.search(body, max(found.start() - 90, 0), found.start())
    is_name = body[found.end() : found.end() + 20].lstrip()[:1] == b":"
    return unexpanded(word, named[1].decode(errors="replace") if named else "", quoted=is_name)


def _plainly(text: str) -> str:
    """How JSON writes this number, if it is one."""
    try:
        number = float(int(text, 16)) if "x" in text.lower() else float(text)
    except ValueError:
        return ""
    return f"write {number:.15g}; " if len(text) < 20 else ""


def _word_start(body: bytes, at: int) -> int:
    """Where the word begins in which the parser stopped."""
    start = at
    while start > 0 and at - start < 30 and re.match(rb"[\w.+-]", body[start - 1 : start]):
        start -= 1
    return start
