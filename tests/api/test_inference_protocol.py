"""The Open Inference Protocol: all of its routes, for all models, as JSON and as bytes."""

import gzip
import json
import random
import re
import struct
import tracemalloc
import zlib
from typing import Any

import numpy as np
import pytest
from flask import Flask
from werkzeug.test import TestResponse

from fitserve import predictor
from fitserve.models import catalog
from fitserve.observing import statistics
from fitserve.storage.store import Key
from tests.api import open_inference
from tests.api.open_inference import HEADER, checked, infer, outputs, tensor, url
from tests.conftest import Api

N, P = 24, 3
X = np.random.default_rng(0).integers(0, 9, size=(N, P)).tolist()
LABELS: dict[str, list[Any]] = {
    "BYTES": [f"é{sum(row) % 3}" for row in X],
    "INT64": [sum(row) % 3 - 2**62 for row in X],
    "BOOL": [sum(row) % 2 == 0 for row in X],
}
TABLE: dict[str, list[Any]] = {
    "age": [20 + i for i in range(N)],
    "sex": [("male", "female")[i % 2] for i in range(N)],
    "note": [f"word{i % 4} and more" for i in range(N)],
    "zip": [10 + i % 3 for i in range(N)],
}


def trained(api: Api, model_type: str, model_id: int = 1, **more: Any) -> str:
    """The datatype of what the model answers."""
    cls = catalog()[model_type]
    kwargs: dict[str, Any] = {"X": X} | more
    datatype = "FP64" if model_type == "pca" else "INT64"
    if cls.supervised():
        datatype = "FP64" if cls.tasks == ("regression",) else "BYTES"
        default = [0.5 + sum(row) for row in X] if datatype == "FP64" else LABELS["BYTES"]
        kwargs.setdefault("y", default)
    answer = api.register(model_type, model_id, **kwargs)
    assert answer.status_code == 201, answer.data
    return datatype


def table(api: Api, **more: Any) -> None:
    kinds = {"note": "text", "zip": "category"}
    y = LABELS["BYTES"]
    options = {"kinds": kinds, "missing": "impute", "standardize": True} | more
    answer = api.register("gauss_naive_bayes", 1, X=TABLE, y=y, **options)
    assert answer.status_code == 201, answer.data


def predicted(api: Api, model_type: str, features: Any, **more: Any) -> dict[str, Any]:
    answer = api.predict(model_type, 1, features, **more)
    assert answer.status_code == 200, answer.data
    told: dict[str, Any] = answer.get_json()
    return told


def refused(answer: TestResponse, status: int = 400) -> str:
    error: str = checked(answer, open_inference.INFER, status)["error"]
    return error


# ----------------------------------------------------------------- what is told of models


def test_server_and_health(api: Api) -> None:
    for path in ("/v2", "/v2/"):
        told = checked(api.client.get(path), open_inference.SERVER)
        assert told["name"] == "fitserve"
        assert told["extensions"] == ["binary_tensor_data", "model_repository", "statistics"]
    checked(api.client.get("/v2/health/live"), open_inference.LIVE)
    checked(api.client.get("/v2/health/ready"), open_inference.READY)


@pytest.mark.parametrize("model_type", sorted(catalog()))
def test_a_model_is_what_its_metadata_says(api: Api, model_type: str) -> None:
    trained(api, model_type)
    for path in (url(model_type, 1), url(model_type, None)):
        told = checked(api.client.get(path), open_inference.MODEL)
        ready = checked(api.client.get(f"{path}/ready"), open_inference.MODEL_READY)
        assert ready == {"name": model_type, "ready": True}
    assert (told["name"], told["versions"]) == (model_type, ["1"])
    assert told["platform"] == "fitserve_numpy"
    assert [one["shape"] for one in told["inputs"]] == [[-1, P]]
    names = [{"name": one["name"]} for one in told["outputs"]]
    given = [tensor(told["inputs"][0]["name"], told["inputs"][0]["datatype"], X)]
    answer = infer(api, model_type, 1, given, outputs=names)
    made = checked(answer, open_inference.INFER)["outputs"]
    for said, one in zip(told["outputs"], made, strict=True):
        assert (said["name"], said["datatype"]) == (one["name"], one["datatype"])
        assert said["shape"] == [-1, *one["shape"][1:]]
        assert one["shape"][0] == N
    described = api.client.get(f"/models/{model_type}/1").get_json()
    assert told["parameters"].get("classes") == described.get("classes")


def test_without_a_version_it_is_the_highest(api: Api) -> None:
    for model_id, y in ((2, 2), (10, 10), (9, 9)):
        trained(api, "knn", model_id, y=[y] * (N - 1) + [0], k=1)
    answer = infer(api, "knn", None, [tensor("x", "FP64", X[:1])])
    told = checked(answer, open_inference.INFER)
    assert told["model_version"] == "10"
    assert told["outputs"][0]["data"] == [10]
    assert api.client.get("/v2/models/knn").get_json()["versions"] == ["2", "9", "10"]
    api.client.delete("/models/knn/10")
    answer = infer(api, "knn", None, [tensor("x", "FP64", X[:1])])
    assert answer.get_json()["model_version"] == "9"


def test_the_index_tells_every_model(api: Api) -> None:
    trained(api, "knn", 2)
    trained(api, "pca", 1)
    bad = {"learning_rate": 1e9, "y": list(range(N)), "X": X}
    ask = {"model_type": "linear_regression", "model_id": 3, "kwargs": bad}
    api.client.post("/register", json=ask, headers={"Prefer": "respond-async"})
    failed = {"name": "linear_regression", "version": "3"}
    ready = [
        {"name": name, "version": version, "state": "READY", "reason": ""}
        for name, version in (("knn", "2"), ("pca", "1"))
    ]
    for body in (b"", b"{}", b'{"ready": false}'):
        told = api.client.post("/v2/repository/index", data=body).get_json()
        assert [one for one in told if one["version"] != "3"] == ready
        assert [one for one in told if one.items() >= failed.items()]
    told = api.client.post("/v2/repository/index", data=b'{"ready": true}').get_json()
    assert told == ready


