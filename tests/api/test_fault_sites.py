"""Every line of ours that finds a fault is reached, all that it can say is said, and that is for a
person."""

import ast
import json
import re
import sys
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest
from werkzeug.test import TestResponse

from fitserve.api import bodies
from fitserve.data import limits
from fitserve.errors import Fault
from tests.api import wrong_tables
from tests.api.generated import requests
from tests.api.words import SOURCE, judge_problem
from tests.conftest import Api

ROOMS = [
    *("api/asked.py", "api/beside_json.py", "api/evaluations.py", "api/matrices.py"),
    *("api/queries.py", "api/registrations.py"),
    *("data/[!jk]*.py", "data/json_table.py", "evaluation/plan.py"),
    "models/*.py",
]
ADVICE = {"doubts.py", "observations.py", "outliers.py", "sums.py"}  # these refuse nothing
PYTHON = {"_checked_array", "_rows"}  # what only a caller in Python can send
MAKERS = ("Fault", "InvalidRequest.at", "self._problem")

X = [[0.0, 1.0], [0.5, 1.5], [8.0, 9.0], [8.5, 9.5]]
Y = [0, 0, 1, 1]
ASKED: list[tuple[str, dict[str, Any]]] = [
    ("kmeans", {"X": X, "n_clusters": 2, "importance": True}),
    ("logistic_regression", {"X": X, "y": Y, "lambda": 0.1}),
    ("logistic_regression", {"X": X, "y": Y, "lambda": 0}),
    ("logistic_regression", {"X": X, "y": Y, "alpha": "l2"}),
    ("linear_regression", {"X": X, "y": Y, "penalty": "l2"}),
    ("linear_regression", {"X": X, "y": Y, "penalty": None}),
    ("linear_regression", {"X": X, "y": Y, "penalty": "l2", "ALPHA": 1}),
    ("linear_regression", {"X": X, "y": Y, "ALPHA": "3"}),
    ("linear_regression", {"X": [[1e-310 * b, a] for a, b in X], "y": Y}),
    ("svm", {"X": X, "y": Y, "probability": True}),
    ("svm", {"X": X, "y": Y, "penalty": None, "lam": 1}),
    ("perceptron", {"X": X, "y": Y, "lambda": 1}),
    ("perceptron", {"X": X, "y": Y, "penalty": 0.1}),
    ("perceptron", {"X": X, "y": {"a": Y}}),
    ("perceptron", {"X": X, "y": {"a": Y, "b": Y}}),
    ("pca", {"X": X, "variance": 0.9}),
    ("pca", {"X": X, "variance": 1}),
    ("linear_regression", {"X": X, "y": Y, "ALPHA": 100}),
    ("linear_regression", {"X": [*X, *X], "y": [1, 2, 3, 1.7e308, 4, 5, 6, 7], "ALPHA": 0.01}),
    ("pca", {"X": [*X, *X, [1e308, 2.0]]}),
    ("svm", {"X": X, "y": Y, "kernel": "rbf"}),
    ("svm", {"X": X, "y": Y, "kernl": "rbf"}),
    ("knn", {"X": X, "y": Y, "metrik": "euclidean"}),
    ("svm", {"X": X, "y": Y, "alpha": 0.1}),
    ("svm", {"X": X, "y": Y, "alpha": -1}),
    ("svm", {"X": X, "y": Y, "alpha": "l2"}),
    ("svm", {"X": X, "y": Y, "k": 1}),
    ("knn", {"X": X, "y": Y, "metric": "euclidean"}),
    ("knn", {"X": X, "y": Y, "metric": "cosine"}),
    ("multi_naive_bayes", {"X": X, "y": Y, "alpha": [1, 2, 3]}),
    ("multi_naive_bayes", {"X": X, "y": Y, "class_prior": [1, 2, 3]}),
    ("multi_naive_bayes", {"X": X, "y": Y, "alpha": "x"}),
    ("multi_naive_bayes", {"X": [[1, 0], [0, 0]], "y": [0, 1], "alpha": 0}),
    ("multi_naive_bayes", {"X": [[1, -1], [0, 0]], "y": [0, 1]}),
    ("multi_naive_bayes", {"X": [{"a": 1}, {"a": 2}], "y": [0, 1], "standardize": True}),
    ("kmeans", {"X": [[1.0], [1.0]], "n_clusters": 2}),
    ("pca", {"X": [[1.0, 2.0]] * 3}),
    ("pca", {"X": [[1e-308, 2.0], [2e-308, 2.0]]}),
    ("pca", {"X": X, "n_components": 1.5}),
    ("pca", {"X": X, "n_components": 3}),
    ("pca", {"X": [[1, 1], [2, 2], [3, 3]], "n_components": 2, "whiten": True}),
    ("gauss_naive_bayes", {"X": [[1], [1], [2], [2]], "y": Y, "var_smoothing": 0}),
    ("gauss_naive_bayes", {"X": X, "y": Y, "alpha": 1}),
    ("gauss_naive_bayes", {"X": [[1]] * 4, "y": Y}),
    ("gauss_naive_bayes", {"X": [[1e-308], [2e-308], [3e-308], [9e-308]], "y": Y}),
    ("gauss_naive_bayes", {"X": X, "y": Y, "priors": [0.2, 0.3, 0.5]}),
    ("gauss_naive_bayes", {"X": X, "y": Y, "priors": [0.2, 0.3]}),
    ("gauss_naive_bayes", {"X": X, "y": Y, "priors": [50, 50]}),
    ("gauss_naive_bayes", {"X": X, "y": Y, "priors": [0, 0]}),
    ("gauss_naive_bayes", {"X": [*X * 6][:22], "y": [*range(11)] * 2, "priors": [1] * 11}),
    ("knn", {"X": [[1e308, 1], *X[1:]], "y": Y, "k": 1, "cv": 2, "standardize": True}),
    ("decision_tree", {"X": X, "y": Y, "criterion": "squared_error"}),
    ("decision_tree", {"X": X, "y": [0.5, 1, 2, 3], "class_weight": "balanced"}),
    ("gmm", {"X": [[1, 1], [2, 2], [3, 3]], "reg_covar": 0}),
    ("gmm", {"X": [[1e158, 1e158], [2e158, 2e158], [3e158, 3e158]], "reg_covar": 0}),
    ("gmm", {"X": [[1e150, -1e150], [-1e150, 1e150]] * 2}),
    ("gmm", {"X": [[1.0]], "n_components": 2}),
    ("knn", {"X": X, "y": Y, "n_neighbors": 9}),
    ("knn", {"X": X, "y": Y, "n_neighbors": 9, "cv": 2}),
    ("knn", {"X": X, "y": Y, "n_neighbors": 4, "holdout": 0.999}),
    ("knn", {"X": X, "y": Y, "n_neighbors": 1, "holdout": 0.999}),
    ("knn", {"X": X, "y": Y, "k": 1, "feature_names": ["a", "a"]}),
    ("knn", {"X": X, "y": Y, "k": 1, "feature_names": ["a", "b\0"]}),
    ("knn", {"X": X, "y": Y, "k": 1, "feature_names": ["a"]}),
    ("knn", {"X": X, "y": Y, "k": 1, "feature_names": [["a", "b"]]}),
    ("knn", {"X": 5, "y": Y, "k": 1, "standardize": True}),
    ("knn", {"X": [[], []], "y": Y}),
    ("knn", {"X": [[1, {}], [2, 3]], "y": [0, 1]}),
    ("knn", {"X": [[[1, 2]], [[3, 4]]], "y": [0, 1]}),
    ("knn", {"X": [[1, 2], {"a": 3, "b": 4}], "y": [0, 1]}),
    ("knn", {"X": ["[1 2]", "[2 1]"], "y": [0, 1]}),
    ("knn", {"X": [[1, "-"], [2, "2020-01-01"], [3, "1e999"]], "y": [0, 1, 0]}),
    ("knn", {"X": X, "y": [True, 0, 1, "x"]}),
    ("knn", {"X": X, "y": ["a", "", "b", "a"]}),
    ("knn", {"X": X, "y": ["a", 0, True, 1.5]}),
    ("knn", {"X": X, "y": [0, [0, 1], {"y": 1}, {}]}),
    ("knn", {"X": X, "y": [0, "x", "2", True]}),
    ("knn", {"X": X, "y": ["a", "b", "a", "b"], "task": "regression"}),
    ("knn", {"X": X, "y": Y, "feature_names": ["a", " "]}),
    ("knn", {"X": X, "y": Y, "feature_names": "['a', 'b']"}),
    ("knn", {"X": [[1, "u"], [2, 7], [3, "v"]], "y": [0, 1, 0]}),
    ("knn", {"X": [[1, None], [2, "3"], [True, 4]], "y": [0, 1, 1]}),
    ("knn", {"X": [[1, 10**400], [2, 3]], "y": [0, 1]}),
    ("knn", {"X": [1, 2], "y": [0, 1]}),
    ("knn", {"X": [[1, "a"], [2, "b"]]}),
    ("knn", {"X": [[1, "a"], [2, "b"]], "y": [0, 1]}),
    ("knn", {"X": X, "target": -1}),
    ("knn", {"X": [[5, 1, 3.5], [4.9, 3.0]], "y": Y[:2], "k": 1}),
    ("knn", {"X": X, "y": [Y]}),
    ("knn", {"X": X, "y": Y, "drop": [""]}),
    ("knn", {"X": X, "y": Y, "drop": ["None"]}),
    ("knn", {"X": X, "y": ["-", 0.5, 1, 2]}),
    ("linear_regression", {"X": X, "y": ["NaN", "0.5", "1", "2"]}),
    ("knn", {"X": X, "y": Y, "feature_names": ""}),
    ("knn", {"X": [[1], 2], "y": [0, 1]}),
    ("knn", {"X": [[1], [1, 2]], "y": [0, 1]}),
    ("knn", {"X": X, "y": [[0], [0], [1], [1]]}),
    ("knn", {"X": X, "y": "abab"}),
    ("knn", {"X": X, "y": '{"0": 1}'}),
    ("knn", {"X": X, "y": "a\nb"}),
    ("knn", {"X": "[[1, 2]]", "y": Y}),
    ("knn", {"X": '{"a": {"0": 1}}', "y": Y}),
    ("knn", {"X": '{"a": {"0": 1}}', "y": Y, "feature_names": ["a"], "standardize": True}),
    ("knn", {"X": X, "y": {"0": 1}}),
    ("knn", {"X": X, "y": [0, "a", 1, None]}),
    ("knn", {"X": X, "y": [0, 1]}),
    ("knn", {"X": X}),
    ("knn", {"y": Y}),
    ("knn", {"features": X, "y": Y}),
    ("knn", {"X": X, "y": Y, "k": 1, "feature_names": "ab"}),
    ("knn", {"X": X, "y": Y, "k": 1, "feature_names": [1, None]}),
    ("knn", {"X": X, "y": Y, "k": 1, "n_neighbors": 1}),
    ("knn", {"X": X, "y": Y, "n_neighbours": 1}),
    ("knn", {"X": X, "y": Y, "k": 1, "zzz": 1}),
    ("knn", {"X": X, "y": Y, "params": {"k": 1}}),
    ("knn", {"X": X, "target": Y, "k": 1}),
    ("knn", {"X": X, "y": Y, "k": "1"}),
    ("knn", {"X": X, "y": Y, "k": "$K"}),
    ("svm", {"X": X, "y": [1, 1, 1, 1]}),
    ("pca", {"X": X, "y": Y}),
    ("pca", {"X": X[:1]}),
    ("knn", {"X": X, "y": Y, "k": 1, "cv": 2, "holdout": 0.5}),
    ("knn", {"X": X, "y": Y, "k": 1, "cv": "2", "holdout": 0.5}),
    ("knn", {"X": X, "y": Y, "k": 1, "cv": 9}),
    ("knn", {"X": X[:1], "y": [0.5], "k": 1, "holdout": 0.9}),
    ("knn", {"X": X, "y": Y, "k": 1, "importance": True}),
    ("knn", {"X": X[1:3], "y": Y[1:3], "k": 1, "importance": True}),
    ("knn", {"X": X, "y": [0, 0, 0, 1], "k": 1, "cv": 4}),
    ("knn", {"X": X, "y": Y, "k": 1, "holdout": 0.75}),
    ("knn", {"X": X, "y": Y, "k": 1, "cv": 0.25}),
    ("knn", {"X": X, "y": Y, "k": 1, "holdout": 20}),
    ("kmeans", {"X": X, "n_clusters": 2, "cv": 2}),
    ("linear_regression", {"X": X, "y": Y, "learning_rate": 1e9}),
    ("linear_regression", {"X": [[1e200], [2e200]], "y": [0, 1], "learning_rate": 1}),
    ("linear_regression", {"X": [[1e200], [2e200]], "y": [1e180, 1], "learning_rate": 1}),
    ("linear_regression", {"X": X, "y": ["a", "b", "c", "d"]}),
    ("linear_regression", {"X": X, "y": [1.7e308, 8.5e307, -1.7e308, 1.7e308], "cv": 2}),
    (
        "knn",
        {"X": [[1, 1], [2, 2], [3, 1e308], [4, 4], [5, 5]], "y": [1, 0, 1, 0, 1], "k": 1}
        | {"cv": 2, "standardize": True},
    ),
    ("knn", {"X": X, "y": ["a", "b\0", "c", "d"]}),
    ("svm", {"X": X, "y": [0.5, 1, 2, 3]}),
    ("svm", {"X": X, "y": Y, "C": 2, "lam": 1}),
    ("svm", {"X": X, "y": Y, "C": 1e200}),
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
    [1.0],
    [[[1.0, 2.0]]],
    [[1.0, 2.0], [3.0]],
    [[1.0, "x"]],
    "x",
    "[1, 2]",
    "1,2\n3,4",
]


