"""What stands in the query of a CSV: parameters as text, with the types of what they are for."""

import json
import re
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import suppress
from dataclasses import replace
from functools import partial
from typing import Any
from urllib.parse import quote

from pydantic import ValidationError
from werkzeug.datastructures import MultiDict

from fitserve.data.dialect import NOTHING, Dialect, truth_meant
from fitserve.data.names import meant, unknown, with_commas
from fitserve.data.numerals import whole
from fitserve.data.options import NAMES, ColumnOptions, checked_options
from fitserve.errors import Advice, Fault, InvalidRequest, clip, refuse, within
from fitserve.errors.wording import reworded
from fitserve.models.base import Model
from fitserve.storage.store import MAX_MODEL_ID, Key

DIALECT = ("delimiter", "decimal", "header")
CSV = (*DIALECT, "na_values")
KEY = ("model_type", "model_id")
_NEXT = re.compile(r"(?:[;,?&|\s]|%26)+(?:amp;)?([A-Za-z]\w*)=")
"""Where another parameter begins that was not parted by &."""
_BARE = re.compile(r"^\.(?=\d)")
"""The point of a number without a digit before it, which JSON has not: `.2`."""
_ID = re.compile(r"0|[1-9][0-9]{0,15}").fullmatch
LISTS = ("drop", "na_values")
_MEMBER = re.compile(
    r""""([A-Za-z_]\w*)": (-?\d[\de.+-]*(?<![.+-])|true|false|"[\w-]+"|\["[^"\]]+"\])"""
)
"""A member of kwargs, and its value, where a text tells of one alone."""
_OF_COLUMNS = (*LISTS, "kinds", "target")


def single(query: "MultiDict[str, str]") -> dict[str, str]:
    """Each parameter once: lists and kinds joined, of others more than one is an error."""
    joined: dict[str, str] = {}
    faults = []
    for name, values in query.lists():
        joined[name] = ",".join(values)
        if len(values) > 1 and name not in (*LISTS, "kinds"):
            said = f"{len(values)} values are given; give one"
            faults.append(Fault((name,), said, "given_twice"))
        elif name not in _OF_COLUMNS and _NEXT.search(joined[name]):
            apart = _NEXT.sub(r"&\1=", joined[name])
            said = (
                f"the next parameter stands in this one, {clip(joined[name], 80)!r}; write & "
                f"between them, {clip(f'{name}={apart}', 120)}"
            )
            faults.append(Fault((name,), said, "separator"))
    if faults:
        raise InvalidRequest(faults)
    return joined


def key(query: Mapping[str, str], default_id: int | None = None) -> Key:
    """The model that `model_type` and `model_id` name."""
    faults = []
    model_id = default_id
    if "model_type" not in query:
        faults.append(_needed("model_type", "such as knn", query))
    if "model_id" in query:
        text = query["model_id"]
        model_id = int(text) if _ID(text) else MAX_MODEL_ID + 1
        if model_id > MAX_MODEL_ID:
            said = f"a whole number from 0 to 2^53 - 1 is needed, not {clip(text, 40)!r}"
            near = whole(text[:80])
            remedies: tuple[Advice, ...] = ()
            said += f"; write {'one, such as 1' if near is None else near}"
            said += " if it is free" if near is None and default_id is None else ""
            if near is not None:
                remedies = (Advice(f"model_id is {near}", {"model_id": near}),)
            faults.append(Fault(("model_id",), said, "int_parsing", remedies))
    elif default_id is None:
        faults.append(_needed("model_id", "a whole number of your choice", query))
    if faults or model_id is None:
        raise InvalidRequest(faults)
    return Key(query["model_type"], model_id)


def options(query: Mapping[str, str]) -> ColumnOptions:
    """What the query says of columns."""
    given: dict[str, Any] = {}
    for name in NAMES:
        if name not in query:
            continue
        text = query[name]
        if name == "kinds":
            given[name] = kinds(text)
        elif name in LISTS:
            given[name] = words(text)
        else:
            given[name] = value_of(text)
    return checked_options(given)


def _needed(name: str, what: str, query: Mapping[str, str]) -> Fault:
    """That a parameter is missing, or is there by another name, or was cut off."""
    missing = [one for one in KEY if one not in query]
    for given in query:
        if meant(given, missing) == [name]:
            said, _ = unknown(given, (name,))
            return Fault((given,), said, "extra_forbidden")
    said = f"{name} is needed, {what}"
    if len(query) == 1:
        said += "; if you sent more than one parameter, put the URL in quotes: a shell ends it at &"
    return Fault((name,), said, "missing")


def truth(query: Mapping[str, str], name: str) -> bool:
    """A parameter that is true or false, and false where it is not there."""
    text = query.get(name, "false")
    if text not in ("true", "false"):
        said = f"true or false is needed, not {clip(text, 40)!r}{truth_meant(text)}"
        raise InvalidRequest.at((name,), said, "bool_parsing")
    return text == "true"


def dry_run(query: Mapping[str, str]) -> bool:
    """Whether a registration shall be checked alone."""
    with within("query"):
        return truth(query, "dry_run")


