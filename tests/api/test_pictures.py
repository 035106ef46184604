"""GET /models/TYPE/ID/pictures: every type, with and without rows, and what would hurt others."""

import json
from threading import Thread
from typing import Any

import numpy as np
import pytest
from flask import Flask

from fitserve.errors import Overloaded
from fitserve.evaluation.pictures import ORDER, taken
from fitserve.models import catalog
from fitserve.pages.drawing import draw
from tests.api.test_tables import post, told
from tests.conftest import EXAMPLES, Api
from tests.models.data import kwargs_for, split_for
from tests.pages.drawing.markup import parsed

TASKS = [(name, task) for name, cls in catalog().items() for task in cls.tasks]
every_task = pytest.mark.parametrize(("model_type", "task"), TASKS)
HOSTILE = '<script>alert("&")</script>'

OF_ROWS = {"confusion", "regions", "calibration", "lead", "wrong", "true_predicted", "residuals",
           "groups", "group_differences", "more_groups"}  # fmt: skip
EXPECTED = {
    "knn": {"score_strip", "confusion", "regions", "calibration", "wrong", "importance"},
    "svm": {"score_strip", "confusion", "regions", "lead", "coefficients", "importance"},
    "gauss_naive_bayes": {"regions", "calibration", "wrong", "curves"},
    "multi_naive_bayes": {"regions", "calibration", "words"},
    "logistic_regression": {"regions", "calibration", "coefficients"},
    "perceptron": {"regions", "lead", "coefficients"},
    "decision_tree": {"regions", "calibration", "wrong", "tree"},
}
OF_REGRESSIONS = {"score_strip", "wrong", "importance", "true_predicted", "residuals"}
OTHERWISE = {
    ("linear_regression", "regression"): OF_REGRESSIONS | {"coefficients"},
    ("knn", "regression"): OF_REGRESSIONS,
    ("decision_tree", "regression"): OF_REGRESSIONS | {"tree", "loss"},
    ("kmeans", "clustering"): {"groups", "group_differences", "more_groups", "loss"},
    ("gmm", "clustering"): {"groups", "group_differences", "loss"},
    ("pca", "projection"): {"variance_shares", "axis_weights"},
}


def pictures(api: Api, model_type: str, model_id: int = 1) -> Any:
    """The answer, which is JSON without NaN; all of it can be drawn, and runs no script."""
    answer = api.client.get(f"/models/{model_type}/{model_id}/pictures")
    assert answer.status_code == 200, answer.get_json()
    found = json.loads(answer.data, parse_constant=pytest.fail)
    description = told(api.client.get(f"/models/{model_type}/{model_id}"))
    drawn = draw(description, found)
    for picture in drawn:
        parsed(picture)
        assert "<script" not in picture.markup
    assert [picture.name for picture in drawn] == [n for n in ORDER if n in found["pictures"]]
    return found


def body(model_type: str, task: Any, **more: Any) -> dict[str, Any]:
    split, cls = split_for(task), catalog()[model_type]
    names = [f"{HOSTILE}{j}" for j in range(split.X.shape[1])]
    kwargs = {"X": split.X.tolist(), "feature_names": names} | kwargs_for(cls, task)
    if cls.supervised():
        labels = split.y if task == "regression" else [f"{HOSTILE}{k}" for k in split.y]
        kwargs["y"] = list(labels)
    return kwargs | more


# ------------------------------------------------------------------------------- every type


@every_task
def test_each_type_has_its_pictures(api: Api, model_type: str, task: str) -> None:
    supervised = catalog()[model_type].supervised()
    asked = {"cv": 3, "importance": True} if supervised else {}
    told(api.register(model_type, 1, **body(model_type, task, **asked)), 201)
    found = pictures(api, model_type)
    assert found["left_out"] == {}
    assert found["reason"] is None
    assert found["n_rows"] == len(body(model_type, task)["X"])
    assert found["rows"] == list(range(found["n_rows"]))
    assert found["held_out"] == supervised
    if task == "classification":
        assert found["pictures"].keys() >= EXPECTED[model_type]
    else:
        assert found["pictures"].keys() == OTHERWISE[model_type, task]
    assert api.client.get(f"/models/{model_type}/1/pictures").get_json() == found


