"""Of what Pydantic refused, what to write instead.

Pydantic decides what is right. What is wrong is said from the schema and the value alone, since
its own words are for programmers and name its inner types.
"""

import json
import re
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import replace
from itertools import islice
from types import MappingProxyType
from typing import Any, TypeVar

from pydantic import ValidationError

from fitserve.data.as_sent import sent, twice_encoded
from fitserve.data.expectations import (
    SPELLED,
    Schema,
    asked,
    branches,
    choices_of,
    fits,
    listed,
    such,
    surely_meant,
    usual,
)
from fitserve.data.names import closest, given_already, meant, unknown
from fitserve.data.shell import unexpanded
from fitserve.errors import LISTED, Advice, Fault, InvalidRequest, Location, clip

T = TypeVar("T")
Elsewhere = Callable[[str, Any], tuple[str, str, *tuple[Advice, ...]] | None]
"""Of a member that does not belong here, and its value: where it does, which member that makes
needless, and what a program could set."""
Foreign = Callable[[str], tuple[str, str] | None]
"""Of a member that others have: that they do, and what there is here."""


_NEVER: Mapping[str, type | tuple[type, ...]] = {"y": str, "target": (list, dict)}
"""What members do not hold that others call by the same names."""
_AN_ID = "write a whole number from 0, such as 1"
_FREE = f"{_AN_ID} if it is free"
_NOT_NULL = {"model_id": f"{_AN_ID}: the model's id, as /list tells it"}
"""What to write instead of what could be left out, but should not."""
_NEARLY = 0.8  # how alike a member and what others have are where that may be meant


def validated(
    make: Callable[[dict[str, Any]], T],
    given: Mapping[str, Any],
    schema: Schema,
    *,
    known: Iterable[str],
    elsewhere: Elsewhere = lambda _name, _value: None,
    foreign: Foreign = lambda _name: None,
    theirs: Collection[str] = (),
    spelled: Mapping[str, str] = MappingProxyType({}),
    taken: Mapping[str, str] | None = None,
    others: Mapping[str, Schema] = MappingProxyType({}),
    remedied: bool = False,
) -> T:
    """What `make` makes of the members given, or `InvalidRequest` with all that is wrong.

    `schema` is that of an object whose properties are the members; `known` are the names to
    tell of one that is none of them, `theirs` those that others have; `spelled` holds, for a
    member, the name that the caller used for it, and `taken`, for each known name of what is
    given, the name that the caller used; None: its own; `others` are the schemas of what is read
    elsewhere. Only a few of very many members are looked at twice. With `remedied` the faults say
    what a program could set.
    """
    properties: Schema = schema["properties"]
    fields = {name: value for name, value in given.items() if name in properties}
    strangers = len(given) - len(fields)
    faults: list[Fault] = []
    needless: set[str] = set()
    for name in islice((name for name in given if name not in properties), LISTED):
        asked = ({**others, **properties}, list(known), elsewhere, foreign, taken, theirs)
        fault, instead = _stranger(name, given, *asked)
        faults.append(fault)
        needless.add(instead)
    total = strangers
    try:
        made = make(fields)
    except ValidationError as error:
        wrong = [
            fault
            for fault in _wrong(error, fields, schema, spelled)
            if fault.type != "missing" or fault.loc[0] not in needless
        ]
        faults += wrong
        total += len(wrong)
    else:
        if not faults:
            return made
    if not remedied:
        faults = [Fault(fault.loc, fault.msg, fault.type) for fault in faults]
    raise InvalidRequest(faults[:LISTED], total)


