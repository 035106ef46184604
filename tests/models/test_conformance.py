"""Every promise of `Model`, kept by every type in the catalog for every task it can do."""

import warnings
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

import numpy as np
import pytest
from pydantic import TypeAdapter

from fitserve.data.arrays import FloatArray
from fitserve.errors import InvalidRequest
from fitserve.models import catalog
from fitserve.models.base import Model, Task
from fitserve.storage import codec
from tests.models.data import Split, counts_of_three_classes, kwargs_for, split_for, trained

CASES = [(cls, task) for cls in catalog().values() for task in cls.tasks]
every_type = pytest.mark.parametrize(
    ("cls", "task"), CASES, ids=[f"{cls.model_type()}-{task}" for cls, task in CASES]
)
classifiers = pytest.mark.parametrize(
    "cls",
    [cls for cls, task in CASES if task == "classification"],
    ids=lambda cls: cls.model_type(),
)


def fit(cls: type[Model], task: Task, X: Any, y: Any, **hyperparameters: Any) -> Model:
    model = cls.from_kwargs(kwargs_for(cls, task) | hyperparameters)
    return model.fit(X, y if cls.supervised() else None)


def same(a: Any, b: Any) -> bool:
    """The same to the bit."""
    if isinstance(a, np.ndarray):
        return isinstance(b, np.ndarray) and a.dtype == b.dtype and a.tolist() == b.tolist()
    return bool(a == b)


# ------------------------------------------------------------------------------- learning


def purity(clusters: Any, truth: Any) -> float:
    """Share of rows whose cluster is mostly of their class."""
    hits = sum(np.bincount(truth[clusters == c]).max() for c in np.unique(clusters))
    return float(hits / len(truth))


@every_type
def test_it_learns_what_can_be_learned(cls: type[Model], task: Task) -> None:
    split = split_for(task)
    model = trained(cls, task)
    predicted = model.predict(split.X_new)
    if task == "classification":
        assert np.mean(predicted == split.y_new) > 0.95
    elif task == "regression":
        residual = np.sum((predicted - split.y_new) ** 2)
        assert 1.0 - residual / np.sum((split.y_new - split.y_new.mean()) ** 2) > 0.9
    elif task == "clustering":
        assert len(np.unique(predicted)) == 3
        assert purity(predicted, split.y_new) > 0.95
    else:
        centred = split.X_new - split.X_new.mean(axis=0)
        shown = np.column_stack([predicted, np.ones(len(predicted))])
        solution = np.linalg.lstsq(shown, centred, rcond=None)[0]
        lost = np.sum((centred - shown @ solution) ** 2)
        assert 1.0 - lost / np.sum(centred**2) > 0.8


@classifiers
def test_it_weighs_rare_classes_rightly(cls: type[Model]) -> None:
    """A row amid the common class is of the common class, not of the rare one."""
    split = split_for("classification")
    keep = np.concatenate([np.flatnonzero(split.y != 2), np.flatnonzero(split.y == 2)[:5]])
    model = fit(cls, "classification", split.X[keep], split.y[keep])
    common = split.y_new != 2
    assert np.mean(model.predict(split.X_new[common]) == split.y_new[common]) > 0.95


@pytest.mark.parametrize("cls", [c for c in catalog().values() if c.gives_scores])
@pytest.mark.parametrize("n_classes", [2, 3])
def test_the_largest_score_is_answered(cls: type[Model], n_classes: int) -> None:
    split = split_for("classification")
    some = split.y < n_classes
    model = fit(cls, "classification", split.X[some], split.y[some])
    scores = model.class_scores(split.X_new)
    assert scores.shape == (len(split.X_new), n_classes)
    assert scores.dtype == np.float64
    assert (scores.argmax(axis=1) == model.predict(split.X_new)).all()


@pytest.mark.parametrize("cls", [c for c in catalog().values() if "regression" in c.tasks])
def test_a_constant_y_has_no_r2(cls: type[Model]) -> None:
    y = [0.1] * 3  # whose mean is not 0.1
    model = cls.from_kwargs({"n_neighbors": 1} if cls.model_type() == "knn" else {})
    assert model.fit([[1.0], [2.0], [4.0]], y).score([[1.0], [2.0], [4.0]], y) is None