@every_task
def test_without_rows_there_are_those_of_what_was_learned(
    api: Api, model_type: str, task: str
) -> None:
    told(api.register(model_type, 1, **body(model_type, task, sample=0)), 201)
    found = pictures(api, model_type)
    assert found["n_rows"] == len(found["rows"]) == 0
    assert not found["held_out"]
    assert "sample=0" in found["reason"]
    assert not found["pictures"].keys() & OF_ROWS


@every_task
def test_rows_that_were_not_held_out_are_not_judged(api: Api, model_type: str, task: str) -> None:
    told(api.register(model_type, 1, **body(model_type, task)), 201)
    found = pictures(api, model_type)
    judged = {"score_strip", "confusion", "calibration", "lead", "wrong", "true_predicted"}
    assert not found["pictures"].keys() & judged
    if task == "classification":
        assert found["pictures"]["regions"]["wrong"] is None


@pytest.mark.parametrize("model_type", ["svm", "perceptron"])
@pytest.mark.parametrize("validation", [{"cv": 3}, {"holdout": 0.5, "sample": 30}])
def test_who_leads_is_who_was_answered(
    api: Api, model_type: str, validation: dict[str, Any]
) -> None:
    rng = np.random.default_rng(1)
    y = np.arange(90) % 3
    X = rng.normal(size=(90, 3)) + 1.2 * np.eye(3)[y]
    told(api.register(model_type, 1, X=X.tolist(), y=y.tolist(), **validation), 201)
    found = pictures(api, model_type)["pictures"]
    behind = [i for i, lead in enumerate(found["lead"]["lead"]) if lead < 0.0]
    assert behind == found["regions"]["wrong"]
    assert len(behind) == found["lead"]["n_wrong"] > 2


def test_rows_that_are_near_each_other_and_far_from_0_are_told_apart(api: Api) -> None:
    X = np.array([1e12, -1e9]) + np.random.default_rng(1).normal(size=(40, 2))
    told(api.register("knn", 1, X=X.tolist(), y=[0, 1] * 20), 201)
    found = pictures(api, "knn")["pictures"]["regions"]
    assert len(set(found["points"]["x"])) == len(set(found["points"]["y"])) == 40
    left, right, bottom, top = found["extent"]
    assert left < min(found["points"]["x"]) < max(found["points"]["x"]) < right
    assert bottom < min(found["points"]["y"]) < max(found["points"]["y"]) < top


@pytest.mark.parametrize("scale", [1.0, 1e199])
@pytest.mark.parametrize("model_type", ["knn", "gmm"])
def test_a_single_row_that_is_kept_is_pictured(api: Api, model_type: str, scale: float) -> None:
    X = np.random.default_rng(1).normal(size=(40, 2)) * scale
    y = {} if model_type == "gmm" else {"y": [0, 1] * 20, "cv": 2}
    told(api.register(model_type, 1, X=X.tolist(), sample=1, **y), 201)
    assert pictures(api, model_type)["n_rows"] == 1


def test_every_picture_is_named_in_the_order() -> None:
    assert set(taken()) <= set(ORDER)
    assert len(set(ORDER)) == len(ORDER)


# ----------------------------------------------------------------------------------- tables


def test_a_table_is_pictured_in_its_own_words(api: Api) -> None:
    csv = (EXAMPLES / "penguins.csv").read_bytes()
    asked = {"target": "species", "missing": "impute", "standardize": "true", "cv": 5}
    query = asked | {"model_type": "knn", "model_id": 1, "importance": "true"}
    told(post(api, "/register", csv, **query), 201)
    found = pictures(api, "knn")["pictures"]
    row = found["wrong"]["rows"][0]
    line = csv.decode().splitlines()[row["row"] - 1].split(",")
    names = csv.decode().splitlines()[0].split(",")
    assert line[names.index("species")] == row["is"]
    for column, cell in zip(found["wrong"]["columns"], row["cells"], strict=True):
        sent = line[names.index(column)]
        assert sent in ("NA", cell) or float(sent) == cell
    assert found["score_strip"]["always"] == "Adelie"
    assert {one["column"] for one in found["importance"]["columns"]} == set(names) - {"species"}


