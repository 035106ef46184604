"""Where a training ended before it had converged: what to send to have it go on, or end well."""

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from fitserve.data.arrays import FloatArray
from fitserve.errors import Advice, counted
from fitserve.models.base import Model
from fitserve.models.hyperparameters import COUNT

_STRONGER = 1000.0
"""How many times as strong a penalty is to be where it is too weak."""
_STRICT = 1e-6
"""A tol that is so small a share of the usual one may never be met."""
_LOOSE = 1.0
"""A tol from here on is no share, and no change of a loss, that is small."""
_WIDE = 1e3
"""A column that spreads farther is too wide for any penalty; standardized ones spread 1."""


def of_convergence(model: Model, X: FloatArray) -> Iterator[Advice]:
    """What to know of a model that was trained on X and has not converged, or that a large tol
    had taken for converged."""
    told = model.hyperparameters()
    steps = model.n_iter_ or 0
    if model.converged_:
        least = (model.loss_curve_ or [1.0])[-1] == 0.0
        loose = steps and (told.get("tol") or 0.0) >= _LOOSE and not least
        if loose and not any(model.idle(["tol"])):
            usual_tol = model.schema()["properties"]["tol"]["default"]
            yield Advice(
                f"It ended after {counted(steps, 'iteration')}, as tol {told['tol']:g} may be "
                f"met far from where it leads; leave tol out, for {usual_tol:g}.",
                {"tol": None},
            )
        return
    ended = f"It ended after {counted(steps, 'iteration')}, not converged"
    usual = {name: one.get("default") for name, one in model.schema()["properties"].items()}
    most = min(COUNT, max(10 * told["max_iter"], usual["max_iter"]))
    penalty = next((name for name in ("lam", "C") if told.get(name)), None)
    many = penalty is not None and told["max_iter"] > usual["max_iter"]
    rate = told.get("learning_rate")
    strict = bool(usual["tol"]) and (told["tol"] or 0.0) < _STRICT * usual["tol"]
    tol = f"send tol {usual['tol']:g}"
    if rate is not None:
        said, fewer = "the steps of learning_rate are small", ", which takes far fewer"
        if (bound := model.step_bound) is not None:
            said = f"learning_rate {rate:g} is above {bound:.3g}, so that its steps go too far"
            fewer = ""
        said += f"; leave learning_rate out{fewer}"
        said += f"; and {tol}, as {told['tol'] or 0:g} may never be met" if strict else ""
        mend = {"learning_rate": None} | ({"tol": usual["tol"]} if strict else {})
        yield Advice(f"{ended}: {said}.", mend)
    elif strict:
        small = "null" if told["tol"] is None else f"{told['tol']:g}"
        said = f"with tol {small} it may go on for ever; {tol}"
        yield Advice(f"{ended}: {said}.", {"tol": usual["tol"]})
    elif steps < told["max_iter"] or many:
        if (widest := _spread(X)) > _WIDE:
            said = f"columns spread as far as {widest:.2g}; set standardize to true"
            yield Advice(f"{ended}: more would not help, as {said}.", {"standardize": True})
            return
        by, mend = _stronger(penalty, told, usual)
        yield Advice(f"{ended}: more would not help{by}.", mend)
    else:
        said = f"max_iter allows no more, and it would still change; send max_iter {most}"
        yield Advice(f"{ended}: {said}.", {"max_iter": most})


def _spread(X: FloatArray) -> float:
    """The standard deviation of the column that varies the farthest."""
    size = float(np.abs(X).max())
    return float((X / (size or 1.0)).std(axis=0).max()) * size


def _stronger(
    penalty: str | None, told: Mapping[str, Any], usual: Mapping[str, Any]
) -> tuple[str, dict[str, Any]]:
    """How to send a penalty that is stronger; the usual one, where this is far weaker than that."""
    if penalty == "lam" and told["lam"] < _STRICT:
        return f"; leave lam out, for C {usual['C']:g}", {"lam": None}
    if penalty is None:
        return "", {}
    if penalty == "lam":
        stronger = told["lam"] * _STRONGER
    else:
        stronger = usual["C"] if told["C"] > usual["C"] else told["C"] / _STRONGER
    return f"; send {penalty} {stronger:g}", {penalty: stronger}
