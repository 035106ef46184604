"""Numbers far beyond all others of their column: told of wherever they decide what is learned."""

import copy
from typing import Any

import numpy as np
import pytest

from fitserve.models import catalog
from tests.api.test_tables import post, rows_of, told, written
from tests.conftest import Api

N = 60
RNG = np.random.default_rng(8)
WIDE = {f"x{j}": [round(one, 3) for one in RNG.gamma(4.0, size=N).tolist()] for j in range(3)}
LABELS = ["u" if one > 3.5 else "v" for one in WIDE["x0"]]
AMOUNTS = [round(2 * a + b, 3) for a, b in zip(WIDE["x0"], WIDE["x1"], strict=True)]
ROW = 17
FAR = [1e9, -1e9, 123456789.5, 1e200, 1e308]
HERE = "in x1 is"
TYPES = catalog()
EVERY = sorted(TYPES)
REGRESSION = sorted(name for name, cls in TYPES.items() if "regression" in cls.tasks)
FEW: dict[str, Any] = {"gmm": {"n_components": 2}, "pca": {"n_components": 2}}


def y_of(model_type: str) -> list[Any] | None:
    cls = TYPES[model_type]
    return None if not cls.supervised() else AMOUNTS if cls.tasks == ("regression",) else LABELS


def with_one(column: list[Any], *numbers: float) -> list[Any]:
    """The column, its rows from ROW on being these."""
    changed = copy.copy(column)
    changed[ROW : ROW + len(numbers)] = numbers
    return changed


def registered(api: Api, model_type: str, way: str, X: Any, y: Any, **more: Any) -> Any:
    """What /register answered to columns of numbers, sent in one of the ways there are."""
    more = FEW.get(model_type, {}) | more
    if way == "csv":
        table = X if y is None else X | {"y": y}
        target = {} if y is None else {"target": "y"}
        words = {n: ",".join(v) if isinstance(v, list) else v for n, v in more.items()}
        body = written(table)
        return post(
            api, "/register", body, model_type=model_type, model_id=1, **target, **words
        ).json
    if way == "rows":
        X = rows_of(X)
    elif way == "lists":
        X = [list(row) for row in zip(*X.values(), strict=True)]
    return api.register(model_type, 1, X=X, **({} if y is None else {"y": y}), **more).json


def far(answer: Any) -> list[Any]:
    if "advice" not in answer:  # numbers that the type cannot compute with are refused
        assert "too large to compute with" in answer["detail"] or "overflow" in answer["detail"]
        set_ = next((one["set"] for one in answer.get("remedies", ())), None)
        return [{"words": HERE, "set": set_ if "mend it" in answer["detail"] else None}]
    return [one for one in answer["advice"] if "times as large as" in one["words"]]


@pytest.mark.parametrize("model_type", EVERY)
@pytest.mark.parametrize("number", FAR)
@pytest.mark.parametrize("way", ["csv", "columns", "rows", "lists"])
def test_one_of_a_column_decides_alone(api: Api, model_type: str, number: float, way: str) -> None:
    number = abs(number) if TYPES[model_type].counting else number
    X, y = WIDE | {"x1": with_one(WIDE["x1"], number)}, y_of(model_type)
    answer = registered(api, model_type, way, X, y)
    found = far(answer)
    if model_type == "decision_tree":
        assert not found
        return
    assert len(found) == 1, answer
    if found[0]["set"] is None:
        return
    if "advice" in answer:
        where = f"line {ROW + 2}: " if way == "csv" else f"row {ROW}, counted from 0: "
        name = "column 1" if way == "lists" else "x1"
        assert found[0]["words"].startswith(f"{where}{number:g} in {name} is ")
        assert not [one for one in answer["advice"] if "spreads" in one["words"]]
    api.client.delete(f"/models/{model_type}/1")
    after = registered(api, model_type, way, X, y, **found[0]["set"])
    assert after["n_samples"] == N - 1, after
    assert not far(after)


@pytest.mark.parametrize("model_type", REGRESSION)
@pytest.mark.parametrize("number", FAR)
@pytest.mark.parametrize("way", ["csv", "columns", "lists"])
def test_one_of_y_decides_alone(api: Api, model_type: str, number: float, way: str) -> None:
    y = with_one(AMOUNTS, number)
    answer = registered(api, model_type, way, WIDE, y)
    (found,) = far(answer)
    where = f"line {ROW + 2}: " if way == "csv" else f"row {ROW}, counted from 0: "
    assert found["words"].startswith(f"{where}{number:g} in y is ")
    api.client.delete(f"/models/{model_type}/1")
    after = registered(api, model_type, way, WIDE, y, **found["set"])
    assert after["n_samples"] == N - 1, after
    assert not far(after)


