"""POST /evaluate: how a model does on rows that it is shown now, by every figure there is."""

import re
from typing import Any

import numpy as np
import pytest
from flask import Flask
from sklearn import metrics as reference
from sklearn.datasets import load_diabetes, load_iris
from sklearn.decomposition import PCA
from sklearn.inspection import permutation_importance
from sklearn.mixture import GaussianMixture
from sklearn.naive_bayes import GaussianNB

from fitserve import predictor
from fitserve.api import evaluations
from fitserve.models import catalog
from tests.api.words import judge_problem
from tests.conftest import Api

IRIS, SPECIES = load_iris(return_X_y=True)
NAMES = ["a_length", "b_width", "c_length", "d_width"]
LABELS: dict[str, Any] = {
    "text": [f"kind {c}" for c in SPECIES],
    "int": (SPECIES * 5 - 5).tolist(),
    "bool": (SPECIES == 1).tolist(),
}


def evaluated(api: Api, model_type: str, features: Any, **more: Any) -> Any:
    ask = {"model_type": model_type, "features": np.asarray(features).tolist()} | more
    answer = api.client.post("/evaluate", json=ask)
    assert answer.status_code == 200, answer.json
    return answer.json


def register(api: Api, model_type: str, X: Any, y: Any = None, **kwargs: Any) -> None:
    data = {"X": np.asarray(X).tolist()} | ({} if y is None else {"y": np.asarray(y).tolist()})
    answer = api.register(model_type, 0, **data, **kwargs)
    assert answer.status_code == 201, answer.json


@pytest.mark.parametrize("kind", LABELS)
def test_classification_is_scikit_learns(api: Api, kind: str) -> None:
    y = np.array(LABELS[kind], dtype=object)
    train, test = np.arange(150) % 3 > 0, np.arange(150) % 3 == 0
    register(api, "gauss_naive_bayes", IRIS[train], y[train])
    told = evaluated(api, "gauss_naive_bayes", IRIS[test], y=y[test].tolist())
    theirs = GaussianNB().fit(IRIS[train], y[train].tolist())
    y, guess = y[test].tolist(), theirs.predict(IRIS[test]).tolist()
    p = theirs.predict_proba(IRIS[test])
    assert list(told) == [
        "model_type", "model_id", "n_samples", "metrics", "classes", "confusion_matrix",
    ]  # fmt: skip
    assert told["n_samples"] == 50
    binary = len(theirs.classes_) == 2
    expected = {
        "accuracy": reference.accuracy_score(y, guess),
        "balanced_accuracy": reference.balanced_accuracy_score(y, guess),
        "log_loss": reference.log_loss(y, p),
        "roc_auc": reference.roc_auc_score(y, p[:, 1] if binary else p, multi_class="ovr"),
    }
    assert told["metrics"] == pytest.approx(expected, rel=1e-9)
    report = reference.classification_report(y, guess, output_dict=True)
    for label in theirs.classes_.tolist():
        text = str(label)
        ours = told["classes"][text.lower() if kind == "bool" else text]
        assert ours["support"] == report[text]["support"]
        for ours_name, name in (("precision",) * 2, ("recall",) * 2, ("f1", "f1-score")):
            assert ours[ours_name] == pytest.approx(report[text][name], rel=1e-12)
    assert told["confusion_matrix"] == reference.confusion_matrix(y, guess).tolist()


def test_regression_is_scikit_learns(api: Api) -> None:
    X, y = load_diabetes(return_X_y=True)
    register(api, "linear_regression", X, y, alpha=0.1)
    told = evaluated(api, "linear_regression", X, y=y.tolist())
    guess = api.predict("linear_regression", 0, X.tolist()).json["predictions"]  # type: ignore[index]
    assert list(told) == ["model_type", "model_id", "n_samples", "metrics"]
    expected = {
        "r2": reference.r2_score(y, guess),
        "rmse": reference.root_mean_squared_error(y, guess),
        "mae": reference.mean_absolute_error(y, guess),
    }
    assert told["metrics"] == pytest.approx(expected, rel=1e-12)


