"""The same as what a form does, for curl and for Python."""

import json
from collections.abc import Mapping
from typing import Any

from fitserve.storage.store import Key

WIDTH = 52


def curl(url: str, key: Key, features: Any, *, probabilities: bool, needs_key: bool) -> str:
    """The prediction as a command of a shell."""
    asked = [f'"model_type": "{key.model_type}"', f'"model_id": {key.model_id}']
    if probabilities:
        asked.append('"probabilities": true')
    head = _wrapped(asked, "  ")
    body = f'{{\n  {head},\n  "features": {_value(features, json_text)}}}'
    lines = [f"curl {url}/predict"]
    if needs_key:
        lines.append('  -H "Authorization: Bearer $FITSERVE_KEY"')
    quoted = body.replace("'", "'\\''")
    lines.append(f"  -H 'Content-Type: application/json' -d '{quoted}'")
    return " \\\n".join(lines)


def python(url: str, key: Key, features: Any, *, probabilities: bool) -> str:
    """The prediction by `fitserve.Client`."""
    asked = f'client.predict("{key.model_type}", {key.model_id}, '
    more = ", probabilities=True" if probabilities else ""
    row = _value(features, literal)
    lines = f"{row[0]}\n    {row[1:-1]},\n{row[-1]}"
    return f'from fitserve import Client\n\nclient = Client("{url}")\n{asked}{lines}{more})'


def json_text(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)


def literal(value: Any) -> str:
    """As Python has it."""
    return json_text(value) if isinstance(value, str) else repr(value)


def _value(features: Any, text: Any) -> str:
    if isinstance(features, Mapping):
        pairs = [f"{text(name)}: {text(cell)}" for name, cell in features.items()]
        return "{" + _wrapped(pairs, "    ") + "}"
    return "[" + _wrapped([text(cell) for cell in features], "    ") + "]"


def _wrapped(parts: list[str], indent: str) -> str:
    """With commas between, as many on a line as fit."""
    lines, line = [], ""
    for part in parts:
        if line and len(line) + len(part) > WIDTH:
            lines.append(f"{line},")
            line = part
        else:
            line = f"{line}, {part}" if line else part
    return f"\n{indent}".join([*lines, line])
