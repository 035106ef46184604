"""What a trained model looks like, in numbers: each picture is a pure function in a file of its
own, named after it, and drawn by the file of the same name in `pages/drawing`."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import cache
from importlib import import_module
from pkgutil import iter_modules
from types import MappingProxyType
from typing import Any

import numpy as np

from fitserve.errors import InvalidRequest
from fitserve.evaluation.pictures.subject import LeftOut, Subject

ORDER = (
    *("score_strip", "confusion", "regions", "calibration", "lead", "wrong"),
    *("true_predicted", "residuals"),
    *("coefficients", "importance", "tree", "curves", "words"),
    *("groups", "group_differences", "more_groups"),
    *("variance_shares", "axis_weights", "loss"),
)
"""The names of all pictures, as a page shows them."""

NOTHING_KEPT = (
    "No rows were kept with this model: it was registered with sample=0, or by an older version. "
    "Register it again, with sample from 1 to 1000, to have pictures of its rows."
)

BEYOND = "Its numbers are so large that the model cannot be asked about what lies between them."

Numbers = dict[str, Any]
Taken = Callable[[Subject], Numbers | None]


@cache
def taken() -> Mapping[str, Taken]:
    """The function `picture` of each file here that has one, by the file's name, in order."""
    found = {}
    for info in iter_modules(__path__):
        picture = getattr(import_module(f"{__name__}.{info.name}"), "picture", None)
        if picture is not None:
            found[info.name] = picture
    return MappingProxyType({name: found[name] for name in ORDER if name in found})


def pictures(subject: Subject) -> dict[str, Any]:
    """All pictures that apply to the model, as JSON.

    `pictures`: by name the numbers of each. `left_out`: by name why one that applies is not there
    (its budget was used up). `n_rows`: how many rows were kept with the model, `rows` which ones
    (lines of a CSV, else from 0), in the order of the points of all pictures, and `held_out`
    whether they had been held out. `reason`: why there are no pictures of rows; null if there are.
    """
    found: dict[str, Numbers] = {}
    left_out: dict[str, str] = {}
    for name, picture in taken().items():
        try:
            with np.errstate(all="ignore"):  # what overflows is refused, or told as null
                numbers = picture(replace(subject, budget=subject.budget.anew()))
        except LeftOut as why:
            left_out[name] = str(why)
        except InvalidRequest:  # a row of the picture's own
            left_out[name] = BEYOND
        else:
            if numbers is not None:
                found[name] = numbers
    sample = subject.sample
    return {
        "n_rows": 0 if sample is None else len(sample.rows),
        "rows": [] if sample is None else sample.rows.tolist(),
        "held_out": sample is not None and sample.predicted is not None,
        "reason": NOTHING_KEPT if sample is None else None,
        "pictures": found,
        "left_out": left_out,
    }
