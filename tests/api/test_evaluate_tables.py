"""POST /evaluate with tables: CSV and JSON by name, in which a column is what is true."""

from typing import Any

import pytest

from tests.api.test_tables import COLUMNS, N, post, registered, rows_of, told, written
from tests.conftest import Api

Y = COLUMNS["survived"]
X = {name: cells for name, cells in COLUMNS.items() if name != "survived"}


def evaluated(api: Api, features: Any, status: int = 200, **more: Any) -> Any:
    ask = {"model_type": "knn", "model_id": 1, "features": features} | more
    return told(api.client.post("/evaluate", json=ask), status)


def by_csv(api: Api, body: bytes, status: int = 200, **query: Any) -> Any:
    asked = {"model_type": "knn", "model_id": 1} | query
    return told(post(api, "/evaluate", body, **asked), status)


def test_every_form_of_a_table_is_evaluated_alike(api: Api) -> None:
    registered(api)
    expected = evaluated(api, X, y=Y, importance=True)
    assert expected["n_samples"] == N
    assert 0.5 < expected["metrics"]["accuracy"] <= 1.0
    assert [one["column"] for one in expected["importance"]] == list(X)
    assert evaluated(api, rows_of(X), y=Y, importance=True) == expected
    assert evaluated(api, COLUMNS, importance=True) == expected
    assert evaluated(api, rows_of(COLUMNS), importance=True) == expected
    assert by_csv(api, written(COLUMNS), importance="true") == expected
    assert by_csv(api, written({"more": ["?"] * N} | COLUMNS), importance="true") == expected
    renamed = X | {"lived": Y}
    assert by_csv(api, written(renamed), target="lived", importance="true") == expected
    (alone,) = rows_of({name: cells[:1] for name, cells in COLUMNS.items()})
    assert evaluated(api, alone)["n_samples"] == 1


@pytest.mark.parametrize(
    ("labels", "keys", "more"),
    [
        ([3, -1], ["-1", "3"], {}),
        (["007", "1"], ["007", "1"], {}),
        ([2**60 + 1, 2**60], [str(2**60), str(2**60 + 1)], {}),
        (["true", "false"], ["false", "true"], {}),
        (["1", "x"], ["1", "x"], {"kinds": "kind:category"}),
    ],
)
def test_labels_are_those_of_the_model_however_few_of_them_come(
    api: Api, labels: list[Any], keys: list[str], more: dict[str, str]
) -> None:
    table = X | {"kind": [labels[i % 2] for i in range(N)]}
    registered(api, written(table), target="kind", **more)
    found = by_csv(api, written(table))
    assert list(found["classes"]) == keys
    assert sum(one["support"] for one in found["classes"].values()) == N
    assert all(one["support"] for one in found["classes"].values())
    first = {name: cells[:1] for name, cells in table.items()}
    alone = by_csv(api, written(first))
    assert list(alone["classes"]) == keys
    assert [one["support"] for one in alone["classes"].values()].count(1) == 1


def test_a_regression_and_a_type_without_y(api: Api) -> None:
    table: dict[str, list[Any]] = {
        "age": [float(i) for i in range(20)],
        "sum": [2.5 * i + 1 for i in range(20)],
    }
    registered(api, written(table), target="sum", model_type="linear_regression")
    found = by_csv(api, written(table), model_type="linear_regression")
    assert found["metrics"]["r2"] == pytest.approx(1.0)
    assert "classes" not in found
    asked: dict[str, Any] = {"model_type": "kmeans", "model_id": 1}
    told(post(api, "/register", written({"age": table["age"]}), n_clusters=2, **asked), 201)
    assert by_csv(api, written(table), **asked)["metrics"]["inertia"] > 0.0
    refused = by_csv(api, written(table), 422, **asked, target="sum")
    assert refused["errors"][0]["loc"] == ["query", "target"]