@every_type
def test_the_score_is_of_the_training_data(cls: type[Model], task: Task) -> None:
    split = split_for(task)
    model = trained(cls, task)
    score = model.score(split.X, split.y if cls.supervised() else None)
    assert score is not None
    if task == "classification":
        assert model.metric_name == "accuracy"
        assert score == pytest.approx(np.mean(model.predict(split.X) == split.y))
    elif task == "regression":
        assert model.metric_name == "r2"
        residual = np.sum((model.predict(split.X) - split.y) ** 2)
        assert score == pytest.approx(1.0 - residual / np.sum((split.y - split.y.mean()) ** 2))
    else:
        assert model.metric_name in (
            "inertia",
            "mean_log_likelihood",
            "explained_variance_ratio",
        )


@pytest.mark.parametrize("cls", [c for c in catalog().values() if "regression" in c.tasks])
def test_r2_does_not_depend_on_the_unit_of_y(cls: type[Model]) -> None:
    """Of 1e307 the sum overflows, of which a mean is made."""
    X = [[1.0, 2.0], [2.0, 1.0], [8.0, 9.0], [9.0, 8.0], [1.0, 1.0], [9.0, 9.0]]
    kwargs = {} if cls.tasks == ("regression",) else {"task": "regression"}
    scores = []
    for unit in (1.0, 1e-300, 1e307):
        y = [unit * value for value in (1.0, 2.0, 3.0, 4.0, 5.0, 6.0)]
        scores.append(cls.from_kwargs(kwargs).fit(X, y).score(X, y))
    assert scores == [pytest.approx(scores[0], rel=1e-6)] * 3


@pytest.mark.parametrize("name", ["svm", "logistic_regression", "perceptron"])
def test_classes_are_told_apart_at_the_end_of_float64(name: str) -> None:
    X = np.array([[1.0, 2.0], [2.0, 1.0], [8.0, 9.0], [9.0, 8.0], [1.0, 1.0], [9.0, 9.0]])
    y = ["a", "a", "b", "b", "a", "b"]
    for unit in (1.0, 1e300, 1e307, 1.9e307):
        assert catalog()[name]().fit(X * unit, y).score(X * unit, y) == 1.0, unit


# ------------------------------------------------------------------------- reproducibility


@every_type
def test_the_same_request_trains_the_same_bits(cls: type[Model], task: Task) -> None:
    first, second = trained(cls, task), trained(cls, task)
    assert first.state().keys() == second.state().keys()
    for name, value in first.state().items():
        assert same(value, second.state()[name]), name


@every_type
def test_fit_again_forgets_what_was_before(cls: type[Model], task: Task) -> None:
    other = split_for(task, seed=1)
    model = trained(cls, task)
    model.fit(other.X, other.y if cls.supervised() else None)
    fresh = fit(cls, task, other.X, other.y)
    for name, value in fresh.state().items():
        assert same(value, model.state()[name]), name


@every_type
def test_fit_and_predict_leave_their_inputs_alone(cls: type[Model], task: Task) -> None:
    split = split_for(task)
    X, y = split.X.copy(), split.y.copy()
    X.setflags(write=False)
    y.setflags(write=False)
    fit(cls, task, X, y).predict(X)
    assert np.array_equal(X, split.X)
    assert np.array_equal(y, split.y)


@every_type
def test_a_model_does_not_hold_on_to_the_callers_data(cls: type[Model], task: Task) -> None:
    split = split_for(task)
    model = fit(cls, task, split.X, split.y)
    before = model.predict(split.X_new)
    split.X[:] = 0.0
    split.y[:] = 0
    assert same(model.predict(split.X_new), before)


@every_type
def test_a_batch_is_its_rows_one_by_one(cls: type[Model], task: Task) -> None:
    split = split_for(task)
    model = trained(cls, task)
    batch = model.predict(split.X_new)
    single = np.concatenate([model.predict(row[None, :]) for row in split.X_new])
    if batch.dtype.kind == "f":
        np.testing.assert_allclose(single, batch, rtol=1e-12, atol=1e-12)
    else:
        assert single.tolist() == batch.tolist()


