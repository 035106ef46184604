"""What the first faults of a request hide, found by reading the rest of it again."""

import json
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import replace
from typing import Any

from fitserve.api import queries
from fitserve.errors import (
    LISTED,
    Advice,
    Fault,
    FitserveError,
    Gathered,
    InvalidRequest,
    Location,
)
from fitserve.models.base import Model
from fitserve.training.training import Training

_DATA = ("X", "y", "feature_names", "model_type", "model_id")
_LAYERS = 3
"""How often the rest of a request is looked at where some of its options are wrong."""

_Read = Callable[[dict[str, Any]], Training]


@contextmanager
def told_whole(cls: type[Model], read: _Read, given: Mapping[str, Any]) -> Iterator[None]:
    """Say all that is wrong with a training, `read` of what was `given`, and of what is to be
    written instead what the rows allow, so that whoever obeys is not refused once more."""
    with _fitting(read, given), _at_once(cls, read, given):
        yield


@contextmanager
def _fitting(read: _Read, given: Mapping[str, Any]) -> Iterator[None]:
    """Say, of what is to be written instead of what was sent, what the rows allow: with it `read`
    is asked for the same training, as if it had been sent."""
    try:
        yield
    except InvalidRequest as error:
        wrong = {str(fault.loc[-1]): fault for fault in error.faults if fault.loc}
        sets = [
            (name, remedy.set)
            for name, fault in wrong.items()
            for remedy in fault.remedies
            if name in remedy.set
        ]
        meant = {
            other: (name, value)
            for name, one in sets
            for other, value in one.items()
            if type(value) in (bool, int, float, str)
        }
        instead = {name: value for name, (_, value) in meant.items()}
        out = {*wrong, *(name for _, one in sets for name in one)}
        refused: dict[Location, tuple[Fault, Any]] = {}
        for _ in range(len(instead)):  # what the rows refuse first may hide the next
            told, before = Gathered(), dict(instead)
            plain = {name: one for name, one in given.items() if name not in out}
            with suppress(FitserveError), told.part():
                there = {name: one for name, one in instead.items() if one is not None}
                read(plain | there).try_step()
            for fault in told.faults:
                name = str(fault.loc[-1]) if fault.loc else ""
                if name in instead and fault.remedies and name in fault.remedies[0].set:
                    refused[*fault.loc[:-1], meant[name][0]] = fault, instead[name]
                    instead[name] = fault.remedies[0].set[name]
            if instead == before:  # the rows have no more to say, and reading them takes time
                break
        raise InvalidRequest(
            [_allowed(fault, *refused.get(fault.loc, (None, None))) for fault in error.faults],
            error.total,
            error.add,
        ) from None


@contextmanager
def _at_once(cls: type[Model], read: _Read, given: Mapping[str, Any]) -> Iterator[None]:
    """Say with the faults found inside those that the ones of options hide: `read` is asked for
    the same training without what was found to be wrong. Of what was not given they are told where
    there are too few rows for it, whatever is written instead of wrong hyperparameters."""
    try:
        yield
    except InvalidRequest as error:
        faults, rest = list(error.faults), dict(given)
        found = faults
        for _ in range(_LAYERS):
            wrong = {str(fault.loc[1]) for fault in found if _of_option(fault, rest)}
            apart = any(rest[name] == "" for name in wrong)  # half of a name that has &
            if not wrong or apart or not wrong.isdisjoint(queries.DIALECT):
                break
            also = {"importance"} if not wrong.isdisjoint(("cv", "holdout")) else set[str]()
            sets = [remedy.set for fault in found for remedy in fault.remedies]
            also |= {name for one in sets for name in one if name not in _DATA}  # mended with it
            rest = {name: value for name, value in rest.items() if name not in wrong | also}
            told = Gathered()
            with suppress(FitserveError), told.part():
                read(rest).try_step()
            found = [fault for fault in told.faults if _of_option(fault, rest)]
            faults += found
            if wrong.issubset(cls.names()):
                out = {cls.aliases.get(name, name) for name in {*given, *also}}
                faults += [fault for fault in told.faults if _of_default(fault, cls, out)]
        total = error.total + len(faults) - len(error.faults)
        raise InvalidRequest(faults[:LISTED], total, error.add) from None


def _of_option(fault: Fault, given: Mapping[str, Any]) -> bool:
    """Whether it is of one of what was given, other than the data."""
    where, name = (*fault.loc, "", "")[:2]
    return where in ("query", "kwargs") and name in given and name not in _DATA


def _of_default(fault: Fault, cls: type[Model], given: Collection[str]) -> bool:
    """Whether there are too few rows for a hyperparameter that was not given."""
    name = str(fault.loc[-1]) if fault.loc else ""
    of_rows = fault.type in ("too_few_rows", "too_few_distinct_rows")
    return of_rows and name in cls.names() and cls.aliases.get(name, name) not in given


def _allowed(fault: Fault, refused: Fault | None, meant: Any) -> Fault:
    """The same, with what is to be written instead of what was to be written, which was `meant`
    and `refused`."""
    if refused is None:
        return fault
    name, ours = str(fault.loc[-1]), str(refused.loc[-1])
    most = refused.remedies[0].set[ours]
    said = fault.msg.rpartition("; write ")[0] or fault.msg.partition("; ")[0]
    why, _, mend = refused.msg.partition("; ")
    beside = {one: value for one, value in refused.remedies[0].set.items() if one != ours}
    if most is True and beside:
        mend = f"write true, and beside it {json.dumps(beside)[1:-1]}"
    elif most is not None:
        mend = f"write {most}" if name == ours else f"write {json.dumps(ours)}: {json.dumps(most)}"
    other = next((one.set for one in refused.remedies if ours not in one.set), {})
    if most is None and other:
        also = json.dumps({ours: meant, **other})[1:-1].replace(", ", " and ")
        mend = f"write {also}, or leave it out"
    remedies = tuple(
        Advice(one.words, {name: None, ours: meant} | dict(one.set)) for one in refused.remedies
    )
    return replace(fault, msg=f"{said}; {mend}: {why}", remedies=remedies)
