"""Pictures of groups."""

from typing import Any

import numpy as np
import pytest

from fitserve.evaluation.pictures import group_differences, groups
from fitserve.models.gmm import GaussianMixture
from fitserve.models.kmeans import KMeans
from fitserve.pages.drawing import draw
from tests.evaluation.pictures.subjects import subject
from tests.pages.drawing.markup import numbers, parsed, path, points, rows, text, texts

HOSTILE = '<script>alert("&")</script>'


def clouds(k: int = 3, p: int = 2, n: int = 300) -> Any:
    rng = np.random.default_rng(0)
    return rng.normal(size=(n, p)) + 9.0 * rng.normal(size=(k, p))[rng.integers(k, size=n)]


def drawn(model: Any, X: Any, names: Any = None) -> Any:
    found = groups.picture(subject(model, X))
    assert found is not None
    for axis, name in zip(found["axes"], names or [], strict=False):
        axis["columns"] = [name] * len(axis["columns"])
    [made] = draw({"model_type": model.model_type()}, numbers(groups=found))
    return made, parsed(made), found


def test_each_row_has_the_mark_of_its_group_and_each_centre_its_number() -> None:
    X = clouds()
    made, root, found = drawn(KMeans(n_clusters=3).fit(X), X)
    assert made.title == "The groups on two axes"
    for k, size in enumerate(found["sizes"]):
        assert len(points(path(root, f"sh{k}"))) == size
    assert texts(root, "cent") == ["0", "1", "2"]
    assert len(list(root.iter("circle"))) == 3
    assert texts(root, "lb") == ["c0 →", "↑ c1"]


def test_rows_between_two_groups_are_ringed_unless_they_are_many() -> None:
    rng = np.random.default_rng(0)
    apart = np.concatenate([rng.normal(size=(95, 2)), 9.0 + rng.normal(size=(95, 2)), [[4.5, 4.5]]])
    made, root, found = drawn(KMeans(n_clusters=2).fit(apart), apart)
    assert len(found["between"]) == 1
    assert len(points(path(root, "ring"))) == 1
    assert "Between two groups: 1 of 191 rows" in made.caption
    assert "between two groups" in made.markup
    blurred = rng.normal(size=(200, 20))
    made, root, found = drawn(KMeans(n_clusters=6).fit(blurred), blurred)
    assert len(found["between"]) > 40
    assert path(root, "ring") == ""
    assert "between two groups" not in made.markup
    assert f"{len(found['between'])} of 200" in made.caption


def test_an_ellipse_is_two_deviations_around_its_centre() -> None:
    X = clouds(k=2) @ [[1.0, 0.7], [0.0, 0.5]]
    made, root, found = drawn(GaussianMixture(n_components=2).fit(X), X)
    assert made.title == "The groups as normal distributions"
    assert "86" in made.caption
    across, up = (unit(root, "mid", "x"), unit(root, "end", "y"))
    outlines = path(root, "ell").split("M")[1:]
    for outline, theirs in zip(outlines, found["covariances"], strict=True):
        corners = np.array(points(f"M{outline}"))[:-1] / [across, up]  # the last is the first
        away = corners - corners.mean(axis=0)
        # The mean square of 2 sin along an axis of the ellipse is 2.
        assert away.T @ away / len(away) == pytest.approx(2.0 * np.array(theirs), rel=0.03)


def unit(root: Any, css: str, side: str) -> float:
    """How long one of the axis is in the picture."""
    marks = [one for one in root.iter("text") if one.get("class") == f"tk {css}"]
    values = [float(text(one).replace("−", "-")) for one in marks]
    places = [float(one.get(side, 0)) for one in marks]
    return (places[-1] - places[0]) / (values[-1] - values[0])


def test_one_column_has_a_lane_for_each_group() -> None:
    X = clouds(p=1)
    for model in (KMeans(n_clusters=3).fit(X), GaussianMixture(n_components=3).fit(X)):
        made, root, _ = drawn(model, X)
        assert made.title == "The groups on one axis"
        assert "a band of its own" in made.caption
        heights = [float(one.get("cy", 0)) for one in root.iter("circle")]
        assert heights == sorted(heights)
        assert len(set(heights)) == 3


@pytest.mark.parametrize("k", [1, 8, 9, 16, 40])
def test_any_number_of_groups_is_drawn(k: int) -> None:
    X = clouds(k=k, p=4)
    made, root, _ = drawn(KMeans(n_clusters=k).fit(X), X, [HOSTILE, "b" * 90])
    assert "<script" not in made.markup
    assert len(list(root.iter("circle"))) == (k if k <= 16 else 7)
    assert ("others" in made.markup) == (k > 8)
    for x, y in points(path(root, "pt")):
        assert 0 <= x <= 400
        assert 0 <= y <= 320
    different = group_differences.picture(subject(KMeans(n_clusters=k).fit(X), X))
    [table] = draw({}, numbers(group_differences=different))
    head, sizes, *_ = rows(parsed(table))
    assert len(head) == 2 + min(k, 8)
    assert table.wide == (k > 4)
    assert sizes[-1] == "300"


def test_the_table_is_deep_where_a_group_is_far() -> None:
    columns = [
        {"column": HOSTILE, "kind": "number", "means": [1234.5, None], "apart": [1.2, None],
         "all": 7.0},
        {"column": "sex=male", "kind": "category", "means": [0.25, 0.5], "apart": [-0.7, 0.1],
         "all": 0.4},
    ]  # fmt: skip
    found = {
        "groups": [0, 3], "marks": [0, 1], "n_groups": 12, "sizes": [7, 5], "n_rows": 30,
        "n_columns": 45, "columns": columns,
    }  # fmt: skip
    [made] = draw({}, numbers(group_differences=found))
    root = parsed(made)
    assert rows(root)[0] == ["", "0", "3", "all rows"]
    assert rows(root)[1] == ["rows", "7", "5", "30"]
    assert rows(root)[2][1:] == ["1234", "none", "7"]
    narrow = "\N{NARROW NO-BREAK SPACE}"
    assert rows(root)[3] == ["sex = male", *(f"{n}{narrow}%" for n in (25, 50, 40))]
    css = [one.get("class") for one in root.iter("td")][4:]
    assert css == ["p3", "z0", "z0", "m2", "z0", "z0"]
    assert "The 2 columns of 45 that differ most. The 2 largest of 12 groups." in made.caption
