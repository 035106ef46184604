"""The bodies of requests, and what they turn into."""

import json
import re
from collections.abc import Iterable, Mapping
from contextlib import AbstractContextManager, nullcontext, suppress
from dataclasses import replace
from functools import cache
from typing import Annotated, Any, ClassVar, Self, TypeVar

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator
from werkzeug.datastructures import MultiDict

from fitserve.api import matrices, members, queries, registrations, strangers
from fitserve.api.hidden import told_whole
from fitserve.data import files
from fitserve.data.as_sent import bytes_of, encoded, sent, twice_encoded
from fitserve.data.json_text import parse_json
from fitserve.data.names import meant
from fitserve.data.quoted import QUERY
from fitserve.data.validating import or_left_out, validated
from fitserve.errors import (
    Fault,
    InvalidRequest,
    TrainingLimit,
    amended,
    beside,
    clip,
    refuse,
    within,
)
from fitserve.evaluation.plan import refuse_unplanned
from fitserve.models import catalog
from fitserve.models.base import Model
from fitserve.storage.store import MAX_MODEL_ID, Key
from fitserve.training.training import Training

ModelType = Annotated[str, Field(examples=["knn"])]
ModelId = Annotated[int, Field(ge=0, le=MAX_MODEL_ID)]
Features = Annotated[Any, Field(examples=[[5.1, 3.5], [[5.1, 3.5], [4.9, 3.0]]])]
T = TypeVar("T", bound="Request")

_DIGITS = re.compile(r"0|[1-9][0-9]{0,15}")
_CURSOR = re.compile(r"([a-z][a-z0-9_]{0,63})/(0|[1-9][0-9]{0,15})")


class Request(BaseModel):
    """A body or a query of ours: no member beyond the declared, no type but the declared."""

    model_config = ConfigDict(extra="forbid", strict=True)
    of_rows: ClassVar[str] = ""
    """What to say to whoever sends rows alone."""
    of_csv: ClassVar[str] = files.QUERY
    """What the URL says beside a CSV, where it takes one."""
    remedied: ClassVar[bool] = False
    """Whether its faults say what a program could set in it."""

    @classmethod
    @cache
    def schema_of(cls) -> dict[str, Any]:
        """JSON Schema; not to be changed."""
        return cls.model_json_schema()

    @classmethod
    @cache
    def such(cls) -> str:
        """How a body looks, in JSON."""
        members = {
            name: (field.examples or [1])[-1]
            for name, field in cls.model_fields.items()
            if field.is_required() or field.examples or name == "model_id"
        }
        return json.dumps(members)

    def told_as_query(self) -> AbstractContextManager[None]:
        """Say of the faults found inside, where one is told to write all but rows into a query,
        what that is."""
        return amended(self._as_query)

    def _as_query(self, fault: Fault) -> Fault:
        if QUERY not in fault.msg:
            return fault
        told = self.model_dump(exclude_unset=True, exclude={"kwargs", "features", "y"})
        told |= getattr(self, "kwargs", {})
        plain = {
            name: value if isinstance(value, str) else queries.as_text(value)
            for name, value in told.items()
            if value not in (None, [], {}) and name not in ("X", "y", "feature_names")
        }
        if self._truth_apart() and "target" not in plain:
            plain["target"] = "COLUMN"
        said = fault.msg.replace(QUERY, f"?{clip(queries.in_url(plain), 300)}")
        if "target=COLUMN" in said:
            by_number = ", told by its number from 0" if "header=false" in said else ""
            said += f", where COLUMN is that of y in the CSV{by_number}"
        return replace(fault, msg=said)

    def _truth_apart(self) -> bool:
        """Whether what is true, or to be learned, would be a column of a CSV."""
        return False

    @classmethod
    def of_list(cls, value: list[Any]) -> str:
        """What to say to whoever sends a list: of requests, or of rows."""
        if written := members.of_values(value, json.loads(cls.such())):
            return f"; write {written}"
        if encoded(value[0]):
            if re.search(r'"(?:model_type|kwargs|features)"', value[0]):
                return (
                    "; it is JSON inside of JSON: send the object itself, not as a text in a list"
                )
            return f"{cls.of_rows}, without the quotes in which they stand" if cls.of_rows else ""
        if not cls.has_requests(value):
            return cls.of_rows
        if len(value) == 1:
            return "; take the [ ] around it away"
        return "; these are several: send a request for each, without the [ ] around them"

    @classmethod
    def has_requests(cls, value: object) -> bool:
        """Whether it is a list of what is to be sent itself."""
        needed = {name for name, field in cls.model_fields.items() if field.is_required()}
        return isinstance(value, list) and any(
            isinstance(one, dict) and not needed.isdisjoint(one) for one in value[:10]
        )

    @classmethod
    def elsewhere(
        cls,
        name: str,  # noqa: ARG003
        value: Any,  # noqa: ARG003
        body: Mapping[str, Any],  # noqa: ARG003
    ) -> tuple[str, str] | None:
        """Of a member that others know: what to write, and which member was meant by it."""
        return None

    @classmethod
    def placed(cls, fault: Fault, body: Mapping[str, Any]) -> Fault:  # noqa: ARG003
        """The same, where what is wrong is the place of what it tells of."""
        return fault

    @classmethod
    def in_place(cls, body: Mapping[str, Any]) -> AbstractContextManager[None]:  # noqa: ARG003
        """Say with the faults found inside what is wrong with members that have another place."""
        return nullcontext()

    @classmethod
    def written(cls, name: str) -> str | None:
        """How a member of that name stands in the body, if it may."""
        return f'"{name}": ...' if name in cls.model_fields else None


