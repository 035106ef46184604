"""What it answers where: the ground by the answers, the rows upon it, rings where it was wrong."""

from collections.abc import Mapping
from typing import Any

from markupsafe import Markup

from fitserve.pages.drawing import ground, marks, svg
from fitserve.pages.drawing.picture import Picture
from fitserve.pages.drawing.scales import Axes, Scale
from fitserve.pages.drawing.wording import column, label, per_cent, short

LEFT, RIGHT, BOTTOM, TOP = 40.0, 386.0, 282.0, 22.0
MANY = 400
"""Marks of more rows are drawn thinner."""
CROWD = 60
"""So are more rings."""
GOLDEN = 0.6180339887498949
OF = "ground: the served model"


def drawing(_description: Mapping[str, Any], numbers: Mapping[str, Any]) -> Picture:
    names = [label(one) for one in numbers["labels"]]
    if numbers["others"]:
        names.append(f"{numbers['others']} others")
    left, right, bottom, top = numbers["extent"]
    axes = Axes(Scale(left, right, LEFT, RIGHT), Scale(bottom, top, BOTTOM, TOP))
    flat = numbers["points"]["y"] is None
    places = _places(numbers["points"], axes, len(names))
    wrong = numbers["wrong"]
    parts = [_ground(numbers["ground"], axes)] if numbers["ground"] else []
    said = [axis_name(axis) for axis in numbers["axes"]]
    parts.append(
        axes.drawn(
            said[0],
            "" if flat else said[1],
            y_ticks=[] if flat else None,
        )
    )
    thin = "thin" if len(places) > MANY else ""
    for k in range(len(names)):
        some = [at for at, of in zip(places, numbers["points"]["of"], strict=True) if of == k]
        parts.append(marks.points(k, some, thin))
    if wrong:
        parts.append(marks.rings([places[i] for i in wrong], "thin" if len(wrong) > CROWD else ""))
    ring = "wrong when held out" if wrong else None
    drawn = svg.svg(
        "regions",
        (400, 320),
        "The answers of the model over a plane, with the rows",
        parts,
        description=_trust(numbers),
    )
    return Picture(
        name="regions",
        title="What it answers where" if numbers["ground"] else "The rows, on a plane",
        markup=marks.legend(names, ring) + drawn,
        caption=_caption(numbers, flat),
        of=OF if numbers["ground"] else "rows that were kept",
    )


def axis_name(axis: Mapping[str, Any]) -> str:
    """By its heaviest columns: more of one, less of the other."""
    if axis["weights"] == [1.0]:
        return short(column(axis["columns"][0]), 40)
    return ", ".join(
        f"{'more' if weight > 0 else 'less'} {short(column(name), 18)}"
        for name, weight in zip(axis["columns"], axis["weights"], strict=True)
    )


def _ground(told: dict[str, Any], axes: Axes) -> Markup:
    return ground.drawn(told, axes.x.start, axes.x.end, axes.y.start, axes.y.end)


def _places(points: Mapping[str, Any], axes: Axes, n_groups: int) -> list[svg.Xy]:
    x, y = points["x"], points["y"]
    if y is None:  # of one column: a band for each class, one above the other
        band = (BOTTOM - TOP) / n_groups
        heights = [
            TOP + band * (k + 0.5 + 0.7 * ((i * GOLDEN) % 1.0 - 0.5))
            for i, k in enumerate(points["of"])
        ]
    else:
        heights = [axes.y(value) for value in y]
    return [(axes.x(value), height) for value, height in zip(x, heights, strict=True)]


def _trust(numbers: Mapping[str, Any]) -> str:
    agreement, share = per_cent(numbers["agreement"]), per_cent(numbers["share"])
    return (
        f"Here the model answers as it does to the row itself for {agreement} of the rows; "
        f"the plane holds {share} of their variance."
    )


def _caption(numbers: Mapping[str, Any], flat: bool) -> Markup:
    whole = len(numbers["axes"]) == (1 if flat else 2) and numbers["share"] == 1.0
    if whole and numbers["agreement"] == 1.0:
        plain = "Ground: what the model answers there."
        if flat:
            plain += " Each class has a band of its own; only left and right count."
        return Markup("{}").format(plain + _smoothed(numbers))
    scale = ", all brought to one scale," if numbers["at_one_scale"] else ""
    lies = f"The plane lies along the two directions in which the columns{scale} vary most."
    trust = Markup("<b>How far to trust it:</b> {}").format(_trust(numbers))
    if numbers["ground"]:
        return Markup("Ground: what the model answers there. {} {}{}").format(
            lies, trust, _smoothed(numbers)
        )
    return Markup("{} {} That is too little to colour the ground by.").format(lies, trust)


def _smoothed(numbers: Mapping[str, Any]) -> str:
    if not numbers["ground"] or not numbers["ground"]["smoothed"]:
        return ""
    return " Each spot shows what is answered most around it: thin stripes and specks are left out."