def test_texts_are_pictured_by_their_words(api: Api) -> None:
    csv = (EXAMPLES / "messages.csv").read_bytes()
    query = {"target": "label", "kinds": "body:text", "cv": 4, "model_id": 1}
    for model_type in ("multi_naive_bayes", "logistic_regression", "svm"):
        told(post(api, "/register", csv, model_type=model_type, **query), 201)
        found = pictures(api, model_type)["pictures"]
        assert len(found["words"]["classes"]) == 2
        assert found["words"]["of_text"]


@pytest.mark.parametrize("model_type", ["kmeans", "gmm", "pca", "decision_tree"])
def test_categories_and_texts_are_pictured_as_they_were_sent(api: Api, model_type: str) -> None:
    rng = np.random.default_rng(0)
    big = rng.random(60) < 0.5
    kwargs: dict[str, Any] = {
        "X": {
            HOSTILE: np.where(big, "<b>big</b>", "small").tolist(),
            "body": np.where(rng.random(60) < 0.5, f"{HOSTILE} now", "good day").tolist(),
            "size": (1000.0 + 5.0 * rng.normal(size=60) + 40.0 * big).tolist(),
        },
        "kinds": {"body": "text"},
        "standardize": True,
    }
    if model_type == "decision_tree":
        kwargs["y"] = kwargs["X"]["size"]
    elif model_type != "pca":
        kwargs["n_clusters" if model_type == "kmeans" else "n_components"] = 2
    told(api.register(model_type, 1, **kwargs), 201)
    found = pictures(api, model_type)["pictures"]
    if model_type == "decision_tree":
        asked = [one["question"] for one in found["tree"]["nodes"] if "question" in one]
        sizes = [one["most"] for one in asked if one["column"] == "size"]
    elif model_type == "pca":
        rows = found["axis_weights"]["rows"]
        assert {f"{HOSTILE}=<b>big</b>", "body~now", "size"} <= {row["column"] for row in rows}
        return
    else:
        columns = {one["column"]: one for one in found["group_differences"]["columns"]}
        assert columns[f"{HOSTILE}=<b>big</b>"]["all"] == pytest.approx(big.mean(), rel=1e-4)
        sizes = columns["size"]["means"]
    assert sizes
    assert all(980.0 < size < 1060.0 for size in sizes)  # not brought to one scale


# ----------------------------------------------------------------------------- awkward data

N = 48
RNG = np.random.default_rng(0)
AWKWARD: dict[str, tuple[Any, Any]] = {
    "one column": (RNG.normal(size=(N, 1)), [0, 1] * 24),
    "two columns": (RNG.normal(size=(N, 2)), [False, True] * 24),
    "all alike": (np.ones((N, 3)), [0, 1] * 24),
    "few different rows": (np.repeat(RNG.normal(size=(4, 3)), 12, axis=0), [0, 1, 2] * 16),
    "one of a class": (RNG.normal(size=(N, 3)), [0] * (N - 1) + [1]),
    "twenty classes": (RNG.normal(size=(N, 3)), [f"{HOSTILE}{i % 20}" for i in range(N)]),
    "ten classes": (RNG.normal(size=(N, 3)), [i % 10 for i in range(N)]),
    "forty columns": (RNG.normal(size=(N, 40)), [0, 1, 2] * 16),
    "huge": (RNG.normal(size=(N, 3)) * 1e160, [0, 1] * 24),
    "one is huge": (np.vstack([RNG.normal(size=(N - 1, 3)), [[1e308, 1, 1]]]), [0, 1] * 24),
    "tiny": (RNG.normal(size=(N, 3)) * 1e-300, [0, 1] * 24),
    "far away": (RNG.normal(size=(N, 3)) + 1e12, [0, 1] * 24),
}
OF_VALUES: dict[str, tuple[Any, Any]] = {
    "constant": (RNG.normal(size=(N, 2)), [1.5] * N),
    "huge values": (RNG.normal(size=(N, 2)), (RNG.normal(size=N) * 1e300).tolist()),
    "tiny values": (RNG.normal(size=(N, 2)), (RNG.normal(size=N) * 1e-310).tolist()),
}


