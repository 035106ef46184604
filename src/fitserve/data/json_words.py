"""Words of programs that JSON does not have: what to write instead, by where they stand."""

import json
import math
import re
from collections.abc import Sequence
from typing import Any

import jiter

from fitserve.data.json_behind import also, as_gaps
from fitserve.errors import Location, clip

_END = rb"(?=\s*(?:[],}]|\Z))"
_OF = rb"[-+]?(?:[A-Za-z_]\w*)?\."
"""What stands before nan and inf in programs and in YAML: np.nan, .inf."""
_GAP = re.compile(
    rb"(?:[-+]?nan(?:\((?:ind|snan)\))?|nat|<na>|#?na|#?n/a|n\.a\.?|missing|--?|\?|\.|"
    + _OF
    + rb"(?:nan|nat|na)|[-+]?1\.#(?:ind|qnan|snan)\d*|"
    rb"(?:[a-z_]\w*\.)?float\d*\(\s*[\"'][-+]?nan[\"']\s*\))" + _END,
    re.IGNORECASE,
)
_ENDLESS = re.compile(
    rb"(?:[-+]?(?:inf(?:inity)?|\xe2\x88\x9e|1\.#inf\d*)|"
    + _OF
    + rb"(?:inf(?:inity|ty)?|[pn]inf|(?:positive|negative)_infinity)|"
    rb"-?(?:[a-z_]\w*\.)?float\d*\(\s*[\"'][-+]?inf(?:inity)?[\"']\s*\))(?![\w.(])",
    re.IGNORECASE,
)
_NOTHING = re.compile(rb"(?:none|null|nil|undefined)(?![\w.(])", re.IGNORECASE)
_TRUTH = re.compile(rb"(?:np\.)?(true|false)_?(?![\w.(])", re.IGNORECASE)
_ENDS = re.compile(rb"[\s,\]}]")
_ONE_VALUE = re.compile(rb"[A-Za-z_][\w.]*\(\s*([\"']?)([^\"'\\\n()]{1,80})\1\s*\)")
_CALL = re.compile(rb"((?:[A-Za-z_]\w*\.)*([A-Za-z_]\w*))\(")

_LISTS = re.compile(r"array|asarray|matrix|(?i:list|tuple|set|series|index|dataframe|tensor)")
_DATES = re.compile(r"(?i:timestamp|date|datetime(?:64)?|time|timedelta|period)")
_NUMBERS = re.compile(r"(?:u?int|float|double|longlong)\d*|Decimal")
_TEXTS = re.compile(r"str_?|string_?")

_A_LIST = "{word}(...) is a program's: send the list itself, of NumPy and pandas by .tolist()"
_A_DATE = (
    "{word}(...) is a program's: send a number instead, such as the year, or text in double quotes"
)
_A_RESULT = (
    "{word}(...) is a program's: send what it returns, with requests by json=body, with curl what "
    'a program prints by -d "$(python FILE)"'
)

_IN_X = (
    'null is how a gap is sent, in a table: write null and "missing": "impute" beside X (or '
    '"drop", which leaves its row out). Without that, fill the gap or leave its row out'
)
_IN_X_AND_Y = (
    "null is how a gap is sent, in a table, and one stands in y, which is not filled: write null "
    'and "missing": "drop" beside X, which leaves such rows out'
)
_IN_A_TABLE = "; of a table that is registered with missing, null is how a gap is sent"
_TO_A_MODEL = ". To a model that was registered with missing='impute', null is how a gap is sent"
_NO_COLUMNS = (
    ". A model that was registered with rows as lists takes such, [[5.1, 3.5]], and no columns by "
    "name"
)
_TO_LEARN = (
    "what is learned from must say what to learn; leave this row out of {rows}, or write null and "
    '"missing": "drop" beside X, which leaves it out'
)
_TRUE = "give the value, or leave the row out of features and y"
_SHAPE = "shape says how many rows and columns data holds, as in [1, 2]"
_NEEDED = {
    "kwargs": 'write kwargs as an object, such as {"X": [[1, 2], [3, 4]], "y": [0, 1]}',
    "X": "write X as a list of rows, as in [[5.1, 3.5], [4.9, 3.0]]",
    "features": "write features as a row, such as [5.1, 3.5], or a list of rows",
    "model_type": 'write model_type as text, such as "knn"',
    "model_id": "write model_id as a whole number from 0 on, such as 1",
    "inputs": "write inputs as a list of tensors, each with name, shape, datatype and data",
    "shape": _SHAPE,
    "datatype": 'write datatype as text, such as "FP64"',
    "data": "write data as a list of numbers",
}
_TRUE_OR_FALSE = ("probabilities", "standardize", "importance")
_Y = (
    "write y as a list, with a label or number for each row of X; or leave it out of a type that "
    "learns without"
)
_Y_TRUE = 'write y as a list of what is true of each row, such as ["a", "b"]'
_OF_TEXT = ("feature_names", "na_values", "drop")
_DUMPED = ". json.dumps(body) writes all of it as JSON"