@every_type
def test_what_was_learned_restores_to_the_same_model(cls: type[Model], task: Task) -> None:
    split = split_for(task)
    model = trained(cls, task)
    description, state = codec.unpack(
        codec.pack({"hyperparameters": model.hyperparameters()}, model.state())
    )
    copy = cls.restored(description["hyperparameters"], state)
    assert same(copy.predict(split.X_new), model.predict(split.X_new))
    if model.has_probabilities:
        assert same(copy.predict_proba(split.X_new), model.predict_proba(split.X_new))
    for name, value in model.state().items():
        assert isinstance(value, (np.ndarray, int, float, str, list, type(None))), name
        if isinstance(value, np.ndarray):
            assert value.dtype.kind in "iufb" or name == "classes_", name


# ------------------------------------------------------------------------------- labels


@classifiers
@pytest.mark.parametrize(
    "labels",
    [["setosa", "Ünicode", "10"], [-7, 3, 2**62], [10, 9, 100], [0.0, 1.0, 2.0]],
    ids=["text", "int", "unsorted", "whole"],
)
def test_labels_come_back_as_they_were_given(cls: type[Model], labels: list[Any]) -> None:
    split = split_for("classification")
    y = [labels[k] for k in split.y]
    model = fit(cls, "classification", split.X.tolist(), y)
    predicted = model.predict(split.X_new).tolist()
    assert {type(label) for label in predicted} == {str if isinstance(labels[0], str) else int}
    assert np.mean([p == labels[k] for p, k in zip(predicted, split.y_new, strict=True)]) > 0.95
    assert model.classes_ is not None
    assert model.classes_.tolist() == sorted(labels)


@classifiers
def test_booleans_are_labels_of_their_own(cls: type[Model]) -> None:
    split = split_for("classification")
    model = fit(cls, "classification", split.X.tolist(), [bool(k == 1) for k in split.y])
    predicted = model.predict(split.X_new).tolist()
    assert {type(label) for label in predicted} == {bool}
    assert np.mean(np.array(predicted) == (split.y_new == 1)) > 0.9


@every_type
def test_probabilities_are_probabilities(cls: type[Model], task: Task) -> None:
    split = split_for(task)
    model = trained(cls, task)
    if not model.has_probabilities:
        with pytest.raises(InvalidRequest, match="no probabilities"):
            model.predict_proba(split.X_new)
        return
    p = model.predict_proba(split.X_new)
    assert p.shape == (len(split.X_new), 3)
    assert (p >= 0.0).all()
    np.testing.assert_allclose(p.sum(axis=1), 1.0, rtol=1e-12)
    best = p.argmax(axis=1)
    labels = best if model.classes_ is None else model.classes_[best]
    assert labels.tolist() == model.predict(split.X_new).tolist()


# ------------------------------------------------------------------------------- bad input


def broken(split: Split) -> Iterator[tuple[str, Any, Any]]:
    X, y = split.X.tolist(), split.y.tolist()
    cell: Any
    for name, cell in (("nan", float("nan")), ("inf", float("inf")), ("1e400", 10**400)):
        yield name, [*X[:3], [*X[3][:-1], cell], *X[4:]], y
    for name, cell in (("null", None), ("text", "1.0"), ("bool", True), ("list", [1.0])):
        yield name, [*X[:3], [*X[3][:-1], cell], *X[4:]], y
    yield "ragged", [*X[:3], X[3][:-1], *X[4:]], y
    yield "flat", X[0], y
    yield "no rows", [], []
    yield "no columns", [[] for _ in X], y
    yield "not a list", {"a": 1}, y


@every_type
def test_bad_data_is_a_located_error(cls: type[Model], task: Task) -> None:
    for name, X, y in broken(split_for(task)):
        with pytest.raises(InvalidRequest) as caught:
            fit(cls, task, X, y)
        assert caught.value.faults[0].loc[0] == "X", name


@every_type
def test_bad_y_is_a_located_error(cls: type[Model], task: Task) -> None:
    split = split_for(task)
    if not cls.supervised():
        with pytest.raises(InvalidRequest, match="leave y out"):
            cls.from_kwargs({}).fit(split.X, split.y)
        return
    y = split.y.tolist()
    bad: list[Any] = [y[:-1], [], None, [None, *y[1:]], [[1], *y[1:]], ["a", *y[1:]], "abc"]
    bad += [[True, *y[1:]], [float("nan"), *y[1:]], [float("inf"), *y[1:]]]
    if task == "classification":
        bad += [
            [1] * len(y),
            ["a\0", *["b"] * (len(y) - 1)],
            [2**63, *y[1:]],
            ["\ud800", *"b" * 89],
        ]
        if len(cls.tasks) == 1:
            bad += [[0.5, *y[1:]]]
    for labels in bad:
        with pytest.raises(InvalidRequest) as caught:
            fit(cls, task, split.X, labels)
        assert caught.value.faults[0].loc[0] == "y", str(labels)[:40]


