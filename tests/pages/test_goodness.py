"""How good a model is, in words."""

from typing import Any

import numpy as np
import pytest

from fitserve.pages.goodness import goodness
from tests.conftest import Api


def of_groups(api: Api, model_type: str, **hyperparameters: Any) -> Any:
    rng = np.random.default_rng(0)
    centres = 30.0 * rng.normal(size=(12, 2))
    X = rng.normal(size=(240, 2)) + centres[rng.integers(12, size=240)]
    told = api.register(model_type, 1, X=X.tolist(), **hyperparameters)
    assert told.status_code == 201, told.get_json()
    numbers = api.client.get(f"/models/{model_type}/1/pictures").get_json()["pictures"]
    return goodness(told.get_json(), numbers), numbers


def test_groups_are_counted_and_so_are_the_rows_between_two(api: Api) -> None:
    good, numbers = of_groups(api, "kmeans", n_clusters=3)
    facts = dict(good.facts)
    assert facts["Rows in each group"] == ", ".join(map(str, numbers["groups"]["sizes"]))
    between = len(numbers["groups"]["between"])
    assert facts["Rows between two groups"].startswith(f"{between} of 240: ")
    assert not good.held_out


def test_of_many_groups_the_largest_are_counted(api: Api) -> None:
    good, numbers = of_groups(api, "kmeans", n_clusters=12)
    sizes = sorted(numbers["groups"]["sizes"], reverse=True)
    said = ", ".join(map(str, sizes[:8]))
    assert dict(good.facts)["Rows in each group"] == f"{said} and 4 smaller ones"


@pytest.mark.parametrize("k", [1, 2])
def test_a_mixture_says_how_sure_it_is(api: Api, k: int) -> None:
    good, _ = of_groups(api, "gmm", n_components=k)
    facts = dict(good.facts)
    assert "Rows between two groups" not in facts
    assert len(facts["Rows in each group"].split(", ")) == k
    assert "80 % sure" in good.words
    if k == 1:
        assert good.headline == "100\N{NARROW NO-BREAK SPACE}%"


def test_one_group_has_nothing_between_two(api: Api) -> None:
    good, _ = of_groups(api, "kmeans", n_clusters=1)
    assert dict(good.facts)["Rows in each group"] == "240"
    assert "Rows between two groups" not in dict(good.facts)


@pytest.mark.parametrize("sample", [0, 1000])
def test_the_distance_from_centres_does_not_grow_with_the_rows(api: Api, sample: int) -> None:
    rows = [[0.0], [2.0], [10.0], [12.0]]
    for model_id, times in ((1, 1), (2, 50)):
        api.register("kmeans", model_id, X=rows * times, n_clusters=2, sample=sample)
        told = api.client.get(f"/models/kmeans/{model_id}").get_json()
        numbers = api.client.get(f"/models/kmeans/{model_id}/pictures").get_json()["pictures"]
        good = goodness(told, numbers)
        apart = good.headline if sample == 0 else dict(good.facts)["Rows from their centre"]
        assert apart is not None
        assert apart.split()[0] == "1"
        assert dict(good.facts)["Squared distances in all (inertia)"] == str(4 * times)
    listed = api.client.get("/", headers={"Accept": "text/html"}).text
    assert listed.count("rows 1 from their centre") == 2


def test_what_was_kept_of_one_part_is_not_taken_for_the_whole(api: Api) -> None:
    X = [[float(i % 97)] for i in range(400)]
    y = [int(i % 97 > 40) ^ (i % 11 == 0) for i in range(400)]
    for model_id, sample in ((1, 1000), (2, 50)):
        asked = {"X": X, "y": y, "holdout": 0.5, "sample": sample}
        told = api.register("knn", model_id, **asked).get_json()
        numbers = api.client.get(f"/models/knn/{model_id}/pictures").get_json()["pictures"]
        said = goodness(told, numbers).words
        assert said.endswith("of 200." if sample > 200 else "of 50 that were kept.")
