"""What /register is asked to train on where that is rows of numbers, as lists of JSON."""

import json
from collections.abc import Mapping
from contextlib import AbstractContextManager
from dataclasses import replace
from functools import cache
from typing import Any

from fitserve.api import advising
from fitserve.api.registrations import (
    TABLE_MEMBERS,
    gap_in_y,
    of_both,
    original_names,
    require_rows,
    taken,
)
from fitserve.data import arrays
from fitserve.data.as_sent import sent
from fitserve.data.columns import Columns
from fitserve.data.dialect import Dialect
from fitserve.data.encoding import NumberEncoder
from fitserve.data.features import column_names, naming_columns, told_instead
from fitserve.data.mending import FILL, leaving_out
from fitserve.data.numerals import instead
from fitserve.errors import Advice, Fault, Gathered, InvalidRequest, amended, clip, within
from fitserve.evaluation.plan import OPTIONS as PLANNED
from fitserve.evaluation.plan import plan_of, told_of_folds
from fitserve.models import having
from fitserve.models.base import Model
from fitserve.storage.store import Key
from fitserve.training.training import Training

MEMBERS = ("X", "y", "feature_names", *PLANNED)
"""Members of kwargs that are no hyperparameters."""

_OF_TEXT = 'text is taken in a table: send columns by name, as {"sex": ["male", "female"]}, '
_OF_TEXT_ROWS = "or such rows with feature_names and categories='onehot' beside X"
_SEVERAL = 2.0  # words a cell from which on a column of text is read word by word
_AS_CATEGORIES = Advice("takes text as categories", {"categories": "onehot"})


def of_json(key: Key, cls: type[Model], kwargs: Mapping[str, Any]) -> Training:
    """The training that kwargs with rows of numbers ask for."""
    given = {name: value for name, value in kwargs.items() if name not in MEMBERS}
    spelled = original_names(cls, given)
    with within("kwargs"), of_both(kwargs):
        members = taken(cls, (*MEMBERS, *TABLE_MEMBERS))
        model = cls.from_kwargs(given, known=members, beside=kwargs, having=having())
        require_rows(kwargs)
        rows, named = kwargs["X"], kwargs.get("feature_names")
        _refuse_label_in_rows(cls, kwargs)
        y, told = kwargs.get("y"), Gathered()
        with told.part(), naming_columns(named), _as_a_table(rows, named):
            X = arrays.matrix(rows, ("X",))
        with told.part():
            width = arrays.usual_width(rows) if told.faults else X.shape[1]
            names = column_names(named, width, ("feature_names",))
        if y is not None and cls.supervised():
            with told.part(), gap_in_y(y):
                y = arrays.target(y, ("y",))
        with amended(lambda fault: leaving_out(fault, told.faults)):
            told.refuse()
        planned = plan_of(cls, kwargs)
        with amended(lambda fault: fault.naming(names).spelling(spelled)):
            with gap_in_y(kwargs.get("y")), told_of_folds(model, kwargs, X, y):
                model.examine(X, y)
            planned.check(model, y)
    columns = Columns([NumberEncoder(name) for name in names or map(str, range(X.shape[1]))])
    advice = advising.of_matrix(model, X, y, columns, planned, spelled, given)
    return Training(key, model, X, y, names, planned, spelled, noted=advice)


def _refuse_label_in_rows(cls: type[Model], kwargs: Mapping[str, Any]) -> None:
    """Refuse rows of numbers and one text, without y, where that text may be what to learn."""
    rows, names = kwargs["X"], kwargs.get("feature_names")
    if kwargs.get("y") is not None or "classification" not in cls.tasks:
        return
    if not isinstance(rows, list) or not rows or set(map(type, rows)) != {list}:
        return
    if len(set(map(len, rows))) != 1:
        return
    columns = enumerate(zip(*rows, strict=True))
    of_text = [j for j, cells in columns if {type(cell) for cell in cells} == {str}]
    if len(of_text) != 1 or len(rows[0]) == 1:
        return
    (j,) = of_text
    if any(instead(row[j], in_csv=False) for row in rows[:100]):
        return
    named = names[j] if isinstance(names, list) and len(names) == len(rows[0]) else str(j)
    said = (
        f"{cls.model_type()} needs y, and column {clip(named, 40)} of X is text; if that is what "
        f'to learn, write "target": {json.dumps(named, ensure_ascii=False)}'
    )
    raise InvalidRequest.at(("y",), said, "missing")


