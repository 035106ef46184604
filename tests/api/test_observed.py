"""What is told of requests that the application answers."""

import json

import pytest
from flask import Flask

from tests.conftest import EXAMPLES, Api
from tests.observing.test_metrics import read

ROW = [5.1, 3.5, 1.4, 0.2]


def found(api: Api) -> dict[str, float]:
    answer = api.client.get("/metrics")
    assert answer.status_code == 200
    assert answer.headers["Content-Type"] == "text/plain; version=0.0.4; charset=utf-8"
    return dict(read(answer.text))


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/listtypes"),
        ("GET", "/nix"),
        ("PUT", "/models"),
        ("POST", "/predict"),
        ("GET", "/types/x"),
    ],
)
def test_an_answer_has_the_id_that_was_sent_or_a_new_one(api: Api, method: str, path: str) -> None:
    for given, taken in (("my-1", True), ("no; good", False), (None, False)):
        headers = {} if given is None else {"X-Request-ID": given}
        answer = api.client.open(path, method=method, headers=headers)
        assert (answer.headers["X-Request-ID"] == given) is taken
        if answer.status_code >= 400:
            assert json.loads(answer.data)["request_id"] == answer.headers["X-Request-ID"]


@pytest.mark.own_app
def test_predictions_and_rows_are_counted_by_type(api: Api) -> None:
    api.example("knn")
    api.predict("knn", 1, ROW)
    api.predict("knn", 1, [ROW] * 5)
    api.predict("knn", 1, [1.0])  # refused, and so not predicted
    csv = "sepal_length,sepal_width,petal_length,petal_width\n" + "5,3,1,0\n" * 7
    path = "/predict?model_type=knn&model_id=1"
    for accept in ("text/csv", "application/json"):
        answer = api.raw(path, csv.encode(), Content_Type="text/csv", Accept=accept)
        assert answer.status_code == 200, answer.text
    told = found(api)
    assert told["fitserve_predictions_total knn"] == 4
    assert told["fitserve_rows_total knn"] == 1 + 5 + 7 + 7
    assert told["fitserve_rows_total svm"] == 0


@pytest.mark.own_app
def test_models_and_trainings_are_told(api: Api) -> None:
    api.example("knn")
    api.register("knn", 2, X=[[1.0]], y=[1], n_neighbors=5)
    told = found(api)
    assert told["fitserve_models knn"] == 1
    assert told["fitserve_models svm"] == 0
    assert told["fitserve_queue"] == 0
    assert told["fitserve_training_seconds_count knn ready"] == 1


@pytest.mark.own_app
def test_a_store_that_is_away_is_told(api: Api, app: Flask) -> None:
    app.extensions["fitserve"].reachable = False
    assert found(api)["fitserve_store_reachable"] == 0


def test_a_training_tells_its_start_its_end_and_why(
    api: Api, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO", logger="fitserve")
    body = json.loads((EXAMPLES / "register-linear_regression.json").read_bytes())["kwargs"]
    api.register("linear_regression", 1, **body)
    api.register("linear_regression", 2, **body | {"learning_rate": 1e9})
    told = [(record.getMessage(), vars(record)["facts"]) for record in caplog.records]
    assert [message for message, _ in told] == ["A training began", "A training ended"] * 2
    assert told[0][1] == {"model": "linear_regression/1"}
    assert (told[1][1]["outcome"], told[1][1]["cause"]) == ("ready", None)
    assert told[3][1]["outcome"] == "failed"
    assert told[3][1]["cause"] == "invalid-request: The request is not valid"
    assert told[3][1]["model"] == "linear_regression/2"
