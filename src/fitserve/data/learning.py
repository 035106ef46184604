"""What a table's columns are, learned at registration, or all that is wrong with them at once."""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from itertools import pairwise
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from fitserve.data.arrays import FloatArray
from fitserve.data.columns import Columns
from fitserve.data.diagnosis import FORMAT, asked, diagnosed
from fitserve.data.dialect import NOTHING
from fitserve.data.encoding import (
    CategoryEncoder,
    Encoder,
    NumberEncoder,
    Rows,
    TextEncoder,
    empty,
)
from fitserve.data.levels import Levels
from fitserve.data.mending import FILL, LEAVE_ROWS_OUT, Written, by_lines, keeping_one, refused
from fitserve.data.names import in_a_url, instead_of, parted
from fitserve.data.options import ColumnOptions, Kind
from fitserve.data.summaries import frequency_summary, median, number_summary
from fitserve.data.table import Column, Table
from fitserve.data.unseen import typed, unlike
from fitserve.data.words import most_frequent, word_totals
from fitserve.errors import Advice, Fault, InvalidRequest, Location, clip

Kinds = Mapping[str, Kind]
Gaps = NDArray[np.bool_]


@dataclass(frozen=True)
class Examined:
    """A table whose columns are understood, and nothing learned yet."""

    table: Table
    """The rows to learn from."""
    rows: Rows | None
    """Which rows of the table that was sent these are; None: all."""
    kinds: Kinds
    """Of the columns that are used, in the order of the table."""
    options: ColumnOptions
    target: str | None
    """The name of the column that is y, if one is."""
    gaps: Mapping[str, int]
    """How many cells of each column were missing, in the table that was sent."""
    left_out: int = 0
    """How many rows of that are not learned from."""

    def learn(self) -> Columns:
        """What is to be known of the columns to encode them, learned from all rows."""
        encoders = [
            _LEARN[kind](name, self.table.columns[name], self.options)
            for name, kind in self.kinds.items()
        ]
        return Columns(encoders, self.target, na_values=self.options.na_values)

    def parted(self, train: Rows, test: Rows) -> tuple[FloatArray, FloatArray, list[slice]]:
        """Two matrices, of columns that are learned from the rows to train on alone, and which of
        their columns each of the table's was made into. A category that is not there to train on
        is none of those that are."""
        ignoring = replace(self.options, unknown="ignore")
        part = replace(self, table=taken(self.table, train), options=ignoring)
        columns = part.learn()
        groups = [slice(*ends) for ends in pairwise(columns.starts)]
        return columns.encode(part.table), columns.encode(taken(self.table, test)), groups

    def state(self) -> dict[str, Any]:
        """Arrays, and JSON, from which `restored` makes what `parted` needs."""
        told: dict[str, Any] = {"kinds": dict(self.kinds), "options": asdict(self.options)}
        told["n_rows"] = self.table.n_rows
        state: dict[str, Any] = {"table": told}
        for j, name in enumerate(self.kinds):
            cells = self.table.columns[name]
            state[f"texts_{j}"] = list(cells.texts)
            state[f"codes_{j}"] = cells.codes
            state[f"values_{j}"] = cells.values
        return state

    @classmethod
    def restored(cls, state: Mapping[str, Any]) -> Self:
        told = state["table"]
        columns = {
            name: Column(state[f"values_{j}"], state[f"codes_{j}"], state[f"texts_{j}"])
            for j, name in enumerate(told["kinds"])
        }
        table = Table(columns, told["n_rows"], lambda row, name: ("X", row, name))
        options = ColumnOptions(**told["options"])
        return cls(table, None, told["kinds"], options, None, {})

    def described(self, columns: Columns) -> list[dict[str, Any]]:
        """What is told of each column."""
        return [
            {
                "name": one.name,
                "kind": one.kind,
                "missing": self.gaps[one.name],
                "fill": one.fill,
                "categories": one.categories if isinstance(one, CategoryEncoder) else None,
                "summary": _summary(one, self.table.columns[one.name]),
            }
            for one in columns.encoders
        ]


