"""Pictures of classes: scores, confusion, regions, calibration, leads, rows to look at."""

from typing import Any

import pytest
from markupsafe import Markup, escape

from fitserve.pages.drawing import Picture
from fitserve.pages.drawing.svg import reach
from tests.pages.drawing.markup import parsed, path, points, rows, text, texts
from tests.pages.drawing.test_training import HOSTILE, drawn

LONG = "a name that goes on " * 8


def all_of(picture: Picture) -> str:
    return str(escape(picture.title) + picture.markup + escape(picture.caption))


def strip(**more: Any) -> dict[str, Any]:
    given: dict[str, Any] = {
        "method": "cv",
        "folds": 3,
        "metric": "accuracy",
        "scores": [0.7, 0.8, 0.9],
    }
    given |= {"mean": 0.8, "std": 0.08, "baseline": 0.5, "interval": None, "always": "a"}
    return given | more


# ----------------------------------------------------------------------------- score strip


def test_the_strip_has_a_dot_a_fold_and_bars_for_the_model_and_without() -> None:
    picture, root = drawn("score_strip", strip())
    assert picture.title == "80 % of the answers were right".replace(" %", "\u202f%")
    assert picture.of == "held-out rows"
    places = [x for x, _ in points(path(root, "fold"))]
    assert len(places) == 3
    mean, without = points(path(root, "meanl"))[0][0], points(path(root, "basel"))[0][0]
    assert places[1] == pytest.approx(mean)
    assert without < places[0] < mean < places[2]
    ticks = [text(one) for one in root.iter("text") if "tk" in one.get("class", "")]
    assert ticks[0].startswith("0") and ticks[-1].startswith("100")  # noqa: PT018
    assert any("always “a”" in one for one in texts(root))
    assert "standard deviation 8 points" in picture.caption


@pytest.mark.parametrize(
    ("more", "title"),
    [
        ({"mean": 0.55, "std": 0.06}, "No better than always “a”"),
        ({"baseline": None}, "80\u202f% of the answers were right"),
        ({"metric": "r2", "baseline": -0.01}, "It explains 80\u202f% of the spread"),
        ({"metric": "r2", "mean": -0.5, "baseline": -0.9, "std": 0.1}, "It explains nothing"),
        ({"metric": "r2", "mean": -90.0, "scores": [-89.0, None, -91.0], "baseline": -0.1},
         "No better than always the mean"),
        ({"method": "holdout", "folds": 1, "scores": [0.8], "std": 0.0, "interval": [0.7, 0.9]},
         "80\u202f% of the answers were right"),
        ({"method": "holdout", "folds": 1, "scores": [0.8], "std": 0.0, "interval": [0.1, 0.95],
          "baseline": 0.7}, "No better than always “a”"),
    ],
)  # fmt: skip
def test_the_title_tells_what_the_score_is_worth(more: dict[str, Any], title: str) -> None:
    picture, root = drawn("score_strip", strip(**more))
    assert picture.title == title
    for x, _ in points("".join(path(root, css) for css in ("fold", "meanl", "basel", "whisk"))):
        assert 10.0 <= x <= 390.0


def test_names_of_near_bars_do_not_lie_over_each_other() -> None:
    pairs = ((0.5, 0.52), (0.02, 0.9), (0.97, 0.99), (0.0, 1.0), (0.12, 0.54), (0.12, 0.4))
    for baseline, mean in pairs:
        _, root = drawn("score_strip", strip(baseline=baseline, mean=mean, always=LONG))
        model = next(one for one in root.iter("text") if text(one).startswith("model"))
        always = next(one for one in root.iter("text") if text(one).startswith("always"))
        ends = []
        for one in (model, always):
            shown = text(one) if one.find("title") is None else text(one)[len(LONG) :]
            ends.append(reach(float(one.get("x", "")), shown, one.get("class", "")))
        meet = ends[0][0] < ends[1][1] and ends[1][0] < ends[0][1]
        assert not meet or one.get("y") != model.get("y")


# ------------------------------------------------------------------------------- confusion


def confusion(labels: list[Any], matrix: list[list[int]], **more: Any) -> dict[str, Any]:
    n = sum(map(sum, matrix))
    right = sum(row[k] for k, row in enumerate(matrix))
    given = {"n_rows": n, "n_right": right, "finding": None, "labels": labels, "matrix": matrix}
    return given | {"marks": list(range(len(labels)))} | more


def test_the_matrix_tells_counts_and_shares_of_its_lines() -> None:
    finding = {"is": "b", "taken_for": "a", "rows": 30, "of": 40}
    picture, root = drawn("confusion", confusion(["a", "b"], [[20, 0], [30, 10]], finding=finding))
    assert picture.title == "b is taken for a"
    cells = rows(root)
    assert cells[2] == ["a", "20 100\u202f%", "0", "20 of 20"]
    assert cells[3] == ["b", "30 75\u202f%", "10 25\u202f%", "10 of 40"]
    assert cells[4][1:3] == ["40\u202f%", "100\u202f%"]
    css = [cell.get("class") for cell in root.iter("td") if cell.find("b") is not None]
    assert css == ["good5", "bad0", "bad4", "good2"]
    assert "30 of 40 rows of b were called a" in picture.caption


