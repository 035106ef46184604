"""Words that speak for a class: for each class a list, with a bar for each word."""

import math
from collections.abc import Mapping, Sequence
from typing import Any

from markupsafe import Markup

from fitserve.pages.drawing import html
from fitserve.pages.drawing.picture import SERVED, Picture
from fitserve.pages.drawing.svg import fixed
from fitserve.pages.drawing.wording import label, number

LONGEST = 8.0
"""Times as often where a bar of ratios ends."""


def drawing(_description: Mapping[str, Any], numbers: Mapping[str, Any]) -> Picture:
    ratio = numbers["measure"] == "ratio"
    what = "Words" if numbers["of_text"] else "Columns"
    values = [one["value"] for one_class in numbers["classes"] for one in one_class]
    most = min(LONGEST, max(values, default=1.0)) if ratio else max(values, default=1.0)
    lists = [
        _list(label(name), one_class, most, ratio)
        for name, one_class in zip(numbers["labels"], numbers["classes"], strict=True)
    ]
    says = (
        f"How many times as often as in the other classes; bars end at {number(most)} ×."
        if ratio
        else "What one more adds to the score of the class."
    )
    rare = numbers["rare"]
    left_out = f" {what} that were counted fewer than {rare} times are left out." if rare else ""
    others = f" {numbers['others']} smaller classes are not shown." if numbers["others"] else ""
    return Picture(
        name="words",
        title=f"{what} that speak for a class",
        markup=Markup('<div class="words">{}</div>').format(Markup("").join(lists)),
        caption=f"{says}{left_out}{others}",
        wide=True,
        of=SERVED,
    )


def _list(name: str, words: Sequence[Mapping[str, Any]], most: float, ratio: bool) -> Markup:
    lines = [
        Markup("<li><span>{}</span>{}<span>{}</span></li>").format(
            html.named(one["word"], 20),
            _bar(_length(one["value"], most, ratio)),
            _times(one["value"]) if ratio else f"{one['value']:+.2f}",
        )
        for one in words
    ]
    said = Markup("<ol>{}</ol>").format(Markup("").join(lines))
    none = Markup('<p class="small mut">none</p>')
    return Markup("<div><h4>{}</h4>{}</div>").format(html.named(name), said if lines else none)


def _times(ratio: float) -> str:
    return f"{ratio:.1f} ×" if ratio < 100 else f"{number(ratio)} ×"


def _length(value: float, most: float, ratio: bool) -> float:
    """0 to 1; of ratios by their logarithms, since twice as often is one step."""
    if not ratio:
        return min(value / most, 1.0) if most > 0.0 else 0.0
    return min(math.log(max(value, 1.0)) / math.log(most), 1.0) if most > 1.0 else 0.0


def _bar(share: float) -> Markup:
    return Markup(
        '<svg class="hb" viewBox="0 0 100 10" preserveAspectRatio="none" aria-hidden="true">'
        '<path d="M0 0H{}V10H0z"/></svg>'
    ).format(fixed(100.0 * share))
