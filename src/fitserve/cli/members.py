"""Members of a request, from what stands on a command line."""

import json
import re
import shlex
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from typing import Any

import click

LISTS = ("drop", "na_values")
DATA = ("X", "y", "feature_names", "features")
"""Members of a body of JSON that are its data."""
COLUMNS = ("drop", "na_values", "kinds", "target")
_MORE = re.compile(r"\s*[,;]\s*(?=[A-Za-z_]\w*=)")
"""What stands between two settings in one word."""


def members(given: Mapping[str, Any]) -> dict[str, Any]:
    """Options as click read them, as members of a request; what was not said is not there."""
    found: dict[str, Any] = {}
    for name, value in given.items():
        if name == "kinds" and value:
            found[name] = _each_once(pair for text in value for pair in _kinds(text))
        elif name in LISTS and value:
            found[name] = [part for text in value for part in _listed(text)]
        elif value is not None and value != ():
            found[name] = value
    return found


def settings(given: Sequence[str]) -> dict[str, str]:
    """What --set says, by name."""
    found: dict[str, str] = {}
    for text in given:
        name, sign, value = text.partition("=")
        if not (name and sign):
            raise click.BadParameter(
                f"write NAME=VALUE, as in n_neighbors=3, not {text!r}", param_hint="--set"
            )
        if name.strip() not in COLUMNS and _MORE.search(value):
            each = " ".join(f"--set {shlex.quote(one)}" for one in re.split(_MORE, text))
            raise click.BadParameter(
                f"each hyperparameter has a --set of its own; write {each}", param_hint="--set"
            )
        found[name.strip()] = value.strip()
    return found


def reading(text: str) -> Any:
    """What a value says: a number, true, false, null, a list with commas; else it is text."""
    parts = text.split(",")
    return _one(text) if len(parts) == 1 or text[:1] in "[{" else [_one(one) for one in parts]


def _one(text: str) -> Any:
    text = text.strip()
    word = {"none": "null"}.get(text.lower(), text.lower())
    with suppress(ValueError):
        return json.loads(word if word in ("true", "false", "null") else text)
    return text


def _kinds(text: str) -> list[tuple[str, str]]:
    if text.startswith("{"):
        with suppress(ValueError):
            return [(str(name), str(kind)) for name, kind in json.loads(text).items()]
    from fitserve.data.names import with_commas

    if (mended := with_commas(text)) is not None:
        said = f"write a comma between two names: --kinds {shlex.quote(mended)}"
        raise click.BadParameter(said, param_hint="--kinds")
    found = []
    for part in text.split(","):
        name, colon, kind = part.rpartition(":")
        if not colon:
            raise click.BadParameter(
                f"write COLUMN:KIND, as in zip:category, not {part!r}", param_hint="--kinds"
            )
        found.append((name, kind))
    return found


def _each_once(kinds: Iterable[tuple[str, str]]) -> dict[str, str]:
    found: dict[str, str] = {}
    for column, kind in kinds:
        if found.setdefault(column, kind) != kind:
            said = f"{column} is given two kinds, {found[column]} and {kind}; give one"
            raise click.BadParameter(said, param_hint="--kinds")
    return found


def _listed(text: str) -> list[str]:
    if text.startswith("["):
        with suppress(ValueError):
            return [str(one) for one in json.loads(text)]
    return [part.strip() for part in text.split(",")] if text else []