def test_titles_without_a_finding_are_neutral() -> None:
    assert drawn("confusion", confusion([1, 2], [[9, 1], [0, 10]]))[0].title == "Where it errs"
    assert (
        drawn("confusion", confusion([1, 2], [[9, 0], [0, 10]]))[0].title == "No answer was wrong"
    )


def test_a_class_that_is_never_answered_or_never_there_divides_nothing() -> None:
    _, root = drawn("confusion", confusion([False, True], [[0, 0], [5, 0]]))
    assert "never" in rows(root)[-1]
    assert rows(root)[1][1:3] == ["false", "true"]


def test_many_classes_are_a_list_of_pairs() -> None:
    pair = {"is": HOSTILE, "taken_for": LONG, "rows": 3, "of": 9}
    found = {"n_rows": 90, "n_right": 60, "finding": pair, "n_classes": 30, "worst": [pair]}
    picture, root = drawn("confusion", found)
    assert "3 of 9" in rows(root)[1]
    assert "Of 30 classes" in picture.caption
    assert "<script" not in all_of(picture)
    assert LONG in [one.get("title") for one in root.iter("span")]


# --------------------------------------------------------------------------------- regions


def regions(**more: Any) -> dict[str, Any]:
    given: dict[str, Any] = {
        "labels": ["a", "b"],
        "others": 0,
        "axes": [
            {"columns": ["x", "w"], "weights": [0.9, -0.4]},
            {"columns": ["y"], "weights": [0.9]},
        ],
        "at_one_scale": True,
        "extent": [0.0, 4.0, 0.0, 3.0],
        "points": {"x": [1.0, 3.0], "y": [1.0, 2.0], "of": [0, 1]},
        "wrong": [1],
        "agreement": 0.96,
        "share": 0.5,
        "ground": {
            "columns": 4, "rows": 3, "smoothed": False,
            "runs": [[0, 2, 1, 2], [0, 2, 1, 2], [0, 4]],
        },
    }  # fmt: skip
    return given | more


def test_areas_cover_the_ground_and_borders_part_them() -> None:
    picture, root = drawn("regions", regions())
    areas = {one.get("class"): one.get("d") for one in root.iter("path")}
    left, right, bottom, top = 40.0, 386.0, 282.0, 22.0
    middle, upper = (left + right) / 2, bottom + (top - bottom) * 2 / 3
    [blue] = [d for css, d in areas.items() if css == "rg f0"]
    [orange] = [d for css, d in areas.items() if css == "rg f1"]
    assert blue is not None
    assert blue.count("M") == 2
    assert orange is not None
    assert orange == f"M{middle:g} {bottom:g}H{right:g}V{upper:.1f}H{middle:g}z"
    assert f"M{left:g} {upper:.1f}H{right:g}V{top:g}H{left:g}z" in blue
    borders = path(root, "edgeline")
    assert borders.count("M") == 2
    assert f"M213 {bottom:g}V{upper:.1f}" in borders
    assert f"M213 {upper:.1f}H386" in borders
    assert picture.title == "What it answers where"
    assert "96\u202f% of the rows" in picture.caption
    assert "50\u202f% of their variance" in picture.caption
    assert "brought to one scale" in picture.caption
    assert {"more x, less w →", "↑ more y"} <= set(texts(root, "lb"))
    assert len(points(path(root, "ring"))) == 1
    assert picture.of == "ground: the served model"


def test_every_row_is_a_mark_of_its_class() -> None:
    many = {"x": [i / 100 for i in range(400)], "y": [1.0] * 400, "of": [i % 8 for i in range(400)]}
    names = [f"class {k}" for k in range(7)]
    found = regions(labels=names, others=5, points=many, wrong=None)
    picture, root = drawn("regions", found)
    for k in range(8):
        css = f"c{k}" if k % 4 < 2 else f"f{k}"
        marks = [one for one in root.iter("path") if f"pt sh{k % 4} {css}" in one.get("class", "")]
        assert sum(one.get("d", "").count("M") for one in marks) == 50
    assert "5 others" in str(picture.markup)
    assert "wrong when held out" not in str(picture.markup)


def test_where_the_plane_misleads_there_are_rows_alone() -> None:
    picture, root = drawn("regions", regions(ground=None, agreement=0.5))
    assert path(root, "rg") == path(root, "edgeline") == ""
    assert "too little to colour the ground" in picture.caption
    assert picture.title == "The rows, on a plane"