@pytest.fixture
def reached(monkeypatch: pytest.MonkeyPatch) -> set[tuple[str, int]]:
    """File and line of whatever made a fault, and of what called that."""
    seen: set[tuple[str, int]] = set()
    make = Fault.__init__

    def made(self: Fault, *args: Any, **kwargs: Any) -> None:
        frame: Any = sys._getframe(1)
        while frame is not None:
            if frame.f_code.co_filename.startswith(str(SOURCE)):
                seen.add((frame.f_code.co_filename, frame.f_lineno))
            frame = frame.f_back
        make(self, *args, **kwargs)

    monkeypatch.setattr(Fault, "__init__", made)
    return seen


def rooms() -> Iterator[tuple[Path, ast.Module]]:
    for path in (path for room in ROOMS for path in sorted(SOURCE.glob(room))):
        if path.name not in ADVICE:
            yield path, ast.parse(path.read_text())


def sites() -> Iterator[tuple[str, str, range]]:
    """Where faults are made: file, function, lines."""
    for path, tree in rooms():
        for function in ast.walk(tree):
            if isinstance(function, ast.FunctionDef) and function.name not in PYTHON:
                for node in ast.walk(function):
                    if isinstance(node, ast.Call) and ast.unparse(node.func) in MAKERS:
                        end = node.end_lineno or node.lineno
                        yield str(path), function.name, range(node.lineno, end + 1)