def parse(schema: type[T], body: bytes) -> T:
    """The request that the JSON text holds, or `MalformedJson` or `InvalidRequest`."""
    return checked(schema, parse_json(body, schema.such()))


def checked(schema: type[T], value: object) -> T:
    if not isinstance(value, dict):
        shown = json.loads(schema.such())  # which others may stand beside
        names = [*shown, *(name for name in schema.model_fields if name not in shown)]
        inside = ", ".join(f'"{name}": ...' for name in names)
        twice = twice_encoded(value, "encode it once")
        if twice and not bytes_of(str(value)):
            twice += " (with requests json=body, or data=json.dumps(body))"
        quoted = json.dumps(value, ensure_ascii=False) if isinstance(value, str) else ""
        of_file = files.instead(quoted, "json", schema.of_csv) or ""
        of_file = of_file.replace(", not what the file holds", "")
        mended = twice + (schema.of_list(value) if isinstance(value, list) and value else "")
        if not mended and not of_file:
            written = members.of_values([value], shown) or f"one such as {schema.such()}"
            mended = f"; write {written}"
        said = f"an object is needed, {{{inside}}}, not {of_file or sent(value)}{mended}"
        raise InvalidRequest.at((), said, "model_type")
    if (misplaced := strangers.whole(value, schema.model_fields)) is not None:
        raise InvalidRequest([misplaced])

    def told(fault: Fault) -> Fault:
        fault = schema.placed(fault, value)
        found = or_left_out(fault, value, schema.schema_of())
        return found if schema.remedied else replace(found, remedies=())

    with schema.in_place(value), amended(told):
        return validated(
            schema.model_validate,
            value,
            schema.schema_of(),
            known=schema.model_fields,
            elsewhere=lambda name, held: schema.elsewhere(name, held, value),
            remedied=schema.remedied,
        )


def query(schema: type[T], parameters: MultiDict[str, str]) -> T:
    """The request that a URL's query holds."""
    with within("query"):
        return checked(schema, queries.single(parameters))


_OF_REQUEST = {
    "dry_run": "dry_run stands in the URL; write POST /register?dry_run=true",
    "async": "to wait for no training, send the header Prefer: respond-async",
}