def test_the_index_takes_a_small_body(api: Api) -> None:
    padded = b'{"ready": true}' + b" " * (2**16 - 15)
    for body, status in ((padded, 200), (padded + b" ", 413)):
        for sent, headers in ((body, {}), (gzip.compress(body), {"Content-Encoding": "gzip"})):
            answer = api.client.post("/v2/repository/index", data=sent, headers=headers)
            assert answer.status_code == status
    assert "65536 bytes. Send less, or none." in refused(answer, 413)


# --------------------------------------------------------------------------- inference


@pytest.mark.parametrize("binary", [False, True], ids=["json", "binary"])
@pytest.mark.parametrize("model_type", sorted(catalog()))
def test_answers_are_those_of_predict(api: Api, model_type: str, binary: bool) -> None:
    datatype = trained(api, model_type)
    gives = catalog()[model_type].gives_probabilities
    whole = predicted(api, model_type, X, **({"probabilities": True} if gives else {}))
    names = [{"name": name} for name in ("predict", "probabilities")[: 1 + gives]]
    more = {"outputs": names, "parameters": {"binary_data_output": binary}}
    answer = infer(api, model_type, 1, [tensor("any", "INT64", X, binary)], id="42", **more)
    found = outputs(answer)
    assert answer.mimetype == f"application/{'octet-stream' if binary else 'json'}"
    assert found["predict"].tolist() == whole["predictions"]
    head = json.loads(answer.data[: int(answer.headers.get(HEADER, len(answer.data)))])
    assert (head["model_name"], head["model_version"], head["id"]) == (model_type, "1", "42")
    assert head["outputs"][0]["datatype"] == datatype
    if gives:
        rows = [list(row.values()) for row in whole["probabilities"]]
        assert found["probabilities"].tolist() == rows


@pytest.mark.parametrize("datatype", LABELS)
def test_labels_have_their_own_datatype(api: Api, datatype: str) -> None:
    trained(api, "knn", y=LABELS[datatype])
    for flag in (False, True):
        given = [tensor("x", "FP64", X)]
        answer = infer(api, "knn", 1, given, parameters={"binary_data_output": flag})
        assert outputs(answer)["predict"].tolist() == predicted(api, "knn", X)["predictions"]
        length = int(answer.headers.get(HEADER, len(answer.data)))
        assert json.loads(answer.data[:length])["outputs"][0]["datatype"] == datatype


@pytest.mark.parametrize("binary", [False, True], ids=["json", "binary"])
@pytest.mark.parametrize("datatype", [name for name in open_inference.DTYPES if name != "BOOL"])
def test_every_datatype_of_numbers(api: Api, datatype: str, binary: bool) -> None:
    trained(api, "linear_regression")
    whole = predicted(api, "linear_regression", X)["predictions"]
    answer = infer(api, "linear_regression", 1, [tensor("x", datatype, X, binary)])
    assert outputs(answer)["predict"].tolist() == whole


@pytest.mark.parametrize("datatype", ["FP16", "FP32"])
def test_a_number_is_what_its_datatype_holds_of_it(api: Api, datatype: str) -> None:
    trained(api, "linear_regression")
    values = np.array(X) + 0.1
    held = values.astype(open_inference.DTYPES[datatype]).astype(float).tolist()
    whole = predicted(api, "linear_regression", held)["predictions"]
    said, data = tensor("x", datatype, values, binary=True)
    as_bytes = outputs(infer(api, "linear_regression", 1, [(said, data)]))["predict"]
    assert as_bytes.tolist() == whole
    said = {"name": "x", "datatype": datatype, "shape": [N, P], "data": values.tolist()}
    assert outputs(infer(api, "linear_regression", 1, [(said, b"")]))["predict"].tolist() == whole


def test_data_may_be_flat_or_by_rows(api: Api) -> None:
    trained(api, "knn")
    said, _ = tensor("x", "FP64", X)
    flat = said | {"data": [cell for row in X for cell in row]}
    assert infer(api, "knn", 1, [(flat, b"")]).data == infer(api, "knn", 1, [(said, b"")]).data


def test_what_is_bytes_and_what_is_json_is_chosen_for_each_tensor(api: Api) -> None:
    table(api)
    columns = TABLE.items()
    datatypes = {"age": "FP32", "zip": "INT16"}
    given = [
        tensor(name, datatypes.get(name, "BYTES"), [[c] for c in cells], binary=name in "age note")
        for name, cells in columns
    ]
    asked = [
        {"name": "probabilities", "parameters": {"binary_data": True}},
        {"name": "predict", "parameters": {"binary_data": False}},
    ]
    answer = infer(
        api, "gauss_naive_bayes", 1, given, outputs=asked, parameters={"binary_data_output": True}
    )
    head = json.loads(answer.data[: int(answer.headers[HEADER])])
    assert ["data" in one for one in head["outputs"]] == [False, True]
    whole = predicted(api, "gauss_naive_bayes", TABLE, probabilities=True)
    assert outputs(answer)["predict"].tolist() == whole["predictions"]


