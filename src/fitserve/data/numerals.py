"""Numbers that are written otherwise than a table writes them, and how to write them instead."""

import math
import re
import unicodedata
from collections.abc import Iterable
from decimal import Decimal, InvalidOperation

from fitserve.data.kinds import ENDLESS, LOOSE, TRUTHS, Form, form, unit
from fitserve.data.measures import measure
from fitserve.data.shell import unexpanded
from fitserve.data.unseen import around, bare, peeled

_LOOSE = re.compile(LOOSE, re.ASCII).search
_MINUS = re.compile(r"\W*[(−-]").match
_SPACES = re.compile(r"[ '\u2019\u00a0\u202f_]")
_PARTS = {"%": 2, "‰": 3}
_PARTED = re.compile(r"[+-]?[1-9]\d{0,2}(?:\.\d{3})+", re.ASCII).fullmatch
_UNEVEN = re.compile(r"[+-]?\d+(?:_\d+)+", re.ASCII).fullmatch
_RAISED = re.compile("[0-9][\u00b2\u00b3\u00b9\u2070-\u2079]").search
_SIGN = re.compile(r"[$€£¥₹%‰]|(?:usd|eur|gbp|chf)", re.IGNORECASE).search
_EITHER = re.compile(r"[+-]?[1-9]\d{0,2},\d{3}", re.ASCII).fullmatch
_CALLED = {"usd": "$", "us$": "$", "eur": "€", "gbp": "£"}
_UNITS = 5  # of a column at most: names of streets stand behind numbers, too
_ENDLESS = re.compile(ENDLESS, re.IGNORECASE).fullmatch

_ROW = r"leave\s(?:its|the)\srow\sout(?:\sof\sfeatures\sand\sy)?"
_OR_ITS_ROW = re.compile(rf",?\sor\s{_ROW}").sub
_ITS_ROW_OR = re.compile(rf"(?<=;\s){_ROW}(?=,\sor\s)").sub
NUMBER_INSTEAD = "write a number, or leave the row out"
SIGNS = {".": "reads decimal points", ",": "reads decimal commas"}
_PLAINLY = (Form.NUMBER, Form.ZEROS)


def plainly(text: str) -> str | None:
    """The number that a cell surely means, with digits, a sign and a point alone: `1234.5` of
    `1,234.5`, `1.5` of `1,5`, `0.05` of `5%`, `-5` of `($5)`; None: no number shows."""
    if _RAISED(text):  # 4², which is not 4
        return None
    text, sent = _in_digits(text), text
    found = form(text)
    if text != sent and found in _PLAINLY:
        return text.strip()
    if found not in (Form.COMMA, Form.GROUPED, Form.OTHERWISE) and unit(text) is None:
        return None
    if "0x" in text.lower():
        return str(int(text, 16))
    if _ENDLESS(text):
        return None
    if (seen := bare(text)) != text:
        return seen.strip()
    digits = _LOOSE(text)
    if digits is None or _UNEVEN(text):  # digits of another script, or 1_0
        return str(Decimal(text))
    number = Decimal(_pointed(digits[0]))
    places = _PARTS.get(text[-1], 0)
    if not number:
        return "0"
    return ("-" if _MINUS(text) else "") + str(number.scaleb(-places) if places else number)


def _in_digits(text: str) -> str:
    """The same with digits of another script as those that are read here: `40` of `４0`."""
    if text.isascii():
        return text
    return "".join(str(unicodedata.decimal(sign, sign)) for sign in text)


def whole(text: str) -> int | None:
    """The whole number from 0 that this surely is, written otherwise: 1 of `1.0`, `01`, `1e0`."""
    try:
        text = peeled(text)
        number = Decimal(plainly(text) or text)
    except InvalidOperation:
        return None
    near = number.is_finite() and 0 <= number < 2**53
    return int(number) if near and number == number.to_integral_value() else None


def added(text: str) -> str:
    """The sign of a currency, of a share or of a unit that stands before or behind the number."""
    found = _SIGN(text)
    return (unit(text) or "").strip() or (found[0] if found else "")


def in_one_unit(texts: Iterable[str]) -> str | None:
    """How cells are written that are numbers in a few units, such as mg and g; None: in one."""
    signs = {_CALLED.get(sign.lower(), sign): sign for sign in map(_unit_of, texts) if sign}
    if not 1 < len(signs) <= _UNITS:
        return None
    kind = "currency" if all(map(_SIGN, signs)) else "unit"
    several = ", ".join(sorted(signs.values()))
    return f"write all in one {kind}, as numbers alone (the column has {several})"


def _unit_of(text: str) -> str:
    """The unit of a number, which a share and a number of thousands have not."""
    sign = "" if measure(text) else added(text)
    return "" if sign in _PARTS else sign


