"""Pictures of columns: coefficients, importance, normal curves, words; how numbers are written."""

import math
from itertools import pairwise
from typing import Any
from xml.etree.ElementTree import fromstring

import pytest

from fitserve.pages.drawing import svg
from fitserve.pages.drawing.scales import Axes, Scale
from fitserve.pages.drawing.wording import (
    MINUS,
    aligned,
    column,
    listed,
    number,
    per_cent,
    short,
    signed,
)
from tests.pages.drawing.markup import path, points, rows, text, texts
from tests.pages.drawing.test_classes import LONG, all_of
from tests.pages.drawing.test_training import HOSTILE, drawn


def coefficients(classes: Any, *effects: list[float], measured: bool = True) -> dict[str, Any]:
    columns = [
        {
            "column": f"{HOSTILE}={k}" if k % 2 else f"{LONG}{k}",
            "kind": "category" if k % 2 else "number",
            "per_deviation": each if measured else None,
            "own": each,
        }
        for k, each in enumerate(effects)
    ]
    return {"classes": classes, "measured": measured, "n_columns": 20, "columns": columns}


def test_stems_go_to_both_sides_of_zero() -> None:
    picture, root = drawn("coefficients", coefficients(None, [5.0], [-2.5]))
    assert picture.title == "What pushes the answer up and down"
    (zero, _), _ = points(path(root, "zero"))
    (start, _), (end, _) = points(path(root, "stem"))[:2]
    assert start == pytest.approx(zero)
    up, down = points(path(root, "dot"))
    assert up[0] > zero > down[0]
    assert up[0] - zero == pytest.approx(2 * (zero - down[0]), abs=0.3)
    assert end == up[0]
    assert {"+5 a unit", f"{MINUS}2.5 if so"} <= set(texts(root, "tk"))
    assert "The 2 strongest of 20" in picture.caption
    assert "<script" not in all_of(picture)
    flat, _ = drawn("coefficients", coefficients(None, [0.0], measured=False))
    assert "no rows were kept" in flat.caption


def test_of_two_classes_a_stem_has_the_colour_of_the_class_it_speaks_for() -> None:
    picture, root = drawn("coefficients", coefficients(["no", "yes"], [5.0], [-2.5]))
    assert picture.title == "What speaks for yes, and what for no"
    assert {"← no", "yes →"} <= set(texts(root, "lb"))
    css = [one.get("class") for one in root.iter("path") if "stem" in one.get("class", "")]
    assert css == ["stem neg", "stem pos"]  # orange is the second class, blue the first


def test_of_more_classes_it_is_a_table_in_colours() -> None:
    effects = [2.0, -1.0, 0.01], [0.5, 0.0, -0.2]
    picture, root = drawn("coefficients", coefficients(["a", "b", "c"], *effects))
    assert rows(root)[1][1:] == ["+2.00", f"{MINUS}1.00", "+0.01"]
    css = [cell.get("class") for cell in root.iter("td") if cell.get("class")]
    assert css == ["p3", "m2", "z0", "p1", "z0", "z0"]
    assert picture.title == "What speaks for each class"


def test_importance_is_a_bar_a_column_on_one_scale() -> None:
    columns = [
        {"column": HOSTILE, "mean": 0.3, "std": 0.1},
        {"column": LONG, "mean": -0.02, "std": 0.0},
    ]
    found = {"metric": "r2", "n_columns": 40, "columns": columns}
    picture, root = drawn("importance", found)
    first, second = root.iter("svg")
    (zero, _), (end, _) = points(path(first, "bar"))
    assert end > zero
    assert points(path(second, "dot"))[0][0] < zero == points(path(second, "bar"))[0][0]
    assert rows(root)[1][2] == "0.300 ± 0.100"
    assert rows(root)[2][2] == f"{MINUS}0.020 ± 0.000"
    assert "The 2 most important of 40" in picture.caption
    assert "<script" not in all_of(picture)
    none = [{"column": "a", "mean": 0.0, "std": 0.0}]
    drawn("importance", found | {"columns": none})


def test_curves_peak_at_their_means() -> None:
    column = {"column": HOSTILE, "mean": [0.0, 10.0], "deviation": [1.0, 1e-9]}
    found = {"labels": ["a", HOSTILE], "others": 3, "n_columns": 30, "columns": [column] * 2}
    picture, root = drawn("curves", found)
    small = next(root.iter("svg"))
    for k, place in ((0, 0.0), (1, 10.0)):
        curve = points(path(small, f"c{k}"))
        peak = min(curve, key=lambda at: at[1])
        left, right = -2.7, 10.0
        assert peak[1] == pytest.approx(8.0, abs=0.2)
        assert peak[0] == pytest.approx(6 + 178 * (place - left) / (right - left), abs=0.5)
        assert max(y for _, y in curve) == pytest.approx(86.0, abs=2.5)
    assert "3 smaller classes are left out" in picture.caption
    assert "<script" not in all_of(picture)


