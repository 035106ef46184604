"""Where a training ended before it had converged: what to send to have it go on, or end well."""

from collections.abc import Iterator, Mapping

from fitserve.errors import Advice, counted
from fitserve.models.base import COUNT, Model

_STRONGER: Mapping[str, float] = {"lam": 1000.0, "C": 0.001}
"""Hyperparameters that say how strong a penalty is, and what makes it stronger."""


def of_convergence(model: Model) -> Iterator[Advice]:
    """What to know of a trained model that has not converged; nothing of others."""
    if model.converged_:
        return
    told = model.hyperparameters()
    steps = model.n_iter_ or 0
    ended = f"It ended after {counted(steps, 'iteration')}, not converged"
    usual = {name: one.get("default") for name, one in model.schema()["properties"].items()}
    most = min(COUNT, max(10 * told["max_iter"], usual["max_iter"]))
    penalty = next((name for name in _STRONGER if told.get(name)), None)
    many = penalty is not None and told["max_iter"] > usual["max_iter"]
    if steps < told["max_iter"] or (many and told.get("learning_rate") is None):
        mend = {} if penalty is None else {penalty: told[penalty] * _STRONGER[penalty]}
        said = "more would not help; bring the columns to one scale (standardize)"
        by = "".join(f", or send {name} {value:g}" for name, value in mend.items())
        yield Advice(f"{ended}: {said}{by}.", mend)
    elif not told["tol"] and usual["tol"]:
        said = f"with tol {'null' if told['tol'] is None else 0} it may go on for ever"
        yield Advice(f"{ended}: {said}; send tol {usual['tol']:g}.", {"tol": usual["tol"]})
    elif told.get("learning_rate") is not None:
        said = f"leave learning_rate out, which takes far fewer, or send max_iter {most}"
        said = f"{ended}: the steps of learning_rate are small; {said}."
        yield Advice(said, {"learning_rate": None})
    else:
        said = f"max_iter allows no more, and it would still change; send max_iter {most}"
        yield Advice(f"{ended}: {said}.", {"max_iter": most})