@every_type
def test_a_row_of_another_width_is_refused(cls: type[Model], task: Task) -> None:
    split = split_for(task)
    model = trained(cls, task)
    with pytest.raises(InvalidRequest, match=r"has \d features? where .* on \d"):
        model.predict(split.X_new[:, :-1])
    with pytest.raises(InvalidRequest, match="finite"):
        model.predict(np.full_like(split.X_new, np.nan))


def awkward(split: Split) -> Iterator[tuple[str, Any, Any]]:
    X, y = split.X, split.y
    constant = X.copy()
    constant[:, 0] = 3.0
    yield "constant column", constant, y
    yield "all constant", np.ones_like(X), y
    yield "one row", X[:1], y[:1]
    yield "two rows", X[[0, np.flatnonzero(y != y[0])[0]]], y[[0, np.flatnonzero(y != y[0])[0]]]
    yield "duplicates", np.repeat(X[:6], 20, axis=0), np.repeat(y[:6], 20)
    yield "copied column", np.column_stack([X, X[:, 0]]), y
    yield "more columns than rows", np.abs(np.random.default_rng(0).normal(size=(20, 50))), y[:20]
    for scale in (1e150, 1e-150, 1e300, 1e-300):
        yield f"scale {scale}", X * scale, y
        uneven = X.copy()
        uneven[:, 0] *= scale
        yield f"one column of scale {scale}", uneven, y
    yield "far from the origin", X + 1e8, y
    yield "integers", np.rint(X * 10).astype(np.int32), y
    yield "float32", X.astype(np.float32), y
    yield "few of a class", X[:12], np.where(np.arange(12) == 3, y.max(), y.min())


@every_type
def test_awkward_data_gives_a_sane_model_or_a_typed_error(cls: type[Model], task: Task) -> None:
    for name, X, y in awkward(split_for(task)):
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            try:
                model = fit(cls, task, X, y)
                predicted = model.predict(X)
                score = model.score(X, y if cls.supervised() else None)
            except InvalidRequest as error:
                assert error.faults[0].msg, name
                continue
        assert len(predicted) == len(X), name
        assert predicted.dtype.kind != "f" or np.isfinite(predicted).all(), name
        assert score is None or np.isfinite(score), name


# -------------------------------------------------------------------------- hyperparameters


@every_type
def test_unknown_hyperparameters_are_refused_by_name(cls: type[Model], task: Task) -> None:
    with pytest.raises(InvalidRequest, match="random_state") as caught:
        cls.from_kwargs({"n_neighbours": 3})
    assert caught.value.faults[0].loc == ("n_neighbours",)


@every_type
def test_hyperparameters_are_typed_and_bounded(cls: type[Model], task: Task) -> None:
    for name in cls.from_kwargs({}).hyperparameters():
        for value in ("text?", True, [1], {"a": 1}, float("nan")):
            if isinstance(value, bool) and isinstance(
                cls.from_kwargs({}).hyperparameters()[name], bool
            ):
                continue
            with pytest.raises(InvalidRequest) as caught:
                cls.from_kwargs({name: value})
            assert caught.value.faults[0].loc[0] == name


def integers(schema: Any, loc: tuple[Any, ...] = ()) -> Iterator[tuple[tuple[Any, ...], Any]]:
    """Every integer that a JSON Schema speaks of, and where."""
    if isinstance(schema, dict):
        if schema.get("type") == "integer":
            yield loc, schema
        for name, part in schema.items():
            yield from integers(part, (*loc, name))
    elif isinstance(schema, list):
        for i, part in enumerate(schema):
            yield from integers(part, (*loc, i))


@every_type
def test_every_integer_has_bounds(cls: type[Model], task: Task) -> None:
    found = list(integers(TypeAdapter(cls).json_schema()))
    assert found, "random_state at least"
    for loc, schema in found:
        assert schema["maximum"] <= 2**53 - 1, loc
        assert "minimum" in schema, loc


