"""All that is wrong with a table in one, and what to send to be rid of it."""

from collections import ChainMap
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from itertools import chain
from typing import Any

from fitserve.data.diagnosis import BELOW, FORMAT, NO_ROW
from fitserve.data.dialect import MISSING_WORDS
from fitserve.data.footers import footers, summed_up
from fitserve.data.kinds import TRUTHS, is_word_for_none
from fitserve.data.options import ColumnOptions
from fitserve.data.table import Table
from fitserve.errors import LISTED, Advice, Fault, InvalidRequest, clip

Written = Callable[[Mapping[str, Any]], str]
_COUNTED = "have its words counted (kind text)"
_BY_WORDS = "send other columns too, or say that it is a text (kinds), whose words are counted"

FILL = Advice("fills empty cells", {"missing": "impute"})
LEAVE_ROWS_OUT = Advice("leaves rows with empty cells out", {"missing": "drop"})


def refused(
    faults: Sequence[Fault], options: ColumnOptions, written: Written, no_gaps: bool = False
) -> InvalidRequest:
    """All the faults of a table in one, and what to send to be rid of all that it mends. Where
    there are `no_gaps`, the usual words for them need not be said beside others."""
    faults = sorted(faults, key=lambda one: one.loc[1] if one.loc[:1] == ("line",) else 0)
    if no_gaps and tuple(options.na_values) == MISSING_WORDS:
        options = replace(options, na_values=[])
    faults = _whole(faults, options)
    mending = [
        remedy
        for fault in faults
        for remedy in fault.remedies
        if fault.type != FORMAT or "drop" not in remedy.set  # to lose a column is no first advice
    ]
    add = _together(mending, options)
    return InvalidRequest(faults[:LISTED], len(faults), written(add) if add else None)


def _whole(faults: Sequence[Fault], options: ColumnOptions) -> list[Fault]:
    """The same, whose remedies do all that they say by themselves, as a merge patch: a list takes
    the place of what was sent, and words for gaps are of all columns. Rows are left out, not
    filled, where what to learn is missing."""
    sets = [remedy.set for fault in faults for remedy in fault.remedies]
    marks = [mark for one in sets for mark in one.get("na_values", ())]

    def whole(remedy: Advice) -> Advice:
        set_ = dict(remedy.set)
        if "na_values" in set_:
            set_["na_values"] = list(dict.fromkeys([*options.na_values, *marks]))
        if "drop" in set_:
            set_["drop"] = list(dict.fromkeys([*options.drop, *set_["drop"]]))
        return Advice(remedy.words, set_)

    whole_ = [replace(one, remedies=tuple(map(whole, one.remedies))) for one in faults]
    return [leaving_out(one, faults) for one in whole_]


def leaving_out(fault: Fault, faults: Sequence[Fault]) -> Fault:
    """The same, whose remedies fill no gap where one of all `faults` leaves rows out."""
    if not any(one.set.get("missing") == "drop" for each in faults for one in each.remedies):
        return fault

    def left_out(remedy: Advice) -> Advice:
        if remedy == FILL:
            return LEAVE_ROWS_OUT
        gaps = {"missing": "drop"} if "missing" in remedy.set else {}
        return Advice(remedy.words, {**remedy.set, **gaps})

    return replace(fault, remedies=tuple(map(left_out, fault.remedies)))


def _together(remedies: Sequence[Advice], options: ColumnOptions) -> dict[str, Any]:
    """All that the remedies set, with what was sent of the same members."""
    merged: dict[str, Any] = {}
    for name in dict.fromkeys(name for remedy in remedies for name in remedy.set):
        values = [remedy.set[name] for remedy in remedies if name in remedy.set]
        given = getattr(options, name, None)
        if isinstance(values[0], list):
            merged[name] = list(dict.fromkeys(chain(given or (), *values)))
        elif isinstance(values[0], dict):
            merged[name] = dict(ChainMap(*values, given or {}))
        else:  # of missing, drop mends more than impute does
            merged[name] = "drop" if "drop" in values else max(values)
    return merged