class RegisterRequest(Request):
    model_type: ModelType
    model_id: ModelId
    kwargs: dict[str, Any] = Field(
        examples=[{"X": [[1, 2], [3, 4]], "y": [0, 1], "n_neighbors": 1}]
    )

    of_rows: ClassVar = (
        '; write rows as X, as in {"model_type": "knn", "model_id": 1, "kwargs": {"X": [[1, 2], '
        '[3, 4]], "y": [0, 1], "n_neighbors": 1}}, with a label or number for each row as y'
    )
    of_csv: ClassVar = files.TO_LEARN

    @classmethod
    def elsewhere(cls, name: str, value: Any, body: Mapping[str, Any]) -> tuple[str, str] | None:
        if name == "features":
            return "features are what /predict takes; write X, inside of kwargs", "kwargs"
        if name in _OF_REQUEST:
            return _OF_REQUEST[name], ""
        kwargs = body.get("kwargs")
        if name in cls.inside() and isinstance(kwargs, dict) and name in kwargs:
            return f"{name} stands inside of kwargs already; leave it out beside kwargs", ""
        if name in cls.inside():
            inner = cls._inner(name, value, body) or name
            as_ = f" as {inner}" if inner != name else ""
            held = members.shape(value) if as_ else "..."
            said = f'{name} stands beside kwargs; write it inside{as_}, "kwargs": '
            return f'{said}{{"{inner}": {held}}}', "kwargs"
        for one in value if isinstance(value, dict) else ():
            if one in cls.inside():
                return (
                    f"there is no {clip(name, 40)!r}; write what it holds inside of kwargs, "
                    f'"kwargs": {{"{one}": ...}}'
                ), "kwargs"
        if (one := cls._inner(name, value, body)) is not None:
            return (
                f"there is no {clip(name, 40)!r}; write {one}, if that is meant, inside of "
                f'kwargs, "kwargs": {{"{one}": ...}}'
            ), "kwargs"
        return None

    @classmethod
    def _inner(cls, name: str, value: Any, body: Mapping[str, Any]) -> str | None:
        """Which member of kwargs is meant by one beside them, if it is one."""
        kwargs = body.get("kwargs")
        rows = body.get("X", kwargs.get("X") if isinstance(kwargs, dict) else None)
        if name == "target" and isinstance(value, list):
            return "y"
        if name == "y" and isinstance(value, str) and registrations.is_table({"X": rows}):
            return "target"
        if name in cls.inside():
            return name
        if name in cls.model_fields or name in _OF_REQUEST or meant(name, cls.model_fields):
            return None
        return next(iter(meant(name, ("X", "y")) or meant(name, cls._names(body))), None)

    @classmethod
    def in_place(cls, body: Mapping[str, Any]) -> AbstractContextManager[None]:
        kwargs, type_ = body.get("kwargs", {}), catalog().get(str(body.get("model_type")))
        if not isinstance(kwargs, dict) or type_ is None:
            return nullcontext()
        strangers_ = {name: one for name, one in body.items() if name not in cls.model_fields}
        moved = {name: cls._inner(name, one, body) for name, one in strangers_.items()}
        placed = {name: one for name, one in moved.items() if one is not None and one not in kwargs}

        def check() -> None:
            whole = {**kwargs, **{one: body[name] for name, one in placed.items()}}
            ask = cls(model_type=body["model_type"], model_id=0, kwargs=whole)
            with suppress(TrainingLimit), ask.told_as_query():
                ask.training(type_)

        return members.in_place(placed, check) if placed else nullcontext()

    @classmethod
    def placed(cls, fault: Fault, body: Mapping[str, Any]) -> Fault:
        inside, (name, *_) = body.get("kwargs"), (*fault.loc, "")
        wrong = fault.loc == ("kwargs",) and fault.type != "missing"
        if wrong and "; " not in fault.msg and not isinstance(inside, dict):
            lists = [inside] if isinstance(inside, list) and inside else []
            whole = members.registration(body.get("model_type"), body.get("model_id"), lists)
            return replace(fault, msg=f"{fault.msg}; write {whole}")
        if fault.type != "missing" or not isinstance(inside, dict) or name not in inside:
            return fault
        held = inside[name]
        shown = json.dumps(held, ensure_ascii=False) if isinstance(held, (int, str)) else "..."
        said = (
            f'{name} stands inside of kwargs; write it beside kwargs, "{name}": {clip(shown, 80)}'
        )
        return Fault(("kwargs", name), said, fault.type)

    @classmethod
    def written(cls, name: str) -> str | None:
        if name in cls.inside():
            return f'"kwargs": {{"{name}": ...}}'
        return super().written(name)

    def _truth_apart(self) -> bool:
        return catalog()[self.model_type].supervised()

    @classmethod
    @cache
    def inside(cls) -> frozenset[str]:
        """The members that kwargs may have, of any type of model."""
        hyperparameters = (name for one in catalog().values() for name in one.names())
        return frozenset((*matrices.MEMBERS, *registrations.TABLE_MEMBERS, *hyperparameters))

    @classmethod
    def _names(cls, body: Mapping[str, Any]) -> Iterable[str]:
        """The members that kwargs may have, of the type that the body names."""
        named = catalog().get(str(body.get("model_type")))
        if named is None:
            return cls.inside()
        return (*matrices.MEMBERS, *registrations.TABLE_MEMBERS, *named.names())

    def training(self, cls: type[Model]) -> Training:
        """The training that is asked for: kwargs taken apart and checked."""
        refuse(
            Fault(
                ("kwargs", name),
                f"{name} stands beside kwargs already; leave it out inside of kwargs",
                "given_twice",
            )
            for name in ("model_type", "model_id")
            if name in self.kwargs
        )

        if "features" in self.kwargs and "X" not in self.kwargs:
            said = "features are what /predict takes; write X in place of features"
            raise InvalidRequest.at(("kwargs", "features"), said, "extra_forbidden")

        def check() -> None:
            with within("kwargs"):
                refuse_unplanned(cls, self.kwargs)

        def read(kwargs: Mapping[str, Any]) -> Training:
            of = registrations.of_json if registrations.is_table(kwargs) else matrices.of_json
            return of(Key(self.model_type, self.model_id), cls, kwargs)

        with told_whole(cls, read, self.kwargs), beside(check):
            return read(self.kwargs)


