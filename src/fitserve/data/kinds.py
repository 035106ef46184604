"""What a cell of a table is, by how it is written."""

import re
from enum import Enum

from fitserve.data.unseen import bare

_PLAIN = r"(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?"
_GROUPED = r"\d{1,3}(?:[,. '\u2019\u00a0\u202f_]\d{3})+(?:[.,]\d+)?"
_COMMA = r"\d*,\d+"
LOOSE = rf"(?:{_GROUPED}|{_COMMA}|{_PLAIN})"
"""A number, its thousands and decimals parted in whatever way."""
CURRENCY = r"(?:[$€£¥₹]|us\$|usd|eur|gbp|chf)"
_MONTH = (
    r"(?:jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|"
    r"sept?(?:ember)?|oct(?:ober)?|nov(?:ember)?|dec(?:ember)?)\.?"
)
_M, _D, _Y = r"(?:0?[1-9]|1[0-2])", r"(?:0?[1-9]|[12]\d|3[01])", r"(?:\d{4}|\d{2})"
_ORDINAL = rf"{_D}(?:st|nd|rd|th)?"
_DAY = (
    rf"\d{{4}}([-/.]){_M}(?:\1{_D})?|{_D}([-/.]){_M}\2{_Y}|{_M}([-/.]){_D}\3{_Y}"
    rf"|{_ORDINAL}[-/ ]?{_MONTH}[-/, ]{{0,2}}{_Y}|{_MONTH} {_ORDINAL},? {_Y}"
    rf"|{_MONTH}[-/, ]{{0,2}}{_Y}|\d{{4}}[-/ ]?{_MONTH}(?:[-/ ]?{_D})?"
    r"|\d{4}[-/ ]?q[1-4]|q[1-4][-/ ]?\d{4}|\d{4}-?w\d{2}"
)
_WEEKDAY = r"(?:(?:mon|tues?|wed(?:nes)?|thu(?:rs)?|fri|sat(?:ur)?|sun)(?:day)?,? )?"
_TIME = r"\d{1,2}:\d{2}(?::\d{2}(?:[.,]\d+)?)?(?: ?[ap]\.?m\.?)?"
_ZONE = r"(?: ?(?:z|utc|gmt|[+-]\d{2}:?\d{2}))?"


class Form(Enum):
    """How a cell that is there is written."""

    NUMBER = "a number"
    ZEROS = "a number with zeros before it"
    TRUTH = "true or false"
    COMMA = "a number with a decimal comma"
    GROUPED = "a number with thousands separated"
    OTHERWISE = "a number written otherwise"
    DATE = "a date or time"
    GAP = "a mark for what is not there"
    TEXT = "text"


ENDLESS = r"[+-]?(?:inf(?:inity)?|1\.#inf\d*|∞)"
"""Infinity, as programs print it."""
LONGEST = 40  # characters of a cell that may be anything but text

_WRITTEN_OTHERWISE = (
    rf"[+−-]?(?:{_GROUPED}|{CURRENCY} ?-?{LOOSE}|{LOOSE} ?(?:%|‰|{CURRENCY}))"
    rf"|\({CURRENCY}? ?{LOOSE}\)|−{LOOSE}|[+-]?0x[0-9a-f]+|{ENDLESS}"
)
_AS_PRINTED = r"[+-]?(?:nan(?:\((?:ind|snan)\))?|1\.#(?:ind|qnan|snan)\d*)|#[^\s,;]{2,20}[!?]"
"""What C prints where no number is, and a spreadsheet where none came of a formula."""
_FORMS = [
    (form, re.compile(pattern, re.ASCII | re.IGNORECASE).fullmatch)
    for form, pattern in (
        (Form.ZEROS, rf"[+-]?0(?=\d){_PLAIN}"),
        (Form.NUMBER, rf"[+-]?{_PLAIN}"),
        (Form.DATE, rf"{_WEEKDAY}(?:{_DAY})(?:(?:T|,? ){_TIME}{_ZONE})?|{_TIME}{_ZONE}"),
        (Form.GROUPED, r"[+-]?[1-9]\d{0,2}(?:,\d{3})+(?:\.\d+)?"),
        (Form.COMMA, rf"[+-]?(?:{_COMMA}|\d{{1,3}}(?:\.\d{{3}})+,\d+)"),
        (Form.OTHERWISE, _WRITTEN_OTHERWISE),
        (Form.GAP, _AS_PRINTED),
    )
]
_MEASURE = re.compile(rf"[+-]?{LOOSE}( ?[A-Za-zµμ°²³/]{{1,6}})", re.ASCII).fullmatch
_MARKS = "- -- --- ? ?? * . .. ... – — _ / #"
_WORDS = "n/a n.a. na null none nil missing unknown undefined #n/a #na <na> nat (null) [null] \\n"
_GAPS = frozenset(f"{_MARKS} {_WORDS}".split(" "))
TRUTHS = {"true": 1.0, "True": 1.0, "TRUE": 1.0, "false": 0.0, "False": 0.0, "FALSE": 0.0}


def form(text: str) -> Form:
    """What the cell is, alone; spaces around it are not part of it."""
    if text in TRUTHS:
        return Form.TRUTH
    if len(text) > LONGEST:
        return Form.TEXT
    for found, matches in _FORMS:
        if matches(text):
            return found
    if text.lower() in _GAPS:
        return Form.GAP
    if (plain := bare(text)) != text:
        found = form(plain.strip()) if plain.strip() else Form.GAP
        return Form.OTHERWISE if found in (Form.NUMBER, Form.ZEROS) else found
    return Form.OTHERWISE if _python_reads(text) else Form.TEXT


def is_word_for_none(text: str) -> bool:
    """Whether a cell holds a word, and no mark alone, that says that there is nothing."""
    return form(text.strip()) is Form.GAP and any(map(str.isalpha, text))


def _python_reads(text: str) -> bool:
    """A number to Python, which a person may have meant otherwise: 1_000, digits of any script."""
    try:
        float(text)
    except ValueError:
        return False
    return True


def unit(text: str) -> str | None:
    """What the cell is measured in, if it is a number with a unit: `5 kg`."""
    found = _MEASURE(text) if len(text) <= LONGEST else None
    return found[1] if found else None