def refuse_others(
    query: Mapping[str, str],
    known: Collection[str],
    elsewhere: Callable[[str, str], str | None] = lambda _name, _text: None,
) -> None:
    """Refuse parameters that are not known here; `elsewhere` says of one where it is."""
    there = dict(zip(query, query, strict=True))

    def said(name: str) -> str:
        if name in ("features", "X"):
            return f"the body has the rows, as CSV; leave {name} out, or send JSON, declared so"
        return elsewhere(name, query[name]) or unknown(name, known, there)[0]

    refuse(Fault((name,), said(name), "extra_forbidden") for name in query if name not in known)


def dialect(query: Mapping[str, str]) -> Dialect:
    """How the CSV is written, as far as the query says so."""
    said = {name: query[name] for name in DIALECT if name in query}
    if "na_values" in query:
        given = checked_options({"na_values": words(query["na_values"])})
        said["na_values"] = ",".join(given.na_values)
    return Dialect.from_query(said)


def hyperparameters(cls: type[Model], query: Mapping[str, str]) -> dict[str, Any]:
    """Of each parameter the reading that the type takes: as JSON, as a list, or as text."""
    return {name: _reading(cls, name, text) for name, text in query.items()}


def simple(query: Mapping[str, str], names: Collection[str]) -> dict[str, Any]:
    """The parameters of these names, as numbers and truth values where that is what they say."""
    return {name: value_of(query[name]) for name in names if name in query}


def written(add: Mapping[str, Any]) -> str:
    """Parameters as they are written in a query."""
    return in_url({name: spelled(value) for name, value in add.items()})


def in_url(query: Mapping[str, str]) -> str:
    """A query as it stands in a URL, in quotes of a shell too."""
    return "&".join(f"{name}={quote(text, safe=':,/*()$!~-_.')}" for name, text in query.items())


def as_parameters(fault: Fault) -> Fault:
    """The same, where it tells of a member of kwargs with the parameter of a query."""

    def parameter(found: "re.Match[str]") -> str:
        name, value = found.groups()
        return written({name: json.loads(value) if value[0] in '["' else value})

    return replace(fault, msg=reworded(fault.msg, partial(_MEMBER.sub, parameter)))


def members(add: Mapping[str, Any]) -> str:
    """Parameters as they are written in kwargs."""
    return json.dumps(add, ensure_ascii=False)[1:-1]


def as_text(value: Any) -> str:
    """Whatever a member of kwargs may be, as a query has it."""
    parts = list(value.values()) if isinstance(value, Mapping) else value
    if isinstance(parts, list) and parts and all(isinstance(part, str) for part in parts):
        return spelled(value)
    return json.dumps(value, ensure_ascii=False)


def spelled(value: Any) -> str:
    """A value as a query has it, before it is quoted; a list, or kinds, of at least one."""
    if isinstance(value, Mapping):
        parts = [f"{name}:{kind}" for name, kind in value.items()]
        plain = not any("," in name for name in value)
    elif isinstance(value, list):
        parts, plain = value, not any("," in part for part in value)
    else:
        parts, plain = [value if isinstance(value, str) else json.dumps(value)], True
    plain = plain and parts[0][:1] not in ("[", "{")
    return ",".join(parts) if plain else json.dumps(value, ensure_ascii=False)


def kinds(text: str) -> dict[str, str]:
    """Kinds by the names of columns; raises `InvalidRequest`."""
    if text.startswith("{"):
        found = json_of(text)
        if isinstance(found, dict):
            return found
    if (mended := with_commas(text)) is not None:
        said = f"write a comma between two names: {clip(mended, 200)}"
        raise InvalidRequest.at(("kinds",), said, "kinds")
    if text.lower() in NOTHING:
        raise InvalidRequest.at(
            ("kinds",), f"no column is named by {clip(text, 40)!r}; leave kinds out", "kinds"
        )
    named: dict[str, str] = {}
    for part in text.split(","):
        name, colon, kind = part.rpartition(":")
        if not colon:
            raise InvalidRequest.at(
                ("kinds",),
                f"write NAME:KIND, with commas between them, as in zip:category, not "
                f"{clip(part, 40)!r}",
                "kinds",
            )
        if named.setdefault(name, kind) != kind:
            two = f"{clip(named[name], 40)} and {clip(kind, 40)}"
            said = f"{clip(name, 40)!r} is given two kinds, {two}; give one"
            raise InvalidRequest.at(("kinds",), said, "given_twice")
    return named


def words(text: str) -> list[str]:
    """A list, with commas between its words or as JSON."""
    if text.startswith("["):
        found = json_of(text)
        if isinstance(found, list):
            return found
    return [part.strip() for part in text.split(",")] if text else []


def _reading(cls: type[Model], name: str, text: str) -> Any:
    known = cls.aliases.get(name, name)
    readings = list(_readings(text))
    for value in readings:
        with suppress(ValidationError):
            cls(**{known: value})
            return value
    return readings[0]


def _readings(text: str) -> Iterator[Any]:
    yield value_of(text)
    yield text
    if "," in text:
        yield [value_of(part.strip()) for part in text.split(",")]


def value_of(text: str) -> Any:
    """A number, true, false or null where that is what it says; else the text itself."""
    if text.lower() in ("true", "false"):
        return text.lower() == "true"
    if text.lower() in ("null", "none"):
        return None
    found = json_of(_BARE.sub("0.", text))
    return text if found is None else found


def json_of(text: str) -> Any:
    """What it says as JSON, None where it is none."""
    with suppress(ValueError, RecursionError):
        return json.loads(text, parse_constant=lambda _: None)
    return None