def test_one_column_has_a_band_a_class_and_two_columns_need_no_words_of_trust() -> None:
    line = {"x": [1.0, 3.0], "y": None, "of": [0, 1]}
    ground = {"columns": 4, "rows": 1, "smoothed": True, "runs": [[0, 2, 1, 2]]}
    axis = [{"columns": [HOSTILE], "weights": [1.0]}]
    found = regions(points=line, ground=ground, axes=axis, share=1.0, agreement=1.0)
    picture, root = drawn("regions", found)
    (_, first), (_, second) = points(path(root, "pt"))
    assert first < second
    assert "How far to trust it" not in picture.caption
    assert "thin stripes and specks" in picture.caption
    assert "<script" not in all_of(picture)
    assert any("<script>" in one for one in texts(root))


# ----------------------------------------------------------------------------- calibration


def calibrated(*groups: tuple[float, int, int], verdict: str = "even") -> dict[str, Any]:
    told = [
        {
            "confidence": c,
            "right": right,
            "of": of,
            "interval": [max(right / of - 0.2, 0.0), right / of],
        }
        for c, right, of in groups
    ]
    return {"groups": told, "confidence": 0.8, "right": 7, "of": 10, "verdict": verdict}


@pytest.mark.parametrize(
    ("verdict", "title"),
    [("over", "It promises too much"), ("under", "It is right more often than it says"),
     ("even", "About as sure as it is right")],
)  # fmt: skip
def test_calibration_says_its_verdict(verdict: str, title: str) -> None:
    picture, root = drawn("calibration", calibrated((0.5, 5, 10), (1.0, 9, 10), verdict=verdict))
    assert picture.title == title
    (x1, y1), (x2, y2) = points(path(root, "dot"))
    assert x1 < x2
    assert y1 > y2  # down the page
    assert path(root, "whisk").count("M") == 2
    assert {"5 of 10", "9 of 10"} <= set(texts(root, "halo"))
    assert not any(one.startswith(("110", "101")) for one in texts(root, "mid"))


def test_words_beside_dots_that_are_near_do_not_meet() -> None:
    near = [(1.0 - k / 1000, 40 + k, 50) for k in range(8)]
    _, root = drawn("calibration", calibrated(*near))
    boxes = []
    for one in root.iter("text"):
        if "halo" in one.get("class", ""):
            width = 6.2 * len(text(one))
            x, y = float(one.get("x", "")), float(one.get("y", ""))
            left = x - width if "end" in one.get("class", "") else x
            boxes.append((left, y - 10, left + width, y + 3))
    assert boxes
    for i, a in enumerate(boxes):
        for b in boxes[:i]:
            assert a[2] <= b[0] or b[2] <= a[0] or a[3] <= b[1] or b[3] <= a[1]
    drawn("calibration", calibrated((1.0, 10, 10)))
    drawn("calibration", calibrated((0.2, 0, 10), (0.1, 0, 3)))


# ------------------------------------------------------------------------------------ lead


def test_leads_are_strips_of_rows_about_zero() -> None:
    found = {
        "labels": ["a", HOSTILE],
        "others": 0,
        "lead": [2.0, -1.0, 3.0],
        "of": [0, 0, 1],
        "n_wrong": 1,
    }
    picture, root = drawn("lead", found)
    assert picture.title == "1 row on the wrong side"
    (zero, _), _ = points(path(root, "zero"))
    right, wrong = points(path(root, "c0"))
    assert wrong[0] < zero < right[0]
    assert "<script" not in all_of(picture)
    assert drawn("lead", found | {"lead": [2.0, 1.0, 3.0], "n_wrong": 0})[0].title.startswith(
        "Every"
    )


# ----------------------------------------------------------------------------------- wrong


def test_rows_to_look_at_are_told_with_their_cells() -> None:
    one = {"row": 83, "is": HOSTILE, "predicted": "b", "confidence": 0.8, "marks": [0, 1]}
    found = {"columns": [HOSTILE, "y"], "n_wrong": 9, "rows": [one | {"cells": [4700.0, None]}]}
    picture, root = drawn("wrong", found)
    assert rows(root)[1][0] == "83"
    assert rows(root)[1][2:] == ["b", "80\u202f%", "4700", "none"]
    assert "9 held-out rows" in picture.caption
    assert "<script" not in all_of(picture)
    votes, _ = drawn("wrong", found, weights="uniform", n_neighbors=5)
    assert "4 of 5" in str(votes.markup)
    none, _ = drawn("wrong", {"columns": [], "n_wrong": 0, "rows": []})
    assert none.title == "Nothing was wrong"
    far = {"row": 0, "is": 1.5, "predicted": 1e30, "off": -3.0, "cells": ["x"]}
    price = far | {"is": 1234567.0, "predicted": 1253400.25, "cells": [20240131.0]}
    off, root = drawn("wrong", {"columns": ["c"], "n_wrong": None, "rows": [far, price]})
    assert off.title == "Farthest off"
    assert rows(root)[1] == ["0", "1.5", "1e+30", "−3", "x"]
    assert rows(root)[2] == ["0", "1234567", "1253400", "−3", "20240131"]


def test_what_is_drawn_is_parsed_here() -> None:
    with pytest.raises(AssertionError):
        parsed(Picture("x", "t", Markup("<p style='x'/>"), "c"))