def phrases() -> Iterator[tuple[str, re.Pattern[str]]]:
    """Whatever is written there of three words or more, and is no docstring: where, and a pattern
    of what is told."""
    for path, tree in rooms():
        said = {id(node) for node in ast.walk(tree)} - {id(one) for one in _silent(tree)}
        for node in ast.walk(tree):
            if id(node) not in said or not isinstance(node, (ast.JoinedStr, ast.Constant)):
                continue
            parts = node.values if isinstance(node, ast.JoinedStr) else [node]
            texts = [one.value if isinstance(one, ast.Constant) else None for one in parts]
            if len(re.findall("[a-z]+ ", " ".join(str(text) for text in texts if text))) > 1:
                pattern = "".join(".*" if text is None else re.escape(str(text)) for text in texts)
                yield f"{path.name}:{node.lineno}", re.compile(pattern.removeprefix(".*"))


def _silent(tree: ast.Module) -> Iterator[ast.AST]:
    """What is for programmers, or for the schema; and the parts of a text that is told whole."""
    for node in ast.walk(tree):
        if isinstance(node, ast.stmt) and _is_for_programmers(node):
            yield from ast.walk(node)
        elif isinstance(node, ast.keyword) and node.arg == "description":
            yield from ast.walk(node.value)
        elif isinstance(node, ast.JoinedStr):
            yield from (one for one in ast.walk(node) if isinstance(one, ast.Constant))