@every_type
def test_no_number_is_too_large_for_an_answer(cls: type[Model], task: Task) -> None:
    split = split_for(task)
    for name in cls.from_kwargs({}).hyperparameters():
        for value in (2**53 - 1, 2**53, 2**64, 10**310, -(10**310), 1e308):
            if name == "n_init" and value == 2**53 - 1:
                continue  # that many starts are what was asked for
            with suppress(InvalidRequest):
                model = cls.from_kwargs(kwargs_for(cls, task) | {name: value})
                model.fit(split.X, split.y if cls.supervised() else None).predict(split.X_new)


@every_type
def test_original_names_stand_for_ours(cls: type[Model], task: Task) -> None:
    for alias, name in cls.aliases.items():
        value = 1 if "learning" not in name and name != "lam" else 0.01
        assert cls.from_kwargs({alias: value}).hyperparameters()[name] == value
        if alias != name:
            with pytest.raises(InvalidRequest, match="two names of one"):
                cls.from_kwargs({alias: value, name: value})


@every_type
def test_what_is_examined_is_known_before_it_is_learned(cls: type[Model], task: Task) -> None:
    split = split_for(task)
    model = cls.from_kwargs(kwargs_for(cls, task))
    model.examine(split.X, split.y if cls.supervised() else None)
    whole = trained(cls, task)
    for name in ("task_", "n_samples_", "n_features_in_"):
        assert getattr(model, name) == getattr(whole, name)
    assert same(model.classes_, whole.classes_)
    assert 0.0 < model.stretch() < np.inf
    assert split.X.nbytes <= model.least_memory() <= 4 * split.X.nbytes


@every_type
def test_training_is_reported_while_it_goes_on(cls: type[Model], task: Task) -> None:
    split = split_for(task)
    seen: list[tuple[float, float | None]] = []
    model = cls.from_kwargs(kwargs_for(cls, task))
    model.fit(
        split.X,
        split.y if cls.supervised() else None,
        watch=lambda progress, loss: seen.append((progress, loss)),
    )
    assert (model.n_iter_ is not None) == bool(seen) == model.iterates
    assert all(0.0 <= progress <= 1.0 for progress, _ in seen)
    if model.loss_curve_ is not None:
        assert all(type(loss) is float and np.isfinite(loss) for loss in model.loss_curve_)


# ------------------------------------------------------------- what a plausible model gets wrong


@classifiers
@pytest.mark.parametrize("labels", [["c", "a", "b"], [7, -3, 100]])
def test_classes_that_are_alike_tie_to_the_smallest_label(
    cls: type[Model], labels: list[Any]
) -> None:
    if cls.model_type() == "perceptron":
        return  # it stops at some plane, and the last row that moved it is on the right side
    X = np.repeat(counts_of_three_classes().X[:20], 3, axis=0)
    given = {"n_neighbors": 3} if "n_neighbors" in cls.from_kwargs({}).hyperparameters() else {}
    model = cls.from_kwargs(given).fit(X, labels * 20)
    assert set(model.predict(X).tolist()) == {min(labels)}


@every_type
def test_values_for_one_row_come_out_as_their_mean(cls: type[Model], task: Task) -> None:
    if task == "regression":
        X = np.repeat(np.arange(8.0)[:, None], 5, axis=0)
        predicted = fit(cls, task, X, [0.0, 0.5, 0.5, 1.0, 10.0] * 8).predict(X)
        np.testing.assert_allclose(predicted, 2.4, rtol=1e-9)


@every_type
def test_what_is_learned_is_kept_in_double_precision(cls: type[Model], task: Task) -> None:
    for name, value in trained(cls, task).state().items():
        if isinstance(value, np.ndarray) and value.dtype.kind == "f":
            assert value.dtype == np.float64, name
            with np.errstate(all="ignore"):
                single = value.astype(np.float32).astype(np.float64)
            assert value.size < 10 or (value != single).any() or whole(value), name


def whole(value: FloatArray) -> bool:
    """Whether halves are all that it holds, which single precision holds as well."""
    return bool((2.0 * value == np.rint(2.0 * value)).all())


