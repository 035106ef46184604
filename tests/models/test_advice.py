"""What the models advise: a y that looks like a quantity."""

from typing import Any

import numpy as np
import pytest

from fitserve.models import catalog
from fitserve.models.base import Model

SUPERVISED = [cls for cls in catalog().values() if cls.supervised()]
EITHER = [cls for cls in SUPERVISED if len(cls.tasks) > 1]
CLASSIFIERS = [cls for cls in SUPERVISED if cls.tasks == ("classification",)]
by_name = pytest.mark.parametrize("cls", SUPERVISED, ids=lambda cls: cls.model_type())


def y_of(values: int, rows: int) -> list[int]:
    """As many different whole numbers, each as often as any other within one."""
    return [3 * (i % values) - 7 for i in range(rows)]


def examined(cls: type[Model], y: list[Any], **hyperparameters: Any) -> Model:
    model = cls.from_kwargs(hyperparameters)
    model.examine(np.arange(2.0 * len(y)).reshape(-1, 2), y)
    return model


def test_there_are_types_of_each_sort() -> None:
    assert {cls.model_type() for cls in EITHER} == {"knn", "decision_tree"}
    assert len(CLASSIFIERS) > 4


@by_name
@pytest.mark.parametrize(
    ("values", "rows", "quantity"),
    [
        (20, 20, False),  # a row each, but too few values
        (20, 199, False),
        (21, 209, True),
        (21, 210, False),  # ten rows each
        (21, 21, True),
        (93, 342, True),
        (93, 930, False),
    ],
)
@pytest.mark.parametrize("spelled", [int, float])
def test_many_whole_numbers_with_few_rows_each_are_a_quantity(
    cls: type[Model], values: int, rows: int, quantity: bool, spelled: Any
) -> None:
    model = examined(cls, [spelled(value) for value in y_of(values, rows)])
    takes = "regression" if quantity and len(cls.tasks) > 1 else cls.tasks[0]
    assert model.task_ == takes
    assert len(model.advice()) == (quantity and "classification" in cls.tasks)
    for advice in model.advice():
        assert f"{rows} whole numbers have {values} values" in advice.words


@by_name
def test_text_and_booleans_are_labels_however_many(cls: type[Model]) -> None:
    if "classification" in cls.tasks:
        for y in ([f"{i}" for i in range(50)], [i % 2 == 0 for i in range(50)]):
            model = examined(cls, y)
            assert (model.task_, model.advice()) == ("classification", [])


@pytest.mark.parametrize("cls", EITHER, ids=lambda cls: cls.model_type())
def test_a_task_that_is_given_is_taken_without_a_word(cls: type[Model]) -> None:
    for task in cls.tasks:
        model = examined(cls, y_of(93, 342), task=task)
        assert (model.task_, model.advice()) == (task, [])
    assert examined(cls, [0.5, *y_of(93, 342)]).advice() == []
    assert examined(cls, [0.5, *y_of(93, 342)]).task_ == "regression"


@by_name
def test_what_is_advised_can_be_sent(cls: type[Model]) -> None:
    for advice in examined(cls, y_of(93, 342)).advice():
        assert advice.set
        given = dict(advice.set)
        other = catalog()[given.pop("model_type", cls.model_type())]
        model = examined(other, y_of(93, 342), **given)
        assert model.task_ != examined(cls, y_of(93, 342)).task_


@by_name
def test_examining_other_data_forgets_what_was_advised(cls: type[Model]) -> None:
    model = examined(cls, y_of(93, 342))
    model.examine(np.arange(12.0).reshape(-1, 2), [0, 1, 0, 1, 0, 1])
    assert model.advice() == []
