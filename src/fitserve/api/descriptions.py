"""What answers tell of models and of their types, beside what they predict."""

from collections.abc import Iterable, Mapping
from typing import Any

from fitserve.api.schemas import ClassesQuery
from fitserve.data.options import SCHEMA as COLUMN_OPTIONS
from fitserve.evaluation import plan
from fitserve.models.base import Model
from fitserve.storage.cache import Loaded
from fitserve.storage.store import Key, Record
from fitserve.training.description import shortened


def summary(record: Record) -> dict[str, Any]:
    model_type, model_id = record.key
    return {
        "model_type": model_type,
        "model_id": model_id,
        "status": record.status,
        "created": record.created,
    }


def description(record: Record) -> dict[str, Any]:
    """What is told of a model; one that an earlier version stored has no advice."""
    told = summary(record) | shortened(record.description)
    told.setdefault("advice", [])
    return told


def rehearsal(key: Key, told: dict[str, Any]) -> dict[str, Any]:
    """The answer of a dry run: the description as far as it is known, and an estimate."""
    return {"model_type": key.model_type, "model_id": key.model_id} | told


def classes(loaded: Loaded, ask: ClassesQuery) -> dict[str, Any]:
    """A part of the labels that the model tells apart, in ascending order."""
    model_type, model_id = loaded.record.key
    labels = loaded.model.classes_
    end = ask.start + ask.limit
    return {
        "model_type": model_type,
        "model_id": model_id,
        "n_classes": loaded.n_labels,
        "classes": [] if labels is None else labels[ask.start : end].tolist(),
        "next": end if end < loaded.n_labels else None,
    }


def page(records: list[Record], following: Key | None, fields: list[str]) -> dict[str, Any]:
    """Summaries and how well each does, each with these members of its description too, null where
    it has none such."""
    cursor = None if following is None else f"{following.model_type}/{following.model_id}"
    models = []
    for record in records:
        described = shortened(record.description)
        found = {name: described.get(name) for name in fields}
        models.append(summary(record) | _worth(described) | found)
    return {"models": models, "next": cursor}


_STATES = {"ready": "READY", "training": "LOADING", "failed": "UNAVAILABLE"}


def index(records: Iterable[Record], *, ready_only: bool) -> list[dict[str, str]]:
    """Every model as POST /v2/repository/index tells it."""
    return [
        {
            "name": record.key.model_type,
            "version": str(record.key.model_id),
            "state": _STATES[record.status],
            "reason": "its training failed" if record.status == "failed" else "",
        }
        for record in records
        if record.status == "ready" or not ready_only
    ]


def _worth(described: dict[str, Any]) -> dict[str, Any]:
    """What a model was learned from, and what it scores on rows that it had not seen."""
    training = described.get("training") or {}
    validation = training.get("validation")
    return {
        "task": described.get("task"),
        "target": described.get("target"),
        "n_samples": described.get("n_samples"),
        "metric": training.get("metric"),
        "validation": validation and {name: validation[name] for name in ("mean", "baseline")},
    }


def model_type(cls: type[Model], limits: Mapping[str, int]) -> dict[str, Any]:
    """What GET /types/... tells: what the type computes, needs and takes, and how much of it."""
    needs = {"X": "rows of numbers, or a table"}
    if cls.supervised():
        what = {"classification": "labels", "regression": "numbers"}
        needs["y"] = " or ".join(what[task] for task in cls.tasks)
    return {
        "model_type": cls.model_type(),
        "summary": cls.summary(),
        "tasks": list(cls.tasks),
        "needs": needs,
        "probabilities": cls.gives_probabilities,
        "limits": dict(limits),
        "kwargs": kwargs_schema(cls),
    }


_CELL: dict[str, Any] = {
    "anyOf": [{"type": kind} for kind in ("number", "string", "boolean", "null")]
}
_CELLS = {"type": "array", "minItems": 1, "items": _CELL}
_TABLES: list[dict[str, Any]] = [
    {"type": "array", "minItems": 1, "items": {"type": "object", "minProperties": 1}},
    {"type": "array", "minItems": 1, "items": _CELLS},
]

FEATURES: dict[str, Any] = {
    "anyOf": [_CELLS, *_TABLES, {"type": "object", "minProperties": 1}],
    "description": "One row: numbers, or an object by the names of the columns; or rows, a list of "
    "such; or columns by name. Cells are numbers, and of a table also text, true, false or null.",
}
"""JSON Schema of `features`."""
TRUTH: dict[str, Any] = {
    "anyOf": [{"type": "array", "items": _CELL}, {"type": "null"}],
    "default": None,
    "description": "What is true of each row, where features hold no target.",
}
"""JSON Schema of `y` at /evaluate."""


def kwargs_schema(cls: type[Model]) -> dict[str, Any]:
    """JSON Schema of `kwargs`: the data, the hyperparameters, and their original names."""
    schema = dict(cls.schema())
    properties = dict(schema["properties"])
    for alias, name in cls.aliases.items():
        properties[alias] = properties[name] | {"description": f"Original name of {name}."}
    label = {"anyOf": [{"type": kind} for kind in ("integer", "number", "string", "boolean")]}
    row = {"type": "array", "minItems": 1, "items": {"type": "number"}}
    data: dict[str, Any] = {
        "X": {
            "anyOf": [
                {"type": "array", "minItems": 1, "items": row},
                *_TABLES,
                {"type": "object", "minProperties": 1, "additionalProperties": {"type": "array"}},
            ],
            "description": "Rows of numbers, all of the same length; or a table, by rows or by "
            "columns: its cells are numbers, text, true, false or null. Rows without names are a "
            "table where an option of columns, or target, is given.",
        },
        "feature_names": {
            "anyOf": [{"type": "array", "items": {"type": "string"}}, {"type": "null"}],
            "default": None,
            "description": "A name for each column; rows may then be objects at /predict.",
        },
    }
    if cls.supervised():
        item = {"type": "number"} if cls.tasks == ("regression",) else label
        data["y"] = {
            "type": "array",
            "minItems": 1,
            "items": item,
            "description": "What to learn for each row of X.",
        }
        data["target"] = {
            "type": "string",
            "description": "The column of the table that is what to learn, in place of y.",
        }
    options = plan.schema()["properties"]
    if not cls.supervised():
        options = {"sample": options["sample"]}
    schema["properties"] = data | properties | COLUMN_OPTIONS["properties"] | options
    schema["required"] = ["X"]
    if cls.supervised():
        schema["oneOf"] = [{"required": ["y"]}, {"required": ["target"]}]
    return schema
