"""/new?like=TYPE/ID, and the table that is there to try things with."""

from typing import Any

import pytest

from fitserve.pages.registering import tables
from tests.conftest import EXAMPLES, Api, until
from tests.pages.registering.conftest import HTML, Visit

PENGUINS = (EXAMPLES / "penguins.csv").read_bytes()


def like(api: Api, key: str, status: int = 200) -> Visit:
    answer = api.client.get(f"/new?like={key}", headers=HTML)
    assert answer.status_code == status
    return Visit(api.client, answer)


def registered(api: Api, body: bytes, **query: Any) -> dict[str, Any]:
    answer = api.client.post("/register", query_string=query, data=body, content_type="text/csv")
    assert answer.status_code == 201, answer.text
    told: dict[str, Any] = answer.get_json()
    return told


FEW = "a,b,c\n" + "1,2,1\n3,4,2\n" * 9
SETTINGS: list[dict[str, Any]] = [
    {"model_type": "knn", "target": "species", "missing": "impute", "standardize": "true"},
    {"model_type": "knn", "target": "species", "missing": "impute", "p": "3", "cv": "3"},
    {"model_type": "svm", "target": "sex", "missing": "drop", "drop": "year,island", "C": "0.5"},
    {"model_type": "svm", "target": "species", "missing": "impute", "holdout": "0.2"},
    {"model_type": "kmeans", "missing": "impute", "kinds": "year:category", "n_clusters": "2"},
    {"model_type": "pca", "missing": "impute", "unknown": "ignore", "na_values": "NA,-"},
    {"model_type": "linear_regression", "target": "year", "missing": "impute", "drop": "sex"},
]


@pytest.mark.parametrize("query", SETTINGS, ids=str)
def test_the_same_again(api: Api, query: dict[str, Any]) -> None:
    before = registered(api, PENGUINS, model_id="1", **query)
    visit = like(api, f"{query['model_type']}/1")
    assert "The table itself is not kept with a model" in visit.page.words
    visit = visit.send(PENGUINS)
    if query["missing"] == "drop":  # of which nothing is left to see in a model
        visit = visit.send(PENGUINS, missing="drop")
    assert visit.send(PENGUINS, "Train").answer.status_code == 303
    path = f"/models/{query['model_type']}/2"
    again = until(lambda: ready(api, path))
    for told in (before, again):
        for name in ("model_id", "created"):
            told.pop(name)
        told["training"].pop("seconds")
        told["training"].pop("importance", None)
        for column in told["columns"]:  # the page finds it on held-out rows
            column.pop("importance", None)
    assert again == before


def ready(api: Api, path: str) -> dict[str, Any] | None:
    told: dict[str, Any] = api.client.get(path).get_json()
    return told if told["status"] == "ready" else None


def test_what_failed_is_there_to_be_changed(api: Api) -> None:
    query = {"model_type": "kmeans", "model_id": "4", "n_clusters": "9", "drop": "c"}
    answer = api.client.post(
        "/register",
        query_string=query,
        data=FEW,
        content_type="text/csv",
        headers={"Prefer": "respond-async"},
    )
    assert answer.status_code == 202, answer.text
    until(lambda: api.client.get("/models/kmeans/4").get_json()["status"] == "failed")
    visit = like(api, "kmeans/4").send(FEW, model_id="4")
    assert visit.page.value("n_clusters") == "9"
    assert "from 2 columns" in visit.page.words
    assert visit.send(
        "a,b,c\n" + "1,2,1\n3,4,2\n" * 9, "Train", n_clusters="2"
    ).answer.status_code in (
        200,
        303,
    )


def test_of_a_model_of_rows_without_names(api: Api) -> None:
    api.register("knn", 3, X=[[1], [2], [3]], y=[0, 1, 1], n_neighbors=1)
    visit = like(api, "knn/3").send("a,y\n1,0\n2,1\n3,1\n4,0\n", target="column:y", check="none")
    assert visit.page.value("n_neighbors") == "1"


@pytest.mark.parametrize(("key", "status"), [("knn/7", 404), ("nix/1", 404), ("", 200), ("x", 200)])
def test_of_none(api: Api, key: str, status: int) -> None:
    like(api, key, status)


def test_it_can_be_tried_with_344_penguins(api: Api) -> None:
    visit = Visit(api.client, api.client.get("/new?sample=penguins", headers=HTML))
    assert "knn/1 will predict species from 7 columns (10 once encoded)" in visit.page.words
    visit = visit.send(None, model_type="decision_tree")
    assert visit.send(None, "Train").answer.headers["Location"] == "/model/decision_tree/1"
    other = visit.send(
        "a,b\n1,x\n2,y\n", "Go on" if "Go on" in visit.page.buttons else "Look again"
    )
    assert "penguins" not in dict(other.page.fields).get("name", "")


def test_they_are_those_of_the_examples() -> None:
    bundled = tables.bundled(tables.PENGUINS)
    assert bundled is not None
    assert bundled.body == PENGUINS
