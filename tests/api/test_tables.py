"""Tables over HTTP, CSV and JSON: from what was sent to what is predicted, on every way there."""

import csv
import io
import json
import re
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode

import numpy as np
import pytest
from werkzeug.test import TestResponse

from fitserve.data import csv as csv_file
from fitserve.data import limits
from fitserve.models import catalog
from fitserve.predictor import Predictor
from fitserve.storage import codec
from tests.conftest import Api, start_server, until
from tests.models.data import kwargs_for

RNG = np.random.default_rng(5)
N = 60
SEX = ["male", "female"] * (N // 2)
PORT = [["Ö", "S, west", 'Q"'][i % 3] for i in range(N)]
AGE = [round(20 + 30 * (i % 2) + float(noise), 3) for i, noise in enumerate(RNG.normal(size=N))]
COLUMNS: dict[str, list[Any]] = {
    "sex": SEX,
    "age": [None if i % 11 == 3 else age for i, age in enumerate(AGE)],
    "port": PORT,
    "vip": [i % 4 == 0 for i in range(N)],
    "survived": [["no", "yes"][i % 2] for i in range(N)],
}
USED = [name for name in COLUMNS if name != "survived"]


def written(columns: dict[str, list[Any]], delimiter: str = ",") -> bytes:
    out = io.StringIO()
    rows = csv.writer(out, delimiter=delimiter)
    rows.writerow(columns)
    rows.writerows(zip(*columns.values(), strict=True))
    return out.getvalue().encode()


def rows_of(columns: dict[str, list[Any]]) -> list[dict[str, Any]]:
    return [dict(zip(columns, cells, strict=True)) for cells in zip(*columns.values(), strict=True)]


def post(api: Api, route: str, body: bytes, accept: Any = "*/*", **query: Any) -> TestResponse:
    return api.client.post(
        f"{route}?{urlencode(query)}",
        data=body,
        headers={"Content-Type": "text/csv", "Accept": accept},
    )


def told(answer: TestResponse, status: int = 200) -> Any:
    assert answer.status_code == status, answer.text
    return answer.json


def registered(api: Api, body: bytes = b"", **query: Any) -> Any:
    asked = {"model_type": "knn", "model_id": 1, "target": "survived", "missing": "impute"}
    return told(post(api, "/register", body or written(COLUMNS), **asked | query), 201)


# ----------------------------------------------------------------------------------- register


def test_a_csv_trains_a_model_that_tells_its_columns(api: Api) -> None:
    model = registered(api, n_neighbors=3)
    assert model["n_samples"] == N
    assert (model["n_features"], model["n_encoded"]) == (4, 7)
    assert model["feature_names"] == USED
    assert model["target"] == "survived"
    assert model["classes"] == ["no", "yes"]
    assert model["hyperparameters"]["n_neighbors"] == 3
    assert [(one["name"], one["kind"], one["missing"]) for one in model["columns"]] == [
        ("sex", "category", 0),
        ("age", "number", 6),
        ("port", "category", 0),
        ("vip", "number", 0),
    ]
    assert model["columns"][0]["categories"] == ["female", "male"]
    assert api.client.get("/models/knn/1").json == model


def test_json_by_rows_by_columns_and_csv_train_the_same_model(api: Api) -> None:
    y = COLUMNS["survived"]
    features = {name: COLUMNS[name] for name in USED}
    forms: list[dict[str, Any]] = [
        {"X": COLUMNS, "target": "survived"},
        {"X": rows_of(COLUMNS), "target": "survived"},
        {"X": features, "y": y},
        {"X": rows_of(features), "y": y},
        {"X": [list(row.values()) for row in rows_of(features)], "y": y, "feature_names": USED},
    ]
    answers = [
        told(
            api.register("logistic_regression", i, missing="impute", standardize=True, **form), 201
        )
        for i, form in enumerate(forms)
    ]
    answers.append(
        registered(api, model_type="logistic_regression", model_id=9, standardize="true")
    )
    for answer in answers:
        for changing in ("created", "training", "model_id", "target"):
            answer.pop(changing)
    assert all(answer == answers[0] for answer in answers)
    predicted = [
        told(api.predict("logistic_regression", i, features, probabilities=True))["probabilities"]
        for i in (*range(len(forms)), 9)
    ]
    assert all(one == predicted[0] for one in predicted)


@pytest.mark.parametrize(
    "cls", [cls for cls in catalog().values() if cls.supervised()], ids=lambda cls: cls.model_type()
)
def test_predictions_are_those_of_the_types_own_fit_on_the_matrix(api: Api, cls: Any) -> None:
    """In rows, in columns, in CSV, in lists, and one by one."""
    task = cls.tasks[-1]
    target: list[Any] = COLUMNS["survived"] if task == "classification" else AGE
    table: dict[str, list[Any]] = {
        "sex": SEX,
        "port": PORT,
        "n": [i % 7 for i in range(N)],
        "y": target,
    }
    model_type, options = cls.model_type(), kwargs_for(cls, task)
    told(api.register(model_type, 1, X=table, target="y", **options), 201)
    X = [
        [float(sex == v) for v in ("female", "male")]
        + [float(port == v) for v in sorted(set(PORT))]
        + [float(n)]
        for sex, port, n in zip(SEX, PORT, table["n"], strict=True)
    ]
    model = cls.from_kwargs(options).fit(X, target)
    expected = model.predict(np.array(X)).tolist()
    features = {name: table[name] for name in ("n", "sex", "port")}
    lists = [list(cells) for cells in zip(SEX, PORT, table["n"], strict=True)]
    answers = [
        told(api.predict(model_type, 1, form))["predictions"]
        for form in (features, rows_of(features), lists)
    ]
    answers.append(
        told(post(api, "/predict", written(table), model_type=model_type, model_id=1))[
            "predictions"
        ]
    )
    answers.append(
        [told(api.predict(model_type, 1, row))["prediction"] for row in rows_of(features)]
    )
    for answer in answers:
        if task == "classification":
            assert answer == expected
        else:
            np.testing.assert_allclose(answer, expected, rtol=1e-9)
    if model.has_probabilities:
        answer = told(api.predict(model_type, 1, features, probabilities=True))["probabilities"]
        rows = [list(one.values()) for one in answer]
        np.testing.assert_allclose(rows, model.predict_proba(np.array(X)), rtol=1e-9, atol=1e-12)


def test_query_parameters_have_the_types_of_what_they_are_for(api: Api) -> None:
    model = registered(
        api,
        model_type="decision_tree",
        max_depth=3,
        class_weight="balanced",
        min_impurity_decrease="1e-9",
        criterion="entropy",
        kinds="vip:number,port:category",
        drop="age",
        random_state=7,
    )
    chosen = model["hyperparameters"]
    assert chosen["max_depth"] == 3
    assert chosen["class_weight"] == "balanced"
    assert chosen["min_impurity_decrease"] == 1e-9
    assert chosen["criterion"] == "entropy"
    assert model["feature_names"] == ["sex", "port", "vip"]
    told_ = registered(
        api, model_type="gauss_naive_bayes", priors="0.25,0.75", standardize="false"
    )["hyperparameters"]
    assert told_["priors"] == [0.25, 0.75]


@pytest.mark.parametrize(
    ("query", "loc", "says"),
    [
        ({"n_neighbours": "3"}, ["query", "n_neighbours"], "known are"),
        ({"n_neighbors": "three"}, ["query", "n_neighbors"], "whole number"),
        ({"n_neighbors": "0"}, ["query", "n_neighbors"], "of at least 1"),
        ({"model_id": "01"}, ["query", "model_id"], "01"),
        ({"model_id": "1.0"}, ["query", "model_id"], "whole"),
        ({"missing": "fill"}, ["query", "missing"], "impute"),
        ({"kinds": "age"}, ["query", "kinds"], "NAME:KIND"),
        ({"kinds": "age:date"}, ["query", "kinds", "age"], "category"),
        ({"kinds": "ages:number"}, ["query", "kinds"], "no column 'ages'"),
        ({"drop": "nosuch"}, ["query", "drop"], "there are: sex"),
        ({"target": "nosuch"}, ["query", "target"], "there are: sex"),
        ({"max_words": "0"}, ["query", "max_words"], "from 1 to"),
        ({"delimiter": "ab"}, ["query", "delimiter"], "one character"),
        ({"drop": "sex,age,port,vip"}, ["query", "drop"], "no column is left"),
    ],
)
def test_what_is_wrong_with_the_query_is_said(
    api: Api, query: dict[str, str], loc: list[str], says: str
) -> None:
    asked = {"model_type": "knn", "model_id": "1", "target": "survived", "missing": "impute"}
    answer = post(api, "/register", written(COLUMNS), **asked | query)
    problem = told(answer, 422)
    assert problem["errors"][0]["loc"] == loc
    assert says in problem["errors"][0]["msg"]
    assert api.client.get("/models").json["models"] == []  # type: ignore[index]


def test_a_target_is_asked_for(api: Api) -> None:
    problem = told(post(api, "/register", written(COLUMNS), model_type="knn", model_id=1), 422)
    assert "there are: sex, age" in problem["detail"].lower()
    told(post(api, "/register", b"a,b\n1,2\n3,4\n5,9\n", model_type="pca", model_id=1), 201)
    problem = told(
        post(api, "/register", b"a,b\n1,2\n3,4\n", model_type="pca", model_id=2, target="b"), 422
    )
    assert problem["errors"][0]["loc"] == ["query", "target"]


def test_what_would_mend_a_table_is_proposed_in_the_callers_own_words(api: Api) -> None:
    table: dict[str, list[Any]] = {
        "when, exactly": ["2020-01-01", "2020-01-02"],
        "n": [1, None],
        "y": [1, 2],
    }
    answer = post(
        api, "/register", written(table), model_type="linear_regression", model_id=1, target="y"
    )
    problem = told(answer, 422)
    proposed = problem["detail"].rpartition(" Add ")[2]
    assert proposed == f"drop={quote(json.dumps(['when, exactly']), safe=',')}&missing=impute"
    assert problem["remedies"] == [
        {"words": "leaves when, exactly out", "set": {"drop": ["when, exactly"]}},
        {"words": "fills empty cells", "set": {"missing": "impute"}},
    ]
    mended = api.client.post(
        f"/register?model_type=linear_regression&model_id=1&target=y&{proposed}",
        data=written(table),
        content_type="text/csv",
    )
    told(mended, 201)
    problem = told(api.register("linear_regression", 2, X=table, target="y"), 422)
    proposed = problem["detail"].rpartition(" Add ")[2]
    told(
        api.register("linear_regression", 2, X=table, target="y", **json.loads(f"{{{proposed}}}")),
        201,
    )


def test_a_model_says_where_in_the_table_it_is_wrong(api: Api) -> None:
    body = b"a,b,y\n1,2,0\n\n3,-4,1\n"
    asked = {"model_type": "multi_naive_bayes", "model_id": 1, "target": "y"}
    problem = told(post(api, "/register", body, **asked), 422)
    assert problem["errors"][0]["loc"] == ["line", 4, "b"]
    table = {"a": [1, None, 3], "b": [2, 5, -4], "y": [0, 1, 1]}
    kwargs = {"X": table, "target": "y", "missing": "drop"}
    problem = told(api.register("multi_naive_bayes", 1, **kwargs), 422)
    assert problem["errors"][0]["loc"] == ["kwargs", "X", "b", 2]
    told(post(api, "/register", body.replace(b"-", b""), **asked), 201)
    answer = post(api, "/predict", body, model_type="multi_naive_bayes", model_id=1)
    assert told(answer, 422)["errors"][0]["loc"] == ["line", 4, "b"]
    problem = told(api.predict("multi_naive_bayes", 1, [{"a": 1, "b": 2}, {"a": 1, "b": -2}]), 422)
    assert problem["errors"][0]["loc"] == ["features", 1, "b"]
    problem = told(api.predict("multi_naive_bayes", 1, {"a": 1, "b": -2}), 422)
    assert problem["errors"][0]["loc"] == ["features", "b"]


def test_a_y_that_the_type_cannot_learn_is_located_in_its_column(api: Api) -> None:
    table: dict[str, list[Any]] = {"n": [1, 2, 3], "y": ["a", "b", "a"]}
    answer = post(
        api, "/register", written(table), model_type="linear_regression", model_id=1, target="y"
    )
    assert told(answer, 422)["errors"][0]["loc"] == ["line", 2, "y"]
    problem = told(api.register("linear_regression", 1, X=table, target="y"), 422)
    assert problem["errors"][0]["loc"] == ["kwargs", "X", "y", 0]


# ------------------------------------------------------------------------------------ predict


def test_columns_in_another_order_and_others_beside_them_change_nothing(api: Api) -> None:
    registered(api, model_type="logistic_regression", standardize="true")
    asked = {"model_type": "logistic_regression", "model_id": 1, "probabilities": "true"}
    expected = told(post(api, "/predict", written(COLUMNS), **asked))
    turned = {name: COLUMNS[name] for name in reversed(COLUMNS)}
    more = {"id": list(range(N)), **turned, "note": ["x,y"] * N}
    for columns in (turned, more, {name: COLUMNS[name] for name in USED}):
        assert told(post(api, "/predict", written(columns), **asked)) == expected
    assert told(post(api, "/predict", written(more, ";"), **asked)) == expected


def test_the_answer_as_csv_is_the_csv_and_columns_more(api: Api) -> None:
    registered(api)
    body = written(COLUMNS)
    asked = {"model_type": "knn", "model_id": 1}
    labels = told(post(api, "/predict", body, **asked))["predictions"]
    answer = post(api, "/predict", body, "text/csv", **asked)
    assert answer.mimetype == "text/csv"
    rows = list(csv.reader(io.StringIO(answer.text, newline="")))
    assert rows[0] == [*COLUMNS, "prediction"]
    assert [row[-1] for row in rows[1:]] == labels
    assert [row[:-1] for row in rows] == list(csv.reader(io.StringIO(body.decode(), newline="")))
    answer = post(api, "/predict", body, "text/csv", probabilities="true", **asked)
    rows = list(csv.reader(io.StringIO(answer.text, newline="")))
    assert rows[0][-3:] == ["prediction", "p(no)", "p(yes)"]
    assert all(float(row[-1]) + float(row[-2]) == pytest.approx(1.0) for row in rows[1:])
    told(post(api, "/register", b"a,b\n1,2\n3,4\n5,9\n", model_type="pca", model_id=1), 201)
    answer = post(api, "/predict", b"b,a\n1,2\n", "text/csv", model_type="pca", model_id=1)
    assert answer.text.splitlines()[0] == "b,a,prediction.0,prediction.1"


def test_a_model_of_a_matrix_takes_csv_too(api: Api) -> None:
    X = [[float(i), float(i % 3)] for i in range(12)]
    told(
        api.register("linear_regression", 1, X=X, y=list(range(12)), feature_names=["a", "b"]), 201
    )
    asked = {"model_type": "linear_regression", "model_id": 1}
    assert told(post(api, "/predict", b"b,a\n0,3\n", **asked))["predictions"] == pytest.approx(
        [3.0]
    )
    told(api.register("linear_regression", 2, X=X, y=list(range(12))), 201)
    answer = post(api, "/predict", b"3,0\n", header="false", **asked | {"model_id": 2})
    assert told(answer)["predictions"] == pytest.approx([3.0])


@pytest.mark.parametrize(
    ("body", "loc", "says"),
    [
        (b"sex,age,port\nmale,1,S\n", ["line", 1, "vip"], "there are: sex, age, port"),
        (b'sex,age,port,vip\nmale,x,Q""\n', None, ""),
        (
            b"sex,age,port,vip\nmale,1,\xc3\x96,true\nalien,1,\xc3\x96,true\n",
            ["line", 3, "sex"],
            "alien",
        ),
        (b"sex,age,port,vip\nmale,old,\xc3\x96,true\n", ["line", 2, "age"], "'old'"),
        (b"sex,age,port,vip\n", ["line", 1], "no row"),
        (b"sex,age,port,vip\nmale,1e999,\xc3\x96,true\n", ["line", 2, "age"], "finite"),
    ],
)
def test_rows_that_cannot_be_predicted_are_named(
    api: Api, body: bytes, loc: list[Any] | None, says: str
) -> None:
    registered(api)
    answer = post(api, "/predict", body, "text/csv", model_type="knn", model_id=1)
    problem = told(answer, 422)
    assert loc is None or problem["errors"][0]["loc"] == loc
    assert says in problem["errors"][0]["msg"]


@pytest.mark.parametrize(
    ("query", "loc"),
    [
        ({"probabilities": "yes"}, ["query", "probabilities"]),
        ({"n_neighbors": "3"}, ["query", "n_neighbors"]),
        ({"model_id": "-1"}, ["query", "model_id"]),
    ],
)
def test_what_is_wrong_with_the_query_of_a_prediction_is_said(
    api: Api, query: dict[str, str], loc: list[str]
) -> None:
    registered(api)
    answer = post(api, "/predict", written(COLUMNS), **{"model_type": "knn", "model_id": 1} | query)
    assert told(answer, 422)["errors"][0]["loc"] == loc


def test_json_names_what_is_missing_and_what_is_not_used(api: Api) -> None:
    registered(api)
    row = {"sex": "male", "age": 3, "port": "Ö"}
    problem = told(api.predict("knn", 1, {**row, "survived": "no"}), 422)
    assert [error["loc"] for error in problem["errors"]] == [
        ["features", "vip"],
        ["features", "survived"],
    ]
    assert told(api.predict("knn", 1, {**row, "vip": None}))["prediction"] in ("no", "yes")


def test_other_media_types_are_refused(api: Api) -> None:
    answer = api.client.post("/predict?model_type=knn", data=b"a\n1\n", content_type="text/plain")
    assert answer.status_code == 415
    assert "text/csv" in told(answer, 415)["detail"]
    answer = api.client.post(
        "/register", data=b"a\n1\n", headers={"Content-Type": "text/csv; charset=latin-1"}
    )
    assert "UTF-8" in told(answer, 415)["detail"]
    answer = api.client.post("/list", data=b"a\n1\n", content_type="text/csv")
    assert answer.status_code == 415


@pytest.mark.parametrize("rows", [1, 7, 64])
def test_rows_are_predicted_in_blocks_and_faults_found_in_any(
    api: Api, rows: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    registered(api, model_type="logistic_regression", standardize="true", unknown="error")
    asked: dict[str, Any] = {"model_type": "logistic_regression", "model_id": 1}
    features = {name: COLUMNS[name] * 40 for name in USED}
    body = written(features)
    whole = told(post(api, "/predict", body, **asked))["predictions"]
    assert len(whole) == 40 * N
    monkeypatch.setattr(csv_file, "_CELLS", 400)  # so that the file's blocks are others
    monkeypatch.setattr(Predictor, "over", in_blocks_of(rows))
    assert told(post(api, "/predict", body, **asked))["predictions"] == whole
    answer = post(api, "/predict", body, "text/csv", **asked)
    assert [line.rpartition(",")[2] for line in answer.text.splitlines()[1:]] == whole
    ask = ("logistic_regression", 1)
    assert told(api.predict(*ask, features))["predictions"] == whole
    assert told(api.predict(*ask, rows_of(features)))["predictions"] == whole
    features["sex"][2300] = "alien"
    answer = post(api, "/predict", written(features), **asked)
    assert told(answer, 422)["errors"][0]["loc"] == ["line", 2302, "sex"]
    problem = told(api.predict(*ask, features), 422)
    assert problem["errors"][0]["loc"] == ["features", "sex", 2300]
    problem = told(api.predict(*ask, rows_of(features)), 422)
    assert problem["errors"][0]["loc"] == ["features", 2300, "sex"]


def in_blocks_of(rows: int) -> Any:
    def over(self: Predictor, n_rows: int, cost: float, blocks: Any, predict: Any) -> list[Any]:
        found = list(blocks(rows))
        sizes = [len(block) for block in found]
        assert set(sizes[:-1]) <= {rows}
        assert 0 < sizes[-1] <= rows
        return [predict(block) for block in found]

    return over


def test_what_has_columns_is_stored_in_a_format_that_older_programs_refuse() -> None:
    assert codec.pack({}, {"columns": {}}).format == codec.FORMAT > codec.PLAIN
    assert codec.pack({}, {}).format == codec.PLAIN


def test_a_fault_of_y_is_located_in_the_rows_that_were_sent(api: Api) -> None:
    y = [0, None, 1, 0.5]
    kwargs: dict[str, Any] = {"X": {"n": [1, 2, 3, 4]}, "missing": "drop"}
    problem = told(api.register("gauss_naive_bayes", 1, y=y, **kwargs), 422)
    assert problem["errors"][0]["loc"] == ["kwargs", "y", 3]


# ------------------------------------------------------------------------- validation, training


def test_what_is_learned_of_columns_is_learned_in_each_fold_anew(api: Api) -> None:
    """A word that stands in one row alone is no column of a model that has not seen the row."""
    n = 40
    table = {
        "code": [f"c{i // 2}" for i in range(n)],
        "age": [None if i % 5 == 0 else float(i) for i in range(n)],
        "text": [f"word{i} same" for i in range(n)],
        "y": ["a" if i % 3 else "b" for i in range(n)],
    }
    kwargs = {"X": table, "target": "y", "missing": "impute", "kinds": {"text": "text"}}
    model = told(api.register("multi_naive_bayes", 1, cv=5, importance=True, **kwargs), 201)
    validation = model["training"]["validation"]
    assert len(validation["scores"]) == 5
    assert [one["column"] for one in model["training"]["importance"]] == ["code", "age", "text"]
    assert model["training"]["score"] > validation["mean"]


def test_a_queued_training_knows_its_columns(api: Api) -> None:
    kwargs = {"X": COLUMNS, "target": "survived", "missing": "impute", "cv": 3}
    body = {"model_type": "knn", "model_id": 1, "kwargs": kwargs}
    answer = api.client.post("/register", json=body, headers={"Prefer": "respond-async"})
    waiting = told(answer, 202)
    assert waiting["columns"][0]["categories"] == ["female", "male"]
    ready = until(
        lambda: (m := api.client.get("/models/knn/1").json) and m["status"] != "training" and m
    )
    assert ready["columns"] == waiting["columns"]
    in_place = told(api.register("knn", 2, **kwargs), 201)
    for name in ("n_features", "n_encoded", "feature_names", "columns", "target", "advice"):
        assert ready[name] == in_place[name]
    assert ready["training"]["validation"] == in_place["training"]["validation"]
    features = {name: COLUMNS[name] for name in USED}
    assert (
        told(api.predict("knn", 1, features))["predictions"]
        == told(api.predict("knn", 2, features))["predictions"]
    )


def test_a_model_with_columns_survives_a_restart_and_another_worker(tmp_path: Path) -> None:
    big = {name: cells * 200 for name, cells in COLUMNS.items()}  # large enough to train apart
    kwargs = {"X": big, "target": "survived", "missing": "impute", "standardize": True}
    body = {"model_type": "logistic_regression", "model_id": 77, "kwargs": kwargs | {"cv": 2}}
    features = {name: COLUMNS[name] for name in USED}
    ask = {"model_type": "logistic_regression", "model_id": 77, "features": features}
    answers = []
    for start in range(2):
        server = start_server(tmp_path / "log", WEB_CONCURRENCY="2")
        if start == 0:
            status, model = server.ask("POST", "/register", body)
            assert status == 201, model
            assert model["training"]["validation"]["folds"] == 2
        asked = ask | {"probabilities": True}
        answers += [server.ask("POST", "/predict", asked) for _ in range(12)]  # of both workers
        server.process.terminate()
        server.process.wait(timeout=40)
    assert answers[0][0] == 200
    assert all(answer == answers[0] for answer in answers)


# ------------------------------------------------------------------------------------- limits


def test_limits_are_published_and_refused_before_any_training(
    api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    told_ = told(api.client.get("/types/knn"))
    assert told_["limits"].keys() == {
        "rows", "cells", "classes", "categories", "words", "memory_mb"}  # fmt: skip
    properties = told_["kwargs"]["properties"]
    assert properties["max_categories"]["maximum"] == told_["limits"]["categories"]
    assert properties["max_words"]["maximum"] == told_["limits"]["words"]
    assert {"target", "missing", "unknown", "kinds", "drop", "standardize"} <= properties.keys()
    table = {"c": ["a", "b", "c"] * 4, "y": [float(i) + 0.5 for i in range(12)]}
    monkeypatch.setattr(limits, "CELLS", 35)
    problem = told(api.register("knn", 1, X=table, target="y"), 422)
    assert "12 rows of 3 columns" in problem["detail"]
    assert "36 cells, over the limit of 35" in problem["detail"]
    monkeypatch.setattr(limits, "ROWS", 11)
    problem = told(api.register("knn", 1, X=table, target="y"), 422)
    assert "12 rows are over the limit of 11" in problem["detail"]
    monkeypatch.setattr(limits, "CLASSES", 11)
    problem = told(api.register("knn", 1, X=[[i] for i in range(12)], y=list("abcdefghijkl")), 422)
    assert "12 different labels, over the limit of 11" in problem["detail"]


# ------------------------------------------------------------------------------------- advice


@pytest.mark.parametrize(
    ("columns", "words", "set_"),
    [
        ({"x": [7] * 12}, "x: the same in every row", {"drop": ["x"]}),
        ({"x": ["a"] * 12}, "x: the same in every row", {"drop": ["x"]}),
        ({"x": list(range(12, 0, -1))}, "x: counts the rows", {"drop": ["x"]}),
        ({"x": list(range(1000, 1012))}, "x: counts the rows", {"drop": ["x"]}),
        ({"x": list(range(101, 113))}, "x: counts the rows", {"drop": ["x"]}),
        ({"user id": list(range(5017, 5029))}, "user id: counts the rows", {"drop": ["user id"]}),
        ({"x": [5, 1, 4] * 4, "z": [5, 1, 4] * 4}, "z as x: the same", {"drop": ["z"]}),
        ({"x": list("abc") * 4, "z": list("abc") * 4}, "z as x: the same", {"drop": ["z"]}),
        ({"x": [1, 2, 4] * 4, "z": [100, 900, 400] * 4}, "z spreads", {"standardize": True}),
        ({"x": list("abc") * 4, "z": [100, 900, 400] * 4}, "z spreads", {"standardize": True}),
    ],
)
def test_what_is_worth_knowing_of_a_table_is_advised(
    api: Api, columns: dict[str, list[Any]], words: str, set_: dict[str, Any]
) -> None:
    table = columns | {"y": ["u", "v"] * 6}
    advice = told(api.register("knn", 1, X=table, target="y"), 201)["advice"]
    (found,) = [one for one in advice if words in one["words"]]
    assert found["set"] == set_
    after = (
        told(api.register("knn", 2, X=table, target="y", **set_), 201) if len(columns) > 1 else {}
    )
    assert not [one for one in after.get("advice", []) if words in one["words"]]


def csv_of(header: str, *lines: str) -> bytes:
    return "\n".join([header, *lines, ""]).encode()


def counted(*cells: str, n: int = 12) -> bytes:
    """A column of these cells over and over, one of numbers, and y of two classes."""
    lines = [f"{cells[i % len(cells)]},{i * i % 17 + 0.5},{'uv'[i * 7 % 5 % 2]}" for i in range(n)]
    return csv_of("c,x,y", *lines)


SITES = ["s0,20,210", "s1,31,290", "s2,27,300", "s1,24,250"]
NINES = [f"{i % 7},{i * 3 % 11},{'uv'[i * 7 % 5 % 2]}" for i in range(12)]


@pytest.mark.parametrize(
    ("body", "query", "words", "set_"),
    [
        (csv_of("c,x,y", *SITES, "Total,102,1050"), {}, "line 6 c is 'Total': it was", None),
        (csv_of("y,x,c", "1,20,a", "2,31,b", "3,9,a", "6,60,TOTAL:"), {"n_neighbors": 1},
         "line 5 c is", None),
        (csv_of("c,x,y", *SITES, "Average,25.5,262.5", "Sum,102,1050"), {}, "6 to 7 c is", None),
        (csv_of("c,x,y", *SITES, "Mean,25.5,262"), {}, "line 6 c is 'Mean'", None),
        (csv_of("c,x,y", *SITES, "s2,9,80", "s1,111,1130"), {}, "line 7 the numbers are", None),
        (csv_of("x,z,y", "1,2,u", "2,1,v", "3,3,v", "4,4,u", "9,9,Grand Total"), {"n_neighbors": 1},
         "line 6 y is 'Grand Total'", None),
        (counted("1.2 ± 0.1", "3 ± 0.2"), {}, "c: '1.2 ± 0.1' and '3 ± 0.2' were", None),
        (counted("1.2k", "2.1M", "3k"), {}, "all their digits", None),
        (counted("20 million", "30 thousand"), {}, "all their digits", None),
        (counted("11mg/dL", "21h"), {}, "all in one unit", None),
        (counted("'1.2", "'2"), {}, "without the quote", None),
        (counted("~1.2", "~2"), {}, "without the sign", None),
        (counted("Berlin", "berlin", "Bonn", "BERLIN"), {},
         "c: 'BERLIN' and 'Berlin' and 'berlin': these are categories", None),
        (counted(*"abcdefghi", n=9), {}, "c: a different text in each of the 9", {"drop": ["c"]}),
        (csv_of("a,b,y", *NINES, "-999,5,u"), {}, "-999 in a: far",
         {"na_values": ["-999"], "missing": "impute"}),
        (csv_of("a,b,y", *NINES, "-999,9999,u", "9999,5,v"), {}, "-999 and 9999 in a, 9999 in b",
         {"na_values": ["-999", "9999"], "missing": "impute"}),
        (csv_of("a,y", *(f"{i},{i * 3 % 11}.5" for i in range(12)), "3,-9999"), {}, "-9999 in y",
         {"na_values": ["-9999"], "missing": "drop"}),
        (csv_of("a,b,y", *NINES, "3,5,?"), {"n_neighbors": 3}, "'?' is a class like any other",
         {"na_values": ["?"], "missing": "drop"}),
        *(
            (csv_of("a,b,y", *NINES, f"3,5,{mark}"), {"n_neighbors": 3}, f"{mark!r} is a class",
             {"na_values": [mark], "missing": "drop"})
            for mark in ("None", "none", "NIL", "(null)", "<NA>")
        ),
        *(
            (counted(*["pq", "rs"] * 4, mark), {}, f"{mark!r} in c: a category like any other",
             {"na_values": [mark], "missing": "impute"})
            for mark in ("?", "-", "None", "\\N", "n.a.", "NaT")
        ),
        (counted(*["P", "R"] * 4, "?"), {}, "'?' in c", {"na_values": ["?"], "missing": "impute"}),
        (csv_of("a,b,y", *NINES, "3,5,unknown", "4,1,-"), {"n_neighbors": 3}, "'-' and 'unknown'",
         {"na_values": ["-", "unknown"], "missing": "drop"}),
        (csv_of("a,y", *(f"{i % 5},{i % 3}" for i in range(12)), "3,-99"), {"task":
         "classification"}, "'-99' is a class", {"na_values": ["-99"], "missing": "drop"}),
        (csv_of("a;b;y", "1.234;1;u", "12.345;5;v", "2.450;3;u", "7;2;v"), {"n_neighbors": 1},
         "a: three digits behind each point", None),
        (csv_of("b,sp,y", *(f"{i % 7},{'pq'[i % 2]},{'uv'[i % 2]}" for i in range(12))), {},
         "sp: in each of the 12 rows it tells", {"drop": ["sp"]}),
        (csv_of("b,z,y", *(f"{i % 7},{3 - i % 3},{'uvw'[i % 3]}" for i in range(18))),
         {"standardize": "true"}, "z: in each of the 18 rows", {"drop": ["z"]}),
        (csv_of("b,z,y", *(f"{i % 7},{i * 3 % 11}.5,{i * 3 % 11}.5" for i in range(12))), {},
         "z: in each of the 12 rows", {"drop": ["z"]}),
        (csv_of("b,z,y", *(f"{i % 7},{i * 3 % 11}.5,{i * 3 % 11}.5" for i in range(12))),
         {"standardize": "true"}, "z: in each of the 12 rows", {"drop": ["z"]}),
        (csv_of("a,b,y", *NINES, *NINES), {"cv": 3}, "24 of 24 rows stand more than once", None),
        (csv_of("a,b,y", *(f"{i % 20}.5,{i % 20 * 3 % 11},{i % 20 * 7 % 5}.5" for i in range(29))),
         {"holdout": 0.3}, "18 of 29 rows stand more than once", None),
    ],
)  # fmt: skip
def test_what_cells_may_mean_beside_what_they_were_taken_for_is_advised(
    api: Api, body: bytes, query: dict[str, Any], words: str, set_: dict[str, Any] | None
) -> None:
    asked = {"model_type": "knn", "model_id": 1, "target": "y"} | query
    advice = told(post(api, "/register", body, **asked), 201)["advice"]
    (found,) = [one for one in advice if words in one["words"]]
    assert found["set"] == set_
    if set_:
        members = {
            name: ",".join([one] if isinstance(one, str) else one) for name, one in set_.items()
        }
        after = told(post(api, "/register", body, **asked | members | {"model_id": 2}), 201)
        assert not [one for one in after["advice"] if words in one["words"]]
        assert "999" not in words or all("scale" not in one["words"] for one in advice)


@pytest.mark.parametrize(
    ("body", "query"),
    [
        (csv_of("c,x,y", "Total,9,9", *SITES, "s2,9,80"), {}),
        (csv_of("c,x,y", "poor,1,210", "good,3,290", "good,4,300", "average,9,250"), {}),
        (csv_of("c,x,y", "a,1,2", "Total,2,4", "b,3,6", "Total,6,12"), {}),
        (counted("4wd", "fwd", "2wd"), {}),
        (counted("1st", "2nd", "3rd"), {}),
        (counted("1B", "2B", "3M"), {}),
        (counted("18-24", "25-30", "65+"), {}),
        (counted("XL", "S", "M"), {}),
        (counted("Köln", "Koln"), {}),
        (csv_of("a,b,y", *NINES, "-12,40,u", "99,20,v"), {}),
        (csv_of("a,b,y", *(f"{i * 99 - 999},{i * 909},{'uv'[i % 2]}" for i in range(12))), {}),
        (csv_of("a,b,y", *NINES).replace(b"u", b"+").replace(b"v", b"-"), {}),
        (csv_of("a,b,y", *NINES).replace(b"u", b"none"), {}),
        (csv_of("a,b,y", *NINES).replace(b"u", b"?"), {}),
        (csv_of("a,b,y", *(f"{i % 7},{i % 5},{('none', 'mild', 'bad')[i % 3]}" for i in range(15))),
         {}),
        (csv_of("a,b,y", *(f"{i % 7},{i % 5},{('None', 'Mild', 'Bad')[i % 3]}" for i in range(15))),
         {}),
        (counted(*["None", "Mild", "Bad"] * 4), {}),
        (counted(*["none", "mild", "bad"] * 4), {}),
        (counted(*["unknown", "cellular", "telephone"] * 4), {}),
        (counted(*["+", "-", "++"] * 4), {}),
        (csv_of("a;b;y", "1.234;1.5;u", "2.345;5;v", "2.450;3;u"), {"n_neighbors": 1}),
        (csv_of("a;b;y", "0.234;1;u", "2.345;5;v", "2.450;3;u"), {"n_neighbors": 1}),
        (csv_of("a,b,y", "1.234,1,u", "2.345,5,v", "2.450,3,u"), {"n_neighbors": 1}),
        (csv_of("a,b,y", *NINES, *NINES), {}),
        (csv_of("a,b,y", *(f"{i % 2},{i % 3},{'uv'[i % 5 % 2]}" for i in range(50))), {"cv": 3}),
        (csv_of("a,b,y", *NINES, *NINES[:2]), {"cv": 3}),
        (csv_of("x,y", *(f"{i},{i}" for i in range(1, 6))), {"task": "regression"}),
        (csv_of("x,y", *(f"{i},{2 * i + 1}.5" for i in (1, 9, 3, 7, 2, 5, 11, 8, 4, 6))), {}),
        (csv_of("a,b,y", *(f"{i}e-100,{i * 7 % 9}e-100,{'uv'[i % 2]}" for i in range(1, 8))), {}),
        (csv_of("x,y", *(f"{i}.5e-100,{i * 7 % 11}.5e-100" for i in range(1, 12))), {}),
    ],
)  # fmt: skip
def test_tables_that_look_alike_are_not_advised_of(
    api: Api, body: bytes, query: dict[str, Any]
) -> None:
    asked = {"model_type": "decision_tree", "model_id": 1, "target": "y"} | query
    asked.pop("n_neighbors", None)
    advice = told(post(api, "/register", body, **asked), 201)["advice"]
    new = (
        "In line|were taken|of their own|of its own|far from|three digits|tells what|"
        "more than once|like any other"
    )
    assert [one for one in advice if re.search(new, one["words"])] == []


def test_the_same_is_told_of_json(api: Api) -> None:
    X = [[i % 7, i * 3 % 11] for i in range(12)]
    y = ["uv"[i * 7 % 5 % 2] for i in range(12)]
    sums = {"c": ["a", "b", "a", "Total"], "x": [1, 2, 3, 6]}
    for kwargs, words in (
        ({"X": [*X, [-999, 3]], "y": [*y, "u"]}, "-999 in column 0: far"),
        ({"X": X, "y": [*y[:-1], "?"]}, "'?' is a class like any other"),
        ({"X": [[*row, "uv".index(label)] for row, label in zip(X, y, strict=True)], "y": y}, "2:"),
        ({"X": sums, "y": [1.5, 2.5, 3.5, 7.5]}, "In row 3, counted from 0, c is 'Total'"),
    ):
        advice = told(api.register("knn", 1, **kwargs, k=3), 201)["advice"]
        (found,) = [one for one in advice if words in one["words"]]
        if found["set"]:
            after = told(api.register("knn", 2, **kwargs, k=3, **found["set"]), 201)
            assert not [one for one in after["advice"] if words in one["words"]]
        assert api.client.delete("/models/knn/1").status_code in (200, 204)
        api.client.delete("/models/knn/2")


def test_types_that_do_not_mind_the_scale_are_not_advised_of_it(api: Api) -> None:
    table = {"x": [1, 2, 4] * 4, "z": [100, 900, 400] * 4, "y": ["u", "v"] * 6}
    advice = told(api.register("decision_tree", 1, X=table, target="y"), 201)["advice"]
    assert not any("standardize" in (one["set"] or {}) for one in advice)


@pytest.mark.parametrize("name", ["year", "valid", "node"])
def test_years_and_the_like_do_not_count_rows(api: Api, name: str) -> None:
    table = {name: list(range(1990, 2002)), "y": ["u", "v"] * 6}
    assert "counts the rows" not in api.register("decision_tree", 1, X=table, target="y").text


@pytest.mark.parametrize("model_type", ["linear_regression", "decision_tree"])
@pytest.mark.parametrize("X", [[[1], [2], [3]], {"a": [1, 2, 3]}])
def test_a_quantity_that_is_the_same_everywhere_is_advised_of(
    api: Api, model_type: str, X: Any
) -> None:
    for model_id, y in enumerate([[2.5, 2.5, 2.5], [2.5, 2.5, 1.5]]):
        advice = told(api.register(model_type, model_id, X=X, y=y), 201)["advice"]
        assert ["y is 2.5 in every row" in one["words"] for one in advice] == [True] * (
            1 - model_id
        )


@pytest.mark.parametrize("X", [[[1], [2], [9], [8]], {"a": [1, 2, 9, 8]}])
def test_a_name_that_others_use_for_something_else_is_advised_of(api: Api, X: Any) -> None:
    for model_id, name in enumerate(["alpha", "learning_rate"]):
        kwargs = {"X": X, "y": [0, 0, 1, 1], name: 0.1, "max_iter": 5}
        answer = told(api.register("logistic_regression", model_id, **kwargs), 201)
        assert answer["hyperparameters"]["learning_rate"] == 0.1
        words = [one["words"] for one in answer["advice"]]
        assert any("alpha is learning_rate here" in one for one in words) == (name == "alpha")


def test_the_column_that_is_predicted_is_no_part_of_what_is_asked(api: Api) -> None:
    table = {"a": [1, 2, 9, 8], "ok": ["u", "u", "v", "v"]}
    assert api.register("knn", 1, X=table, target="ok", k=1).status_code == 201
    for features in ({"a": 1, "ok": "u"}, [{"a": 1, "ok": "u"}], {"a": [1], "ok": ["u"]}):
        fault = told(api.predict("knn", 1, features), 422)["errors"][0]
        assert "this is what the model predicts; leave it out" in fault["msg"]
        ask = {"model_type": "knn", "model_id": 1, "features": features}
        assert api.client.post("/evaluate", json=ask).status_code == 200


def test_how_many_rows_were_left_out_is_told(api: Api) -> None:
    model = registered(api, missing="drop")
    assert model["n_samples"] == N - 6
    (advice,) = [one for one in model["advice"] if "left out" in one["words"]]
    assert advice["words"].startswith("6 of 60 rows")
    assert advice["set"] == {"missing": "impute"}
    assert [one["missing"] for one in model["columns"]] == [0, 6, 0, 0]


def test_rare_classes_are_advised_of(api: Api) -> None:
    table = {"x": [1, 5, 3, 2] * 5, "y": ["u", "v"] * 9 + ["w"] * 2}
    advice = told(api.register("decision_tree", 1, X=table, target="y"), 201)["advice"]
    assert [one["words"].partition(":")[0] for one in advice] == ["w"]
    table["y"] = [f"c{i // 2}" for i in range(20)]
    advice = told(api.register("decision_tree", 2, X=table, target="y"), 201)["advice"]
    assert "10 classes in 20 rows" in advice[0]["words"]


@pytest.mark.parametrize("route", ["/register", "/predict", "/evaluate", "/list"])
def test_a_query_beside_json_is_not_ignored(api: Api, route: str) -> None:
    answer = api.client.post(f"{route}?model_id=7&probabilities=true", json={"model_type": "pca"})
    assert answer.status_code == 422
    assert answer.json is not None
    assert [fault["loc"] for fault in answer.json["errors"]] == [
        ["query", "model_id"],
        ["query", "probabilities"],
    ]


def test_a_dry_run_is_asked_for_in_the_query_of_json_too(api: Api) -> None:
    ask = {"model_type": "pca", "model_id": 1, "kwargs": {"X": [[1, 2], [3, 5], [2, 2]]}}
    assert api.client.post("/register?dry_run=true", json=ask).status_code == 200
    assert api.client.post("/register?dry_run=maybe", json=ask).status_code == 422
    assert api.client.post("/register", json=ask).status_code == 201


def test_rows_of_numbers_with_gaps_or_text_are_told_how_a_table_is_sent(api: Api) -> None:
    """And what is told so works: kwargs with what the remedy sets."""
    y = [0, 1, 0, 1]
    for X, says in (
        ([[1, None], [2, 5], [3, 6], [4, 7]], "'impute' or 'drop'"),
        ([[1, "a"], [2, "b"], [3, "a"], [4, "b"]], "columns by name"),
    ):
        kwargs: dict[str, Any] = {"X": X, "y": y, "k": 1, "feature_names": ["n", "s"]}
        answer = told(api.register("knn", 1, **kwargs), 422)
        assert says in answer["errors"][0]["msg"]
        assert "column 's'" in answer["errors"][0]["msg"]
        mended = kwargs | answer["remedies"][0]["set"]
        assert told(api.register("knn", 1, **mended), 201)["feature_names"] == ["n", "s"]
        api.client.delete("/models/knn/1")
    answer = told(api.register("knn", 1, X=[[1, "2"], [3, 4]], y=[0, 1]), 422)
    assert "write 2, without quotes" in answer["detail"]
    assert "remedies" not in answer
