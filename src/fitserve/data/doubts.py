"""What cells may mean beside what they were taken for: gaps, amounts, thousands, one another."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import chain
from typing import Any

import numpy as np

from fitserve.data.arrays import FloatArray
from fitserve.data.csv import CsvFile
from fitserve.data.encoding import CategoryEncoder, Encoder
from fitserve.data.kinds import LOOSE, Form, form
from fitserve.data.numerals import parted
from fitserve.data.observations import FEW, column, listed, of_spellings
from fitserve.data.outliers import Numbers
from fitserve.data.table import Table
from fitserve.data.unseen import around, peeled, quoted
from fitserve.errors import Advice, clip

FEWEST = 3  # different numbers in a column of which one may stand for no value
_NAMES = 6  # rows from which on a text that differs in each is told of
_LOOKED_UP = 20  # rows of which it is read again how they are written
_NINES = [10**n - 1 for n in range(2, 8)]
_GAPS = {float(-one) for one in _NINES} | {float(one) for one in _NINES}
_SURE = -999.0  # from here down a number that alone is below 0 surely is no value
_APART, _FAR = 1.5, 5.0  # ranges of the others that it lies apart, if it comes twice, and if once

_CODE = 20  # up to which a number is a label beside which 99 may be none
_A_VALUE = frozenset({"none", "nil"})
_CATEGORIES = frozenset({"missing", "unknown"})
_SHORT = re.compile(r"\d[A-Za-z]").fullmatch  # which may be a code, as 1B and 2M are
_SIZES = (
    r"(?:[kKmMB]|[bBmM]n|[mM]io\.?|[Mm]rd\.?|[tT]sd\.?"
    r"|(?:hundred|thousand|million|billion|trillion|crore|lakh)s?)"
)
_UNITS = (
    r"(?:[mµμnk]?(?:mol|g)(?:/(?:d?L|dl|l|m3|m³|kg))?|[mµμnkc]?m[²³23]?|m?[lL]|lbs?|oz|ft|in"
    r"|k[VW]|mA|mV|[kMGT]B|[kMG]?Hz|kJ|kcal|k?Pa|m?bar|km/h|m/s|mph|[°º][CF]?|%"
    r"|h|hrs?|hours?|mins?|minutes?|s|secs?|seconds?|days?|weeks?|months?|years?)"
)
_WRITTEN = [
    (re.compile(pattern, re.ASCII).fullmatch, instead)
    for pattern, instead in (
        (rf"[+-]?{LOOSE} ?(?:±|\+/?-) ?{LOOSE}", "and the error in a column of its own"),
        (rf"[+-]?[$€£¥]? ?{LOOSE} ?{_SIZES}", "with all their digits, 1200 for 1.2k"),
        (rf"['\u2018\u2019`\u00b4]{LOOSE}", "without the quote before them"),
        (rf"[~≈] ?[+-]?{LOOSE}", "without the sign before them"),
        (rf"[+-]?{LOOSE} ?{_UNITS}", "all in one unit, and without it"),
    )
]


def of_amounts(texts: Mapping[str, Sequence[str]]) -> Iterator[Advice]:
    """Columns whose different texts are each a number and a sign."""
    for name, found in texts.items():
        for matches, instead in _WRITTEN if len(found) > 1 and not all(map(_SHORT, found)) else ():
            if all(map(matches, found)):
                some = " and ".join(repr(clip(text, 40)) for text in found[:2])
                yield Advice(
                    f"{column(name)}: {some} were taken for texts, of which none is more than "
                    f"another. If they are amounts, write numbers, {instead}."
                )
                break


def of_quotes(name: str, texts: Sequence[str]) -> Iterator[Advice]:
    """Quotes around the different texts of a column: around all of them, or around some that stand
    there without quotes as well."""
    found = quoted(texts)
    if not found or (len(found) < len(texts) and not any(peeled(one) in texts for one in found)):
        return
    around_it, _, mend = around(found[0]).partition("; ")
    also = f" and {len(found) - 1} more" if len(found) > 1 else ""
    yield Advice(f"{column(name)}: {around_it}{also}, and are learned as a part of each; {mend}.")


def of_quoted_names(names: Iterable[str]) -> Iterator[Advice]:
    """Quotes around names of columns."""
    found = quoted(names)
    if found:
        each = listed([peeled(one) for one in found])
        yield Advice(
            f"Quotes stand around {each} where columns are named, and are learned as a part of "
            "such a name; take them away."
        )


def of_categories(encoders: Iterable[Encoder], n_rows: int) -> Iterator[Advice]:
    """Categories that differ by how they are written alone, or in every row."""
    encoders = list(encoders)
    for encoder in encoders:
        if not isinstance(encoder, CategoryEncoder):
            continue
        yield from of_spellings(encoder.categories, "categories", f"{column(encoder.name)}: ")
        yield from of_quotes(encoder.name, encoder.categories)
        if len(encoder.categories) == n_rows >= _NAMES and len(encoders) > 1:
            yield Advice(
                f"{column(encoder.name)}: a different text in each of the {n_rows} rows, so that "
                "no later row would be known; leave it out.",
                {"drop": [encoder.name]},
            )


def gap_numbers(columns: Iterable[Numbers]) -> dict[str, list[int]]:
    """Numbers that may stand for no value, as -999 and 9999 do in old files: far from all others
    of their column."""
    return {one.name: found for one in columns if (found := _gap_numbers(one))}


def of_gap_numbers(
    found: Mapping[str, Sequence[int]], words: Sequence[str], target: str | None
) -> Iterator[Advice]:
    """What to say of such; `words` count as missing already, `target` is the name of y."""
    if not found:
        return
    numbers = sorted(set(chain(*found.values())))
    here = [f"{' and '.join(map(str, of))} in {column(name)}" for name, of in found.items()]
    one = len(numbers) == 1
    yield Advice(
        f"{listed(here)}: far from all other numbers there, and learned from as "
        f"{'it is' if one else 'they are'}. If {'it stands' if one else 'they stand'} for what is "
        f"missing, write {'it' if one else 'them'} in na_values.",
        {
            "na_values": [*words, *map(str, numbers)],
            "missing": "drop" if target in found else "impute",
        },
    )


def of_gap_labels(
    labels: Sequence[object], counts: Sequence[int], words: Sequence[str]
) -> Iterator[Advice]:
    """A class that may stand for what is missing, as `?` beside yes and no, or None in few rows;
    `counts` are the rows of each."""
    few = [label for label, count in zip(labels, counts, strict=True) if count < FEW]
    marks = [str(label) for label in _marks(labels, few)]
    if not marks:
        return
    one = len(marks) == 1
    yield Advice(
        f"{' and '.join(map(repr, marks))} {'is a class' if one else 'are classes'} like any "
        f"other; if {'it stands' if one else 'they stand'} for what is missing, write "
        f"{'it' if one else 'them'} in na_values, and leave such rows out (missing=drop).",
        {"na_values": [*words, *marks], "missing": "drop"},
    )


def of_gap_categories(encoders: Iterable[Encoder], words: Sequence[str]) -> Iterator[Advice]:
    """The same of the categories of columns, where a word may be one of them."""
    found = {
        one.name: marks
        for one in encoders
        if isinstance(one, CategoryEncoder)
        if (marks := [mark for mark in _marks(one.categories) if mark not in _CATEGORIES])
    }
    if not found:
        return
    marks = list(dict.fromkeys(chain(*found.values())))
    here = [f"{' and '.join(map(repr, of))} in {column(name)}" for name, of in found.items()]
    one = len(marks) == 1 and len(here) == 1
    yield Advice(
        f"{listed(here)}: {'a category' if one else 'categories'} like any other; if "
        f"{'it stands' if one else 'they stand'} for what is missing, write "
        f"{'it' if one else 'them'} in na_values, and have such cells filled (missing=impute).",
        {"na_values": [*words, *marks], "missing": "impute"},
    )


def of_thousands(file: CsvFile, table: Table) -> Iterator[Advice]:
    """Points that may part thousands: three digits behind each of them, and cells parted by `;`,
    as where the decimal sign is a comma."""
    if file.delimiter != ";" or file.dialect.decimal != ".":
        return
    found: dict[str, str] = {}
    for name, cells in table.columns.items():
        if cells.codes is not None or cells.values is None or not cells.has_fractions():
            continue
        rows = np.flatnonzero(cells.values % 1.0)
        written = [table.written(int(row), name) for row in rows[:_LOOKED_UP]]
        if not all(map(parted, written)):
            return
        scaled = cells.values[rows] * 1000.0
        if len(rows) >= FEWEST and (np.abs(scaled - np.rint(scaled)) < 1e-6).all():
            found[name] = written[0]
    if found:
        text = next(iter(found.values()))
        yield Advice(
            f"{listed(map(column, found))}: three digits behind each point, as where points part "
            f"thousands; {text} was read as a little more than {text.partition('.')[0]}. If it is "
            f"{parted(text)}, write that, without points."
        )


def _marks(labels: Sequence[Any], few: Sequence[object] = ()) -> list[Any]:
    """Those of the labels that may stand for none beside the others; of words that may be values,
    those in few rows, or written as a program does beside others that are not."""
    marks = [label for label in labels if _is_mark(label)]
    others = [label for label in labels if label not in marks]
    values = [label for label in others if str(label).lower() in _A_VALUE]
    own = not any(str(label)[:1].isupper() for label in others if label not in values)
    marks += [label for label in values if label in few or (own and label == "None")]
    others = [label for label in others if label not in marks]
    return marks if len(others) > 1 and all(map(_is_word, others)) else []


def _is_mark(label: object) -> bool:
    if isinstance(label, str):
        return form(label) is Form.GAP and label.lower() not in _A_VALUE
    return label in _GAPS


def _is_word(label: object) -> bool:
    """Whether a label is one beside which a mark stands for none: no mark, and no large number."""
    if isinstance(label, str):
        return any(map(str.isalnum, label))
    return isinstance(label, (int, float)) and 0 <= label <= _CODE


def _gap_numbers(column: Numbers) -> list[int]:
    """Those of a column, the least and the greatest alone."""
    values, ends = column.values, _GAPS.intersection(column.ends)
    if not ends:
        return []
    others = values[~np.isin(values, list(ends)) & ~np.isnan(values)]
    if len(np.unique(others[:1000])) < FEWEST:
        return []
    return sorted(int(one) for one in ends if _is_far(one, others, int((values == one).sum())))


def _is_far(number: float, others: FloatArray, times: int) -> bool:
    least, greatest = float(others.min()), float(others.max())
    gap, spread = (least - number if number < 0 else number - greatest), greatest - least
    if number <= _SURE and least >= 0.0 and (times > 1 or gap > spread):
        return True
    if abs(number) < -_SURE and times < 2:
        return False
    return gap > (_APART if times > 1 and abs(number) >= -_SURE and least >= 0.0 else _FAR) * spread