def _as_a_table(rows: Any, names: Any = None) -> AbstractContextManager[None]:
    """Say of the gaps and texts that are found among rows of numbers, whose columns may have
    names, how a table takes them."""

    @cache
    def width() -> int:
        return arrays.usual_width(rows)

    @cache
    def whole() -> list[Any]:
        return [row for row in rows if type(row) is list and len(row) == width()]

    @cache
    def of_text(column: int) -> bool:
        return 2 * sum(type(row[column]) is str for row in whole()) > len(whole())

    @cache
    def nothing_in(column: int) -> bool:
        return all(_is_gap(row[column]) for row in whole())

    @cache
    def no_row_is_whole() -> bool:
        return all(any(map(_is_gap, row)) for row in whole())

    @cache
    def of_words(column: int) -> bool:
        texts = [row[column] for row in whole() if type(row[column]) is str]
        return sum(len(text.split()) for text in texts) >= _SEVERAL * len(texts)

    @cache
    def mixed() -> dict[int, object]:
        """Columns of text that is no number, and the first number, true or false in each."""
        others = (*arrays.NUMBERS, bool)
        found = ((j, [row[j] for row in whole()]) for j in range(width()) if of_text(j))
        return {
            j: next(cell for cell in cells if type(cell) in others)
            for j, cells in found
            if not set(map(type, cells)).isdisjoint(others)
            and not any(type(one) is str and instead(one, in_csv=False) for one in cells)
        }

    def change(fault: Fault) -> Fault:
        if fault.loc == ("X",) and isinstance(names, list) and names:
            own = arrays.shown([[1.5] * len(names)] * 2)
            fault = replace(fault, msg=fault.msg.replace(arrays.SUCH_ROWS, own))
        if fault.loc == ("X",) and "; " not in fault.msg:
            return _of_texts(fault, rows)
        if fault.column is None or fault.type != "float_type":
            return fault
        cell = rows[fault.loc[1]][fault.loc[2]]
        if _is_gap(cell):
            if nothing_in(fault.column):
                return _of_gaps_alone(fault, whole(), names)
            if no_row_is_whole():
                said = f"{fault.msg.partition('; ')[0]}; fill the gap (missing='impute' beside X "
                return replace(fault, msg=f"{said}does so)", remedies=(FILL,))
            msg = f"{fault.msg} (missing='impute' or 'drop' beside X does so)"
            return replace(fault, msg=msg, remedies=(FILL,))
        if arrays.gap_mark(cell):
            words = {"na_values": [cell.strip()], **FILL.set}
            msg = f"{fault.msg} ({json.dumps(words, ensure_ascii=False)[1:-1]} beside X does so)"
            return replace(fault, msg=msg, remedies=(Advice("fills such cells", words),))
        if type(cell) in (str, bool) and fault.column in mixed():
            return _of_mixture(fault, mixed(), whole(), names)
        if type(cell) is not str or "; " in fault.msg:
            return fault
        if not of_text(fault.loc[2]):
            return told_instead(fault)
        if of_words(fault.loc[2]):
            by_words = {"kinds": {_name(fault.column, whole(), names): "text"}}
            said = f"{fault.msg}; write {json.dumps(by_words, ensure_ascii=False)[1:-1]} beside X"
            advice = Advice("counts the words of the column", by_words)
            return replace(fault, msg=f"{said} to have its words counted", remedies=(advice,))
        alone = "without feature_names, " if names is not None else ""
        msg = f"{fault.msg}; {_OF_TEXT}{alone}{_OF_TEXT_ROWS}"
        return replace(fault, msg=msg, remedies=(_AS_CATEGORIES,))

    return amended(change)


def _of_mixture(fault: Fault, mixed: Mapping[int, object], rows: Any, names: Any) -> Fault:
    """The same, of a column that holds text and others, as the `mixed` ones do."""
    assert fault.column is not None
    other = mixed[fault.column]
    row = next(i for i, one in enumerate(rows) if one[fault.column] is other)
    kinds = {"kinds": {_name(j, rows, names): "category" for j in mixed}}
    said = (
        f"{fault.msg.partition('; ')[0]}; the column holds text and {sent(other)}, in row {row}: "
        f"write {json.dumps(kinds, ensure_ascii=False)[1:-1]} beside X, which takes it as text"
    )
    return replace(fault, msg=said, remedies=(Advice("takes such columns as text", kinds),))


def _is_gap(cell: object) -> bool:
    return cell is None or (isinstance(cell, str) and Dialect().is_missing(cell))


def _of_gaps_alone(fault: Fault, rows: Any, names: Any) -> Fault:
    """The same, of a column of which no cell is there: none can be filled by the others, and to
    leave its rows out leaves none."""
    said = f"{fault.msg.partition('; ')[0]}; every cell of this column is a gap: fill them"
    if len(rows[0]) == 1 or fault.column is None:
        return replace(fault, msg=said)
    name = _name(fault.column, rows, names)
    left_out = Advice(f"leaves column {name} out", {"drop": [name]})
    said += f", or leave the column out ({json.dumps({'drop': [name]})[1:-1]} beside X does so)"
    return replace(fault, msg=said, remedies=(left_out,))


def _of_texts(fault: Fault, rows: Any) -> Fault:
    """The same, where each row is a text of some words."""
    if not isinstance(rows, list) or not rows or {type(row) for row in rows} != {str}:
        return fault
    if sum(len(row.split()) for row in rows) < _SEVERAL * len(rows):
        return fault
    table = '{"text": ["free money", "see you soon"]}, "kinds": {"text": "text"}'
    said = f'{fault.msg}; for a column of text, whose words are counted, write "X": {table}'
    return replace(fault, msg=said)


def _name(at: int, rows: Any, names: Any) -> str:
    """Of a column, its number where it has none."""
    return str(names[at]) if isinstance(names, list) and len(names) == len(rows[0]) else str(at)