def test_parameters_that_are_not_known_change_nothing(api: Api) -> None:
    trained(api, "knn")
    said, _ = tensor("x", "FP64", X)
    plain = infer(api, "knn", 1, [(said, b"")])
    more = {"parameters": {"priority": 1, "content_type": "np"}, "model_name": "other"}
    assert infer(api, "knn", 1, [(said | {"parameters": {"a": 1}}, b"")], **more).data == plain.data
    nothing: dict[str, Any] = {"parameters": None, "outputs": None, "id": None}
    assert infer(api, "knn", 1, [(said | {"parameters": None}, b"")], **nothing).data == plain.data


def test_blocks_add_up_to_the_whole(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    trained(api, "knn", y=LABELS["BYTES"])
    table(api)
    given = [tensor("x", "FP32", X, binary=True)]
    columns = [
        tensor(name, "BYTES", [[str(c)] for c in cells], True) for name, cells in TABLE.items()
    ]
    columns[0] = tensor("age", "INT64", [[c] for c in TABLE["age"]], binary=True)
    asked = [{"name": "predict"}, {"name": "probabilities"}]

    def ask() -> list[TestResponse]:
        return [
            infer(api, name, 1, inputs, outputs=asked, parameters={"binary_data_output": binary})
            for name, inputs in (("knn", given), ("gauss_naive_bayes", columns))
            for binary in (False, True)
        ]

    whole = [answer.data for answer in ask()]
    monkeypatch.setattr(predictor, "SHORT", 1.0)
    monkeypatch.setattr(predictor, "BLOCK", 6000.0)
    assert [answer.data for answer in ask()] == whole


# ------------------------------------------------------------------------------ tables


@pytest.mark.parametrize("binary", [False, True], ids=["json", "binary"])
def test_a_model_with_text_has_one_input_a_column(api: Api, binary: bool) -> None:
    table(api)
    told = api.client.get("/v2/models/gauss_naive_bayes").get_json()
    inputs = [(one["name"], one["datatype"], one["shape"]) for one in told["inputs"]]
    assert inputs == [
        ("age", "FP64", [-1, 1]),
        ("sex", "BYTES", [-1, 1]),
        ("note", "BYTES", [-1, 1]),
        ("zip", "BYTES", [-1, 1]),
    ]
    rows = {name: list(cells) for name, cells in TABLE.items()}
    rows["sex"][3] = ""  # a gap
    given = [
        tensor(
            name, datatype, [[cell if name == "age" else str(cell)] for cell in rows[name]], binary
        )
        for name, datatype, _ in reversed(inputs)
    ]
    answer = infer(api, "gauss_naive_bayes", 1, given)
    whole = predicted(api, "gauss_naive_bayes", rows)["predictions"]
    assert outputs(answer)["predict"].tolist() == whole


def test_gaps_are_nan_null_or_empty(api: Api) -> None:
    table(api)
    gaps = {name: [None, *cells[1:3]] for name, cells in TABLE.items()}
    whole = predicted(api, "gauss_naive_bayes", gaps)["predictions"]
    empty = {"age": np.nan, "sex": "", "note": "NA", "zip": np.nan}
    for binary in (False, True):
        given = []
        for name, cells in gaps.items():
            datatype = "FP64" if name in ("age", "zip") else "BYTES"
            said, data = tensor(name, datatype, [empty[name], *cells[1:]], binary)
            if not binary and datatype == "FP64":
                said["data"] = cells
            given.append((said, data))
        answer = infer(api, "gauss_naive_bayes", 1, given)
        assert outputs(answer)["predict"].tolist() == whole


def test_a_table_of_numbers_keeps_its_one_tensor(api: Api) -> None:
    numbers = {"a": [row[0] for row in X], "b": [row[1] for row in X]}
    for standardize in (False, True):
        options = {"missing": "impute", "standardize": standardize, "k": 1}
        answer = api.register("knn", 1, X=numbers, y=LABELS["BYTES"], **options)
        assert answer.status_code == 201
        told = api.client.get("/v2/models/knn").get_json()
        assert [one["shape"] for one in told["inputs"]] == [[-1, 2]]
        rows = [[row[0], row[1]] for row in X]
        answer = infer(api, "knn", 1, [tensor("x", "FP64", rows, binary=True)])
        assert outputs(answer)["predict"].tolist() == predicted(api, "knn", rows)["predictions"]
        rows[4] = [None, 3]
        whole = predicted(api, "knn", rows)["predictions"]
        gap = [[np.nan if cell is None else cell for cell in row] for row in rows]
        answer = infer(api, "knn", 1, [tensor("x", "FP64", gap, binary=True)])
        assert outputs(answer)["predict"].tolist() == whole
        api.client.delete("/models/knn/1")


@pytest.mark.parametrize(
    ("name", "change", "said"),
    [
        ("sex", {"data": [["alien"]]}, "inputs.sex.data.0: 'alien'"),
        ("age", {"datatype": "BYTES", "data": ["old"]}, "inputs.age.data.0: a number"),
        ("age", {"datatype": "BYTES", "data": ["21"]}, "'21'; write datatype FP64, and numbers"),
        ("age", {"data": [1e400]}, "finite number"),
        ("age", {"name": "years"}, "inputs.age: an input of this name"),
        ("age", {"name": "sex"}, "twice"),
        ("age", {"shape": [2, 1], "data": [1, 2]}, "[2, 1] is needed, as the first has"),
        ("sex", {"data": ["ma\0le"]}, "inputs.sex.data.0"),
        ("sex", {"data": [1]}, "inputs.sex.data.0: text in double quotes is needed"),
    ],
)
def test_what_is_wrong_with_columns(api: Api, name: str, change: Any, said: str) -> None:
    table(api)
    given = {
        one: tensor(one, "FP64" if one == "age" else "BYTES", [[c if one == "age" else str(c)]])[0]
        for one, (c, *_) in TABLE.items()
    }
    given[name] |= change
    ask = json.dumps({"inputs": list(given.values())}).replace("Infinity", "1e400")
    answer = api.client.post(f"{url('gauss_naive_bayes', 1)}/infer", data=ask)
    assert said in refused(answer)


def test_one_tensor_for_all_columns_is_told_an_input_for_each(api: Api) -> None:
    table(api)
    said = refused(infer(api, "gauss_naive_bayes", 1, [tensor("X", "FP64", np.array([[1, 2, 3]]))]))
    assert "in place of X" in said
    such = json.JSONDecoder().raw_decode(said.partition("write inputs such as ")[2])[0]
    assert [one["name"] for one in such] == list(TABLE)
    done = api.client.post(f"{url('gauss_naive_bayes', 1)}/infer", json={"inputs": such})
    assert done.status_code == 200, done.get_json()


# ----------------------------------------------------------------------------- packing


@pytest.mark.parametrize("encoding", ["gzip", "deflate"])
def test_bodies_and_answers_are_packed(api: Api, encoding: str) -> None:
    trained(api, "knn")
    pack: Any = gzip.compress if encoding == "gzip" else zlib.compress
    unpack: Any = gzip.decompress if encoding == "gzip" else zlib.decompress
    said, data = tensor("x", "FP64", X, binary=True)
    head = json.dumps({"inputs": [said], "parameters": {"binary_data_output": True}}).encode()
    headers = {HEADER: str(len(head)), "Content-Encoding": encoding}
    path = f"{url('knn', 1)}/infer"
    plain = api.client.post(path, data=pack(head + data), headers=headers)
    answer = api.client.post(
        path, data=pack(head + data), headers=headers | {"Accept-Encoding": encoding}
    )
    assert (answer.status_code, answer.headers["Content-Encoding"]) == (200, encoding)
    assert answer.headers["Vary"] == "Accept-Encoding"
    assert "Content-Encoding" not in plain.headers
    assert unpack(answer.data) == plain.data
    assert answer.headers[HEADER] == plain.headers[HEADER]
    assert int(answer.headers["Content-Length"]) == len(answer.data)


@pytest.mark.parametrize("wanted", ["", "br", "identity", "gzip;q=0", "identity, gzip;q=0.5"])
def test_what_was_not_asked_for_is_not_packed(api: Api, wanted: str) -> None:
    answer = api.client.get("/v2", headers={"Accept-Encoding": wanted})
    assert "Content-Encoding" not in answer.headers
    assert answer.get_json()["name"] == "fitserve"


@pytest.mark.own_app
def test_a_bomb_is_not_unpacked(api: Api, app: Flask) -> None:
    app.config["MAX_CONTENT_LENGTH"] = 100_000
    trained(api, "knn")
    bomb = gzip.compress(bytes(50_000_000))
    answer = api.client.post(
        f"{url('knn', 1)}/infer", data=bomb, headers={"Content-Encoding": "gzip", HEADER: "10"}
    )
    assert "100000" in refused(answer, 413)


# -------------------------------------------------------------------------------- wrong


def test_errors_are_the_protocols_everywhere_below_v2(api: Api) -> None:
    trained(api, "knn")
    wrong = [
        ("GET", "/v2/nix", b"", {}, 404),
        ("GET", "/v2/models/nix", b"", {}, 404),
        ("GET", "/v2/models/pca/ready", b"", {}, 404),
        ("GET", "/v2/models/knn/versions/7", b"", {}, 404),
        ("GET", "/v2/models/knn/versions/01", b"", {}, 404),
        ("GET", "/v2/models/knn/versions/7/stats", b"", {}, 404),
        ("GET", "/v2/models/nix/stats", b"", {}, 404),
        ("PUT", "/v2/models/knn", b"", {}, 405),
        ("GET", "/v2/models/knn/infer", b"", {}, 405),
        ("POST", "/v2", b"", {}, 405),
        ("POST", "/v2/models/knn/infer", b"{", {}, 400),
        ("POST", "/v2/models/knn/infer", b"{}", {}, 400),
        ("POST", "/v2/models/nix/infer", b'{"inputs": [1]}', {}, 400),
        ("POST", "/v2/models/knn/infer", b"{}", {"Content-Type": "text/csv"}, 415),
        ("POST", "/v2/models/knn/infer", b"{}", {"Content-Encoding": "br"}, 415),
        ("POST", "/v2/repository/index", b"[]", {}, 400),
    ]
    for method, path, body, headers, status in wrong:
        answer = api.client.open(path, method=method, data=body, headers=headers)
        assert refused(answer, status), path
    assert api.client.get("/v2nix").mimetype == "application/problem+json"
    assert "Allow" in api.client.put("/v2/models/knn").headers


def test_a_model_that_is_not_ready_is_not(api: Api, app: Flask) -> None:
    app.extensions["fitserve"]._store.reserve(Key("knn", 1), {})
    answer = api.client.get("/v2/models/knn/versions/1/ready")
    refused(answer, 409)
    assert answer.headers["Retry-After"]
    refused(api.client.get("/v2/models/knn/ready"), 404)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"shape": [N, P + 1], "data": [0] * N * (P + 1)}, f"give [{N}, {P}]"),
        ({"shape": [N], "data": [0] * N}, f"give [{N // P}, {P}]"),
        ({"shape": [N * P], "data": [0] * N * P}, f"give [{N}, {P}]"),
        ({"shape": [N * P + 1], "data": [0] * (N * P + 1)}, f"give [{N * P + 1}, {P}], and"),
        ({"shape": [1, N, P]}, "[rows, columns]"),
        ({"shape": []}, "[rows, columns]"),
        ({"shape": [0, P], "data": []}, "at least 1"),
        ({"shape": [-1, P]}, "at least 1"),
        ({"shape": [True, P]}, "at least 1"),
        ({"shape": [N + 1, P], "data": X}, f"write shape [{N}, {P}], or give as many as it says"),
        ({"shape": [1, P + 1], "data": [0] * P}, f"{P} were sent; write shape [1, {P}], or give"),
        ({"shape": [5, P], "data": [0] * 7}, "7 were sent; give as many as it says"),
        ({"datatype": "BYTES", "shape": [1], "data": ["a", "b"]}, "; write shape [2, 1], or give"),
        ({"shape": [2**62, P]}, "the shape says"),
        ({"shape": [2**64, P]}, "at least 1"),
        ({"data": [[0] * P] * (N - 1) + [[0]]}, f"inputs.x.data.{N - 1}: a list of {P}"),
        ({"data": [[0] * P] * (N - 1) + [0]}, f"inputs.x.data.{N - 1}: a list of {P}"),
        ({"data": {"a": 1}}, f"a list of {N * P:,} elements, row by row"),
        ({"data": None}, f"a list of {N * P:,} elements, row by row"),
        (
            {"data": [[None] * P] * N},
            "inputs.x.data.0.0: a number is needed, not a gap, null; fill",
        ),
        ({"data": [[True] * P] * N}, "inputs.x.data.0.0: a number is needed, not true"),
        ({"data": [["1"] * P] * N}, "a number is needed, not the text '1'"),
        ({"data": [[[1]] * P] * N}, "one pair of brackets too many"),
        ({"datatype": "BOOL", "data": [[True] * P] * N}, "takes numbers"),
        ({"datatype": "BYTES", "shape": [N], "data": ["a"] * N}, "takes numbers"),
        ({"datatype": "BYTES"}, "for numbers write datatype FP64"),
        ({"datatype": "fp64"}, "is none of BOOL"),
        ({"datatype": "BF16"}, "is none of BOOL"),
        ({"datatype": None}, 'not null; write "FP64" for numbers, "BYTES" for text'),
        ({"datatype": "INT8", "data": [[128] * P] * N}, "from -128 to 127"),
        ({"datatype": "INT8", "data": [[0.5] * P] * N}, "a whole number"),
        ({"datatype": "UINT64", "data": [[-1] * P] * N}, "from 0 to"),
        ({"datatype": "UINT64", "data": [[2**64] * P] * N}, "from 0 to"),
        ({"datatype": "INT64", "data": [[None] * P] * N}, "a whole number"),
        ({"datatype": "FP16", "data": [[65520.0] * P] * N}, "FP16 goes up to 65504"),
        ({"datatype": "FP32", "data": [[1e39] * P] * N}, "send FP64"),
        ({"name": 7}, "inputs.0.name"),
        ({"parameters": []}, "inputs.0.parameters"),
        ({"parameters": {"binary_data_size": 8}}, HEADER),
        ({"parameters": {"shared_memory_region": "a"}}, "no such extension"),
    ],
)
def test_a_tensor_that_is_not_what_it_says(api: Api, change: Any, said: str) -> None:
    trained(api, "knn")
    given, _ = tensor("x", "FP64", X)
    assert said in refused(infer(api, "knn", 1, [(given | change, b"")]))


