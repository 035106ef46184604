"""What a cell of text says: a number, a gap, or neither; and what a caller may decide of it."""

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Self

import jiter
import numpy as np

from fitserve.data.table import FloatArray
from fitserve.errors import Fault, InvalidRequest, clip

SPACES = " \t\r\n"  # JSON's white space; a no-break space is none
MISSING_WORDS = ("NA", "N/A", "#N/A", "NaN", "nan", "null", "NULL")

_NUMBER = re.compile(
    r"[ \t\r\n]*[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?[ \t\r\n]*"
).fullmatch
_LEADING_ZEROS = re.compile(r"[ \t\r\n]*[+-]?0[0-9]").match
_JSON_NUMBERS = {int, float, type(None)}


_TRUTHS = {
    "true": ("true", "yes", "y", "1", "on", "t"),
    "false": ("false", "no", "n", "0", "off", "f"),
}


NOTHING = ("none", "null", "nan", "nil", "undefined", "[]", "{}")
"""Words of programs for what is not there, in small letters."""


def truth_meant(text: str) -> str:
    """What to write where neither true nor false stands in a query: `; write true` of another
    word for it."""
    meant = (word for word, others in _TRUTHS.items() if text.lower() in others)
    return f"; write {next(meant, 'one of them, or leave it out')}"


@dataclass(frozen=True)
class Dialect:
    """How a CSV is written, as far as the caller says so."""

    delimiter: str | None = None
    """One character; None: found out from the header and the first records."""
    decimal: str = "."
    header: bool = True
    """Without one, the columns are named `0`, `1`, ..."""
    missing: Collection[str] = MISSING_WORDS
    """Words that stand for no value, beside the empty cell; exactly so, but for spaces around. Of
    a number its value counts: `-999` is `-999.0` too."""

    @classmethod
    def from_query(cls, query: Mapping[str, str]) -> Self:
        """What `delimiter`, `decimal`, `header` and `na_values` of a URL's query say.

        `na_values` are words between commas, and stand in place of the usual ones.
        """
        delimiter = query.get("delimiter")
        words = query.get("na_values")
        header = query.get("header", "true")
        dialect = cls(
            {"tab": "\t", r"\t": "\t"}.get(delimiter or "", delimiter),
            query.get("decimal", "."),
            header == "true",
            MISSING_WORDS if words is None else [word.strip(SPACES) for word in words.split(",")],
        )
        faults = list(dialect._faults())
        if header not in ("true", "false"):
            said = f"true or false is needed, not {clip(header, 40)!r}{truth_meant(header)}"
            if header.lower() == "none":  # pandas' word for no header
                said = "true or false is needed, not 'None'; write false where no names stand above"
            faults.append(Fault(("header",), said, "bool_parsing"))
        if faults:
            raise InvalidRequest(faults)
        return dialect

    def _faults(self) -> Iterator[Fault]:
        sign = self.delimiter
        if sign is not None and not may_delimit(sign):
            yield Fault(
                ("delimiter",),
                f"{clip(sign, 40)!r} cannot stand between cells; "
                + (
                    "leave it out"
                    if sign.lower() in NOTHING
                    else "give one character, and no letter, digit, quote, sign or point, or "
                    "'tab' for a tab"
                ),
                "delimiter",
            )
        if self.decimal not in (".", ","):
            yield Fault(
                ("decimal",),
                f"'.' or ',' is needed, not {clip(self.decimal, 40)!r}; write one of them, or "
                "leave it out",
                "decimal",
            )

    # ------------------------------------------------------------------------- cells

    @cached_property
    def gaps(self) -> frozenset[str]:
        return frozenset({"", *self.missing})

    @cached_property
    def gap_numbers(self) -> tuple[float, ...]:
        """Numbers that stand for no value."""
        found = map(self.number, self.missing)
        return tuple(number for number in found if number is not None)

    def is_missing(self, text: str) -> bool:
        if text in self.gaps or text.strip(SPACES) in self.gaps:
            return True
        return bool(self.gap_numbers) and self.number(text) in self.gap_numbers

    def is_gap(self, cell: object) -> bool:
        """The same of a cell of JSON."""
        if isinstance(cell, str):
            return self.is_missing(cell)
        if isinstance(cell, (int, float)) and not isinstance(cell, bool):
            return cell in self.gap_numbers
        return cell is None

    def without_gaps(self, values: FloatArray) -> FloatArray:
        """The numbers, NaN where one of them stands for no value."""
        if not self.gap_numbers:
            return values
        return np.where(np.isin(values, self.gap_numbers), np.nan, values)

    def number(self, text: str) -> float | None:
        """The number that the text is, infinite if it is beyond float64; None: it is none.

        `[+-]digits[.digits][e[+-]digits]`, `.5` and `1.` too, with spaces around.
        """
        if self.decimal == ",":
            if "." in text:
                return None
            text = text.replace(",", ".")
        return float(text) if _NUMBER(text) else None

    def numbers(self, cells: Sequence[str]) -> tuple[FloatArray, int | None] | None:
        """All the cells as float64, NaN where missing, and the first one with leading zeros.

        None: some cell is neither a number nor missing, though it may look like one.
        """
        found = self._as_json(cells)
        if found is None and not self.gaps.isdisjoint(cells):
            found = self._as_json(["" if cell in self.gaps else cell for cell in cells])
        return self._one_by_one(cells) if found is None else (self.without_gaps(found), None)

    def _as_json(self, cells: Sequence[str]) -> FloatArray | None:
        """The cells as the numbers of one JSON list, where that is what they are.

        A cell `[1`, `"a"`, `true` or `1,2` changes how many values there are, or their types.
        """
        sign = ";" if self.decimal == "," else ","
        joined = sign + sign.join(cells) + sign
        gaps = 0
        if sign + sign in joined:
            gaps = cells.count("")
            if gaps == len(cells):
                return np.full(gaps, np.nan)
            for _ in range(2):  # neighbours share a sign
                joined = joined.replace(sign + sign, f"{sign}null{sign}")
        if self.decimal == ",":
            if "." in joined:
                return None
            joined = joined.replace(",", ".").replace(";", ",")
        try:
            found = jiter.from_json(f"[{joined[1:-1]}]".encode(), allow_inf_nan=False)
        except ValueError:
            return None
        if len(found) != len(cells) or not set(map(type, found)) <= _JSON_NUMBERS:
            return None
        if found.count(None) != gaps:
            return None
        try:
            return np.array(found, dtype=np.float64)
        except OverflowError:  # an int of more than 308 digits
            return None

    def _one_by_one(self, cells: Sequence[str]) -> tuple[FloatArray, int | None] | None:
        """What JSON has no form for: `+1`, `007`, `.5`, `1.`, a cell of spaces."""
        values = np.empty(len(cells))
        zeros = None
        for i, cell in enumerate(cells):
            value = self.number(cell)
            if value is None or value in self.gap_numbers:
                if not self.is_missing(cell):
                    return None
                value = np.nan
            elif zeros is None and leading_zeros(cell):
                zeros = i
            values[i] = value
        return values, zeros


def leading_zeros(number: str) -> bool:
    """Whether a number is written as codes are: `007`."""
    return _LEADING_ZEROS(number) is not None


def may_delimit(sign: str) -> bool:
    """Whether cells may end in it, and numbers not be mistaken."""
    if len(sign) != 1 or sign.isalnum() or sign in '"+-.':
        return False
    return sign.isprintable() or sign == "\t"
