"""A training that has not converged advises what to send, and that helps."""

import re
from itertools import product
from typing import Any

import pytest

from fitserve.models import catalog
from tests.conftest import Api
from tests.models.data import kwargs_for, split_for

ITERATING = [cls for cls in catalog().values() if "max_iter" in cls.names()]
CASES: list[tuple[Any, dict[str, Any]]] = [
    *((cls, {"max_iter": 1}) for cls in ITERATING),
    *((cls, {"max_iter": 1, "tol": 1e-12}) for cls in ITERATING),
    *((cls, {"learning_rate": 1e-6}) for cls in ITERATING if "learning_rate" in cls.names()),
    *(
        (cls, {alias: 1e-6 if one == "learning_rate" else 1})
        for cls in ITERATING
        for alias, one in cls.aliases.items()
        if one in ("learning_rate", "max_iter")
    ),
    (catalog()["linear_regression"], {"ALPHA": 1e-6, "N_ITER": 1}),
    (catalog()["perceptron"], {"max_iter": 2, "tol": None}),
    (catalog()["gmm"], {"max_iter": 3, "tol": 0.0, "init_params": "random"}),
    *((cls, {"tol": 1e-308, "learning_rate": 1e-308}) for cls in ITERATING if cls.strength),
    *((catalog()["logistic_regression"], {"alpha": rate}) for rate in (0.01, 0.03, 0.05, 0.5)),
    *((catalog()["svm"], {"C": weak}) for weak in (1e15, 1e100)),
    (catalog()["svm"], {"lam": 1e-100}),
    (catalog()["svm"], {"lam": 1e-18}),
]


@pytest.mark.parametrize(
    ("cls", "given"), CASES, ids=[f"{cls.model_type()}-{given}" for cls, given in CASES]
)
def test_what_is_advised_helps(cls: Any, given: dict[str, Any], api: Api) -> None:
    split = split_for(cls.tasks[0])
    X = split.X.tolist()
    truth = split.y.tolist()
    if given.get("tol", 1) is None:  # nothing to be learned without a mistake
        truth = [(i * 7) % 3 % 2 for i in range(len(X))]
    data = {"X": X, "y": truth} if cls.supervised() else {"X": X}
    asked = kwargs_for(cls, cls.tasks[0]) | given
    ended = False
    for model_id in range(8):
        answer = api.register(cls.model_type(), model_id, **data, **asked)
        assert answer.json is not None
        assert answer.status_code == 201, answer.json
        advice = [one for one in answer.json["advice"] if "not converged" in one["words"]]
        ended = answer.json["training"]["converged"]
        assert len(advice) == (not ended)
        if ended:
            break
        (one,) = advice
        assert one["set"]
        assert set(one["set"]) <= set(cls.names())
        assert all(name in one["words"] for name in one["set"])
        asked = {n: value for n, value in (asked | one["set"]).items() if value is not None}
    assert ended


@pytest.mark.parametrize("cls", ITERATING)
@pytest.mark.parametrize("size", [1e150, 1e200, 1e308])
def test_columns_beyond_all_others_are_standardized(cls: Any, size: float, api: Api) -> None:
    asked: dict[str, Any] = {"n_clusters": 2} if cls.model_type() == "kmeans" else {}
    asked |= {"y": [0, 1, 0, 1]} if cls.supervised() else {}
    rates: list[dict[str, Any]] = [{}]
    rates += [{"learning_rate": 1e-3}] if "learning_rate" in cls.names() else []
    tables = ([[size, 2], [-size, 1]] * 2, [[size, -size], [-size, size]] * 2)
    for model_id, (X, rate) in enumerate(product(tables, rates)):
        kwargs = asked | {"X": X} | rate
        answer = api.register(cls.model_type(), model_id, **kwargs)
        assert answer.json is not None
        if answer.status_code != 201:
            api.client.delete(f"/models/{cls.model_type()}/{model_id}")
            sets = [one["set"] for one in answer.json["remedies"]]
        elif answer.json["training"]["converged"]:
            continue
        else:
            sets = [one["set"] for one in answer.json["advice"] if "not conv" in one["words"]]
        assert {"standardize": True} in sets
        answer = api.register(cls.model_type(), 9, **kwargs | {"standardize": True})
        assert answer.json is not None
        assert answer.json["training"]["converged"] or rate, answer.json
        api.client.delete(f"/models/{cls.model_type()}/9")


def test_what_happened_and_what_to_send_is_said(api: Api) -> None:
    X = [[1, 2], [2, 1], [8, 9], [9, 8], [1, 1], [9, 9]]
    answer = api.register("svm", 1, X=X, y=list("aabbab"), num_iters=1)
    assert answer.json is not None
    assert answer.json["advice"][-1] == {
        "words": "It ended after 1 iteration, not converged: num_iters allows no more, and it "
        "would still change; send num_iters 1000.",
        "set": {"num_iters": 1000},
    }


def test_more_iterations_are_not_advised_for_ever(api: Api) -> None:
    split = split_for("classification")
    X = (split.X * [1e-9, 1.0, 1e9, 1.0, 1e-5, 1.0]).tolist()
    asked: dict[str, float] = {"C": 1e12}
    sent, ended = [], False
    for model_id in range(3):
        answer = api.register("logistic_regression", model_id, X=X, y=split.y.tolist(), **asked)
        assert answer.json is not None
        sent += [one["set"] for one in answer.json["advice"] if "not converged" in one["words"]]
        ended = answer.json["training"]["converged"]
        asked |= sent[-1]
    assert sent == [{"max_iter": 1000}, {"standardize": True}]
    assert ended