def test_what_lacks_of_a_tensor_is_told_as_it_is_written(api: Api) -> None:
    trained(api, "knn")
    given, _ = tensor("x", "FP64", X)
    for name, such in (
        ("name", '"X", or'),
        ("shape", "[rows, columns], as"),
        ("datatype", '"FP64" for'),
    ):
        lacking = {one: value for one, value in given.items() if one != name}
        assert f"{name} is needed: {such}" in refused(infer(api, "knn", 1, [(lacking, b"")]))
    body = json.dumps({"inputs": [given]}).replace("[[", "[[NaN, ", 1)
    said = refused(api.client.post("/v2/models/knn/infer", data=body))
    assert "JSON has no NaN: write a number, or leave its row out of data and shape" in said
    assert "regist" not in said.partition(". To a model")[0]


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ({"outputs": [{"name": "nix"}]}, "no output 'nix'; known are: predict"),
        ({"outputs": [{"name": "predict"}] * 2}, "twice"),
        ({"outputs": [{}]}, "outputs.0.name"),
        ({"outputs": [1]}, 'outputs.0: an object is needed, such as {"name": "predict"}, not'),
        ({"outputs": ["predict"]}, 'such as {"name": "predict"}, not the text'),
        ({"outputs": {}}, "outputs"),
        ({"outputs": [{"name": "predict", "parameters": {"classification": 2}}]}, "extension"),
        ({"outputs": [{"name": "predict", "parameters": {"binary_data": 1}}]}, "true or false"),
        ({"parameters": {"binary_data_output": "yes"}}, "true or false"),
        ({"id": 7}, 'id: text, or null is needed, not the number 7; write "7"'),
        ({"inputs": []}, 'at least one tensor is needed; send an object such as {"inputs": [{'),
        ({"inputs": [[]]}, "inputs.0"),
        (
            {"inputs": [[5.1, 3.5]]},
            'such as {"name": "X", "shape": [1, 2], "datatype": "FP64", "data": [5.1, 3.5]}, not a',
        ),
        ({"inputs": [tensor("a", "FP64", X)[0], tensor("b", "FP64", X)[0]]}, "2 were sent"),
    ],
)
def test_a_request_that_is_none(api: Api, more: Any, said: str) -> None:
    trained(api, "svm")
    assert said in refused(infer(api, "svm", 1, [tensor("x", "FP64", X)], **more))