@pytest.mark.parametrize("scale", [1e-200, 1e-9, 1.0, 1e9, 1e100])
def test_it_does_not_depend_on_the_unit(api: Api, scale: float) -> None:
    X = {name: [one * scale for one in cells] for name, cells in WIDE.items()}
    assert not far(registered(api, "gauss_naive_bayes", "columns", X, LABELS))
    api.client.delete("/models/gauss_naive_bayes/1")
    X["x1"] = with_one(X["x1"], 1e8 * scale)
    assert len(far(registered(api, "gauss_naive_bayes", "columns", X, LABELS))) == 1


def test_several_are_told_of_in_one(api: Api) -> None:
    X = WIDE | {"x1": with_one(WIDE["x1"], 1e12, 5e30), "x2": with_one(WIDE["x2"], 1e9)}
    (found,) = far(registered(api, "gauss_naive_bayes", "csv", X, LABELS))
    line = ROW + 2
    assert found["words"].startswith(
        f"line {line}: 1e+12 in x1, line {line + 1}: 5e+30 in x1, line {line}: 1e+09 in x2: each is"
    )
    api.client.delete("/models/gauss_naive_bayes/1")
    after = registered(api, "gauss_naive_bayes", "csv", X, LABELS, **found["set"])
    assert after["n_samples"] == N - 2
    assert not far(after)


def test_a_column_that_is_filled_is_filled_there_too(api: Api) -> None:
    X = WIDE | {"x1": with_one([None, *WIDE["x1"][1:]], 1e12)}
    (found,) = far(registered(api, "knn", "rows", X, LABELS, missing="impute"))
    api.client.delete("/models/knn/1")
    after = registered(api, "knn", "rows", X, LABELS, **found["set"])
    assert (after["n_samples"], after["columns"][1]["missing"]) == (N, 2)
    assert not far(after)


@pytest.mark.parametrize(
    "cells",
    [
        [*[0.0] * (N - 1), 1e9],  # all else is 0: one row has what no other has
        [*[0.0] * (N - 3), 3.0, 1.0, 1e9],
        [10.0 ** (i / 4) for i in range(N)],  # a heavy tail, each like its neighbours
        [1e9 if i % 8 == 0 else 1.0 for i in range(N)],  # there are more of the kind
        [1e-17 * i for i in range(N - 5)] + [0.5, 0.25, 1.5, 2.0, 1.0],  # 0 but for rounding
        [1.6e9 + i for i in range(N)],
    ],
)
def test_what_is_usual_is_not_told_of(api: Api, cells: list[float]) -> None:
    assert not far(registered(api, "gauss_naive_bayes", "columns", {"x": cells}, LABELS))
    api.client.delete("/models/gauss_naive_bayes/1")
    assert not far(registered(api, "linear_regression", "columns", WIDE, cells))


def test_a_number_for_what_is_missing_is_told_of_once(api: Api) -> None:
    X = {"x": with_one([one / 1e3 for one in WIDE["x1"]], 9999999)}
    advice = told(api.register("knn", 1, X=X, y=LABELS), 201)["advice"]
    assert len([one for one in advice if "in x" in one["words"]]) == 1
    assert "9999999 in x: far from all other numbers there" in advice[0]["words"]


@pytest.mark.parametrize("model_type", EVERY)
@pytest.mark.parametrize("cv", [{}, {"cv": 2}])
@pytest.mark.parametrize("far_one", [1e300, 1e308])
@pytest.mark.parametrize("unit", [1.0, 1e308])
@pytest.mark.parametrize("in_y", [False, True])
def test_what_is_far_beyond_is_mended_and_nothing_divided(
    api: Api, model_type: str, cv: dict[str, int], far_one: float, unit: float, in_y: bool
) -> None:
    """Where a type cannot compute with it, too, which to divide its column by does not change."""
    y = y_of(model_type)
    if (cv and y is None) or (in_y and y is not AMOUNTS):
        return
    far_column = [one / unit for one in with_one(AMOUNTS if in_y else WIDE["x1"], far_one)]
    X = WIDE if in_y else WIDE | {"x1": far_column}
    more = {"learning_rate": 1e-3} if model_type == "linear_regression" and in_y else {}
    answer = registered(api, model_type, "lists", X, far_column if in_y else y, **cv, **more)
    if "advice" in answer:
        return
    assert "divide" not in answer["detail"], answer
    set_ = answer["remedies"][0]["set"]
    answer = registered(
        api, model_type, "lists", X, far_column if in_y else y, **cv, **more, **set_
    )
    assert answer["n_samples"] == N - 1, answer
    assert not far(answer)
