"""Score strip: a line from nothing to the best, the score without a model as a bar, each fold as a
dot."""

from collections.abc import Mapping
from typing import Any

from markupsafe import Markup

from fitserve.pages.drawing import svg
from fitserve.pages.drawing.picture import HELD_OUT, Picture
from fitserve.pages.drawing.scales import Scale, below
from fitserve.pages.drawing.wording import label, number, per_cent, short

LEFT, RIGHT, LINE = 14.0, 384.0, 44.0
LOWEST = -1.0
"""What is worse is drawn there."""
GAP = 8.0  # units between two names


def drawing(_description: Mapping[str, Any], numbers: Mapping[str, Any]) -> Picture:
    is_share = numbers["metric"] == "accuracy"
    words = per_cent if is_share else _two_digits
    mean, baseline, scores = numbers["mean"], numbers["baseline"], numbers["scores"]
    known = [score for score in scores if score is not None]
    always = _always(numbers, is_share)
    lead = mean - baseline if baseline is not None else None
    none = lead is not None and lead <= _doubt(numbers)
    low = 0.0 if is_share else max(LOWEST, min([0.0, mean, baseline or 0.0, *known]))
    scale = Scale(low, 1.0, LEFT, RIGHT)

    def at(value: float) -> float:
        return scale(max(value, low))

    parts = [svg.line([(LEFT, LINE), (RIGHT, LINE)], "track")]
    parts.append(below(scale, LINE + 34, scale.ticks(), words))
    ticks = "".join(f"M{svg.fixed(scale(v))} {LINE + 7}v5" for v in scale.ticks())
    parts.append(svg.path(ticks, "tick"))
    if baseline is not None:
        parts.append(svg.line([(at(baseline), LINE), (at(mean), LINE)], "gain"))
        parts.append(svg.line([(at(baseline), LINE - 11), (at(baseline), LINE + 7)], "basel"))
    if numbers["interval"] is not None:
        ends = [(at(value), LINE) for value in numbers["interval"]]
        parts.append(svg.line(ends, "whisk"))
    else:
        dots = "".join(f"M{svg.fixed(at(score))} {svg.fixed(LINE)}h0" for score in known)
        parts.append(svg.path(dots, "fold"))
    parts.append(svg.line([(at(mean), LINE - 11), (at(mean), LINE + 7)], "meanl"))
    parts += _names(at, mean, baseline, f"model {words(mean)}", always, words)
    said = f"the model scores {words(mean)}" if not is_share else f"{words(mean)} right"
    return Picture(
        name="score_strip",
        title=f"No better than {always}" if none else _title(mean, is_share),
        markup=svg.svg("score_strip", (400, 92), f"On held-out rows {said}", parts,
                       description=_said(numbers, words, always)),
        caption=_caption(numbers, words),
        of=HELD_OUT,
    )  # fmt: skip


def _names(
    at: Any, mean: float, baseline: float | None, model: str, always: str, words: Any
) -> list[Markup]:
    """What the two bars are, written so that neither lies over the other."""
    strong = f"strong {_side(at(mean))}"
    if baseline is None:
        return [svg.text(at(mean), LINE - 17, model, strong)]
    mute, without = f"mut {_side(at(baseline))}", short(f"{always} {words(baseline)}", 34)
    one, other = svg.reach(at(mean), model, strong), svg.reach(at(baseline), without, mute)
    meet = one[0] < other[1] + GAP and other[0] < one[1] + GAP
    up = 14 if meet else 0  # to a line of its own
    return [
        svg.text(at(baseline), LINE - 17 - up, without, mute, 34),
        svg.text(at(mean), LINE - 17, model, strong),
    ]


def _side(x: float) -> str:
    """Where words begin that name a place, so that they stay within the picture."""
    return "" if x < LEFT + 60 else "end" if x > RIGHT - 60 else "mid"


def _two_digits(value: float) -> str:
    return number(round(value, 2), 2)


def _always(numbers: Mapping[str, Any], is_share: bool) -> str:
    if not is_share:
        return "always the mean"
    if numbers["always"] is None:
        return "always the most frequent"
    return f"always “{short(label(numbers['always']), 14)}”"


def _title(mean: float, is_share: bool) -> str:
    if is_share:
        return f"{per_cent(mean)} of the answers were right"
    return f"It explains {per_cent(mean)} of the spread" if mean > 0 else "It explains nothing"


def _doubt(numbers: Mapping[str, Any]) -> float:
    """One deviation between the folds; of one holdout a quarter of its interval."""
    if numbers["interval"] is None:
        return float(numbers["std"])
    low, high = numbers["interval"]
    return float(high - low) / 4.0


def _said(numbers: Mapping[str, Any], words: Any, always: str) -> str:
    baseline = numbers["baseline"]
    without = "" if baseline is None else f"; {always} scores {words(baseline)}"
    return f"{numbers['metric']}: {words(numbers['mean'])} on average{without}."


def _caption(numbers: Mapping[str, Any], words: Any) -> str:
    mean, folds = words(numbers["mean"]), numbers["folds"]
    if numbers["interval"] is not None:
        low, high = map(words, numbers["interval"])
        how = "200 draws of the held-out rows" if numbers["metric"] == "r2" else "Wilson"
        return f"One part was held out: {mean}, and with 95 % certainty {low} to {high} ({how})."
    known = [score for score in numbers["scores"] if score is not None]
    std = numbers["std"]
    spread = f"{number(100 * std, 2)} points" if numbers["metric"] == "accuracy" else number(std, 2)
    return (
        f"Each dot is one of {folds} folds: a model trained on the others, asked about this one. "
        f"Between folds {words(min(known))} to {words(max(known))}, standard deviation {spread}."
    )