@pytest.mark.parametrize("body", [b"", b"  ", b"a=1&b=2", b"<html>"])
def test_a_body_that_is_no_json_is_shown_one_of_this_protocol(api: Api, body: bytes) -> None:
    answer = api.client.post("/v2/models/knn/infer", data=body)
    said = refused(answer)
    assert "model_type" not in said
    such = said.partition("Send an object such as ")[2]
    assert json.JSONDecoder().raw_decode(such)[0]["inputs"][0]["shape"] == [1, 2]


def test_all_that_is_wrong_is_told_at_once(api: Api) -> None:
    trained(api, "knn")
    wrong = {
        "id": 7,
        "parameters": {"binary_data_output": "yes"},
        "inputs": [
            {"name": "x", "shape": [0, P], "datatype": "FP63", "data": [1]},
            {"shape": [1, 2, 3], "datatype": "FP64", "data": [1]},
            {"name": "x", "shape": [1, P], "datatype": "FP64", "data": [1] * P},
            {"name": "y", "shape": [1, P], "datatype": "FP64", "data": ["1"] + [1] * P},
            {"name": "z", "shape": [1, 2], "datatype": "INT8", "data": [1.5, 300]},
            {"name": "b", "shape": [1], "datatype": "FP64", "parameters": {"binary_data_size": 8}},
            5,
        ],
        "outputs": [{"nam": "predict"}, {"name": "a", "parameters": {"classification": 2}}],
    }
    said = refused(api.client.post("/v2/models/knn/infer", json=wrong))
    places = re.findall(r"\((\d+)\) ([\w.]+): ", said)
    assert [int(n) for n, _ in places] == list(range(1, len(places) + 1))
    assert [place for _, place in places] == [
        "id", "inputs.x.shape.0", "inputs.x.datatype", "inputs.1.name", "inputs.1.shape",
        "inputs.2.name", "inputs.y.data", "inputs.z.data.0", "inputs.z.data.1", "inputs.6",
        "parameters.binary_data_output", "outputs.0.name", "outputs.1.parameters.classification",
    ]  # fmt: skip
    assert said.startswith(f"{len(places)} things to mend: (1) id: text")
    many = {"inputs": [{"name": f"x{i}"} for i in range(40)]}
    said = refused(api.client.post("/v2/models/knn/infer", json=many))
    assert said.startswith("80 things to mend: (1) inputs.0.shape: ")
    assert said.endswith(" And 60 more.")
    both = {"inputs": [tensor("x", "FP64", [[1.0]])[0]], "outputs": [{"name": "nix"}]}
    said = refused(api.client.post("/v2/models/knn/infer", json=both))
    assert "(1) inputs.x.shape: " in said
    assert "(2) outputs.0.name: " in said