def instead(text: str, in_csv: bool, fills: bool = False, commas: bool = False) -> str | None:
    """What to write where a number is needed and this text was sent, which may be a number or a
    gap; `fills`: a gap would be filled; `commas`: no comma stands between the cells of its CSV.
    None: it is another text."""
    text = text.strip()
    if text in TRUTHS:
        return f"write {TRUTHS[text]:.0f}"
    if not in_csv and (variable := unexpanded(text, in_place=True)):
        return variable
    if peeled(text) != text and (write := _peeled(text, in_csv)):
        return write
    found, plain = form(text), plainly(text)
    if found in (Form.NUMBER, Form.ZEROS):
        if not math.isfinite(float(text)):
            return "write a number of 1.8e308 at most, or leave its row out"
        if not in_csv:
            return f"write {_in_json(text)}, without quotes"
        whole = parted(text)
        also = f", or {whole} if it parts thousands" if whole else ""
        return f"add decimal=. if the point is the decimal sign, or write a comma{also}"
    if found is Form.COMMA and in_csv and "." in text:
        return f"with decimal=, write {text.replace('.', '')}, without it {plain}"
    if found is Form.COMMA and in_csv:
        return f"add decimal=, if it is a decimal comma, or write {plain}"
    if found is Form.GROUPED and commas and may_be_decimal(text):
        return f"add decimal=, if it is a decimal comma, or write {plain} if it parts thousands"
    if found is Form.TEXT and (more := measure(text)):
        number = _times(more.number, more.power)
        return f"write {'a number for it, such as ' * more.bound}{number}{more.words}"
    if plain is not None:
        return f"write {plain}"
    if _ENDLESS(text):
        return "write a finite number, or leave its row out"
    if found is Form.GAP or not text:
        if fills:
            return f"{'leave the cell empty' if in_csv else 'send null'} if it stands for a gap"
        return "fill the gap, or leave its row out"
    return "send a number instead, such as the year or the hour" if found is Form.DATE else None


def _peeled(text: str, in_csv: bool) -> str | None:
    """The same of a number that something stands around."""
    number = peeled(text)
    if form(number) not in (Form.NUMBER, Form.ZEROS) or not math.isfinite(float(number)):
        return None
    plain = number if in_csv else f"{_in_json(number)}, without quotes"
    return f"{around(text)}, write {plain}"


def may_be_decimal(text: str) -> bool:
    """Whether the comma of a number between thousands may be a decimal one: `1,234`."""
    return _EITHER(text) is not None


def only_row(said: str) -> str:
    """The same, where no row is left without the one that it tells of."""
    return _ITS_ROW_OR("write a smaller one", _OR_ITS_ROW("", said))


def other_sign(texts: Iterable[str]) -> str | None:
    """The decimal sign with which all of these are numbers, which they are not with the one that
    their CSV was read with; None: there is none, or it may part thousands."""
    stripped = [text.strip() for text in texts]
    if all(form(text) in _PLAINLY for text in stripped):
        pointed = [text for text in stripped if "." in text]
        return "." if pointed and not all(map(parted, pointed)) else None
    with_points = (text if "." in text else text.replace(",", ".") for text in stripped)
    commas = any(form(text) is Form.COMMA for text in stripped)
    if commas and all("," not in t and form(t) in _PLAINLY for t in with_points):
        return "," if not any("." in text for text in stripped) else None
    return None


def parted(text: str) -> str | None:
    """The whole number that this is, if its points part thousands: `1234` of `1.234`."""
    text = text.strip()
    return text.replace(".", "") if _PARTED(text) else None


def _in_json(digits: str) -> str:
    """The number as JSON writes it: digits on both sides of the point, no zeros in front."""
    sign, number = ("-" if digits[0] == "-" else ""), digits.lstrip("+-")
    whole, point, rest = number.partition(".")
    whole = re.sub(r"^0+(?=\d)", "", whole) or "0"
    return f"{sign}{whole}{point if rest[:1].isdigit() else ''}{rest}"


def _times(number: str, power: int) -> str:
    """The number, written with a point alone, times a power of ten."""
    sign = "-" if number.startswith("-") else ""
    found = Decimal(sign + _pointed(number.removeprefix("-")))
    return format(found.scaleb(power), "f") if power else str(found)


def _pointed(digits: str) -> str:
    """Of thousands and decimals, whichever signs part them, the digits and a point."""
    digits = _SPACES.sub("", digits)
    last = max(digits.rfind(","), digits.rfind("."))
    if last < 0:
        return digits
    sign, whole, part = digits[last], digits[:last], digits[last + 1 :]
    both = {",", "."} <= set(digits)
    thousands = sign == "," and len(part) == 3 and whole.lstrip("0") != ""
    if digits.count(sign) > 1 or (thousands and not both):
        return re.sub(r"[,.]", "", digits)
    return re.sub(r"[,.]", "", whole) + "." + part