@pytest.mark.parametrize("data", [*AWKWARD, *OF_VALUES])
def test_whatever_can_be_trained_can_be_pictured(api: Api, data: str) -> None:
    validation: dict[str, Any] = {"cv": 2} if len(data) % 2 else {"holdout": 0.3}
    trained = 0
    for model_type, task in TASKS:
        if (data in OF_VALUES) != (task == "regression") or model_type == "linear_regression":
            continue
        cls = catalog()[model_type]
        X, y = (AWKWARD | OF_VALUES)[data]
        kwargs: dict[str, Any] = {"X": np.abs(X).tolist()} | kwargs_for(cls, task)
        if cls.supervised():
            kwargs["y"] = y
            if "task" in cls.schema()["properties"]:
                kwargs["task"] = task
        for more in (validation if cls.supervised() else {}, {}):  # not all can be validated
            if api.register(model_type, trained, **kwargs, **more).status_code == 201:
                pictures(api, model_type, trained)
                trained += 1
                break
    assert trained


# --------------------------------------------------------------------------- of the service


def test_what_is_not_there_says_so(api: Api) -> None:
    assert api.client.get("/models/knn/1/pictures").status_code == 404
    assert api.client.get("/models/nix/1/pictures").status_code == 404
    assert api.client.get("/models/knn/01/pictures").status_code == 404
    assert api.client.post("/models/knn/1/pictures").status_code == 405


def counted(app: Flask) -> list[Any]:
    """What the gallery will read from the store."""
    gallery = app.extensions["fitserve"]._gallery
    read: list[Any] = []
    sample = gallery._sample

    def noted(record: Any) -> Any:
        read.append(record)
        return sample(record)

    gallery._sample = noted
    return read


@pytest.mark.own_app
def test_pictures_are_taken_once_and_anew_of_another_model(api: Api, app: Flask) -> None:
    read = counted(app)
    told(api.register("knn", 1, **body("knn", "classification", cv=3)), 201)
    first = pictures(api, "knn")
    assert pictures(api, "knn") == first
    assert len(read) == 1
    assert api.client.delete("/models/knn/1").status_code == 204
    assert api.client.get("/models/knn/1/pictures").status_code == 404
    told(api.register("knn", 1, **body("knn", "classification", cv=3, n_neighbors=1)), 201)
    assert pictures(api, "knn") != first
    assert len(read) == 2


@pytest.mark.own_app
def test_many_ask_at_once_and_one_takes_them(api: Api, app: Flask) -> None:
    told(api.register("knn", 1, **body("knn", "classification", cv=3)), 201)
    read = counted(app)
    answers: list[int] = []

    def ask() -> None:
        answers.append(app.test_client().get("/models/knn/1/pictures").status_code)

    threads = [Thread(target=ask) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    assert answers == [200] * 6
    assert len(read) == 1


@pytest.mark.own_app
def test_where_long_predictions_have_all_room_pictures_wait_for_another_time(
    api: Api, app: Flask
) -> None:
    told(api.register("knn", 1, **body("knn", "classification", cv=3)), 201)
    predictor = app.extensions["fitserve"].predictor
    held = 0
    while predictor._waiting.acquire(blocking=False):
        held += 1
    answer = api.client.get("/models/knn/1/pictures")
    assert answer.status_code == 503
    assert answer.get_json()["type"] == f"/problems/{Overloaded.name}"
    assert answer.headers["Retry-After"]
    for _ in range(held):
        predictor._waiting.release()
    pictures(api, "knn")
    while predictor._waiting.acquire(blocking=False):
        pass
    pictures(api, "knn")  # what is kept needs no room


@pytest.mark.own_app
def test_what_there_was_no_time_for_is_not_kept(api: Api, app: Flask) -> None:
    told(api.register("knn", 1, **body("knn", "classification", cv=3)), 201)
    predictor = app.extensions["fitserve"].predictor
    predictor.seconds = -1
    found = pictures(api, "knn")
    assert "ask again" in found["left_out"]["regions"]
    assert "confusion" in found["pictures"]
    predictor.seconds = 30
    assert pictures(api, "knn")["left_out"] == {}


@pytest.mark.own_app
def test_pictures_count_as_what_a_model_takes_and_go_with_it(api: Api, app: Flask) -> None:
    told(api.register("knn", 1, **body("knn", "classification", cv=3)), 201)
    directory = app.extensions["fitserve"]
    cache = directory._cache
    cache.measure()
    before = cache.size
    pictures(api, "knn")
    loaded = directory.get("knn", 1)
    cache.measure()
    assert cache.size >= before + len(loaded.pictures)
    api.client.delete("/models/knn/1")
    cache.measure()
    assert cache.size == 0
