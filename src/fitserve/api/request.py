"""What a body is, or a query: an object of members that are declared; and whatever else came."""

import json
import re
from collections.abc import Mapping
from contextlib import AbstractContextManager, nullcontext, suppress
from dataclasses import replace
from functools import cache, partial
from typing import Any, ClassVar, TypeVar

from pydantic import BaseModel, ConfigDict
from werkzeug.datastructures import MultiDict

from fitserve.api import members, queries, strangers
from fitserve.data import files
from fitserve.data.as_sent import bytes_of, encoded, sent, twice_encoded
from fitserve.data.json_text import parse_json
from fitserve.data.looks import like_csv
from fitserve.data.quoted import QUERY
from fitserve.data.validating import or_left_out, validated
from fitserve.errors import (
    Fault,
    InvalidRequest,
    Location,
    MalformedJson,
    amended,
    beside,
    clip,
    within,
)

T = TypeVar("T", bound="Request")
_LAYERS = 2
"""How many lists or quotes around a body are taken away."""


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
            own = json.dumps(value[:2], ensure_ascii=False)
            whole = len(value) > 1 and set(map(type, value)) <= {list, dict} and len(own) <= 200
            return cls.of_rows.replace("[[1, 2], [3, 4]]", own) if whole else cls.of_rows
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
    def inner(cls, body: Mapping[str, Any]) -> None:
        """Raise what is wrong with a body around which something stands."""
        checked(cls, body)

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
            twice += " (with requests json=body)"
        quoted = json.dumps(value, ensure_ascii=False) if isinstance(value, str) else ""
        of_file = files.instead(quoted, "json", schema.of_csv) or ""
        of_file = of_file.replace(", not what the file holds", "")
        if isinstance(value, str) and "\n" in value.strip() and like_csv(value.encode()):
            twice = f"; it is CSV: with curl send {files.how_sent('FILE', schema.of_csv, 'csv')}"
        mended = twice + (schema.of_list(value) if isinstance(value, list) and value else "")
        if not mended and not of_file:
            written = members.of_values([value], shown) or f"one such as {schema.such()}"
            mended = f"; write {written}"
        said = f"an object is needed, {{{inside}}}, not {of_file or sent(value)}{mended}"
        with beside(partial(_refuse_inner, value, schema)):
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


def _refuse_inner(value: object, schema: type[Request]) -> None:
    """Raise what is wrong with the object around which something stands: with the one in a list,
    or in a text of JSON."""
    place: Location = ()
    for _ in range(_LAYERS):
        if isinstance(value, list) and len(value) == 1:
            (value,), place = value, (*place, 0)
        elif isinstance(value, str):
            with suppress(MalformedJson):
                value = parse_json(value.encode(errors="replace"), schema.such())
    if isinstance(value, dict) and schema.has_requests([value]):
        with within(*place):
            schema.inner(value)


def query_of(schema: type[T], parameters: MultiDict[str, str]) -> T:
    """The request that a URL's query holds."""
    with within("query"):
        return checked(schema, queries.single(parameters))