def _is_for_programmers(node: ast.stmt) -> bool:
    if isinstance(node, ast.Expr):
        return isinstance(node.value, ast.Constant)
    if isinstance(node, ast.FunctionDef):
        return node.name in PYTHON
    return isinstance(node, (ast.Assert, ast.Raise)) and "InvalidRequest" not in ast.unparse(node)


Answered = tuple[Any, TestResponse]
"""The body that was asked, None if it is no JSON, and the answer."""


def asked(api: Api) -> Iterator[Answered]:
    """What is refused: of each request here all, of those from a seed some."""
    for model_type, kwargs in ASKED:
        yield refused(*register(api, model_type, kwargs))
    for kwargs in wrong_tables.LEARNED:
        yield refused(*register(api, "knn", kwargs))
    for kwargs in wrong_tables.ALONE:
        yield refused(*register(api, "kmeans", kwargs))
    for query, file in wrong_tables.FILES:
        yield refused(*csv(api, "register", wrong_tables.NAMED | query, file))
    yield from of_matrices(api)
    yield from of_tables(api)
    for ask in requests(3, 600):
        answer = api.client.open(ask.path, method=ask.method, data=ask.body, headers=ask.headers)
        if answer.status_code == 422 and answer.data:
            yield None, answer


def of_matrices(api: Api) -> Iterator[Answered]:
    assert api.register("knn", 2, X=X, y=Y, k=1, feature_names=["a", "b"]).status_code == 201
    assert api.register("pca", 2, X=X).status_code == 201
    for features in NAMED:
        yield refused(*predict(api, "knn", 2, features))
    of_csv = {"model_type": "knn", "model_id": 2}
    yield refused(*csv(api, "evaluate", of_csv, "a,b\n1,2\n"))
    yield refused(*csv(api, "predict", of_csv | {"features": "1,2"}, "a,b\n1,2\n"))
    assert api.register("kmeans", 2, X=[[1e-300], [2e-300]], n_clusters=2).status_code == 201
    yield refused(*predict(api, "kmeans", 2, [[1e300], [1.0]]))
    steep = {"X": [[1.0], [2.0], [3.0], [4.0]], "y": [2e307, 4e307, 6e307, 8e307]}
    yield register(api, "linear_regression", steep, 9)
    yield refused(*predict(api, "linear_regression", 9, [[-100.0], [1.0]]))
    yield register(api, "gauss_naive_bayes", {"X": X, "y": Y}, 9)
    yield refused(*predict(api, "gauss_naive_bayes", 9, [[1.0, 1e308], [1.0, 1.0]]))
    quantity = {"X": [[float(i)] for i in range(60)], "y": list(range(60))}
    for model_type in ("knn", "gauss_naive_bayes"):  # which is advised of
        yield register(api, model_type, quantity, 3)
    yield register(api, "knn", {"X": X, "y": ["a", "A", "a", "A"], "k": 1}, 5)
    yield register(api, "linear_regression", {"X": X, "y": [1.5] * 4}, 5)
    yield register(api, "logistic_regression", {"X": X, "y": Y, "alpha": 0.1}, 5)
    yield refused(*register(api, "logistic_regression", {"X": X, "y": Y, "alpha": 0}, 6))
    yield register(api, "svm", {"X": X, "y": Y, "C": 1.0, "lam": 1.0}, 5)
    yield register(api, "perceptron", {"X": X, "y": Y, "alpha": 0.1}, 5)
    yield register(api, "multi_naive_bayes", {"X": X, "y": Y, "class_prior": [0.1, 0.1]}, 3)
    yield register(api, "svm", {"X": [[1e-9], [2e-9]] * 2, "y": Y}, 6)
    yield register(api, "knn", {"X": X, "y": Y, "k": 4}, 6)
    yield register(api, "kmeans", {"X": X, "k": 4}, 7)
    parts = {"file": (BytesIO(b"PK"), "book.xlsx")}
    yield None, api.client.post("/predict", data=parts, content_type="multipart/form-data")
    for model_type, more in (("gmm", {}), ("kmeans", {"n_clusters": 2})):
        yield register(api, model_type, {"X": [[1e-200], [2e-200]]} | more, 6)
    assert api.register("knn", 4, X=X, y=Y, k=1).status_code == 201
    yield refused(*predict(api, "knn", 4, [[1e308, 1e308]]))
    body: dict[str, Any] = {"model_type": "knn", "X": X}
    yield body, api.client.post("/register", json=body)
    for text in ("t.csv", str(b"[1]")):
        yield refused(None, api.client.post("/register", json=text))
    for whole in (body, json.dumps(body)):
        yield refused({"body": whole}, api.client.post("/register", json={"body": whole}))
    yield refused(*predict(api, "pca", 2, str(b"[1, 2]")))
    body = {"model_type": "knn", "model_id": 1, "kwargs": '{"X": []}'}
    yield refused(body, api.client.post("/register", json=body))
    for model_type in ("gauss_naive_bayes", "gmm", "knn", "svm", "perceptron", "pca"):
        width = len(api.example(model_type).json["feature_names"])  # type: ignore[index]
        yield predict(api, model_type, 1, [[1e308] * width], probabilities=True)
        yield predict(api, model_type, 1, [[1e308] * width])
    queries = ("predict?k=1", "predict?z=1", "predict?probabilities=true", "register?dryrun=true")
    for query in queries:
        yield refused(None, api.client.post(f"/{query}", json={"model_type": "knn"}))
    yield refused(None, api.client.get("/models?key=1"))
    yield refused(None, api.client.post("/predict", json={"model_id": None}))
    yield refused(*predict(api, "pca", 2, X, probabilities=True))
    yield refused(*predict(api, "pca", 2, {"a": 1}))
    yield refused(*predict(api, "pca", 2, {"a": [1]}))
    yield refused(*predict(api, "pca", 2, ["[1, 2]"]))
    yield refused(*predict(api, "pca", 2, "a,b\n1,2"))
    yield refused(*predict(api, "pca", 2, "1, 2, 3"))
    for text in ('{"a": {"0": 1}}', '{"a": 1}\n{"a": 2}', "[1 2]", "[(1, 2)]", "a  b\n1  2"):
        yield refused(*predict(api, "pca", 2, text))