def test_a_model_of_a_matrix_takes_a_table_with_a_target(api: Api) -> None:
    rows = [[float(i), float(i % 3)] for i in range(12)]
    y = ["a" if i < 6 else "b" for i in range(12)]
    assert api.register("knn", 1, X=rows, y=y, feature_names=["p", "q"]).status_code == 201
    table: dict[str, list[Any]] = {
        "q": [row[1] for row in rows],
        "kind": y,
        "p": [row[0] for row in rows],
    }
    assert by_csv(api, written(table), target="kind") == evaluated(api, rows, y=y)
    refused = by_csv(api, written(table), 422)
    assert refused["errors"][0]["loc"] == ["query", "target"]
    assert "q, kind, p" in refused["errors"][0]["msg"]


def test_what_is_wrong_with_what_is_true_is_said_where_it_stands(api: Api) -> None:
    registered(api)
    gap = COLUMNS | {"survived": [*Y[:4], None, *Y[5:]]}
    assert by_csv(api, written(gap), 422)["errors"][0]["loc"] == ["line", 6, "survived"]
    assert evaluated(api, gap, 422)["errors"][0]["loc"] == ["features", "survived", 4]
    assert evaluated(api, rows_of(gap), 422)["errors"][0]["loc"] == ["features", 4, "survived"]
    for bare in (X, rows_of(X), [row[:4] for row in zip(*X.values(), strict=True)]):
        lacking = evaluated(api, bare, 422)["errors"][0]
        assert lacking["loc"] == ["y"]
        assert "as y, a list, or as the column survived" in lacking["msg"]
    rows = [list(row) for row in zip(*COLUMNS.values(), strict=True)]
    split = {"index": list(range(N)), "columns": list(COLUMNS), "data": rows}
    index = {str(i): row for i, row in enumerate(rows_of(COLUMNS))}
    tight = split | {"index_names": [None], "column_names": [None]}
    for orient in (split, tight, index, {"schema": {}, "data": rows_of(COLUMNS)}):
        for y in (None, Y):
            made = evaluated(api, orient, 422, **({} if y is None else {"y": y}))["errors"][0]
            assert made["loc"] == ["features"]
            assert "send df.to_dict('list')" in made["msg"]
    for other in (X | {"Survived": Y}, rows_of(X | {"Survived": Y})):
        lacking = evaluated(api, other, 422)["errors"][0]
        assert lacking["loc"][-1] == "Survived"
        assert "write survived, if this is it" in lacking["msg"]
    column = evaluated(api, COLUMNS, 422, y="survived")["errors"][0]
    assert column["loc"] == ["y"]
    assert "the column survived of the rows; leave y out" in column["msg"]
    absent = by_csv(api, written(X), 422)["errors"][0]
    assert absent["loc"] == ["line", 1, "survived"]
    assert "sex, age, port, vip" in absent["msg"]
    number = COLUMNS | {"survived": [1] * N}
    assert "y holds whole numbers" in evaluated(api, number, 422)["errors"][0]["msg"]
    for both in (COLUMNS, rows_of(COLUMNS)):
        twice = evaluated(api, both, 422, y=Y)["errors"][0]
        assert twice["loc"][-1] == "survived"
        assert "y is given as well; leave one out" in twice["msg"]
    for name, value, msg in (
        ("repeats", "0", "from 1 to 100"),
        ("importance", "yes", "true"),
        ("nix", "1", "there is no 'nix'; known are: model_type"),
    ):
        fault = by_csv(api, written(COLUMNS), 422, **{name: value})["errors"][0]
        assert fault["loc"] == ["query", name]
        assert msg in fault["msg"]


def test_numbers_are_needed_where_numbers_were_learned(api: Api) -> None:
    table: dict[str, list[Any]] = {
        "age": [float(i) for i in range(20)],
        "sum": [2.5 * i + 1 for i in range(20)],
    }
    registered(api, written(table), target="sum", model_type="linear_regression")
    wrong = table | {"sum": [*table["sum"][:7], "much", *table["sum"][8:]]}
    found = by_csv(api, written(wrong), 422, model_type="linear_regression")
    assert found["errors"][0]["loc"] == ["line", 9, "sum"]