def examined(
    table: Table,
    options: ColumnOptions,
    target: str | None = None,
    y_gaps: Gaps | None = None,
    faults: Sequence[Fault] = (),
    written: Written = str,
    y_written: Callable[[int], str] = lambda _row: "",
) -> Examined:
    """Decide what each column is, and which rows are learned from.

    `target` names the column that is y; `y_gaps` tells in which rows y is missing, `faults`
    what was found to be wrong already, `y_written` what was sent as y of a row. Raises
    `InvalidRequest` with every fault of the table; `written` says what to send to be rid of them
    as the caller would write it.
    """
    used = [name for name in table.columns if name not in options.drop and name != target]
    if not used and not faults:
        beside = "" if target is None else f" beside the target {clip(target, 40)!r}"
        said = f"no column is left to learn from{beside}; at least one is needed"
        where: Location = ("line", 1) if table.in_csv else ("X",)
        raise InvalidRequest.at(("drop",) if options.drop else where, said, "no_columns")
    kinds: dict[str, Kind] = {}
    wrong: list[Fault] = []
    for name in used:
        found = (asked if name in options.kinds else diagnosed)(name, table, options)
        if isinstance(found, Fault):
            wrong.append(found)
        else:
            kinds[name] = found
    wrong += faults
    wrong = keeping_one(wrong, table, used)
    left_out = {
        name
        for one in wrong
        for remedy in one.remedies
        for name in remedy.set.get("drop", ())
        if one.type != FORMAT  # whose cells are better mended, and its gaps with them
    }
    gaps = {name: table.columns[name].missing() for name in used if name not in left_out}
    y = np.zeros(table.n_rows, np.bool_) if y_gaps is None else y_gaps
    wrong += _gap_faults(table, options, gaps, target, y, y_written)
    wrong = by_lines(wrong, table, used, target)
    if wrong:
        no_gaps = not y.any() and not any(missing.any() for missing in gaps.values())
        raise refused(wrong, options, written, no_gaps)
    rows = _complete_rows([*gaps.values(), y]) if options.missing == "drop" else None
    if rows is not None and not len(rows):
        raise refused([_no_row_left(table, gaps)], options, written)
    counts = {name: int(gaps[name].sum()) for name in used}
    kept = table if rows is None else taken(table, rows)
    return Examined(kept, rows, kinds, options, target, counts, table.n_rows - kept.n_rows)


def taken(table: Table, rows: Rows) -> Table:
    """These rows of the table, as a table."""
    columns = {
        name: replace(
            cells,
            values=None if cells.values is None else cells.values[rows],
            codes=None if cells.codes is None else cells.codes[rows],
        )
        for name, cells in table.columns.items()
    }
    return Table(
        columns,
        len(rows),
        lambda row, name: table.place(int(rows[row]), name),
        written=lambda row, name: table.written(int(rows[row]), name),
        numbered=lambda row: table.numbered(int(rows[row])),
    )


# -------------------------------------------------------------------------------- problems


def _no_column(name: str, there: Sequence[str], kind: str | None = None) -> str:
    there_are = f"there are: {clip(', '.join(there), 300)}"
    parts = parted(name, there)
    if parts and kind is not None:
        each = json.dumps(dict.fromkeys(parts, kind), ensure_ascii=False)
        there_are = f"write each name by itself, {clip(each, 300)}"
    elif parts:
        each = ", ".join(json.dumps(part, ensure_ascii=False) for part in parts)
        there_are = f"write each name in quotes of its own, {clip(each, 300)}"
    wrong = unlike(name, there)
    near = f"{wrong}; " if wrong else instead_of(name, there)
    return f"there is no column {clip(name, 40)!r}; {near}{there_are}"


