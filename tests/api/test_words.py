"""Every error there is, made once: its words are for the person who sent the request."""

import inspect
from typing import Any

import pytest

from fitserve import errors
from fitserve.cli.copying import Unreachable
from fitserve.errors import Fault, FitserveError, InvalidRequest, StoreTooNew
from tests.api.words import judge

SAMPLES: dict[str, Any] = {
    "model_type": "knn",
    "model_id": 7,
    "known": ["knn", "svm"],
    "faults": [Fault(("kwargs", "X", 0, 1), "a number is needed, not null")],
    "limit": 100,
    "waiting": "3 trainings wait already.",
    "away": [(one, "sqlite:///x.sqlite3", "it is away") for one in ("source", "destination")],
    "which": "source",
    "address": "sqlite:///x.sqlite3",
}
OURS = "The server met a fault of its own"


def _kinds(cls: type[FitserveError]) -> list[type[FitserveError]]:
    return [one for sub in cls.__subclasses__() for one in (sub, *_kinds(sub))]


def _made() -> list[Any]:
    """Each class by its constructor, and by each constructor of another name."""
    makers = []
    for cls in sorted({*_kinds(FitserveError), Unreachable}, key=lambda one: one.__name__):
        if not cls.__module__.startswith("fitserve"):
            continue
        if "detail" not in inspect.signature(cls).parameters:
            makers.append(pytest.param(cls, id=cls.__name__))
        for name, function in vars(cls).items():
            if isinstance(function, classmethod):
                makers.append(pytest.param(getattr(cls, name), id=f"{cls.__name__}.{name}"))
    return makers


def _sample(name: str, parameter: inspect.Parameter) -> Any:
    if name in SAMPLES:
        return SAMPLES[name]
    return "It took too long; give fewer rows." if "str" in str(parameter.annotation) else 1234


@pytest.mark.parametrize("make", _made())
def test_every_error_is_for_a_person(make: Any) -> None:
    parameters = inspect.signature(make).parameters
    needed = {n: _sample(n, p) for n, p in parameters.items() if p.default is p.empty}
    if make == InvalidRequest.at:
        needed = {"loc": ("kwargs", "k"), "msg": "a whole number is needed, not null"}
    made = make(**needed)
    told = made.problem() if isinstance(made, FitserveError) else None
    if told is None:
        return
    judge(told["detail"])
    if make is not StoreTooNew:  # which ends a program, by a line of its log
        assert told["detail"].endswith(".")
    assert told["title"]
    if "model_id" in needed:
        assert "7" in told["detail"]


def test_faults_of_our_own_say_where_to_look() -> None:
    assert errors.FAULT.startswith(OURS)
    assert "log" in errors.FAULT