def _stranger(
    name: str,
    given: Mapping[str, Any],
    properties: Mapping[str, Schema],
    known: list[str],
    elsewhere: Elsewhere,
    foreign: Foreign,
    taken: Mapping[str, str] | None,
    theirs: Collection[str] = (),
) -> tuple[Fault, str]:
    """The fault of a member that nobody knows, and the member that was meant, or nothing."""
    value = given[name]
    if variable := unexpanded(name, quoted=True):
        return Fault((name,), f"the name of a member is needed; {variable}", "extra_forbidden"), ""
    there = elsewhere(name, value)
    if there is not None:
        words, needless, *remedied = there
        if taken and needless in taken:
            return _needless(name, needless, given_already(name, needless, taken[needless]))
        return Fault((name,), words, "extra_forbidden", tuple(remedied)), needless
    inside = [one for one in value if one in known] if isinstance(value, dict) else []
    if inside:
        says = (
            f"there is no {clip(name, 40)!r}; write what it holds ({clip(', '.join(inside), 200)}) "
            "in its place, not inside of it"
        )
        return Fault((name,), says, "extra_forbidden"), ""
    unlike = [one for one, kind in _NEVER.items() if isinstance(value, kind)]
    if taken is None:
        taken = {one: one for one, held in given.items() if held is not None}
    says, near = unknown(name, known, taken, foreign(name), unlike)
    if foreign(name) and near in properties and _no_value_of(properties[near], value):
        says, near = unknown(name, known, taken, foreign(name), [*unlike, near])
    if near in taken:
        return _needless(name, near, says)
    for other in closest(name, theirs, _NEARLY) if not near and foreign(name) is None else ():
        of_other = {one: held for one, held in given.items() if one != name} | {other: value}
        asked = (properties, known, elsewhere, foreign, taken)
        return _respelled(name, other, *_stranger(other, of_other, *asked))
    remedies: tuple[Advice, ...] = ()
    if not near and foreign(name):
        remedies = (Advice(f"{name} is left out", {name: None}),)
    if near and len(name) <= 80:
        field = properties.get(near) or {"type": "array"}
        if not fits(field, value):
            as_, remedies = _instead(near, value, field)
            says = says.replace(f"write {near}, if that", f"write {as_}, if that")
            remedies = tuple(Advice(one.words, {name: None} | dict(one.set)) for one in remedies)
            remedies = remedies or (Advice(f"{name} is left out", {name: None}),)
        elif not isinstance(value, (list, dict)):
            remedies = (Advice(f"{name} means {near}", {name: None, near: value}),)
    return Fault((name,), says, "extra_forbidden", remedies), near


def _no_value_of(schema: Schema, value: object) -> bool:
    """Whether a switch or a word of others says nothing of what a member takes."""
    if fits(schema, value) or not isinstance(value, (bool, str)):
        return False
    return not isinstance(value, str) or not surely_meant(schema, value)


def _instead(name: str, value: object, schema: Schema) -> tuple[str, tuple[Advice, ...]]:
    """How a member is written that is meant by another name, whose value does not fit it."""
    if schema == {"type": "array"}:
        return name, ()
    for guess in surely_meant(schema, value):
        return f"{json.dumps(name)}: {json.dumps(guess)}", (_set(name, guess),)
    such, remedies = asked(schema, value), tuple(_set(name, one) for one in usual(schema, value))
    for one in remedies:
        such += f", such as {json.dumps(one.set[name])}"
    return f"{name} as {such}", remedies


def _set(name: str, value: object) -> Advice:
    return Advice(f"{name} is {json.dumps(value)}", {name: value})


def _respelled(name: str, other: str, fault: Fault, near: str) -> tuple[Fault, str]:
    """The same of a member that is written nearly as what others have, the `other`."""
    none, nor = (f"there is no {clip(one, 40)!r}" for one in (name, other))
    here, stop, rest = fault.msg.partition("; ")
    here = f"{none}, nor {other!r}" if here == nor else f"{none}, and {here}"
    remedies = tuple(
        Advice(
            re.sub(rf"^{other}\b", lambda _: name, one.words),
            {name if member == other else member: held for member, held in one.set.items()},
        )
        for one in fault.remedies
    )
    rest = re.sub(rf"\b{other}\b", lambda _: clip(name, 40), rest)
    return Fault((name,), f"{here}{stop}{rest}", fault.type, remedies), near


def _needless(name: str, meant: str, says: str) -> tuple[Fault, str]:
    """The fault of a member that means one which is given, and that."""
    remedies = (Advice(f"{meant} counts", {name: None}),) if len(name) <= 80 else ()
    return Fault((name,), says, "given_twice", remedies), meant


def _wrong(
    error: ValidationError, given: Mapping[str, Any], schema: Schema, spelled: Mapping[str, str]
) -> list[Fault]:
    """One fault for each place that is wrong. A value that fits none of several branches is
    wrong where the branch that got furthest found it so."""
    found: dict[str, dict[Location, str]] = {}
    for item in error.errors(include_url=False, include_input=False, include_context=False):
        loc = _real(item["loc"], given) if item["type"] != "missing" else item["loc"]
        found.setdefault(str(item["loc"][0]), {}).setdefault(loc, item["type"])
    faults = []
    for name, places in found.items():
        deepest = max(map(len, places))
        for loc, kind in places.items():
            if len(loc) == deepest:
                faults.append(_fault(name, loc, kind, given, schema, spelled))
    return faults


def _real(loc: Location, given: Any) -> Location:
    """The part of Pydantic's location that is a place in what was given: it names branches too."""
    real: list[str | int] = []
    for part in loc:
        inside = range(len(given)) if isinstance(given, list) else given
        if isinstance(inside, (range, Mapping)) and part in inside:
            given = given[part]
            real.append(part)
    return tuple(real)


