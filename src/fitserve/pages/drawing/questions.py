"""A decision tree in words: a list of questions, each with the lists that follow on yes and no."""

from collections.abc import Mapping, Sequence
from typing import Any

from markupsafe import Markup

from fitserve.pages.drawing.wording import label, number, per_cent

Node = Mapping[str, Any]

FOLDED = 4
"""Level of questions at which what follows is folded away."""


def asked(question: Mapping[str, Any]) -> str:
    column = question["column"]
    if "word" in question:
        times = question["times"]
        often = f" {times} times or more" if times > 1 else ""
        return f"{column} has “{question['word']}”{often}?"
    if "is" in question:
        return f"{column} is {label(question['is'])}?"
    return f"{column} ≤ {number(question['most'], 6)}?"


def answer(node: Node) -> str:
    """The label, or the mean."""
    value = node["answer"]
    return number(value, 4) if isinstance(value, float) else label(value)


def right(node: Node, weighted: bool) -> str:
    """How many of its rows have that label; of weighted ones the share, of means the rows."""
    if "shares" not in node:
        return rows(node)
    if weighted:
        return f"{per_cent(node['share'])} of {rows(node)}"
    return f"{round(node['share'] * node['rows'])} of {rows(node)}"


def rows(node: Node) -> str:
    return f"{node['rows']} row{'s' * (node['rows'] != 1)}"


def more(node: Node) -> str:
    return f"{node['below']} more question{'s' * (node['below'] != 1)}"


def in_words(nodes: Sequence[Node], weighted: bool) -> Markup:
    """All that is told of the tree, folded away where it is drawn as well; and what is far down
    folded away in that."""
    return Markup(
        '<details class="treewords"><summary>Read it as text</summary>'
        '<ul class="treetext">{}</ul></details>'
    ).format(_line(nodes, 0, 0, "", weighted))


def _line(nodes: Sequence[Node], at: int, level: int, way: str, weighted: bool) -> Markup:
    node = nodes[at]
    if "question" not in node:
        rest = f", {more(node)}" if "below" in node else ""
        return Markup("<li>{}<b>{}</b> ({}{})</li>").format(
            way, answer(node), right(node, weighted), rest
        )
    below = [_line(nodes, node[to], level + 1, f"{to}: ", weighted) for to in ("yes", "no")]
    folded = Markup("<li><details><summary>{}</summary><ul>{}</ul></details></li>")
    return (folded if level == FOLDED else Markup("<li>{}<ul>{}</ul></li>")).format(
        Markup('{}{} <span class="mut">{}</span>').format(way, asked(node["question"]), rows(node)),
        Markup("").join(below),
    )
