"""What a caller asks about: rows of numbers, as lists or by the names of columns."""

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import replace
from typing import Any

from fitserve.data.arrays import (
    NUMBERS,
    FloatArray,
    matrix,
    not_a_number,
    not_so,
    not_text,
    of_commas,
    refuse_cells,
    refuse_each,
    shown,
    wrong_cells,
)
from fitserve.data.as_sent import sent, twice_encoded
from fitserve.data.names import closest
from fitserve.data.numerals import NUMBER_INSTEAD, only_row
from fitserve.data.orients import first_row, orient
from fitserve.data.quoted import LISTS, rows_as_text, unquoted
from fitserve.data.unseen import peeled, to_mend, unlike
from fitserve.errors import (
    Fault,
    Gathered,
    InvalidRequest,
    Location,
    amended,
    clip,
    counted,
    refuse,
    relocated,
)


def column_names(value: object, n_features: int, loc: Location) -> list[str] | None:
    """Names of the columns: distinct text, one for each, or None. How many columns there are may be
    unknown, 0."""
    if value is None:
        return None
    if not isinstance(value, list):
        said = f"a list of text is needed, a name for each column, not {sent(value)}"
        if isinstance(value, str):
            each = [part.strip() for part in re.split("[,;]", value)]
            instead = f"write {shown(each)}" if value.strip() else "leave it out"
            said += twice_encoded(value) or f"; {instead}"
        raise InvalidRequest.at(loc, said, "list_type")
    if len(value) == 1 and isinstance(value[0], list):
        said = f"a name is text, not {sent(value[0])}; take the outer [ ] away"
        raise InvalidRequest.at((*loc, 0), said, "string_type")
    refuse(
        Fault(
            (*loc, i),
            f"a name is text, not {sent(name)}; {_named(name)}",
            "string_type",
        )
        for i, name in enumerate(value)
        if type(name) is not str
    )
    if n_features and len(value) != n_features:
        raise InvalidRequest.at(
            loc,
            f"{counted(len(value), 'name')} for {counted(n_features, 'column')}; give one for "
            "each, or leave feature_names out",
            "length",
        )
    refuse_each(value, loc, _no_name)
    refuse_each(value, loc, _no_part)
    twice = {name for name, times in Counter(value).items() if times > 1}
    refuse(
        Fault((*loc, i), f"the name {clip(name, 40)!r} stands twice; give another", "twice")
        for i, name in enumerate(value)
        if name in twice
    )
    return list(value)


def _named(name: object) -> str:
    """How what is no text is written as a name."""
    if isinstance(name, list) and len(name) == 1:
        (name,) = name
    if isinstance(name, (str, int, float)):
        return f"write {shown(str(name).lower() if isinstance(name, bool) else str(name))}"
    return 'write the name of the column, such as "age", or leave feature_names out'


def _no_name(name: str) -> tuple[str, str] | None:
    if not name.strip():
        return f"the name {name!r} is empty; give the column one, or none to any", "empty"
    return not_text(name)


def _no_part(name: str) -> tuple[str, str] | None:
    return next(((said, "unseen") for _, said in to_mend([name])), None)


def numbered(names: Sequence[str]) -> bool:
    """Whether columns are called by their number, from 0, as those are that came without names."""
    return all(name == str(j) for j, name in enumerate(names))


def naming_columns(feature_names: object) -> AbstractContextManager[None]:
    """Say of the faults found inside which name their column has, if it has one."""
    if not isinstance(feature_names, list) or not all(type(one) is str for one in feature_names):
        return nullcontext()
    return amended(lambda fault: fault.naming(feature_names))


def feature_rows(
    value: object, n_features: int, feature_names: list[str] | None, loc: Location
) -> tuple[FloatArray, bool]:
    """What to predict for, `(n_rows, n_features)`, and whether it was one row.

    One row is a list of numbers, or an object where the model knows the names of its columns;
    a batch is a list of rows.
    """
    if isinstance(value, dict) and value and set(map(type, value.values())) <= {list, dict}:
        raise InvalidRequest.at(
            loc,
            "a list of rows is needed, not an object of lists or of objects, as pandas' to_dict() "
            f"makes; send {_frame(value, n_features, feature_names)}",
            "list_type",
        )
    single = not (isinstance(value, list) and value and isinstance(value[0], (list, dict)))
    rows: Any = [value] if single else value
    if single:
        _refuse_rows_as_text(value, loc)
    if isinstance(value, dict) or (isinstance(rows, list) and isinstance(rows[0], dict)):
        rows = _by_name(rows, n_features, feature_names, loc, single)
    if single and not isinstance(rows[0], list):
        such = shown(dict.fromkeys(feature_names or (), 1.5) or [1.5] * n_features)
        said = f"a row is needed, such as {such}, or a list of rows, not {sent(value)}"
        named = feature_names is not None and not numbered(feature_names)
        frame = _frame(value, n_features, feature_names)
        said = rows_as_text(value, frame, named=named) or said
        raise InvalidRequest.at(loc, said, "list_type")
    told = Gathered()
    with told.part():
        refuse_width(rows, n_features, feature_names, loc, single)
    n_rows = len(rows) if isinstance(rows, list) else 0
    placed = relocated(lambda found: (*loc, *(found[2:] if single else found[1:])))
    with told.part(), placed, naming_columns(feature_names), of_one(n_rows), amended(told_instead):
        if not told.faults:
            return matrix(rows, ("X",)), single
        refuse_cells(rows, n_features, ("X",))
    raise told.refusal()


