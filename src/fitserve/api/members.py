"""How a body is written whose members were sent without their names, or in another place."""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

from fitserve.errors import LISTED, Fault, Gathered, InvalidRequest, clip
from fitserve.models import catalog

_OF_LISTS = ("X", "y")


def shape(value: object) -> str:
    """How a value looks that is written elsewhere."""
    if isinstance(value, (list, dict)):
        return "[...]" if isinstance(value, list) else "{...}"
    return clip(json.dumps(value, ensure_ascii=False), 80)


def of_values(values: Sequence[Any], such: Mapping[str, Any]) -> str:
    """The object, which looks as `such`, that is meant by its values alone, or ''."""
    if type(values[0]) is not str or values[0] not in catalog():
        return ""
    names, rest = [name for name in such if name not in ("model_type", "model_id")], [*values[1:]]
    model_id = rest.pop(0) if rest and type(rest[0]) is int else such.get("model_id")
    if names == ["kwargs"] and (not rest or isinstance(rest[0], list)):
        return registration(values[0], model_id, rest)
    if len(rest) > len(names):
        return ""
    shapes = {"model_type": shape(values[0])}
    shapes |= {"model_id": shape(model_id)} if "model_id" in such else {}
    shapes |= dict.fromkeys(names[:1], "[...]") | dict(zip(names, map(shape, rest), strict=False))
    return _written(shapes)


def registration(model_type: object, model_id: object, lists: Sequence[Any] = ()) -> str:
    """The body of a registration that has these lists, X and y, or is still to have them."""
    cls = catalog().get(str(model_type))
    names = _OF_LISTS if cls is None or cls.supervised() else _OF_LISTS[:1]
    inside = dict.fromkeys(names, "[...]")
    if not lists:
        inside = dict(zip(names, ("[[1, 2], [3, 4]]", "[0, 1]"), strict=False))
    known = type(model_id) is int and model_id >= 0
    return _written(
        {
            "model_type": shape(model_type if cls is not None else "knn"),
            "model_id": shape(model_id if known else 1),
            "kwargs": _written(inside),
        }
    )


def _written(shapes: Mapping[str, str]) -> str:
    return "{" + ", ".join(f"{json.dumps(name)}: {shown}" for name, shown in shapes.items()) + "}"


@contextmanager
def in_place(moved: Mapping[str, str], check: Callable[[], None]) -> Iterator[None]:
    """Say with the faults found inside those that `check` finds where the members have their
    places: by the names with which they were sent, those that they have in kwargs."""
    try:
        yield
    except InvalidRequest as error:
        also = Gathered()
        with also.part():
            check()
        sent = {name: here for here, name in moved.items()}
        told = [replace(one, loc=_sent(one, sent), remedies=()) for one in also.faults]
        of_place = {fault.loc: fault for fault in error.faults}
        faults = [_both(fault, told) for fault in error.faults]
        faults += [fault for fault in told if fault.loc not in of_place]
        total = error.total + len(faults) - len(error.faults)
        raise InvalidRequest(faults[:LISTED], total, error.add) from None


def _sent(fault: Fault, sent: Mapping[str, str]) -> tuple[str | int, ...]:
    inside = fault.loc[1:2]
    here = sent.get(str(inside[0])) if fault.loc[:1] == ("kwargs",) and inside else None
    return fault.loc if here is None else (here, *fault.loc[2:])


def _both(fault: Fault, told: Sequence[Fault]) -> Fault:
    """The same, with what else is wrong with the member; that alone where it has no place there."""
    for one in told:
        if one.loc == fault.loc and one.type in ("extra_forbidden", "given_twice"):
            if f"leave {fault.loc[0]} out" in one.msg or "leave it out" in one.msg:
                return one
    more = "".join(f", and there: {one.msg}" for one in told if one.loc == fault.loc)
    return replace(fault, msg=f"{fault.msg}{more}")