def instead(body: bytes, at: int, asked: bool) -> str | None:
    """What to write instead of what stands there, if it is such a word or a program's call, and
    which more of them stand behind it. Rows without a name are `asked` about, or to learn from."""
    said = _here(body, at, asked)
    if said is None:
        return None
    end = _ENDS.search(body, at)
    return said + also(body, len(body) if end is None else end.start())


def _here(body: bytes, at: int, asked: bool) -> str | None:
    if truth := _TRUTH.match(body, at):
        return _truth(truth, _path(body, at, asked))
    for words in (_GAP, _ENDLESS, _NOTHING):
        if found := words.match(body, at):
            return _number(found, words, body, _path(body, at, asked), asked)
    return _call(body, at)


def _path(body: bytes, at: int, asked: bool) -> Location:
    """The same as in a body: rows alone are its features, or X; and X is features where rows are
    `asked` about."""
    path = _of_rows(_places(body, at))
    return ("features", *path[1:]) if asked and path[:1] == ("X",) else path


def _places(body: bytes, at: int) -> Location:
    """The names and places from the whole to what stands there. All before it is read again."""
    try:
        value: Any = jiter.from_json(body[:at] + b'"', partial_mode="trailing-strings")
    except ValueError:
        return ()
    path: list[str | int] = []
    while value and isinstance(value, (dict, list)):
        last = next(reversed(value)) if isinstance(value, dict) else len(value) - 1
        path.append(last)
        value = value[last]
    return tuple(path)


def _inside(path: Location) -> Location:
    return _of_rows(path[1:]) if path[:1] == ("kwargs",) and len(path) > 1 else path


def _of_rows(path: Location) -> Location:
    """The same, where rows that stand alone are X."""
    return ("X", *path) if isinstance(next(iter(path), None), int) else path


def _truth(found: re.Match[bytes], path: Location) -> str:
    word, truth = found[0].decode(), found[1].decode().lower()
    python = word.removeprefix("np.")[:2] in ("Tr", "Fa")
    said = f"{word} is Python's: JSON writes {truth}"
    said = said if python else f"JSON writes {truth} in small letters, not {word}"
    number = int(truth == "true")
    head, *rest = _inside(path) or ("",)
    if head == "inputs" and len(rest) > 1:
        head, *rest = rest[1:]
        if head == "data" and rest:
            return f"{said}, of datatype BOOL; of another write {number}"
    if head in ("X", "features") and rest:
        if any(isinstance(part, str) for part in rest):
            return f"{said}; in a column of numbers write {number}"
        return f"a number is needed in a cell of a list, not {word}; write {number}"
    if head in _NEEDED or (head == "y" and not rest):
        return f"{said}, which {head} is not; {_NEEDED.get(str(head), _Y)}"
    if rest and isinstance(head, str) and head != "y":
        return f"{said}, which is not taken here; {_item(head, rest)}"
    return said + (_DUMPED if python else "")


def _number(
    found: re.Match[bytes], words: re.Pattern[bytes], body: bytes, path: Location, asked: bool
) -> str:
    """What to write in place of a word for a number, or a value, that there is not."""
    said = f"JSON has no {clip(found[0].decode(errors='replace'), 20)}: "
    endless = words is _ENDLESS
    first, *rest = _inside(path) or ("features" if asked else "X", 0)
    head = str(first)
    if head == "inputs" and len(rest) > 1:
        head, rest = str(rest[1]), rest[2:]
        if rest and head == "data":
            mended = f"write {'a finite' if endless else 'a'} number, or leave its row out of data "
            return f"{said}{mended}and shape{'' if endless else _TO_A_MODEL}"
        if rest and head == "shape":
            return said + _SHAPE
    if rest and head in ("X", "features"):
        named = next((part for part in rest if isinstance(part, str)), None)
        if head == "X" and named is not None and _is_target(named, body):
            return said + _label("X", endless)
        mended = _cell(rest, endless, head)
        return said + (_IN_X_AND_Y if mended == _IN_X and _gap_in_y(body) else mended)
    if head == "y":
        true = path[0] == "y" and (asked or b'"features"' in body)
        if rest:
            return said + (_TRUE if true else _label("X and y", endless))
        return said + (_Y_TRUE if true else _Y)
    return said + (_item(head, rest) if rest else _member(head, words is _NOTHING, found[0]))


