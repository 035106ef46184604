"""Write the ready bodies `register-*.json` from the tables beside this file."""

import csv
import json
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent

BODIES: dict[str, tuple[str, dict[str, Any]]] = {
    "decision_tree": ("iris", {"max_depth": 3}),
    "gauss_naive_bayes": ("iris", {}),
    "gmm": ("iris", {"n_components": 3}),
    "kmeans": ("iris", {"n_clusters": 3, "n_init": 10}),
    "knn": ("iris", {"n_neighbors": 5}),
    "linear_regression": ("longley", {}),
    "logistic_regression": ("iris", {}),
    "multi_naive_bayes": ("addresses", {}),
    "pca": ("iris", {"n_components": 2}),
    "perceptron": ("iris", {}),
    "svm": ("iris", {}),
}
WITHOUT_Y = {"gmm", "kmeans", "pca"}


def number(cell: str) -> int | float:
    return float(cell) if "." in cell else int(cell)


def body(model_type: str) -> str:
    """The body that registers this type as model 1: the table's last column is y."""
    table, hyperparameters = BODIES[model_type]
    with (HERE / f"{table}.csv").open(newline="") as file:
        header, *rows = csv.reader(file)
    kwargs: dict[str, Any] = dict(hyperparameters)
    kwargs["feature_names"] = header[:-1]
    kwargs["X"] = [[number(cell) for cell in row[:-1]] for row in rows]
    if model_type not in WITHOUT_Y:
        y: list[Any] = [row[-1] for row in rows]
        kwargs["y"] = [number(cell) for cell in y] if table == "longley" else y
    lines = json.dumps({"model_type": model_type, "model_id": 1, "kwargs": kwargs})
    return lines.replace("], [", "],\n[") + "\n"


if __name__ == "__main__":
    for model_type in BODIES:
        (HERE / f"register-{model_type}.json").write_text(body(model_type))
