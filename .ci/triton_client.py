"""tritonclient against a server that runs already: `triton_client.py http://127.0.0.1:PORT`.

Every call of its HTTP client that applies, for every model type and for a table with text; what is
predicted must be what /predict says. Needs `tritonclient[http]`, and nothing of this repository but
the examples.
"""

import json
import sys
from pathlib import Path
from typing import Any
from urllib.request import Request, urlopen

import numpy as np
import tritonclient.http as triton
from tritonclient.utils import InferenceServerException

EXAMPLES = Path(__file__).resolve().parent.parent / "examples"
PROBABILITIES = {
    *("decision_tree", "gauss_naive_bayes", "gmm", "knn", "logistic_regression"),
    "multi_naive_bayes",
}
DTYPES = {"FP64": "f8", "FP32": "f4", "INT64": "i8", "INT32": "i4", "UINT8": "u1", "FP16": "f2"}


def post(server: str, path: str, body: bytes, media_type: str = "application/json") -> Any:
    headers = {"Content-Type": media_type}
    with urlopen(Request(server + path, data=body, headers=headers)) as answer:
        return json.loads(answer.read())


def predict(server: str, model_type: str, model_id: int, features: Any, **more: Any) -> Any:
    ask = {"model_type": model_type, "model_id": model_id, "features": features} | more
    return post(server, "/predict", json.dumps(ask).encode())


def given(name: str, datatype: str, values: Any, binary: bool = True) -> Any:
    array = np.array(values, dtype=object if datatype == "BYTES" else DTYPES[datatype])
    tensor = triton.InferInput(name, list(array.shape), datatype)
    return tensor.set_data_from_numpy(array, binary_data=binary)


def told(result: Any, name: str = "predict") -> list[Any]:
    """The tensor as a list, texts decoded: those of JSON come as text, those of bytes as bytes."""
    array = result.as_numpy(name)
    if array.dtype == object:
        return [one.decode() if isinstance(one, bytes) else one for one in array.ravel()]
    return array.tolist()


