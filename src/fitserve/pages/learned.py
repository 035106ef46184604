"""What a model learned from, and how it was set."""

import json
from collections.abc import Mapping
from typing import Any, NamedTuple

from fitserve.models.base import Model
from fitserve.pages.drawing.wording import number
from fitserve.pages.words import count

LISTED = 8  # categories of a column that are named


class ColumnLine(NamedTuple):
    name: str
    kind: str
    empty: str
    """Empty cells, and what they were filled with; nothing where there were none."""
    becomes: str


def columns(described: Mapping[str, Any]) -> list[ColumnLine]:
    """Of each column of a table that was told of."""
    return [
        ColumnLine(one["name"], one["kind"], _empty(one), _becomes(one))
        for one in described.get("columns", ())
    ]


def _empty(column: Mapping[str, Any]) -> str:
    if not column["missing"]:
        return ""
    fill = column["fill"]
    if fill is None:
        return str(column["missing"])
    shown = fill if isinstance(fill, str) else number(fill)
    if column["kind"] == "text":
        shown = "no words"
    return f"{column['missing']}, filled with {shown}"


def _becomes(column: Mapping[str, Any]) -> str:
    values = column["categories"]
    if not values:
        return "1 column" if column["kind"] == "number" else "a column a word"
    said = ", ".join(values[:LISTED]) + (", …" if len(values) > LISTED else "")
    return f"{count(len(values), 'column')}: {said}"


def settings(cls: type[Model], described: Mapping[str, Any]) -> tuple[list[str], list[str]]:
    """Hyperparameters as `name=value`: those that are not as by default, and those that are."""
    defaults = cls.from_kwargs({}).hyperparameters()
    changed: list[str] = []
    same: list[str] = []
    for name, value in described["hyperparameters"].items():
        said = f"{name}={json.dumps(value, ensure_ascii=False)}"
        (same if value == defaults.get(name) else changed).append(said)
    return changed, same