@every_type
def test_fitting_leaves_the_hyperparameters_alone(cls: type[Model], task: Task) -> None:
    split = split_for(task)
    for given in ({}, *({name: value} for name, value in alternatives(cls))):
        with suppress(InvalidRequest):
            model = cls.from_kwargs(kwargs_for(cls, task) | given)
            before = model.hyperparameters()
            model.fit(split.X, split.y if cls.supervised() else None).predict(split.X_new)
            assert model.hyperparameters() == before


def alternatives(cls: type[Model]) -> list[tuple[str, Any]]:
    """Each hyperparameter with other values than its default, as far as its schema tells."""
    found: list[tuple[str, Any]] = []
    for name, schema in TypeAdapter(cls).json_schema()["properties"].items():
        default = schema.get("default")
        tried: list[Any] = []
        for kind in schema.get("anyOf", [schema]):
            tried += kind.get("enum", [kind["const"]] if "const" in kind else [])
            by_type: dict[str, list[Any]] = {
                "boolean": [True, False],
                "integer": [1, 2, 3, 7],
                "number": [1e-3, 0.02, 0.3, 3.0, 50.0],
                "array": [[0.2, 0.3, 0.5]],
            }
            tried += by_type.get(kind.get("type", ""), [])
        for value in tried:
            if value != default and name != "random_state":
                with suppress(InvalidRequest):
                    cls.from_kwargs({name: value})
                    found.append((name, value))
    return found


@pytest.mark.parametrize("cls", catalog().values(), ids=lambda cls: cls.model_type())
def test_every_hyperparameter_does_something(cls: type[Model]) -> None:
    others = alternatives(cls)
    without = dict[str, Any]()

    def learned(task: Task, given: dict[str, Any]) -> str | None:
        key = f"{task} {given}"
        if key not in without:
            rng = np.random.default_rng(1)
            X, y = rng.poisson(3.0, size=(90, 3)) + 0.1 * rng.random((90, 3)), rng.random(90)
            labels = (X[:, 0] + 2.0 * y > 3.5).astype(int) + (X[:, 1] + 3.0 * y > 6.0)
            shown = y + X[:, 2] if task == "regression" else labels
            without[key] = None
            with suppress(InvalidRequest):
                model = cls.from_kwargs(kwargs_for(cls, task) | given)
                model.fit(X, shown if cls.supervised() else None)
                answer = model.predict(X).tolist(), model.score(X, shown)
                state = {n: str(np.asarray(v).tolist()) for n, v in model.state().items()}
                chances = model.predict_proba(X).tolist() if model.has_probabilities else None
                without[key] = f"{state} {answer} {chances}"
        found: str | None = without[key]
        return found

    for name in {name for name, _ in others}:
        assert any(
            None is not learned(task, beside) != learned(task, beside | {name: value}) is not None
            for task in cls.tasks
            for beside in ({}, *({n: v} for n, v in others if n != name))
            for other, value in others
            if other == name
        ), f"{name} changes nothing"


@every_type
def test_a_scale_of_1e160_is_refused_or_learned(cls: type[Model], task: Task) -> None:
    split = split_for(task)
    with suppress(InvalidRequest):
        model = fit(cls, task, split.X * 1e160, split.y)
        predicted = model.predict(split.X_new * 1e160)
        if task == "classification":
            assert np.mean(predicted == split.y_new) > 0.9
        elif task == "clustering":
            assert purity(predicted, split.y_new) > 0.9
        elif task == "regression":
            assert np.corrcoef(predicted, split.y_new)[0, 1] > 0.9


@classifiers
@pytest.mark.parametrize("size", [1e100, 1e160, 1e300, 1.2e308, 1.7e308])
def test_what_is_answered_is_likeliest_at_the_ends_of_float64(
    cls: type[Model], size: float
) -> None:
    split = split_for("classification")
    model = fit(cls, "classification", split.X / 50.0, split.y)  # by coefficients above 1
    rows = np.concatenate([split.X_new[:24] / 50.0] * 2)
    rows[np.arange(24), np.arange(24) % 6] = size
    rows[24:] = size * np.random.default_rng(0).random((24, 6))
    if not cls.counting:
        rows[::2] *= -1.0
    asked = [
        ask
        for ask, there in (
            (model.predict_proba, model.has_probabilities),
            (model.class_scores, model.gives_scores),
        )
        if there
    ]
    for row in rows[:, None]:
        try:
            predicted = model.predict(row)
        except InvalidRequest:
            continue
        for ask in asked:
            told = ask(row)[0]
            assert told[np.flatnonzero(model.classes_ == predicted[0])[0]] == told.max()


