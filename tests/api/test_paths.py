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
    gets = {rule.rule for rule in of_programs(app) if "GET" in (rule.methods or ())}
    for path in plain_paths(app):
        for wrong in (f"{path}/", path.upper(), f"/api{path}", f"/api/v1{path}", path + "z"):
            if not path.startswith("/v2") or wrong.startswith("/v2"):
                way = path if path in gets else f"POST {path}"
                assert f"; write {way}." in detail(api, wrong), wrong
                assert f"; write {path}." in detail(api, wrong, "GET" if path in gets else "POST")


@pytest.mark.parametrize(
    ("wrong", "ours"),
    [
        ("/train", "POST /register"),
        ("/score", "POST /evaluate"),
        ("/test", "POST /evaluate"),
        ("/scores", "POST /evaluate"),
        ("/predict_proba", "POST /predict"),
        ("/Fit/", "POST /register"),
        ("/api/v1/infer", "POST /predict"),
        ("/models/knn/1/", "/models/knn/1"),
        ("/api/models/knn/1", "/models/knn/1"),
        ("/healthz", "/health"),
        ("/openapi.yaml", "/openapi.json"),
        ("/v2/models/knn/infer/", "POST /v2/models/knn/infer"),
        ("/v2/models/knn/1/infer", "POST /v2/models/knn/versions/1/infer"),
        ("/v2/models/knn/1", "/v2/models/knn/versions/1"),
        ("/v2/models/knn/predict", "POST /v2/models/knn/infer"),
        ("/v2/models/knn/1/predict", "POST /v2/models/knn/versions/1/infer"),
        ("/v2/models", "POST /v2/repository/index"),
        ("/v2/health", "/v2/health/ready"),
        ("/type/knn", "/types/knn"),
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
    for path in ("/models/knn", "/models/knn/", "/api/v1/models/knn"):
        assert "GET /models?model_type=knn lists" in detail(api, path)


@pytest.mark.parametrize(
    ("path", "model"),
    [
        ("/unregister", "knn/1"),
        ("/delete-model", "knn/1"),
        ("/models/svm/3/delete", "svm/3"),
        ("/api/v1/remove/pca/7/", "pca/7"),
    ],
)
def test_what_removes_a_model_is_told(api: Api, path: str, model: str) -> None:
    assert f"; write DELETE /models/{model}, which removes" in detail(api, path, "POST")


@pytest.mark.parametrize("way", ["/v2/repository/models/{}", "/v2/models/{}/versions/1"])
def test_a_model_is_neither_loaded_nor_unloaded(api: Api, way: str) -> None:
    said = detail(api, f"{way.format('svm')}/load", "POST")
    assert said.endswith(
        "needs no loading, it answers once trained; write POST /v2/models/svm/infer."
    )
    assert "write DELETE /models/knn/1" in detail(api, f"{way.format('svm')}/unload", "POST")


@pytest.mark.parametrize("path", ["/models/knn/predict", "/models/knn/1/infer", "/knn/1/predict"])
def test_what_is_done_stands_at_the_end_of_a_path(api: Api, path: str) -> None:
    said = detail(api, path, "POST")
    assert said.endswith("; write /predict, and name the model in the body.")
    assert "; write POST /predict, and" in detail(api, "/v1/models/knn:predict")


def test_a_path_whose_parts_are_misspelled_is_told_its_own(app: Flask, api: Api) -> None:
    """Of every route, each part with a letter too many, or one too few."""
    adapter = app.url_map.bind("localhost")
    for rule in of_programs(app):
        parts = re.sub("<id:[^>]*>", "7", rule.rule).replace("<model_type>", "knn").split("/")
        for i, part in enumerate(parts):
            if len(part) > 4 and len(parts) > 2 and part not in ("knn", "7"):
                for wrong in (f"{part}s", part[:2] + part[3:]):
                    path = "/".join([*parts[:i], wrong, *parts[i + 1 :]])
                    if not adapter.allowed_methods(path):
                        assert f"{'/'.join(parts)}." in detail(api, path), path


@pytest.mark.parametrize(
    ("method", "path", "allowed", "meant"),
    [
        ("GET", "/predict", "POST", "a URL with & goes in quotes"),
        ("GET", "/register", "POST", "curl posts by -d"),
        ("PUT", "/register", "POST", "-H 'Content-Type: text/csv' --data-binary @FILE."),
        ("PUT", "/predict", "POST", "in place of -T FILE"),
        ("GET", "/list", "POST", "GET /models?model_type=knn lists"),
        ("POST", "/models", "GET", "POST /register trains a model"),
        ("PUT", "/types/knn", "GET", "POST /register trains a model"),
        ("PUT", "/models/knn/1", "DELETE or GET", "POST /predict asks"),
        ("PATCH", "/models/knn/1/classes", "GET", "POST /predict asks"),
        ("DELETE", "/models", "GET", "DELETE /models/knn/1 removes"),
        ("DELETE", "/v2/models/knn/versions/1", "GET", "DELETE /models/knn/1 removes"),
        ("POST", "/v2/models/knn", "GET", "POST /v2/models/knn/infer asks"),
        ("POST", "/v2/models/knn/ready", "GET", "POST /v2/models/knn/infer asks"),
        ("POST", "/v2/models/a/versions/1", "GET", "POST /v2/models/a/versions/1/infer asks"),
        ("POST", "/health", "GET", ""),
        ("GET", "/v2/models/knn/infer", "POST", ""),
    ],
)
def test_a_method_is_told_the_others_and_what_may_be_meant(
    app: Flask, api: Api, method: str, path: str, allowed: str, meant: str
) -> None:
    said = detail(api, path, method, 405)
    assert said.startswith(f"{method} is not allowed here; use {allowed}.")
    assert meant in said
    assert meant or said.endswith(f"use {allowed}.")
    adapter = app.url_map.bind("localhost")
    for other, named in re.findall(r"\b(GET|POST|DELETE) (/[\w/]+)", said):
        assert other in adapter.allowed_methods(named), said


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


@pytest.mark.parametrize("tail", ["", "/infer", "/versions/7/infer", "/versions/7/ready"])
def test_a_name_that_is_no_type_is_told_what_a_name_is(api: Api, tail: str) -> None:
    method = "POST" if tail.endswith("/infer") else "GET"
    asked = {"inputs": [{"name": "x", "shape": [1], "datatype": "FP64", "data": [1]}]}
    answer = api.client.open(f"/v2/models/iris{tail}", method=method, json=asked)
    assert answer.status_code == 404
    assert answer.json is not None
    end = tail.replace("/versions/7", "")
    at = f"/v2/models/knn/versions/{7 if '7' in tail else 'ID'}{end}."
    assert answer.json["error"].endswith(f"its version the id; write {at}")
    assert "A model's name" not in detail(api, "/types/iris")
