"""Cells that hold a number and more than that: how many thousands, an error, a bound, a mark."""

import re
from typing import NamedTuple

from fitserve.data.kinds import CURRENCY, LONGEST, LOOSE

_PARTS = re.compile(rf"(\D*?)([+−-]?)({LOOSE})(.*)", re.ASCII | re.DOTALL).fullmatch
_CURRENCY = re.compile(CURRENCY, re.ASCII | re.IGNORECASE).fullmatch
_ERROR = re.compile(rf" ?(?:±|\+/-|\+-) ?{LOOSE}| ?\(±? ?{LOOSE} ?%?\)", re.ASCII).fullmatch
_MARK = re.compile(r"\*{1,3}|†|‡|§|\[\w\]").fullmatch
_BOUNDS = ("<", "<=", "=<", "≤", ">", ">=", "=>", "≥")
_ABOUT = ("~", "≈", "ca", "ca.", "about", "approx", "approx.")
_LETTERS = {"k": "a thousand", " k": "a thousand", "K": "a thousand", "M": "a million"}
_LETTERS |= {"B": "a billion"}
_POWERS = {"k": 3, "thousand": 3, "m": 6, "mn": 6, "mio": 6, "mln": 6, "million": 6}
_POWERS |= {"b": 9, "bn": 9, "billion": 9}


class Measure(NamedTuple):
    """A cell's number, and what is to be done with the rest."""

    number: str
    """As it is written, with its sign."""
    words: str = ""
    """What to do with the rest, behind the number that is to be written."""
    power: int = 0
    """Of ten, by which it is multiplied."""
    bound: bool = False
    """Whether it is known no better than to be below, or above, this number."""


def measure(text: str) -> Measure | None:
    """What the cell says of its number; None: it holds no other than a text, or a plain number."""
    found = _PARTS(text) if len(text) <= LONGEST else None
    if found is None:
        return None
    before, sign, number, behind = found[1].strip(), found[2], found[3], found[4]
    number = ("-" if sign in ("-", "−") else "") + number
    if before in _BOUNDS and not behind:
        return Measure(number, bound=True)
    if before.lower() in _ABOUT and not behind:
        return Measure(number)
    if before in ("", "'") and (_MARK(behind.strip()) or (before and not behind)):
        return Measure(number, f", without {before or behind.strip()}")
    if before and not _CURRENCY(before):
        return None
    if not before and not sign and behind in ("-", "−"):
        return Measure(f"-{number}")
    if not before and _ERROR(behind):
        other = "number in brackets" if "(" in behind else "error"
        return Measure(number, f", and the {other} in a column of its own")
    power = _POWERS.get(behind.strip().lower().removesuffix("."))
    if behind in _LETTERS:
        return Measure(number, f" if {behind.strip()} is {_LETTERS[behind]}", power or 0)
    if power is not None and len(behind.strip()) > 1:
        return Measure(number, power=power)
    return None
