"""What /register is asked to train on where that is a table: its columns have names and kinds."""

import json
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import replace
from typing import Any

import numpy as np
from werkzeug.datastructures import MultiDict

from fitserve.api import advising, queries, strangers
from fitserve.api.hidden import told_whole
from fitserve.api.members import in_place
from fitserve.data import arrays, doubts, intake, json_table, observations
from fitserve.data.as_sent import sent
from fitserve.data.csv import CsvFile, Opened
from fitserve.data.dialect import Dialect
from fitserve.data.intake import Intake
from fitserve.data.json_table import JsonTable
from fitserve.data.mending import LEAVE_ROWS_OUT
from fitserve.data.options import NAMES, SCHEMA, checked_options
from fitserve.data.unseen import to_mend
from fitserve.errors import (
    Advice,
    Fault,
    Gathered,
    InvalidRequest,
    Location,
    amended,
    beside,
    clip,
    refuse,
    relocated,
    within,
)
from fitserve.evaluation import plan
from fitserve.evaluation.plan import OPTIONS as PLANNED
from fitserve.evaluation.plan import classes_of, plan_of, refuse_unplanned, told_of_folds
from fitserve.models import catalog, having
from fitserve.models.base import Model
from fitserve.storage.store import Key
from fitserve.training.training import OfTable, Training

TABLE_MEMBERS = ("target", *NAMES)
"""Members of kwargs that make a table of X."""

_OF_Y = ("y", "target", "cv", "holdout", "importance")
_BESIDE = ("model_type", "model_id", "dry_run")
_Place = Callable[[Location], Location]


def is_table(kwargs: Mapping[str, Any]) -> bool:
    """Whether X has columns by name, or is to be read as if it had."""
    X = kwargs.get("X")
    by_name = isinstance(X, dict) or (isinstance(X, list) and X and isinstance(X[0], dict))
    return bool(by_name) or not kwargs.keys().isdisjoint(TABLE_MEMBERS)


def taken(cls: type[Model], members: Iterable[str]) -> dict[str, Any]:
    """Of these members those that mean something to the type, as some are of y alone, each with
    the schema of its values, if it is an option."""
    fields = {**SCHEMA["properties"], **plan.schema()["properties"]}
    return {one: fields.get(one, {}) for one in members if cls.supervised() or one not in _OF_Y}


def require_rows(kwargs: Mapping[str, Any]) -> None:
    """Refuse kwargs without X."""
    if "X" not in kwargs:
        said = (
            "X is needed: rows of numbers, [[5.1, 3.5], [4.9, 3.0]], or a table, "
            '{"age": [22, 38], "sex": ["male", "female"]}'
        )
        raise InvalidRequest.at(("X",), said, "missing")


def of_json(key: Key, cls: type[Model], kwargs: Mapping[str, Any]) -> Training:
    """The training that kwargs with a table ask for."""
    given = dict(kwargs)
    X, y, names, target = (given.pop(n, None) for n in ("X", "y", "feature_names", "target"))
    asked = {name: given.pop(name) for name in NAMES if name in given}
    planned = {name: given.pop(name) for name in PLANNED if name in given}
    names_once = beside(lambda: json_table.refuse_names(X, names), first=True)
    with within("kwargs"), of_both(kwargs), names_once:
        known = ("X", "y", "feature_names", *TABLE_MEMBERS, *PLANNED)
        model = cls.from_kwargs(given, known=taken(cls, known), beside=kwargs, having=having())
        require_rows(kwargs)
        told = Gathered()
        with told.part():
            table = json_table.named(X, names, ("X",))
        apart = target is None and asked.keys().isdisjoint(("drop", "kinds"))
        if told.faults and apart and arrays.usual_width(X):
            with told.part(), amended(_unnamed):
                whole = json_table.whole_rows(X, ("X",))
                intake.of_json(whole, checked_options(asked), None, None, queries.members)
        if y is not None and not isinstance(y, list) and target is None and cls.supervised():
            with told.part():
                arrays.target(y, ("y",))
        told.refuse()
        refuse(_wrong_names(table.names, lambda name: _of_column(table.place(0, name))))
        options = checked_options(asked, [n for n in table.names if n != target] or ["age"])
        target = _target(cls, table.names, target, given_y=y is not None)
        if target is not None and y is not None:
            raise InvalidRequest([_twice_told(table, target, y, options.drop)])
        regressor = cls.model_type() if cls.tasks == ("regression",) else None
        with gap_in_y(y if target is None else list(table.cells.get(target, ()))):
            found = intake.of_json(table, options, y, target, queries.members, regressor)

    def place(loc: Location) -> Location:
        return ("kwargs", *found.place(loc[1:]))

    return _training(key, model, found, planned, [], place, original_names(cls, given), given)


def of_both(kwargs: Mapping[str, Any]) -> AbstractContextManager[None]:
    """Say of the rows that faults found inside leave out that their y is too, where it is apart."""
    if not isinstance(kwargs.get("y"), list):
        return nullcontext()
    return amended(lambda fault: arrays.beside_y(fault, "X"))