def of_tables(api: Api) -> Iterator[Answered]:
    for query, file in wrong_tables.TRAINED:
        _, answer = csv(api, "register", query, file)
        assert answer.status_code == 201, answer.text
        yield None, answer
    for features in wrong_tables.PREDICTED:
        yield refused(*predict(api, "knn", 11, features))
    yield refused(*predict(api, "knn", 12, {"b": "x"}))
    level: list[tuple[str, list[int], dict[str, Any]]] = [
        ("gauss_naive_bayes", Y, {"var_smoothing": 1e20}),
        ("decision_tree", Y, {"min_samples_leaf": 3}),
        ("decision_tree", Y, {"min_samples_split": 5}),
        ("knn", [0, 0, 0, 1], {"n_neighbors": 3}),
    ]
    for number, (name, y, given) in enumerate(level):
        yield register(api, name, {"X": X, "y": y, **given}, 31 + number)
    rows = [{"a": 0.01 * i, "b": 1.0} for i in range(4)]
    yield register(api, "knn", {"X": rows, "y": Y, "k": 1, "standardize": True}, 21)
    yield refused(*predict(api, "knn", 21, {"a": 1e308, "b": 1.0}))
    yield refused(*predict(api, "knn", 21, [{"a": 1e308, "b": 1.0}, {"a": 0.01, "b": 1.0}]))
    several = [{"c": cell} for cell in (1, "x", 2, "y")]
    yield refused(*register(api, "kmeans", {"X": several, "n_clusters": 2}))
    for route, query, file in wrong_tables.ASKED:
        ask = {"model_type": "knn", "model_id": 11} | query
        yield refused(*csv(api, route, ask, file))
    for body in wrong_tables.COMPARED:
        yield refused(body, api.client.post("/evaluate", json=body))


