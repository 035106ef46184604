"""The same request from a terminal, and from Python."""

import shlex
from typing import Any, NamedTuple

from flask import request

from fitserve.api import queries
from fitserve.models.base import Model
from fitserve.pages.code import literal
from fitserve.pages.registering.form import Form
from fitserve.pages.registering.tables import Sent
from fitserve.pages.visitor import visitor

_FIRST = ("model_type", "model_id")


class Code(NamedTuple):
    url: str
    """Where the server is, as it stands in both."""
    curl: str
    python: str


def code(form: Form) -> Code | None:
    """None where nothing can be trained yet."""
    if form.cls is None or form.table is None or form.problem is not None:
        return None
    url, query = request.host_url.rstrip("/"), form.settings.query(form.cls)
    return Code(url, _curl(url, query, form.table), _python(url, query, form.table, form.cls))


def _curl(url: str, query: dict[str, str], table: Sent) -> str:
    parts = [f"curl '{url}/register?{queries.in_url(query)}'"]
    if visitor().keys_are_asked:
        parts.append('-H "Authorization: Bearer $FITSERVE_KEY"')
    parts.append("-H 'Content-Type: text/csv'")
    if table.packed:
        parts.append("-H 'Content-Encoding: gzip'")
    parts.append(f"--data-binary @{shlex.quote(table.name)}")
    return " \\\n  ".join(parts)


def _python(url: str, query: dict[str, str], table: Sent, cls: type[Model]) -> str:
    """By `fitserve.Client`, from the file as it was before it was packed."""
    name = table.name.removesuffix(".gz") if table.packed else table.name
    given = [f"{one}={literal(_value(cls, one, query[one]))}" for one in query if one not in _FIRST]
    first = f"{literal(query['model_type'])}, {query['model_id']}, {literal(name)}"
    arguments = "".join(f"    {one},\n" for one in (first, *given))
    client = f"client = Client({literal(url)})"
    return f"from fitserve import Client\n\n{client}\nclient.register_csv(\n{arguments})"


def _value(cls: type[Model], name: str, text: str) -> Any:
    """What Python has for a parameter of a query."""
    if name == "kinds":
        return queries.kinds(text)
    if name in ("drop", "na_values"):
        return queries.words(text)
    if name in ("target", "delimiter"):
        return text
    return queries.hyperparameters(cls, {name: text})[name]