class RowsRequest(Request):
    """Of what a model is asked about rows."""

    model_type: ModelType
    model_id: ModelId = 0
    features: Features

    of_rows: ClassVar = (
        '; write rows as "features": [...], as in {"model_type": "knn", "model_id": 1, "features": '
        "[[1, 2], [3, 4]]}"
    )
    remedied: ClassVar = True
    route: ClassVar[str]

    @classmethod
    def elsewhere(cls, name: str, value: Any, body: Mapping[str, Any]) -> tuple[str, str] | None:
        if name in ("X", "x", "kwargs"):
            held = value if name == "kwargs" and isinstance(value, dict) else {}
            return f"{cls.route} takes no {name}; {cls._instead(held, body)}", "features"
        if name == "target" or (name == "y" and "y" not in cls.model_fields):
            return cls.without_target(name, body), ""
        if (rows := strangers.of_others(name, value)) is not None:
            return rows, "features"
        said = strangers.of_rows(cls.route, name, value, body.get("model_type"))
        return None if said is None else (said, "")

    @classmethod
    def _instead(cls, held: Mapping[str, Any], body: Mapping[str, Any]) -> str:
        """What to write instead of a member that holds these."""
        model = catalog().get(str(body.get("model_type")))
        has_y = "y" in cls.model_fields and (model is None or model.supervised())
        taken: dict[str, str] = {}
        for one, value in held.items():
            member = "features" if one in ("X", "x") else one
            if member in cls.model_fields and member not in body and (has_y or member != "y"):
                taken[one] = f'"{member}": {members.shape(value)}'
        if taken:
            beside = "model_type" if "features" not in body else "features"
            written = ", ".join(taken.values())
            return f"write what it holds ({', '.join(taken)}) beside {beside}, {written}"
        if body.get("features") is not None:
            return "leave it out, the rows are given"
        return f"write the rows as features{', beside y' if has_y else ''}"

    @classmethod
    def without_target(cls, name: str, body: Mapping[str, Any]) -> str:  # noqa: ARG003
        """What to say of a target, or y, in the body."""
        return f"{cls.route} takes no {name}; leave it out; /evaluate compares with what is true"