# ---------------------------------------------------------- hyperparameters that do nothing

SEEDS = {"random_state", "task"}  # which other tests are of
HOW_LONG = ("n_iter_", "converged_", "loss_curve_")
STOPS = {"max_iter": 1, "max_depth": 1}  # beside which little else can come to bear
DOCUMENTED = {
    ("decision_tree", "criterion"),  # of regression there is one
    ("gmm", "max_iter"),  # of one component it is in place at once, and seen to be at the second
    ("multi_naive_bayes", "fit_prior"),  # class_prior takes its place
    ("perceptron", "eta0"),  # scales what tol and l2 are compared with
}


OF_KIND: dict[str, list[Any]] = {
    "boolean": [True, False],
    "integer": [1, 3, 20],
    "number": [1e-12, 0.01, 0.3, 3.0],
    "null": [None],
    "array": [[0.2, 0.3, 0.2, 0.3]],
}


def hard(seed: int) -> tuple[FloatArray, dict[str, Any], FloatArray]:
    """Rows that no type learns without a mistake, y by task, and rows to ask about."""
    rng = np.random.default_rng(seed)
    X = np.rint(rng.gamma(2.0, 4.0, size=(90, 4)))
    noise = rng.normal(scale=6.0, size=90)
    labels = (X[:, 0] + noise > 8.0).astype(int) + 2 * (rng.random(90) < 0.3)
    values = X @ [1.0, -1.0, 0.5, 0.0] + noise
    return X[:60], {"classification": labels[:60], "regression": values[:60]}, X[60:]


HARD = [hard(seed) for seed in (1, 2, 3)]


def others(schema: dict[str, Any]) -> list[Any]:
    """Values that a hyperparameter takes beside its default."""
    found: list[Any] = []
    for one in schema.get("anyOf", [schema]):
        named = one.get("enum", [one["const"]] if "const" in one else None)
        found += OF_KIND[one["type"]] if named is None else named
    default = schema["default"]
    return [one for one in found if one != default or type(one) is not type(default)]


def answered(cls: type[Model], task: Task, told: dict[str, Any], which: int) -> Any:
    """The model, and all that it answers and learned, of one that was told so; None where that is
    refused."""
    X, targets, rows = HARD[which]
    try:
        model = cls.from_kwargs(told).fit(X, targets.get(task))
        answers = [model.predict(rows)]
        answers += [model.predict_proba(rows)] if model.has_probabilities else []
        answers += [model.class_scores(rows)] if model.gives_scores else []
    except InvalidRequest:
        return None
    learned = [value for name, value in model.state().items() if name not in HOW_LONG]
    numbers = np.concatenate([np.ravel(one) for one in (*answers, *learned) if np.size(one) > 1])
    return model, [f"{one:.8g}" if abs(one) > 1e-9 else "0" for one in numbers.tolist()]


@every_type
def test_what_does_nothing_is_advised_of(cls: type[Model], task: Task) -> None:
    names = {n: s for n, s in cls.schema()["properties"].items() if n not in SEEDS}
    own: dict[str, Any] = {"task": task} if "task" in cls.names() else {}
    beside = [own | ({"n_components": 3} if cls.model_type() == "gmm" else {}), own]
    for name, schema in names.items():
        for value in others(schema):
            switch = value is None or value is False or value == 1 or isinstance(value, (str, list))
            if switch and STOPS.get(name) != value:
                beside.append(beside[0] | {name: value})
    silent = set()
    for told in beside:
        for name, schema in names.items():
            if name in told or (cls.model_type(), name) in DOCUMENTED:
                continue
            found = [
                [answered(cls, task, told | more, which) for which in range(len(HARD))]
                for more in ({}, *({name: value} for value in others(schema)))
            ]
            there = [one for one in found if None not in one]
            if found[0] not in there:
                continue
            first, *changed = there
            same_answers = [
                [one[1] for one in models] == [one[1] for one in first] for models in changed
            ]
            advised = [bool([*models[0][0].idle([name])]) for models in changed]
            if changed and all(same_answers) and not all(advised):
                silent.add((name, str(told)))
            pairs = zip(same_answers, advised, strict=True)
            assert all(alike or not said for alike, said in pairs), (name, told)
    assert not silent
