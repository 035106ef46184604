"""What one mistake hides is told with it, and to obey the answer once is enough."""

import json
from typing import Any
from urllib.parse import urlencode

import pytest

from tests.conftest import Api

X = [[i, 7 * i % 5] for i in range(9)]
LABELS, NUMBERS = list("aaabbbccc"), [1.5 * i for i in range(9)]


def body(kwargs: dict[str, Any], **beside: Any) -> dict[str, Any]:
    data = {"X": X, "y": LABELS}
    return {"model_type": "knn", "model_id": 1, **beside, "kwargs": {**data, **kwargs}}


def faults(answer: Any) -> dict[str, str]:
    assert answer.status_code == 422, answer.text
    return {".".join(map(str, one["loc"])): one["msg"] for one in answer.json["errors"]}


def obeyed(api: Api, asked: dict[str, Any], answer: Any, named: str) -> None:
    """The first remedy that sets the member is enough."""
    (remedy, *_) = (one for one in answer.json["remedies"] if named in one["set"])
    kwargs = {**asked["kwargs"], **remedy["set"]}
    kwargs = {name: value for name, value in kwargs.items() if value is not None}
    again = api.client.post("/register", json=asked | {"kwargs": kwargs})
    assert again.status_code == 201, (remedy, again.text)


@pytest.mark.parametrize("model_id", ["7", "x", 1.5, None, -1, [1]])
@pytest.mark.parametrize(
    ("kwargs", "where"),
    [
        ({"n_neighbors": 0}, "kwargs.n_neighbors"),
        ({"X": [[1, "abc"], [2, 3]], "y": ["a", "b"]}, "kwargs.X.0.1"),
        ({"standardise": True}, "kwargs.standardise"),
    ],
)
def test_a_wrong_id_hides_nothing(
    api: Api, model_id: object, kwargs: dict[str, Any], where: str
) -> None:
    told = faults(api.client.post("/register", json=body(kwargs, model_id=model_id)))
    assert list(told) == ["model_id", where]


def test_a_wrong_id_of_a_csv_hides_nothing(api: Api) -> None:
    query = {"model_type": "knn", "model_id": "x", "target": "y", "n_neighbors": "0"}
    answer = api.raw(f"/register?{urlencode(query)}", b"a,y\n1,a\n2,b\n", Content_Type="text/csv")
    assert list(faults(answer)) == ["query.model_id", "query.n_neighbors"]


@pytest.mark.parametrize("text", ["４0", "٤٠", "４０", "40.0"])
def test_digits_of_another_script_are_read_whole(api: Api, text: str) -> None:
    assert faults(api.client.post("/register", json=body({}, model_id=text)))["model_id"].endswith(
        "write 40"
    )
    query = urlencode({"model_type": "knn", "model_id": text, "target": "y"})
    answer = api.raw(f"/register?{query}", b"a,y\n1,a\n2,b\n", Content_Type="text/csv")
    assert faults(answer)["query.model_id"].endswith("write 40")
    assert "Write 40 instead" in api.client.get(f"/models/knn/{text}").text


def test_a_power_is_no_digit(api: Api) -> None:
    told = faults(api.client.post("/register", json=body({}, model_id="4²")))
    assert "such as 1 if it is free" in told["model_id"]


@pytest.mark.parametrize(
    "wrapped",
    [lambda one: [one], json.dumps, lambda one: [json.dumps(one)]],
    ids=["list", "text", "text in a list"],
)
def test_what_stands_around_a_body_hides_nothing(api: Api, wrapped: Any) -> None:
    sent = wrapped(body({"n_neighbors": 0}))
    at = "0." * isinstance(sent, list)
    told = faults(api.client.post("/register", json=sent))
    assert list(told) == ["", f"{at}kwargs.n_neighbors"]
    assert list(faults(api.client.post("/register", json=wrapped(body({"k": 1}))))) == [""]
    ask = {"model_type": "knn", "model_id": "x", "features": [1, 2]}
    assert list(faults(api.client.post("/predict", json=wrapped(ask)))) == ["", f"{at}model_id"]


@pytest.mark.parametrize("name", ["n_neighbors", "k"])
@pytest.mark.parametrize(("plan", "most"), [({"cv": 3}, 6), ({"holdout": 0.3}, 6), ({}, 9)])
def test_no_more_neighbours_are_told_than_a_fold_has(
    api: Api, name: str, plan: dict[str, Any], most: int
) -> None:
    asked = body({name: 100, **plan})
    answer = api.client.post("/register", json=asked)
    assert f"at most {most}, or more rows" in faults(answer)[f"kwargs.{name}"]
    obeyed(api, asked, answer, name)
    as_table = asked["kwargs"] | {"X": {"a": [a for a, _ in X], "b": [b for _, b in X]}}
    again = api.client.post("/register", json=asked | {"model_id": 2, "kwargs": as_table})
    assert f"at most {most}, or more rows" in faults(again)[f"kwargs.{name}"]


