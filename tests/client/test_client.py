"""`Client` against a live server: what goes in by Python comes back by Python."""

import gzip
import pickle
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import fitserve
from fitserve.client import (
    Client,
    Exists,
    Invalid,
    NotFound,
    Problem,
    tensors,
)
from tests.conftest import EXAMPLES, ROOT, Server

X = [[1.0, 10.0], [2.0, 10.5], [8.0, 1.0], [9.0, 1.5]]
Y = ["low", "low", "high", "high"]
PENGUINS = EXAMPLES / "penguins.csv"


@pytest.fixture
def client(server: Server) -> Iterator[Client]:
    with Client(f"http://127.0.0.1:{server.port}") as made:
        yield made
        for model in list(made.models()):
            made.delete(model["model_type"], model["model_id"])


def test_the_package_has_it_and_loads_nothing_of_the_server() -> None:
    assert fitserve.Client is Client
    assert fitserve.Problem is Problem
    assert "Client" in dir(fitserve)
    with pytest.raises(AttributeError, match="no attribute 'Cleint'"):
        fitserve.Cleint  # noqa: B018
    heavy = "flask numpy pydantic sqlalchemy jiter prometheus_client click fitserve.config"
    code = (
        "import sys, fitserve; assert 'fitserve.client' not in sys.modules; fitserve.Client();"
        f"print(sorted(set({heavy.split()!r}) & set(sys.modules)))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], env={"PYTHONPATH": str(ROOT / "src")}, capture_output=True
    )
    assert done.stdout == b"[]\n", done.stderr


def test_from_lists_to_predictions(client: Client) -> None:
    assert "knn" in client.types()
    assert client.type("knn")["needs"]["y"] == "labels or numbers"
    described = client.register("knn", 1, X, Y, n_neighbors=1)
    assert described["status"] == "ready"
    assert described["hyperparameters"]["n_neighbors"] == 1
    assert client.describe("knn", 1) == described
    assert client.predict("knn", 1, [[1, 10], [9, 2]]) == ["low", "high"]
    assert client.predict("knn", 1, [1, 10]) == "low"
    assert list(client.classes("knn", 1)) == ["high", "low"]
    assert client.predict("knn", 1, [[1, 10]], probabilities=True) == (
        ["low"],
        [{"high": 0.0, "low": 1.0}],
    )
    assert client.evaluate("knn", 1, X, Y, importance=True)["metrics"]["accuracy"] == 1.0
    client.delete("knn", 1)
    with pytest.raises(NotFound):
        client.describe("knn", 1)


def test_what_waits_tells_its_progress(client: Client) -> None:
    told: list[dict[str, Any]] = []
    done = client.register("kmeans", 1, X, n_clusters=2, progress=told.append)
    assert told[-1] == done
    assert done["status"] == "ready"
    queued = client.register("kmeans", 2, X, n_clusters=2, wait=False)
    assert queued["status"] == "training"
    assert client.wait("kmeans", 2)["status"] == "ready"
    with pytest.raises(Invalid, match="2 clusters need as many different rows"):
        client.register("kmeans", 3, [[1], [1]], n_clusters=2, progress=told.append)
    assert told[-1]["status"] == "failed"
    with pytest.raises(Invalid, match="2 clusters need as many different rows"):
        client.register("kmeans", 4, [[1], [1]], n_clusters=2)


def test_a_dry_run_keeps_nothing(client: Client) -> None:
    assert "estimate" in client.register("knn", 1, X, Y, n_neighbors=1, dry_run=True)
    assert "estimate" in client.register_csv(
        "knn", 1, PENGUINS, "species", missing="impute", dry_run=True
    )
    assert client.ids("knn") == []


# ------------------------------------------------------------------- matrices, as bytes


@pytest.mark.parametrize("dtype", ["f8", "f4", "f2", ">f8", "i1", "i8", "u2", "g"])
def test_a_matrix_of_any_numbers_is_answered_as_lists_are(client: Client, dtype: str) -> None:
    matrix = np.array([[1, 10], [9, 2], [2, 9]], dtype)
    client.register("gauss_naive_bayes", 1, X, Y)
    labels, probabilities = client.predict("gauss_naive_bayes", 1, matrix, probabilities=True)
    said, told = client.predict("gauss_naive_bayes", 1, matrix.tolist(), probabilities=True)
    assert labels.tolist() == client.predict("gauss_naive_bayes", 1, matrix).tolist() == said
    assert probabilities.tolist() == [[one["high"], one["low"]] for one in told]


