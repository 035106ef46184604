"""Every line of ours that finds a fault is reached, and what it says is for a person."""

import ast
import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from fitserve.errors import Fault
from tests.api.generated import requests
from tests.api.words import SOURCE, judge
from tests.conftest import Api

ROOMS = ["models/*.py", "data/arrays.py", "data/expectations.py", "evaluation/plan.py"]
PYTHON = {"_checked_array", "_rows"}  # what only a caller in Python can send

X = [[0.0, 1.0], [0.5, 1.5], [8.0, 9.0], [8.5, 9.5]]
Y = [0, 0, 1, 1]
ASKED: list[tuple[str, dict[str, Any]]] = [
    ("multi_naive_bayes", {"X": X, "y": Y, "alpha": [1, 2, 3]}),
    ("multi_naive_bayes", {"X": X, "y": Y, "class_prior": [1, 2, 3]}),
    ("multi_naive_bayes", {"X": [[1, 0], [0, 0]], "y": [0, 1], "alpha": 0}),
    ("multi_naive_bayes", {"X": [[1, -1], [0, 0]], "y": [0, 1]}),
    ("kmeans", {"X": [[1.0], [1.0]], "n_clusters": 2}),
    ("pca", {"X": [[1.0, 2.0]] * 3}),
    ("pca", {"X": X, "n_components": 1.5}),
    ("pca", {"X": X, "n_components": 3}),
    ("pca", {"X": [[1, 1], [2, 2], [3, 3]], "n_components": 2, "whiten": True}),
    ("gauss_naive_bayes", {"X": [[1], [1], [2], [2]], "y": Y, "var_smoothing": 0}),
    ("gauss_naive_bayes", {"X": X, "y": Y, "priors": [0.2, 0.3, 0.5]}),
    ("gauss_naive_bayes", {"X": X, "y": Y, "priors": [0.2, 0.3]}),
    ("decision_tree", {"X": X, "y": Y, "criterion": "squared_error"}),
    ("decision_tree", {"X": X, "y": [0.5, 1, 2, 3], "class_weight": "balanced"}),
    ("gmm", {"X": [[1, 1], [2, 2], [3, 3]], "reg_covar": 0}),
    ("gmm", {"X": [[1.0]], "n_components": 2}),
    ("knn", {"X": X, "y": Y, "n_neighbors": 9}),
    ("knn", {"X": X, "y": Y, "k": 1, "feature_names": ["a", "a"]}),
    ("knn", {"X": X, "y": Y, "k": 1, "feature_names": ["a", "b\0"]}),
    ("knn", {"X": X, "y": Y, "k": 1, "feature_names": ["a"]}),
    ("knn", {"X": [[], []], "y": Y}),
    ("knn", {"X": [[1, None], [2, "3"], [True, 4]], "y": [0, 1, 1]}),
    ("knn", {"X": [[1, 10**400], [2, 3]], "y": [0, 1]}),
    ("knn", {"X": [1, 2], "y": [0, 1]}),
    ("knn", {"X": [[1], 2], "y": [0, 1]}),
    ("knn", {"X": [[1], [1, 2]], "y": [0, 1]}),
    ("knn", {"X": X, "y": [[0], [0], [1], [1]]}),
    ("knn", {"X": X, "y": "abab"}),
    ("knn", {"X": X, "y": [0, "a", 1, None]}),
    ("knn", {"X": X, "y": [0, 1]}),
    ("knn", {"X": X}),
    ("knn", {"y": Y}),
    ("knn", {"X": X, "y": Y, "k": 1, "feature_names": "ab"}),
    ("knn", {"X": X, "y": Y, "k": 1, "feature_names": [1, "b"]}),
    ("knn", {"X": X, "y": Y, "k": 1, "n_neighbors": 1}),
    ("knn", {"X": X, "y": Y, "n_neighbours": 1}),
    ("knn", {"X": X, "y": Y, "k": 1, "zzz": 1}),
    ("knn", {"X": X, "y": Y, "k": "1"}),
    ("svm", {"X": X, "y": [1, 1, 1, 1]}),
    ("pca", {"X": X, "y": Y}),
    ("pca", {"X": X[:1]}),
    ("knn", {"X": X, "y": Y, "k": 1, "cv": 2, "holdout": 0.5}),
    ("knn", {"X": X, "y": Y, "k": 1, "cv": 9}),
    ("knn", {"X": X[:1], "y": [0.5], "k": 1, "holdout": 0.9}),
    ("knn", {"X": X, "y": Y, "k": 1, "importance": True}),
    ("knn", {"X": X, "y": [0, 0, 0, 1], "k": 1, "cv": 4}),
    ("knn", {"X": X, "y": Y, "k": 1, "holdout": 0.75}),
    ("kmeans", {"X": X, "n_clusters": 2, "cv": 2}),
    ("linear_regression", {"X": X, "y": Y, "learning_rate": 1e9}),
    ("linear_regression", {"X": X, "y": ["a", "b", "c", "d"]}),
    ("knn", {"X": X, "y": ["a", "b\0", "c", "d"]}),
    ("svm", {"X": X, "y": [0.5, 1, 2, 3]}),
    ("svm", {"X": X, "y": [1e300, 1, 2, 3]}),
    ("svm", {"X": X, "y": [10**400, 1, 2, 3]}),
]
NAMED = [
    [{"a": 1.0, "b": 2.0}, [1.0, 2.0]],
    [{"a": 1.0, "b": "x"}],
    [{"a": 1.0}],
    [{"a": 1.0, "b": 2.0, "c": 1}],
    {"a": {"0": 1}},
    [[1.0]],
    "x",
]


