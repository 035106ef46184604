"""Matrices as the Open Inference Protocol's binary tensors, which spare both sides the text of
each number."""

import json
import sys
from collections.abc import Iterator, Sequence
from typing import Any

from fitserve.client.shapes import TENSORS, fits

BLOCK_BYTES = 8 * 2**20  # of one question, so that none is over the limits of a server
BLOCK_ROWS = 100_000  # of one question, so that no answer is
HEADER = "Inference-Header-Content-Length"
_KINDS = {"f": "FP", "i": "INT", "u": "UINT"}
_DTYPES = {"INT64": "<i8", "FP64": "<f8", "BOOL": "?"}


def matrix(X: Any) -> Any:
    """X, if it is a matrix of numbers of NumPy's, else None."""
    np = sys.modules.get("numpy")
    if np is None or not isinstance(X, np.ndarray) or X.ndim != 2 or not X.size:
        return None
    if X.dtype.kind not in _KINDS:
        return None
    return X if X.dtype.itemsize <= 8 else X.astype(np.float64)


def blocks(X: Any) -> Iterator[Any]:
    """Its rows, so many at a time that an answer can hold what is told of them."""
    rows = max(1, min(BLOCK_ROWS, BLOCK_BYTES // (X.itemsize * X.shape[1])))
    for start in range(0, len(X), rows):
        yield X[start : start + rows]


def question(X: Any, probabilities: bool) -> tuple[bytes, dict[str, str]]:
    """Body and header that ask for these rows."""
    import numpy as np

    dtype = X.dtype.newbyteorder("<")
    packed = np.ascontiguousarray(X, dtype).tobytes()
    asked: dict[str, Any] = {
        "inputs": [
            {
                "name": "X",
                "shape": list(X.shape),
                "datatype": f"{_KINDS[dtype.kind]}{8 * dtype.itemsize}",
                "parameters": {"binary_data_size": len(packed)},
            }
        ],
        "outputs": [
            {"name": name, "parameters": {"binary_data": True}}
            for name in (["predict", "probabilities"] if probabilities else ["predict"])
        ],
    }
    head = json.dumps(asked).encode()
    headers = {"Content-Type": "application/octet-stream", HEADER: str(len(head))}
    return head + packed, headers


def answer(content: bytes, length: str) -> list[Any]:
    """The arrays of an answer whose JSON has this length, in the order they were asked for in.

    Raises ValueError for what is no such answer.
    """
    end = int(length)
    head = json.loads(content[:end])
    if not fits(head, TENSORS):
        raise ValueError("these are no tensors")
    arrays = []
    for told in head["outputs"]:
        size = told["parameters"]["binary_data_size"]
        arrays.append(_array(told, content[end : end + size]))
        end += size
    return arrays


def of_lists(
    predicted: list[Any], probabilities: list[dict[str, float]] | None = None
) -> list[Any]:
    """The arrays of an answer of /predict, in the same order."""
    import numpy as np

    if probabilities is None:
        return [np.array(predicted)]
    return [np.array(predicted), np.array([list(row.values()) for row in probabilities])]


def joined(parts: Sequence[list[Any]], probabilities: bool) -> Any:
    """One array of all blocks; a pair where probabilities were asked for too."""
    import numpy as np

    whole = [np.concatenate(arrays) for arrays in zip(*parts, strict=True)]
    return tuple(whole) if probabilities else whole[0]


def _array(told: dict[str, Any], packed: bytes) -> Any:
    import numpy as np

    if told["datatype"] == "BYTES":
        return np.array(list(_texts(packed)))
    if told["datatype"] not in _DTYPES or not told["shape"]:
        raise ValueError("this tensor is none that a model gives")
    return np.frombuffer(packed, _DTYPES[told["datatype"]]).reshape(told["shape"])


def _texts(packed: bytes) -> Iterator[str]:
    """Texts, each behind its length as four bytes."""
    at = 0
    while at < len(packed):
        start = at + 4
        at = start + int.from_bytes(packed[at:start], "little")
        if at > len(packed):
            raise ValueError("the last text is not whole")
        yield packed[start:at].decode()
