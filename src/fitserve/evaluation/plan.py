"""What is to be found out of a model while it is trained: options that stand beside its
hyperparameters."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import fields, replace
from functools import cache, partial
from typing import Any

import numpy as np
from pydantic import ConfigDict, Field, TypeAdapter
from pydantic.dataclasses import dataclass

from fitserve.data.arrays import FloatArray, Target, codes
from fitserve.data.validating import or_left_out, validated
from fitserve.errors import Advice, Fault, Gathered, InvalidRequest, amended, counted, refuse
from fitserve.evaluation import folds
from fitserve.evaluation.folds import Rows
from fitserve.evaluation.sample import sample_rows
from fitserve.models.base import Codes, Model

SAMPLE_BYTES = 2**22
_FOLDS = 5
"""As many are proposed to whoever asks for none, where there are rows for them."""
_SHARES = (0.5, 0.3, 0.2, 0.1)
_NUMBERS = (5, 10, 3, 2, 20)
"""What is tried in place of what leaves too little, the usual first."""

_STRICT = ConfigDict(strict=True, extra="forbid", allow_inf_nan=False)


@dataclass(config=_STRICT, frozen=True, kw_only=True)
class Plan:
    """How a model is validated, and what is kept of its data."""

    holdout: float | None = Field(
        default=None,
        gt=0.0,
        lt=1.0,
        description="Share of the rows that the model is validated on; a second model is trained "
        "on the others.",
    )
    cv: int | None = Field(
        default=None,
        ge=2,
        le=20,
        description="In how many folds the model is cross-validated: each is predicted by a "
        "model that is trained on the others.",
    )
    importance: bool = Field(
        default=False,
        description="Whether to tell by how much the validation's score falls when a column is "
        "shuffled.",
    )
    sample: int = Field(
        default=1000,
        ge=0,
        le=1000,
        description="Rows that are kept with the model at most, to draw pictures from; 0 keeps "
        "none.",
    )

    @property
    def n_folds(self) -> int:
        """How many models are trained beside the one that is served."""
        return self.cv or int(self.holdout is not None)

    def sampled(
        self, model: Model, classes: Codes | None, folds: Sequence[Rows] | None = None
    ) -> Rows:
        """The rows that are kept: of those held out where there are any, a stratified draw; fewer
        than `sample`, where they are wide. `folds` are `self.folds`, if they are known."""
        numbers = 3 + model.n_features_in_  # the row's number, y, the prediction
        numbers += 0 if model.classes_ is None else len(model.classes_)
        most = min(self.sample, SAMPLE_BYTES // (8 * numbers))
        folds = self.folds(model, classes) if folds is None else folds
        rows = np.sort(np.concatenate(folds)) if folds else np.arange(model.n_samples_)
        strata = None if classes is None else classes[rows]
        return rows[sample_rows(len(rows), most, model.random_state, strata)]

    def check(self, model: Model, y: Target | None) -> None:
        """Raise `InvalidRequest` for what cannot be validated so, of a model that was examined."""
        if not model.supervised():
            return
        name = "cv" if self.cv is not None else "holdout"
        if not self.n_folds:
            if self.importance:
                raise self._unvalidated(model, y)
            return
        if self.cv is not None and self.holdout is not None:
            raise InvalidRequest.at(
                ("holdout",),
                "validation is by cv or by holdout, and both were sent; leave one out",
                "given_twice",
            )
        assert y is not None
        n = model.n_samples_
        classes = classes_of(model, y)
        if self.cv is not None and self.cv > n:
            raise InvalidRequest.at(
                ("cv",),
                f"X has {counted(n, 'row')}, too few for {self.cv} folds; "
                + (f"ask for at most {n}" if n > 1 else "leave cv out"),
                "too_few_rows",
                remedies=[Advice(f"cv is {n}", {"cv": n})] if n > 1 else [],
            )
        folds = self.folds(model, classes)
        if n - len(folds[0]) < 1:
            raise InvalidRequest.at(
                ("holdout",),
                f"X has {counted(n, 'row')}, and a share of {self.holdout} would leave none to "
                f"train on; {self._instead(model, classes)[0]}",
                "too_few_rows",
                remedies=self._instead(model, classes)[1],
            )
        if not _leaves_classes(folds, classes):
            said, remedies = self._instead(model, classes)
            raise InvalidRequest.at(
                (name,),
                "a class has so few rows that all of them would be held out at once, and one "
                f"class be left to train on; {said}, or give more rows of it",
                "one_class",
                remedies=remedies,
            )

    def _instead(self, model: Model, classes: Codes | None) -> tuple[str, list[Advice]]:
        """What to write instead of a share, or of a number of folds, that leaves too little to
        train on: one that leaves enough, where a usual one does."""
        name, tried = ("holdout", _SHARES) if self.cv is None else ("cv", _NUMBERS)
        n = model.n_samples_
        for one in tried:
            plan = replace(self, cv=int(one)) if self.cv else replace(self, holdout=one)
            if (plan.cv or 0) > n:
                continue
            folds = plan.folds(model, classes)
            most = max(map(len, folds))
            if n - most >= max(model.least_rows, 1) and _leaves_classes(folds, classes):
                advice = Advice(f"{name} is {one:g}", {name: one})
                return f"write {one:g}, or leave {name} out", [advice]
        return f"leave {name} out", [Advice(f"{name} is left out", {name: None})]

    def _unvalidated(self, model: Model, y: Target | None) -> InvalidRequest:
        """No rows are held out to find the importance on; as many folds as these allow help."""
        folds = 0
        for cv in range(2, min(_FOLDS, model.n_samples_) + 1):
            with suppress(InvalidRequest):
                replace(self, cv=cv).check(model, y)
                folds = cv
        mend = f'write "cv": {folds} beside it' if folds else "leave importance out"
        beside = {"importance": True, "cv": folds} if folds else {"importance": None}
        return InvalidRequest.at(
            ("importance",),
            f"importance is found on rows that are held out; {mend}, or send importance to "
            "/evaluate",
            "no_validation",
            remedies=[Advice(f"{folds} folds" if folds else "importance is left out", beside)],
        )

    def folds(self, model: Model, classes: Codes | None) -> list[Rows]:
        """The rows that are held out, fold by fold; stratified by the codes of the classes."""
        n, seed = model.n_samples_, model.random_state
        if self.cv is not None:
            return folds.k_fold(n, self.cv, seed, classes)
        return [] if self.holdout is None else [folds.holdout(n, self.holdout, seed, classes)]


def _leaves_classes(folds: Sequence[Rows], classes: Codes | None) -> bool:
    """Whether two classes are left to train on without each of the folds."""
    return classes is None or all(len(np.unique(np.delete(classes, fold))) > 1 for fold in folds)


def _of_fold(fault: Fault, held_out: int, rows: int) -> Fault:
    """The same, with how many rows are not trained on."""
    said, stop, mend = fault.msg.partition("; ")
    return replace(fault, msg=f"{said}, as {held_out} of {rows} are held out{stop}{mend}")


def classes_of(model: Model, y: Target | None) -> Codes | None:
    """The codes of the classes of y, of a classifier that was examined."""
    return None if y is None or model.classes_ is None else codes(y, model.classes_)


@cache
def schema() -> dict[str, Any]:
    """JSON Schema of the options; not to be changed."""
    return TypeAdapter(Plan).json_schema()


OPTIONS = tuple(option.name for option in fields(Plan))
_OF_Y = ("cv", "holdout", "importance")
"""Options that compare with y."""


def refuse_unplanned(of: type[Model], kwargs: Mapping[str, Any]) -> None:
    """Refuse what is no plan's, and what compares with y, of a type that learns without."""
    if of.supervised():
        plan_of(of, kwargs)
        return
    refuse(
        Fault(
            (name,),
            f"{of.model_type()} learns from X alone, so that there is no y to compare with; leave "
            f"{name} out",
            "no_y",
        )
        for name in _OF_Y
        if kwargs.get(name) is not None and kwargs[name] is not False
    )


