"""What is told of a decision tree, against scikit-learn's and by asking it again."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from sklearn import datasets
from sklearn.tree import DecisionTreeClassifier

from fitserve.data.columns import Columns
from fitserve.data.encoding import CategoryEncoder, NumberEncoder, TextEncoder
from fitserve.evaluation.pictures.descent import questions
from fitserve.evaluation.pictures.subject import LeftOut
from fitserve.evaluation.pictures.tree import DEEPEST, LEVELS, QUESTIONS, picture
from fitserve.models.decision_tree import DecisionTree
from tests.evaluation.pictures.subjects import subject


def told(model: DecisionTree, X: Any, y: Any, **more: Any) -> dict[str, Any]:
    found = picture(subject(model, X, y, **more))
    assert found is not None
    return found


def asked(found: Any, row: Any) -> Any:
    """The node that the row comes to, by what is told alone."""
    node = found["nodes"][0]
    while "question" in node:
        question = node["question"]
        yes = row[int(question["column"][1:])] <= question["most"]
        node = found["nodes"][node["yes" if yes else "no"]]
    return node


def test_iris_is_told_as_scikit_learn_has_it() -> None:
    X, y = datasets.load_iris(return_X_y=True)
    model, reference = DecisionTree(max_depth=3).fit(X, y), DecisionTreeClassifier(max_depth=3)
    reference.fit(X, y)
    found = told(model, X, y)
    nodes = found["nodes"]
    tree = reference.tree_
    assert len(nodes) == tree.node_count
    assert found["depth"] == 3
    assert found["n_questions"] == (tree.feature >= 0).sum() == found["n_answers"] - 1
    assert [node["rows"] for node in nodes] == tree.n_node_samples.tolist()  # in its order, too
    for node, value in zip(nodes, tree.value[:, 0], strict=True):
        assert node["shares"] == pytest.approx(value / value.sum(), abs=1e-4)
        assert node["share"] == pytest.approx(value.max() / value.sum(), abs=1e-4)
    assert found["labels"] == [0, 1, 2]
    assert found["others"] == 0
    for row, answer in zip(X, model.predict(X), strict=True):
        assert asked(found, row)["answer"] == answer


def test_a_regression_has_means_and_histograms() -> None:
    rng = np.random.default_rng(0)
    X = rng.normal(size=(300, 2))
    y = X[:, 0] + 0.1 * rng.normal(size=300)
    model = DecisionTree(max_depth=3).fit(X, y)
    found = told(model, X, y)
    root = found["nodes"][0]
    assert root["answer"] == pytest.approx(y.mean())
    assert root["counts"] == np.histogram(y, 12)[0].tolist()
    assert found["edges"][0] == pytest.approx(y.min(), abs=1e-3)
    for node in found["nodes"]:
        assert sum(node["counts"]) == node["rows"]
    for row, answer in zip(X, model.predict(X), strict=True):
        assert asked(found, row)["answer"] == pytest.approx(answer)


def test_questions_are_in_the_units_of_the_table() -> None:
    """One for each kind of column, and one of a word that is counted twice."""
    columns = Columns(
        [
            NumberEncoder("weight", mean=50.0, scale=10.0),
            CategoryEncoder("sex", ["female", "male"]),
            TextEncoder("body", ["free", "now"]),
            NumberEncoder("member", truths=True),
        ]
    )

    def question(j: int, low: float, high: float) -> tuple[Any, bool]:
        X = np.zeros((40, 6))
        X[:20, j], X[20:, j] = low, high
        y = np.repeat(["low", "high"], 20)
        found = told(DecisionTree().fit(X, y), X, y, columns=columns)
        root = found["nodes"][0]
        return root["question"], found["nodes"][root["yes"]]["answer"] == "low"

    assert question(0, -1.0, 2.0) == ({"column": "weight", "most": 55.0}, True)
    assert question(2, 0.0, 1.0) == ({"column": "sex", "is": "male"}, False)
    assert question(3, 0.0, 1.0) == ({"column": "body", "word": "free", "times": 1}, False)
    assert question(4, 1.0, 2.0) == ({"column": "body", "word": "now", "times": 2}, False)
    assert question(5, 0.0, 1.0) == ({"column": "member", "is": True}, False)
    assert question(5, 0.0, 0.5) == ({"column": "member", "most": 0.25}, True)  # filled in


def levels(nodes: Any) -> dict[int, int]:
    level = {0: 0}
    for at, node in enumerate(nodes):
        if "question" in node:
            level[node["yes"]] = level[node["no"]] = level[at] + 1
    return level


def grown(n: int = 4000) -> Any:
    rng = np.random.default_rng(1)
    X = rng.normal(size=(n, 3))
    return X, X.sum(axis=1) + rng.normal(size=n)


def test_of_a_deep_tree_the_first_levels_and_what_most_rows_come_to_are_told() -> None:
    X, y = grown()
    model = DecisionTree().fit(X, y)
    found = told(model, X, y)
    nodes = found["nodes"]
    assert found["n_questions"] == questions(model)[0] > QUESTIONS
    assert sum("question" in node for node in nodes) == QUESTIONS
    level = levels(nodes)
    assert all("below" not in node for at, node in enumerate(nodes) if level[at] < LEVELS)
    deep = [at for at, node in enumerate(nodes) if "question" in node and level[at] > LEVELS]
    cut = [node["rows"] for at, node in enumerate(nodes) if "below" in node]
    assert min(nodes[at]["rows"] for at in deep) >= max(cut) - 1
    below = sum(node.get("below", 0) for node in nodes)
    assert below + QUESTIONS == found["n_questions"]


def test_the_first_levels_are_told_of_few_rows_as_of_many() -> None:
    X, y = grown()
    X[:, 0] = np.where(np.arange(len(X)) < 16, 0.0, 100.0 + X[:, 0])
    y[:16] += 1000.0 + np.arange(16) % 5
    found = told(DecisionTree().fit(X, y), X, y)
    nodes = found["nodes"]
    level = levels(nodes)
    few = nodes[nodes[0]["yes"]]
    assert few["rows"] == 16
    assert "question" in few
    assert not [at for at, node in enumerate(nodes) if "below" in node and level[at] < LEVELS]
    assert min(nodes[at]["rows"] for at in level if level[at] == LEVELS) < 16


def test_a_chain_is_cut_where_it_is_too_deep_to_read() -> None:
    X = np.arange(60.0)[:, None]
    y = 2.0 ** np.arange(60)
    model = DecisionTree().fit(X, y)
    found = told(model, X, y)
    assert model.depth_ > DEEPEST
    nodes = found["nodes"]
    assert max(levels(nodes).values()) == DEEPEST
    asked = sum("question" in node for node in nodes)
    assert asked < QUESTIONS
    assert asked + sum(node.get("below", 0) for node in nodes) == found["n_questions"]


def test_a_tree_that_asks_nothing_answers() -> None:
    X, y = np.ones((10, 1)), np.repeat(["a", "b"], [7, 3])
    found = told(DecisionTree().fit(X, y), X, y)
    [node] = found["nodes"]
    assert (node["answer"], node["rows"], node["share"]) == ("a", 10, 0.7)
    assert (found["n_questions"], found["depth"]) == (0, 0)


def test_of_many_classes_the_largest_are_told_apart() -> None:
    rng = np.random.default_rng(2)
    y = np.repeat(np.arange(12), np.arange(10, 22))
    X = np.column_stack([y + 0.1 * rng.normal(size=len(y)), rng.normal(size=len(y))])
    found = told(DecisionTree().fit(X, y), X, y)
    assert found["labels"] == [5, 6, 7, 8, 9, 10, 11]
    assert found["others"] == 5
    root = found["nodes"][0]
    assert root["shares"] == pytest.approx(
        [n / len(y) for n in (15, 16, 17, 18, 19, 20, 21, 60)], abs=1e-4
    )
    assert {asked(found, row)["answer"] for row in X} == set(range(12))


def test_a_model_of_a_version_before_counts_the_rows_that_were_kept() -> None:
    X, y = datasets.load_iris(return_X_y=True)
    model = DecisionTree(max_depth=4).fit(X, y)
    now = told(model, X, y)
    del vars(model)["node_samples_"]
    assert told(model, X, y) == now
    assert picture(replace(subject(model, X, y), sample=None)) is None


def test_without_rows_a_tree_is_told_as_it_was_trained() -> None:
    X, y = grown(100)
    found = picture(replace(subject(DecisionTree(max_depth=2).fit(X, y), X, y), sample=None))
    assert found is not None
    assert found["edges"] is None
    assert found["nodes"][0]["rows"] == 100
    assert "counts" not in found["nodes"][0]


def test_a_tree_that_is_too_deep_for_the_time_there_is_is_left_out() -> None:
    X, y = grown(300)
    with pytest.raises(LeftOut):
        picture(subject(DecisionTree().fit(X, y), X, y, left=1e4))