@pytest.mark.parametrize(
    ("y", "dtype"), [([1, 1, -2, -2], "int64"), ([True, True, False, False], "bool"), (Y, "<U4")]
)
def test_labels_of_a_matrix_are_as_they_were_given(client: Client, y: Any, dtype: str) -> None:
    client.register("knn", 1, np.array(X), np.array(y), n_neighbors=1)
    found = client.predict("knn", 1, np.array(X))
    assert found.dtype == np.dtype(dtype)
    assert found.tolist() == y


def test_numbers_and_coordinates_are_arrays_too(client: Client) -> None:
    client.register("pca", 1, X, n_components=1)
    coordinates = client.predict("pca", 1, np.array(X)[::-1])
    assert coordinates.shape == (4, 1)
    assert coordinates.tolist() == client.predict("pca", 1, X[::-1])
    client.register("linear_regression", 1, X, [1, 2, 3, 4.5])
    assert client.predict("linear_regression", 1, np.array(X)).dtype == np.float64
    assert client.predict("linear_regression", 1, np.array([1, 10])) == pytest.approx(
        client.predict("linear_regression", 1, [1, 10])
    )


def test_a_large_matrix_is_asked_in_blocks(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    client.register("linear_regression", 1, X, [1, 2, 3, 4.5])
    rows = np.random.default_rng(0).normal(size=(7, 2))
    whole = client.predict("linear_regression", 1, rows)
    asked: list[int] = []
    question = tensors.question

    def counted(block: Any, probabilities: bool) -> Any:
        asked.append(len(block))
        return question(block, probabilities)

    monkeypatch.setattr(tensors, "BLOCK_BYTES", 3 * 16)
    monkeypatch.setattr(tensors, "question", counted)
    np.testing.assert_array_equal(client.predict("linear_regression", 1, rows), whole)
    assert asked == [3, 3, 1]
    rows[4, 1] = np.nan
    with pytest.raises(Invalid, match=r"features\.1\.1: .* Row 0 is here row 3 of X"):
        client.predict("linear_regression", 1, rows)


def test_a_matrix_may_be_of_a_table_with_categories(client: Client) -> None:
    table = {"zip": [10, 10, 20, 20], "size": [1.0, 2.0, 1.0, 2.0]}
    client.register("decision_tree", 1, table, Y, kinds={"zip": "category"})
    labels, probabilities = client.predict(
        "decision_tree", 1, np.array([[20, 1.0], [10, 1.0]]), probabilities=True
    )
    assert labels.tolist() == ["high", "low"]
    assert probabilities.tolist() == [[1.0, 0.0], [0.0, 1.0]]


def test_a_matrix_that_is_wrong_is_refused(client: Client) -> None:
    client.register("knn", 1, X, Y, n_neighbors=1)
    with pytest.raises(Invalid, match="has 3 values") as raised:
        client.predict("knn", 1, np.ones((2, 3)))
    assert raised.value.errors[0]["loc"] == ["features"]
    with pytest.raises(NotFound, match="no knn model with id 2"):
        client.predict("knn", 2, np.ones((2, 2)))
    with pytest.raises(Invalid, match="has 0 values"):
        client.predict("knn", 1, np.ones((0, 2)))


# ------------------------------------------------------------------------- CSV and errors


def test_what_is_true_may_be_named_as_a_column(client: Client) -> None:
    rows = [dict(zip("ab", row, strict=True)) for row in X]
    client.register("knn", 1, rows, Y, n_neighbors=1)
    by_columns = {"a": [row[0] for row in X], "kind": Y, "b": np.array([row[1] for row in X])}
    right = client.evaluate("knn", 1, X, Y)
    assert right["n_samples"] == 4
    labelled = [row | {"kind": y} for row, y in zip(rows, Y, strict=True)]
    for table in (by_columns, labelled, tuple(labelled)):
        assert client.evaluate("knn", 1, table, "kind") == right
        with pytest.raises(ValueError, match=r"y: 'knid' is no column of X.*'kind'"):
            client.evaluate("knn", 1, table, "knid")
    assert client.evaluate("knn", 1, labelled[0], "kind")["n_samples"] == 1
    for unnamed in (X, np.array(X)):
        with pytest.raises(ValueError, match="y: 'kind' names a column, and those of X have no"):
            client.evaluate("knn", 1, unnamed, "kind")
    with pytest.raises(ValueError, match="or not of each row"):
        client.evaluate("knn", 1, [labelled[0], rows[1]], "kind")


def test_a_csv_packed_by_gzip_is_learned_as_it_is(client: Client, tmp_path: Path) -> None:
    packed = gzip.compress(b"len,sp\n1,a\n2,a\n8,b\n9,b\n")
    file = tmp_path / "t.csv.gz"
    file.write_bytes(packed)
    for source in (str(file), packed):
        told = client.register_csv("knn", 901, source, "sp", n_neighbors=1)
        assert told["n_samples"] == 4
        assert client.predict_csv("knn", 901, source).splitlines()[1].startswith("1,")
        assert client.evaluate_csv("knn", 901, source, "sp")["n_samples"] == 4
        client.delete("knn", 901)


def test_a_csv_is_learned_asked_and_compared(client: Client, tmp_path: Path) -> None:
    with pytest.raises(Invalid) as raised:
        client.register_csv("knn", 1, PENGUINS, "species")
    assert raised.value.remedies[0]["set"] == {"missing": "impute"}
    assert len(str(raised.value).splitlines()) == len(raised.value.errors) == 5
    told = client.register_csv(
        "knn",
        1,
        str(PENGUINS),
        "species",
        missing="impute",
        drop=["year"],
        kinds={"sex": "category"},
    )
    assert told["target"] == "species"
    out = tmp_path / "out.csv"
    text = client.predict_csv("knn", 1, PENGUINS, probabilities=True, out=out)
    assert out.read_text() == text
    assert text.splitlines()[0].endswith("year,prediction,p(Adelie),p(Chinstrap),p(Gentoo)")
    with out.open("wb") as file:
        client.predict_csv("knn", 1, PENGUINS.read_bytes(), out=file)
    assert out.read_text().splitlines()[0].endswith("year,prediction")
    worth = client.evaluate_csv("knn", 1, PENGUINS, importance=True, repeats=2)
    assert worth["metrics"]["accuracy"] > 0.8
    assert len(worth["importance"]) == 6


def test_a_file_and_rows_are_told_apart(client: Client) -> None:
    with PENGUINS.open() as opened:
        for file in (str(PENGUINS), PENGUINS, PENGUINS.read_bytes(), opened, "a,b\n1,2\n"):
            for name in ("register", "predict", "evaluate"):
                with pytest.raises(TypeError, match=f"a CSV goes by {name}_csv"):
                    getattr(client, name)("knn", 1, file)
    for name in ("register_csv", "predict_csv", "evaluate_csv"):
        for rows in (X, np.array(X), {"a": [1, 2]}, None):
            with pytest.raises(TypeError, match="rows go by the method without _csv"):
                getattr(client, name)("knn", 1, rows)
        with pytest.raises(ValueError, match=r"content as bytes: text\.encode"):
            getattr(client, name)("knn", 1, "a,b\n1,2\n")


def test_problems_have_kinds_and_all_that_was_told(client: Client) -> None:
    client.register("knn", 1, X, Y, n_neighbors=1)
    with pytest.raises(Exists) as exists:
        client.register("knn", 1, X, Y, n_neighbors=1)
    assert exists.value.status == 409
    assert exists.value.type == "/problems/model-exists"
    with pytest.raises(Invalid) as invalid:
        client.register("knn", 2, [[1, "a"], [2, None]], [1, 2], n_neigbors=1)
    problem: Any = pickle.loads(pickle.dumps(invalid.value))  # noqa: S301
    assert issubclass(type(problem), ValueError)
    assert problem.members == invalid.value.members
    assert problem.errors[0]["loc"][0] == "kwargs"
    with pytest.raises(NotFound, match="There is no route") as unknown:
        client.type("../health")
    assert unknown.value.request_id
    with pytest.raises(Invalid, match="is needed"):
        client.request("GET", "/models", {"limit": 0})
    with pytest.raises(Invalid, match="true or false"):
        client.evaluate("knn", 1, X, Y, importance=7)


def test_a_training_may_be_cancelled(client: Client) -> None:
    hard = np.random.default_rng(0).normal(size=(3000, 20))
    queued = client.register("kmeans", 1, hard, n_clusters=50, n_init=500, tol=0, wait=False)
    assert queued["status"] == "training"
    client.cancel("kmeans", 1)
    with pytest.raises(NotFound):
        client.wait("kmeans", 1)
