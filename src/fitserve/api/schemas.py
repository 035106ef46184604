"""The bodies of requests, what they turn into, and the bodies of answers."""

from typing import Annotated, Any, ClassVar, TypeVar

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from fitserve.data import arrays
from fitserve.errors import InvalidRequest, within
from fitserve.evaluation.plan import OPTIONS, Plan, plan_of
from fitserve.models.base import Model
from fitserve.storage.cache import Loaded
from fitserve.storage.store import MAX_MODEL_ID, Key, Record
from fitserve.training.description import shortened
from fitserve.training.training import Training

ModelId = Annotated[int, Field(ge=0, le=MAX_MODEL_ID)]
T = TypeVar("T", bound="Request")


class Request(BaseModel):
    """A body or a query of ours: no member beyond the declared, no type but the declared."""

    model_config = ConfigDict(extra="forbid", strict=True)


def parse(schema: type[T], body: bytes) -> T:
    """The request that the JSON text holds, or `MalformedJson` or `InvalidRequest`."""
    return checked(schema, arrays.parse_json(body))


def checked(schema: type[T], value: object) -> T:
    try:
        return schema.model_validate(value)
    except ValidationError as error:
        raise arrays.refused(error, known=schema.model_fields) from None


def query(schema: type[T], parameters: dict[str, str]) -> T:
    """The request that a URL's query holds."""
    with within("query"):
        return checked(schema, parameters)


class RegisterRequest(Request):
    model_type: str
    model_id: ModelId
    kwargs: dict[str, Any]

    data_members: ClassVar[tuple[str, ...]] = ("X", "y", "feature_names", *OPTIONS)

    def training(self, cls: type[Model]) -> Training:
        """The training that is asked for: kwargs taken apart and checked."""
        hyperparameters = {
            name: value for name, value in self.kwargs.items() if name not in self.data_members
        }
        with within("kwargs"):
            model = cls.from_kwargs(hyperparameters, known=self.data_members)
            if "X" not in self.kwargs:
                raise InvalidRequest.at(("X",), "X is needed: a list of rows of numbers", "missing")
            X = arrays.matrix(self.kwargs["X"], ("X",))
            names = arrays.names(self.kwargs.get("feature_names"), X.shape[1], ("feature_names",))
            y = self.kwargs.get("y")
            if y is not None and cls.supervised():
                y = arrays.target(y, ("y",))
            model.examine(X, y)
            plan = plan_of(self.kwargs)
            plan.check(model, y)
        return Training(Key(self.model_type, self.model_id), model, X, y, names, plan)


class PredictRequest(Request):
    model_type: str
    model_id: ModelId = 0
    features: Any
    probabilities: bool = False


class ListRequest(Request):
    model_type: str


class ClassesQuery(Request):
    """The query of GET /models/.../classes; its values arrive as text."""

    model_config = ConfigDict(extra="forbid", strict=False)

    start: int = Field(default=0, ge=0)
    limit: int = Field(default=1000, ge=1, le=10_000)


class ModelsQuery(Request):
    """The query of GET /models; its values arrive as text."""

    model_config = ConfigDict(extra="forbid", strict=False)

    model_type: str | None = None
    limit: int = Field(default=100, ge=1, le=1000)
    after: str | None = None

    def after_key(self) -> Key | None:
        if self.after is None:
            return None
        model_type, _, model_id = self.after.rpartition("/")
        digits = model_id.isascii() and model_id.isdigit() and len(model_id) <= 16
        if not model_type or not digits:
            raise InvalidRequest.at(
                ("query", "after"),
                "take the value of 'next' in the answer before, as it is",
                "cursor",
            )
        return Key(model_type, int(model_id))


# -------------------------------------------------------------------------------- answers


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


def page(records: list[Record], following: Key | None) -> dict[str, Any]:
    cursor = None if following is None else f"{following.model_type}/{following.model_id}"
    return {"models": [summary(record) for record in records], "next": cursor}


def location(record: Record) -> str:
    return f"/models/{record.key.model_type}/{record.key.model_id}"


def model_type(cls: type[Model]) -> dict[str, Any]:
    """What GET /types/... tells: what the type computes, needs and takes."""
    needs = {"X": "rows of numbers"}
    if cls.supervised():
        what = {"classification": "labels", "regression": "numbers"}
        needs["y"] = " or ".join(what[task] for task in cls.tasks)
    return {
        "model_type": cls.model_type(),
        "summary": cls.summary(),
        "tasks": list(cls.tasks),
        "needs": needs,
        "probabilities": cls.gives_probabilities,
        "kwargs": kwargs_schema(cls),
    }


def kwargs_schema(cls: type[Model]) -> dict[str, Any]:
    """JSON Schema of `kwargs`: the data, the hyperparameters, and their original names."""
    schema = TypeAdapter(cls).json_schema()
    properties = schema["properties"]
    for alias, name in cls.aliases.items():
        properties[alias] = properties[name] | {"description": f"Original name of {name}."}
    label = {"anyOf": [{"type": kind} for kind in ("integer", "number", "string", "boolean")]}
    data: dict[str, Any] = {
        "X": {
            "type": "array",
            "minItems": 1,
            "items": {"type": "array", "minItems": 1, "items": {"type": "number"}},
            "description": "Rows of numbers, all of the same length.",
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
    options = TypeAdapter(Plan).json_schema()["properties"]
    if not cls.supervised():
        options = {"sample": options["sample"]}
    schema["properties"] = data | properties | options
    schema["required"] = ["X", "y"] if cls.supervised() else ["X"]
    return schema
