"""Importance: what a model really uses."""

from typing import Any

from fitserve.evaluation.pictures.rounding import rounded
from fitserve.evaluation.pictures.subject import LeftOut, Subject

MOST = 30


def picture(subject: Subject) -> dict[str, Any] | None:
    """The `columns` of the table, 30 at most of `n_columns`, the most important first: `mean` and
    `std` of how much `metric` falls on held-out rows when one is shuffled."""
    training = subject.described.get("training", {})
    if "importance" not in training:
        return None
    found = training["importance"]
    if found is None:
        raise LeftOut(
            "There was no time to find the importance of the columns in training; POST /evaluate "
            "finds it, with rows that were kept back."
        )
    known = [one for one in found if one["mean"] is not None]
    if not known:
        return None
    order = sorted(known, key=lambda one: -one["mean"])[:MOST]
    return {
        "metric": training["metric"],
        "n_columns": len(found),
        "columns": [
            {
                "column": one["column"],
                "mean": rounded(one["mean"]),
                "std": rounded(one["std"]),
            }
            for one in order
        ],
    }