def _is_target(name: str, body: bytes) -> bool:
    there = re.escape(json.dumps(name, ensure_ascii=False).encode(errors="replace"))
    return re.search(rb'"target"\s*:\s*' + there, body) is not None


def _gap_in_y(body: bytes) -> bool:
    """Whether a gap stands among what is to be learned, too."""
    try:
        value = jiter.from_json(as_gaps(body))
    except ValueError:
        return False
    kwargs = value.get("kwargs", value) if isinstance(value, dict) else None
    if not isinstance(kwargs, dict):
        return False
    y, X, target = kwargs.get("y"), kwargs.get("X"), kwargs.get("target")
    if isinstance(target, str) and isinstance(X, dict):
        y = X.get(target)
    return isinstance(y, list) and any(cell is None for cell in y)


def _cell(rest: Sequence[str | int], endless: bool, head: str) -> str:
    """In a row, or a column, of a table: below `head`, or of a text that is nothing but rows."""
    name = rest[-1] if isinstance(rest[-1], str) else None
    to_a_model = "" if endless else _TO_A_MODEL
    if head == "features" and isinstance(rest[0], str) and len(rest) > 1:
        to_a_model += _NO_COLUMNS
    if name is not None:
        value = "a finite number, or text," if endless else "a value"
        beside = _IN_A_TABLE if not endless else ""
        verb = "write" if endless else "give"
        mended = f"{verb} {value} for {clip(name, 40)}, or leave the row out"
        return mended + (to_a_model if head == "features" else beside)
    if head != "features" and not endless:
        return _IN_X
    return f"write a{' finite' if endless else ''} number, or leave its row out{to_a_model}"


def _label(rows: str, endless: bool) -> str:
    if endless:
        return f"write a finite number, or leave this row out of {rows}"
    return _TO_LEARN.replace("{rows}", rows)


def _item(head: str, rest: Sequence[str | int]) -> str:
    """In a list, or an object, that is a member."""
    if head == "kinds" and isinstance(rest[0], str):
        return f'write "number", "category" or "text", or leave {clip(rest[0], 40)} out'
    what = "text in double quotes" if head in _OF_TEXT else "a finite number"
    return f"write {what}, or leave {clip(head, 40)} out"


def _member(head: str, nothing: bool, word: bytes) -> str:
    if head in _NEEDED:
        return _NEEDED[head]
    name = clip(head, 40)
    if nothing:
        also = _DUMPED if word == b"None" else ""
        return f"leave {name} out or, where it may be null, write null{also}"
    value = "true or false" if head in _TRUE_OR_FALSE else "a value"
    return f"give {value} for {name}, or leave {name} out"


def _call(body: bytes, at: int) -> str | None:
    found = _CALL.match(body, at)
    if found is None:
        return None
    word, last = clip(found[1].decode(), 30), found[2].decode()
    held = _ONE_VALUE.match(body, at)
    if held is not None and (value := _scalar(last, held)) is not None:
        return f"{word}(...) is a program's: write {value}"
    such = _A_LIST if _LISTS.fullmatch(last) else _A_DATE if _DATES.fullmatch(last) else _A_RESULT
    return such.replace("{word}", word)


def _scalar(made: str, held: re.Match[bytes]) -> str | None:
    """What a call makes of the number, or the text, between its brackets, as JSON writes it."""
    text = held[2].decode(errors="replace").strip()
    if _TEXTS.fullmatch(made):
        return json.dumps(text, ensure_ascii=False) if held[1] else None
    if not _NUMBERS.fullmatch(made):
        return None
    try:
        number = float(text)
    except ValueError:
        return None
    if text.lstrip("+-").isdigit():
        return str(int(text))
    return repr(number) if math.isfinite(number) else None
