"""A decision tree as boxes and in words."""

import re
from typing import Any

import numpy as np
import pytest

from fitserve.evaluation.pictures.tree import picture
from fitserve.models.decision_tree import DecisionTree
from fitserve.pages.drawing import draw
from fitserve.pages.drawing.questions import asked
from tests.evaluation.pictures.subjects import subject
from tests.pages.drawing.markup import numbers, parsed, text, texts

HOSTILE = '<script>alert("&")</script>'


def drawn(model: DecisionTree, X: Any, y: Any, **changed: Any) -> Any:
    found = picture(subject(model, X, y))
    assert found is not None
    description = {"target": "kind", "hyperparameters": model.hyperparameters()}
    [made] = draw(description, numbers(tree=found | changed))
    assert made.wide
    return made, parsed(made), found


def problem(n: int = 2000) -> Any:
    rng = np.random.default_rng(0)
    X = rng.normal(size=(n, 3))
    return X, X.sum(axis=1) + rng.normal(size=n)


def boxes(root: Any) -> list[Any]:
    return [one for one in root.iter("rect") if "node" in one.get("class", "").split()]


def test_a_small_tree_is_drawn_whole_and_said_whole() -> None:
    X, y = problem(100)
    y = np.where(y > 0, HOSTILE, "b" * 40)
    made, root, found = drawn(DecisionTree(max_depth=2).fit(X, y), X, y)
    assert made.title == "The whole model: 3 questions"
    assert "<script" not in made.markup
    assert len(boxes(root)) == len(found["nodes"]) == 7
    branches = [one for one in root.iter("path") if one.get("class") == "edge"]
    widths = [float(one.get("stroke-width", 0)) for one in branches]
    sizes = [node["rows"] for node in found["nodes"]]
    assert widths[:2] == pytest.approx([18 * sizes[1] / 100, 18 * sizes[4] / 100], abs=0.06)
    assert texts(root, "strong")  # the answers
    words = [text(one) for one in root.iter("li")]
    assert len(words) == 7
    assert words[0].startswith(asked(found["nodes"][0]["question"]))
    assert any(f"{HOSTILE} (" in line for line in words)
    ends = [re.search(r"\((\d+) of (\d+) rows", line) for line in words[2:4]]
    assert all(ends)


def test_the_answers_follow_on_yes_above_and_no_below() -> None:
    X = np.arange(10.0)[:, None]
    y = (X[:, 0] > 3.0).astype(int)
    _, root, _ = drawn(DecisionTree().fit(X, y), X, y)
    places = {text(one): float(one.get("y", 0)) for one in root.iter("text")}
    assert places["c0 ≤ 3.5?"]
    assert places["0"] < places["c0 ≤ 3.5?"] < places["1"]
    assert places["yes"] < places["no"]
    assert {"4 of 4", "6 of 6"} <= set(places)
    words = [text(one) for one in root.iter("li")]
    assert words[1:] == ["yes: 0 (4 of 4 rows)", "no: 1 (6 of 6 rows)"]


def test_a_deep_tree_has_31_boxes_and_the_rest_in_words() -> None:
    X, y = problem()
    made, root, found = drawn(DecisionTree().fit(X, y), X, y)
    assert made.title == f"The first 4 of {found['depth']} levels of questions"
    assert len(boxes(root)) <= 31
    assert f"Of its {found['n_questions']} questions the 127" in made.caption
    assert len(list(root.iter("li"))) == len(found["nodes"]) == 255
    assert any("more question" in text(one) for one in root.iter("li"))
    assert len(made.markup) < 60_000
    whole, *folds = root.iter("details")
    assert 0 < len(folds) <= 16
    open_ = len(list(whole.iter("li"))) - sum(len(list(one.iter("li"))) for one in folds)
    assert open_ <= 31  # what one sees at first
    for one in boxes(root):  # none lies on another
        x, y = float(one.get("x", 0)), float(one.get("y", 0))
        near = [b for b in boxes(root) if float(b.get("x", 0)) == x]
        assert all(abs(float(b.get("y", 0)) - y) >= 42 for b in near if b is not one)


def test_a_regression_shows_means_and_histograms() -> None:
    X, y = problem(300)
    made, root, found = drawn(DecisionTree(max_depth=2).fit(X, y), X, y)
    assert "the mean of kind" in made.caption
    bars = [one for one in root.iter("rect") if one.get("class") == "fillc"]
    assert len(bars) == sum(n > 0 for node in found["nodes"] for n in node["counts"])
    assert made.markup.count("legend") == 0
    made, root, _ = drawn(DecisionTree(max_depth=2).fit(X, y), X, y, edges=None)
    assert "Bars" not in made.caption


def test_weighted_classes_are_told_by_their_shares() -> None:
    X = np.arange(20.0)[:, None] // 10
    y = np.repeat(["a", "b", "a"], [8, 2, 10])
    model = DecisionTree(class_weight="balanced").fit(X, y)
    _, root, _ = drawn(model, X, y)
    ends = [text(one) for one in root.iter("li")][1:]
    assert ends[1] == "no: a (100\N{NARROW NO-BREAK SPACE}% of 10 rows)"
    assert ends[0].startswith("yes: b (")
    assert ends[0].endswith("% of 10 rows)")


def test_many_classes_have_eight_colours() -> None:
    rng = np.random.default_rng(0)
    y = np.repeat(np.arange(12), 20)
    X = rng.normal(size=(240, 3))
    made, root, _ = drawn(DecisionTree(max_depth=2).fit(X, y), X, y)
    colours = {one.get("class") for one in root.iter("rect")} - {"node", "node leaf"}
    assert colours <= {f"f{k}" for k in range(8)}
    assert "5 others" in made.markup


def test_a_tree_that_asks_nothing_says_its_answer() -> None:
    X, y = np.ones((4, 1)), np.array(["a", "a", "a", "b"])
    made, root, _ = drawn(DecisionTree().fit(X, y), X, y)
    assert made.title == "It asks nothing: always a"
    assert len(boxes(root)) == 1


def test_questions_of_each_kind_of_column() -> None:
    assert asked({"column": "x", "most": 42.35}) == "x ≤ 42.35?"
    assert asked({"column": "x", "most": -1234.5}) == "x ≤ −1234.5?"
    assert asked({"column": "sex", "is": "male"}) == "sex is male?"
    assert asked({"column": "member", "is": True}) == "member is true?"
    assert asked({"column": "body", "word": "free", "times": 1}) == "body has “free”?"
    assert asked({"column": "body", "word": "free", "times": 2}).endswith("2 times or more?")
