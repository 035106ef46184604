"""How the loss fell while a model was trained."""

from typing import Any

import numpy as np

from fitserve.evaluation.pictures.rounding import rounded
from fitserve.evaluation.pictures.subject import Subject

POINTS = 200
ROUNDING = 1e-14  # what is left of a loss, beside its greatest, that is none


def picture(subject: Subject) -> dict[str, Any] | None:
    """The loss after each iteration, at some even distances where there are many; the last is
    among them."""
    model = subject.model
    if model.loss_curve_ is None or model.n_iter_ is None or len(model.loss_curve_) < 2:
        return None
    losses = np.array(model.loss_curve_)
    losses[np.abs(losses) <= ROUNDING * np.abs(losses).max()] = 0.0
    kept = np.unique(np.linspace(0, len(losses) - 1, POINTS).round().astype(np.intp))
    # A curve that is thinned has its entries at even distances, and ends with the last iteration.
    step = model.n_iter_ / len(losses)
    iterations = np.maximum(1, np.round((kept + 1) * step)).astype(np.intp)
    return {
        "iterations": iterations.tolist(),
        "losses": rounded(losses[kept]),
        "converged": model.converged_,
    }
