"""A client of the Open Inference Protocol, written from its documents, and its published schemas.

`open_inference_rest.yaml` is the specification as it is published, under its own licence (Apache
2.0): https://github.com/kserve/open-inference-protocol.
"""

import json
import struct
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import yaml
from numpy.typing import NDArray
from werkzeug.test import TestResponse

from tests.conftest import Api

SPECIFICATION = yaml.safe_load(
    (Path(__file__).parent / "open_inference_rest.yaml").read_text(encoding="utf-8")
)
HEADER = "Inference-Header-Content-Length"
DTYPES = {
    **{f"UINT{8 * n}": f"<u{n}" for n in (1, 2, 4, 8)},
    **{f"INT{8 * n}": f"<i{n}" for n in (1, 2, 4, 8)},
    **{f"FP{8 * n}": f"<f{n}" for n in (2, 4, 8)},
    "BOOL": "?",
}
_TYPES: dict[str, Any] = {
    "object": dict,
    "array": list,
    "string": str,
    "number": (int, float),
    "integer": int,
    "boolean": bool,
}


def conforms(value: Any, schema: Mapping[str, Any], at: str = "") -> None:
    """Assert that the value is what the schema of the specification asks for."""
    if "$ref" in schema:
        name = schema["$ref"].rpartition("/")[2]
        schema = SPECIFICATION["components"]["schemas"][name]
    known = {"type", "properties", "required", "items", "anyOf", "additionalProperties"}
    assert set(schema) <= known | {"title", "description", "x-examples"}, "a schema of another sort"
    if "anyOf" in schema:
        assert any(_conforms(value, one) for one in schema["anyOf"]), (at, value)
        return
    kind = _TYPES[schema["type"]]
    assert isinstance(value, kind), (at, value)
    assert kind is bool or not isinstance(value, bool), (at, value)
    if isinstance(value, dict):
        assert set(schema.get("required", ())) <= set(value), (at, value)
        for name, one in schema.get("properties", {}).items():
            if name in value:
                conforms(value[name], one, f"{at}.{name}")
    elif isinstance(value, list):
        for i, one in enumerate(value):
            conforms(one, schema["items"], f"{at}.{i}")


def _conforms(value: Any, schema: Mapping[str, Any]) -> bool:
    try:
        conforms(value, schema)
    except AssertionError:
        return False
    return True


def checked(answer: TestResponse, path: str, status: int = 200) -> Any:
    """The answer's JSON, which is what the specification has at this path: one of its own."""
    assert answer.status_code == status, answer.data
    told = json.loads(answer.data)
    if status != 200:
        assert answer.mimetype == "application/json"
        assert list(told) == ["error"]
        conforms(told, {"$ref": "inference_error_response"})
        return told
    (operation,) = (one for name, one in SPECIFICATION["paths"][path].items() if name in METHODS)
    schema = operation["responses"]["200"].get("content", {}).get("application/json", {})
    conforms(told, schema.get("schema", {"type": "object"}), path)
    return told


METHODS = ("get", "post")
_MODEL = "/v2/models/${MODEL_NAME}/versions/${MODEL_VERSION}"
SERVER, LIVE, READY = "/v2/", "/v2/health/live", "/v2/health/ready"
MODEL, MODEL_READY, INFER = _MODEL, f"{_MODEL}/ready", f"{_MODEL}/infer"


def tensor(name: str, datatype: str, values: Any, binary: bool = False) -> Any:
    """An input of the request, and with `binary` the bytes that follow the JSON."""
    array = np.asarray(values, dtype=object if datatype == "BYTES" else DTYPES[datatype])
    said: dict[str, Any] = {"name": name, "shape": list(array.shape), "datatype": datatype}
    if not binary:
        return said | {"data": array.tolist()}, b""
    data = texts(array.ravel().tolist()) if datatype == "BYTES" else array.tobytes()
    return said | {"parameters": {"binary_data_size": len(data)}}, data


def texts(values: list[str]) -> bytes:
    encoded = [value.encode() for value in values]
    return b"".join(struct.pack("<I", len(one)) + one for one in encoded)


def url(model_type: str, model_id: int | None) -> str:
    version = "" if model_id is None else f"/versions/{model_id}"
    return f"/v2/models/{model_type}{version}"


def infer(
    api: Api, model_type: str, model_id: int | None, inputs: list[Any], /, **more: Any
) -> TestResponse:
    """What is answered to these inputs, each of them made by `tensor`."""
    head = json.dumps({"inputs": [said for said, _ in inputs]} | more).encode()
    data = b"".join(data for _, data in inputs)
    headers = {HEADER: str(len(head))} if data else {}
    return api.client.post(f"{url(model_type, model_id)}/infer", data=head + data, headers=headers)


def outputs(answer: TestResponse) -> dict[str, NDArray[Any]]:
    """The tensors of an answer, however they are written."""
    assert answer.status_code == 200, answer.data
    length = int(answer.headers.get(HEADER, len(answer.data)))
    told, rest = json.loads(answer.data[:length]), answer.data[length:]
    found = {}
    for one in told["outputs"]:
        datatype, shape = one["datatype"], one["shape"]
        dtype = DTYPES.get(datatype, "O")
        if "data" in one:
            array = np.array(one["data"], dtype)
        else:
            size = one["parameters"]["binary_data_size"]
            part, rest = rest[:size], rest[size:]
            assert len(part) == size
            array = _texts(part) if datatype == "BYTES" else np.frombuffer(part, dtype)
        found[one["name"]] = array.reshape(shape)
    assert rest == b""
    assert (answer.mimetype == "application/octet-stream") == (HEADER in answer.headers)
    return found


def _texts(data: bytes) -> NDArray[Any]:
    found = []
    while data:
        (length,) = struct.unpack_from("<I", data)
        found.append(data[4 : 4 + length].decode())
        data = data[4 + length :]
    return np.array(found, object)
