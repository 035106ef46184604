"""Numbers that stand for no value, as -999 does in old files, count as empty wherever they come."""

import json
from typing import Any
from urllib.parse import urlencode

import pytest

from tests.conftest import Api

LINES = ["-999,2,u", "2,1,u", "3,4,u", "4,-999,v", "5,6,v", "6,5,v"]
ASKED = {"model_type": "knn", "model_id": "1", "target": "y", "n_neighbors": "1"}


def registered(api: Api, body: str, **query: str) -> Any:
    asked = ASKED | query
    answer = api.client.post(f"/register?{urlencode(asked)}", data=body, content_type="text/csv")
    assert answer.json is not None
    return answer.json


def gaps(api: Api) -> list[int]:
    answer = api.client.get("/models/knn/1").json
    assert answer is not None
    return [column["missing"] for column in answer["columns"]]


@pytest.mark.parametrize("cell", ["-999", "-999.0", " -999 ", "-9.99e2", "-0999"])
@pytest.mark.parametrize("rest", ["", "7,8,v\n" * 9000, "+7,8,v\n"])
def test_a_number_that_stands_for_no_value_in_a_csv(api: Api, cell: str, rest: str) -> None:
    body = "a,b,y\n" + "\n".join(LINES).replace("-999", cell) + "\n" + rest
    refused = registered(api, body, na_values="-999")
    assert [fault["loc"] for fault in refused["errors"]] == [["line", 2, "a"], ["line", 5, "b"]]
    assert "counts as empty (na_values)" in refused["errors"][0]["msg"]
    registered(api, body, na_values="-999", missing="impute")
    assert gaps(api) == [1, 1]
    answer = api.predict("knn", 1, {"a": -999.0, "b": 1})
    assert answer.status_code == 200
    assert answer.json == api.predict("knn", 1, {"a": None, "b": 1}).json


def test_it_is_a_number_of_its_own_where_nobody_says_so(api: Api) -> None:
    registered(api, "a,b,y\n" + "\n".join(LINES) + "\n")
    assert gaps(api) == [0, 0]


@pytest.mark.parametrize("cell", [999, 999.0, "999", " 999"])
@pytest.mark.parametrize("others", [[1, 2, 3], [1, 2.5, None]])
def test_a_number_that_stands_for_no_value_in_json(api: Api, cell: Any, others: list[Any]) -> None:
    X = {"a": [cell, *others], "b": [1, 2, 3, 4]}
    asked = {"X": X, "y": ["u", "u", "v", "v"], "k": 1, "na_values": ["999"], "missing": "impute"}
    assert api.register("knn", 1, **asked).status_code == 201
    assert gaps(api) == [1 + others.count(None), 0]


def test_a_row_without_a_label_is_left_out(api: Api) -> None:
    X = {"a": [1, 2, 3, 4]}
    asked = {"X": X, "y": [999, 0, 1, 1], "k": 1, "na_values": ["999"], "missing": "drop"}
    answer = api.register("knn", 1, **asked)
    assert answer.status_code == 201
    told = api.client.get("/models/knn/1").json
    assert told is not None
    assert told["classes"] == [0, 1]


def test_true_is_not_the_number_one(api: Api) -> None:
    X = {"a": [True, False, True, False]}
    answer = api.register("knn", 1, X=X, y=["u", "v"] * 2, k=1, na_values=["1"])
    assert answer.status_code == 201


@pytest.mark.parametrize("route", ["/predict", "/evaluate"])
def test_a_model_that_fills_no_gap_refuses_the_number(api: Api, route: str) -> None:
    registered(api, "a,b,y\n" + "\n".join(LINES[1:3] + LINES[4:]) + "\n", na_values="-999")
    query = urlencode({"model_type": "knn", "model_id": 1})
    sent = "a,b,y\n2,1,u\n-999,1,u\n"
    answer = api.client.post(f"{route}?{query}", data=sent, content_type="text/csv")
    assert answer.status_code == 422
    assert answer.json is not None
    assert answer.json["errors"][0]["loc"] == ["line", 3, "a"]


