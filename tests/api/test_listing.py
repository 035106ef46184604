"""What there is: /list, /listtypes, /models, /types."""

import pytest

from fitserve.models import catalog
from tests.conftest import Api

X = [[0.0], [1.0], [9.0], [10.0]]


@pytest.fixture
def models(api: Api) -> Api:
    for model_id in (10, 9, 100):
        assert api.register("gauss_naive_bayes", model_id, X=X, y=[0, 0, 1, 1]).status_code == 201
    assert api.register("knn", 5, X=X, y=[0, 0, 1, 1], k=1).status_code == 201
    return api


def listed(api: Api, query: str) -> tuple[list[tuple[str, int]], str | None]:
    answer = api.client.get(f"/models?{query}").json
    assert answer is not None
    return [(m["model_type"], m["model_id"]) for m in answer["models"]], answer["next"]


def test_ids_ascend(models: Api) -> None:
    answer = models.client.post("/list", json={"model_type": "gauss_naive_bayes"})
    assert answer.json == {"model_type": "gauss_naive_bayes", "model_ids": [9, 10, 100]}
    assert models.client.post("/list", json={"model_type": "knn"}).json == {
        "model_type": "knn",
        "model_ids": [5],
    }


def test_an_unknown_type_has_no_list(api: Api) -> None:
    answer = api.client.post("/list", json={"model_type": "nix"})
    assert answer.status_code == 404
    assert answer.json is not None
    assert answer.json["type"] == "/problems/unknown-model-type"


def test_types_ascend(api: Api) -> None:
    answer = api.client.get("/listtypes")
    assert answer.json == {"model_types": sorted(catalog())}
    assert {
        "kmeans",
        "knn",
        "linear_regression",
        "logistic_regression",
        "gauss_naive_bayes",
        "multi_naive_bayes",
        "perceptron",
        "svm",
    } <= set(catalog())


def test_models_by_pages(models: Api) -> None:
    everything = [
        ("gauss_naive_bayes", 9),
        ("gauss_naive_bayes", 10),
        ("gauss_naive_bayes", 100),
        ("knn", 5),
    ]
    assert listed(models, "") == (everything, None)
    first, cursor = listed(models, "limit=3")
    assert first == everything[:3]
    assert cursor is not None
    assert listed(models, f"limit=3&after={cursor}") == (everything[3:], None)
    assert listed(models, "model_type=knn") == (everything[3:], None)
    assert listed(models, "limit=4") == (everything, None)


@pytest.mark.parametrize(
    "query",
    ["limit=0", "limit=1001", "limit=x", "after=nix", "after=knn/99999999999999999999", "page=2"],
)
def test_a_wrong_query_is_refused_with_its_place(api: Api, query: str) -> None:
    answer = api.client.get(f"/models?{query}")
    assert answer.status_code == 422
    assert answer.json is not None
    assert answer.json["errors"][0]["loc"] == ["query", query.partition("=")[0]]


def test_an_unknown_type_has_no_models(api: Api) -> None:
    assert api.client.get("/models?model_type=nix").status_code == 404
    assert api.client.get("/models/nix/1").status_code == 404
    assert api.client.get("/models/knn/1").status_code == 404
    assert api.client.get("/models/knn/x").status_code == 404


def test_a_deleted_model_is_gone_and_its_id_free(models: Api) -> None:
    assert models.client.delete("/models/knn/5").status_code == 204
    assert models.client.get("/models/knn/5").status_code == 404
    assert models.predict("knn", 5, [0.0]).status_code == 404
    assert models.client.delete("/models/knn/5").status_code == 404
    assert models.register("knn", 5, X=X, y=[1, 1, 0, 0], k=1).status_code == 201
    assert models.client.delete("/models/nix/5").status_code == 404


@pytest.mark.parametrize("model_type", sorted(catalog()))
def test_a_type_tells_what_it_takes(api: Api, model_type: str) -> None:
    answer = api.client.get(f"/types/{model_type}").json
    assert answer is not None
    cls = catalog()[model_type]
    assert answer["model_type"] == model_type
    assert answer["summary"].endswith(".")
    assert ("y" in answer["needs"]) == cls.supervised()
    schema = answer["kwargs"]
    assert {"X", "feature_names", *cls.from_kwargs({}).hyperparameters(), *cls.aliases} <= set(
        schema["properties"]
    )
    assert schema["additionalProperties"] is False
    for name, default in cls.from_kwargs({}).hyperparameters().items():
        assert schema["properties"][name]["default"] == default
        assert schema["properties"][name]["description"]


def test_an_unknown_type_tells_the_known_ones(api: Api) -> None:
    assert api.client.get("/types/nix").status_code == 404


def test_models_tell_what_they_are_worth(api: Api) -> None:
    table = {"a": [float(i) for i in range(20)], "kind": ["x", "y"] * 10}
    asked = {"X": table, "target": "kind", "cv": 2}
    registered = api.register("knn", 1, **asked).json
    assert api.register("kmeans", 1, X=X, k=2).status_code == 201
    assert registered is not None
    validation = registered["training"]["validation"]
    clusters, neighbours = api.client.get("/models").json["models"]  # type: ignore[index]
    assert neighbours == {
        "model_type": "knn",
        "model_id": 1,
        "status": "ready",
        "created": registered["created"],
        "task": "classification",
        "target": "kind",
        "n_samples": 20,
        "metric": "accuracy",
        "validation": {"mean": validation["mean"], "baseline": validation["baseline"]},
    }
    assert (clusters["task"], clusters["metric"]) == ("clustering", "inertia")
    assert (clusters["target"], clusters["validation"]) == (None, None)