def test_words_have_bars_and_numbers() -> None:
    def words(*values: float) -> list[dict[str, Any]]:
        return [{"word": HOSTILE if v == 4.0 else f"w{v}", "value": v} for v in values]

    found = {"labels": ["a", HOSTILE], "others": 0, "measure": "ratio", "rare": 5, "of_text": True}
    picture, root = drawn("words", found | {"classes": [words(1e300, 4.0, 1.5), []]})
    lines = [text(one) for one in root.iter("li")]
    assert lines[1].endswith("4.0 ×")
    lengths = [float(one.get("d", "")[5:].split("V")[0]) for one in root.iter("path")]
    assert lengths[0] == 100.0 > lengths[1] > lengths[2] > 0.0
    assert "none" in text(root)
    assert "fewer than 5 times" in picture.caption
    assert "<script" not in all_of(picture)
    weights = found | {"measure": "weight", "rare": None, "of_text": False}
    picture, root = drawn("words", weights | {"classes": [words(0.5, 0.25), words(0.1)]})
    assert text(next(root.iter("li"))).endswith("+0.50")
    assert picture.title == "Columns that speak for a class"


# ---------------------------------------------------------------------------------- numbers


@pytest.mark.parametrize(
    ("value", "said"),
    [(0.0, "0"), (4050.0, "4050"), (12.345, "12.3"), (-0.00012, "−0.00012"), (1.5e7, "1.5e+07"),
     (1e300, "1e+300"), (-1234.56, "−1235"), (0.5, "0.5"), (-0.0, "0"), (5e-324, "4.94e-324")],
)  # fmt: skip
def test_numbers_have_three_digits_and_real_minus_signs(value: float, said: str) -> None:
    assert number(value) == said


@pytest.mark.parametrize(
    ("share", "said"),
    [(0.0, "0 %"), (1.0, "100 %"), (0.004, "under 1 %"), (0.774, "77 %"), (0.9949, "99.5 %"),
     (0.99999, "99.9 %"), (-0.3, "−30 %")],
)  # fmt: skip
def test_shares_are_whole_per_cent(share: float, said: str) -> None:
    assert per_cent(share).replace("\u202f", " ") == said


def test_names_are_shortened_in_the_middle() -> None:
    assert short("abcdefgh", 8) == "abcdefgh"
    assert short("abcdefghi", 8) == "abcd…ghi"
    assert len(short(LONG)) == 28
    assert listed(["a", "b", "c"]) == "a, b and c"
    assert [column("12"), column("a12")] == ["column 12", "a12"]
    assert aligned(0.0401, 3.0) == "+0.04"
    assert aligned(-0.0001, 3.0) == "0.00"
    assert aligned(-12.0, 1e9) == f"{MINUS}12"


@pytest.mark.parametrize(
    ("low", "high"),
    [(0.0, 1.0), (-3.0, 7e5), (1e15, 1e15 + 1.0), (0.0, 1e-310), (-1.7e308, 1.7e308), (5.0, 5.1),
     (1e308, 1.7e308)],
)  # fmt: skip
def test_ticks_are_round_within_and_few(low: float, high: float) -> None:
    scale = Scale.over([low, high], 0.0, 100.0, 0.04)
    ticks = scale.ticks()
    assert 2 <= len(ticks) <= 12
    for tick in ticks:
        assert -0.01 <= scale(tick) <= 100.01
    assert Scale.over([3.0], 0.0, 100.0)(3.0) == 50.0
    assert Scale.over([0.0, 0.0], 0.0, 100.0)(0.0) == 50.0


@pytest.mark.parametrize(
    ("low", "high"), [(1.7e9, 1.7e9 + 630), (1.2e6, 1.31e6), (-4e-8, 5e-8), (0.0, 1.0), (-2.8, 3.6)]
)
def test_numbers_of_axes_lie_apart_and_within(low: float, high: float) -> None:
    axes = Axes(Scale(low, high, 54.0, 386.0), Scale(low, high, 300.0, 24.0))
    drawn = fromstring(f"<svg>{axes.drawn('x', 'y')}</svg>")  # noqa: S314 - it is our own
    places = []
    for one in drawn.iter("text"):
        css, x, y = one.get("class", ""), float(one.get("x", "")), float(one.get("y", ""))
        if "tk" in css.split():
            places.append((y, *svg.reach(x, one.text or "", css)))
    across = [place for place in places if place[0] == 317.0]
    up = [place for place in places if place[0] != 317.0]
    assert len(up) >= 2
    assert across
    for _, left, right in places:
        assert 0.0 <= left < right <= 400.0
    for (_, _, right), (_, left, _) in pairwise(across):
        assert right < left


def test_what_is_beyond_float64_is_said() -> None:
    assert number(None) == signed(None) == number(math.inf) == "beyond float64"
    scale = Scale.over([-math.inf, 1.7e308], 0.0, 100.0)
    assert (scale(-1.7976931348623157e308), scale(1.7e308)) == (0.0, 100.0)


def test_one_number_alone_tells_no_scale() -> None:
    assert len(Scale(-2.8, 3.6, 0.0, 100.0).ticks(3)) > 1