def _fault(
    name: str,
    loc: Location,
    kind: str,
    given: Mapping[str, Any],
    members: Schema,
    spelled: Mapping[str, str],
) -> Fault:
    schema, optional = members["properties"][name], name not in members.get("required", ())
    place = (spelled.get(name, name), *loc[1:])
    if kind == "missing":
        return Fault(place, f"{name} is needed{such(schema)}", kind)
    value: Any = given[name]
    for part in loc[1:]:
        value = value[part]
        schema = next((one["items"] for one in branches(schema) if "items" in one), {})
    looks = "".join(f", such as {one}," for one in map(json.dumps, schema.get("examples", [])[:1]))
    needed = asked(schema, value)
    if type(value) in (int, float) and not -(2**1024) < value < 2**1024:
        needed = needed.replace("a number", "a finite number")
    says = f"{needed}{looks} is needed, not {sent(value)}{twice_encoded(value)}"
    if variable := unexpanded(value, str(place[-1])):
        return Fault(place, f"{says}; {variable}", kind)
    of_texts = any("items" in one for one in branches(schema))
    blank = isinstance(value, str) and not value.strip() and of_texts
    if isinstance(value, str) and SPELLED.get(value.strip().lower(), "") is None:
        blank = blank or not (fits(schema, None) or name == "na_values")  # which holds such words
    if value is None and len(loc) > 1 and asked(schema) != "text":
        return Fault(place, f"{says}; {_one_of_all(schema)}, or leave {place[0]} out", kind)
    if (value is None or blank) and (optional or len(loc) > 1):
        return Fault(place, f"{says}; {_NOT_NULL.get(name, 'leave it out')}", kind)
    if len(loc) > 1 and type(value) in (int, float) and schema.get("type") == "string":
        value = str(value)
    for guess in listed(schema, given[name]) if len(loc) == 2 and type(loc[1]) is int else []:
        remedy = Advice(f"{place[0]} is {json.dumps(guess)}", {str(place[0]): guess})
        return Fault(place, f"{says}; write {place[0]} as {json.dumps(guess)}", kind, (remedy,))
    for guess in surely_meant(schema, value):
        written = json.dumps(guess)
        bare = isinstance(value, str) and written == value.strip().lower()
        quotes = ", without quotes" if bare else ""
        if isinstance(value, str) and isinstance(guess, str) and not meant(value, [guess]):
            quotes = ", if that is meant"
        remedy = Advice(f"{place[0]} is {written}", {str(place[0]): guess})
        return Fault(place, f"{says}; write {written}{quotes}", kind, (remedy,) * (len(loc) == 1))
    if name in _NOT_NULL:
        return Fault(place, f"{says}; {_NOT_NULL[name] if optional else _FREE}", kind)
    if len(loc) > 1 and optional and schema.get("type") == "number" and "; " not in says:
        says = f"{says}; {_one_of_all(schema)}, or leave {place[0]} out"
        remedy = Advice(f"{place[0]} is left out", {str(place[0]): None})
        return Fault(place, says, kind, (remedy,) * (len(loc) == 2))
    if schema.get("type") == "boolean" and optional and "; " not in says:
        says += "; write one of them, or leave it out"
    return Fault(place, says, kind)


def _one_of_all(items: Schema) -> str:
    """What to write in a list of numbers; those of at most 1 are shares."""
    return f"write one{', so that all sum to 1' if items.get('maximum') == 1 else ''}"


def or_left_out(
    fault: Fault, given: Mapping[str, Any], schema: Schema, name: str | None = None
) -> Fault:
    """The same, where nothing better is told, with what is usually written, or that it may as well
    be left out; `name` is what the schema calls a member that was given by another name."""
    here = str(fault.loc[-1]) if fault.loc else ""
    name = here if name is None else name
    field = schema["properties"].get(name, {})
    if len(fault.loc) != 1 or "; " in fault.msg or name not in given or not field:
        return fault
    fitting = list(branches(field))
    choices = any(map(choices_of, fitting))
    may = choices or any(one.get("type") == "null" for one in fitting)
    found = [] if choices else usual(field, given[name])
    said = "one of these" if choices else "one"
    left_out = Advice(f"{here} is left out", {here: None})
    lists = any(one.get("type") == "array" for one in fitting)
    of_number = type(given[name]) in (int, float) and not choices and not lists
    if of_number and may and not found:
        return replace(fault, msg=f"{fault.msg}; leave it out", remedies=(left_out,))
    if found:
        (value,) = found
        said = f"write {json.dumps(value)}" + (", or leave it out" if may else "")
        remedies = (_set(here, value), left_out) if may else (_set(here, value),)
        return replace(fault, msg=f"{fault.msg}; {said}", remedies=remedies)
    if not may:
        return fault
    return replace(fault, msg=f"{fault.msg}; write {said}, or leave it out", remedies=(left_out,))
