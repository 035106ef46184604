"""Pictures of a training, and of the axes of a projection."""

from itertools import pairwise
from typing import Any

import pytest

from fitserve.pages.drawing import draw
from fitserve.pages.drawing.wording import told_apart
from tests.pages.drawing.markup import numbers, parsed, path, points, rows, text, texts

HOSTILE = '<script>alert("&")</script>'


def drawn(name: str, found: Any, model_type: str = "kmeans", **hyperparameters: Any) -> Any:
    description = {"model_type": model_type, "hyperparameters": hyperparameters}
    [picture] = draw(description, numbers(**{name: found}))
    assert picture.name == name
    return picture, parsed(picture)


def curve(losses: list[float], converged: bool = True) -> dict[str, Any]:
    steps = list(range(1, len(losses) + 1))
    return {"iterations": steps, "losses": losses, "converged": converged}


def test_the_loss_says_whether_it_has_settled_and_where_it_ended() -> None:
    picture, root = drawn("loss", curve([3.0, 2.0, 1.234]))
    assert picture.title == "It has settled"
    assert "1.23" in texts(root, "strong")
    assert "iteration →" in texts(root, "lb")
    (_, first), _, (_, last) = points(path(root, "curve"))
    assert first < last  # down the page
    picture, _ = drawn("loss", curve([3.0, 2.0], converged=False))
    assert picture.title == "It has not settled"
    assert "max_iter" in picture.caption


def test_over_two_decades_the_scale_is_logarithmic() -> None:
    _, root = drawn("loss", curve([1000.0, 100.0, 10.0, 1.0]))
    heights = [y for _, y in points(path(root, "curve"))]
    steps = [b - a for a, b in pairwise(heights)]
    assert steps == pytest.approx([steps[0]] * 3, abs=0.2)
    assert {"1", "10", "100", "1000"} <= set(texts(root, "end"))
    _, root = drawn("loss", curve([100.0, 50.0, 1.0]))  # not over two
    heights = [y for _, y in points(path(root, "curve"))]
    assert heights[1] - heights[0] == pytest.approx(heights[2] - heights[1], rel=0.05)
    drawn("loss", curve([1000.0, 0.0]))  # no logarithm
    drawn("loss", curve([5.0, -1000.0]))
    drawn("loss", curve([2.0, 2.0]))


def test_numbers_that_differ_are_told_apart() -> None:
    """Far from 0: of a likelihood, or in years."""
    _, root = drawn("loss", curve([147.02, 146.91, 146.86]), "gmm")
    ticks = texts(root, "tk")
    assert len(set(ticks)) == len(ticks) > 5
    assert texts(root, "strong") == ["146.9"]
    assert told_apart([2007.0, 2007.5, 2008.0]) == ["2007", "2007.5", "2008"]
    assert told_apart([1.0, 1.0]) == ["1", "1"]
    assert told_apart([]) == []


def test_a_trees_loss_goes_by_its_questions() -> None:
    picture, root = drawn("loss", curve([0.5, 0.2]), "decision_tree", max_leaf_nodes=None)
    assert picture.title == "The answers get purer"
    assert "level of questions →" in texts(root, "lb")
    _, root = drawn("loss", curve([0.5, 0.2]), "decision_tree", max_leaf_nodes=3)
    assert "question →" in texts(root, "lb")


def explained(*shares: float, k: int, here: float) -> dict[str, Any]:
    return {"explained": list(shares), "n_groups": k, "here": here, "n_rows": 50}


@pytest.mark.parametrize("k", [1, 2, 3, 8, 40])
def test_the_dot_is_at_this_many_groups(k: int) -> None:
    shares = [0.0, 0.5, 0.7, 0.8, 0.85, 0.9, 0.95, 0.97]
    _, root = drawn("more_groups", explained(*shares, k=k, here=0.6))
    line, [(x, y)] = points(path(root, "curve")), points(path(root, "dot"))
    if k <= len(shares):
        assert x == pytest.approx(line[k - 1][0], abs=0.1)
    low, high = line[0][1], line[-1][1]
    assert y == pytest.approx(low + (high - low) * 0.6 / 0.97, abs=0.3)
    assert any("here: 60" in said for said in texts(root))


def test_the_title_says_how_many_axes_are_enough() -> None:
    def title(*shares: float, n_axes: int | None = None) -> str:
        found = {"shares": list(shares), "total": sum(shares), "n_axes": n_axes or len(shares)}
        picture, root = drawn("variance_shares", found, "pca")
        assert len(list(root.iter("rect"))) == len(shares)
        return str(picture.title)

    assert title(0.69, 0.19, 0.09, 0.03).startswith("Two axes hold 88")
    assert title(0.9).startswith("One axis holds 90")
    assert title(0.5, 0.2).startswith("Two axes hold 70")
    assert title(*[0.05] * 12, n_axes=45).startswith("12 axes hold 60")


def test_weights_are_deep_where_they_are_large() -> None:
    found = {
        "rows": [
            {"column": HOSTILE, "weights": [0.8, -0.02]},
            {"column": "b" * 60, "weights": [0.1, -0.7]},
        ],
        "n_columns": 9,
    }
    picture, root = drawn("axis_weights", found, "pca")
    assert "<script" not in picture.markup
    assert "2 heaviest of 9" in picture.caption
    head, first, second = rows(root)
    assert head == ["", "axis 1", "axis 2"]
    assert first[1:] == ["+0.80", "−0.02"]
    assert second[1:] == ["+0.10", "−0.70"]
    assert [cell.get("class") for cell in root.iter("td")][1:] == ["p3", "z0", "z0", "m3"]
    names = [cell for cell in root.iter("th") if cell.get("scope") == "row"]
    assert text(names[0]) == f"{HOSTILE[:12]}…{HOSTILE[-11:]}"
    assert [one.get("title") for one in names[1]] == ["b" * 60]
    assert len(text(names[1])) == 24
