"""What is given by whatever name, with whatever value, is taken or refused by an error of ours."""

from contextlib import suppress
from typing import Any

import pytest

from fitserve.errors import InvalidRequest
from fitserve.models import catalog, having

CATALOG = catalog()
OF_OTHERS = [
    *("C", "c", "lam", "lambda", "l2", "alpha", "ALPHA", "alphas", "reg_alpha", "reg_param", "eta"),
    *("weight_decay", "penalty", "kernel", "gamma", "degree", "probability", "metric", "distance"),
    *("variance", "explained_variance", "solver", "n_jobs", "verbose", "lr", "k", "K", "criterion"),
    *("learning_rate", "init", "covariance", "tol"),
]
NAMES = sorted({*OF_OTHERS, "", "x" * 5000, *(n for one in CATALOG.values() for n in one.names())})
VALUES: list[Any] = [
    *(None, True, False, 0, -1, 1, 2.5, 1e308, -1e308, 1e-320, 10**400, -(10**400), 0.0),
    *(
        "",
        "l2",
        "None",
        "0.1",
        "1e999",
        "nan",
        "x" * 3000,
        "\u0661",
        "1,5",
        "1_0",
        "0x10",
        "\ud800",
    ),
    *([], [0.1], ["a"], [[1]], [None], {}, {"a": 1}),
]


@pytest.mark.parametrize("model_type", CATALOG)
def test_whatever_is_given(model_type: str) -> None:
    for name in NAMES:
        for value in VALUES:
            with suppress(InvalidRequest):
                CATALOG[model_type].from_kwargs({name: value}, having=having())