def test_probabilities_are_an_output_only_where_there_are_some(api: Api) -> None:
    trained(api, "svm")
    asked = [{"name": "probabilities"}]
    answer = infer(api, "svm", 1, [tensor("x", "FP64", X)], outputs=asked)
    assert "known are: predict" in refused(answer)


def test_what_a_model_refuses_is_located_in_the_tensor(
    api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    trained(api, "multi_naive_bayes", feature_names=["a", "b", "c"])
    trained(api, "knn")
    monkeypatch.setattr(predictor, "SHORT", 1.0)
    monkeypatch.setattr(predictor, "BLOCK", 600.0)
    rows = [*X[:20], [0, -1, 0], *X[21:]]
    for datatype in ("INT8", "FP16", "FP64"):
        given = [tensor("x", datatype, rows, binary=True)]
        said = refused(infer(api, "multi_naive_bayes", 1, given))
        assert "inputs.x.data.20.1" in said
        assert "(column 'b')" in said
    rows = [*X[:20], [0, np.nan, 0], *X[21:]]
    said = refused(infer(api, "knn", 1, [tensor("x", "FP32", rows, binary=True)]))
    assert "inputs.x.data.20.1: a number is needed, not a gap, NaN" in said


@pytest.mark.parametrize("names", [None, ["a", "b", "c"]])
@pytest.mark.parametrize("table", [False, True])
def test_a_gap_is_told_where_it_was_sent(api: Api, names: Any, table: bool) -> None:
    columns = {name: [row[j] for row in X] for j, name in enumerate("abc")}
    trained(api, "knn", **({"X": columns} if table else {"feature_names": names}))
    flat = [0, 1, 2, 3, None, 5]
    by_row = [flat[:3], flat[3:]]
    for data, place in ((flat, "4"), (by_row, "1.1")):
        given = {"name": "x", "shape": [2, P], "datatype": "FP64", "data": data}
        said = refused(infer(api, "knn", 1, [(given, b"")]))
        assert f"inputs.x.data.{place}: " in said
        assert "NaN" not in said
        assert table or names is None or "(column 'b')" in said


def test_what_a_refusal_says_of_a_tensor_can_be_done(api: Api) -> None:
    trained(api, "knn")
    given = {"name": "x", "shape": [P], "datatype": "FP64", "data": X[0]}
    said = refused(infer(api, "knn", 1, [(given, b"")]))
    shape = json.loads(said[said.index("give [") + 5 : said.rindex("]") + 1])
    checked(infer(api, "knn", 1, [(given | {"shape": shape}, b"")]), open_inference.INFER)


def test_all_that_a_model_refuses_is_counted(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    trained(api, "multi_naive_bayes")
    monkeypatch.setattr(predictor, "SHORT", 1.0)
    monkeypatch.setattr(predictor, "BLOCK", 600.0)
    rows = [[0, -1, 0], *X[1:20], [0, -1, 0]]
    answer = infer(api, "multi_naive_bayes", 1, [tensor("x", "INT8", rows, binary=True)])
    assert refused(answer).startswith("2 things to mend")


@pytest.mark.parametrize("binary", [False, True])
def test_what_cannot_but_be_too_large_is_not_begun(
    api: Api, monkeypatch: pytest.MonkeyPatch, binary: bool
) -> None:
    trained(api, "knn")
    monkeypatch.setattr("fitserve.api.inferences.ANSWER_MB", 0.0001)
    monkeypatch.setattr(predictor.Predictor, "over", None)
    asked = [{"name": "probabilities", "parameters": {"binary_data": binary}}]
    answer = infer(api, "knn", 1, [tensor("x", "FP64", X)], outputs=asked)
    assert "over the limit" in refused(answer)


def test_limits_are_those_of_predict(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    trained(api, "knn")
    monkeypatch.setattr("fitserve.api.inferences.ANSWER_MB", 0.0001)
    asked = [{"name": "probabilities"}]
    for flag in (False, True):
        more = {"parameters": {"binary_data_output": flag}}
        given = [tensor("x", "FP64", X)]
        assert "over the limit" in refused(infer(api, "knn", 1, given, outputs=asked, **more))
        assert "over the limit" in refused(infer(api, "knn", 1, given, **more))


# ------------------------------------------------------------------- malformed bytes


def malformed(rng: random.Random) -> tuple[bytes, dict[str, str]]:
    """A body that says one thing and is another, and its header."""
    rows = rng.randrange(1, 5)
    datatype = rng.choice(["FP64", "FP32", "FP16", "INT8", "UINT64", "BOOL", "BYTES"])
    text = texts_of(rng, rows) if datatype == "BYTES" else b""
    size = {"FP64": 8, "FP32": 4, "FP16": 2, "UINT64": 8}.get(datatype, 1)
    shape: Any = [rows, 1] if datatype == "BYTES" else [rows, P]
    data = text or bytes(rows * P * size)
    said: Any = len(data)
    names = ["x", "x"] if rng.random() < 0.1 else ["x"]
    kind = rng.randrange(9)
    if kind == 0:
        said = rng.choice([-1, -len(data), 2**63, 1e3, "8", None, True, [8], said + 1, said - 1, 0])
    elif kind == 1:
        shape = rng.choice(
            [
                [-1, P],
                [0, P],
                [2**62, P],
                [2**63, 2**63],
                [rows],
                [rows + 1, P],
                [],
                [rows, P, 1],
                "a",
            ]
        )
    elif kind == 2:
        data = data[: rng.randrange(len(data))]
    elif kind == 3:
        data += rng.randbytes(rng.randrange(1, 9))
    elif kind == 4:
        names = ["x", "y"]  # both claim all of it
    elif kind == 5:
        datatype, shape, data = "BYTES", [rows, 1], texts_of(rng, rows)
        said = len(data)
        data = struct.pack("<I", rng.choice([2**32 - 1, 2**31, len(data)])) + data[4:]
    elif kind == 6:
        datatype = rng.choice(["FP16", "INT64", "UINT8", "FP8", "", "OBJECT", "BYTES", "BOOL"])
        data = b"\x02" * len(data)
        shape = [rows, P + 1]
    elif kind == 7:
        data = b"\xff" * len(data)  # NaN, lengths of 4 GiB, bytes that are neither 0 nor 1
        shape, datatype = [rows, P], rng.choice(["FP64", "BOOL", "BYTES"])
    tensors = [
        {
            "name": name,
            "shape": shape,
            "datatype": datatype,
            "parameters": {"binary_data_size": said},
        }
        for name in names
    ]
    head = json.dumps({"inputs": tensors}).encode()
    length: Any = len(head)
    if kind == 8:
        length = rng.choice([-1, 0, len(head) - 1, len(head) + 1, 2**70, "x", "1e2", "٣", " "])
    return head + data, {HEADER: str(length).encode().decode("latin-1")}


def texts_of(rng: random.Random, rows: int) -> bytes:
    return open_inference.texts(["x" * rng.randrange(9) for _ in range(rows)])


def test_300_malformed_bodies_are_refused_and_take_no_memory(api: Api) -> None:
    trained(api, "knn")
    rng = random.Random(0)  # noqa: S311
    before = api.client.post(f"{url('knn', 1)}/infer", data=b"{")
    assert before.status_code == 400
    tracemalloc.start()
    try:
        for _ in range(300):
            body, headers = malformed(rng)
            tracemalloc.reset_peak()
            held, _ = tracemalloc.get_traced_memory()
            answer = api.client.post(f"{url('knn', 1)}/infer", data=body, headers=headers)
            _, peak = tracemalloc.get_traced_memory()
            assert 400 <= answer.status_code < 500, (body, headers, answer.data)
            assert refused(answer, answer.status_code)
            assert peak - held < 4 * len(body) + 2**18, (body, headers)
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("datatype", ["INT8", "FP16", "FP64", "BYTES", "BOOL"])
def test_a_large_body_that_is_wrong_takes_no_more_than_four_times_its_size(
    api: Api, datatype: str
) -> None:
    trained(api, "knn")
    n = 2**21
    data = bytes(n - 8) + b"\xff" * 8
    size = {"FP16": 2, "FP64": 8, "BYTES": 4}.get(datatype, 1)
    shape = [n // size // 2, 2] if datatype != "BYTES" else [n // size, 1]
    said = {"name": "x", "shape": shape, "datatype": datatype}
    head = json.dumps({"inputs": [said | {"parameters": {"binary_data_size": n}}]}).encode()
    tracemalloc.start()
    try:
        answer = api.client.post(
            f"{url('knn', 1)}/infer", data=head + data, headers={HEADER: str(len(head))}
        )
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert refused(answer)
    assert peak < 4 * n


@pytest.mark.parametrize(
    ("name", "datatype", "size", "data", "said"),
    [
        ("sex", "BYTES", 8, open_inference.texts(["male"]), "in the middle of text 1, of 2"),
        ("sex", "BYTES", None, open_inference.texts(["male"]) * 3, "2 texts end after 16 bytes"),
        ("sex", "BYTES", None, b"\x04\0\0\0male\x09\0\0\0fem", "in the middle of text 1, of 2"),
        ("sex", "BYTES", None, b"\x04\0\0\0male\x04\0\0", "in the middle of text 1, of 2"),
        ("sex", "BYTES", None, b"\xff\xff\xff\xffmale", "in the middle of text 0, of 2"),
        (
            "sex",
            "BYTES",
            None,
            b"\x04\0\0\0male\x01\0\0\0\xe9",
            "data.1: these bytes are not UTF-8",
        ),
        ("sex", "BYTES", None, b"", "2 elements of BYTES, at least 4 bytes each"),
        ("age", "FP64", None, bytes(15), "2 elements of FP64, 8 bytes each"),
        ("age", "FP64", None, bytes(17), "17 bytes were sent"),
        ("age", "BOOL", None, b"\x01\x02", "a BOOL is one byte, 0 or 1"),
        ("age", "FP64", -16, bytes(16), "at most the 16 that are left, not the number -16"),
        ("age", "FP64", 17, bytes(16), "at most the 16 that are left, not the number 17"),
        ("age", "FP64", 16, bytes(20), "20 bytes follow the JSON"),
    ],
)
def test_what_is_wrong_with_bytes_is_said(
    api: Api, name: str, datatype: str, size: int | None, data: bytes, said: str
) -> None:
    table(api)
    given = {
        one: tensor(
            one,
            "FP64" if one == "age" else "BYTES",
            [[c if one == "age" else str(c)] for c in cells[:2]],
        )[0]
        for one, cells in TABLE.items()
    }
    parameters = {"binary_data_size": len(data) if size is None else size}
    given[name] = {"name": name, "datatype": datatype, "shape": [2, 1], "parameters": parameters}
    head = json.dumps({"inputs": list(given.values())}).encode()
    answer = api.client.post(
        f"{url('gauss_naive_bayes', 1)}/infer",
        data=head + data,
        headers={HEADER: str(len(head))},
    )
    assert said in refused(answer)


# --------------------------------------------------------------------------- statistics


def counts(told: Any) -> dict[tuple[str, str], tuple[int, int, int, int]]:
    return {
        (one["name"], one["version"]): (
            one["inference_count"],
            one["execution_count"],
            one["inference_stats"]["success"]["count"],
            one["inference_stats"]["fail"]["count"],
        )
        for one in told["model_stats"]
    }


def test_statistics_count_and_time(api: Api) -> None:
    trained(api, "knn", 1)
    trained(api, "knn", 2)
    trained(api, "pca", 1)
    stats = "/v2/models/knn/versions/1/stats"
    assert counts(api.client.get(stats).get_json()) == {("knn", "1"): (0, 0, 0, 0)}
    for _ in range(3):
        infer(api, "knn", 1, [tensor("x", "FP64", X)])
    infer(api, "knn", 1, [tensor("x", "FP64", X)], outputs=[{"name": "nix"}])
    infer(api, "knn", None, [tensor("x", "FP64", X[:2])])
    infer(api, "pca", 1, [tensor("x", "FP64", [[1.0]])])
    told = api.client.get("/v2/models/stats").get_json()
    assert counts(told) == {
        ("knn", "1"): (3 * N, 3, 3, 1),
        ("knn", "2"): (2, 1, 1, 0),
        ("pca", "1"): (0, 0, 0, 1),
    }
    assert set(counts(api.client.get("/v2/models/knn/stats").get_json())) == {
        ("knn", "1"),
        ("knn", "2"),
    }
    (one,) = api.client.get(stats).get_json()["model_stats"]
    times = one["inference_stats"]
    parts = ("queue", "compute_input", "compute_infer", "compute_output")
    assert all(times[part]["count"] == 3 for part in parts)
    assert sum(times[part]["ns"] for part in parts) == times["success"]["ns"] > 0
    assert all(times[part]["ns"] > 0 for part in parts[1:])
    assert one["last_inference"] > 1_700_000_000_000


def test_a_deleted_model_leaves_no_statistics_to_the_next(api: Api) -> None:
    trained(api, "knn")
    infer(api, "knn", 1, [tensor("x", "FP64", X)])
    api.client.delete("/models/knn/1")
    assert counts(api.client.get("/v2/models/stats").get_json()) == {}
    trained(api, "knn")
    assert counts(api.client.get("/v2/models/stats").get_json()) == {("knn", "1"): (0, 0, 0, 0)}


@pytest.mark.own_app
def test_workers_count_together_and_only_so_many(
    api: Api, app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(statistics, "MODELS", 2)
    tables = statistics.Tables(2)
    one = app.extensions["fitserve.statistics"]
    for model_id in (1, 2, 3):
        trained(api, "knn", model_id)
    for worker in (0, 1, 0):
        one.join(tables.table(worker))
        for model_id in (1, 2):
            infer(api, "knn", model_id, [tensor("x", "FP64", X[:1])])
    told = counts(api.client.get("/v2/models/stats").get_json())
    assert told == {("knn", "1"): (3, 3, 3, 0), ("knn", "2"): (3, 3, 3, 0)}
    infer(api, "knn", 3, [tensor("x", "FP64", X[:1])])  # takes the place of 1 in this worker
    told = counts(api.client.get("/v2/models/stats").get_json())
    assert [told["knn", str(n)][0] for n in (1, 2, 3)] == [1, 3, 1]
