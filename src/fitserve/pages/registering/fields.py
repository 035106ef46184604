"""Fields of a form, made of a JSON Schema: a hyperparameter needs no words of its own here."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from fitserve.models.hyperparameters import COUNT

OPEN = 2
"""Settings of a type that are shown at once: the first that it declares."""
LAST = "random_state"  # which every type has first, and nobody changes first
_TRUTHS = (("true", "yes"), ("false", "no"))


@dataclass(frozen=True)
class Field:
    """One setting: its values are text, as in the query of a CSV; "" leaves it out."""

    name: str
    hint: str
    default: str
    choices: Sequence[tuple[str, str]] = ()
    """Values, and what each is called; none: it is written."""
    of_numbers: bool = False
    """It takes numbers alone."""


def fields_of(schema: Mapping[str, Any]) -> list[Field]:
    """The fields of an object, those that every type has last."""
    properties = dict(schema["properties"])
    if LAST in properties:
        properties[LAST] = properties.pop(LAST)
    return [field_of(name, one) for name, one in properties.items()]


def field_of(name: str, schema: Mapping[str, Any]) -> Field:
    branches = [one for one in schema.get("anyOf", [schema]) if one.get("type") != "null"]
    may_be_null = len(branches) < len(schema.get("anyOf", [schema]))
    default = as_text(schema.get("default"))
    choices = [choice for one in branches for choice in _choices(one)]
    written = [one for one in branches if not _choices(one)]
    hint = str(schema.get("description", "")).rstrip(".")
    if not written:
        if may_be_null:
            choices.insert(0, ("", "left out"))
        return Field(name, hint, default, choices)
    bounds = " or ".join([*(_bounds(one) for one in written), *(word for word, _ in choices)])
    if may_be_null and default:
        bounds += ", or null"  # which "" is not: it is the default
    hint = "; ".join(part for part in (hint, bounds) if part)
    of_numbers = not choices and all(one["type"] in ("integer", "number") for one in written)
    return Field(name, hint, default, (), of_numbers and not may_be_null)


def as_text(value: Any) -> str:
    """A value as it is written in a field, and in a query; "" where there is none."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return repr(value).removesuffix(".0")
    if isinstance(value, (list, tuple)):
        return ", ".join(map(as_text, value))
    return str(value)


def _choices(schema: Mapping[str, Any]) -> Sequence[tuple[str, str]]:
    if schema.get("type") == "boolean":
        return _TRUTHS
    values = schema.get("enum", [schema["const"]] if "const" in schema else [])
    return [(str(value), str(value)) for value in values]


def _bounds(schema: Mapping[str, Any]) -> str:
    """Between what a number lies, as a hint says it."""
    if schema.get("type") == "array":
        return "numbers with commas between them"
    if schema.get("type") not in ("integer", "number"):
        return ""
    least, above = schema.get("minimum"), schema.get("exclusiveMinimum")
    most = schema.get("maximum")
    low = f"above {as_text(above)}" if above is not None else ""
    if most is not None and most < COUNT:
        if least is not None:
            return f"{as_text(least)} to {as_text(most)}"
        return f"{low}, at most {as_text(most)}"
    if least is not None:
        return f"{as_text(least)} or more"
    return low
