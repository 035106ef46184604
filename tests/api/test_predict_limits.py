"""Predictions of many rows: the same in blocks, and never longer or larger than their limits."""

import gzip
import json
import re
from collections.abc import Iterator
from threading import BoundedSemaphore
from typing import Any

import numpy as np
import pytest
from flask import Flask
from werkzeug.test import TestResponse

from fitserve import predictor
from fitserve.api import predictions
from fitserve.models import catalog
from fitserve.models.base import Model
from fitserve.predictor import Predictor
from tests.conftest import Api


def told(answer: TestResponse) -> dict[str, Any]:
    body: dict[str, Any] = answer.json or {}
    return body


X = np.random.default_rng(0).integers(0, 9, size=(60, 3)).tolist()
Y = [f"label {sum(row) % 4}" for row in X]


@pytest.fixture
def short(monkeypatch: pytest.MonkeyPatch) -> None:
    """So little is short that a few rows are many."""
    monkeypatch.setattr(predictor, "SHORT", 1.0)
    monkeypatch.setattr(predictor, "BLOCK", 700.0)


@pytest.fixture
def running(app: Flask) -> Iterator[Predictor]:
    found: Predictor = app.extensions["fitserve"].predictor
    yield found
    found.seconds = 30


@pytest.mark.parametrize("model_type", sorted(catalog()))
def test_blocks_add_up_to_the_whole(
    api: Api, model_type: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    cls = catalog()[model_type]
    y = [sum(row) for row in X] if cls.tasks == ("regression",) else Y
    data: dict[str, Any] = {"X": X, "y": y} if cls.supervised() else {"X": X}
    assert api.register(model_type, 1, **data).status_code == 201
    asked = {"probabilities": True} if cls.gives_probabilities else {}
    whole = told(api.predict(model_type, 1, X, **asked))
    monkeypatch.setattr(predictor, "SHORT", 1.0)
    monkeypatch.setattr(predictor, "BLOCK", 700.0)
    blocks = told(api.predict(model_type, 1, X, **asked))
    assert list(blocks) == list(whole)
    assert len(blocks["predictions"]) == len(X)
    for name in ("predictions", "probabilities")[: 1 + bool(asked)]:
        for one, other in zip(blocks[name], whole[name], strict=True):
            if isinstance(other, str):
                assert one == other
            else:
                assert one == pytest.approx(other, rel=1e-12, abs=1e-12)


def test_no_block_is_larger_than_its_share(api: Api, short: None) -> None:
    sizes = []
    Predictor(30).in_blocks(60, 100.0, lambda rows: sizes.append(rows.stop - rows.start))
    assert sizes == [7] * 8 + [4]


def test_the_faults_of_all_rows_are_told_where_they_are(api: Api, short: None) -> None:
    api.register("multi_naive_bayes", 1, X=X, y=Y)
    rows = [*X[:50], [0, -1, 0], *X[51:], [-2, 0, 0]]
    answer = api.predict("multi_naive_bayes", 1, rows)
    assert answer.status_code == 422
    assert [error["loc"] for error in told(answer)["errors"]] == [
        ["features", 50, 1],
        ["features", 60, 0],
    ]


def test_what_takes_too_long_is_told_how_many_rows_would_do(
    api: Api, short: None, running: Predictor, monkeypatch: pytest.MonkeyPatch
) -> None:
    api.register("linear_regression", 1, X=X, y=[sum(row) for row in X])
    clock = iter(range(1000))
    monkeypatch.setattr(predictor, "monotonic", lambda: next(clock))
    running.seconds = 3
    answer = api.predict("linear_regression", 1, X)
    assert answer.status_code == 422
    assert told(answer)["type"] == "/problems/prediction-limit"
    assert "FITSERVE_PREDICT_SECONDS" in told(answer)["detail"]
    rows = int(re.findall(r"at most (\d+) rows", told(answer)["detail"])[0])
    assert 0 < rows < len(X)
    clock = iter(range(1000))
    assert api.predict("linear_regression", 1, X[:rows]).status_code == 200


@pytest.mark.parametrize("probabilities", [False, True])
@pytest.mark.parametrize("model_type", ["knn", "gmm"])
def test_an_answer_has_a_limit_and_says_how_many_rows_fit(
    api: Api, short: None, model_type: str, probabilities: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of probabilities before any are made, where the labels tell how long they are."""
    assert api.register(model_type, 1, X=X, **({"y": Y} if model_type == "knn" else {})).json
    monkeypatch.setattr(predictions, "ANSWER_MB", 100 / 2**20)
    answer = api.predict(model_type, 1, X, probabilities=probabilities)
    if model_type == "gmm" and not probabilities:
        monkeypatch.setattr(predictions, "ANSWER_MB", 20 / 2**20)
        answer = api.predict(model_type, 1, X, probabilities=probabilities)
    assert answer.status_code == 422
    assert told(answer)["type"] == "/problems/prediction-limit"
    found = re.findall(r"at most (\d+) of the 60 rows", told(answer)["detail"])
    if found:
        ask = api.predict(model_type, 1, X[: int(found[0])], probabilities=probabilities)
        assert ask.status_code == 200
    else:
        assert "leave probabilities out" in told(answer)["detail"]


def test_probabilities_that_cannot_fit_are_not_made(
    api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    def made(self: Model, X: object) -> Any:
        raise AssertionError("made")

    api.register("knn", 1, X=X, y=Y)
    monkeypatch.setattr(predictions, "ANSWER_MB", 1e-3)
    monkeypatch.setattr(Model, "predict_proba", made)
    assert api.predict("knn", 1, X, probabilities=True).status_code == 422


@pytest.mark.own_app
def test_so_many_long_predictions_and_no_more(api: Api, short: None, running: Predictor) -> None:
    running._waiting = BoundedSemaphore(1)
    api.register("knn", 1, X=X, y=Y)
    assert running._waiting.acquire()
    answer = api.predict("knn", 1, X)
    assert (answer.status_code, told(answer)["type"]) == (503, "/problems/busy")
    assert answer.headers["Retry-After"]
    running._waiting.release()
    for _ in range(2):  # and none is lost on the way
        assert api.predict("knn", 1, X).status_code == 200


@pytest.mark.own_app
def test_so_many_large_bodies_wait_and_no_more(
    api: Api, app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    room = app.extensions["fitserve.waiting"]
    api.register("knn", 1, X=X, y=Y)
    held = 0
    while room.acquire(blocking=False):
        held += 1
    body = gzip.compress(json.dumps({"model_type": "knn", "features": X}).encode())
    answer = api.raw("/predict", body, Content_Encoding="gzip")
    assert (answer.status_code, told(answer)["type"]) == (503, "/problems/busy")
    assert api.predict("knn", 1, X[0]).status_code == 200
    room.release(held)
    for _ in range(held + 1):
        assert api.raw("/predict", body, Content_Encoding="gzip").status_code == 404


@pytest.mark.own_app
def test_a_stop_in_a_hurry_ends_what_is_long(api: Api, short: None, running: Predictor) -> None:
    api.register("knn", 1, X=X, y=Y)
    running.abort()
    answer = api.predict("knn", 1, X)
    assert (answer.status_code, told(answer)["type"]) == (503, "/problems/busy")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(predictor, "SHORT", 1e9)
        assert api.predict("knn", 1, X[0]).status_code == 200


@pytest.mark.parametrize("route", ["/predict", "/register", "/list"])
def test_where_memory_ends_the_answer_says_so(
    api: Api, route: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def exhausted(*_: Any, **__: Any) -> Any:
        raise MemoryError

    monkeypatch.setattr("fitserve.api.request.parse_json", exhausted)
    answer = api.raw(route, b"{}")
    assert (answer.status_code, told(answer)["type"]) == (503, "/problems/busy")
    assert "memory" in told(answer)["detail"]