def plan_of(of: type[Model], kwargs: Mapping[str, Any]) -> Plan:
    """What of `kwargs` is a plan's; raises `InvalidRequest` that names each option that is out of
    range. What `refuse_unplanned` refuses is left to that."""
    names = [name for name in OPTIONS if of.supervised() or name not in _OF_Y]
    given = {name: kwargs[name] for name in names if name in kwargs}
    both = [name for name in ("cv", "holdout") if given.get(name) is not None]

    def one_of_both(fault: Fault) -> Fault:
        """Of an option that is wrong and stands beside the other: that one of them goes."""
        if len(both) < 2 or fault.loc[0] not in both:
            return fault
        said, _, mended = fault.msg.partition("; ")
        here, other = sorted(both, key=str(fault.loc[0]).__ne__)
        mended = f"and {mended}" if mended else "and write such a number"
        said += f"; both cv and holdout were sent: leave {here} out, or leave {other} out {mended}"
        alone = (Advice(f"{one.words}, alone", {**one.set, other: None}) for one in fault.remedies)
        return replace(fault, msg=said, remedies=tuple(alone))

    def as_share(fault: Fault) -> Fault:
        """Of a share of the rows that is written as per cent, or as folds: as what it is sent."""
        name, value = fault.loc[0], given[str(fault.loc[0])]
        if not isinstance(value, (int, float)):
            return fault
        if name == "holdout" and 1 < value < 100:
            share, alone = value / 100, f"write {value / 100:g}, for {value:g} % of the rows"
            return replace(fault, msg=f"{fault.msg}; {alone}", remedies=(_held_out(share),))
        if name == "cv" and 0 < value < 1 and len(both) < 2:
            said = (
                f'{fault.msg}; for a share of the rows leave cv out and write "holdout": {value:g}'
            )
            return replace(fault, msg=said, remedies=(_held_out(value, cv=None),))
        return fault

    def otherwise(fault: Fault) -> Fault:
        return or_left_out(fault, given, schema())

    with amended(otherwise), amended(one_of_both), amended(as_share):
        return validated(lambda known: Plan(**known), given, schema(), known=OPTIONS, remedied=True)