def test_types_without_y(api: Api, app: Flask) -> None:
    new = IRIS[::3] + 0.1
    register(api, "kmeans", IRIS, k=3)
    model = app.extensions["fitserve"].get("kmeans", 0).model
    centres = np.array([IRIS[model.predict(IRIS) == c].mean(axis=0) for c in range(3)])
    inertia = np.square(new - centres[model.predict(new)]).sum()
    assert evaluated(api, "kmeans", new)["metrics"] == {"inertia": pytest.approx(inertia)}
    register(api, "gmm", IRIS)
    likelihood = GaussianMixture().fit(IRIS).score(new)
    told = evaluated(api, "gmm", new)["metrics"]
    assert told == {"mean_log_likelihood": pytest.approx(likelihood, rel=1e-9)}
    for model_id, whiten in enumerate([False, True]):
        pca = {"n_components": 2, "whiten": whiten}
        assert api.register("pca", model_id, X=IRIS.tolist(), **pca).status_code == 201
        theirs = PCA(**pca).fit(IRIS)
        error = np.square(new - theirs.inverse_transform(theirs.transform(new))).mean()
        told = evaluated(api, "pca", new, model_id=model_id)["metrics"]
        assert told == {"reconstruction_error": pytest.approx(error, rel=1e-9)}


