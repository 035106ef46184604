"""A request of the Open Inference Protocol, read: JSON, which bytes of tensors may follow."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from time import perf_counter_ns
from typing import Any

from numpy.typing import NDArray
from pydantic import ConfigDict, Field

from fitserve.api import tensors
from fitserve.api.request import Request, checked
from fitserve.api.tensors import Tensor
from fitserve.data.as_sent import sent, twice_encoded
from fitserve.data.json_text import parse_json
from fitserve.errors import Fault, Gathered, InvalidRequest, clip, refuse, within

HEADER = "Inference-Header-Content-Length"
"""How many bytes of a body are its JSON, where tensors follow."""
SUCH = '{"inputs": [{"name": "X", "shape": [1, 2], "datatype": "FP64", "data": [5.1, 3.5]}]}'
"""How a request looks."""
_INPUT = {
    "name": '"X", or that of a column',
    "shape": "[rows, columns], as in [1, 2]",
    "datatype": '"FP64" for numbers, "BYTES" for text',
}
"""Of members of an input, what to write."""
# What would have the answer be, or lie, elsewhere than it is told.
_ELSEWHERE = ("classification", "shared_memory_region")


class _Open(Request):
    """What others may have more to say in."""

    model_config = ConfigDict(extra="ignore", strict=True)


class Asked(_Open):
    """A request."""

    id: str | None = None
    parameters: dict[str, Any] | None = None
    inputs: list[Any] = Field(
        examples=[[{"name": "X", "shape": [1, 2], "datatype": "FP64", "data": [5.1, 3.5]}]]
    )
    outputs: list[Any] | None = Field(default=None, examples=[[{"name": "predict"}]])


class Input(_Open):
    """A tensor of a request: with its data, or with the size of its bytes."""

    name: str = Field(examples=["X"])
    shape: list[Any] = Field(examples=[[1, 2]])
    datatype: str = Field(examples=["FP64"])
    parameters: dict[str, Any] | None = None
    data: Any = Field(default=None, examples=[[5.1, 3.5]])

    @classmethod
    def placed(cls, fault: Fault, body: Mapping[str, Any]) -> Fault:  # noqa: ARG003
        name = str(fault.loc[0])
        if name not in _INPUT:
            return fault
        if fault.type == "missing":
            return replace(fault, msg=f"{name} is needed: {_INPUT[name]}")
        return replace(fault, msg=f"{fault.msg}; write {_INPUT[name]}")


class Output(_Open):
    """A tensor that is asked for."""

    name: str = Field(examples=["predict"])
    parameters: dict[str, Any] | None = None


@dataclass(frozen=True)
class Inference:
    """What is asked: tensors by name, and how the answer shall be written."""

    id: str | None
    inputs: Mapping[str, Tensor]
    outputs: Mapping[str, bool]
    """The names of those that are asked for, and whether as bytes."""
    binary: bool
    """Whether as bytes where nothing is asked for by name."""
    begun: int
    """When it began to be read, in nanoseconds of `perf_counter_ns`."""


def asked(body: bytes, json_length: str | None) -> Inference:
    """What the body asks, whose JSON is so many bytes long (as the header says), or all of it.

    Raises `MalformedJson`, and `InvalidRequest` for what is no request, or whose tensors do not
    fill the body exactly.
    """
    begun = perf_counter_ns()
    length = json_size(json_length, len(body))
    value = parse_json(body[:length] if length < len(body) else body, SUCH)
    faults = Gathered()
    with faults.part():
        said = _known(Asked, value)
        if not said.inputs:
            told = f"at least one tensor is needed; send an object such as {SUCH}"
            raise InvalidRequest.at(("inputs",), told, "too_short")
    members = value if isinstance(value, dict) else {}
    packed = json_length is not None
    inputs = _tensors(_list(members, "inputs"), memoryview(body)[length:], packed, faults)
    as_bytes = False
    with faults.part():
        as_bytes = _flag(members.get("parameters"), "binary_data_output", False)
    outputs = _outputs(_list(members, "outputs"), as_bytes, faults)
    faults.refuse()
    return Inference(said.id, inputs, outputs, as_bytes, begun)


def _list(members: Mapping[str, Any], name: str) -> list[Any]:
    """The member, or nothing where it is not what it has to be."""
    found = members.get(name)
    return found if isinstance(found, list) else []


def json_size(given: str | None, size: int) -> int:
    """How many bytes of a body of this size are JSON. Raises `InvalidRequest` where what the header
    says cannot be."""
    if given is None:
        return size
    if not (given.isascii() and given.isdigit() and len(given) < 20 and int(given) <= size):
        said = (
            f"the bytes of the body that are JSON are needed, at most all {size:,} of them, not "
            f"{clip(given, 40)!r}"
        )
        raise InvalidRequest.at(("header", HEADER), said, "length")
    return int(given)


def told_apart(ask: Inference) -> tuple[dict[str, Any], dict[str, NDArray[Any]]]:
    """What is asked, as JSON and as arrays."""
    told = {
        "id": ask.id,
        "inputs": [[name, one.n_rows, one.form] for name, one in ask.inputs.items()],
        "outputs": dict(ask.outputs),
        "binary": ask.binary,
    }
    return told, {f"input_{i}": tensor.array() for i, tensor in enumerate(ask.inputs.values())}


def from_apart(told: dict[str, Any], arrays: Mapping[str, NDArray[Any]], begun: int) -> Inference:
    """The same again."""
    inputs = {
        name: tensors.from_array(arrays[f"input_{i}"], n_rows, form, ("data",))
        for i, (name, n_rows, form) in enumerate(told["inputs"])
    }
    return Inference(told["id"], inputs, told["outputs"], told["binary"], begun)


def _known(schema: Any, value: object) -> Any:
    """The members that are known here; others may have more to say."""
    if not isinstance(value, dict):
        such = schema.such()
        if schema is Output and isinstance(value, str):
            such = json.dumps({"name": value}, ensure_ascii=False)
        said = f"an object is needed, such as {clip(such, 200)}, not {sent(value)}"
        said += schema.of_list(value) if isinstance(value, list) and value else twice_encoded(value)
        raise InvalidRequest.at((), said, "model_type")
    value = {name: one for name, one in value.items() if name in schema.model_fields}
    return checked(schema, value)


def _once(schema: Any, value: object, names: set[str]) -> Any:
    """As `_known`, for what has a name of its own among `names`, which get it."""
    said = _known(schema, value)
    if said.name in names:
        raise InvalidRequest.at(
            ("name",), f"{said.name!r} is given twice; give it once", "given_twice"
        )
    names.add(said.name)
    _refuse_elsewhere(said.parameters)
    return said


def _tensors(
    inputs: list[Any], binary: memoryview, packed: bool, faults: Gathered
) -> dict[str, Tensor]:
    """The tensors by name; of what is wrong all is told to `faults`."""
    read: dict[str, Tensor] = {}
    names: set[str] = set()
    at = 0
    for i, given in enumerate(inputs):
        said = shape = datatype = None
        with faults.part(), within("inputs", i):
            said = _once(Input, given, names)
        members = given if isinstance(given, dict) else {}
        where = i if said is None else said.name
        with faults.part(), within("inputs", where):
            if isinstance(members.get("shape"), list):
                shape = tensors.dimensions(members["shape"], ("shape",))
        with faults.part(), within("inputs", where):
            if isinstance(members.get("datatype"), str):
                datatype = tensors.known(members["datatype"], ("datatype",))
        if said is None or shape is None or datatype is None:
            continue
        with faults.part(), within("inputs", where):
            size = (said.parameters or {}).get("binary_data_size")
            if size is None:
                read[said.name] = tensors.from_json(datatype, shape, said.data, ("data",))
                continue
            if faults.faults:  # where its bytes begin is not known
                continue
            _refuse_size(size, len(binary) - at, packed, said.data is not None)
            part, at = binary[at : at + size], at + size
            read[said.name] = tensors.from_bytes(datatype, shape, part, ("data",))
    if at != len(binary) and not faults.faults:
        told = (
            f"{len(binary):,} bytes follow the JSON, and the inputs' binary_data_size make {at:,}; "
            "send as many as they say"
        )
        raise InvalidRequest.at(("inputs",), told, "length")
    return read


def _refuse_size(size: object, left: int, packed: bool, has_data: bool) -> None:
    loc = ("parameters", "binary_data_size")
    if not packed:
        said = f"bytes follow the JSON only if the header {HEADER} says how long that is; send it"
        raise InvalidRequest.at(loc, said, "missing")
    if type(size) is not int or not 0 <= size <= left:
        said = f"a number of bytes is needed, at most the {left:,} that are left, not {sent(size)}"
        raise InvalidRequest.at(loc, said, "length")
    if has_data:
        said = "data is given, and binary_data_size as well; leave one out"
        raise InvalidRequest.at(loc, said, "given_twice")


def _outputs(outputs: list[Any], binary: bool, faults: Gathered) -> dict[str, bool]:
    asked: dict[str, bool] = {}
    names: set[str] = set()
    for i, given in enumerate(outputs):
        with faults.part(), within("outputs", i):
            said = _once(Output, given, names)
            asked[said.name] = _flag(said.parameters, "binary_data", binary)
    return asked


def _flag(parameters: object, name: str, default: bool) -> bool:
    value = parameters.get(name) if isinstance(parameters, dict) else None
    if value is None:
        return default
    if not isinstance(value, bool):
        said = f"true or false is needed, not {sent(value)}"
        raise InvalidRequest.at(("parameters", name), said, "bool_type")
    return value


def _refuse_elsewhere(parameters: Mapping[str, Any] | None) -> None:
    refuse(
        Fault(("parameters", name), "this server has no such extension; leave it out", "extension")
        for name in _ELSEWHERE
        if name in (parameters or {})
    )
