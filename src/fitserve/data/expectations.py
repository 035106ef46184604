"""What a JSON Schema asks for, in words; what fits it, and what would have."""

import json
import math
import re
from collections.abc import Iterator, Mapping
from typing import Any

from fitserve.data.names import chosen
from fitserve.data.numerals import plainly
from fitserve.data.unseen import peeled
from fitserve.errors import LISTED

Schema = Mapping[str, Any]

_TYPES: Mapping[str, tuple[str, type | tuple[type, ...]]] = {
    "integer": ("a whole number", int),
    "number": ("a number", (int, float)),
    "string": ("text", str),
    "boolean": ("true or false", bool),
    "object": ("an object", dict),
    "array": ("a list", list),
    "null": ("null", type(None)),
}
_LARGEST = 2**53 - 1  # that every reader of JSON keeps exact
SPELLED = {
    **dict.fromkeys(("true", "yes", "y", "on"), True),
    **dict.fromkeys(("false", "no", "n", "off"), False),
    **dict.fromkeys(("none", "null"), None),
}


def asked(schema: Schema, value: object = _LARGEST) -> str:
    """What fits the schema: `a whole number of at least 1, or 'auto'`; instead of the value, which
    makes it needless to tell of bounds that nobody meets."""
    outer = schema.get("description")
    words = [_asked(one, value, outer) for one in branches(schema)]
    words.sort(key="null".__eq__)
    return ", or ".join(dict.fromkeys(words))


def such(schema: Schema) -> str:
    """What fits, and how it may look: `: text, such as "knn"`."""
    words = "" if asked(schema) == "a value" else f": {asked(schema)}"
    looks = " or ".join(map(json.dumps, schema.get("examples", [])))
    return f"{words}, such as {looks}" if looks else words


def _asked(schema: Schema, value: object, outer: object) -> str:
    if choices := choices_of(schema):
        return " or ".join(f"'{choice}'" for choice in choices)
    kind: str = schema.get("type", "any")
    words = _TYPES[kind][0] if kind in _TYPES else "a value"
    if kind == "array" and "items" in schema:
        least = f" of at least {schema['minItems']}" if "minItems" in schema else ""
        if schema.get("description") != outer:  # this branch says itself what the list has
            least = f" with {schema['description']}"
        each = asked(schema["items"], value)
        if each in ("text", "a value"):
            return f"{words}{' of text' if each == 'text' else ''}{least}"
        return f"{words}{least}, each {each}"
    return words + _bounds(schema, value) if kind in ("integer", "number") else words


def _bounds(schema: Schema, value: object) -> str:
    least, most, above = limits(schema)
    near = not isinstance(value, (int, float)) or value < _LARGEST
    most = None if most is not None and most >= _LARGEST and near else most
    if above is not None and "exclusiveMaximum" in schema:
        return f" above {_plain(above)} and below {_plain(schema['exclusiveMaximum'])}"
    if above is not None:
        return f" above {_plain(above)}" + (f", at most {_plain(most)}" if most is not None else "")
    if least is not None and most is not None:
        return f" from {_plain(least)} to {_plain(most)}"
    if least is not None:
        return f" of at least {_plain(least)}"
    return f" of at most {_plain(most)}" if most is not None else ""


def _plain(bound: float) -> str:
    return str(int(bound)) if abs(bound) < 2**53 and bound == int(bound) else f"{bound:g}"


def limits(schema: Schema) -> tuple[Any, Any, Any]:
    above = schema.get("exclusiveMinimum", schema.get("gt"))
    return schema.get("minimum"), schema.get("maximum"), above


def choices_of(schema: Schema) -> list[Any]:
    return list(schema.get("enum", [schema["const"]] if "const" in schema else []))


def branches(schema: Schema) -> Iterator[Schema]:
    """The schemas of which one is to fit, each with what the whole demands."""
    if "anyOf" not in schema:
        yield schema
        return
    demands = {name: value for name, value in schema.items() if name != "anyOf"}
    for one in schema["anyOf"]:
        yield from branches(demands | one)


