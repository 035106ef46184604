"""What a problem proposes, as the value of a button, and back."""

from collections.abc import Mapping, Sequence
from typing import Any

from pydantic import BaseModel, ConfigDict, ValidationError
from pydantic_core import to_json

from fitserve.errors import Advice, InvalidRequest


class _Remedy(BaseModel):
    """What a table needs; other members are settings, and checked as such."""

    model_config = ConfigDict(strict=True, extra="allow")

    kinds: dict[str, str] = {}
    drop: list[str] = []
    na_values: list[str] = []


def button(set_: Mapping[str, Any]) -> str:
    """The value of a button that has this done."""
    return to_json(dict(set_)).decode()


def pressed(value: str) -> Mapping[str, Any]:
    """What a button's value is to have done. Raises `InvalidRequest`."""
    try:
        return _Remedy.model_validate_json(value).model_dump(exclude_unset=True)
    except ValidationError:
        said = "this is no button of the page; load the page again"
        raise InvalidRequest.at(("remedy",), said, "remedy") from None


def all_at_once(remedies: Sequence[Advice]) -> Mapping[str, Any] | None:
    """What has all of them done; None where there is one alone, or two that exclude each other."""
    if len(remedies) < 2:
        return None
    merged: dict[str, Any] = {}
    for remedy in remedies:
        for name, value in remedy.set.items():
            if name not in merged:
                merged[name] = value
            elif isinstance(value, list) and isinstance(merged[name], list):
                merged[name] = list(dict.fromkeys([*merged[name], *value]))
            elif isinstance(value, Mapping) and isinstance(merged[name], Mapping):
                merged[name] = {**merged[name], **value}
            elif merged[name] != value:
                return None
    return merged
