"""Pictures of the errors of a regression."""

from typing import Any

import numpy as np
import pytest

from fitserve.evaluation.pictures.residuals import residuals
from fitserve.evaluation.pictures.true_predicted import true_against_predicted
from fitserve.pages.drawing import draw
from tests.pages.drawing.markup import numbers, parsed, path, points, texts

HOSTILE = '<script>alert("&")</script>'
KNN = {"model_type": "knn", "target": "price"}


def rows(seed: int = 0) -> Any:
    rng = np.random.default_rng(seed)
    predicted = rng.uniform(0.0, 100.0, size=200)
    return predicted, predicted + rng.normal(size=200)


def drawn(name: str, found: Any, description: Any = KNN) -> Any:
    [picture] = draw(description, numbers(**{name: found}))
    assert picture.name == name
    assert picture.of == "held-out rows"
    return picture, parsed(picture)


def test_a_row_that_was_predicted_exactly_lies_on_the_line() -> None:
    exact = np.array([0.0, 25.0, 100.0])
    _, root = drawn("true_predicted", true_against_predicted(exact, exact))
    (x0, y0), (x1, y1) = points(path(root, "ideal"))
    for x, y in points(path(root, "pt")):
        assert y == pytest.approx(y0 + (y1 - y0) * (x - x0) / (x1 - x0), abs=0.2)
    assert len(points(path(root, "pt"))) == 3


def test_what_is_higher_than_predicted_lies_above() -> None:
    _, root = drawn("true_predicted", true_against_predicted(np.zeros(2), np.array([5.0, -5.0])))
    (_, up), (_, down) = points(path(root, "pt"))
    assert up < down
    assert "higher than predicted" in texts(root)


def test_the_band_is_as_wide_as_half_of_the_errors() -> None:
    found = true_against_predicted(*rows())
    assert found is not None
    picture, root = drawn("true_predicted", found)
    assert f"± {found['half']:.3g}" in picture.caption
    corners = points(path(root, "band"))
    low, wide = corners[0], corners[1]
    ticks = [float(tick) for tick in texts(root, "mid")]
    places = [float(one.get("x", 0)) for one in root.iter("text") if "mid" in one.get("class", "")]
    unit = (places[-1] - places[0]) / (ticks[-1] - ticks[0])
    assert wide[0] - low[0] == pytest.approx(found["half"] * unit, abs=0.2)


def test_the_axes_say_what_is_learned_in_whatever_letters() -> None:
    for name, found in (
        ("true_predicted", true_against_predicted(*rows())),
        ("residuals", residuals(*rows())),
    ):
        picture, root = drawn(name, found, KNN | {"target": HOSTILE})
        assert "<script" not in picture.markup
        assert f"predicted {HOSTILE} →" in texts(root, "lb")
        _, root = drawn(name, found, {"model_type": "knn"})
        assert "predicted y →" in texts(root, "lb")


def test_the_title_of_the_errors_is_what_a_rule_proves() -> None:
    rng = np.random.default_rng(0)
    x = np.linspace(1.0, 10.0, 300)
    e = rng.normal(size=300)
    for errors, title in (
        (e, "The errors show no bend"),
        (e + 0.1 * (x - 5.5) ** 2, "The errors bend"),
        (e * x, "The errors grow with the answer"),
        (e / x, "The errors shrink as the answer grows"),
        (e * x + (x - 5.0) ** 2, "The errors bend and grow with the answer"),
    ):
        picture, _ = drawn("residuals", residuals(x, x + errors))
        assert picture.title == title
    picture, _ = drawn("residuals", residuals(x[:5], x[:5] + e[:5]))
    assert picture.title == "The errors"


def test_bars_are_as_long_as_errors_are_frequent() -> None:
    found = residuals(np.zeros(4), np.array([-1.0, -1.0, -1.0, 1.0]))
    _, root = drawn("residuals", found)
    low, high = sorted(root.iter("rect"), key=lambda bar: -float(bar.get("y", 0)))
    assert float(low.get("width", 0)) == pytest.approx(3 * float(high.get("width", 0)), abs=0.2)


@pytest.mark.parametrize("size", [1e-300, 1e-9, 1.0, 1e12, 1e300])
def test_any_size_of_y_is_drawn(size: float) -> None:
    predicted, true = rows()
    for name, found in (
        ("true_predicted", true_against_predicted(size * predicted, size * true)),
        ("residuals", residuals(size * predicted, size * true)),
    ):
        _, root = drawn(name, found)
        for x, y in points(path(root, "pt")):
            assert 0 <= x <= 400
            assert 0 <= y <= 340


def test_one_row_is_drawn() -> None:
    for name, found in (
        ("true_predicted", true_against_predicted(np.array([3.0]), np.array([3.0]))),
        ("residuals", residuals(np.array([3.0]), np.array([3.0]))),
    ):
        _, root = drawn(name, found)
        assert len(points(path(root, "pt"))) == 1