@pytest.mark.parametrize(
    ("plan", "neighbours"),
    [
        *(({"holdout": share}, 1) for share in (0.999, 0.99, 0.95, 0.9, 0.8)),
        ({"holdout": 0.999}, 6),
        ({"holdout": 0.999}, 9),
        ({"cv": 20}, 1),
    ],
)
def test_a_share_that_works_is_named(api: Api, plan: dict[str, Any], neighbours: int) -> None:
    asked = body({"n_neighbors": neighbours, **plan})
    obeyed(api, asked, api.client.post("/register", json=asked), *plan)


@pytest.mark.parametrize("plan", [{"cv": 2}, {"holdout": 0.5}])
def test_what_holds_a_whole_class_out_is_left_out_where_nothing_works(
    api: Api, plan: dict[str, Any]
) -> None:
    asked = body({"y": ["a"] * 8 + ["b"], "n_neighbors": 1, **plan})
    answer = api.client.post("/register", json=asked)
    if answer.status_code == 422:
        obeyed(api, asked, answer, *plan)


def test_the_step_that_is_left_is_tried_too(api: Api) -> None:
    kwargs = {"X": X, "y": NUMBERS, "ALPHA": 0.01, "learning_rate": 0.1}
    asked = {"model_type": "linear_regression", "model_id": 1, "kwargs": kwargs}
    answer = api.client.post("/register", json=asked)
    assert list(faults(answer)) == ["kwargs.ALPHA", "kwargs.learning_rate"]
    for remedy in answer.json["remedies"]:  # type: ignore[index]
        kwargs |= remedy["set"]
    mended = {name: value for name, value in kwargs.items() if value is not None}
    assert api.client.post("/register", json=asked | {"kwargs": mended}).status_code == 201


@pytest.mark.parametrize(
    ("path", "query", "also"),
    [
        ("register", {}, ["query.model_type", "query.model_id"]),
        (
            "register",
            {"model_type": "knn", "model_id": "x", "target": "z", "n_neighbors": "0"},
            ["query.model_id", "query.n_neighbors"],
        ),
        ("register", {"model_type": "knn", "model_id": "1", "target": "y"}, []),
        ("predict", {"model_type": "knn", "probabilities": "x"}, ["query.probabilities"]),
        ("evaluate", {"model_type": "knn", "repeats": "0"}, ["query.repeats"]),
    ],
)
def test_a_name_of_a_file_hides_nothing_of_the_query(
    api: Api, path: str, query: dict[str, str], also: list[str]
) -> None:
    at = f"/{path}?{urlencode(query)}"
    assert list(faults(api.raw(at, b"iris.csv", Content_Type="text/csv"))) == ["line.1", *also]
    assert list(faults(api.raw(at, b"iris.json", Content_Type="text/csv"))) == ["line.1"]


@pytest.mark.parametrize(
    ("model_type", "name", "value", "near"),
    [
        ("knn", "n_neighbors", 3.5, 4),
        ("knn", "n_neighbors", 2.2, 2),
        ("kmeans", "n_clusters", 2.5, 3),
        ("kmeans", "n_clusters", 0.2, 8),
        ("decision_tree", "max_depth", 1.5, 2),
    ],
)
def test_the_nearest_whole_number_is_told(
    api: Api, model_type: str, name: str, value: float, near: int
) -> None:
    y = {} if model_type == "kmeans" else {"y": LABELS}
    told = faults(api.register(model_type, 1, X=X, **y, **{name: value}))
    assert f"; write {near}" in told[f"kwargs.{name}"]


@pytest.mark.parametrize("alpha", [0.1, "0.1", [0.1], ["0.1"]])
def test_an_amount_is_read_in_a_list_too(api: Api, alpha: object) -> None:
    told = faults(api.register("logistic_regression", 1, X=X, y=LABELS, **{"lambda": alpha}))
    assert 'write "C": 10' in told["kwargs.lambda"]


@pytest.mark.parametrize(
    ("model_type", "name"),
    [("logistic_regression", "alpha"), ("logistic_regression", "lambda"), ("svm", "alpha")],
)
def test_a_penalty_below_zero_is_told_a_number(api: Api, model_type: str, name: str) -> None:
    told = faults(api.register(model_type, 1, X=X, y=LABELS, **{name: -1}))[f"kwargs.{name}"]
    assert '"C": 1' in told or '"lam": 0.1' in told
