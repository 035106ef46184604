"""What is said of a member, or a parameter, that others know, or that another route has."""

import re
from collections.abc import Collection, Mapping
from contextlib import suppress
from dataclasses import replace
from itertools import islice
from typing import Any
from urllib.parse import quote

from fitserve.data.as_sent import bytes_of, encoded
from fitserve.data.json_text import parse_json
from fitserve.data.options import NAMES
from fitserve.errors import LISTED, Fault, MalformedJson, clip
from fitserve.evaluation.plan import OPTIONS
from fitserve.models import catalog

_OF_ROUTES = {
    **dict.fromkeys((*NAMES, *OPTIONS, "dry_run"), "/register"),
    "importance": "/evaluate",
    "repeats": "/evaluate",
    "probabilities": "/predict",
}
"""By member, the route that reads it."""
_METRIC = re.compile(r"metrics?|scor(?:e|es|er|ing)").fullmatch
_ENCODING = re.compile(r"(?:file_?|char)?encoding|charset|encoding_errors").fullmatch
_COLUMNS = re.compile(r"features|columns|use_?cols|feature_(?:names|columns|cols)|cols").fullmatch
_FRAMES = {
    "dataframe_split": "df.to_dict('list') of pandas",
    "dataframe_records": "the same rows",
}


def whole(body: Mapping[str, Any], members: Collection[str]) -> Fault | None:
    """What is wrong with a body that holds, or in a text, what should be sent in its place."""
    for name, value in islice(((n, v) for n, v in body.items() if n not in members), LISTED):
        held, quotes = value, ""
        if isinstance(value, str) and (printed := bytes_of(value)):
            held = printed[2]
        for _ in range(3):
            if not encoded(held) or len(held) > 2**16:
                break
            with suppress(MalformedJson):
                held = parse_json(held.encode(errors="replace"))
                quotes = " and without the quotes around it, as it is JSON inside of JSON"
        there = [one for one in held if one in members] if isinstance(held, dict) else []
        if not {"model_type", "kwargs"}.isdisjoint(there):
            said = (
                f"write what it holds ({', '.join(there)}) in its place, not inside of it{quotes}"
            )
            return Fault((name,), f"there is no {clip(name, 40)!r}; {said}", "extra_forbidden")
    return None


def of_rows(route: str, name: str, value: object, model_type: object = None) -> str | None:
    """What to say of a member that `route`, which asks a model about rows, does not read."""
    models = catalog()
    asked = models.values() if model_type is None else filter(None, [models.get(str(model_type))])
    if any(name in model.names() for model in asked):
        return (
            f"{route} takes no hyperparameters, they are set at /register; leave {name} out, or "
            "register another model with it in kwargs"
        )
    if route == "/evaluate" and _METRIC(name):
        return f"leave {name} out: all metrics are told always"
    if _ENCODING(name):
        return in_utf_8(name, value)
    return _of_another(route, name)


def of_others(name: str, value: object) -> str | None:
    """How rows are sent that stand as MLflow, or the Open Inference Protocol, has them."""
    if name in _FRAMES:
        said = f"write features, {_FRAMES[name]}, beside model_type and model_id"
        return f"there is no {name!r}; {said}"
    if name == "inputs" and isinstance(value, list) and value and isinstance(value[0], dict):
        if "datatype" in value[0]:
            return "these are tensors; send them to POST /v2/models/TYPE/versions/ID/infer"
    return None


def at_register(fault: Fault, query: dict[str, str]) -> Fault:
    """The same, of a parameter beside a CSV that no training reads."""
    name = str(fault.loc[-1]) if fault.loc else ""
    if fault.type != "extra_forbidden" or name not in query:
        return fault
    said = _of_another("/register", name)
    if _ENCODING(name):
        said = in_utf_8(name, query[name])
    elif _COLUMNS(name):
        said = f"all columns are used but those that drop names; leave {name} out, and to have a "
        said += "column left out write drop=NAME"
    elif not query[name] and (whole := _parted(name, query)):
        said = f"there is no {clip(name, 40)!r}; if & stands in the name of a column, write {whole}"
    return fault if said is None else replace(fault, msg=said, remedies=())


def _parted(name: str, query: dict[str, str]) -> str:
    """The parameter before, where it may hold this one, as it is written then, or ''."""
    before = list(query)[: list(query).index(name)][-1:]
    return "".join(
        f"{one}={clip(quote(f'{query[one]}&{name}', safe=',:'), 80)}"
        for one in before
        if one in ("target", "drop", "kinds")
    )


def in_utf_8(name: str, encoding: object) -> str:
    """What to do with a text that is said to be written otherwise."""
    known = isinstance(encoding, str) and re.fullmatch(r"[\w-]{2,20}", encoding)
    of = f" -f {encoding}" if known else " -f ENCODING"
    return f"text is read as UTF-8; leave {name} out, and send what iconv{of} -t utf-8 FILE makes"


def _of_another(route: str, name: str) -> str | None:
    there = _OF_ROUTES.get(name, route)
    return None if there == route else f"{name} belongs to {there}; leave it out here"