@pytest.mark.parametrize("model_type", sorted(catalog()))
def test_blocks_make_no_difference(
    api: Api, model_type: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    cls = catalog()[model_type]
    data = {"y": SPECIES} if cls.supervised() else {}
    register(api, model_type, IRIS, **data, **({"k": 3} if model_type == "kmeans" else {}))
    y = {name: values.tolist() for name, values in data.items()}
    ask = y | ({"importance": True, "repeats": 2} if y else {})
    whole = evaluated(api, model_type, IRIS, **ask)
    monkeypatch.setattr(predictor, "SHORT", 0.0)
    monkeypatch.setattr(predictor, "BLOCK", 1e3)
    parts = evaluated(api, model_type, IRIS, **ask)
    assert parts["metrics"] == pytest.approx(whole["metrics"], rel=1e-12)
    assert parts.get("confusion_matrix") == whole.get("confusion_matrix")
    for ours, theirs in zip(parts.get("importance", ()), whole.get("importance", ()), strict=True):
        assert ours == pytest.approx(theirs, abs=1e-12)


def test_importance_is_scikit_learns_within_its_spread(api: Api) -> None:
    rng = np.random.default_rng(0)
    X = np.column_stack([IRIS[:, 1:], rng.normal(size=150)])
    register(api, "gauss_naive_bayes", X, SPECIES, feature_names=["sepal", "long", "wide", "noise"])
    told = evaluated(api, "gauss_naive_bayes", X, y=SPECIES.tolist(), importance=True, repeats=20)[
        "importance"
    ]
    theirs = permutation_importance(
        GaussianNB().fit(X, SPECIES), X, SPECIES, n_repeats=100, random_state=1
    )
    assert [one["column"] for one in told] == ["sepal", "long", "wide", "noise"]
    for ours, mean, std in zip(told, theirs.importances_mean, theirs.importances_std, strict=True):
        assert abs(ours["mean"] - mean) <= 4.0 * std / np.sqrt(20)
        assert ours["std"] == pytest.approx(std, rel=0.7, abs=1e-3)
    by_name = {one["column"]: one["mean"] for one in told}
    assert abs(by_name["noise"]) < 0.02
    assert max(by_name, key=by_name.__getitem__) == "wide"
    again = evaluated(api, "gauss_naive_bayes", X, y=SPECIES.tolist(), importance=True)
    assert again == evaluated(api, "gauss_naive_bayes", X, y=SPECIES.tolist(), importance=True)


def test_rows_may_be_objects_and_one_row_may_stand_alone(api: Api) -> None:
    register(api, "knn", IRIS, SPECIES, feature_names=NAMES)
    by_name = [dict(zip(NAMES, row, strict=True)) for row in IRIS.tolist()]
    y = SPECIES.tolist()
    ask = {"model_type": "knn", "features": by_name, "y": y}
    answer = api.client.post("/evaluate", json=ask)
    assert answer.json == evaluated(api, "knn", IRIS, y=y)
    alone = evaluated(api, "knn", IRIS[0], y=[0])
    assert alone["metrics"] == {
        "accuracy": 1.0,
        "balanced_accuracy": 1.0,
        "log_loss": pytest.approx(0.0, abs=1e-12),
        "roc_auc": None,
    }
    assert alone["classes"]["1"] == {"precision": None, "recall": None, "f1": None, "support": 0}


def test_labels_that_the_model_does_not_know_are_told(api: Api) -> None:
    y = np.array(LABELS["text"])
    register(api, "knn", IRIS, y)
    told = evaluated(api, "knn", IRIS[:4], y=["kind 0", "Kind 0", "kind 0", "other"])
    (advice,) = told["advice"]
    assert advice["words"].startswith("2 of 4 rows count as predicted wrongly")
    assert "Kind 0, other; known are: kind 0, kind 1, kind 2." in advice["words"]
    assert told["metrics"]["accuracy"] == 0.5
    assert "advice" not in evaluated(api, "knn", IRIS[:4], y=y[:4].tolist())
    ask = {"model_type": "knn", "features": IRIS[:2].tolist(), "y": ["Kind 0"] * 2}
    answer = api.client.post("/evaluate", json=ask)
    assert answer.status_code == 422
    assert "write kind 0, if that is meant; known are: kind 0, kind 1, kind 2" in answer.text


def test_constant_y_has_no_r2(api: Api) -> None:
    register(api, "linear_regression", IRIS, IRIS[:, 0])
    told = evaluated(api, "linear_regression", IRIS[:7], y=[0.1] * 7)["metrics"]
    assert told["r2"] is None
    assert told["rmse"] > 0.0


@pytest.mark.parametrize(
    ("model_type", "more", "loc", "msg"),
    [
        ("knn", {}, ["y"], "y is needed"),
        ("knn", {}, ["y"], "such as [0, 1]"),
        ("linear_regression", {}, ["y"], "such as [1.5, 2.0]"),
        ("knn", {"y": [1, 2]}, ["y"], "y has 2 values where there are 3 rows; give one for each"),
        ("knn", {"y": 1}, ["y"], "what is true of each row, not the number 1; write [1]"),
        ("knn", {"y": "1"}, ["y"], "not the text '1'; write [\"1\"]"),
        ("knn", {"y": "[1, 2, 0]"}, ["y"], "JSON inside of JSON"),
        ("kmeans", {"y": 1}, ["y"], "leave y out"),
        ("knn", {"y": ["a", "b", "c"]}, ["y", 0], "holds text; known are: 0, 1, 2"),
        (
            "knn",
            {"y": [3, 4, -1]},
            ["y", 0],
            "of the labels in y, such as the number 3; known",
        ),
        ("knn", {"y": [True, False, True]}, ["y", 0], "y holds true and false"),
        ("knn", {"y": [1, 2, 0.5]}, ["y", 2], "this is the number 0.5; write one of them"),
        ("knn", {"y": [1, None, 2]}, ["y", 1], "not null"),
        ("linear_regression", {"y": ["a", "b", "c"]}, ["y", 0], "a number is needed"),
        ("kmeans", {"y": [1, 2, 3]}, ["y"], "leave y out"),
        ("kmeans", {"importance": True}, ["importance"], "compares with y"),
        ("knn", {"y": [1, 2, 0], "repeats": 0}, ["repeats"], "from 1 to 100 is needed"),
        (
            "knn",
            {"y": [1, 2, 0], "repeats": 5},
            ["repeats"],
            'add "importance": true, or leave it out',
        ),
        (
            "knn",
            {"y": [1, 2, 0], "probabilities": True},
            ["probabilities"],
            "probabilities belongs to /predict; leave it out here",
        ),
        ("knn", {"y": [1, 2, 0], "features": [[1.0, 2.0]] * 3}, ["features"], "trained on 4"),
        ("knn", {"y": [1], "features": [[1.0, 2.0, 3.0, "x"]]}, ["features", 0, 3], "number"),
    ],
)
def test_what_is_wrong_is_said_with_its_place(
    api: Api, model_type: str, more: dict[str, Any], loc: list[Any], msg: str
) -> None:
    y = {} if model_type == "kmeans" else {"y": SPECIES}
    register(api, model_type, IRIS, **y)
    ask = {"model_type": model_type, "features": IRIS[:3].tolist()} | more
    answer = api.client.post("/evaluate", json=ask)
    assert answer.status_code == 422
    assert answer.json is not None
    (fault,) = answer.json["errors"]
    assert fault["loc"] == loc
    assert msg in fault["msg"]


def test_it_goes_no_longer_and_takes_no_more_than_a_prediction_may(
    api: Api, app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    register(api, "knn", IRIS, SPECIES)
    ask = {"model_type": "knn", "features": IRIS.tolist(), "y": SPECIES.tolist()}
    with monkeypatch.context() as patch:
        patch.setattr(evaluations, "CELLS", 300)
        answer = api.client.post("/evaluate", json=ask)
        assert answer.status_code == 422
        assert "at most 100 rows" in answer.json["detail"]  # type: ignore[index]
    monkeypatch.setattr(app.extensions["fitserve"].predictor, "seconds", 0)
    answer = api.client.post("/evaluate", json=ask | {"importance": True})
    assert answer.status_code == 422
    assert answer.json["type"] == "/problems/prediction-limit"  # type: ignore[index]
    assert api.client.post("/evaluate", json=ask).status_code == 200
    assert api.client.post("/evaluate", json=ask | {"model_id": 9}).status_code == 404


EXTREME = [1e308, -1.7e308, 1e200, 1e160, 1e-308, 5e-324]
SIX = [[0.0, 1.0], [0.5, 1.5], [8.0, 9.0], [8.5, 9.5], [1.0, 1.0], [9.0, 8.0]]


@pytest.mark.parametrize("name", sorted(catalog()))
def test_numbers_of_any_size_are_compared_or_refused(api: Api, name: str) -> None:
    cls = catalog()[name]
    needed = {"knn": {"k": 1}, "kmeans": {"n_clusters": 2}}.get(name, {})
    y: list[float] = [0, 0, 1, 1, 0, 1]
    large, tiny = [[a * 1e307, b] for a, b in SIX], [[5e-324, b] for _, b in SIX]
    trained: list[tuple[Any, list[float]]] = [(SIX, y), (large, y), (tiny, y)]
    if "regression" in cls.tasks:
        trained.append((SIX, [1.7e308, 8.5e307, -1.7e308, 1e308, 1.5, -1e308]))
    table = not cls.counting
    for model_id, (X, truth) in enumerate([(X, y) for X, y in trained for _ in range(1 + table)]):
        names = table and model_id % 2
        rows: Any = [{"w": a, "h": b} for a, b in X] if names else X
        kwargs = {"X": rows} | needed | ({"y": truth} if cls.supervised() else {})
        kwargs |= {"standardize": True} if names else {}
        answer = api.register(name, model_id, **kwargs)
        assert answer.status_code in (201, 422), answer.text
        if answer.status_code != 201:
            continue
        assert api.client.get(f"/model/{name}/{model_id}").status_code == 200
        for row in ([a, b] for a in EXTREME for b in (a, 1.0)):
            features = [dict(zip("wh", row, strict=True)) if names else row]
            assert api.predict(name, model_id, features).status_code in (200, 422)
            ask = {"model_type": name, "model_id": model_id, "features": features}
            ask |= {"y": truth[:1], "importance": True, "repeats": 1} if cls.supervised() else {}
            answer = api.client.post("/evaluate", json=ask)
            assert answer.json is not None
            assert answer.status_code in (200, 422), answer.text
            if answer.status_code == 422:
                judge_problem(answer.json)
            elif None in answer.json["metrics"].values() and not cls.supervised():
                (advice,) = answer.json["advice"]
                assert "null" in advice["words"]


def test_a_figure_beyond_float64_is_told_with_its_row(api: Api) -> None:
    register(api, "kmeans", SIX, n_clusters=2)
    told = evaluated(api, "kmeans", [[1.0, 1.0], [1.0, 1e160]], model_id=0)
    assert told["metrics"] == {"inertia": None}
    (advice,) = told["advice"]
    assert "inertia is null" in advice["words"]
    assert "row 1, counted from 0, is too far off" in advice["words"]
    register(api, "knn", SIX, [0.5, 1.7e308, 3.0, 4.0, 5.0, 6.0], k=1)
    told = evaluated(api, "knn", SIX[:2], y=[0.5, -1.7e308], model_id=0)
    assert "rmse and mae are null" in told["advice"][0]["words"]
    assert "row 1, counted" in told["advice"][0]["words"]


LINE = [[float(i), float(i * i % 7)] for i in range(12)]
ON_IT = [3.0 + 2.0 * a - b for a, b in LINE]
REGRESSION = sorted(name for name, cls in catalog().items() if "regression" in cls.tasks)


def of_line(api: Api, name: str, way: str, X: Any, y: Any) -> Any:
    """Learn the line, and compare these rows with it as they are sent one way or another."""
    rows = [dict(zip("ab", row, strict=True)) for row in X]
    if way == "lists":
        register(
            api,
            name,
            LINE,
            ON_IT,
            **({"task": "regression"} if name != "linear_regression" else {}),
        )
        return evaluated(api, name, X, y=y, model_id=0)
    named = [
        dict(zip("ab", row, strict=True)) | {"y": z} for row, z in zip(LINE, ON_IT, strict=True)
    ]
    task = {"task": "regression"} if name != "linear_regression" else {}
    assert api.register(name, 0, X=named, target="y", **task).status_code == 201
    if way == "rows":
        return evaluated(
            api, name, [r | {"y": z} for r, z in zip(rows, y, strict=True)], model_id=0
        )
    body = "\n".join(
        ["a,b,y", *(f"{r['a']!r},{r['b']!r},{z!r}" for r, z in zip(rows, y, strict=True))]
    )
    query = f"model_type={name}&model_id=0"
    return api.client.post(f"/evaluate?{query}", data=body, content_type="text/csv").json


@pytest.mark.parametrize("name", REGRESSION)
@pytest.mark.parametrize("number", [1e10, -1e10, 1e150, 1e200, 1e308])
@pytest.mark.parametrize(
    ("way", "where", "out"),
    [
        ("lists", "row 5, counted from 0: ", "leave it out of features and y."),
        ("rows", "row 5, counted from 0: ", "leave it out."),
        ("csv", "line 7: ", "leave it out."),
    ],
)
def test_a_y_that_decides_alone_is_told_with_its_row(
    api: Api, name: str, number: float, way: str, where: str, out: str
) -> None:
    y = [*ON_IT[:5], number, *ON_IT[6:]]
    (advice,) = of_line(api, name, way, LINE, y)["advice"]
    assert advice["words"].startswith(f"{where}the y of {number:g}, ")
    assert advice["words"].endswith(f"; mend the row, or {out}")
    api.client.delete(f"/models/{name}/0")
    assert "advice" not in of_line(api, name, way, LINE[:5] + LINE[6:], y[:5] + y[6:])


@pytest.mark.parametrize("name", ["gauss_naive_bayes", "knn", "linear_regression"])
@pytest.mark.parametrize("cell", [1.2e308, 10**400, "x", None])
@pytest.mark.parametrize("named", [False, True])
def test_a_row_to_be_left_out_leaves_its_y_out(api: Api, name: str, cell: Any, named: bool) -> None:
    def sent(rows: list[list[Any]]) -> Any:
        return [dict(zip("ab", row, strict=True)) for row in rows] if named else rows

    labels = [3 * a + 0.5 if name == "linear_regression" else int(a > 5) for a, _ in LINE]
    assert api.register(name, 0, X=sent(LINE), y=labels).status_code == 201
    wrong = [[cell, 1.0], *LINE[1:3]]
    ask = {"model_type": name, "features": sent(wrong), "y": labels[:3]}
    told = api.client.post("/evaluate", json=ask).json
    (fault,) = told["errors"]  # type: ignore[index]
    assert fault["loc"][:2] == ["features", 0]
    if named and cell is None:
        assert "give a value" in fault["msg"]  # of a table the gap can be filled
        return
    assert re.search("leave (its|the) row out of features and y", fault["msg"])
    ask |= {"features": sent(wrong[1:]), "y": labels[1:3]}
    assert api.client.post("/evaluate", json=ask).status_code == 200
    ask |= {"features": sent(wrong[:1]), "y": labels[:1]}
    for route, body in (
        ("/evaluate", ask),
        ("/predict", {n: v for n, v in ask.items() if n != "y"}),
    ):
        told = api.client.post(route, json=body).json
        judge_problem(told)  # type: ignore[arg-type]
        assert "row out" not in told["detail"]  # type: ignore[index]
    wrong = [*LINE[:3], [cell, 1.0], *LINE[4:]]
    told = api.register(name, 1, X=wrong, y=labels).json
    assert cell == 1.2e308 or "row out of X and y" in told["detail"]  # type: ignore[index]


@pytest.mark.parametrize("number", [1e10, 1e150, 1e300])
def test_a_prediction_that_decides_alone_is_told_with_its_row(api: Api, number: float) -> None:
    X = [*LINE[:5], [number, 1.0], *LINE[6:]]
    (advice,) = of_line(api, "linear_regression", "csv", X, ON_IT)["advice"]
    assert advice["words"].startswith("line 7: the prediction of ")


@pytest.mark.parametrize("name", REGRESSION)
@pytest.mark.parametrize("unit", [1e-311, 1e-300, 1e-100, 1e-10, 1e9, 1e200])
@pytest.mark.parametrize("rows", [2, 12])
def test_y_in_another_unit_is_told_as_that(api: Api, name: str, unit: float, rows: int) -> None:
    register(api, name, LINE, [one * 1e-3 for one in ON_IT])
    y = [one * unit for one in ON_IT[:rows]]
    told = evaluated(api, name, LINE[:rows], y=y, model_id=0)
    if rows == 2 and None not in told["metrics"].values():
        return
    (advice,) = told["advice"]
    assert f"y is of size {max(map(abs, y)):.2g} at most" in advice["words"]
    assert advice["words"].endswith("send y in the unit that the model was trained on.")
    assert "too far off" not in advice["words"]


@pytest.mark.parametrize("unit", [1e-3, 1.0, 1e3])
def test_nothing_is_said_of_usual_figures(api: Api, unit: float) -> None:
    register(api, "linear_regression", LINE, ON_IT)
    y = [one * unit for one in ON_IT]
    assert "advice" not in evaluated(api, "linear_regression", LINE, y=y, model_id=0)
    for row, true in zip(LINE, [0.0, 1e-17, -3.5], strict=False):
        told = evaluated(api, "linear_regression", [row], y=[true], model_id=0)
        assert "advice" not in told


def test_a_sum_beyond_float64_is_no_fault(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    register(api, "kmeans", SIX, n_clusters=2)
    monkeypatch.setattr(predictor, "SHORT", 1.0)
    monkeypatch.setattr(predictor, "BLOCK", 1.0)
    told = evaluated(api, "kmeans", [[1.2e154, 1.0]] * 3, model_id=0)
    assert told["metrics"] == {"inertia": None}
