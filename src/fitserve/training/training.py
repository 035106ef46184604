"""A training: what is asked for, how it is getting on, what it comes to."""

import math
import re
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import asdict, dataclass, field, replace
from itertools import chain
from time import perf_counter
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from fitserve.data.arrays import FloatArray, Target, beside_y
from fitserve.data.columns import Columns
from fitserve.data.encoding import Rows
from fitserve.data.learning import Examined
from fitserve.data.table import Place
from fitserve.errors import Advice, Fault, FitserveError, Location, amended, within
from fitserve.evaluation.findings import Findings, Matrix, find
from fitserve.evaluation.plan import Plan
from fitserve.evaluation.validation import REPEATS, Source
from fitserve.models.base import Model, Watch
from fitserve.models.overflow import as_sent, in_training, standardized_already
from fitserve.storage.store import Key, Record, State
from fitserve.training.description import SHORTENED, shortened

LOSSES = 60
"""Losses that are told of a training under way, at most."""
OVERHEAD = 16 * 2**20
"""Bytes of a process that trains, beside what it learns from."""
STEPPED, STEPS = 10_000, 100
"""Cells of X up to which steps of gradient descent are tried, and how many."""
_MEMBER = re.compile(r'"(\w+)": ([\d.e+-]*\d)')
"""A hyperparameter and its number, which a query has otherwise."""


@dataclass(frozen=True)
class OfTable:
    """What was learned of a table's columns, and what is told of it."""

    columns: Columns
    source: Examined | None
    """The table itself, for folds to learn from parts of it."""
    described: list[dict[str, Any]]
    place: Callable[[Location], Location]
    """Where in the request lies what a model says of X, y or a hyperparameter."""
    rows: Rows | None = None
    """Which rows of the table that was sent are learned from; None: all."""

    def as_sent(self, fault: Fault) -> Fault:
        """A fault that was found in the matrix, where it lies in the table."""
        if fault.column is not None:
            fault = as_sent(fault, self.columns.encoder(fault.column))
        fault = standardized_already(fault) if self.columns.standardized else fault
        named = self._with_words(fault.naming(self.columns.encoded_names))
        loc = self.place(named.loc)
        said = _MEMBER.sub(r"\1=\2", named.msg) if loc[:1] == ("query",) else named.msg
        return replace(named, loc=loc, msg=said)

    def _with_words(self, fault: Fault) -> Fault:
        """The same, whose remedies count as missing what does already, too."""
        return replace(
            fault,
            remedies=tuple(
                Advice(one.words, {**one.set, "na_values": [*self.columns.na_values, *marks]})
                if (marks := one.set.get("na_values"))
                else one
                for one in fault.remedies
            ),
        )

    def queued(self) -> State:
        """What `Training.data` lacks of it."""
        return {"described": self.described, "rows": self.rows}

    @classmethod
    def restored(cls, data: State, cell: Place) -> Self:
        """`cell` tells where in kwargs a cell of the table that was sent stands."""
        source = Examined.restored(data) if "table" in data else None
        columns, rows = Columns.restored(data["columns"]), data.get("rows")

        def numbered(row: int) -> int:
            return row if rows is None else int(rows[row])

        def placed(row: int, name: str) -> Location:
            return cell(numbered(row), name)

        def place(loc: Location) -> Location:
            return ("kwargs", *columns.learned_place(placed, numbered, loc[1:]))

        return cls(columns, source, data["described"], place, rows)

    def told(self) -> dict[str, Any]:
        names = self.columns.names
        return {
            "n_features": len(names),
            "feature_names": names,
            "target": self.columns.target,
            "columns": self.described,
        }