@pytest.mark.parametrize(
    ("model_type", "given", "says"),
    [
        (
            "logistic_regression",
            {"alpha": 0.05},
            "is above 0.0225, so that its steps go too far; leave alpha out",
        ),
        (
            "linear_regression",
            {"learning_rate": 1e-308, "tol": 1e-308},
            "far fewer; and send tol 1e-06, as 1e-308 may never be met",
        ),
        (
            "svm",
            {"C": 1e100},
            "more would not help; send C 1",
        ),
    ],
)
def test_what_does_not_help_is_not_advised(
    api: Api, model_type: str, given: dict[str, Any], says: str
) -> None:
    split = split_for("classification")
    kwargs = {"X": split.X.tolist(), "y": (split.y % 2).tolist()} | given
    answer = api.register(model_type, 1, **kwargs)
    assert answer.json is not None
    (words,) = (one["words"] for one in answer.json["advice"] if "not converged" in one["words"])
    assert words.endswith(f"{says}.")


@pytest.mark.parametrize("tol", [1.0, 100.0, 1e200])
@pytest.mark.parametrize("cls", [one for one in ITERATING if "tol" in one.names()])
def test_a_tol_that_nearly_any_step_meets_is_told_of(cls: Any, tol: float, api: Api) -> None:
    split = split_for(cls.tasks[0])
    truth = {"y": [(i * 7) % 3 for i in range(len(split.X))]} if cls.supervised() else {}
    asked = kwargs_for(cls, cls.tasks[0]) | truth | {"X": split.X.tolist()}
    asked |= {"learning_rate": 0.1} if cls.model_type() == "linear_regression" else {}
    asked |= {"n_components": 2} if cls.model_type() == "gmm" else {}

    def loose(**more: Any) -> list[Any]:
        answer = api.register(cls.model_type(), 1, **asked, **more)
        assert answer.json is not None
        api.client.delete(f"/models/{cls.model_type()}/1")
        return [one for one in answer.json["advice"] if "tol" in (one["set"] or {})]

    (advice,) = loose(tol=tol)
    assert f"as tol {tol:g} may be met far from where it leads; leave tol out" in advice["words"]
    assert advice["set"] == {"tol": None}
    assert not loose()
    if cls.model_type() == "gmm":  # which is of one component without an iteration
        asked["n_components"] = 1
        (advice,) = loose(tol=tol)
        assert "tol does nothing" in advice["words"]


WEAK = [
    *(("linear_regression", {"alpha": weak}) for weak in (1e12, 1e200)),
    *((name, {"C": weak}) for name in ("logistic_regression", "svm") for weak in (1e-12, 1e-200)),
    *(("svm", {"lam": weak}) for weak in (1e20, 1e99)),
    *(
        (name, {"learning_rate": weak})
        for name in ("linear_regression", "logistic_regression", "svm")
        for weak in (1e-200, 1e-12)
    ),
    ("linear_regression", {"alpha": 1e200, "learning_rate": 1e-300}),
    *(("gmm", {"reg_covar": weak}) for weak in (1e20, 1e200)),
    *(("multi_naive_bayes", {"alpha": weak}) for weak in (1e20, 1e200)),
]


@pytest.mark.parametrize("standardize", [False, True])
@pytest.mark.parametrize(("model_type", "given"), WEAK)
def test_what_keeps_columns_of_any_scale_from_telling_is_left_out(
    api: Api, model_type: str, given: dict[str, Any], standardize: bool
) -> None:
    cls = catalog()[model_type]
    X = [[float(i % 5), float(i * i % 7)] for i in range(40)]
    asked: dict[str, Any] = {"X": X} | given
    asked |= {"y": [i % 5 // 3 for i in range(40)]} if cls.supervised() else {}
    asked |= {"standardize": True} if standardize and not cls.counting else {}

    def drowned() -> list[Any]:
        answer = api.register(model_type, 1, **asked)
        assert answer.json is not None
        api.client.delete(f"/models/{model_type}/1")
        return [
            one
            for one in answer.json["advice"]
            if re.search("lets the|steps of|middle", one["words"])
        ]

    advice = drowned()
    assert {name for one in advice for name in one["set"]} == set(given)
    words = " ".join(one["words"] for one in advice)
    for name, value in given.items():
        assert f"{name} {value:g} lets the columns tell next to nothing" in words
        del asked[name]
    assert not drowned()


@pytest.mark.parametrize("size", [1e6, 1e150, 1e307])
@pytest.mark.parametrize(("smoothing", "from_"), [({}, 1e5), ({"var_smoothing": 1e-5}, 1e3)])
def test_a_column_whose_share_drowns_the_others_is_told_of(
    api: Api, size: float, smoothing: dict[str, float], from_: float
) -> None:
    cls = catalog()["gauss_naive_bayes"]
    y = [i % 3 for i in range(60)]
    rows = [[(i * 7) % 11 / 10, i % 3 + (i % 7) / 10] for i in range(60)]

    def spreads(scale: float, **more: Any) -> tuple[list[Any], float]:
        X = [[a * scale, b] for a, b in rows]
        answer = api.register(cls.model_type(), 1, X=X, y=y, **smoothing, **more)
        assert answer.json is not None
        api.client.delete("/models/gauss_naive_bayes/1")
        found = [one for one in answer.json["advice"] if "spreads" in one["words"]]
        return found, answer.json["training"]["score"]

    (advice,), score = spreads(size)
    found, mended = spreads(size, **advice["set"])
    assert not found
    assert mended == 1.0 > score
    assert not spreads(from_ / 10)[0]
    assert spreads(from_ / 10)[1] == 1.0
