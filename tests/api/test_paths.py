"""Paths, methods, models and types that are not there."""

import re

import pytest
from flask import Flask
from werkzeug.routing import Rule

from fitserve.models import catalog
from tests.api.words import judge
from tests.conftest import Api


def detail(api: Api, path: str, method: str = "GET", status: int = 404) -> str:
    answer = api.client.open(path, method=method)
    assert answer.status_code == status, answer.text
    told = answer.json
    assert told is not None
    said: str = told.get("detail") or told["error"]
    judge(said)
    return said


def of_programs(app: Flask) -> list[Rule]:
    """The routes, without those of pages."""
    rules = app.url_map.iter_rules()
    return [one for one in rules if one.rule == "/" or not one.endpoint.startswith("pages.")]


def plain_paths(app: Flask) -> list[str]:
    rules = [rule.rule for rule in of_programs(app) if not rule.arguments]
    return [rule for rule in rules if len(rule) > 4 and not rule.startswith("/v2/models")]


def test_a_path_spelled_otherwise_is_told_ours(app: Flask, api: Api) -> None:
    for path in plain_paths(app):
        for wrong in (f"{path}/", path.upper(), f"/api{path}", f"/api/v1{path}", path + "z"):
            if not path.startswith("/v2") or wrong.startswith("/v2"):
                assert f"; write {path}." in detail(api, wrong), wrong


@pytest.mark.parametrize(
    ("wrong", "ours"),
    [
        ("/train", "/register"),
        ("/Fit/", "/register"),
        ("/api/v1/infer", "/predict"),
        ("/models/knn/1/", "/models/knn/1"),
        ("/api/models/knn/1", "/models/knn/1"),
        ("/healthz", "/health"),
        ("/openapi.yaml", "/openapi.json"),
        ("/v2/models/knn/infer/", "/v2/models/knn/infer"),
    ],
)
def test_a_path_of_others_is_told_ours(api: Api, wrong: str, ours: str) -> None:
    assert detail(api, wrong).endswith(f"; write {ours}.")


@pytest.mark.parametrize("model_id", ["abc", "-1", "1.0", "true", "007", "1e3", "%D9%A1"])
@pytest.mark.parametrize(
    "path",
    ["/models/knn/{}", "/models/knn/{}/classes", "/v2/models/knn/versions/{}/infer"],
)
def test_what_is_no_id_is_named(api: Api, path: str, model_id: str) -> None:
    said = detail(api, path.format(model_id))
    assert "a model's id is a whole number in plain digits" in said
    assert "The routes are" not in said
    assert len(said) < 250


def test_a_path_like_no_other_is_told_all_of_its_protocol(app: Flask, api: Api) -> None:
    for start in ("/", "/v2/"):
        said = detail(api, f"{start}quite/another/thing")
        for rule in of_programs(app):
            listed = re.sub("<id:", "<", rule.rule) in re.split("[ ,]+", said.rstrip("."))
            assert listed == (rule.rule.startswith("/v2") == (start == "/v2/")), rule.rule
    assert "GET /models?model_type=knn lists" in detail(api, "/models/knn")


def test_a_method_is_told_the_others(api: Api) -> None:
    assert detail(api, "/predict", status=405) == "GET is not allowed here; use POST."
    assert detail(api, "/models/knn/1", "PUT", 405) == "PUT is not allowed here; use DELETE or GET."


def test_id_0_is_told_that_it_may_not_have_been_sent(api: Api) -> None:
    for body in ({"model_type": "knn", "features": [1]}, {"model_type": "knn", "model_id": 0}):
        answer = api.client.post("/predict", json=body | {"features": [1]})
        assert "which is taken where no model_id is sent; send model_id" in answer.text
    answer = api.client.post("/predict", json={"model_type": "knn", "model_id": 3, "features": [1]})
    assert "no model_id" not in answer.text


@pytest.mark.parametrize("model_type", sorted(catalog()))
def test_a_type_spelled_otherwise_is_told_ours(api: Api, model_type: str) -> None:
    for wrong in (
        model_type.upper(),
        model_type.replace("_", "-"),
        model_type.replace("_", ""),
        model_type + "s",
    ):
        if wrong != model_type:
            assert f"; write {model_type}, if that is meant" in detail(api, f"/types/{wrong}")


@pytest.mark.parametrize(
    ("theirs", "ours"),
    [
        ("KNeighborsClassifier", "knn"),
        ("k-nearest-neighbours", "knn"),
        ("GaussianNB", "gauss_naive_bayes"),
        ("naive_bayes", "gauss_naive_bayes"),
        ("MultinomialNB", "multi_naive_bayes"),
        ("LinearSVC", "svm"),
        ("logistic", "logistic_regression"),
        ("LinearRegression", "linear_regression"),
        ("DecisionTreeClassifier", "decision_tree"),
        ("GaussianMixture", "gmm"),
        ("k_means", "kmeans"),
    ],
)
def test_a_type_of_others_is_told_ours(api: Api, theirs: str, ours: str) -> None:
    assert f"; write {ours}, if that is meant" in detail(api, f"/types/{theirs}")