@dataclass(frozen=True)
class Training:
    """What `/register` asks for, checked: an examined model and what it shall learn from."""

    key: Key
    model: Model
    X: FloatArray
    y: Target | None
    feature_names: list[str] | None
    plan: Plan = field(default_factory=Plan)
    spelled: Mapping[str, str] = field(default_factory=dict)
    """For a hyperparameter, the original name by which the caller gave it."""
    table: OfTable | None = None
    """What X was made of, where it was a table; None where it came as it is."""
    numbers: NDArray[np.intp] | None = None
    """Of the rows of a table that are kept: of a CSV their lines, of JSON from 0."""
    noted: Sequence[Advice] = ()
    """What is advised of X and y."""

    def as_asked(self) -> AbstractContextManager[None]:
        """Say of the faults found inside what the caller calls things by, and where they lie."""
        table, names = self.table, self.feature_names
        apart = self.y is not None and (table is None or table.columns.target is None)

        def as_asked(fault: Fault) -> Fault:
            if table is None:
                told = self._as_spelled(fault.naming(names))
            else:
                told = table.as_sent(self._as_spelled(fault))
            return beside_y(told, "X") if apart else told

        return amended(as_asked)

    def _as_spelled(self, fault: Fault) -> Fault:
        """The same by the caller's names, but where others use one for something else."""
        model = self.model
        plain = {one: name for one, name in self.spelled.items() if name not in model.misread}
        told, here = fault.spelling(plain), fault.spelling(self.spelled).loc
        if told.loc == here:
            return told
        name, ours = str(here[-1]), str(told.loc[-1])
        value = model.hyperparameters()[ours]
        away = tuple(
            Advice(one.words, {name: None, **one.set}) if ours in one.set else one
            for one in told.remedies
        )
        told = replace(told, loc=here, remedies=away)
        given, strength = {name: value}, model.strength
        if strength is not None:
            sent, properties = model.hyperparameters()[strength], model.schema()["properties"]
            given |= {strength: sent} if sent != properties[strength]["default"] else {}
        return model.as_misread(told, given)

    def data(self) -> State:
        """What is learned from, as a store keeps it and another process takes it."""
        data = {"X": self.X, "y": self.y, "plan": asdict(self.plan)}
        if self.table is not None:
            data["columns"] = self.table.columns.state()
            data["numbers"] = self.numbers
            if self.table.source is not None and self.plan.n_folds:
                data |= self.table.source.state()
        return data

    @property
    def source(self) -> Source:
        """Where the rows of a fold come from."""
        table = None if self.table is None else self.table.source
        return Matrix(self.X) if table is None else table

    def stretch(self) -> float:
        """`Model.stretch`, of all folds and shufflings too."""
        columns = self.model.n_features_in_ if self.plan.importance else 0
        return self.model.stretch() * (1 + self.plan.n_folds + REPEATS * columns)

    def try_step(self) -> None:
        """Raise `InvalidRequest` where a few steps of gradient descent show that they go too far;
        not tried where that takes long."""
        told = self.model.hyperparameters()
        if told.get("learning_rate") is None or self.X.size > STEPPED:
            return
        told["max_iter"] = min(told["max_iter"], STEPS)
        with self.as_asked(), within("kwargs"):
            type(self.model)(**told).fit(self.X, self.y)

    def least_memory(self) -> int:
        """`Model.least_memory`, and the rows that a fold is trained on."""
        least = self.model.least_memory()
        return least + self.X.nbytes // 2 if self.plan.n_folds else least

    def estimate(self) -> dict[str, int]:
        """How much it is: MiB that training takes at most, and of what."""
        memory = self.model.expected_memory() + OVERHEAD
        if self.plan.n_folds:  # the model of all rows stays while others are trained
            memory += 2 * self.X.nbytes
            if self.table is not None and self.table.source is not None:
                memory += 4 * _size(self.table.source.state())
        rows, columns = self.X.shape
        return {"memory_mb": -(-memory // 2**20), "rows": rows, "cells": rows * columns}

    def rehearsal(self) -> dict[str, Any]:
        """What is told of it where it is not to be trained."""
        return self.description() | {"estimate": self.estimate()}

    def queued(self) -> State:
        """What a store keeps of it until it is trained, as `restored` takes it."""
        told = self.model.hyperparameters()
        names = {"feature_names": self.feature_names, "spelled": dict(self.spelled)}
        of_table = {} if self.table is None else self.table.queued()
        noted = [one.told() for one in self.noted]
        return {**self.data(), "hyperparameters": told, "noted": noted, **names, **of_table}

    @classmethod
    def restored(
        cls,
        key: Key,
        of: type[Model],
        told: Mapping[str, Any],
        data: State,
        cell: Place = lambda row, name: ("X", row, name),
    ) -> Self:
        """The training that was described so and queued; an earlier version has queued less.

        `cell` tells where in kwargs a cell of its table stands, where what was sent is there still.
        """
        X, y = data["X"], data["y"]
        model = of(**data.get("hyperparameters", told["hyperparameters"]))
        model.examine(X, y)
        names = data.get("feature_names", told["feature_names"])
        plan = Plan(**data.get("plan", {}))
        table = OfTable.restored(data, cell) if "columns" in data else None
        spelled, numbers = data.get("spelled", {}), data.get("numbers")
        noted = [Advice(one["words"], one["set"] or {}) for one in data.get("noted", [])]
        return cls(key, model, X, y, names, plan, spelled, table, numbers, noted)

    def description(self) -> dict[str, Any]:
        """What is told of the model beside its key, status and time, before it is trained."""
        model = self.model
        told: dict[str, Any] = {
            "task": model.task_,
            "n_samples": model.n_samples_,
            "n_features": model.n_features_in_,
            "feature_names": self.feature_names,
        }
        if model.classes_ is not None:
            told["classes"] = model.classes_.tolist()
        if self.table is not None:
            told |= self.table.told() | {"n_encoded": model.n_features_in_}
        told["hyperparameters"] = model.hyperparameters()
        of_model = [one.spelling(self.spelled) for one in model.advice()]
        told["advice"] = [one.told() for one in (*of_model, *self.noted)]
        return shortened(told)

    def name_features(self, model: Model) -> None:
        """Let the model know the names of its columns, where its description does not."""
        if self.table is None and "feature_names" in self.description().get(SHORTENED, {}):
            vars(model)["feature_names_in_"] = np.array(self.feature_names, dtype=object)

    def ending(self, done: "Trained") -> dict[str, Any]:
        """What is told of it now that it is done."""
        told, found = self.description(), dict(done.findings.told)
        found_advice = [Advice(one["words"], one["set"] or {}) for one in found.pop("advice", [])]
        told["advice"] += [one.spelling(self.spelled).told() for one in found_advice]
        told["training"] = done.description() | found
        if found.get("importance"):
            names = self.feature_names if self.table is None else self.table.columns.names
            names = names or [str(j) for j in range(self.model.n_features_in_)]
            told["training"]["importance"] = [
                {"column": name, "mean": mean, "std": std}
                for name, (mean, std) in zip(names, found["importance"], strict=True)
            ]
        return told

    def state(self, done: "Trained") -> dict[str, Any]:
        """What is stored of the model beside its description."""
        made_by = {} if self.table is None else {"columns": self.table.columns.state()}
        return done.model.state() | made_by

    def sample(self, done: "Trained") -> State:
        """The rows that are kept with the model, as `Findings.sample`; none if that is empty."""
        sample = done.findings.sample
        return sample if self.numbers is None or not sample else sample | {"rows": self.numbers}

    def beginning(self, started: str | None = None) -> dict[str, Any]:
        """What is told of it when it begins, or waits to."""
        told = self.description() | {"started": started}
        steps = self.model.iterates or self.plan.n_folds
        return told | {"progress": 0.0, "loss": None} if steps else told


@dataclass(frozen=True)
class Trained:
    model: Model
    seconds: float
    score: float | None
    findings: Findings = field(default_factory=Findings)

    def description(self) -> dict[str, Any]:
        """What there is to tell of the training, now that it is done."""
        return {
            "seconds": round(self.seconds, 6),
            "score": self.score,
            "metric": self.model.metric_name,
            "n_iter": self.model.n_iter_,
            "converged": self.model.converged_,
            "loss_curve": self.model.loss_curve_,
        }


def trained(
    model: Model,
    X: FloatArray,
    y: Target | None,
    watch: Watch,
    plan: Plan | None = None,
    source: Source | None = None,
) -> Trained:
    """Train the model, and find out what is asked for, here and now: one progress over all."""
    plan = plan or Plan()
    parts = 1 + plan.n_folds

    def of_the_model(progress: float, loss: float | None) -> None:
        watch(progress / parts, loss)

    def of_the_folds(progress: float, _: float | None) -> None:
        watch((1 + plan.n_folds * progress) / parts, None)  # the loss is that of the model alone

    started = perf_counter()
    with within("kwargs"), in_training(X, y):
        model.fit(X, y, watch=of_the_model)
        seconds = perf_counter() - started
        score = model.score(X, y)
        findings = find(plan, model, X, y, source or Matrix(X), score, of_the_folds)
        return Trained(model, seconds, score, findings)


def _size(state: State) -> int:
    """Bytes of the arrays and texts of a table."""
    arrays = sum(value.nbytes for value in state.values() if isinstance(value, np.ndarray))
    texts = chain.from_iterable(value for value in state.values() if isinstance(value, list))
    return arrays + sum(100 + len(text) for text in texts)


class Ongoing:
    """A training under way. Others read how far it is, and may end it; it looks now and then."""

    def __init__(self, record: Record, client: str | None = None) -> None:
        self.record = record
        self.client = client
        self._progress: dict[str, float | None] = {}
        self._losses: list[tuple[float, float]] = []
        self._apart = 0.0
        self._end: FitserveError | None = None

    def watch(self, progress: float, loss: float | None) -> None:
        if loss is None or not math.isfinite(loss):
            loss = self._progress.get("loss")
        elif not self._losses or progress >= self._losses[-1][0] + self._apart:
            self._losses = [*self._losses, (progress, loss)]
            if len(self._losses) > LOSSES:  # as many again before the next time
                self._losses = self._losses[::2]
                self._apart = (self._losses[-1][0] - self._losses[0][0]) / len(self._losses)
        self._progress = {"progress": progress, "loss": loss}

    def now(self) -> Record:
        """The record as it is to be told now."""
        told: dict[str, Any] = {"losses": self._losses} if len(self._losses) > 1 else {}
        described = self.record.description | self._progress | told
        return replace(self.record, description=described)

    def end(self, why: FitserveError) -> None:
        self._end = why

    def go_on(self) -> None:
        """Raises why it shall not."""
        if self._end is not None:
            raise self._end