@contextmanager
def told_of_folds(
    model: Model, given: Mapping[str, Any], X: FloatArray, y: Target | None
) -> Iterator[None]:
    """Say, where X has too few rows for a hyperparameter, what the rows that a fold of the plan
    that is `given` leaves to train on allow, which are fewer."""
    try:
        yield
    except InvalidRequest as error:
        if y is None or any(one.type != "too_few_rows" for one in error.faults):
            raise
        told, also = model.hyperparameters(), Gathered()
        told |= {"task": model.task_} if "task" in told else {}
        with also.part():
            plan = plan_of(type(model), given)
            plan.check(model, y)
            for test in plan.folds(model, classes_of(model, y)):
                train = np.delete(np.arange(len(X)), test)
                with also.part(), amended(partial(_of_fold, held_out=len(test), rows=len(X))):
                    type(model)(**told).examine(X[train], y[train])
        found = sorted(also.faults, key=_least, reverse=True)
        least = {one.loc: one for one in found if one.type == "too_few_rows"}
        faults = [least.get(one.loc, one) for one in error.faults]
        raise InvalidRequest(faults, error.total, error.add) from None


def _least(fault: Fault) -> float:
    """The least number that a remedy of it sets."""
    found = (one for remedy in fault.remedies for one in remedy.set.values())
    return min((float(one) for one in found if one is not None), default=np.inf)


def _held_out(share: float, **beside: None) -> Advice:
    return Advice(f"holdout is {share:g}", {**beside, "holdout": share})
