"""What a text is that stands where rows, or y, should, and what to send instead of it."""

import re

from fitserve.data.as_sent import bytes_of, encoded, sent, without_quotes
from fitserve.data.numerals import plainly
from fitserve.data.shell import unexpanded
from fitserve.errors import clip

AS_COLUMNS = (
    """df.to_dict('list'), or without pandas {"age": [22, 38], "sex": ["male", "female"]}"""
)
LISTS = "df.values.tolist()"
AS_LABELS = "y.tolist(), or without pandas a list, [1, 2]"

_ITSELF = "the list itself, with requests by json=body"
QUERY = "?model_type=...&model_id=..."
"""The query of a request that the text does not tell of; who knows that puts its own there."""
_LOOKED_AT = 4000  # characters
_FRAME = re.compile(
    r"""\{\s*"[^"]*"\s*:\s*\{|\{\s*"(?:index|columns)"\s*:\s*\[.*"data"\s*:""", re.DOTALL
).match
"""Text that pandas' to_json() wrote, by columns, by rows, 'split' or 'table'."""
_BY_NAME = re.compile(r"\[?\s*\{").match
_LINES = re.compile(r"\{[^\n]*\}\s*\n\s*\{|\[[^\n]*\]\s*\n\s*\[").match
_PRINTED_CELL = r"""(?:[-+]?[\d.][\d.e+-]*|-?inf|nan|True|False|'[^'\n]*')"""
_ARRAY = re.compile(
    rf"(?:np\.|numpy\.)?array\(|\[[\[\s]*{_PRINTED_CELL}(?:\s+[-+\d.nifTF'\[]|\]+\s*\[|(?<=\.)\s*\])"
).match
_LIST = re.compile(
    r"""[\[{][^"\n]*(?:'|\(|\bnan\b|\bNone\b|\bTrue\b|\bFalse\b)|\(\s*[-\d'\[(]"""
).match
_SERIES = re.compile(r"\bdtype: \w+\s*$").search
_PARTED = re.compile(r"[,;\t]").search
_NUMBERS = re.compile(r"[-+\d.eE,;\t ]+").fullmatch
_A_ROW = re.compile(r"-?\d+(?:\.\d+)?(?:(?:, ?| )-?\d+(?:\.\d+)?)+").fullmatch


def rows_as_text(value: object, otherwise: str, *, named: bool | None = None) -> str:
    """What to say of a text in place of rows, or '' if nothing shows; `otherwise` is how pandas is
    called for rows that are taken there, `named` whether columns have names where that is known."""
    return _variable(value) or _said(value, _rows(value, otherwise, named))


def labels_as_text(value: object) -> str:
    """What to say of a text in place of y, or '' if nothing shows."""
    if isinstance(value, str) and _BY_NAME(value.lstrip()) and not _LIST(value):
        return _said(value, ("what pandas' to_json() makes", f"send {AS_LABELS}"))
    if isinstance(value, str) and "\n" in value.strip() and value.lstrip()[:1] not in ("[", "("):
        return _said(value, ("a column as it is printed", f"send {AS_LABELS}"))
    return _variable(value) or _said(value, _encoded(value, AS_LABELS))


def _variable(value: object) -> str:
    variable = unexpanded(value, in_place=True)
    return f"a list is needed, not {sent(value)}; {variable}" if variable else ""


def unquoted(value: object) -> str:
    """What to do where a text holds a row, or ''."""
    if variable := unexpanded(value, in_place=True):
        return f"; {variable}"
    found = _a_row(value) or _encoded(value, "x.tolist()")
    return "" if found is None else f"; it is {found[0]}: {found[1]}"


def first_row(value: object) -> str:
    """What a list of texts begins with, where that holds a row, and what to do; or ''."""
    first = value[0] if isinstance(value, list) and value else None
    mend = unquoted(first)
    return f"the first row is {sent(first)}{mend}" if mend else ""


def _said(value: object, found: tuple[str, str] | None) -> str:
    return "" if found is None else f"{sent(value)} is {found[0]}; {found[1]}"


def _rows(value: object, otherwise: str, named: bool | None) -> tuple[str, str] | None:
    if not isinstance(value, str):
        return None
    text = value.strip()[:_LOOKED_AT]
    printed = _printed(text, "x.tolist()")
    if printed is not None:
        return printed
    if _LINES(text):
        return "JSON by the line", f"send {otherwise}"
    if _FRAME(text) or (otherwise.startswith(LISTS) and _BY_NAME(text)):
        return "what pandas' to_json() makes", f"send {otherwise}"
    if _SERIES(value[-100:]) or _table(text):
        return "what pandas prints", f"send {otherwise}"
    first, _, second = text.partition("\n")
    if text[:1] not in ("[", "{") and _PARTED(first) and _PARTED(second):
        return "CSV", f"with pandas send {otherwise}. {_alone(first, named)}"
    return _a_row(value, alone=True) or _encoded(value)


def _alone(first: str, named: bool | None) -> str:
    """How the CSV is sent that begins with this line."""
    bare = _NUMBERS(first) is not None
    where = ","
    if named is not None and named == bare:
        where = ", below a line of names," if named else ", without its line of names,"
    header = "&header=false" if named is False or (bare and not named) else ""
    return (
        f"Or send the CSV alone{where} with the header 'Content-Type: text/csv', and all else in "
        f"the query, {QUERY}{header}"
    )


def _table(text: str) -> bool:
    """Whether it is a table with blanks between its cells, and an index before them or none."""
    first, second = (line.split() for line in [*text.split("\n"), ""][:2])
    padded = re.search(r"\S {2,}\S", text) and not _PARTED(text.partition("\n")[0])
    return (
        bool(padded)
        and len(second) - len(first) in (0, 1)
        and any(re.fullmatch(r"[-+]?[\d.]+", cell) for cell in second)
    )


def _a_row(value: object, *, alone: bool = False) -> tuple[str, str] | None:
    """A row of numbers as text; where it stands `alone`, 1,2 is no number with a decimal comma."""
    if not isinstance(value, str) or not _A_ROW(value.strip()):
        return None
    if not alone and plainly(value.strip()):
        return None
    row = ", ".join(re.split("[, ]+", clip(value.strip(), 200)))
    return "text", f"write [{row}], without quotes"


def _printed(text: str, otherwise: str) -> tuple[str, str] | None:
    """A list as a program shows it."""
    if bytes_of(text):
        return "what Python prints of bytes", f"send {_ITSELF}"
    if _ARRAY(text):
        return "what NumPy prints", f"send {otherwise}"
    return ("what Python prints", f"send {_ITSELF}") if _LIST(text) else None


def _encoded(value: object, otherwise: str = "x.tolist()") -> tuple[str, str] | None:
    """A list as a program shows it, or JSON in JSON."""
    if not isinstance(value, str):
        return None
    printed = _printed(value.strip()[:_LOOKED_AT], otherwise)
    if printed is None and encoded(value):
        return "JSON inside of JSON", without_quotes(value)
    return printed