def gap_in_y(y: Any) -> AbstractContextManager[None]:
    """Say of a gap among the labels how a table leaves its row out."""

    def change(fault: Fault) -> Fault:
        if not fault.msg.endswith(arrays.LEAVE_OUT) or not isinstance(y, list):
            return fault
        if all(cell is None or arrays.gap_mark(cell) for cell in y):
            said = f"{fault.msg.partition('; ')[0]}; give one: no row says what to learn"
            return replace(fault, msg=said)
        marks = dict.fromkeys(cell.strip() for cell in y if arrays.gap_mark(cell))
        if all(map(Dialect().is_missing, marks)):
            msg = f"{fault.msg} (missing='drop' beside X does so)"
            return replace(fault, msg=msg, remedies=(LEAVE_ROWS_OUT,))
        words = {"na_values": [mark for mark in marks if mark], **LEAVE_ROWS_OUT.set}
        msg = f"{fault.msg} ({json.dumps(words, ensure_ascii=False)[1:-1]} beside X does so)"
        return replace(fault, msg=msg, remedies=(Advice("leaves such rows out", words),))

    return amended(change)


class CsvRegistration:
    """POST /register with a CSV: what stands in kwargs of JSON stands in the query."""

    def __init__(
        self,
        query: "MultiDict[str, str]",
        body: bytes,
        opened: Opened = CsvFile,
    ) -> None:
        with within("query"):
            self._query = queries.single(query)
        self._body, self._opened = body, opened
        with in_place({}, self.check), within("query"):
            self._key = queries.key(self._query)

    def check(self) -> None:
        """Raise what is wrong beside the model's name, where its type is known."""
        cls = catalog().get(self._query.get("model_type", ""))
        if cls is not None:
            self._key, told = Key(cls.model_type(), 0), Gathered()
            with told.part():
                self.training(cls)
            whole = "model_id" in self._query  # else a shell may have cut the rest of the URL off
            refuse(one for one in told.faults if whole or one.type != "missing")

    @property
    def model_type(self) -> str:
        return self._key.model_type

    @property
    def model_id(self) -> int:
        return self._key.model_id

    def training(self, cls: type[Model]) -> Training:
        """The training that is asked for: query and table taken apart and checked."""

        def check() -> None:
            with within("query"):
                refuse_unplanned(cls, queries.simple(self._query, PLANNED))

        def again(query: Mapping[str, Any]) -> Training:
            return self._read(cls, {name: str(value) for name, value in query.items()})

        def as_sent(fault: Fault) -> Fault:
            return queries.as_parameters(strangers.at_register(fault, self._query))

        query = self._query
        with amended(as_sent), told_whole(cls, again, query), beside(check):
            return self._read(cls, self._query)

    def _read(self, cls: type[Model], query: Mapping[str, str]) -> Training:
        given = dict(query)
        target = given.pop("target", None)
        with within("query"):
            dialect = queries.dialect(given)
            known_again: dict[str, str] = {
                name: given[name] for name in ("decimal", "header") if name in given
            }
            options = queries.options(given)
            planned = queries.simple(given, PLANNED)
            read = (*queries.DIALECT, *NAMES, *PLANNED, *_BESIDE)
            given = {name: text for name, text in given.items() if name not in read}
            known = ("target", *queries.DIALECT, *NAMES, *PLANNED, *_BESIDE)
            given = queries.hyperparameters(cls, given)
            members = taken(cls, known)
            model = cls.from_kwargs(given, known=members, beside=query, having=having())
        with amended(lambda fault: _with_target(fault, target)):
            file = self._opened(self._body, dialect)
        refuse(file.several_columns())
        refuse(_wrong_names(file.names, lambda name: ("line", file.begin.line, name)))
        with relocated(_in_csv):
            target = _target(cls, file.names, target, given_y=False)
            regressor = cls.model_type() if cls.tasks == ("regression",) else None
            found = intake.of_csv(file, options, target, queries.written, regressor)
        found = replace(found, columns=replace(found.columns, dialect=known_again))
        advice = [_NAMELESS] if file.left_out else []
        if dialect.header and (target is None or dialect.number(target) is not None):
            advice += observations.of_names(file.names, dialect.number)
        advice += observations.of_line_breaks(found.table.table)
        advice += doubts.of_thousands(file, found.table.table)

        def place(loc: Location) -> Location:
            return _in_csv(found.place(loc[1:]))

        return _training(
            self._key, model, found, planned, advice, place, original_names(cls, given), given
        )


def _wrong_names(names: Iterable[str], place: Callable[[str], Location]) -> Iterator[Fault]:
    """The names that begin or end with what is no part of them, which later rows would lack."""
    return (Fault(place(name), said, "unseen") for name, said in to_mend(names))