def register(api: Api, model_type: str, kwargs: dict[str, Any], model_id: int = 1) -> Answered:
    body = {"model_type": model_type, "model_id": model_id, "kwargs": kwargs}
    return body, api.client.post("/register", json=body)


def predict(api: Api, model_type: str, model_id: int, features: Any, **more: Any) -> Answered:
    body = {"model_type": model_type, "model_id": model_id, "features": features} | more
    return body, api.client.post("/predict", json=body)


def csv(api: Api, route: str, query: dict[str, Any], file: str | bytes) -> Answered:
    said = urlencode({n: value for n, value in query.items() if value is not None}, doseq=True)
    body = file if isinstance(file, bytes) else file.encode()
    return None, api.raw(f"/{route}?{said}", body, Content_Type="text/csv")


def refused(body: Any, answer: TestResponse) -> Answered:
    assert answer.status_code == 422, (body, answer.text)
    return body, answer


def _texts(told: Any) -> Iterator[str]:
    if isinstance(told, (dict, list)):
        for one in told.values() if isinstance(told, dict) else told:
            yield from _texts(one)
    elif isinstance(told, str):
        yield told


def test_every_place_that_finds_a_fault_is_reached(
    api: Api, reached: set[tuple[str, int]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bodies, "LARGE", 2**30)  # what another process finds is not seen here
    answers = list(asked(api))
    table = {"X": wrong_tables.X, "y": Y}
    monkeypatch.setattr(limits, "CLASSES", 3)
    answers.append(refused(*register(api, "knn", {"X": X, "y": [1, 2, 3, 4]})))
    monkeypatch.setattr(limits, "CELLS", 6)
    answers.append(refused(*register(api, "knn", table)))
    monkeypatch.setattr(limits, "ROWS", 3)
    answers.append(refused(*register(api, "knn", table)))
    for body, answer in answers:
        if answer.status_code == 422:
            judge_problem(answer.json, body)  # type: ignore[arg-type]
    missed = {
        f"{Path(file).name}:{lines[0]} {function}"
        for file, function, lines in sites()
        if not any((file, line) in reached for line in lines)
    }
    assert missed == set()
    texts = {text for _, answer in answers for text in _texts(answer.json)}
    told = "\n".join(sorted(texts, key=len))
    unsaid = [where for where, pattern in phrases() if not pattern.search(told)]
    assert not unsaid, " ".join(unsaid)