class Checks:
    def __init__(self, server: str) -> None:
        self.server = server
        self.done = 0
        self.client = triton.InferenceServerClient(server.removeprefix("http://"), concurrency=4)

    def same(self, found: Any, wanted: Any, what: str) -> None:
        self.done += 1
        if found != wanted:
            raise SystemExit(f"FAILED  {what}: {found!r:.300} instead of {wanted!r:.300}")

    def refused(self, words: str, ask: Any, what: str) -> None:
        self.done += 1
        try:
            ask()
        except InferenceServerException as error:
            if words in str(error):
                return
            raise SystemExit(f"FAILED  {what}: {error}") from None
        raise SystemExit(f"FAILED  {what}: it was not refused")

    # ------------------------------------------------------------------------------ models

    def of_type(self, model_type: str, body: bytes) -> None:
        post(self.server, "/register", body)
        rows = json.loads(body)["kwargs"]["X"][:20]
        client = self.client
        gives = model_type in PROBABILITIES
        asked = {"probabilities": True} if gives else {}
        whole = predict(self.server, model_type, 1, rows, **asked)
        self.same(client.is_model_ready(model_type, "1"), True, f"{model_type} is ready")
        self.same(client.is_model_ready(model_type, "77"), False, f"{model_type}/77 is not")
        metadata = client.get_model_metadata(model_type)
        (tensor,) = metadata["inputs"]
        self.same(tensor["shape"], [-1, len(rows[0])], f"metadata of {model_type}")
        for datatype in DTYPES:
            typed = np.clip(rows, 0, 200).astype(DTYPES[datatype])  # what all of them hold
            same = predict(self.server, model_type, 1, typed.astype(float).tolist())["predictions"]
            for binary in (True, False):
                if datatype == "FP16" and not binary:
                    continue  # the client does not write these as JSON
                result = client.infer(model_type, [given("X", datatype, typed, binary)])
                self.same(told(result), same, f"{model_type} by {datatype}, binary: {binary}")
                name = metadata["outputs"][0]["datatype"]
                self.same(result.get_output("predict")["datatype"], name, "its datatype")
        for binary in (True, False):
            names = ("predict", "probabilities")[: 1 + gives]
            outputs = [triton.InferRequestedOutput(name, binary_data=binary) for name in names]
            for packing in (None, "gzip", "deflate"):
                result = client.infer(
                    model_type,
                    [given(tensor["name"], "FP64", rows)],
                    model_version="1",
                    outputs=outputs,
                    request_id="42",
                    request_compression_algorithm=packing,
                    response_compression_algorithm=packing,
                )
                what = f"{model_type} packed by {packing}, binary: {binary}"
                self.same(told(result), whole["predictions"], what)
                self.same(result.get_response()["id"], "42", what)
                self.same(result.get_response()["model_version"], "1", what)
                if gives:
                    probabilities = [list(row.values()) for row in whole["probabilities"]]
                    self.same(told(result, "probabilities"), probabilities, what)

    def of_table(self) -> None:
        csv = (EXAMPLES / "penguins.csv").read_bytes()
        query = "model_type=logistic_regression&model_id=7&target=species&missing=impute"
        post(self.server, f"/register?{query}&standardize=true", csv, "text/csv")
        header, *lines = (line.split(",") for line in csv.decode().split()[:30])
        cells = dict(zip(header, zip(*lines, strict=True), strict=True))
        query = "model_type=logistic_regression&model_id=7"
        whole = post(self.server, f"/predict?{query}", csv, "text/csv")["predictions"][: len(lines)]
        metadata = self.client.get_model_metadata("logistic_regression", "7")
        for binary in (True, False):
            inputs = []
            for one in metadata["inputs"]:
                column: list[Any] = list(cells[one["name"]])
                if one["datatype"] == "FP64":
                    column = [float(cell) if cell not in ("", "NA") else np.nan for cell in column]
                    of_json = not any(cell != cell for cell in column)
                inputs.append(
                    given(
                        one["name"],
                        one["datatype"],
                        [[cell] for cell in column],
                        binary or (one["datatype"] == "FP64" and not of_json),
                    )
                )
            result = self.client.infer("logistic_regression", inputs, model_version="7")
            self.same(told(result), whole, f"a table with text, binary: {binary}")

    def of_labels(self) -> None:
        X = [[0.0], [1.0], [9.0], [10.0]]
        for model_id, y in ((20, [True, True, False, False]), (21, [-(2**62), -(2**62), 5, 5])):
            ask = {"model_type": "knn", "model_id": model_id, "kwargs": {"X": X, "y": y, "k": 1}}
            post(self.server, "/register", json.dumps(ask).encode())
            for binary in (True, False):
                output = triton.InferRequestedOutput("predict", binary_data=binary)
                result = self.client.infer(
                    "knn", [given("X", "FP32", X)], str(model_id), outputs=[output]
                )
                self.same(told(result), y, f"labels such as {y[0]}, binary: {binary}")

    # ------------------------------------------------------------------------------ server

    def of_server(self) -> None:
        client = self.client
        self.same(client.is_server_live(), True, "live")
        self.same(client.is_server_ready(), True, "ready")
        metadata = client.get_server_metadata()
        wanted = ["binary_tensor_data", "model_repository", "statistics"]
        self.same(metadata["extensions"], wanted, "server metadata")
        index = client.get_model_repository_index()
        self.same({one["state"] for one in index}, {"READY"}, "repository index")
        self.same(("knn", "1") in {(one["name"], one["version"]) for one in index}, True, "index")

    def of_statistics(self) -> None:
        client = self.client

        def counts() -> Any:
            (one,) = client.get_inference_statistics("knn", "1")["model_stats"]
            times = one["inference_stats"]
            return [
                one["inference_count"],
                one["execution_count"],
                times["success"]["count"],
                times["fail"]["count"],
            ]

        before = counts()
        tensor = given("X", "FP64", [[5.1, 3.5, 1.4, 0.2]] * 3)
        for _ in range(20):  # by whichever worker
            client.infer("knn", [tensor], "1")
        wrong = given("X", "FP64", [[5.1]])
        self.refused("4", lambda: client.infer("knn", [wrong], "1"), "a row of another width")
        grown = [after - one for after, one in zip(counts(), before, strict=True)]
        self.same(grown, [60, 20, 20, 1], "statistics, over all workers")
        for model_type in ("knn", ""):
            found = client.get_inference_statistics(model_type)["model_stats"]
            keys = {(one["name"], one["version"]) for one in found}
            self.same(("knn", "1") in keys, True, "statistics of all")
            self.same(("svm", "1") in keys, not model_type, "statistics of others")

    def of_pool(self) -> None:
        X = [[5.1, 3.5, 1.4, 0.2], [6.3, 2.9, 5.6, 1.8]]
        whole = predict(self.server, "knn", 1, X)["predictions"]
        under_way = [
            self.client.async_infer("knn", [given("X", "FP64", X)], "1", request_id=str(i))
            for i in range(64)
        ]
        for i, one in enumerate(under_way):
            result = one.get_result()
            self.same(told(result), whole, "asynchronous")
            self.same(result.get_response()["id"], str(i), "asynchronous")

    def of_errors(self) -> None:
        client = self.client
        tensor = given("X", "FP64", [[5.1, 3.5, 1.4, 0.2]])
        output = triton.InferRequestedOutput("nix")
        classes = triton.InferRequestedOutput("predict", class_count=2)
        short = triton.InferInput("X", [2, 4], "FP64")
        short._raw_data, short._parameters = b"123", {"binary_data_size": 3}
        for words, ask, what in (
            ("no model type 'nix'", lambda: client.infer("nix", [tensor]), "an unknown name"),
            ("id 99", lambda: client.infer("knn", [tensor], "99"), "an unknown version"),
            ("no model type 'nix'", lambda: client.get_model_metadata("nix"), "unknown metadata"),
            ("id 99", lambda: client.get_inference_statistics("knn", "99"), "of no model"),
            ("'nix'", lambda: client.infer("knn", [tensor], "1", [output]), "an unknown output"),
            ("extension", lambda: client.infer("knn", [tensor], "1", [classes]), "classification"),
            ("3 bytes", lambda: client.infer("knn", [short], "1"), "too few bytes"),
            ("NaN", lambda: client.infer("knn", [given("X", "FP64", [[np.nan] * 4])], "1"), "NaN"),
            ("no route", lambda: client.get_model_config("knn"), "another extension"),
        ):
            self.refused(words, ask, what)


def main(server: str) -> None:
    checks = Checks(server)
    for path in sorted(EXAMPLES.glob("register-*.json")):
        checks.of_type(path.stem.removeprefix("register-"), path.read_bytes())
    checks.of_server()
    checks.of_table()
    checks.of_labels()
    checks.of_statistics()
    checks.of_pool()
    checks.of_errors()
    print(f"ok      tritonclient: {checks.done} answers as wanted")


if __name__ == "__main__":
    main(sys.argv[1])