def _unnamed(fault: Fault) -> Fault:
    """The same, of a cell whose column has no name yet by which a program could set anything."""
    nameless = (one for one in fault.remedies if {"kinds", "drop"}.isdisjoint(one.set))
    return replace(fault, remedies=tuple(nameless))


def _of_column(loc: Location) -> Location:
    """The place of a column, or of its first cell, whose row stands behind the name in columns."""
    return loc[:-1] if isinstance(loc[-1], int) and isinstance(loc[-2], str) else loc


def _in_csv(loc: Location) -> Location:
    if loc == ("X",):  # all of the table
        return ()
    return loc if loc[:1] in (("line",), ("query",)) else ("query", *loc)


def _with_target(fault: Fault, target: str | None) -> Fault:
    """The same, of names that may be values: the target is a number then as well."""
    if fault.type != "twice" or not fault.remedies or target is None:
        return fault
    return replace(fault, msg=f"{fault.msg}, and write such a number as target", remedies=())


_NAMELESS = Advice(
    "The first column has no name, as where R or pandas write the names or numbers of rows; it "
    "was left out. To have it used, give it a name.",
)


def original_names(cls: type[Model], given: Mapping[str, Any]) -> dict[str, str]:
    """For a hyperparameter, the original name by which the caller gave it."""
    return {name: alias for alias, name in cls.aliases.items() if alias in given}


def _target(cls: type[Model], there: list[str], target: object, given_y: bool) -> str | None:
    if target is None:
        if cls.supervised() and not given_y:
            raise InvalidRequest.at(
                ("target",),
                f"{cls.model_type()} learns a column from the others; name it as target. There "
                f"are: {clip(', '.join(there), 300)}",
                "missing",
            )
        return None
    if not isinstance(target, str):
        labels = "; write what is to be learned as y" if isinstance(target, list) else ""
        if type(target) is int:
            labels = f"; {_numbered(target, there)}"
        if given_y:
            labels = "; y is given, leave target out"
        said = f"the name of a column is needed, not {sent(target)}{labels}"
        raise InvalidRequest.at(("target",), said, "string_type")
    if not cls.supervised():
        also = " and y" if given_y else ""
        raise InvalidRequest.at(
            ("target",),
            f"{cls.model_type()} learns from X alone; leave target{also} out, and the column too "
            "(drop), if it shall not be one of X",
            "no_y",
        )
    return target


def _twice_told(table: JsonTable, target: str, y: object, dropped: Sequence[str]) -> Fault:
    """That y was sent, and a target as well: which of both is to be left out."""
    told, name = "y is given, and target as well", repr(clip(target, 40))
    if target not in table.cells:
        said = f"{told}; leave target out: X has no column {name}"
        return Fault(("target",), said, "given_twice", (Advice("y counts", {"target": None}),))
    remedies = [Advice(f"column {name} counts", {"y": None})]
    if not isinstance(y, list) or len(y) != table.n_rows:
        said = f"{told}; leave y out: X has the column {name}"
    elif list(table.cells[target]) == y:
        said = f"{told}; leave y out: column {name} of X holds the same"
    else:
        said = f"{told}, column {name} of X, which holds other values; leave y out or, to learn y, "
        said += "leave target out and write the column into drop"
        out = {"target": None, "drop": [*dropped, target]}
        remedies.append(Advice(f"y counts, and column {name} is left out", out))
    return Fault(("y",), said, "given_twice", tuple(remedies))


def _numbered(at: int, there: list[str]) -> str:
    """How a column is named that was given as a number, its name or its place."""
    name = str(at) if str(at) in there else None
    if name is None and -len(there) <= at < len(there):
        name = there[at]
    mended = "" if name is None else f"write {json.dumps(name, ensure_ascii=False)}; "
    return f"{mended}there are: {clip(', '.join(there), 300)}"


def _training(
    key: Key,
    model: Model,
    found: Intake,
    planned: Mapping[str, Any],
    advice: list[Advice],
    place: _Place,
    spelled: Mapping[str, str],
    given: Collection[str],
) -> Training:
    if model.counting and found.columns.standardized:
        said = (
            f"{model.model_type()} takes counts, and standardize makes numbers below 0 of them; "
            "leave standardize out"
        )
        raise InvalidRequest.at(place(("kwargs", "standardize")), said, "negative_count")

    def as_sent(fault: Fault) -> Fault:
        named = found.naming_target(fault).naming(found.columns.encoded_names)
        return named.spelling(spelled)

    with relocated(place), within("kwargs"), amended(as_sent):
        with told_of_folds(model, planned, found.X, found.y):
            model.examine(found.X, found.y)
        plan = plan_of(type(model), planned)
        plan.check(model, found.y)
    advice += advising.of_table(model, found, plan, spelled, given)
    classes = classes_of(model, found.y)
    kept = plan.sampled(model, classes).tolist()
    numbers = np.array([found.number(row) for row in kept], dtype=np.intp)
    table = OfTable(found.columns, found.table, found.described, place, found.table.rows)
    return Training(key, model, found.X, found.y, None, plan, spelled, table, numbers, advice)