@pytest.mark.parametrize("kind", ["u", True])
def test_only_the_first_label_is_wrong_where_only_that_is_missing(api: Api, kind: object) -> None:
    answer = api.register("knn", 1, X=[[1], [2], [3]], y=[None, kind, kind], k=1)
    assert answer.status_code == 422
    assert answer.json is not None
    assert [fault["loc"] for fault in answer.json["errors"]] == [["kwargs", "y", 0]]


@pytest.mark.parametrize("mark", ["-", "?", "None", "-nan"])
def test_a_gap_mark_among_rows_of_numbers_is_told_what_fills_it(api: Api, mark: str) -> None:
    asked: dict[str, Any] = {"X": [[1, 2], [2, mark], [3, 4]], "y": [0, 1, 1], "k": 1}
    told = api.register("knn", 1, **asked).json
    assert told is not None
    assert f'("na_values": ["{mark}"], "missing": "impute" beside X does so)' in told["detail"]
    assert api.register("knn", 1, **asked | told["remedies"][0]["set"]).status_code == 201


@pytest.mark.parametrize("mark", ["NaN", "nan", " ", "-", "?", "-nan", "#NUM!"])
@pytest.mark.parametrize(
    "others", [[1.5, 2.5, 3.5], ["1.5", "2.5", "3.5"], [1, 2, 3], [True, False]]
)
@pytest.mark.parametrize("at", [0, 1])
def test_a_gap_mark_among_what_is_learned_leaves_its_row_out(
    api: Api, mark: str, others: list[Any], at: int
) -> None:
    y = [*others[:at], mark, *others[at:]]
    asked: dict[str, Any] = {"X": [[i] for i in range(len(y))], "y": y}
    model_type = "linear_regression" if others[0] is not True else "decision_tree"
    answer = api.register(model_type, 1, **asked)
    assert answer.status_code == 422
    assert answer.json is not None
    quoted = isinstance(others[0], str)
    if mark == " " and quoted:
        assert "is empty; give one, or leave the row out" in answer.json["errors"][0]["msg"]
        return
    faults = {fault["loc"][-1]: fault["msg"] for fault in answer.json["errors"]}
    assert list(faults) == (list(range(len(y))) if quoted else [at])
    assert "leave the row out of X and y (" in faults[at]
    numbers = [cell if cell == mark else json.loads(str(cell).lower()) for cell in y]
    asked |= {"y": numbers} | answer.json["remedies"][0]["set"]
    assert api.register(model_type, 1, **asked).status_code == 201
    sent = {"model_type": model_type, "model_id": 1, "features": asked["X"], "y": y}
    told = api.client.post("/evaluate", json=sent)
    assert "leave the row out of features and y" in told.text


def test_a_number_that_stands_for_no_value_in_a_csv_of_numbers_alone(api: Api) -> None:
    rows = [f"{i},{i % 7},{i % 2}" for i in range(60_000)]
    rows[50_000] = "-999.0,1,0"
    body = "a,b,y\n" + "\n".join(rows) + "\n"
    asked = {"model_type": "gauss_naive_bayes", "na_values": "-999", "missing": "impute"}
    query = urlencode({"model_id": 1, "target": "y"} | asked)
    sent = api.client.post(f"/register?{query}", data=body, content_type="text/csv")
    assert sent.status_code == 201, sent.text
    answer = api.client.get("/models/gauss_naive_bayes/1").json
    assert answer is not None
    assert [column["missing"] for column in answer["columns"]] == [1, 0]


def test_a_number_that_stands_for_no_value_in_a_tensor(api: Api) -> None:
    body = "a,b,y\n" + "\n".join(LINES) + "\n"
    registered(api, body, na_values="-999", missing="impute")
    answers = []
    for cell in (-999.0, 4.0):  # 4 is the median, which fills
        tensor = {"name": "X", "shape": [1, 2], "datatype": "FP64", "data": [cell, 4.0]}
        answer = api.client.post("/v2/models/knn/versions/1/infer", json={"inputs": [tensor]})
        assert answer.status_code == 200, answer.text
        assert answer.json is not None
        answers.append(answer.json["outputs"][0]["data"])
    assert answers[0] == answers[1]