def _frame(value: object, n_features: int, feature_names: list[str] | None) -> str:
    """How rows are written for a model of these columns: with pandas, and as JSON, of the numbers
    that were sent where those show."""
    first = value[0] if isinstance(value, list) and value else value
    row: dict[Any, Any] = {}
    if isinstance(value, dict) and orient(value) is not None:
        row = dict(first_row(value))
    elif isinstance(first, dict):
        cells = (cell[0] if isinstance(cell, list) and cell else cell for cell in first.values())
        row = dict(zip(first, cells, strict=True))
    kinds = set(map(type, row.values()))
    known = row.keys() if feature_names is None else set(feature_names)
    if len(row) != n_features or row.keys() != known or not kinds <= NUMBERS:
        row = dict.fromkeys(range(n_features) if feature_names is None else feature_names, 1.5)
    if feature_names is None:
        return f"{LISTS}, or without pandas {shown([list(row.values())])}"
    return f"df.to_dict('records'), or without pandas {shown([row])}"


def _refuse_rows_as_text(row: object, loc: Location) -> None:
    """Refuse what would be one row of texts, of which each is a row."""
    if not isinstance(row, list) or set(map(type, row)) != {str} or not all(map(unquoted, row)):
        return
    said = f"a row is needed, not {sent(row[0])}{unquoted(row[0])}"
    raise InvalidRequest.at((*loc, 0), said, "list_type")


def of_one(n_rows: int) -> AbstractContextManager[None]:
    """Say of the faults found inside, where there is but one row, not to leave it out."""
    return amended(lambda one: replace(one, msg=only_row(one.msg)) if n_rows == 1 else one)


def told_instead(fault: Fault) -> Fault:
    """Say what to write where a number is needed, if nothing better is said."""
    if fault.type != "float_type" or "; " in fault.msg:
        return fault
    return replace(fault, msg=f"{fault.msg}; {NUMBER_INSTEAD}")


def refuse_width(
    rows: object, width: int, names: Sequence[str] | None, loc: Location, single: bool
) -> None:
    """Refuse rows, where they are lists, that have not as many cells as the model columns."""
    if not isinstance(rows, list) or not set(map(type, rows)) <= {list}:
        return
    widths = set(map(len, rows))
    if widths == {width}:
        return
    if single:
        _refuse_rows_as_text(rows[0], loc)
    columns = "" if names is None else f" ({clip(', '.join(names), 300)})"
    order = " in this order" if names else ""
    if len(widths) == 1:
        row = "this row has" if single else "a row has"
        said = f"{row} {_count(rows[0])} where the model was trained on {width}{columns}; give"
        said += f" {width}{order}{of_commas(rows[0], width)}"
        raise InvalidRequest.at(loc, said, "n_features")
    refuse(
        Fault(
            (*loc, i),
            f"this row has {_count(row)} where the model was trained on {width}{columns}; give "
            f"{width}{order}{of_commas(row, width)}",
            "n_features",
        )
        for i, row in enumerate(rows)
        if len(row) != width
    )


def _count(row: list[Any]) -> str:
    says = counted(len(row), "value")
    if row and type(row[0]) is list:
        says += f" that {'is a list' if len(row) == 1 else 'are lists'}, one pair of brackets too "
        says += "many,"
    return says


def _by_name(
    rows: Any, n_features: int, feature_names: list[str] | None, loc: Location, single: bool
) -> list[list[Any]]:
    if feature_names is None:
        raise InvalidRequest.at(
            loc,
            "this model was registered without feature_names; send each row as a list of numbers, "
            f"not as an object, {_frame(rows, n_features, None)}",
            "no_feature_names",
        )
    known = set(feature_names)
    listed = clip(", ".join(feature_names), 300)

    def faults() -> Iterator[Fault]:
        for i, row in enumerate(rows):
            where = loc if single else (*loc, i)
            if not isinstance(row, dict):
                msg = f"each row must be an object, as the first is, {not_so(row, feature_names)}"
                yield Fault(where, msg, "dict_type")
            elif row.keys() != known:
                missing = [name for name in feature_names if name not in row]
                for name in row:
                    if name not in known:
                        meant = [one for one in missing if peeled(one) == peeled(name)]
                        near = meant or closest(name, missing)
                        missing = [one for one in missing if one not in near]
                        mended = "".join(f"write {one}, if that is meant; " for one in near)
                        msg = f"there is no feature {clip(name, 40)!r}; {mended}known are: {listed}"
                        msg = unlike(meant[0], [name]) if meant else msg
                        yield Fault((*where, name), msg, "unknown")
                for name in missing:
                    msg = f"{clip(name, 40)!r} is missing; give a number for it"
                    yield Fault((*where, name), msg, "missing")

    refuse(faults())
    table = [[row[name] for name in feature_names] for row in rows]
    refuse(
        Fault(
            (*(loc if single else (*loc, i)), feature_names[j]),
            *not_a_number(cells[j], NUMBER_INSTEAD),
        )
        for i, cells in enumerate(table)
        for j in wrong_cells(cells)
    )
    return table
