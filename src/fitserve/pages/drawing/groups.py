"""Groups on a plane: the rows by their groups, the centres, ellipses of normal distributions."""

import math
from collections.abc import Mapping, Sequence
from typing import Any

from markupsafe import Markup

from fitserve.pages.drawing import marks, svg
from fitserve.pages.drawing.picture import TRAINING, Picture
from fitserve.pages.drawing.regions import GOLDEN, MANY, axis_name
from fitserve.pages.drawing.scales import Axes, Scale
from fitserve.pages.drawing.svg import Xy
from fitserve.pages.drawing.wording import per_cent

LEFT, RIGHT, BOTTOM, TOP = 40.0, 386.0, 282.0, 22.0
DEVIATIONS = 2.0
INSIDE = 1.0 - math.exp(-(DEVIATIONS**2) / 2.0)
"""How much of a normal distribution lies in the ellipse of so many deviations, on a plane."""
CORNERS = 48  # of an ellipse
RINGED = 0.2
"""Of the rows; where more are between two groups, rings would cover them."""
CENTRES = 16
"""Of more groups only the centres of those told apart are drawn."""


def drawing(_: Mapping[str, Any], numbers: Mapping[str, Any]) -> Picture:
    names = [f"group {one}" for one in numbers["labels"]]
    if numbers["others"]:
        names.append(f"{numbers['others']} others")
    flat = numbers["points"]["y"] is None
    mixture = numbers["covariances"] is not None
    lanes = len(names)
    ellipses = [] if flat or not mixture else _ellipses(numbers)
    axes = _axes(numbers, ellipses)
    places = _places(numbers["points"], axes, lanes)
    said = [axis_name(axis) for axis in numbers["axes"]]
    thin = "thin" if len(places) > MANY else ""
    parts = [axes.drawn(said[0], "" if flat else said[1], y_ticks=[] if flat else None)]
    for k in range(lanes):
        some = [at for at, of in zip(places, numbers["points"]["of"], strict=True) if of == k]
        parts.append(marks.points(k, some, thin))
    ringed = [places[i] for i in numbers["between"]]
    if len(ringed) > RINGED * len(places):
        ringed = []
    parts.append(marks.rings(ringed))
    for mark, corners in ellipses:
        outline = [(axes.x(x), axes.y(y)) for x, y in corners]
        parts.append(svg.line([*outline, outline[0]], f"ell c{mark}"))
    parts += _centres(numbers, axes, lanes)
    ring = _between(mixture)
    title = "The groups as normal distributions" if mixture else "The groups on two axes"
    drawn = svg.svg(
        "groups",
        (400, 320),
        "The rows on a plane, by their groups",
        parts,
        description=_trust(numbers),
    )
    return Picture(
        name="groups",
        title=title if not flat else "The groups on one axis",
        markup=marks.legend(names, ring if ringed else None) + drawn,
        caption=_caption(numbers, flat, bool(ellipses)),
        of=TRAINING,
    )


def _between(mixture: bool) -> str:
    return f"less than {per_cent(0.8)} sure" if mixture else "between two groups"


def _axes(numbers: Mapping[str, Any], ellipses: Sequence[tuple[int, Sequence[Xy]]]) -> Axes:
    points, centres = numbers["points"], numbers["centres"]
    corners = [corner for _, one in ellipses for corner in one]
    x = [*points["x"], *(one[0] for one in centres), *(corner[0] for corner in corners)]
    across = Scale.over(x, LEFT, RIGHT, 0.03)
    if points["y"] is None:
        return Axes(across, Scale(0.0, 1.0, BOTTOM, TOP))
    y = [*points["y"], *(one[1] for one in centres), *(corner[1] for corner in corners)]
    return Axes(across, Scale.over(y, BOTTOM, TOP, 0.03))


def _places(points: Mapping[str, Any], axes: Axes, lanes: int) -> list[Xy]:
    """Of one column there is a lane for each group, in which rows are spread."""
    if points["y"] is None:
        heights = [
            _lane(k, lanes) + 0.7 * (BOTTOM - TOP) / lanes * ((i * GOLDEN) % 1.0 - 0.5)
            for i, k in enumerate(points["of"])
        ]
    else:
        heights = [axes.y(value) for value in points["y"]]
    return [(axes.x(value), height) for value, height in zip(points["x"], heights, strict=True)]


def _lane(k: int, lanes: int) -> float:
    """Its middle."""
    return TOP + (BOTTOM - TOP) * (k + 0.5) / lanes


def _ellipses(numbers: Mapping[str, Any]) -> list[tuple[int, list[Xy]]]:
    """Of each group whose centre is drawn its mark and the outline, by the root of a covariance."""
    found = []
    for group in _drawn(numbers):
        (a, b), (_, c) = numbers["covariances"][group]
        x, y = numbers["centres"][group]
        across = math.sqrt(max(a, 0.0))
        along = b / across if across else 0.0
        rest = math.sqrt(max(c - along * along, 0.0))
        outline = []
        for i in range(CORNERS):
            angle = 2.0 * math.pi * i / CORNERS
            u, v = DEVIATIONS * math.cos(angle), DEVIATIONS * math.sin(angle)
            outline.append((x + across * u, y + along * u + rest * v))
        found.append((numbers["marks"][group], outline))
    return found


def _drawn(numbers: Mapping[str, Any]) -> list[int]:
    """The groups whose centres are drawn."""
    n_groups = len(numbers["centres"])
    told: list[int] = numbers["labels"]
    return list(range(n_groups)) if n_groups <= CENTRES else told


def _centres(numbers: Mapping[str, Any], axes: Axes, lanes: int) -> list[Markup]:
    parts = []
    for group in _drawn(numbers):
        mark, centre = numbers["marks"][group], numbers["centres"][group]
        x = axes.x(centre[0])
        y = _lane(mark, lanes) if len(centre) == 1 else axes.y(centre[1])
        circle = Markup('<circle class="cen c{}" cx="{}" cy="{}" r="10"/>')
        parts.append(circle.format(mark, svg.fixed(x), svg.fixed(y)))
        parts.append(svg.text(x, y + 4, str(group), "cent mid"))
    return parts


def _trust(numbers: Mapping[str, Any]) -> str:
    return (
        f"The plane holds {per_cent(numbers['share'])} of the variance, and the shadows on it of "
        f"{per_cent(numbers['agreement'])} of the rows belong to the same group as they do."
    )


def _caption(numbers: Mapping[str, Any], flat: bool, ellipses: bool) -> Markup:
    between, rows = len(numbers["between"]), len(numbers["points"]["x"])
    mixture = numbers["covariances"] is not None
    counted = f"{_between(mixture).capitalize()}: {between} of {rows} rows."
    said = [counted] if len(numbers["sizes"]) > 1 else []
    if ellipses:
        said.append(f"Ellipses: where about {per_cent(INSIDE)} of a group lie.")
    if flat:
        said.append("Each group has a band of its own; only left and right count.")
    if numbers["share"] == 1.0 and numbers["agreement"] == 1.0:
        return Markup("{}").format(" ".join(said))
    scale = ", all brought to one scale," if numbers["at_one_scale"] else ""
    said.append(f"The plane lies along the two directions in which the columns{scale} vary most.")
    trust = f"{_trust(numbers)} Groups that overlap here may be apart in the rest."
    return Markup("{} <b>How far to trust it:</b> {}").format(" ".join(said), trust)