def fits(schema: Schema, value: object) -> bool:
    """Whether the value is what the schema asks for; of lists, only that it is one."""
    return any(_fits(one, value) for one in branches(schema))


def _fits(schema: Schema, value: Any) -> bool:
    kind: str = schema.get("type", "any")
    if choices := choices_of(schema):
        return value in choices
    if kind not in _TYPES:
        return True
    if isinstance(value, bool):
        return kind == "boolean"
    if not isinstance(value, _TYPES[kind][1]):
        return False
    if not isinstance(value, (int, float)):
        return True
    least, most, above = limits(schema)
    if not -(2**1024) < value < schema.get("exclusiveMaximum", 2**1024) or (
        least is not None and value < least
    ):
        return False
    return not ((most is not None and value > most) or (above is not None and value <= above))


def surely_meant(schema: Schema, value: object) -> list[Any]:
    """The value that was surely meant, if there is one: at most one."""
    guesses: list[Any] = []
    of_texts = any(one.get("items", {}).get("type") == "string" for one in branches(schema))
    if of_texts and type(value) in (int, float):
        guesses.append([str(value)])
    if type(value) is int and "examples" not in schema:
        guesses.append(str(value))
    if isinstance(value, str) and len(value) <= 80:
        if value.strip().lower() in SPELLED:
            guesses.append(SPELLED[value.strip().lower()])
        for number in (int, float):
            try:
                guesses.append(number(plainly(peeled(value)) or peeled(value)))
            except ValueError:
                continue
        whole = [one for one in guesses if isinstance(one, float) and one.is_integer()]
        guesses += map(int, whole)
        if of_texts:
            guesses.append([part.strip() for part in re.split("[,;|]", value)])
        choices = [str(choice) for one in branches(schema) for choice in choices_of(one)]
        guesses += [*chosen(value, choices), value]
    elif isinstance(value, dict) and set(map(type, value.values())) == {bool}:
        guesses.append([name for name, wanted in value.items() if wanted])
    elif isinstance(value, float) and value.is_integer():
        guesses.append(int(value))
    elif isinstance(value, int) and not isinstance(value, bool) and value in (0, 1):
        guesses.append(bool(value))
    elif isinstance(value, list) and len(value) == 1:
        guesses += value
    for one in branches(schema):
        guesses += listed(one.get("items", {}), value) if isinstance(value, str) else []
    return [guess for guess in guesses if fits(schema, guess)][:1]


def listed(items: Schema, value: str | list[Any]) -> list[list[float]]:
    """The list of numbers that was surely meant by such a list, or by a text that holds one, if
    there is one: shares of 1 may be written as others."""
    parts = re.split(r"[,;|\s]+", value.strip("[]() ")) if isinstance(value, str) else value
    if items.get("type") != "number" or not 2 <= len(parts) <= LISTED:
        return []
    found = [surely_meant({"type": "number"}, one) if type(one) is str else [one] for one in parts]
    if any([type(one) for one in number] not in ([int], [float]) for number in found):
        return []
    numbers: list[Any] = [one for (one,) in found]
    if items.get("maximum") == 1 < max(numbers) and min(numbers) >= 0 and sum(numbers) < 2**53:
        numbers = [float(f"{one / sum(numbers):.6g}") for one in numbers]
    return [numbers] if all(fits(items, one) for one in numbers) else []


def usual(schema: Schema, value: object) -> list[float]:
    """The number to write instead of one that does not fit, or of something else, if there is one:
    the bound that it is beyond, or what is taken where nothing is written."""
    default: Any = schema.get("default")
    number: Any = value if type(value) in (int, float) else None
    if type(number) is float and math.isfinite(number) and not number.is_integer():
        near = math.floor(number + 0.5)
        if any(one.get("type") == "integer" and fits(one, near) for one in branches(schema)):
            return [near]
    for one in branches(schema) if number is not None else ():
        least, most, _ = limits(one)
        if most is not None and most < min(number, _LARGEST):
            return [_whole(most)]
        if default is None and least is not None and number < least:
            return [_whole(least)]
    return [_whole(default)] if type(default) in (int, float) else []


def _whole(number: float) -> float:
    return int(number) if number == int(number) else number
