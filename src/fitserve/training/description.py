"""What is told of a model stays short, however long the lists are that it was made from."""

from collections.abc import Mapping
from typing import Any

from fitserve.errors import clip

LISTED = 100  # entries of a list that are told
WIDTH = 200  # characters of a text

SHORTENED = "shortened"
"""The member that tells of the lists that are not told whole how long they are."""


def shortened(told: Mapping[str, Any]) -> dict[str, Any]:
    """The description with the first entries of its lists, and how long those are in
    `shortened`, by their names (`hyperparameters.priors`), where that is not all of them."""
    short, lengths = dict(told), dict(told.get(SHORTENED, {}))
    for name in ("feature_names", "classes"):
        if name in short:
            short[name] = _short(short[name], name, lengths)
    if "hyperparameters" in short:
        short["hyperparameters"] = {
            name: _short(value, f"hyperparameters.{name}", lengths)
            for name, value in short["hyperparameters"].items()
        }
    if "columns" in short:
        short["columns"] = [
            _of_column(column, lengths) for column in _short(short["columns"], "columns", lengths)
        ]
    return short | {SHORTENED: lengths} if lengths else short


def _short(value: Any, name: str, lengths: dict[str, int]) -> Any:
    if not isinstance(value, list):
        return value
    clipped = [clip(one, WIDTH) if isinstance(one, str) else one for one in value[:LISTED]]
    if len(value) > LISTED or clipped != value:
        lengths[name] = len(value)
    return clipped


def _of_column(column: Mapping[str, Any], lengths: dict[str, int]) -> dict[str, Any]:
    """What is told of one column of a table; its name tells it from the others, and is whole."""
    told = dict(column)
    place = f"columns.{clip(told['name'])}.categories"
    told["categories"] = _short(told["categories"], place, lengths)
    if isinstance(told["fill"], str):
        told["fill"] = clip(told["fill"], WIDTH)
    return told