def unknown_names(
    there: Sequence[str],
    options: ColumnOptions,
    target: str | None,
    said: Callable[[str, Sequence[str], str | None], str] = _no_column,
    in_query: Written | None = None,
) -> Iterator[Fault]:
    """The names in what was asked that no column has, and a target that is to be left out too;
    `said` tells, of a name, the names that there are and its kind or None, why there is none, and
    `in_query` how members are written that stand in a URL."""
    if target is not None and target in options.drop:
        both = f"{clip(target, 40)!r} is the target, which is no part of X; leave it out of drop"
        yield Fault(("drop",), both, "given_twice")
    named = [("drop", name) for name in options.drop] + [("kinds", name) for name in options.kinds]
    if target is not None:
        named.append(("target", target))
    known = set(there)
    for member, name in named:
        if name in known:
            continue
        if in_query is not None and (found := in_a_url(name, there)) is not None:
            near, why = found
            add = in_query({member: _with(options, member, name, near)})
            instead = f"{why}: write {add}" if why else f"write {add}, if that is meant"
            listed = f"there are: {clip(', '.join(there), 300)}"
            fault = f"there is no column {clip(name, 40)!r}; {instead}; {listed}"
            yield Fault((member,), fault, "no_column")
        elif (meant := typed(name, there)) is not None:
            near, why = meant
            add = (in_query or _as_member)({member: _with(options, member, name, near)})
            said_so = f"there is no column {clip(name, 40)!r}; {why}, write {clip(add, 300)}"
            yield Fault((member,), said_so, "no_column")
        elif member == "target" and (parts := parted(name, there)):
            one = f"one column is learned at a time; write {parts[0]}, or another of these"
            yield Fault((member,), f"there is no column {clip(name, 40)!r}; {one}", "no_column")
        elif member == "drop" and name.strip().lower() in NOTHING:
            out = "drop" if len(options.drop) == 1 else "it"
            none = f"there is no column {clip(name, 40)!r}; leave {out} out"
            yield Fault((member,), none, "no_column")
        elif member != "target" and not name.strip():
            yield Fault((member,), f"there is no column {name[:40]!r}; leave it out", "no_column")
        else:
            kind = options.kinds[name] if member == "kinds" else None
            yield Fault((member,), said(name, there, kind), "no_column")


def _as_member(add: Mapping[str, Any]) -> str:
    return json.dumps(dict(add), ensure_ascii=False)[1:-1]


def _with(options: ColumnOptions, member: str, name: str, near: str) -> Any:
    """What a member holds with another name in the place of this one."""
    if member == "drop":
        return [near if one == name else one for one in options.drop]
    if member == "kinds":
        return {near if one == name else one: kind for one, kind in options.kinds.items()}
    return near


def _gap_faults(
    table: Table,
    options: ColumnOptions,
    gaps: Mapping[str, Gaps],
    target: str | None,
    y: Gaps,
    y_written: Callable[[int], str],
) -> Iterator[Fault]:
    kept = [one for one in gaps.values() if not one.all()]
    none_whole = bool(kept) and bool(np.logical_or.reduce(kept).all())
    for name, missing in gaps.items():
        count = int(missing.sum())
        row = int(missing.argmax())
        where = table.place(row, name)
        if count == table.n_rows:
            called = table.called(row, name)
            said = f"every cell of this column is empty{called}; leave it out (drop)"
            if not kept:
                said = f"every cell of this column is empty{called}, and of all others; fill them"
            yield Fault(where, said, "empty", (_leave_out(name),) if kept else ())
        elif count and options.missing == "error":
            said = (
                f"{empty(table.written(row, name))}, one of {count:,} in this column"
                f"{table.called(row, name)}; fill them with its median or most frequent value "
                "(missing=impute)"
            )
            said += "" if none_whole else ", or leave the rows out (missing=drop)"
            if y.any() and not y.all():
                said = f"{said.partition('; ')[0]}; leave the rows out (missing=drop)"
            yield Fault(where, said, "missing", (FILL,))
    if y.all():
        where = ("y", 0) if target is None else table.place(0, target)
        said = "every cell of what to learn is empty; choose another column as target"
        yield Fault(where, said, "empty")
    elif y.any() and options.missing != "drop":
        row = int(y.argmax())
        where = ("y", row) if target is None else table.place(row, target)
        gap = empty(y_written(row) if target is None else table.written(row, target))
        said = (
            f"what to learn is missing here, one of {int(y.sum()):,} in this column: {gap}; leave "
            "such rows out (missing=drop)"
        )
        yield Fault(where, said, "missing", (LEAVE_ROWS_OUT,))