def by_lines(
    faults: list[Fault], table: Table, used: Sequence[str], target: str | None
) -> list[Fault]:
    """The same, with one for each line that may be no row, or surely is none."""
    there = used if target is None or target not in table.columns else [*used, target]
    faults = _of_sums(_together_where_no_row(faults, table), table, used)
    return _of_footers(faults, table, there)


def _together_where_no_row(faults: list[Fault], table: Table) -> list[Fault]:
    """The same, with one for all that a line makes wrong that may be no row, if it does so in
    several columns."""
    lines = {one.loc[:2] for one in faults if one.type == NO_ROW}
    kinds = (NO_ROW, "gap_mark", "missing")
    for line in sorted(lines):
        there = [one for one in faults if one.loc[:2] == line and one.type in kinds]
        if len(there) < 2:
            continue
        names = [str(one.loc[2]) for one in there]
        first = line == table.place(0, names[0])[:2]
        cells = [table.written(0 if first else table.n_rows - 1, name) for name in names]
        if first and any(is_word_for_none(cell) or cell in TRUTHS for cell in cells):
            continue  # each is told by itself
        shown = (
            f"{name} ({clip(cell, 40)!r})" if cell.strip() else name
            for name, cell in zip(names, cells, strict=True)
        )
        said = (
            f"this line is unlike all others in {clip(', '.join(shown), 300)}; leave it out, if it "
            f"holds {'units' if first else 'a total or a note'}"
        )
        faults = [Fault(line, said, NO_ROW), *(one for one in faults if one not in there)]
    return faults


def _of_footers(faults: list[Fault], table: Table, names: Sequence[str]) -> list[Fault]:
    """The same, with one for the last lines where they hold rules or summaries, and more is wrong
    there than one cell."""
    if not faults or not table.in_csv or not (rows := footers(table, names)):
        return faults
    lines = [table.place(row, names[0])[:2] for row in rows]
    there = [one for one in faults if one.loc[:2] in lines]
    if not there or [one.type for one in there] == [NO_ROW]:
        return faults
    begins = clip(table.written(rows[0], names[0]), 40)
    them = f"lines {lines[0][1]} to {lines[-1][1]}" if len(rows) > 1 else "this line"
    said = f"{begins!r} begins a rule, a total or an average below the table; leave {them} out"
    return [*(one for one in faults if one not in there), Fault(lines[0], said, NO_ROW)]


def keeping_one(faults: list[Fault], table: Table, names: Sequence[str]) -> list[Fault]:
    """The same, without leaving out the only column that there is: if its cells have several
    words, these are counted."""
    if len(names) > 1 or not faults or _COUNTED not in faults[0].msg:
        return faults
    (name,) = names
    texts = table.columns[name].texts[:200]
    several = sum(len(text.split()) for text in texts) >= 2 * len(texts)
    by_words = Advice(f"counts the words of {name}", {"kinds": {name: "text"}})
    kept = tuple(one for one in faults[0].remedies if "drop" not in one.set)
    said = faults[0].msg.replace(f"leave it out (drop), or {_COUNTED}", _BY_WORDS)
    said = said.replace("Leave the column out (drop), raise", "Raise")
    return [replace(faults[0], msg=said, remedies=kept or (by_words,) * several), *faults[1:]]


def _of_sums(faults: list[Fault], table: Table, names: Sequence[str]) -> list[Fault]:
    """The same, with one for the last line where its gaps are of a row of sums."""
    last = table.n_rows - 1
    if last < BELOW or not table.in_csv:
        return faults
    line = table.place(last, next(iter(table.columns)))[:2]
    there = [one for one in faults if one.loc[:2] == line]
    empty = [one for one in there if one.type == "missing"]
    if not empty or any(one.type == NO_ROW for one in there):
        return faults
    cells = [column.values for name in names if (column := table.columns[name]).codes is None]
    if not summed_up([one for one in cells if one is not None], last):
        return faults
    gaps = clip(", ".join(str(one.loc[2]) for one in empty), 300)
    said = f"empty in {gaps}, and its numbers are the sums of those above; leave this line out"
    return [Fault(line, said, NO_ROW), *(one for one in faults if one not in empty)]
