"""The bodies of requests, and what they turn into."""

import json
import re
from collections.abc import Iterable, Mapping
from contextlib import AbstractContextManager, nullcontext, suppress
from dataclasses import replace
from functools import cache
from typing import Annotated, Any, ClassVar, Self

from pydantic import BeforeValidator, Field, model_validator

from fitserve.api import matrices, members, registrations, strangers
from fitserve.api.hidden import told_whole
from fitserve.api.request import Request, checked, parse
from fitserve.data import files
from fitserve.data.names import meant
from fitserve.errors import (
    Fault,
    InvalidRequest,
    TrainingLimit,
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

_DIGITS = re.compile(r"0|[1-9][0-9]{0,15}")
_CURSOR = re.compile(r"([a-z][a-z0-9_]{0,63})/(0|[1-9][0-9]{0,15})")


_OF_REQUEST = {
    "dry_run": "dry_run stands in the URL; write POST /register?dry_run=true",
    "async": "to wait for no training, send the header Prefer: respond-async",
}


def _misplaced(body: Mapping[str, Any]) -> set[str]:
    """What stands inside of kwargs alone, though it belongs beside them."""
    return {"model_type", "model_id"} - body.keys()


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
        if strangers_ and not placed and "X" not in kwargs:  # one of them may be the rows
            return nullcontext()

        def check() -> None:
            whole = {**kwargs, **{one: body[name] for name, one in placed.items()}}
            whole = {name: one for name, one in whole.items() if name not in _misplaced(body)}
            ask = cls(model_type=body["model_type"], model_id=0, kwargs=whole)
            with suppress(TrainingLimit), ask.told_as_query():
                ask.training(type_)

        return members.in_place(placed, check)

    @classmethod
    def inner(cls, body: Mapping[str, Any]) -> None:
        ask, type_ = checked(cls, body), catalog().get(str(body.get("model_type")))
        if type_ is not None:
            with suppress(TrainingLimit), ask.told_as_query():
                ask.training(type_)

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
