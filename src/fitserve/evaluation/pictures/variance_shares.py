"""How much of the variance each axis of a projection keeps."""

from typing import Any

from fitserve.evaluation.pictures.rounding import rounded
from fitserve.evaluation.pictures.subject import Subject

SHOWN = 12  # axes


def picture(subject: Subject) -> dict[str, Any] | None:
    if subject.model.task_ != "projection":
        return None
    shares = vars(subject.model)["explained_variance_ratio_"]
    return {
        "shares": rounded(shares[:SHOWN]),
        "n_axes": len(shares),
        "total": rounded(shares.sum()),
    }
