"""A decision tree from left to right: its first questions as boxes, and all in words."""

from collections.abc import Mapping, Sequence
from itertools import accumulate, count, pairwise
from typing import Any

from markupsafe import Markup

from fitserve.pages.drawing import marks, svg
from fitserve.pages.drawing.picture import Picture
from fitserve.pages.drawing.questions import Node, answer, asked, in_words, more, right
from fitserve.pages.drawing.svg import Xy
from fitserve.pages.drawing.wording import label, number

LEVELS = 4
"""Of questions that are drawn; with the answers to the last, 31 boxes at most."""
ACROSS, DOWN = 218.0, 54.0  # from one box to the next
WIDE, HIGH, EDGE = 180.0, 42.0, 10.0  # a box, and how far what is in it keeps from its sides
INSIDE = WIDE - 2 * EDGE
WIDEST, THINNEST = 18.0, 1.5  # a branch that all rows take, or few
BARS = (108.0, 14.0)  # a histogram
LETTERS = 23  # of a question, in a box


def drawing(description: Mapping[str, Any], numbers: Mapping[str, Any]) -> Picture:
    nodes = numbers["nodes"]
    names = [label(one) for one in numbers.get("labels", [])]
    if numbers.get("others"):
        names.append(f"{numbers['others']} others")
    weighted = description["hyperparameters"].get("class_weight") is not None
    title = _title(numbers)
    places = _places(nodes)
    x, y = (max(place[i] for place in places.values()) for i in (0, 1))
    width, height = x + WIDE + (24 if numbers["depth"] > LEVELS else 4), y + HIGH / 2 + 4
    drawn = svg.svg(
        "tree",
        (width, height),
        "The tree: questions from left to right, answers at the right",
        [
            *(_branches(nodes, at, places) for at in places),
            *(_box(nodes[at], at, places, weighted) for at in places),
        ],
        description=f"{title}. All of it is below in words.",
        css="pic wide",
        natural=True,
    )
    markup = Markup(
        '{}<div class="scroll treewide" tabindex="0" role="region" '
        'aria-label="The tree, may be scrolled sideways">{}</div>{}'
    ).format(marks.legend(names) if names else "", drawn, in_words(nodes, weighted))
    return Picture("tree", title, markup, _caption(description, numbers), wide=True)


def _title(numbers: Mapping[str, Any]) -> str:
    n_questions, depth = numbers["n_questions"], numbers["depth"]
    if not n_questions:
        return f"It asks nothing: always {answer(numbers['nodes'][0])}"
    if depth > LEVELS:
        return f"The first {LEVELS} of {depth} levels of questions"
    return f"The whole model: {n_questions} question{'s' * (n_questions > 1)}"


def _caption(description: Mapping[str, Any], numbers: Mapping[str, Any]) -> str:
    target = description.get("target") or "y"
    words = ["Width of a branch: how many rows take it."]
    if "labels" in numbers:
        words.append(f"Bar: the shares of {target} among them.")
    else:
        words.append(f"Number: the mean of {target} among them.")
    if numbers["edges"]:
        low, high = numbers["edges"][0], numbers["edges"][-1]
        words.append(
            f"Bars: its values there, from {number(low, 4)} to {number(high, 4)}, of the rows that "
            "were kept."
        )
    told = sum("question" in node for node in numbers["nodes"])
    if told < numbers["n_questions"]:
        words.append(
            f"Of its {numbers['n_questions']} questions the {told} that most rows come to are "
            "below in words."
        )
    elif numbers["depth"] > LEVELS:
        words.append(f"All of its {told} questions are below in words.")
    return " ".join(words)


def _places(nodes: Sequence[Node]) -> dict[int, Xy]:
    """Of the nodes that are drawn, the middle of the left side: where nothing follows, one below
    the other; the others in the middle of those that follow."""
    places: dict[int, Xy] = {}
    lines = count()

    def place(at: int, level: int) -> float:
        if _goes_on(nodes[at], level):
            ways = [place(nodes[at][way], level + 1) for way in ("yes", "no")]
            y = sum(ways) / 2
        else:
            y = HIGH / 2 + 4 + DOWN * next(lines)
        places[at] = (4 + ACROSS * level, y)
        return y

    place(0, 0)
    return dict(sorted(places.items()))  # as one reads them


def _goes_on(node: Node, level: int) -> bool:
    return "question" in node and level < LEVELS


def _branches(nodes: Sequence[Node], at: int, places: Mapping[int, Xy]) -> Markup:
    """To the nodes that follow, where they are drawn."""
    node, (x, y) = nodes[at], places[at]
    start, half = x + WIDE, (ACROSS - WIDE) / 2
    parts = []
    for way in ("yes", "no"):
        if node.get(way) in places:
            to_x, to_y = places[node[way]]
            width = max(THINNEST, WIDEST * nodes[node[way]]["rows"] / max(1, nodes[0]["rows"]))
            d = "M{} {}C{} {} {} {} {} {}".format(
                *map(svg.fixed, (start, y, start + half, y, start + half, to_y, to_x, to_y))
            )
            parts.append(
                Markup('<path class="edge" stroke-width="{}" d="{}"/>').format(svg.fixed(width), d)
            )
            parts.append(svg.text(to_x - 6, to_y - 6, way, "tk end halo"))
    return Markup("").join(parts)


def _box(node: Node, at: int, places: Mapping[int, Xy], weighted: bool) -> Markup:
    x, middle = places[at]
    y = middle - HIGH / 2
    left, right_side, line = x + EDGE, x + WIDE - EDGE, y + 17
    parts = [
        Markup('<rect class="{}" x="{}" y="{}" width="{}" height="{}" rx="6"/>').format(
            "node" if "question" in node else "node leaf", *map(svg.fixed, (x, y, WIDE, HIGH))
        )
    ]
    if "question" in node:
        parts.append(svg.text(left, line, asked(node["question"]), "", LETTERS))
        if node["yes"] not in places:
            parts.append(svg.text(x + WIDE + 6, middle + 4, "\N{HORIZONTAL ELLIPSIS}", "tk"))
    else:
        parts.append(svg.text(left, line, answer(node), "strong", 14))
        told = more(node) if "below" in node else right(node, weighted)
        told = told.removesuffix(" rows") if "shares" in node else told
        parts.append(svg.text(right_side, line, told, "tk end"))
    if "shares" in node:
        parts.append(_shares(node["shares"], left, y + 26))
    else:
        parts.append(_values(node, left, y + HIGH - 5))
        if "question" in node:
            parts.append(svg.text(right_side, y + HIGH - 8, answer(node), "tk end"))
    return Markup("<g>{}</g>").format(Markup("").join(parts))


def _shares(shares: Sequence[float], x: float, y: float) -> Markup:
    ends = [x + INSIDE * share for share in accumulate(shares, initial=0.0)]
    return Markup("").join(
        svg.bar(start, y, end - start, 8, f"f{k}")
        for k, (start, end) in enumerate(pairwise(ends))
        if shares[k] > 0.0
    )


def _values(node: Node, x: float, y: float) -> Markup:
    """A small histogram that stands on y."""
    counts = node.get("counts", [])
    most = max(counts, default=0)
    step = BARS[0] / max(1, len(counts))
    return Markup("").join(
        svg.bar(x + step * k, y - BARS[1] * n / most, step - 1, BARS[1] * n / most, "fillc")
        for k, n in enumerate(counts)
        if n
    )
