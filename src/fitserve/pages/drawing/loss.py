"""The loss against the iterations."""

import math
from collections.abc import Mapping, Sequence
from typing import Any

from fitserve.pages.drawing import svg
from fitserve.pages.drawing.picture import TRAINING, Picture
from fitserve.pages.drawing.scales import Axes, Scale
from fitserve.pages.drawing.wording import number, told_apart

LEFT, RIGHT, TOP, BOTTOM = 56, 386, 24, 200
DECADES = 2  # over which the scale is logarithmic

_LOSSES = {
    "kmeans": "mean squared distance",
    "gmm": "minus the mean log-likelihood",
    "decision_tree": "mean impurity",
}
_STEPS = {"perceptron": "pass over the rows"}


def drawing(description: Mapping[str, Any], numbers: Mapping[str, Any]) -> Picture:
    model_type = description["model_type"]
    losses, iterations = numbers["losses"], numbers["iterations"]
    low, high = min(losses), max(losses)
    logarithmic = low > 0.0 and high > low * 10**DECADES
    heights = [math.log10(loss) for loss in losses] if logarithmic else losses
    across = Scale(iterations[0], iterations[-1], LEFT, RIGHT)
    up = Scale.over(heights, BOTTOM, TOP, 0.06)
    axes = Axes(across, up)
    first, last = told_apart([losses[0], losses[-1]])
    end = across(iterations[-1]), up(heights[-1])
    title, remark = _found(description, numbers)
    name, step = _LOSSES.get(model_type, "loss"), _step(description)
    drawn = svg.svg(
        "loss",
        (400, 240),
        f"{name} against {step}",
        [
            axes.drawn(
                step,
                f"{name}, logarithmic" if logarithmic else name,
                x_ticks=_whole(across.ticks()) or [iterations[0], iterations[-1]],
                y_ticks=_decades(up) if logarithmic else None,
                y_words=(lambda v: number(10.0**v)) if logarithmic else None,
            ),
            svg.line(list(zip(map(across, iterations), map(up, heights), strict=True)), "curve"),
            svg.path(f"M{svg.fixed(end[0])} {svg.fixed(end[1])}h0", "dot"),
            svg.text(end[0] - 8, end[1] - 10, last, "strong halo end"),
        ],
        description=f"From {first} to {last} in {iterations[-1]}.",
    )
    return Picture("loss", title, drawn, remark, of=TRAINING)


def _found(description: Mapping[str, Any], numbers: Mapping[str, Any]) -> tuple[str, str]:
    if description["model_type"] == "decision_tree":
        remark = (
            "Mean impurity of the training rows in a leaf. It always falls on the rows that the "
            "tree has seen; what further questions are worth is seen on rows that were held out."
        )
        return "The answers get purer", remark
    if numbers["converged"]:
        return "It has settled", "Further iterations would change next to nothing."
    remark = "The loss was still changing. Raise max_iter, or bring the columns to one scale."
    return "It has not settled", remark


def _step(description: Mapping[str, Any]) -> str:
    model_type = description["model_type"]
    if model_type == "decision_tree":
        best_first = description["hyperparameters"].get("max_leaf_nodes") is not None
        return "question" if best_first else "level of questions"
    return _STEPS.get(model_type, "iteration")


def _whole(ticks: Sequence[float]) -> list[float]:
    return [tick for tick in ticks if tick == int(tick)]


def _decades(up: Scale) -> list[float]:
    powers = range(math.ceil(up.low), math.floor(up.high) + 1)
    return [float(power) for power in powers[:: -(-len(powers) // 6)]]