@pytest.fixture
def reached(monkeypatch: pytest.MonkeyPatch) -> set[tuple[str, int]]:
    """File and line of whatever made a fault."""
    seen: set[tuple[str, int]] = set()
    make = Fault.__init__

    def made(self: Fault, *args: Any, **kwargs: Any) -> None:
        frame: Any = sys._getframe(1)
        while frame.f_code.co_filename.endswith("errors.py"):
            frame = frame.f_back
        seen.add((frame.f_code.co_filename, frame.f_lineno))
        make(self, *args, **kwargs)

    monkeypatch.setattr(Fault, "__init__", made)
    return seen


def sites() -> Iterator[tuple[str, str, range]]:
    """Where faults are made: file, function, lines."""
    for path in (path for room in ROOMS for path in sorted(SOURCE.glob(room))):
        for function in ast.walk(ast.parse(path.read_text())):
            if isinstance(function, ast.FunctionDef):
                for node in ast.walk(function):
                    if isinstance(node, ast.Call) and ast.unparse(node.func) in (
                        "Fault",
                        "InvalidRequest.at",
                    ):
                        end = node.end_lineno or node.lineno
                        yield str(path), function.name, range(node.lineno, end + 1)


def test_every_place_that_finds_a_fault_is_reached(api: Api, reached: set[tuple[str, int]]) -> None:
    answers = [api.register(model_type, 1, **kwargs) for model_type, kwargs in ASKED]
    refused = [json.dumps(ASKED[i]) for i, one in enumerate(answers) if one.status_code != 422]
    assert not refused, "these were to be refused"
    assert api.register("knn", 2, X=X, y=Y, k=1, feature_names=["a", "b"]).status_code == 201
    assert api.register("pca", 2, X=X).status_code == 201
    answers += [api.predict("knn", 2, features) for features in NAMED]
    assert api.register("kmeans", 2, X=[[1e-300], [2e-300]], n_clusters=2).status_code == 201
    answers.append(api.predict("kmeans", 2, [[1e300]]))
    answers.append(api.client.post("/register", json={"model_type": "knn", "X": X}))
    for model_type in ("gauss_naive_bayes", "gmm", "knn", "svm", "perceptron", "pca"):
        width = len(api.example(model_type).json["feature_names"])  # type: ignore[index]
        answers.append(api.predict(model_type, 1, [[1e308] * width], probabilities=True))
        answers.append(api.predict(model_type, 1, [[1e308] * width]))
    answers += [api.predict("pca", 2, X, probabilities=True), api.predict("pca", 2, {"a": 1})]
    for ask in requests(3, 600):
        answers.append(
            api.client.open(ask.path, method=ask.method, data=ask.body, headers=ask.headers)
        )
    for answer in answers:
        if answer.status_code == 422 and answer.data and answer.json is not None:
            judge(answer.json["detail"])
    missed = {
        f"{Path(file).name}:{lines[0]} {function}"
        for file, function, lines in sites()
        if function not in PYTHON and not any((file, line) in reached for line in lines)
    }
    assert missed == set()