class PredictRequest(RowsRequest):
    route: ClassVar = "/predict"
    probabilities: bool = False


class EvaluationOptions(Request):
    importance: bool = False
    repeats: int = Field(default=5, ge=1, le=100)

    @model_validator(mode="after")
    def _of_importance(self) -> Self:
        if "repeats" in self.model_fields_set and not self.importance:
            said = (
                'this is how often importance is measured; add "importance": true, or leave it out'
            )
            raise InvalidRequest.at(("repeats",), said, "missing_importance")
        return self


class EvaluateRequest(RowsRequest, EvaluationOptions):
    route: ClassVar = "/evaluate"
    y: Any = Field(default=None, examples=[["cat", "dog"]])

    @classmethod
    def without_target(cls, name: str, body: Mapping[str, Any]) -> str:
        if body.get("y") is not None:
            return f"/evaluate takes no {name}; leave it out, y says what is true"
        return (
            f'/evaluate takes what is true as y, "y": [0, ...], one for each row; leave {name} '
            "out. Where the model learned a column of a table, that may stand in features instead"
        )

    def _truth_apart(self) -> bool:
        return self.y is not None and catalog()[self.model_type].supervised()


class IndexRequest(Request):
    """Of POST /v2/repository/index, whose body may be empty."""

    ready: bool = False


def index_request(body: bytes) -> IndexRequest:
    return parse(IndexRequest, body) if body else IndexRequest()


class ListRequest(Request):
    model_type: ModelType


def _digits(text: object) -> object:
    """A whole number in a query, and in one spelling alone."""
    return int(text) if isinstance(text, str) and _DIGITS.fullmatch(text) else text


class NoQuery(Request):
    """Of a route that reads nothing from the query: what stands there would be ignored."""

    @classmethod
    def elsewhere(
        cls,
        name: str,
        value: Any,  # noqa: ARG003
        body: Mapping[str, Any],  # noqa: ARG003
    ) -> tuple[str, str] | None:
        if name in ModelsQuery.model_fields:
            return f"{name} is read by GET /models alone; leave it out here", ""
        return None


class ClassesQuery(Request):
    """The query of GET /models/.../classes; its values arrive as text."""

    start: Annotated[int, BeforeValidator(_digits)] = Field(default=0, ge=0)
    limit: Annotated[int, BeforeValidator(_digits)] = Field(default=1000, ge=1, le=10_000)


DESCRIBED = (
    *("task", "n_samples", "n_features", "feature_names", "classes", "shortened"),
    *("hyperparameters", "training", "advice", "started", "progress", "loss", "losses"),
    "problem",
)


class ModelsQuery(Request):
    """The query of GET /models; its values arrive as text."""

    model_type: str | None = None
    limit: Annotated[int, BeforeValidator(_digits)] = Field(default=100, ge=1, le=1000)
    after: str | None = None
    fields: str | None = None

    def members(self) -> list[str]:
        """What of its description each model is told with."""
        asked = self.fields.split(",") if self.fields is not None else []
        with within("query"):
            refuse(
                Fault(
                    ("fields",),
                    f"there is no {clip(name, 40)!r}; known are: {', '.join(DESCRIBED)}",
                    "unknown",
                )
                for name in asked
                if name not in DESCRIBED
            )
        return asked

    def after_key(self) -> Key | None:
        if self.after is None:
            return None
        found = _CURSOR.fullmatch(self.after)
        if found is None:
            raise InvalidRequest.at(
                ("query", "after"),
                "take the value of 'next' in the answer before, such as knn/12, not "
                f"{clip(self.after, 40)!r}",
                "cursor",
            )
        return Key(found[1], int(found[2]))
