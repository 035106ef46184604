"""Write docs/models.md and the table of types in docs/routes.md from the catalog, and the table of
keys in SECURITY.md from the routes: `make docs`."""

import re
import sys
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter

import access
from fitserve.models import catalog
from fitserve.models.base import Model

DOCS = Path(__file__).resolve().parent
MARKS = re.compile(r"(?<=docs/generate.py -->\n).*?(?=<!-- end of types -->)", re.S)


def default(value: Any) -> str:
    return (
        "none" if value is None else str(value).lower() if isinstance(value, bool) else str(value)
    )


def table() -> str:
    rows = [
        "| type | what it computes | needs | hyperparameters (default) |",
        "| --- | --- | --- | --- |",
    ]
    for name, cls in catalog().items():
        given = cls.from_kwargs({}).hyperparameters()
        listed = ", ".join(f"`{h}` ({default(v)})" for h, v in given.items() if h != "random_state")
        rows.append(f"| `{name}` | {cls.summary()} | {needs(cls)} | {listed} |")
    return "\n".join(rows) + "\n"


def needs(cls: type[Model]) -> str:
    if not cls.supervised():
        return "X"
    return (
        {1: "X, y: labels", 2: "X, y: labels or numbers"}[len(cls.tasks)]
        if (cls.tasks[0] == "classification")
        else "X, y: numbers"
    )


def kind(schema: dict[str, Any]) -> str:
    """A property's type and bounds, in words."""
    if "enum" in schema:
        return " or ".join(f"`{value}`" for value in schema["enum"])
    if "const" in schema:
        return f"`{schema['const']}`"
    if "anyOf" in schema:
        return " or ".join(kind(option) for option in schema["anyOf"])
    bounds = {"minimum": ">=", "exclusiveMinimum": ">", "maximum": "<=", "exclusiveMaximum": "<"}
    limits = "".join(f" {sign} {schema[key]}" for key, sign in bounds.items() if key in schema)
    inner = f" of {kind(schema['items'])}" if "items" in schema else ""
    return f"{schema.get('type', 'any')}{limits}{inner}"


def section(name: str, cls: type[Model]) -> str:
    text = " ".join((cls.__doc__ or "").split("\n\n", 1)[-1].split())
    lines = [f"## {name}", "", cls.summary(), "", *([text, ""] if text != cls.summary() else [])]
    lines += ["| hyperparameter | default | values | meaning |", "| --- | --- | --- | --- |"]
    aliases = {ours: given for given, ours in cls.aliases.items()}
    for field, schema in TypeAdapter(cls).json_schema()["properties"].items():
        also = f" (also `{aliases[field]}`)" if aliases.get(field, field) != field else ""
        meaning = schema.get("description", "")
        lines.append(
            f"| `{field}`{also} | {default(schema.get('default'))} | {kind(schema)} | {meaning} |"
        )
    metric = cls.metric or " or ".join(
        {"classification": "accuracy", "regression": "r2"}[task] for task in cls.tasks
    )
    chances = "yes" if cls.gives_probabilities else "no"
    lines += ["", f"Needs {needs(cls)}. Score: `{metric}`. Probabilities: {chances}.", ""]
    return "\n".join(lines)


def document() -> str:
    head = (
        "# Model types\n\nWritten by `make docs`. How they compare with scikit-learn:\n"
        "`make benchmarks` prints the table; [comparison.md](comparison.md) keeps one.\n\n"
    )
    return head + "\n".join(section(name, cls) for name, cls in catalog().items())


def routes() -> str:
    return MARKS.sub(lambda _: table(), (DOCS / "routes.md").read_text())


if __name__ == "__main__":
    (DOCS / "models.md").write_text(document())
    (DOCS / "routes.md").write_text(routes())
    access.SECURITY.write_text(access.document())
    sys.stdout.write("docs/models.md, docs/routes.md and SECURITY.md are written\n")
