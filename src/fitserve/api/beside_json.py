"""A query beside a body of JSON: how the body says what that does."""

import json
from collections.abc import Callable, Collection, Mapping
from typing import Any

from werkzeug.datastructures import MultiDict

from fitserve.api.queries import DIALECT, KEY, LISTS, json_of, single, value_of, words
from fitserve.data.names import meant, unknown
from fitserve.errors import Fault, clip, refuse, within
from fitserve.models import catalog

_TRUTHS = ("probabilities", "importance", "standardize")
_DATA = ("features", "X", "y")


def refuse_query(
    query: "MultiDict[str, str]",
    known: Collection[str],
    in_body: Callable[[str], str | None],
    elsewhere: Callable[[str, str, Mapping[str, str]], tuple[str, str] | None],
) -> None:
    """Refuse parameters that stand beside a body of JSON, other than the known ones; `in_body`
    tells how the body has a member of that name, if it may, `elsewhere` what else it may be."""

    def said(name: str, text: str) -> str:
        written = in_body(name)
        if written is not None:
            value = clip(json.dumps(_in_json(name, text), ensure_ascii=False), 80)
            shown = written.replace("...", value)
            return f"a query is read beside a CSV; beside JSON, write this into the body, {shown}"
        found = elsewhere(name, text, query)
        return unknown(name, known)[0] if found is None else found[0]

    with within("query"):
        single(query)
        refuse(
            Fault((name,), said(name, text), "extra_forbidden")
            for name, text in query.items()
            if name not in known
        )


def as_body(query: Mapping[str, str], rows: str, written: Callable[[str], str | None]) -> str:
    """The body of JSON that says what the query does, and has these rows; `written` tells how it
    has a member of a name, if it may."""
    beside: list[str] = []
    inside: list[str] = []
    learned = False  # whether it says what is to be learned
    for name, text in query.items():
        if name in ("features", "X"):
            rows = json.dumps(_in_json(name, text), ensure_ascii=False)
            continue
        one = name if written(name) else (meant(name, KEY) or [name])[0]
        value = _in_json(one, text)
        place = written(one) or ""
        learned = learned or one in ("target", "y")
        if place and name not in DIALECT:
            said = f"{json.dumps(one)}: {json.dumps(value, ensure_ascii=False)}"
            (inside if place.startswith('"kwargs"') else beside).append(said)
    if written("features"):
        beside.append(f'"features": {rows}')
    elif written("X"):
        inside.append(f'"X": {rows}')
        cls = catalog().get(query.get("model_type", ""))
        if cls is not None and cls.supervised() and not learned:
            inside.append('"y": [...]')
        beside.append(f'"kwargs": {{{", ".join(inside)}}}')
    return f"{{{', '.join(beside)}}}"


def _in_json(name: str, text: str) -> Any:
    """A parameter as the body has it."""
    if name in LISTS:
        return words(text)
    if name in _TRUTHS and text.lower() in ("0", "1", "no", "yes"):
        return text.lower() in ("1", "yes")
    if name in _DATA:
        return _rows(name, text)
    if name == "kinds":
        return dict(part.rpartition(":")[::2] for part in text.split(","))
    return text if name in ("model_type", "target") else value_of(text)


def _rows(name: str, text: str) -> Any:
    """Rows that stand in a query, with commas between their cells, as JSON has them."""
    found = json_of(text)
    if isinstance(found, (list, dict)):
        return found
    rows = [[value_of(cell.strip()) for cell in row.split(",")] for row in text.split(";")]
    return rows if len(rows) > 1 or name == "X" else rows[0]