def _leave_out(name: str) -> Advice:
    return Advice(f"leaves {name} out", {"drop": [name]})


def _no_row_left(table: Table, gaps: Mapping[str, Gaps]) -> Fault:
    name = max(gaps, key=lambda one: int(gaps[one].sum()))
    return Fault(
        table.place(int(gaps[name].argmax()), name),
        f"missing=drop leaves no row: each has an empty cell, {int(gaps[name].sum()):,} of them "
        "in this column; leave it out (drop), or fill them (missing=impute)",
        "no_rows",
        (_leave_out(name),),
    )


def _complete_rows(gaps: Sequence[Gaps]) -> Rows | None:
    incomplete = np.logical_or.reduce(gaps)
    return np.flatnonzero(~incomplete) if incomplete.any() else None


# -------------------------------------------------------------------------------- learning


def _learn_number(name: str, cells: Column, options: ColumnOptions) -> Encoder:
    truths = True if cells.codes is not None else None
    values = NumberEncoder(name, truths=truths).values(cells)
    present = values[~np.isnan(values)]
    fill = None
    if options.missing == "impute":
        fill = median(present) if len(present) else 0.0
    encoder = NumberEncoder(name, fill, truths=truths)
    if not options.standardize:
        return encoder
    if fill is not None:
        values = np.where(np.isnan(values), fill, values)
    mean, scale = _mean_and_deviation(values)
    return replace(encoder, mean=mean, scale=scale)


def _mean_and_deviation(values: FloatArray) -> tuple[float, float]:
    """Of the column; 1 is the deviation of a constant."""
    if values.min() == values.max():
        return float(values[0]), 1.0
    shrink = float(np.abs(values).max())  # or squares of 1e200 would overflow
    if 1e-100 < shrink < 1e100:
        return float(values.mean()), float(values.std())
    mean, deviation = float((values / shrink).mean()), float((values / shrink).std())
    return mean * shrink, deviation * shrink or 1.0


def _learn_category(name: str, cells: Column, options: ColumnOptions) -> Encoder:
    counts = Levels(cells).present()
    fill = None
    if options.missing == "impute" and counts:
        fill = max(counts, key=counts.__getitem__)
    return CategoryEncoder(name, list(counts), fill, options.unknown == "ignore")


def _learn_text(name: str, cells: Column, options: ColumnOptions) -> Encoder:
    words = most_frequent(word_totals(Levels(cells).present().items()), options.max_words)
    if not words:
        said = "no cell of this column holds a word of two letters or more; leave it out (drop)"
        raise InvalidRequest([Fault(("kinds", name), said, "no_words", (_leave_out(name),))])
    return TextEncoder(name, sorted(words), "" if options.missing == "impute" else None)


_LEARN: dict[Kind, Callable[[str, Column, ColumnOptions], Encoder]] = {
    "number": _learn_number,
    "category": _learn_category,
    "text": _learn_text,
}


def _summary(encoder: Encoder, cells: Column) -> dict[str, Any]:
    if isinstance(encoder, NumberEncoder):
        values = encoder.values(cells)
        return number_summary(values[~np.isnan(values)])
    counts = Levels(cells).present()
    return frequency_summary(
        word_totals(counts.items()) if isinstance(encoder, TextEncoder) else counts
    )
